#!/usr/bin/env python3
"""Long runs of the Python package beside cameras and a recorder, for `make soak`. Run by an interpreter that has the package.

    python.py torn [--frames 100000]   every frame is whole, also after it was kept for 150 ms
    python.py kills [--kills 100]      kill -9 of publisher, of readers, of both: nothing left, the same reader goes on
    python.py table [--minutes 30]     2208x1242 RGB-D at 15 a second, two readers, H.264 recorded: no drop, memory flat
    python.py loop [--minutes 5]       two Full-HD RGB-D cameras likewise, and a loop at 500 Hz that must keep its pace

Prints a line for each measurement and ends with 1 when something did not hold.
"""

import argparse
import collections
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import bushbaby as bb
import numpy as np
from rig import PROGRAM, Run, alive, bytes_in_shared_memory, check, descendants, end, frames, in_shared_memory, private_kb

PYTHON = sys.executable


class Part:
    """Another process of this very file, which prints JSON lines; the last one is kept."""

    def __init__(self, instance, *arguments):
        environment = os.environ | {"BUSHBABY_INSTANCE": instance}
        self.process = subprocess.Popen(
            [PYTHON, __file__, *map(str, arguments)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.told = {}
        self.news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            with self.news:
                self.told = json.loads(line)
                self.news.notify_all()

    def wait(self, wanted, seconds):
        with self.news:
            return self.news.wait_for(lambda: bool(self.told) and wanted(self.told), seconds)

    def end(self):
        """Asks it to end by closing its input, and returns what it said last."""
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        return self.told


def asked_to_end():
    """An event that is set when whoever started this process closes its input."""
    event = threading.Event()

    def listen():
        sys.stdin.read()
        event.set()

    threading.Thread(target=listen, daemon=True).start()
    return event


def say(**told):
    print(json.dumps(told), flush=True)


# Parts: each a process of its own.


def part_publisher(stream, height, width, fps):
    """Pictures that say in every pixel which one they are."""
    ended = asked_to_end()
    publisher, number = bb.publish(stream), 0
    next_at = time.monotonic()
    while not ended.is_set():
        with publisher.loan((int(height), int(width), 3), "uint8") as picture:
            picture[...] = number % 251
        number += 1
        if number % 50 == 0:
            say(sent=number)
        next_at += 1 / float(fps)
        time.sleep(max(0.0, next_at - time.monotonic()))
    say(sent=number)


def is_whole(picture):
    return bool((picture == picture[0, 0, 0]).all())


def part_whole(stream, hold_s):
    """Looks whether each frame shows one number, when it comes and after it was kept for a while."""
    ended = asked_to_end()
    seen = torn = torn_kept = kept_again = 0
    shapes = set()
    kept = collections.deque()
    with bb.subscribe(stream, queue=16) as frames_in:
        while not ended.is_set():
            frame = frames_in.recv(timeout=0.2)
            now = time.monotonic()
            while kept and now - kept[0][0] >= float(hold_s):
                _, old, shown = kept.popleft()
                kept_again += 1
                torn_kept += not (is_whole(old.array) and old.array[0, 0, 0] == shown)
            if frame is None:
                continue
            seen += 1
            picture = frame.array
            shapes.add(picture.shape)
            torn += not is_whole(picture)
            # One in sixteen is kept: the others show that keeping does not hold up the stream.
            if seen % 16 == 0:
                kept.append((now, frame, int(picture[0, 0, 0])))
            if seen % 20 == 0:
                say(seen=seen, torn=torn, torn_kept=torn_kept, kept=kept_again, shapes=len(shapes))
    say(seen=seen, torn=torn, torn_kept=torn_kept, kept=kept_again, shapes=len(shapes))


def part_reader(stream):
    """Reads captures as a program that works on them would, and counts what it missed."""
    ended = asked_to_end()
    seen = missed = touched = 0
    last, ages = None, collections.deque(maxlen=2000)
    with bb.subscribe(stream, queue=8) as captures:
        while not ended.is_set():
            capture = captures.recv(timeout=0.2)
            if capture is None:
                continue
            if last is not None and capture.seq > last + 1:
                missed += capture.seq - last - 1
            last, seen = capture.seq, seen + 1
            for array in capture.arrays.values():
                touched += int(array.reshape(-1).view(np.uint8)[::4096].sum(dtype=np.int64)) & 1
            ages.append(capture.age_ms)
            if seen % 15 == 0:
                say(seen=seen, missed=missed, age_p50_ms=float(np.median(ages)), age_p95_ms=float(np.percentile(ages, 95)))
    say(seen=seen, missed=missed, age_p50_ms=float(np.median(ages)) if ages else None, touched=touched)


def part_loop(hz):
    """A control loop: how late it wakes up."""
    ended = asked_to_end()
    period, late_ms = 1 / float(hz), []
    next_at = time.monotonic() + period
    while not ended.is_set():
        time.sleep(max(0.0, next_at - time.monotonic()))
        now = time.monotonic()
        late_ms.append((now - next_at) * 1e3)
        next_at = max(next_at + period, now - period)
    late = np.array(late_ms)
    say(turns=len(late), p50_ms=float(np.percentile(late, 50)), p99_ms=float(np.percentile(late, 99)), max_ms=float(late.max()))


# Soaks.


def torn(args):
    instance = "soak-torn"
    publisher = Part(instance, "part-publisher", "cam/image", 480, 640, 2000)
    readers = [Part(instance, "part-whole", "cam/image", 0.15) for _ in range(2)]
    try:
        limit = 120 + args.frames / 100
        for reader in readers:
            check(reader.wait(lambda told: told["seen"] >= args.frames, limit), f"{args.frames} frames came in time")
    finally:
        publisher.end()
        told = [reader.end() for reader in readers]
    for reader in told:
        line = f"{reader['seen']} frames seen, {reader['torn']} torn; {reader['kept']} kept for 150 ms, {reader['torn_kept']} of them changed"
        check(reader["torn"] == 0 and reader["torn_kept"] == 0 and reader["kept"] > 0, line)
    subprocess.run([PROGRAM, "--instance", instance, "clean"], check=False, capture_output=True)
    check(in_shared_memory(instance) == [], f"nothing left in /dev/shm: {in_shared_memory(instance)}")


def kills(args):
    instance, sizes = "soak-python-kills", [(480, 640), (720, 1280), (1080, 1920)]

    starts = itertools.count()

    def start_publisher():
        height, width = sizes[next(starts) % len(sizes)]
        return Part(instance, "part-publisher", "cam/image", height, width, 60)

    publisher, survivor, other = start_publisher(), Part(instance, "part-whole", "cam/image", 0.15), Part(instance, "part-whole", "cam/image", 0.15)
    gaps = []
    try:
        for number in range(args.kills):
            check_flow = survivor.wait(lambda told: told["seen"] > 0, 20) and other.wait(lambda told: told["seen"] > 0, 20)
            if not check_flow:
                check(False, f"kill {number}: frames flow before it")
                break
            if number % 3 in (0, 2):
                publisher.process.kill()
                publisher.process.wait()
            if number % 3 in (1, 2):
                other.process.kill()
                other.process.wait()
                other = Part(instance, "part-whole", "cam/image", 0.15)
            if number % 3 in (0, 2):
                publisher = start_publisher()
            before, t0 = survivor.told["seen"], time.monotonic()
            if not survivor.wait(lambda told, before=before: told["seen"] >= before + 40, 20):
                check(False, f"kill {number}: the same reader goes on")
                break
            gaps.append(time.monotonic() - t0)
    finally:
        publisher.end()
        told = [survivor.end(), other.end()]
    check(len(gaps) == args.kills, f"{len(gaps)} kills survived by the same reader, 40 frames further after {np.median(gaps):.2f} s in the median, {max(gaps):.2f} s at most")
    check(told[0]["shapes"] == len(sizes), f"it saw {told[0]['shapes']} sizes of picture, {told[0]['torn']} torn, {told[0]['torn_kept']} changed while kept")
    check(told[0]["torn"] == 0 and told[0]["torn_kept"] == 0, "no frame torn")
    subprocess.run([PROGRAM, "--instance", instance, "clean"], check=False, capture_output=True)
    check(in_shared_memory(instance) == [], f"nothing left in /dev/shm: {in_shared_memory(instance)}")


class Recorded:
    """Cameras and a recorder for a while, with readers beside them: who lost what, who grew."""

    def __init__(self, instance, cameras, folder):
        self.cameras = list(cameras)
        lines = [f"  {name}: {{scene: rgbd, size: {size}, fps: 15}}" for name, size in cameras.items()]
        self.run = Run("cameras:\n" + "\n".join(lines) + f"\nrecord: {folder}\n", instance)
        self.readers = []

    def start(self):
        flows = lambda s: all(n["state"] == "running" for n in s["nodes"].values()) and all(frames(s, f"{c}/rgbd") > 15 for c in self.cameras)
        check(self.run.wait(flows, 60) is not None, "cameras and recorder run")
        self.readers = [Part(self.run.instance, "part-reader", self.cameras[n % len(self.cameras)]) for n in range(2)]
        check(all(reader.wait(lambda told: told["seen"] > 30, 30) for reader in self.readers), "both readers read")

    def memory_kb(self):
        status = self.run.status()
        found = {name: private_kb(node["pid"]) for name, node in status["nodes"].items()}
        found["supervisor"] = private_kb(self.run.process.pid)
        return found | {f"reader {n + 1}": private_kb(reader.process.pid) for n, reader in enumerate(self.readers)}

    def watch(self, minutes):
        time.sleep(60)
        first, shm = self.memory_kb(), bytes_in_shared_memory(self.run.instance)
        status = self.run.status()
        sent_before = {c: frames(status, f"{c}/rgbd") for c in self.cameras}
        time.sleep(max(10.0, minutes * 60 - 60))
        last, status = self.memory_kb(), self.run.status()
        for name, kb in last.items():
            check(kb <= first[name] * 1.05 + 4096, f"memory of {name}: {first[name] / 1024:.1f} MB after a minute, {kb / 1024:.1f} MB after {minutes:g}")
        now = bytes_in_shared_memory(self.run.instance)
        check(now <= shm * 1.02 + 65536, f"shared memory {shm / 1e6:.1f} → {now / 1e6:.1f} MB")
        for camera in self.cameras:
            fps = (frames(status, f"{camera}/rgbd") - sent_before[camera]) / max(10.0, minutes * 60 - 60)
            check(abs(fps - 15) < 0.2, f"{camera}: {fps:.2f} captures a second")
        for edge in status["edges"]:
            lost = {reason: count for reason, count in edge["dropped"].items() if count and reason != "skipped"}
            check(not lost, f"{edge['from']} → {edge['to']}: {edge['delivered']} delivered, lost {lost or 'none'}")
        check(all(node["restarts"] == 0 for node in status["nodes"].values()), "no node was started again")

    def stop(self):
        told = [reader.end() for reader in self.readers]
        family = descendants(self.run.process.pid)
        self.run.stop()
        for number, reader in enumerate(told):
            check(reader["missed"] == 0, f"reader {number + 1}: {reader['seen']} captures, {reader['missed']} missed, age {reader['age_p50_ms']:.1f} ms in the median")
        check(not [p for p in family if alive(p)], "no process left")
        check(in_shared_memory(self.run.instance) == [], f"nothing left in /dev/shm: {in_shared_memory(self.run.instance)}")


def recording_is_whole(folder):
    files = sorted(Path(folder).glob("**/*.mcap"))
    size = sum(file.stat().st_size for file in files)
    check(bool(files) and size > 0, f"recorded {len(files)} files, {size / 1e6:.1f} MB in {folder}")


def table(args):
    with tempfile.TemporaryDirectory(prefix="bushbaby-soak-") as folder:
        recorded = Recorded("soak-table", {"table": "2208x1242"}, folder)
        try:
            recorded.start()
            recorded.watch(args.minutes)
        finally:
            recorded.stop()
        recording_is_whole(folder)


def loop(args):
    def measured(minutes):
        part = Part("soak-loop", "part-loop", 500)
        time.sleep(minutes * 60)
        return part.end()

    alone = measured(min(1.0, args.minutes))
    print(f"      alone: {alone['turns']} turns, late {alone['p50_ms']:.2f} ms in the median, p99 {alone['p99_ms']:.2f} ms, at most {alone['max_ms']:.1f} ms", flush=True)
    with tempfile.TemporaryDirectory(prefix="bushbaby-soak-") as folder:
        recorded = Recorded("soak-loop", {"left": "1920x1080", "right": "1920x1080"}, folder)
        try:
            recorded.start()
            watcher = threading.Thread(target=recorded.watch, args=(args.minutes,))
            watcher.start()
            beside = measured(args.minutes)
            watcher.join()
        finally:
            recorded.stop()
        recording_is_whole(folder)
    more = beside["p99_ms"] - alone["p99_ms"]
    check(more <= 2.0, f"beside it: late {beside['p50_ms']:.2f} ms in the median, p99 {beside['p99_ms']:.2f} ms ({more:+.2f}), at most {beside['max_ms']:.1f} ms")


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    parts = {"part-publisher": part_publisher, "part-whole": part_whole, "part-reader": part_reader, "part-loop": part_loop}
    if len(sys.argv) > 1 and sys.argv[1] in parts:
        parts[sys.argv[1]](*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    defaults = {torn: ("--frames", int, 100_000), kills: ("--kills", int, 100), table: ("--minutes", float, 30), loop: ("--minutes", float, 5)}
    for function, (option, kind, default) in defaults.items():
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        command.add_argument(option, type=kind, default=default)
    args = parser.parse_args()
    args.function(args)
    end()


main()
