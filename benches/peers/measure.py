"""Measures one peer with one payload, the floor between its rounds."""

import collections
import statistics
import tempfile
import time
from dataclasses import dataclass, field

from .floor import Floor
from .payload import Note, is_whole
from .peer import Peer, Receive
from .producer import Mode, Plan

KEPT_FOR_S = 0.15
PATIENCE_S = 60.0
"""For the first frame: some import for seconds."""


@dataclass
class Times:
    """How long each part takes."""

    rounds: int = 5
    floor_s: float = 0.35
    unpaced_s: float = 0.7
    paced_s: float = 4.0
    kept_s: float = 2.0


@dataclass
class Figures:
    """What was measured of one peer with one payload."""

    peer: str
    payload: str
    floor_mb_s: list[float] = field(default_factory=list)
    mb_s: list[float] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    lost: int = 0
    received: int = 0
    torn: int = 0
    kept: int = 0
    kept_torn: int = 0

    def summary(self) -> dict:
        """Returns one row: medians, and the share of the floor that was measured between the same rounds."""
        floor, speed = statistics.median(self.floor_mb_s), statistics.median(self.mb_s)
        ordered = sorted(self.latencies_ms) or [float("nan")]
        return {
            "peer": self.peer,
            "payload": self.payload,
            "floor_mb_s": round(floor),
            "mb_s": round(speed, 1),
            "share_of_floor": round(speed / floor, 3),
            "rounds_mb_s": [round(min(self.mb_s), 1), round(max(self.mb_s), 1)],
            "p50_ms": round(statistics.median(ordered), 3),
            "p99_ms": round(ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))], 3),
            "lost": self.lost,
            "received": self.received,
            "torn": self.torn,
            "kept": self.kept,
            "kept_torn": self.kept_torn,
        }


def measure(peer: Peer, payload_key: str, times: Times) -> Figures:
    """Runs the peer's two processes through all modes."""
    with tempfile.TemporaryDirectory(prefix="bushbaby-peers-") as folder:
        plan = Plan(folder, payload_key)
        plan.order(Mode.PACED)
        floor = Floor(plan.payload)
        figures = Figures(peer.name, payload_key)
        try:
            bench = Bench(plan, peer.start(plan), figures)
            bench.wait_for_first()
            bench.unpaced(times.unpaced_s / 2)
            figures.mb_s.clear()
            figures.torn = figures.received = 0
            for _ in range(times.rounds):
                figures.floor_mb_s.append(floor.measure(times.floor_s))
                bench.unpaced(times.unpaced_s)
            bench.latency(times.paced_s)
            bench.keep(times.kept_s)
        finally:
            peer.stop(plan)
            floor.close()
    return figures


class Bench:
    """This process's end."""

    def __init__(self, plan: Plan, receive: Receive, figures: Figures) -> None:
        self._plan, self._payload = plan, plan.payload
        self._receive, self._figures = receive, figures

    def wait_for_first(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self._receive(1.0) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._figures.peer}: nothing came within {PATIENCE_S:.0f} s")

    def _frames(self, mode: Mode, seconds: float, at_least: int = 0):
        """Yields each frame of a round of this mode with its note; a slow one gets more time to bring a few."""
        round_number = self._plan.order(mode)
        deadline, last_deadline, count = time.monotonic() + seconds, time.monotonic() + PATIENCE_S, 0
        while time.monotonic() < deadline or (count < at_least and time.monotonic() < last_deadline):
            frame = self._receive(0.5)
            if frame is None:
                continue
            # Copied: a transport that reuses its memory must not change it while it is used.
            note = Note(*frame["note"].tolist())
            if note.round == round_number:
                count += 1
                yield frame, note
        self._plan.order(Mode.IDLE)

    def unpaced(self, seconds: float) -> None:
        begun = ended = None
        received = 0
        for frame, note in self._frames(Mode.UNPACED, seconds, at_least=3):
            self._figures.torn += not is_whole(frame, self._payload, note.stamp)
            ended = time.perf_counter()
            begun = ended if begun is None else begun
            received += 1
        self._figures.received += received
        if begun is not None and ended > begun:
            self._figures.mb_s.append((received - 1) * self._payload.size_bytes / 1e6 / (ended - begun))
        else:
            self._figures.mb_s.append(0.0)

    def latency(self, seconds: float) -> None:
        numbers = []
        for frame, note in self._frames(Mode.PACED, seconds):
            self._figures.torn += not is_whole(frame, self._payload, note.stamp)
            self._figures.latencies_ms.append((time.monotonic_ns() - note.captured_ns) / 1e6)
            numbers.append(note.number)
        self._figures.received += len(numbers)
        if numbers:
            self._figures.lost = numbers[-1] - numbers[0] + 1 - len(numbers)

    def keep(self, seconds: float) -> None:
        """Keeps each frame for 150 ms before it looks whether it is still the same."""
        kept = collections.deque()
        for frame, note in self._frames(Mode.STAMPED, seconds):
            kept.append((time.monotonic(), frame, note.stamp))
            while kept and time.monotonic() - kept[0][0] > KEPT_FOR_S:
                self._look(kept.popleft())
        while kept:
            self._look(kept.popleft())

    def _look(self, kept) -> None:
        _, frame, stamp = kept
        self._figures.kept += 1
        self._figures.kept_torn += not is_whole(frame, self._payload, stamp)
