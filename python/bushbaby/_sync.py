"""Frames of several streams that were captured at the same moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from types import TracebackType

from ._core import Frame, Subscription
from ._errors import BadValue
from ._open import subscribe

# So many frames of a stream wait for their partners.
_QUEUE = 16


class Sync(Iterator[tuple[Frame, ...]]):
    """Tuples of frames, one of each stream, captured within a given time of each other. From `bb.sync`."""

    def __init__(self, streams: tuple[str, ...], within: float, instance: str | None) -> None:
        if len(streams) < 2 or len(set(streams)) < len(streams):
            raise BadValue(f"sync wants two streams or more, each once; got {streams!r}")
        if not within >= 0:
            raise BadValue(f"within is {within}, wanted a number of seconds, 0 or more")
        self._within = within
        self._waiting: list[deque[Frame]] = [deque(maxlen=_QUEUE) for _ in streams]
        self._subscriptions: list[Subscription] = []
        try:
            for stream in streams:
                self._subscriptions.append(subscribe(stream, queue=_QUEUE, instance=instance))
        except BaseException:
            self.close()
            raise

    def __next__(self) -> tuple[Frame, ...]:
        while True:
            together = self._together()
            if together is not None:
                return together
            # The stream that is furthest behind is the one that all others wait for.
            behind = min(range(len(self._waiting)), key=self._progress)
            frame = next(self._subscriptions[behind])
            self._waiting[behind].append(frame)
            self._drain()

    def close(self) -> None:
        """Ends it; its streams are read no more."""
        for subscription in self._subscriptions:
            subscription.close()

    def __enter__(self) -> Sync:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _progress(self, index: int) -> float:
        waiting = self._waiting[index]
        return waiting[-1].captured_at if waiting else float("-inf")

    def _drain(self) -> None:
        for subscription, waiting in zip(self._subscriptions, self._waiting, strict=True):
            while len(waiting) < _QUEUE:
                frame, _ = subscription._poll()
                if frame is None:
                    break
                waiting.append(frame)

    def _together(self) -> tuple[Frame, ...] | None:
        while all(self._waiting):
            heads = [waiting[0] for waiting in self._waiting]
            newest = max(head.captured_at for head in heads)
            late = [n for n, head in enumerate(heads) if newest - head.captured_at > self._within]
            if not late:
                return tuple(waiting.popleft() for waiting in self._waiting)
            for n in late:
                self._waiting[n].popleft()
        return None


def sync(*streams: str, within: float, instance: str | None = None) -> Sync:
    """Reads several streams together: tuples of frames that were captured within `within` seconds of each other, in order.

    ```python
    for left, right in bb.sync("left", "right", within=0.005): ...
    ```

    A frame without partners is left out. Names, `instance` and the end of the loop are as for `subscribe`.
    """
    return Sync(streams, within, instance)
