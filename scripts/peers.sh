#!/usr/bin/env bash
# Measures bushbaby beside other ways from process to process, in an environment of their own: benches/peers/README.md.
# Arguments go to `python -m peers.run`. BUSHBABY_WHEEL names a wheel to measure instead of a new one of this checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
env=target/peers-env
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -m pip install --quiet --disable-pip-version-check -r benches/peers/requirements.txt >&2
wheel=${BUSHBABY_WHEEL:-$(scripts/wheel.sh)}
"$env/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel" >&2
# Ray reports to its makers unless told not to, and some peers write a lot: the table stands alone on standard output.
export RAY_USAGE_STATS_ENABLED=0 PYTHONPATH=$PWD/benches
echo "peers: what the transports say goes to target/peers.log" >&2
exec "$env/bin/python" -m peers.run "$@" 2>target/peers.log
