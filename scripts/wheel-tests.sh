#!/usr/bin/env bash
# Installs the wheel into an empty environment in a folder of its own and uses it as a stranger would: the command without any
# Python around it, the demo, the examples.
set -euo pipefail
cd "$(dirname "$0")/.."
wheel=$(scripts/wheel.sh dev)
root=$PWD
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
"${PYTHON:-python3}" -m venv "$home/env"
"$home/env/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel"
cp -r examples "$home/examples"
cd "$home"
export BUSHBABY_INSTANCE=wheel-$$ XDG_STATE_HOME=$home/state XDG_RUNTIME_DIR=$home/run
mkdir -m 700 run
bushbaby=$home/env/bin/bushbaby
fail() {
  echo "wheel: $1" >&2
  exit 1
}

# The command is a program of its own.
linked=$(ldd "$bushbaby")
for library in libasound libpython; do
  [[ $linked != *$library* ]] || fail "the command is linked to $library"
done
env -i PATH=/nowhere HOME="$home" "$bushbaby" --version >/dev/null || fail "the command does not start without anything around it"

# The one that reads microphones stands beside it, and is the only one that needs ALSA's library.
microphone=$home/env/bin/bushbaby-microphone
[[ $(ldd "$microphone") == *libasound* ]] || fail "the microphone program is not linked to libasound"
"$microphone" list --json >/dev/null || fail "microphones cannot be listed"
"$bushbaby" doctor --json | grep -q '"check":"microphones","state":"ok"' || fail "the command does not find the microphone program"

# What it needs is NumPy and nothing else.
installed=$("$home/env/bin/python" -m pip list --format=freeze --disable-pip-version-check | sed 's/==.*//' | grep -vE '^(pip|setuptools|wheel)$' | sort | tr '\n' ' ')
[[ $installed == "bushbaby numpy " ]] || fail "it brought along more than NumPy: $installed"

"$bushbaby" demo --for 5s --no-browser --json >demo.json 2>demo.log || { cat demo.log >&2; fail "the demo failed"; }
"$home/env/bin/python" - demo.json <<'PY' || fail "the demo's summary is not what it should be"
import json, sys
summary = json.loads(open(sys.argv[1]).read().splitlines()[-1])
frames = {stream: told["frames"] for stream, told in summary["streams"].items()}
assert frames["tags/detections"] > 0, frames
PY
# The examples that need no hardware, each until it has sent what it is there for.
example() { # pipeline file, stream
  sed -i 's/^web: .*/web: 127.0.0.1:0/' "examples/$1"
  "$bushbaby" run "examples/$1" --for 6s --json >run.json 2>run.log || { cat run.log >&2; fail "examples/$1 failed"; }
  "$home/env/bin/python" -c 'import json, sys; streams = json.loads(open("run.json").read().splitlines()[-1])["streams"]; sys.exit(not streams[sys.argv[1]]["frames"])' "$2" ||
    { cat run.log >&2; fail "examples/$1 sent nothing on $2"; }
}
example demo.yaml tags/detections
example first_stage.yaml bright/results
example rgbd.yaml tags/detections

# Two programs and no file: one publishes a camera, the other looks at it.
"$home/env/bin/python" examples/airo_publish.py >publish.log 2>&1 &
publisher=$!
timeout -s INT 60 "$home/env/bin/python" -u examples/airo_look.py 2>look.log | head -n 5 >look.txt || true
kill "$publisher"
wait "$publisher" || true
grep -q nearest look.txt || { cat look.txt look.log publish.log >&2; fail "examples/airo_look.py saw nothing"; }
"$bushbaby" clean >/dev/null || fail "cleaning up failed"
echo "wheel: installed, the demo and the examples ran"
