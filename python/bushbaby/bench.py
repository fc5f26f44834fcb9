"""`python -m bushbaby.bench`: the bus from Python to Python, beside this machine's own memcpy in the same run.

It is the Python part of `bushbaby bench bus`, which prints it as the member `python`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from typing import Any

from ._bench import wake
from ._bench.floor import Floor
from ._bench.payload import PAYLOADS
from ._bench.reader import QUEUE, Helper, Reader

ROUNDS = 5
"""Rounds of floor and bus in turn: what else runs on the machine meets both."""
FLOOR_S = 0.35
UNPACED_S = 0.7
PACED_S = 3.0
KEPT_S = 2.0
LOANS = 200
READERS = 4

Figures = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Measures, and prints a table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bushbaby.bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="short rounds: whether it works, not how fast it is")
    args = parser.parse_args(arguments)
    report = measure(f"bench-py-{os.getpid()}", scale=0.1 if args.quick else 1.0)
    print(json.dumps(report) if args.json else table(report))
    return 0


def measure(instance: str, scale: float = 1.0) -> dict[str, Figures]:
    """Returns the figures of each payload, and what a loan costs.

    - `scale`: of all times; below 1 the figures are rough.
    """
    report = {payload: _picture(payload, instance, scale) for payload in ("bundle", "rgb1080p")}
    report["capture1080p"] = _capture("capture1080p", instance, scale)
    report["small64"] = _small("small64", instance, scale)
    report["loan"] = _loans("rgb1080p", instance, scale)
    return report


def _picture(payload: str, instance: str, scale: float) -> Figures:
    """Throughput with the floor between its rounds, then latency, then kept frames."""
    floor, reader, writer = Floor(PAYLOADS[payload]), Reader(payload, instance), Helper("writer", payload, instance)
    try:
        floors, speeds, torn = [], [], 0
        with reader.subscribe(QUEUE) as frames:
            # A first round for nothing: pages are mapped, clocks are up.
            floor.measure(FLOOR_S * scale / 4)
            for round_ in range(ROUNDS + 1):
                if round_ > 0:
                    floors.append(floor.measure(FLOOR_S * scale))
                writer.tell(f"unpaced {UNPACED_S * scale}")
                speed, torn_now = reader.unpaced_mb_s(frames, writer.has_answered)
                writer.answer()
                torn += torn_now
                if round_ > 0:
                    speeds.append(speed)
        floor_mb_s, mb_s = statistics.median(floors), statistics.median(speeds)
        figures = _latency(payload, reader, writer, scale)
        with reader.subscribe(None) as frames:
            writer.tell(f"stamped {max(5, int(KEPT_S * scale * PAYLOADS[payload].fps))}")
            torn += reader.kept_torn(frames, writer.has_answered)
            writer.answer()
        figures["torn"] += torn
        return figures | {
            "mb_s": round(mb_s, 1),
            "floor_mb_s": round(floor_mb_s, 1),
            "share_of_floor": round(mb_s / floor_mb_s, 4),
        }
    finally:
        writer.close()
        floor.close()


def _latency(payload: str, reader: Reader, writer: Helper, scale: float) -> Figures:
    with reader.subscribe(None) as frames:
        writer.tell(f"paced {max(5, int(PACED_S * scale * PAYLOADS[payload].fps))}")
        seen = reader.paced(frames, writer.has_answered)
        sent = writer.answer()
    return _of(seen.latencies_ms) | {"lost": sent["end"] - sent["first"] - len(seen.latencies_ms), "torn": seen.torn}


def _small(payload: str, instance: str, scale: float) -> Figures:
    """Latency alone; beside it what it takes to wake a process with as many bytes in a datagram, before and after."""
    what, count = PAYLOADS[payload], max(5, int(PACED_S * scale * PAYLOADS[payload].fps / 2))
    floor = wake.measure(what.size_bytes, what.fps, count)
    writer = Helper("writer", payload, instance)
    try:
        figures = _latency(payload, Reader(payload, instance), writer, scale)
    finally:
        writer.close()
    floor += wake.measure(what.size_bytes, what.fps, count)
    return figures | {"wake_p50_ms": _of(floor)["p50_ms"]}


def _capture(payload: str, instance: str, scale: float) -> Figures:
    """Latency with one reader, and with four that all look at every page; beside it what the copy alone takes."""
    floor, reader, writer = Floor(PAYLOADS[payload]), Reader(payload, instance), Helper("writer", payload, instance)
    others: list[Helper] = []
    try:
        floors = [floor.measure(FLOOR_S * scale)]
        one = _latency(payload, reader, writer, scale)
        floors.append(floor.measure(FLOOR_S * scale))
        others = [Helper("reader", payload, instance) for _ in range(READERS - 1)]
        for other in others:
            other.tell("paced")
            other.answer()
        with reader.subscribe(None) as frames:
            writer.tell(f"paced {max(5, int(PACED_S * scale * PAYLOADS[payload].fps))}")
            seen = reader.paced(frames, writer.has_answered)
            sent = writer.answer()
        for other in others:
            other.tell("done")
        all_seen = [other.answer() for other in others]
        floor_mb_s = statistics.median([*floors, floor.measure(FLOOR_S * scale)])
        latencies = seen.latencies_ms + [latency for saw in all_seen for latency in saw["latencies_ms"]]
        four = _of(latencies) | {
            "lost": READERS * (sent["end"] - sent["first"]) - len(latencies),
            "torn": seen.torn + sum(saw["torn"] for saw in all_seen),
        }
        return one | {
            "floor_mb_s": round(floor_mb_s, 1),
            "copy_ms": round(PAYLOADS[payload].size_bytes / floor_mb_s / 1e3, 4),
            f"readers{READERS}": four,
        }
    finally:
        for other in others:
            other.close()
        writer.close()
        floor.close()


def _loans(payload: str, instance: str, scale: float) -> Figures:
    """What a loan and its sending cost beside the filling, with one reader."""
    writer = Helper("writer", payload, instance)
    try:
        with Reader(payload, instance).subscribe(None):
            writer.tell(f"loans {max(20, int(LOANS * scale))}")
            return _of(writer.answer()["costs_ms"])
    finally:
        writer.close()


def _of(values_ms: list[float]) -> Figures:
    if not values_ms:
        return {"p50_ms": None, "p99_ms": None}
    ordered = sorted(values_ms)
    return {
        "p50_ms": round(statistics.median(ordered), 4),
        "p99_ms": round(ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))], 4),
    }


def table(report: dict[str, Figures]) -> str:
    """Returns the figures for people."""
    lines = [
        f"{'Python to Python':<36}  {'memcpy MB/s':>11}  {'bus MB/s':>9}  {'share':>5}  "
        f"{'p50 ms':>7}  {'p99 ms':>7}  {'lost':>4}  {'torn':>4}"
    ]
    for payload, figures in report.items():
        title = PAYLOADS[payload].title if payload in PAYLOADS else "a loan of 1080p RGB, unfilled"
        lines.append(_row(title, figures))
        if (several := figures.get(f"readers{READERS}")) is not None:
            lines.append(_row(f"{title}, {READERS} readers", several))
    if (floor := report.get("small64", {}).get("wake_p50_ms")) is not None:
        lines.append(f"to wake another process with 64 bytes in a datagram takes {floor:.3f} ms here")
    return "\n".join(lines)


def _row(title: str, figures: Figures) -> str:
    def number(key: str, digits: int, width: int) -> str:
        value = figures.get(key)
        return f"{'' if value is None else f'{value:.{digits}f}':>{width}}"

    columns = [number("floor_mb_s", 0, 11), number("mb_s", 0, 9), number("share_of_floor", 2, 5), number("p50_ms", 3, 7)]
    columns += [number("p99_ms", 3, 7), number("lost", 0, 4), number("torn", 0, 4)]
    return "  ".join([f"{title:<36}", *columns])


if __name__ == "__main__":
    sys.exit(main())
