#!/usr/bin/env python3
"""Many cameras, one cry each, and everything that goes wrong at night: is every cry that was owed raised and delivered?

    nursery.py [--cameras 20] [--minutes 30] [--seed 1] [--clips FOLDER] [--one-process]
    nursery.py --without-faults --out calm.json       the same cries without any fault
    nursery.py --baseline calm.json                   owes only what was raised there

Each camera is a process of its own that plays quiet noise with one cry at a time that is known. While they run, at moments that the
seed chooses: cameras freeze (SIGSTOP, SIGCONT), die and come back; the receiver of the alerts answers 500, hangs, and is away for
five minutes; stages and the sender of alerts are killed with -9.

A cry is owed when its camera and its stage were up from its onset until 6 s after. Says which were owed, raised, delivered, and
doubled; ends with 1 when one was lost, or an alert that was raised was not delivered 30 s after the receiver was back.
"""

import argparse
import array
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import wave
from pathlib import Path

from rig import PROGRAM, ROOT, RTSP_CAMERA, Run, check, end, free_port

RATE_HZ = 16_000
CLIPS = ROOT / "crates/sources/src/scene/nursery/clips"
START_UP_S = 45
OWED_S = 6
DELIVERY_S = 30


class Receiver:
    """Takes alerts by POST, or fails as told: `good`, `error`, `hang`, `away`."""

    def __init__(self):
        self.port, self.mode, self.server = free_port(), "good", None
        self.got, self.lock = {}, threading.Lock()
        self.good_since = time.monotonic()
        self.set("good")

    def set(self, mode):
        if mode == "away" and self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
        elif mode != "away" and self.server is None:
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self.handler())
            self.server.daemon_threads = True
            threading.Thread(target=self.server.serve_forever, daemon=True).start()
        if mode == "good" and self.mode != "good":
            self.good_since = time.monotonic()
        self.mode = mode

    def handler(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                mode = receiver.mode
                if mode == "hang":
                    time.sleep(60)
                    return
                if mode == "good":
                    alert = json.loads(body)
                    with receiver.lock:
                        receiver.got.setdefault(alert["id"], []).append((time.monotonic(), alert))
                try:
                    self.send_response(200 if mode == "good" else 500)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        return Handler


def read_clip(path):
    """A WAV file as mono at RATE_HZ; the nearest sample is good enough for a cry."""
    with wave.open(str(path)) as file:
        assert file.getsampwidth() == 2, f"{path}: wanted 16 bits"
        channels, rate = file.getnchannels(), file.getframerate()
        samples = array.array("h", file.readframes(file.getnframes()))
    mono = samples[::channels]
    count = len(mono) * RATE_HZ // rate
    return array.array("h", (mono[min(n * rate // RATE_HZ, len(mono) - 1)] for n in range(count)))


class Camera:
    """A process that plays noise, and its one cry at a moment of `time.monotonic()`."""

    def __init__(self, number, folder, cry_at, clip, ends_at, chance):
        self.name = f"cam{number:02}"
        self.port, self.path = free_port(), folder / f"cam{number:02}.wav"
        self.cry_at, self.clip, self.ends_at, self.chance = cry_at, clip, ends_at, chance
        self.noise = array.array("h", (chance.randrange(-60, 60) for _ in range(RATE_HZ))).tobytes()
        self.down, self.down_since = [], None
        self.process = None
        self.start()

    def start(self):
        """Its sound begins now: what is left of the run, the cry where it belongs."""
        now = time.monotonic()
        seconds = int(self.ends_at - now) + 60
        sound = bytearray(self.noise * seconds)
        offset = self.cry_at - now
        if offset > 0:
            at = int(offset * RATE_HZ) * 2
            cry = self.clip.tobytes()[: len(sound) - at]
            sound[at : at + len(cry)] = cry
        with wave.open(str(self.path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(bytes(sound))
        # It ends with its standard input, so that it never outlives this program.
        command = [RTSP_CAMERA, str(self.port), "320x240", "5", "--sound", str(self.path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdout.readline()
        if offset > 0:
            self.cry_at += time.monotonic() - now

    def freeze(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    @property
    def url(self):
        return f"rtsp://127.0.0.1:{self.port}/main"


class Outages:
    """When each camera and each stage was not up."""

    def __init__(self):
        self.since, self.spans = {}, []

    def begin(self, who):
        self.since.setdefault(who, time.monotonic())

    def end(self, who):
        if who in self.since:
            self.spans.append((who, self.since.pop(who), time.monotonic()))

    def touch(self, names, begin, until):
        open_ones = [(who, since, float("inf")) for who, since in self.since.items()]
        return any(who in names and since <= until and ended >= begin for who, since, ended in self.spans + open_ones)


def faults_of(args, cameras, begins, ends):
    """A list of (moment, what, whom, how long), sorted by moment."""
    chance, faults = random.Random(args.seed + 1), []

    def moments(every_s):
        at = begins + chance.uniform(0.2, 1.0) * every_s
        while at < ends - 90:
            yield at
            at += chance.uniform(0.5, 1.5) * every_s

    for at in moments(25):
        faults.append((at, "freeze", chance.choice(cameras), chance.uniform(3, 40)))
    for at in moments(45):
        faults.append((at, "restart", chance.choice(cameras), chance.uniform(1, 20)))
    for at in moments(40):
        faults.append((at, "kill stage", chance.choice(cameras), 0))
    for at in moments(90):
        faults.append((at, "kill sender", None, 0))
    away = min(300, (ends - begins) / 5)
    faults.append((begins + (ends - begins) * chance.uniform(0.3, 0.5), "away", None, away))
    for at in moments(150):
        faults.append((at, chance.choice(["error", "hang"]), None, chance.uniform(10, 45)))
    return sorted(faults, key=lambda fault: fault[0])


class Night:
    def __init__(self, args):
        self.args, self.chance = args, random.Random(args.seed)
        self.folder = Path(tempfile.mkdtemp(prefix="bushbaby-nursery-"))
        self.receiver, self.outages = Receiver(), Outages()
        clips = sorted(Path(args.clips).glob("*cry*.wav"))
        if not clips:
            sys.exit(f"no `*cry*.wav` in {args.clips}; `--clips FOLDER` names another folder")
        self.clips = [read_clip(path) for path in clips]
        self.begins = time.monotonic() + START_UP_S
        self.ends = self.begins + args.minutes * 60
        self.cameras = [self.camera(number) for number in range(args.cameras)]
        self.raised, self.busy = {}, set()

    def camera(self, number):
        cry_at = self.chance.uniform(self.begins + 20, self.ends - 40)
        return Camera(number, self.folder, cry_at, self.chance.choice(self.clips), self.ends, self.chance)

    def stage_of(self, camera):
        return "cry" if self.args.one_process else f"cry@{camera.name}"

    def start(self):
        file = self.folder / "cameras.json"
        file.write_text(json.dumps([{"name": camera.name, "url": camera.url} for camera in self.cameras]))
        arguments = ["cry", str(file), "--send", f"http://127.0.0.1:{self.receiver.port}/", "--web", f"127.0.0.1:{free_port()}"]
        if self.args.one_process:
            arguments.append("--one-process")
        self.run = Run(None, f"soak-nursery-{os.getpid()}", tuple(arguments))

    def look(self):
        """What is up again, and what was raised."""
        status = self.run.status()
        if status is None:
            return None
        for camera in self.cameras:
            flows = status["streams"].get(f"{camera.name}/audio", {}).get("silent_ms", 1e9) < 1000
            self.mark(camera.name, camera.name not in self.busy and flows and status["nodes"][camera.name]["state"] == "running")
            stage = self.stage_of(camera)
            self.mark(stage, status["nodes"].get(stage, {}).get("state") == "running")
        for alert in (status.get("alerts") or {}).get("recent", []):
            self.raised.setdefault(alert["id"], (time.monotonic(), alert))
        return status

    def mark(self, who, is_up):
        (self.outages.end if is_up else self.outages.begin)(who)

    def kill_node(self, name):
        node = (self.run.status() or {"nodes": {}})["nodes"].get(name, {})
        if node.get("pid"):
            self.outages.begin(name)
            try:
                os.kill(node["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass

    def do(self, fault):
        """Does it; returns when and how it is over, if it lasts."""
        _, what, camera, lasts = fault
        until = time.monotonic() + lasts
        if what in ("freeze", "restart"):
            if camera.name in self.busy:
                return None
            self.busy.add(camera.name)
            self.outages.begin(camera.name)
            (camera.freeze if what == "freeze" else camera.kill)()
            back = camera.thaw if what == "freeze" else camera.start
            return until, lambda: (back(), self.busy.discard(camera.name))
        if what == "kill stage":
            self.kill_node(self.stage_of(camera))
        elif what == "kill sender":
            status = self.run.status() or {"nodes": {}}
            for name, node in status["nodes"].items():
                if node["kind"] == "alert":
                    self.kill_node(name)
        elif self.receiver.mode == "good":
            self.receiver.set(what)
            return until, lambda: self.receiver.set("good")
        return None

    def last(self):
        faults = [] if self.args.without_faults else faults_of(self.args, self.cameras, self.begins, self.ends)
        due, done = [], {}
        while time.monotonic() < self.ends:
            now = time.monotonic()
            for item in [item for item in due if item[0] <= now]:
                due.remove(item)
                item[1]()
            while faults and faults[0][0] <= now:
                fault = faults.pop(0)
                done[fault[1]] = done.get(fault[1], 0) + 1
                lasting = self.do(fault)
                if lasting:
                    due.append(lasting)
            if self.look() is None and self.run.process.poll() is not None:
                check(False, "the supervisor is there")
                return
            time.sleep(0.3)
        for _, over in sorted(due, key=lambda item: item[0]):
            over()
        print("faults: " + (", ".join(f"{count} {what}" for what, count in sorted(done.items())) or "none"), flush=True)

    def settle(self):
        """Everything that is to be delivered is, in this time."""
        self.receiver.set("good")
        until = time.monotonic() + DELIVERY_S + 5
        while time.monotonic() < until:
            self.look()
            time.sleep(0.5)

    def told(self):
        got = self.receiver.got
        for id, arrivals in got.items():
            self.raised.setdefault(id, (arrivals[0][0], arrivals[0][1]))
        by_camera = {}
        for id, (_, alert) in self.raised.items():
            by_camera.setdefault(alert.get("source"), []).append(id)
        baseline = json.loads(Path(self.args.baseline).read_text()) if self.args.baseline else None
        rows, lost, undelivered, delays = [], [], [], []
        for camera in self.cameras:
            up = not self.outages.touch({camera.name, self.stage_of(camera)}, camera.cry_at, camera.cry_at + OWED_S)
            owed = up and (baseline is None or baseline.get(camera.name, False))
            ids = by_camera.get(camera.name, [])
            delivered = [id for id in ids if id in got]
            if owed and not ids:
                lost.append(camera.name)
            first = min((got[id][0][0] for id in delivered), default=None)
            rows.append((camera.name, owed, bool(ids), bool(delivered), sum(len(got[id]) - 1 for id in delivered)))
            if first is not None and self.args.without_faults:
                delays.append(first - camera.cry_at)
        for id, (raised_at, _) in self.raised.items():
            late = max(raised_at, self.receiver.good_since) + DELIVERY_S
            if id not in got or got[id][0][0] > late:
                undelivered.append(id)
        print(f"{'camera':8} {'owed':5} {'raised':6} {'delivered':9} doubled")
        for name, owed, raised, delivered, doubled in rows:
            words = ["yes" if held else "-" for held in (owed, raised, delivered)]
            print(f"{name:8} {words[0]:5} {words[1]:6} {words[2]:9} {doubled}")
        if delays:
            delays.sort()
            print(f"from onset to receipt: {delays[len(delays) // 2]:.2f} s in the median, {delays[-1]:.2f} s at most")
        count = sum(row[1] for row in rows)
        doubled = sum(row[4] for row in rows)
        check(count > 0 and not lost, f"{count} cries were owed, {len(lost)} lost{': ' + ', '.join(lost) if lost else ''}")
        check(not undelivered, f"{len(self.raised)} alerts raised, {len(undelivered)} not delivered in time")
        print(f"{doubled} came twice, with the same id")
        if self.args.out:
            Path(self.args.out).write_text(json.dumps({row[0]: row[2] for row in rows}, indent=1) + "\n")

    def close(self):
        self.run.stop()
        for camera in self.cameras:
            camera.kill()
            camera.path.unlink(missing_ok=True)
        print(f"log: {self.run.folder / 'log.txt'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clips", default=str(CLIPS), help="a folder with cries, *cry*.wav of 16 bits")
    parser.add_argument("--one-process", action="store_true", help="one stage for all cameras")
    parser.add_argument("--without-faults", action="store_true")
    parser.add_argument("--out", help="write which cries were raised")
    parser.add_argument("--baseline", help="owe only what was raised in that file")
    args = parser.parse_args()
    if not PROGRAM.exists() or not RTSP_CAMERA.exists():
        sys.exit("build first: cargo build --release -p bushbaby -p bushbaby-testkit")
    night = Night(args)
    night.start()
    try:
        flow = lambda s: all(s["streams"].get(f"{c.name}/audio", {}).get("frames", 0) > 0 for c in night.cameras)
        check(night.run.wait(flow, START_UP_S) is not None, f"{args.cameras} cameras are heard")
        time.sleep(max(0.0, night.begins - time.monotonic()))
        night.last()
        night.settle()
        night.told()
    finally:
        night.close()
    end()


main()
