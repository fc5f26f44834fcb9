"""The writing side that all peers share: when a frame goes, what is in it, and how the reading process says so."""

import enum
import mmap
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .payload import PAYLOADS, Frame, Note, Payload, put_stamp


class Mode(enum.IntEnum):
    """How the producer sends."""

    IDLE = 0
    UNPACED = 1
    """As fast as the transport takes it; two frames in turn, nothing but the transport is at work."""
    PACED = 2
    """At the payload's own pace."""
    STAMPED = 3
    """Paced, each with a stamp of its own, so that a frame that is looked at later can be told from every other."""
    STOP = 4


@dataclass(frozen=True)
class Plan:
    """What both processes know: a folder of their own and the kind of frame. Orders are two numbers in a mapped file."""

    folder: str
    payload_key: str

    @property
    def payload(self) -> Payload:
        return PAYLOADS[self.payload_key]

    def orders(self) -> np.ndarray:
        """Returns the shared (mode, round)."""
        path = Path(self.folder) / "orders"
        if not path.exists():
            path.write_bytes(bytes(16))
        with open(path, "r+b") as file:
            return np.frombuffer(mmap.mmap(file.fileno(), 16), np.int64)

    def order(self, mode: Mode) -> int:
        """Gives the order; returns the number of the round that begins with it."""
        orders = self.orders()
        orders[1] += 1
        orders[0] = mode
        return int(orders[1])


def frames(plan: Plan) -> Iterator[Frame]:
    """Yields each frame at the moment in which it is to go, until told to stop or left alone."""
    payload, orders = plan.payload, plan.orders()
    sources = [payload.frame(stamp) for stamp in (0, 1)]
    parent, number, due = os.getppid(), 0, 0.0
    while orders[0] != Mode.STOP and os.getppid() == parent:
        mode, round_number = Mode(int(orders[0])), int(orders[1])
        if mode == Mode.IDLE:
            time.sleep(0.001)
            continue
        source = sources[number % 2]
        stamp = number % 2
        if mode == Mode.STAMPED:
            stamp = number % 251
        if mode != Mode.UNPACED:
            due = max(due + 1.0 / payload.fps, time.monotonic())
        if source_stamp(source) != stamp:
            put_stamp(source, stamp)
        if mode != Mode.UNPACED:
            time.sleep(max(0.0, due - time.monotonic()))
        note = Note(stamp, time.monotonic_ns(), number, round_number)
        number += 1
        yield {**source, "note": np.array(note, np.int64)}


def source_stamp(source: Frame) -> int:
    """Returns the stamp that a frame in private memory carries now."""
    return int(next(iter(source.values())).reshape(-1).view(np.uint8)[0])


def send_all(plan: Plan, make_writer: Callable[[Plan], Callable[[Frame], None]]) -> None:
    """What the writing process of most peers does."""
    send = make_writer(plan)
    for frame in frames(plan):
        send(frame)
