"""The process of a camera, as the one that started it sees it.

A fresh interpreter (nothing is forked) that makes the camera object and publishes what it captures: `_child.py`. It ends when it
is told to, and with its parent, however that ends.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import multiprocessing.spawn
import os
import pickle
import queue
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from .._errors import BadName
from . import _child
from ._errors import CameraFailed

STOP_PATIENCE_S = 5.0
"""How long a camera may take to end when it is told to."""

_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop())
from bushbaby.airo._child import main
sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
"""


def publish(
    camera: Callable[..., Any],
    /,
    *,
    name: str,
    instance: str | None = None,
    confidence: bool = False,
    ready_timeout: float = 120.0,
    camera_kwargs: dict[str, Any] | None = None,
    **arguments: Any,
) -> CameraProcess:
    """Starts a camera in a process of its own and returns when its first frame was captured.

    - `camera`: a class of airo-camera-toolkit, or any with its interface; it is called with `arguments` and `camera_kwargs`
      (which is for arguments that have one of our names) in that process. It and its arguments are pickled.
    - `name`: what readers call it. `NAME/rgbd` carries picture, right view and depth of one moment, `NAME/points` the point cloud
      while somebody reads it; a camera with a picture alone writes `NAME/image`.
    - `confidence`: send its confidence map, too, which it then computes for every frame.
    - `ready_timeout`: seconds for its constructor and first frame.

    The process ends with `stop()`, at the end of a `with` block, and with this process.

    Raises `CameraFailed` with the text of the constructor's error, or of the first capture's.
    """
    process = CameraProcess(
        camera,
        {**arguments, **(camera_kwargs or {})},
        name=name,
        instance=instance,
        confidence=confidence,
    )
    process.start(ready_timeout)
    return process


