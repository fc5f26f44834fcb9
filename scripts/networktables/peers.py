#!/usr/bin/env python3
"""Our NetworkTables against WPILib's own: our client at its server, its client at our server.

  peers.py PEER BUSHBABY [RESTARTS]     PEER is the example `peer` of crates/networktables; RESTARTS of the server, 100 by default
Prints a line for each and ends with 1 when something did not hold.
"""
import json
import socket
import subprocess
import sys
import threading
import time

import ntcore

PATIENCE_S = 20
TYPES = {
    "boolean": ("Boolean", True), "double": ("Double", 1.5), "int": ("Integer", -7), "float": ("Float", 0.25), "string": ("String", "Grüße"),
    "raw": ("Raw", b"\1\2\3"), "booleans": ("BooleanArray", [True, False]), "doubles": ("DoubleArray", [0.5, -0.5]),
    "ints": ("IntegerArray", [1, 2]), "floats": ("FloatArray", [0.5]), "strings": ("StringArray", ["a", "b"]),
}
failures = []


def check(holds, words):
    print(f"{'ok   ' if holds else 'FAIL '} {words}", flush=True)
    if not holds:
        failures.append(words)


def wait(holds, seconds=PATIENCE_S):
    """Waits for WPILib's side, which tells of itself only when it is asked."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.002)
    return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def server(port):
    instance = ntcore.NetworkTableInstance.create()
    instance.startServer("", "127.0.0.1", free_port(), port)
    return instance


def getter(instance, name, kind, empty):
    topic = getattr(instance, f"get{kind}Topic")(f"/ours/{name}")
    options = ntcore.PubSubOptions(periodic=0.01, sendAll=True)
    return topic.subscribe("raw", empty, options) if kind == "Raw" else topic.subscribe(empty, options)


def our_client(peer, restarts):
    port = free_port()
    robot = server(port)
    program = subprocess.Popen([peer, f"127.0.0.1:{port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lines = []
    threading.Thread(target=lambda: lines.extend(iter(program.stdout.readline, "")), daemon=True).start()
    for name, (kind, wanted) in TYPES.items():
        empty = b"" if kind == "Raw" else type(wanted)()
        subscriber = getter(robot, name, kind, empty)
        arrived = wait(lambda: subscriber.get() == wanted)
        check(arrived, f"our client's {name}: {subscriber.get()!r}")
        subscriber.close()
    theirs = {kind: getattr(robot, f"get{kind}Topic")(f"/theirs/{name}") for name, (kind, _) in TYPES.items()}
    publishers = []
    for (_, (kind, wanted)), topic in zip(TYPES.items(), theirs.values(), strict=True):
        publisher = topic.publish("raw") if kind == "Raw" else topic.publish()
        publisher.set(wanted)
        publishers.append(publisher)
    check(wait(lambda: len(lines) >= len(TYPES)), f"our client reads {len(lines)} of {len(TYPES)} types")
    # Handles of a server that is gone would be those of the next one.
    for publisher in publishers:
        publisher.close()
    times = []
    for _ in range(restarts):
        ntcore.NetworkTableInstance.destroy(robot)
        robot = server(port)
        begun = time.monotonic()
        subscriber = getter(robot, "double", "Double", 0.0)
        is_there = wait(lambda: subscriber.get() == 1.5)
        times += [time.monotonic() - begun] if is_there else []
        subscriber.close()
        if not is_there:
            break
    check(len(times) == restarts, f"{len(times)} of {restarts} restarts of the server: everything is there again")
    if times:
        times.sort()
        check(times[-1] < 1.0, f"after {times[len(times) // 2]:.2f} s in the median, {times[-1]:.2f} s at most")
    program.stdin.close()
    check(program.wait(PATIENCE_S) == 0, f"it ends in order: {lines[-1].strip() if lines else 'nothing said'}")
    ntcore.NetworkTableInstance.destroy(robot)


def our_server(bushbaby):
    port = free_port()
    command = [bushbaby, "robot-sim", "--listen", f"127.0.0.1:{port}", "--json", "--set", "/sim/pipeline=3"]
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    seen = {}
    def listen():
        for line in program.stdout:
            told = json.loads(line)
            seen[told["topic"]] = told["value"]
    threading.Thread(target=listen, daemon=True).start()
    client = ntcore.NetworkTableInstance.create()
    client.startClient4("dashboard")
    client.setServer("127.0.0.1", port)
    publishers = []
    for name, (kind, wanted) in TYPES.items():
        topic = getattr(client, f"get{kind}Topic")(f"/dash/{name}")
        publisher = topic.publish("raw") if kind == "Raw" else topic.publish()
        publisher.set(wanted)
        publishers.append(publisher)
        expected = list(wanted) if isinstance(wanted, bytes) else wanted
        check(wait(lambda: seen.get(f"/dash/{name}") == expected), f"our server is told {name}: {seen.get(f'/dash/{name}')!r}")
    subscriber = client.getIntegerTopic("/sim/pipeline").subscribe(0)
    check(wait(lambda: subscriber.get() == 3), f"our server tells its own value: {subscriber.get()}")
    ntcore.NetworkTableInstance.destroy(client)
    program.terminate()
    check(program.wait(PATIENCE_S) == 0, "robot-sim ends in order")


if __name__ == "__main__":
    our_client(sys.argv[1], int(sys.argv[3]) if len(sys.argv) > 3 else 100)
    our_server(sys.argv[2])
    sys.exit(bool(failures))
