"""The floor of a small frame: what it takes on this machine to wake another process with as many bytes, and to read the clock there."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time

from . import command

_STAMP = struct.Struct("@d")


def measure(size_bytes: int, fps: float, count: int) -> list[float]:
    """Sends so many datagrams to a process that waits for them, paced.

    Returns milliseconds from before each was sent until it was read.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    other_side = command("wake", str(theirs.fileno()), str(size_bytes))
    with ours, subprocess.Popen(other_side, pass_fds=[theirs.fileno()], stdout=subprocess.PIPE) as other:
        theirs.close()
        assert other.stdout is not None
        other.stdout.readline()
        begun = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, begun + number / fps - time.monotonic()))
            ours.send(_STAMP.pack(time.monotonic()).ljust(size_bytes, b"\0"))
        ours.send(b"\0")
        latencies_ms: list[float] = json.loads(other.stdout.readline())
    return latencies_ms


def main(descriptor: str, size_bytes: str) -> None:
    """The other process: reads until one comes that is too short."""
    latencies_ms = []
    with socket.socket(fileno=int(descriptor)) as theirs:
        print(flush=True)
        while len(datagram := theirs.recv(int(size_bytes))) == int(size_bytes):
            latencies_ms.append((time.monotonic() - _STAMP.unpack_from(datagram)[0]) * 1e3)
    print(json.dumps(latencies_ms), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
