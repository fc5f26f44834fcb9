"""The process that holds a camera and publishes it.

In: on standard input one pickled order (`_publish._order`), then nothing until its end, which means: stop. Out: frames on the bus;
on the file descriptor `reports` one JSON object a line: `{"ready": true}` after the first capture, or `{"error": text}`.
"""

from __future__ import annotations

import ctypes
import json
import multiprocessing.spawn
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from typing import Any

imports_main = False
"""While the script is read in which the camera's class stands: it must not start cameras then."""

_PR_SET_PDEATHSIG = 1
_REPORT_LIMIT = 30_000
"""Less than what a pipe takes without a reader."""


def main(reports: int, parent: int) -> int:
    """Runs until it is told to stop; returns the exit code."""
    _die_with(parent)
    # Ctrl-C in a terminal goes to all; it is the parent who ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stopped = threading.Event()
    ready = False
    order: dict[str, Any] = {}

    def say(**report: Any) -> None:
        os.write(reports, json.dumps(report).encode() + b"\n")

    try:
        order = pickle.load(sys.stdin.buffer)
        camera = _camera(order)
        threading.Thread(target=_wait_for_end, args=(stopped,), name="orders", daemon=True).start()
        for _ in _publish(camera, order, stopped):
            if not ready:
                ready = True
                say(ready=True)
    except BaseException as error:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        details = "".join(traceback.format_exception(error))
        say(error=f"{text}\n\nin its process:\n{details}"[:_REPORT_LIMIT])
        if ready:
            # Nobody waits for it any more, and its end must not pass unseen.
            print(f"camera `{order['name']}` ended:\n{details}", file=sys.stderr, flush=True)
        return 1
    return 0


def _die_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It ended before it could be said.
        os._exit(1)


def _camera(order: dict[str, Any]) -> Any:
    global imports_main
    if order["main"] is not None:
        imports_main = True
        multiprocessing.spawn.prepare(order["main"])
    make, arguments = pickle.loads(order["camera"])
    return make(**arguments)


def _wait_for_end(stopped: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stopped.set()


def _publish(camera: Any, order: dict[str, Any], stopped: threading.Event) -> Any:
    """Yields after each frame that was sent."""
    import bushbaby as bb

    from .._core import origin_to_be
    from ._capture import Capture

    name, instance = order["name"], order["instance"]
    capture = Capture(camera, confidence=order["confidence"])
    try:
        capture.grab()
        captured_at = time.monotonic()
        arrays, meta = capture.arrays(), capture.meta()
        if capture.why_no_depth is not None:
            print(f"camera `{name}` sends no depth: {capture.why_no_depth}", file=sys.stderr, flush=True)
        captures = bb.publish(f"{name}/{capture.output}", captured_by="received", instance=instance)
        points = bb.publish(f"{name}/points", instance=instance) if capture.has_depth else None
        while True:
            origin = origin_to_be(captures.stream, captures.generation, captures.seq, captured_at)
            captures.send(arrays, meta=meta, origin=origin)
            yield
            if points is not None and points.is_wanted and (cloud := capture.points()) is not None:
                points.send(cloud, meta=meta, origin=origin)
            if stopped.is_set():
                return
            capture.grab()
            captured_at = time.monotonic()
            arrays = capture.arrays()
    finally:
        capture.close()
