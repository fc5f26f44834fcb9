"""Subscribing and publishing: `subscribe`, `latest`, `publish`."""

from __future__ import annotations

import atexit
import dataclasses
import os
import weakref
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

import numpy.typing as npt

from ._core import Frame, Publisher, Subscription
from ._errors import BadValue

_open_ends: weakref.WeakSet[Subscription | Publisher] = weakref.WeakSet()
_newest: dict[tuple[int, str | None, str], Subscription] = {}
_newest_lock = Lock()


def subscribe(
    stream: str,
    *,
    queue: int | None = None,
    every: int | None = None,
    max_fps: float | None = None,
    types: Iterable[type] = (),
    pickle: bool = False,
    instance: str | None = None,
) -> Subscription:
    """Begins to read a stream, which need not be written yet.

    ```python
    for frame in bb.subscribe("front"):
        print(frame.seq, frame.age_ms, frame.array.mean())
    ```

    The loop goes on over restarts of the publisher, whatever the size of its frames. It ends when `close()` is called, or when the
    instance stops: when its supervisor (`bushbaby run`), once there, has gone, and nobody writes the stream. Without a supervisor it
    waits on for a publisher that may come.

    - `stream`: `front/image`, or a node's name alone for its first output: `image`, else `rgbd`, `detections`, `results`, `events`,
      `audio`, else its only one.
    - `queue`: None: only the newest frame counts, older ones that wait are left out. A number, 1 to 64: so many wait in order, then
      the oldest goes. What is left out is counted, in `counts`.
    - `every`: take each n-th frame only. `max_fps`: take at most so many a second.
    - `types`: dataclasses that `frame.items` shall rebuild.
    - `pickle`: whether `frame.object` may unpickle what the publisher sent: only for one that you trust.
    - `instance`: which instance; None: `$BUSHBABY_INSTANCE`, else `default`.

    Raises `BadName`, `BadValue`, `TooManyReaders` (24 a stream).
    """
    by_name = {}
    for wanted in types:
        if not (isinstance(wanted, type) and dataclasses.is_dataclass(wanted)):
            raise BadValue(f"types: {wanted!r} is no dataclass")
        by_name[wanted.__name__] = wanted
    subscription = Subscription(
        stream, queue=queue, every=every, max_fps=max_fps, types=by_name or None, pickle=pickle, instance=instance
    )
    _open_ends.add(subscription)
    return subscription


def latest(stream: str, max_age: float | None = None, timeout: float = 1.0, *, instance: str | None = None) -> Frame:
    """Returns the newest frame of a stream; the same one again while no newer one came.

    The first call begins to read the stream, and goes on in the background until the program ends.

    - `stream`, `instance`: as for `subscribe`.
    - `max_age`: seconds since its capture, at most; None: however old.
    - `timeout`: seconds to wait for one that is young enough.

    Raises `Stale` when there is none in time; `Closed` when the instance has stopped.
    """
    key = (os.getpid(), instance, stream)
    with _newest_lock:
        subscription = _newest.get(key)
        if subscription is None:
            subscription = Subscription(stream, replay_last=True, instance=instance)
            _newest[key] = subscription
            _open_ends.add(subscription)
    return subscription.latest(max_age, timeout)


def publish(
    stream: str,
    *,
    pickle: bool = False,
    captured_by: str | None = None,
    expect: Mapping[str, tuple[Any, npt.DTypeLike]] | tuple[Any, npt.DTypeLike] | None = None,
    readers: int = 1,
    instance: str | None = None,
) -> Publisher:
    """Begins to write a stream. It has one publisher at a time and any number of readers, none of which it waits for.

    ```python
    pub = bb.publish("front/image")
    pub.send(image)                                            # one copy
    with pub.loan((1080, 1920, 3), "uint8") as out:            # no copy: fill, leave, it is sent
        camera.read_into(out)
    ```

    - `stream`: `node/output`. By their outputs others know what is in them: `image`, `rgbd`, `points`, `results`.
    - `pickle`: whether `send` may pickle objects that are neither arrays nor results.
    - `captured_by`: which moment of the capture the `captured_at` of its frames is: `start_of_exposure`, `end_of_frame`, … see
      `Frame.captured_by`. None: `received` for frames that say none, `unknown` for those that do.
    - `expect`: what frames will hold, as for `Publisher.loan`: `((1080, 1920, 3), "uint8")`, or a dict. Memory for them is made ready now,
      for so many `readers`; else the first frames take longer.
    - `instance`: as for `subscribe`.

    Raises `StreamTaken` when somebody else writes it now, `SharedMemoryFull` when what is expected does not fit.
    """
    publisher = Publisher(stream, pickle=pickle, captured_by=captured_by, expect=expect, readers=readers, instance=instance)
    _open_ends.add(publisher)
    return publisher


def _close_all() -> None:
    """Readers get what was sent last, and nothing is left behind, also when the program ends without closing."""
    for end in list(_open_ends):
        try:
            end.close()
        except Exception:
            pass  # Of a parent that forked this process: it closes its own.


atexit.register(_close_all)
