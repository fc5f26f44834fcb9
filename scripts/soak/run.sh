#!/usr/bin/env bash
# All soaks, one after another; two hours.
set -uo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --locked -p bushbaby -p bushbaby-testkit
python=$(scripts/soak/python-env.sh)
failed=0
for part in supervisor camera kills demo; do
  echo "== $part"
  python3 scripts/soak/faults.py $part || failed=1
done
for part in torn kills table loop; do
  echo "== python: $part"
  "$python" scripts/soak/python.py $part || failed=1
done
echo "== nursery"
python3 scripts/soak/nursery.py || failed=1
exit $failed
