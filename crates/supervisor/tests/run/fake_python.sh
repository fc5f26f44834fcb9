#!/bin/sh
# An interpreter of the supervisor's tests: says how it was called, then plays a node.
echo "called with $*" >&2
exec "$(dirname "$0")/fake_node.sh"
