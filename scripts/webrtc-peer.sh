#!/usr/bin/env bash
# The page's H.264 with another WebRTC than the browsers': scripts/webrtc_peer.py. The packages go to target/webrtc-env. BUSHBABY names a
# program to test instead of the one in target/debug. Arguments: how many seconds (`--seconds 10`), a page that runs (`--url`).
set -euo pipefail
cd "$(dirname "$0")/.."
env=target/webrtc-env
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check 'aiortc==1.16.*' 'websockets==17.*' 'numpy>=1.25' >&2
if [[ -z ${BUSHBABY:-} && " $* " != *" --url"* ]]; then
  "${CARGO:-cargo}" build --quiet --locked --workspace --bin bushbaby >&2
  export BUSHBABY=$PWD/target/debug/bushbaby
fi
exec "$env/bin/python" scripts/webrtc_peer.py "$@"
