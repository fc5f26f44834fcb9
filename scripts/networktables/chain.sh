#!/usr/bin/env bash
# What a robot sees of `bushbaby run`: chain.py. Argument: how often the robot's server is killed (100).
exec "$(dirname "$0")/beside.sh" chain.py "$@"
