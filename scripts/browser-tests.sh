#!/usr/bin/env bash
# The page in a real browser, on the program that `cargo test` has just built.
set -euo pipefail
cd "$(dirname "$0")/.."
BUSHBABY=${BUSHBABY:-${CARGO_TARGET_DIR:-target}/debug/bushbaby} exec python3 web/tests/run.py
