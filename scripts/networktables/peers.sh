#!/usr/bin/env bash
# Our NetworkTables beside WPILib's own, whose packages go to target/networktables-env.
set -euo pipefail
cd "$(dirname "$0")/../.."
env=target/networktables-env
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check 'pyntcore==2026.*' >&2
"${CARGO:-cargo}" build --quiet --locked --workspace --example peer --bin bushbaby >&2
"$env/bin/python" scripts/networktables/peers.py target/debug/examples/peer target/debug/bushbaby "${RESTARTS:-100}"