class CameraProcess:
    """A camera's process: made by `publish`."""

    def __init__(
        self,
        camera: Callable[..., Any],
        arguments: dict[str, Any],
        *,
        name: str,
        instance: str | None = None,
        confidence: bool = False,
    ) -> None:
        if _child.imports_main:
            raise RuntimeError(
                "a camera's process reads your script to find its class, and the script started a camera again: "
                "put that part under `if __name__ == '__main__':`"
            )
        if "/" in name:
            alone = name.split("/")[0]
            raise BadName(f"camera name `{name}`: wanted the name alone, as `{alone}`; its outputs follow from the camera")
        self.name = name
        """What readers call it."""
        self._what = f"camera `{name}` ({getattr(camera, '__qualname__', camera)})"
        self._order = _order(camera, arguments, name, instance, confidence)
        self._process: subprocess.Popen[bytes] | None = None
        self._starter = os.getpid()
        self._reports = -1
        self._said = b""
        self._error: str | None = None

    def start(self, ready_timeout: float = 120.0) -> None:
        """Starts the process and waits for its first capture."""
        self._begin()
        try:
            self._wait_until_ready(ready_timeout)
        except BaseException:
            self.stop()
            raise

    def _begin(self) -> None:
        self._reports, reports_of_child = os.pipe()
        command = [sys.executable, "-c", _PROGRAM, str(reports_of_child), str(os.getpid()), json.dumps(sys.path)]
        try:
            self._process = _spawn(command, reports_of_child)
        finally:
            os.close(reports_of_child)
        _running.add(self)
        assert self._process.stdin is not None
        # One that ended at once says why in its report.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(self._order)
            self._process.stdin.flush()

    def _wait_until_ready(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            if (report := self._report(max(0.0, deadline - time.monotonic()))) is not None:
                if "ready" in report:
                    return
                raise CameraFailed(f"{self._what}: {self._error or 'it ended before its first frame'}")
            if time.monotonic() >= deadline:
                raise CameraFailed(f"{self._what}: no frame within {timeout:g} s; ready_timeout= gives it longer")

    def _report(self, timeout: float) -> dict[str, Any] | None:
        """Returns the next thing that the process says; its end is said, too."""
        if self._reports < 0:
            return None
        while b"\n" not in self._said:
            if not select.select([self._reports], [], [], timeout)[0]:
                return None
            more = os.read(self._reports, 65536)
            if not more:
                os.close(self._reports)
                self._reports = -1
                assert self._process is not None
                code = self._process.wait()
                if self._error is None and code != 0:
                    self._error = f"its process ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}"
                return {"ended": code}
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        report: dict[str, Any] = json.loads(line)
        self._error = report.get("error", self._error)
        return report

    def is_alive(self) -> bool:
        """Whether it runs."""
        self._listen()
        return self._process is not None and self._process.poll() is None

    @property
    def error(self) -> str | None:
        """Why it ended, when nobody had asked it to."""
        self._listen()
        return self._error

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return None if self._process is None else self._process.pid

    def _listen(self) -> None:
        while self._report(0.0) is not None:
            pass

    def join(self, timeout: float | None = None) -> None:
        """Waits until it has ended, at most so many seconds."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)

    def stop(self) -> None:
        """Ends it: between two captures, and if it does not come to that, without asking."""
        process = self._process
        _running.discard(self)
        if process is None:
            return
        assert process.stdin is not None
        # Told by a byte, too: a process that was forked from this one may hold the pipe open.
        with contextlib.suppress(BrokenPipeError, ValueError):
            process.stdin.write(b"\0")
            process.stdin.flush()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        for end in (process.terminate, process.kill):
            try:
                process.wait(STOP_PATIENCE_S)
                break
            except subprocess.TimeoutExpired:
                # It was told to end: that this took force is no error of its camera.
                self._error = self._error or ""
                end()
        process.wait()
        self._listen()
        self._error = self._error or None
        if self._reports >= 0:
            os.close(self._reports)
            self._reports = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "runs" if self.is_alive() else "ended"
        return f"<{self._what}: {state}, process {self.pid}>"


_running: set[CameraProcess] = set()
"""Kept until they are stopped, so that a camera that nobody holds runs until the end of the program."""


@atexit.register
def _stop_all() -> None:
    for process in list(_running):
        # What a forked process has of them is not its own.
        if process._starter == os.getpid():
            process.stop()


def _order(
    camera: Callable[..., Any], arguments: dict[str, Any], name: str, instance: str | None, confidence: bool
) -> bytes:
    made = pickle.dumps((camera, arguments))
    order: dict[str, Any] = {
        "name": name,
        "instance": instance,
        "confidence": confidence,
        "camera": made,
        # Only what lies in the script itself needs the script.
        "main": multiprocessing.spawn.get_preparation_data(f"camera {name}") if b"__main__" in made else None,
    }
    if order["main"] is not None:
        # A key that only multiprocessing's own processes may have, and which must not be pickled.
        order["main"].pop("authkey", None)
    pickled = pickle.dumps(order)
    return len(pickled).to_bytes(8, "little") + pickled


class _Spawner(threading.Thread):
    """Starts all processes of cameras.

    The system tells a child that its parent is gone when the *thread* that started it ends; this one ends with the process.
    """

    def __init__(self) -> None:
        super().__init__(name="camera-spawner", daemon=True)
        self.orders: queue.SimpleQueue[tuple[list[str], int, queue.SimpleQueue[Any]]] = queue.SimpleQueue()

    def run(self) -> None:
        while True:
            command, reports, answer = self.orders.get()
            try:
                answer.put(subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(reports,)))
            except OSError as error:
                answer.put(error)


_spawner: _Spawner | None = None
_spawner_of = -1
_spawner_lock = threading.Lock()


def _spawn(command: list[str], reports: int) -> subprocess.Popen[bytes]:
    global _spawner, _spawner_of
    with _spawner_lock:
        # Threads do not cross a fork.
        if _spawner is None or _spawner_of != os.getpid():
            _spawner, _spawner_of = _Spawner(), os.getpid()
            _spawner.start()
        spawner = _spawner
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()
    spawner.orders.put((command, reports, answer))
    started = answer.get()
    if isinstance(started, OSError):
        raise started
    return started  # type: ignore[no-any-return]
