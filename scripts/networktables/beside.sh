#!/usr/bin/env bash
# Runs a script of this folder beside the program, the release build unless PROFILE=debug: `beside.sh chain.py [ARGUMENT…]`. The packages
# go to target/networktables-env.
set -euo pipefail
cd "$(dirname "$0")/../.."
env=target/networktables-env
profile=${PROFILE:-release}
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check 'pyntcore==2026.*' >&2
"${CARGO:-cargo}" build --quiet --locked -p bushbaby --bin bushbaby --profile "${profile/debug/dev}" >&2
script=$1
shift
exec "$env/bin/python" "scripts/networktables/$script" "target/$profile/bushbaby" "$@"
