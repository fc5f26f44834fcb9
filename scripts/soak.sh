#!/usr/bin/env bash
# All soaks, one after another; about half an hour.
set -uo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked -p bushbaby -p bushbaby-testkit
failed=0
for part in supervisor camera kills demo; do
  echo "== $part"
  python3 scripts/soak.py $part || failed=1
done
exit $failed
