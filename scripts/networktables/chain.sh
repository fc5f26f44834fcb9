#!/usr/bin/env bash
# What a robot sees of `bushbaby run`: scripts/networktables/chain.py, with the release build unless PROFILE=debug. The packages go to
# target/networktables-env. Argument: how often the robot's server is killed (100).
set -euo pipefail
cd "$(dirname "$0")/../.."
env=target/networktables-env
profile=${PROFILE:-release}
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check 'pyntcore==2026.*' >&2
"${CARGO:-cargo}" build --quiet --locked --workspace --bin bushbaby --profile "${profile/debug/dev}" >&2
exec "$env/bin/python" scripts/networktables/chain.py "target/$profile/bushbaby" "$@"
