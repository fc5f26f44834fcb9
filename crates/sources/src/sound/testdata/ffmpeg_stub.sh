#!/bin/sh
# Stands in for ffmpeg: does what the file `script` says that lies beside the link to this one.
. "$(dirname "$0")/script"
