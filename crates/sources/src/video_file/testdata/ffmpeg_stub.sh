#!/bin/sh
# Stands in for ffmpeg in tests: runs its input as a shell script.
for word; do
    case $word in
    file:*) exec /bin/sh "${word#file:}" ;;
    esac
done
exit 9
