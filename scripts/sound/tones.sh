#!/usr/bin/env bash
# Makes crates/sound/tests/data: half a second of 440 Hz in each format, and a video without sound. Needs ffmpeg.
set -euo pipefail
cd "$(dirname "$0")/../../crates/sound/tests/data"
plain=(-map_metadata -1 -fflags +bitexact -flags +bitexact)
tone=(-v error -y -f lavfi -i sine=frequency=440:sample_rate=16000:duration=0.5 "${plain[@]}")
ffmpeg "${tone[@]}" -c:a flac tone.flac
ffmpeg "${tone[@]}" -c:a libmp3lame -b:a 32k tone.mp3
ffmpeg "${tone[@]}" -c:a aac -b:a 32k tone.m4a
ffmpeg "${tone[@]}" -c:a aac -b:a 32k tone.aac
ffmpeg -v error -y -f lavfi -i testsrc=size=64x48:rate=5:duration=0.4 "${plain[@]}" -c:v libx264 -preset veryfast silent.mp4
