"""The process that holds a camera and publishes it.

In: on standard input the length of an order and that order, pickled (`_publish._order`); then a byte or the end mean: stop. Out:
frames on the bus; on the file descriptor `reports` one JSON object a line, `{"ready": true}` after the first capture, or
`{"error": text}`.
"""

from __future__ import annotations

import contextlib
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

import bushbaby as bb

from .._core import origin_to_be
from ._capture import Capture

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
        order = pickle.loads(_read(int.from_bytes(_read(8), "little")))
        camera = _camera(order)
        threading.Thread(target=_wait_for_end, args=(stopped,), name="orders", daemon=True).start()
        capture = Capture(camera, confidence=order["confidence"])
        with contextlib.closing(capture):
            capture.grab()
            publishing = _Publishing(capture, order["name"], order["instance"])
            say(ready=True)
            ready = True
            while not stopped.is_set():
                capture.grab()
                publishing.send()
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
    os.read(sys.stdin.fileno(), 1)
    stopped.set()


def _read(count: int) -> bytes:
    """Reads so many bytes and none behind them: a buffer that a thread waits for could not be closed at the end."""
    data = b""
    while len(data) < count:
        more = os.read(sys.stdin.fileno(), count - len(data))
        if not more:
            raise EOFError("it was told nothing")
        data += more
    return data


class _Publishing:
    """The streams of a camera whose first moment was grabbed; it is sent at once."""

    def __init__(self, capture: Capture, name: str, instance: str | None) -> None:
        captured_at = time.monotonic()
        arrays = capture.arrays()
        self._capture, self._meta = capture, capture.meta()
        if capture.why_no_depth is not None:
            print(f"camera `{name}` sends no depth: {capture.why_no_depth}", file=sys.stderr, flush=True)
        self._captures = bb.publish(f"{name}/{capture.output}", captured_by="received", instance=instance)
        self._points = bb.publish(f"{name}/points", captured_by="received", instance=instance) if capture.has_depth else None
        self._send(arrays, captured_at)

    def send(self) -> None:
        """Sends the moment that was grabbed just now; its points, if somebody reads them."""
        captured_at = time.monotonic()
        self._send(self._capture.arrays(), captured_at)

    def _send(self, arrays: dict[str, Any], captured_at: float) -> None:
        captures = self._captures
        origin = origin_to_be(captures.stream, captures.generation, captures.seq, captured_at)
        captures.send(arrays, meta=self._meta, origin=origin)
        if self._points is not None and self._points.is_wanted and (cloud := self._capture.points()) is not None:
            self._points.send(cloud, meta=self._meta, origin=origin)
