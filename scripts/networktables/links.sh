#!/usr/bin/env bash
# A robot that is killed, stopped, or cut off: links.py. Arguments: how often it is killed (100), how often cut off (10), for how many
# seconds (10).
exec "$(dirname "$0")/beside.sh" links.py "$@"
