"""The writing process: it sends as it is told, line by line, and answers each order with one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import bushbaby as bb

from .payload import PAYLOADS, SOURCES, own_stamp, plain_stamp, put_stamp

STREAM = "bench/{}"


def main(payload: str, instance: str) -> None:
    """Obeys until standard input ends.

    Orders: `unpaced SECONDS`, `paced FRAMES`, `stamped FRAMES`, `loans COUNT`.
    """
    writer = _Writer(payload, instance)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order, number = line.split()
        print(json.dumps(getattr(writer, order)(float(number))), flush=True)


class _Writer:
    def __init__(self, payload: str, instance: str) -> None:
        self._payload = PAYLOADS[payload]
        self._sources = [self._payload.frame(stamp) for stamp in range(SOURCES)]
        self._publisher = bb.publish(
            STREAM.format(payload), expect=self._payload.arrays, readers=2, instance=instance, captured_by="rendered"
        )

    def unpaced(self, seconds: float) -> dict[str, Any]:
        """Sends as fast as it goes."""
        first = self._publisher.seq
        self._put_plain_stamps()
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            self._publisher.send(self._sources[self._publisher.seq % SOURCES], captured_at=now)
        return self._sent_since(first)

    def paced(self, frames: float) -> dict[str, Any]:
        """Sends at the payload's pace."""
        first = self._publisher.seq
        self._put_plain_stamps()
        begun = time.monotonic()
        for count in range(int(frames)):
            time.sleep(max(0.0, begun + count / self._payload.fps - time.monotonic()))
            # The clock of the latency: just before the copy into the bus.
            self._publisher.send(self._sources[self._publisher.seq % SOURCES], captured_at=time.monotonic())
        return self._sent_since(first)

    def stamped(self, frames: float) -> dict[str, Any]:
        """Sends at the payload's pace, each with a stamp of its own."""
        first = self._publisher.seq
        begun = time.monotonic()
        for count in range(int(frames)):
            source = self._sources[self._publisher.seq % SOURCES]
            put_stamp(source, own_stamp(self._publisher.seq))
            time.sleep(max(0.0, begun + count / self._payload.fps - time.monotonic()))
            self._publisher.send(source, captured_at=time.monotonic())
        return self._sent_since(first)

    def loans(self, count: float) -> dict[str, Any]:
        """Borrows and sends without filling; returns what each cost, in milliseconds."""
        costs_ms = []
        for _ in range(int(count)):
            time.sleep(0.005)
            begun = time.perf_counter()
            with self._publisher.loan(self._payload.arrays) as arrays:
                filled = time.perf_counter()
                del arrays
                lent = time.perf_counter()
            costs_ms.append((filled - begun + time.perf_counter() - lent) * 1e3)
        return {"costs_ms": costs_ms}

    def _put_plain_stamps(self) -> None:
        for number, source in enumerate(self._sources):
            put_stamp(source, plain_stamp(number))

    def _sent_since(self, first: int) -> dict[str, Any]:
        return {"first": first, "end": self._publisher.seq}


if __name__ == "__main__":
    main(*sys.argv[1:])
