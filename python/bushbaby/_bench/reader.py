"""The reading side, in this process and, for several readers, in others."""

from __future__ import annotations

import collections
import json
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import bushbaby as bb

from . import command
from .payload import PAYLOADS, are_of, is_whole, own_stamp, plain_stamp, touched
from .writer import STREAM

QUEUE = 3
"""Frames that wait for this process when it is not given a core at once."""
KEPT_FOR_S = 0.15
PATIENCE_S = 30.0


class Helper:
    """Another process of this measurement, which answers lines with lines."""

    def __init__(self, module: str, payload: str, instance: str) -> None:
        self._process = subprocess.Popen(
            command(module, payload, instance),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.answer()

    def tell(self, order: str) -> None:
        """Gives an order."""
        assert self._process.stdin is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()

    def has_answered(self) -> bool:
        """Whether the order is done."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], 0.0)[0])

    def answer(self) -> dict[str, Any]:
        """Waits for the answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process of the measurement ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """It ends when it gets no more lines."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)


@dataclass
class Received:
    """What one reader saw of a run."""

    latencies_ms: list[float] = field(default_factory=list)
    torn: int = 0


class Reader:
    """Reads one payload's stream."""

    def __init__(self, payload: str, instance: str) -> None:
        self._payload = PAYLOADS[payload]
        self._stream, self._instance = STREAM.format(payload), instance

    def subscribe(self, queue: int | None) -> bb.Subscription:
        """Only what comes from now on counts."""
        frames = bb.subscribe(self._stream, queue=queue, instance=self._instance)
        while frames.try_recv() is not None:
            pass
        return frames

    def unpaced_mb_s(self, frames: bb.Subscription, is_done: Callable[[], bool]) -> tuple[float, int]:
        """Returns megabytes a second of whole frames received, and how many were torn."""
        received = torn = 0
        begun = ended = 0.0
        for frame in _until(frames, is_done):
            torn += not is_whole(frame.arrays, plain_stamp(frame.seq))
            ended = time.perf_counter()
            begun = begun or ended
            received += 1
        if received < 2:
            raise RuntimeError(f"`{self._stream}`: too few frames arrived to tell their speed")
        return (received - 1) * self._payload.size_bytes / 1e6 / (ended - begun), torn

    def paced(self, frames: bb.Subscription, is_done: Callable[[], bool]) -> Received:
        """Returns the latency of each frame."""
        received = Received()
        for frame in _until(frames, is_done):
            seen = touched(frame.arrays)
            # What follows is the bench's own business.
            received.latencies_ms.append((time.monotonic() - frame.captured_at) * 1e3)
            received.torn += not are_of(seen, plain_stamp(frame.seq))
        return received

    def kept_torn(self, frames: bb.Subscription, is_done: Callable[[], bool]) -> int:
        """Keeps each frame for 150 ms before it looks; returns how many were torn then."""
        kept: collections.deque[tuple[bb.Frame, dict[str, Any]]] = collections.deque()
        torn = 0
        for frame in _until(frames, is_done):
            kept.append((frame, frame.arrays))
            while kept and kept[0][0].age_ms > KEPT_FOR_S * 1e3:
                old, arrays = kept.popleft()
                torn += not is_whole(arrays, own_stamp(old.seq))
        return torn + sum(not is_whole(arrays, own_stamp(old.seq)) for old, arrays in kept)


def _until(frames: bb.Subscription, is_done: Callable[[], bool]) -> Iterator[bb.Frame]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        frame = frames.recv(timeout=0.1)
        if frame is not None:
            yield frame
        elif is_done():
            return
    raise RuntimeError(f"`{frames.stream}`: the writing process does not come to an end")


def main(payload: str, instance: str) -> None:
    """One more reader: each order, `paced`, is answered with what it saw, when no more comes."""
    reader = Reader(payload, instance)
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        with reader.subscribe(None) as frames:
            print(json.dumps({"subscribed": True}), flush=True)
            seen = reader.paced(frames, lambda: bool(select.select([sys.stdin], [], [], 0.0)[0]))
        sys.stdin.readline()
        print(json.dumps({"latencies_ms": seen.latencies_ms, "torn": seen.torn}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
