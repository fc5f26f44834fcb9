#!/usr/bin/env python3
"""The whole chain with the real program: `bushbaby run` with a made camera on one side, WPILib's NetworkTables server on the other.

  chain.py BUSHBABY [RESTARTS]     RESTARTS of the robot's server, 100 by default

Measures what a robot sees of one file: the first result after a cold start; capture to robot and what is told of it as latency; and how
soon all is there again after the server was killed, again and again, while no process grows. Prints a table; ends with 1 when
something did not hold. Ages are exact: the made camera knows when its picture is complete, and all clocks here are one.
"""
import json
import os
import pathlib
import queue
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from datetime import datetime

import ntcore

PATIENCE_S = 30
FRAMES_S = int(os.environ.get("FRAMES_S", 20))
PIPELINE = """\
cameras:
  front: {{scene: tags, size: 1280x720, fps: 30}}
stages:
  tags: {{kind: apriltag, in: front, family: 36h11, tag_size: 165mm, decimate: 2}}
networktables: {{server: "127.0.0.1:{port}", dialect: [photonvision, limelight], in: tags}}
"""
failures = []


def row(what, measured, wanted="", holds=True):
    print(f"| {what} | {measured} | {wanted} |{'' if holds else ' **no** |'}", flush=True)
    if not holds:
        failures.append(what)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Robot:
    """WPILib's server with a reader of each result, which is told of each as it comes."""

    def __init__(self, port, folder):
        self.instance = ntcore.NetworkTableInstance.create()
        self.instance.startServer(str(folder / "networktables.json"), "127.0.0.1", free_port(), port)
        options = ntcore.PubSubOptions(periodic=0.005, sendAll=True, keepDuplicates=True, pollStorage=1000)
        topic = self.instance.getRawTopic("/photonvision/front/rawBytes")
        self.subscriber = topic.subscribe("photonstruct:PhotonPipelineResult:4b2ff16a964b5e2bf04be0c1454d91c4", b"", options)
        # Each with when it came, in microseconds since 1970.
        self.results = queue.SimpleQueue()
        came = lambda event: self.results.put((event.data.value.getRaw(), time.time_ns() / 1e3))
        self.instance.addListener(self.subscriber, ntcore.EventFlags.kValueRemote, came)

    def next(self, until):
        """The next result that comes before then; none after it."""
        try:
            return self.results.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return None

    def first(self):
        return self.next(time.monotonic() + PATIENCE_S) is not None

    def let_pass(self, results):
        """Takes so many results and looks at none."""
        for _ in range(results):
            if not self.first():
                sys.exit(f"chain.py: no result within {PATIENCE_S} s")

    def close(self):
        # A handle of a server that is gone would be one of the next.
        self.subscriber.close()
        ntcore.NetworkTableInstance.destroy(self.instance)


def head(packed):
    """The result's number, its capture and when it was sent, both in microseconds of the robot's clock."""
    return struct.unpack_from("<qqq", packed)


