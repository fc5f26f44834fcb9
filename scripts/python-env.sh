#!/usr/bin/env bash
# Makes target/python-env: an environment with NumPy in which `import bushbaby` is this checkout, its extension freshly built.
# Prints the interpreter. Further packages may be named: `python-env.sh mypy`.
set -euo pipefail
cd "$(dirname "$0")/.."
env=target/python-env
if [[ ! -x $env/bin/python ]]; then
  "${PYTHON:-python3}" -m venv "$env" >&2
fi
"$env/bin/python" -c 'import numpy' 2>/dev/null || "$env/bin/python" -m pip install --quiet --disable-pip-version-check 'numpy>=1.25' >&2
if (($#)); then
  "$env/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2
fi
"${CARGO:-cargo}" build --quiet --locked -p bushbaby-python >&2
# A new file each time: an interpreter that runs keeps the one that it has loaded.
new=python/bushbaby/_core.abi3.so.$$
cp target/debug/lib_core.so "$new"
mv "$new" python/bushbaby/_core.abi3.so
site=$("$env/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
echo "$PWD/python" >"$site/bushbaby-checkout.pth"
echo "$PWD/$env/bin/python"
