#!/usr/bin/env bash
# The Python package: its tests, and its types as mypy, pyright and stubtest see them. Names of tests may be given, as
# `python-tests.sh test_frames`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(scripts/python-env.sh 'mypy==2.4.*' 'pyright[nodejs]==1.1.414')
"${CARGO:-cargo}" build --quiet --locked --workspace --bin bushbaby # some tests run pipelines
cd python/tests
if (($#)); then
  exec "$python" -W error::ResourceWarning -m unittest "$@"
fi
"$python" -W error::ResourceWarning -m unittest discover
cd ..
# With the package the tests of its bus and of its nodes: they use it as any typed program does.
typed=(bushbaby tests/test_{describe,frames,loans,node_code,node_failure,node_source,node_stage,product_stage,programs,sending,sound,tags,waiting}.py)
MYPYPATH=tests "$python" -m mypy --strict "${typed[@]}"
# Python says from 3.12 on whether a class has the buffer protocol.
"$python" -m mypy.stubtest bushbaby._core --ignore-unused-allowlist --allowlist <(echo bushbaby._core.Frame.__buffer__)
"$python" -m pyright --pythonpath "$python" "${typed[@]}"
