#!/usr/bin/env python3
"""A robot whose program is killed, is stopped, or whose link is cut, beside `bushbaby run`: how soon its values are there again.

  links.py BUSHBABY [KILLS [CUTS [SECONDS]]]     100 kills, 10 cuts of 10 s by default

WPILib's NetworkTables server is a process of its own here (`links.py --robot`), and behind it is a relay (`links.py --relay`) that can be cut as a
cable is: nothing goes through, nothing is closed, and who tries to connect hears nothing. Three faults, one after the other:

  killed    SIGKILL, and a new robot that knows nothing
  stopped   SIGSTOP for so many seconds: it holds its port and does not answer
  cut       the link, for so many seconds

Back is the first result that was sent after the fault was over, counted from when the robot listens, goes on, or the link is there. Results are
numbered: from then on none may be missing. Prints a table; ends with 1 when something did not hold.
"""
import os
import pathlib
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE_S = 30
# A result that was younger than this when it came was sent after the fault.
FRESH_S = 0.5
PIPELINE = """\
cameras:
  front: {{scene: tags, size: 640x360, fps: 30}}
stages:
  tags: {{kind: apriltag, in: front, family: 36h11, tag_size: 165mm, decimate: 2}}
networktables: {{server: "127.0.0.1:{port}", dialect: [photonvision, limelight], in: tags}}
"""


# The robot: told by lines what came, each with its number, when it was sent by its own clock, that clock now, and the monotonic clock.


def robot(port, folder):
    import ntcore

    import chain

    instance = chain.Robot(port, pathlib.Path(folder))
    print("listens", time.monotonic(), flush=True)
    while True:
        packed, _ = instance.results.get()
        number, _, sent_us = chain.head(packed)
        print("result", number, (ntcore._now() - sent_us) / 1e6, time.monotonic(), flush=True)