def start(bushbaby, folder, port):
    path = folder / "chain.yaml"
    path.write_text(PIPELINE.format(port=port))
    environment = {**os.environ, "BUSHBABY_INSTANCE": f"chain-{os.getpid()}", "XDG_STATE_HOME": str(folder)}
    log = open(folder / "log", "wb")
    begun = time.monotonic()
    program = subprocess.Popen([bushbaby, "run", str(path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    return program, begun, environment


def share(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]


def wall_us(text):
    """RFC 3339 with nanoseconds to microseconds since 1970."""
    whole, fraction = text.removesuffix("Z").split(".") if "." in text else (text.removesuffix("Z"), "0")
    return datetime.fromisoformat(whole + "+00:00").timestamp() * 1e6 + float("0." + fraction) * 1e6


def ages(bushbaby, robot, environment):
    """Capture to robot, beside what is told as latency. The truth comes from the bus: each result with its camera's own capture time."""
    command = [bushbaby, "echo", "tags", "-n", str(FRAMES_S * 30), "--json"]
    echo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    # What came before is not compared.
    while robot.next(time.monotonic()):
        pass
    came = []
    until = time.monotonic() + FRAMES_S
    while result := robot.next(until):
        came.append(result)
    echo.terminate()
    # The last line may be cut.
    truths = [wall_us(json.loads(line)["captured_at"]) for line in echo.stdout if line.endswith("}\n")]
    echo.wait(PATIENCE_S)
    # The robot's clock may begin elsewhere.
    offset_us = statistics.median(ntcore._now() - time.time_ns() / 1e3 for _ in range(101))
    numbers = [head(packed)[0] for packed, _ in came]
    lost = numbers[-1] - numbers[0] + 1 - len(set(numbers))
    to_robot, told_off, after_sending = [], [], []
    for packed, came_us in came:
        _, captured_us, sent_us = head(packed)
        captured_here = captured_us - offset_us
        nearest = min(truths, key=lambda truth: abs(truth - captured_here)) if truths else captured_here
        # The truth is the nearest capture: pictures are 33 ms apart.
        if abs(nearest - captured_here) > 16_000:
            continue
        to_robot.append((came_us - nearest) / 1e3)
        told = (sent_us - captured_us) / 1e3
        told_off.append(abs(told - (sent_us - offset_us - nearest) / 1e3))
        after_sending.append((came_us - (sent_us - offset_us)) / 1e3)
    return len(came), lost, to_robot, told_off, after_sending


def processes(pid):
    """A program and all its children: their private memory in kB, their threads, their open files."""
    family, found = [pid], {}
    while family:
        one = family.pop()
        try:
            family += [int(child) for task in pathlib.Path(f"/proc/{one}/task").iterdir() for child in (task / "children").read_text().split()]
            rollup = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
            private = sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))
            found[one] = (private, len(os.listdir(f"/proc/{one}/task")), len(os.listdir(f"/proc/{one}/fd")))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def restarts(robot, port, folder, program, count):
    times = []
    before = None
    for number in range(count):
        robot.close()
        # The fault itself: a robot that is switched off and on is away for a while, long enough to be missed or not.
        time.sleep(0.05 + 0.01 * (number % 30))
        begun = time.monotonic()
        robot = Robot(port, folder)
        if not robot.first():
            row(f"restart {number + 1} of the robot's server", "never back", "", holds=False)
            return robot
        times.append(time.monotonic() - begun)
        # The first tenth warms everything up.
        if number == count // 10:
            before = processes(program.pid)
    after = processes(program.pid)
    grown = [(after[pid][0] - kb, after[pid][1] - threads, after[pid][2] - files) for pid, (kb, threads, files) in before.items() if pid in after]
    row(f"{count} x robot's server killed and started: back after, median / most", f"{share(times, 0.5):.2f} / {max(times):.2f} s", "1 s", max(times) <= 1.0)
    kb, threads, files = (max(values) for values in zip(*grown))
    holds = set(before) == set(after) and kb < 2048 and threads <= 0 and files <= 0
    row("processes since: most growth of one in memory, threads, files", f"{kb} kB, {threads}, {files}", "none (2 MB)", holds)
    return robot


def main():
    bushbaby, count = sys.argv[1], int((sys.argv[2:] or [100])[0])
    print("| | measured | wanted |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder, port = pathlib.Path(name), free_port()
        robot = Robot(port, folder)
        program, begun, environment = start(bushbaby, folder, port)
        try:
            is_there = robot.first()
            cold_s = time.monotonic() - begun
            row("cold start to the first result at the robot", f"{cold_s:.2f} s", "2 s", is_there and cold_s <= 2.0)
            # The clocks are compared every three seconds: once more while these come.
            robot.let_pass(150)
            results, lost, to_robot, told_off, after_sending = ages(bushbaby, robot, environment)
            row(f"results in {FRAMES_S} s, of these lost", f"{results}, {lost}", "0", lost == 0 and results > 0)
            row("capture to robot, 1280x720 at 30 a second, median / p95", f"{share(to_robot, 0.5):.1f} / {share(to_robot, 0.95):.1f} ms", "35 ms", share(to_robot, 0.5) <= 35)
            row("latency as told, off the truth by, median / most", f"{share(told_off, 0.5):.2f} / {max(told_off):.2f} ms", "2 ms", share(told_off, 0.95) <= 2)
            row("told to robot code that listens, median / p95", f"{share(after_sending, 0.5):.1f} / {share(after_sending, 0.95):.1f} ms", "5 ms", share(after_sending, 0.5) <= 5)
            robot = restarts(robot, port, folder, program, count)
        finally:
            program.terminate()
            ended = program.wait(PATIENCE_S)
            robot.close()
            if failures or ended:
                sys.stderr.write((folder / "log").read_text(errors="replace")[-4000:])
        row("it ends in order", str(ended), "0", ended == 0)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
