#!/usr/bin/env bash
# Runs programs of airo-camera-toolkit against bushbaby, and the tests of bushbaby.airo where the toolkit is installed: README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-target/peers-env/bin/python}
if ! "$python" -c 'import airo_camera_toolkit, bushbaby' 2>/dev/null; then
  echo "run.sh: \`$python\` has not both airo-camera-toolkit and bushbaby: scripts/peers.sh --only none makes one that has" >&2
  exit 2
fi
"$python" benches/airo/theirs.py
PYTHONPATH=python/tests${PYTHONPATH:+:$PYTHONPATH} "$python" -m unittest test_airo_receive test_airo_publish
