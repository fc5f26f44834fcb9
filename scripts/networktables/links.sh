#!/usr/bin/env bash
# A robot that is killed, stopped, or cut off: scripts/networktables/links.py, with the release build unless PROFILE=debug. The packages go to
# target/networktables-env. Arguments: how often it is killed (100), how often cut off (10), for how many seconds (10).
set -euo pipefail
cd "$(dirname "$0")/../.."
env=target/networktables-env
profile=${PROFILE:-release}
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check 'pyntcore==2026.*' >&2
"${CARGO:-cargo}" build --quiet --locked -p bushbaby --bin bushbaby --profile "${profile/debug/dev}" >&2
exec "$env/bin/python" scripts/networktables/links.py "target/$profile/bushbaby" "$@"
