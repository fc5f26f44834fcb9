"""`python -m peers.run`: one row for each peer and payload, beside this machine's own copy in the same run."""

import argparse
import importlib
import json
import os
import platform
import sys

from .measure import Times, measure
from .payload import PAYLOADS

MODULES = [
    "bushbaby_bus",
    "bushbaby_airo",
    "airo_ipc_buffers",
    "airo_camera",
    "zeromq",
    "zenoh_shm",
    "ray_objects",
    "queue_peer",
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", metavar="WORD", help="only peers whose name holds this word")
    parser.add_argument("--payload", action="append", choices=PAYLOADS, help="only these payloads")
    parser.add_argument("--quick", action="store_true", help="two short rounds: whether it works, not how fast")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    parser.add_argument("--markdown", action="store_true", help="the table of docs/measurements.md")
    args = parser.parse_args()
    times = Times(rounds=2, floor_s=0.1, unpaced_s=0.3, paced_s=0.7, kept_s=0.5) if args.quick else Times()
    if args.markdown:
        print(MARKDOWN_HEAD, flush=True)
    elif not args.json:
        print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}")
        print(HEAD, flush=True)
    failed = False
    for peer in peers(args.only):
        for payload in args.payload or PAYLOADS:
            if payload not in peer.payloads:
                continue
            try:
                row = measure(peer, payload, times).summary()
            except Exception as error:  # One that fails must not take the others' rows with it.
                print(f"{peer.name}, {payload}: {type(error).__name__}: {error}", file=sys.stderr)
                failed = True
                continue
            print(json.dumps(row) if args.json else markdown_row(row) if args.markdown else table_row(row), flush=True)
    return 1 if failed else 0


def peers(only: list[str] | None):
    """Yields the peers whose package is installed; names the others."""
    for module in MODULES:
        try:
            found = importlib.import_module(f".{module}", __package__).PEERS
        except ImportError as error:
            print(f"{module}: left out: {error}", file=sys.stderr)
            continue
        for peer in found:
            if not only or any(word.lower() in peer.name.lower() for word in only):
                yield peer


HEAD = (
    f"{'transport':<28}  {'frame':<24}  {'floor MB/s':>10}  {'MB/s (lowest to highest)':>26}  {'share':>5}  "
    f"{'p50 ms':>8}  {'p99 ms':>8}  {'lost':>5}  {'torn':>12}  {'kept, torn':>10}"
)


def table_row(row: dict) -> str:
    low, high = row["rounds_mb_s"]
    small = row["payload"] == "small64"
    # 64 bytes have no throughput worth a name.
    speed = "" if small else f"{row['mb_s']:.0f} ({low:.0f}-{high:.0f})"
    share = "" if small else f"{row['share_of_floor']:.2f}"
    floor = "" if small else str(row["floor_mb_s"])
    return (
        f"{row['peer']:<28}  {PAYLOADS[row['payload']].title:<24}  {floor:>10}  {speed:>26}  {share:>5}  "
        f"{row['p50_ms']:>8.3f}  {row['p99_ms']:>8.3f}  {row['lost']:>5}  {row['torn']:>5} of {row['received']:>5}  "
        f"{row['kept_torn']:>3} of {row['kept']:>3}"
    )


MARKDOWN_HEAD = """\
| transport | frame | MB/s | of memcpy | p50 ms | p99 ms | torn | kept 150 ms, torn |
|---|---|---:|---:|---:|---:|---:|---:|"""


def markdown_row(row: dict) -> str:
    small = row["payload"] == "small64"
    speed, share = ("", "") if small else (f"{row['mb_s']:,.0f}", f"{row['share_of_floor']:.2f}")
    return (
        f"| {row['peer']} | {PAYLOADS[row['payload']].title} | {speed} | {share} | {row['p50_ms']:.2f} | {row['p99_ms']:.2f} | "
        f"{row['torn']} of {row['received']:,} | {row['kept_torn']} of {row['kept']} |"
    )


if __name__ == "__main__":
    sys.exit(main())
