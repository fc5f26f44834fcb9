#!/usr/bin/env bash
# Opens recordings with the programs of others: mcap, Foxglove's messages, Rerun, ffmpeg. Their packages (Rerun's alone is 170 MB)
# go to target/recording-env. BUSHBABY names a program to test instead of the one in target/debug.
set -euo pipefail
cd "$(dirname "$0")/.."
env=target/recording-env
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check \
  mcap==1.6.0 mcap-protobuf-support==0.6.0 foxglove-schemas-protobuf==0.4.0 rerun-sdk==0.41.0 >&2
if [[ -z ${BUSHBABY:-} ]]; then
  "${CARGO:-cargo}" build --quiet --locked --workspace --bin bushbaby >&2
fi
# What is missing now is a failure, no reason to pass it over.
BUSHBABY_PEERS=1 exec "$env/bin/python" -m unittest -v python/tests/test_recording.py "$@"
