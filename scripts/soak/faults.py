#!/usr/bin/env python3
"""Faults and long runs on the real program, for `make soak`: minutes long, so not part of `make test`.

    faults.py kills [--kills 50]     kill -9 of each node in turn under load, a gst node among them
    faults.py supervisor             kill -9 of the supervisor: no child left, the next start cleans up
    faults.py camera                 SIGSTOP on an RTSP camera: stalled, NO LIVE VIDEO; SIGCONT and restart: picture again
    faults.py demo [--minutes 10]    the demo: memory flat, no drop without its reason

Prints a line for each measurement and ends with 1 when something did not hold.
"""

import argparse
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

from rig import (
    PROGRAM,
    RTSP_CAMERA,
    Run,
    alive,
    bytes_in_shared_memory,
    check,
    descendants,
    end,
    frames,
    free_port,
    in_shared_memory,
    private_kb,
)

PIPELINE = """\
cameras:
  front: scene
  side: {scene: tags, size: 640x360, seed: 7}
  pattern: "gst:videotestsrc is-live=true ! video/x-raw,width=640,height=480,framerate=30/1"
stages:
  tags: {kind: apriltag, in: front, tag_size: 165mm}
  others: {kind: apriltag, in: [side, pattern], tag_size: 165mm}
web: 127.0.0.1:%d
"""

