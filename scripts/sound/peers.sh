#!/usr/bin/env bash
# Our scores beside those of the whole graph in ONNX Runtime: on 100 clips of $SOUND_CLIPS (a folder of 16 kHz mono FLAC or WAV), or
# without it on ten made ones. The packages go to target/sound-env.
set -euo pipefail
cd "$(dirname "$0")/../.."
env=target/sound-env
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check numpy onnx==1.23.2 onnxruntime==1.32.0 soundfile==0.14.0 >&2
"${CARGO:-cargo}" build --quiet --locked -p bushbaby-sound --example scores >&2
clips=${SOUND_CLIPS:-}
if [[ -z $clips ]]; then
  clips=$(mktemp -d)
  trap 'rm -r "$clips"' EXIT
  PYTHONPATH=scripts/sound "$env/bin/python" - "$clips" <<'PYTHON'
import sys, soundfile
from made_clips import clips
for number, clip in enumerate(clips()):
    soundfile.write(f"{sys.argv[1]}/{number}.wav", clip, 16_000, subtype="FLOAT")
PYTHON
fi
# A hundred of them, as far apart as they can be, so that all kinds of clips are among them.
find "$clips" -name '*.flac' -o -name '*.wav' | sort >target/sound-clips.txt
all=$(wc -l <target/sound-clips.txt)
mapfile -t files < <(awk -v all="$all" 'int(NR * 100 / all) > int((NR - 1) * 100 / all)' target/sound-clips.txt)
PYTHONPATH=scripts/sound "$env/bin/python" scripts/sound/peers.py target/debug/examples/scores "${files[@]}"
"${CARGO:-cargo}" build --quiet --release --locked -p bushbaby >&2
"$env/bin/python" scripts/sound/speed.py target/release/bushbaby crates/sound/models/ced_tiny_5s.onnx
