#!/usr/bin/env bash
# What the node `networktables` tells, read by the robot's own libraries: scripts/networktables/photon.py. The packages go to
# target/robot-env. Arguments: how many results (10000), how many a second (200), how often they are
# read a second (1000).
set -euo pipefail
cd "$(dirname "$0")/../.."
env=target/robot-env
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check pyntcore==2026.2.2 photonlibpy==2026.3.4 >&2
"${CARGO:-cargo}" build --quiet --locked --workspace --example robot_results >&2
exec "$env/bin/python" scripts/networktables/photon.py target/debug/examples/robot_results "$@"