class Robot:
    """The robot's process, and what it says."""

    def __init__(self, port, folder):
        self.port, self.folder = port, folder
        self.start()

    def start(self):
        command = [sys.executable, __file__, "--robot", str(self.port), str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.lines = queue.SimpleQueue()
        threading.Thread(target=lambda out=self.process.stdout, to=self.lines: [to.put(line.split()) for line in out], daemon=True).start()
        what, listens = self.lines.get(timeout=PATIENCE_S)
        assert what == "listens"
        return float(listens)

    def signal(self, which):
        os.kill(self.process.pid, which)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def next(self, until):
        """The next result: its number, its age when it came, and when that was."""
        try:
            _, number, age, came = self.lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            return None
        return int(number), float(age), float(came)

    def forget(self):
        while not self.lines.empty():
            self.lines.get()

    def fresh(self, since):
        """The first result that was sent after `since`: its number, and how long after that it came."""
        until = time.monotonic() + PATIENCE_S
        while result := self.next(until):
            number, age, came = result
            if came - age >= since - 0.01 and age < FRESH_S:
                return number, came - since
        return None, None

    def missing(self, number, count):
        """Of the results after this one, those that do not come while so many do."""
        lost, came = 0, 0
        while came < count:
            result = self.next(time.monotonic() + PATIENCE_S)
            if result is None:
                return lost + count
            # What was under way when the link was cut arrives late.
            if result[0] > number:
                lost, came, number = lost + result[0] - number - 1, came + 1, result[0]
        return lost


# The relay: `cut` and `mend` by lines on its stdin.


def relay(port, target):
    goes = threading.Event()
    goes.set()
    fillers = set()
    listener = socket.create_server(("127.0.0.1", port), backlog=1)

    def carry(source, sink):
        try:
            while data := source.recv(65536):
                # What is on its way stays on its way, as in the memory of a socket whose segments are not acknowledged.
                goes.wait()
                sink.sendall(data)
            goes.wait()
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()

    def accept():
        while True:
            near, address = listener.accept()
            goes.wait()
            if address in fillers:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", target))
            except OSError:
                near.close()
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for ends in ((near, far), (far, near)):
                threading.Thread(target=carry, args=ends, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print("ready", flush=True)
    filling = []
    for line in sys.stdin:
        if line.strip() == "cut":
            goes.clear()
            # The queue of a listener that is full lets the system drop who knocks: it hears nothing.
            for _ in range(8):
                filler = socket.socket()
                filler.setblocking(False)
                filler.bind(("127.0.0.1", 0))
                fillers.add(filler.getsockname())
                filler.connect_ex(("127.0.0.1", port))
                filling.append(filler)
            print("cut", time.monotonic(), flush=True)
        else:
            for filler in filling:
                filler.close()
            filling.clear()
            goes.set()
            print("mended", time.monotonic(), flush=True)


class Relay:
    def __init__(self, port, target):
        command = [sys.executable, __file__, "--relay", str(port), str(target)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline().split()[1])


def kills(robot, count):
    times, lost = [], 0
    for number in range(count):
        robot.kill()
        # Away for a while, long enough to be missed or not.
        time.sleep(0.05 + 0.01 * (number % 30))
        listens = robot.start()
        first, after = robot.fresh(listens)
        if first is None:
            return times, lost
        times.append(after)
        lost += robot.missing(first, 10)
    return times, lost


def silences(robot, count, seconds, begin, end):
    times, lost = [], 0
    for number in range(count):
        begin()
        # The fault itself: so long it lasts, each time a little longer so that it ends at another moment of the client's.
        time.sleep(seconds + 0.07 * number)
        since = end()
        first, after = robot.fresh(since)
        if first is None:
            return times, lost
        times.append(after)
        lost += robot.missing(first, 30)
    return times, lost


def main():
    import chain

    bushbaby = sys.argv[1]
    count, cuts, seconds = (int(given) for given in (sys.argv[2:] + ["100", "10", "10"][len(sys.argv) - 2 :])[:3])
    print("| | back after, median / most | missing since | wanted |\n|---|---|---|---|")

    def row(what, wanted_times, times, lost):
        holds = len(times) == wanted_times and max(times) <= 1.0 and lost == 0
        measured = f"{chain.share(times, 0.5):.2f} / {max(times):.2f} s" if times else "never"
        print(f"| {what}, {len(times)} of {wanted_times} times | {measured} | {lost} | 1 s, 0 |{'' if holds else ' **no** |'}", flush=True)
        if not holds:
            chain.failures.append(what)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        at, before = chain.free_port(), chain.free_port()
        robot, relay = Robot(at, folder), Relay(before, at)
        chain.PIPELINE = PIPELINE
        program, begun, _ = chain.start(bushbaby, folder, before)
        try:
            robot.fresh(begun)
            row("robot killed (SIGKILL)", count, *kills(robot, count))
            family = chain.processes(program.pid)

            def go_on():
                robot.forget()
                since = time.monotonic()
                robot.signal(signal.SIGCONT)
                return since

            stopped = silences(robot, cuts, seconds, lambda: robot.signal(signal.SIGSTOP), go_on)
            row(f"robot stopped for {seconds} s (SIGSTOP)", cuts, *stopped)
            row(f"link cut for {seconds} s", cuts, *silences(robot, cuts, seconds, lambda: relay.say("cut"), lambda: relay.say("mend")))
            after = chain.processes(program.pid)
            grown = [[now - then for now, then in zip(after[pid], family[pid])] for pid in family if pid in after]
            kb, threads, files = (max(values) for values in zip(*grown))
            holds = set(family) == set(after) and kb < 2048 and threads <= 0 and files <= 0
            chain.row("processes since the kills: most growth of one in memory, threads, files", f"{kb} kB, {threads}, {files}", "none (2 MB)", holds)
        finally:
            program.terminate()
            ended = program.wait(PATIENCE_S)
            for process in (robot.process, relay.process):
                process.kill()
                process.wait()
            if chain.failures or ended:
                sys.stderr.write((folder / "log").read_text(errors="replace")[-4000:])
    sys.exit(bool(chain.failures or ended))


if __name__ == "__main__":
    if sys.argv[1] == "--robot":
        robot(int(sys.argv[2]), sys.argv[3])
    elif sys.argv[1] == "--relay":
        relay(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
