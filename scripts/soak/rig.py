"""What all soaks need: an instance of the real program, its processes, their memory, and what was found not to hold."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "target/release/bushbaby"
RTSP_CAMERA = ROOT / "target/release/testkit-rtsp-camera"

failures = []


def check(holds, what):
    print(("ok    " if holds else "FAIL  ") + what, flush=True)
    if not holds:
        failures.append(what)


def end():
    """Says what did not hold, and ends this program accordingly."""
    print(f"{len(failures)} failed" if failures else "all held")
    sys.exit(bool(failures))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def in_shared_memory(instance):
    return sorted(n for n in os.listdir("/dev/shm") if n.startswith(f"bb_{instance}_"))


def bytes_in_shared_memory(instance):
    total = 0
    for name in in_shared_memory(instance):
        try:
            total += os.stat(f"/dev/shm/{name}").st_blocks * 512
        except FileNotFoundError:
            pass
    return total


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid):
    found, look = [], [pid]
    while look:
        p = look.pop()
        for task in Path(f"/proc/{p}/task").glob("*/children"):
            try:
                kids = [int(k) for k in task.read_text().split()]
            except OSError:
                continue
            found += kids
            look += kids
    return found


def private_kb(pid):
    total = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Clean", "Private_Dirty")):
                total += int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total


class Run:
    def __init__(self, pipeline, instance, arguments=("run",)):
        self.instance = instance
        self.folder = Path(tempfile.mkdtemp(prefix="bushbaby-soak-"))
        self.log = open(self.folder / "log.txt", "w")
        command = [str(PROGRAM), "--instance", instance, *arguments]
        if pipeline is not None:
            file = self.folder / "pipeline.yaml"
            file.write_text(pipeline)
            command.append(str(file))
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)

    def status(self):
        out = subprocess.run([PROGRAM, "--instance", self.instance, "status", "--json"], capture_output=True, text=True)
        return json.loads(out.stdout) if out.returncode == 0 else None

    def wait(self, wanted, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.status()
            if status and wanted(status):
                return status
            time.sleep(0.02)
        return None

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                check(False, "the supervisor ended when asked")


def frames(status, stream):
    return status["streams"].get(stream, {}).get("frames", 0)
