#!/usr/bin/env bash
# Installs the wheel as others get it into target/soak-env and prints its interpreter.
set -euo pipefail
cd "$(dirname "$0")/../.."
env=target/soak-env
[[ -x $env/bin/python ]] || "${PYTHON:-python3}" -m venv "$env" >&2
"$env/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$(scripts/wheel.sh)" >&2
"$env/bin/python" -c 'import numpy' 2>/dev/null || "$env/bin/python" -m pip install --quiet --disable-pip-version-check 'numpy>=1.25' >&2
echo "$PWD/$env/bin/python"