class Whole(threading.Thread):
    """Compares detections with the truth of the very frame that they came from: a torn picture would not fit."""

    def __init__(self, instance):
        super().__init__(daemon=True)
        self.instance, self.truth, self.compared, self.wrong = instance, {}, 0, 0
        self.processes = []

    def follow(self, stream, handle):
        process = subprocess.Popen([PROGRAM, "--instance", self.instance, "echo", stream, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.processes.append(process)
        for line in process.stdout:
            handle(json.loads(line))

    def run(self):
        threading.Thread(target=self.follow, args=("front/truth", self.on_truth), daemon=True).start()
        self.follow("tags/detections", self.on_detections)

    def on_truth(self, frame):
        key = (frame["origin"]["generation"], frame["origin"]["seq"])
        self.truth[key] = {tag["id"]: tag["corners"] for tag in frame["body"]["items"]}
        if len(self.truth) > 300:
            del self.truth[next(iter(self.truth))]

    def on_detections(self, frame):
        truth = self.truth.get((frame["origin"]["generation"], frame["origin"]["seq"]))
        for tag in frame["body"]["items"] if truth else []:
            if tag["id"] in truth:
                self.compared += 1
                off = max(max(abs(a - b) for a, b in zip(got, want)) for got, want in zip(tag["corners"], truth[tag["id"]]))
                self.wrong += off > 3.0

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


def kills(args):
    run = Run(PIPELINE % free_port(), "soak-kills")
    try:
        status = run.wait(lambda s: all(n["state"] == "running" for n in s["nodes"].values()) and frames(s, "pattern/image") > 0, 30)
        check(status is not None, "all nodes run")
        if status is None:
            return
        whole = Whole(run.instance)
        whole.start()
        time.sleep(10)
        shm_at_start = bytes_in_shared_memory(run.instance)
        watch = {"front": "front/image", "side": "side/image", "pattern": "pattern/image", "tags": "tags/detections", "others": "others/detections", "web": None}
        running_since = {node: time.monotonic() - 10 for node in watch}
        times = []
        for number in range(args.kills):
            node = list(watch)[number % len(watch)]
            time.sleep(max(0.0, running_since[node] + 10 - time.monotonic()))
            status = run.status()
            pid = status["nodes"][node]["pid"]
            family = descendants(pid)
            restarts = status["nodes"][node]["restarts"]
            os.kill(pid, signal.SIGKILL)
            t0 = time.monotonic()

            def back(s):
                n = s["nodes"][node]
                if n["restarts"] <= restarts or n["state"] != "running" or n.get("pid") in (None, pid):
                    return False
                return watch[node] is None or s["streams"][watch[node]].get("silent_ms", 1e9) < 500

            status = run.wait(back, 10)
            took = time.monotonic() - t0
            running_since[node] = time.monotonic()
            times.append(took)
            left = [p for p in family if alive(p)]
            if status is None or took > 3 or left:
                check(False, f"kill {number + 1}: {node} back after {took:.2f} s, left {left}")
        check(max(times) <= 3, f"{len(times)} kills: back after {sorted(times)[len(times) // 2]:.2f} s in the median, {max(times):.2f} s at most")
        check(whole.compared > 100 and whole.wrong == 0, f"frames whole: {whole.compared} tags compared with the truth of their frame, {whole.wrong} wrong")
        whole.end()
        status = run.status()
        damaged = sum(e["dropped"]["damaged"] for e in status["edges"])
        check(damaged == 0, f"{damaged} damaged frames")
        time.sleep(6)
        shm = bytes_in_shared_memory(run.instance)
        check(shm <= shm_at_start * 1.02 + 65536, f"shared memory {shm_at_start / 1e6:.1f} MB at the start, {shm / 1e6:.1f} MB at the end")
    finally:
        family = descendants(run.process.pid)
        run.stop()
        check(not [p for p in family if alive(p)], "no process left")
        check(in_shared_memory(run.instance) == [], f"nothing left in /dev/shm: {in_shared_memory(run.instance)}")


def supervisor(_):
    run = Run(PIPELINE % free_port(), "soak-supervisor")
    run.wait(lambda s: all(n["state"] == "running" for n in s["nodes"].values()) and frames(s, "pattern/image") > 0, 30)
    family = descendants(run.process.pid)
    run.process.kill()
    run.process.wait()
    t0 = time.monotonic()
    while any(alive(p) for p in family) and time.monotonic() - t0 < 5:
        time.sleep(0.01)
    check(not any(alive(p) for p in family), f"supervisor killed: its {len(family)} processes gone after {time.monotonic() - t0:.2f} s")
    before = bytes_in_shared_memory(run.instance)
    again = Run(PIPELINE % free_port(), "soak-supervisor")
    status = again.wait(lambda s: all(n["state"] == "running" for n in s["nodes"].values()), 30)
    check(status is not None, f"the next start runs (it found {before / 1e6:.1f} MB left in /dev/shm)")
    again.stop()
    check(in_shared_memory(run.instance) == [], "nothing left in /dev/shm after it ended")


def start_camera(port):
    # It ends with its standard input, so that it never outlives this program.
    return subprocess.Popen([RTSP_CAMERA, str(port), "1280x720"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def no_live_video(web):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{web}/stream/door.jpg", timeout=5)
    except urllib.error.HTTPError as answer:
        return answer.code == 503 and answer.read()[:2] == b"\xff\xd8"
    return False


def camera(_):
    rtsp, web = free_port(), free_port()
    server = start_camera(rtsp)
    run = Run(f"cameras:\n  door: rtsp://127.0.0.1:{rtsp}/main\nweb: 127.0.0.1:{web}\n", "soak-camera")
    try:
        flows = lambda s: s["nodes"]["door"]["state"] == "running" and s["streams"]["door/image"].get("silent_ms", 1e9) < 300
        check(run.wait(flows, 20) is not None, "the RTSP camera's picture comes")
        for number in range(3):
            os.kill(server.pid, signal.SIGSTOP)
            t0 = time.monotonic()
            status = run.wait(lambda s: s["nodes"]["door"]["state"] == "stalled", 10)
            check(status is not None and time.monotonic() - t0 <= 2.0, f"frozen: stalled after {time.monotonic() - t0:.2f} s")
            check(no_live_video(web), "NO LIVE VIDEO is a picture, and the answer says 503")
            if number % 2 == 0:
                os.kill(server.pid, signal.SIGCONT)
                how = "continued"
            else:
                server.kill()
                server.wait()
                server = start_camera(rtsp)
                how = "started again on the same port"
            t0 = time.monotonic()
            check(run.wait(flows, 15) is not None and time.monotonic() - t0 <= 3.0, f"{how}: picture again after {time.monotonic() - t0:.2f} s")
            time.sleep(3)
    finally:
        run.stop()
        server.kill()
        server.wait()


def demo(args):
    run = Run(None, "soak-demo", ("demo", "--no-browser", "--port", str(free_port())))
    try:
        status = run.wait(lambda s: all(n["state"] == "running" for n in s["nodes"].values()), 30)
        check(status is not None, "the demo runs")
        time.sleep(20)
        first = {name: private_kb(node["pid"]) for name, node in run.status()["nodes"].items()} | {"supervisor": private_kb(run.process.pid)}
        shm = bytes_in_shared_memory(run.instance)
        time.sleep(args.minutes * 60)
        status = run.status()
        last = {name: private_kb(node["pid"]) for name, node in status["nodes"].items()} | {"supervisor": private_kb(run.process.pid)}
        for name, kb in last.items():
            check(kb <= first[name] * 1.05 + 2048, f"memory of {name}: {first[name] / 1024:.1f} MB after 20 s, {kb / 1024:.1f} MB after {args.minutes} min")
        check(bytes_in_shared_memory(run.instance) <= shm * 1.02 + 65536, f"shared memory {shm / 1e6:.1f} → {bytes_in_shared_memory(run.instance) / 1e6:.1f} MB")
        sent = frames(status, "front/image")
        for edge in status["edges"]:
            if edge["from"] != "front/image" or edge["to"] == "web":
                continue
            known = edge["delivered"] + sum(edge["dropped"].values())
            check(abs(sent - known) <= 40, f"{edge['from']} → {edge['to']}: {sent} sent, {edge['delivered']} delivered, dropped {edge['dropped']}")
        check(all(node["restarts"] == 0 for node in status["nodes"].values()), "no node was started again")
    finally:
        run.stop()
    check(in_shared_memory(run.instance) == [], "nothing left in /dev/shm")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for function in (kills, supervisor, camera, demo):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        if function is kills:
            command.add_argument("--kills", type=int, default=50)
        if function is demo:
            command.add_argument("--minutes", type=float, default=10)
    args = parser.parse_args()
    args.function(args)
    end()


main()
