"""Waiting for frames in an event loop, without a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._core import Frame, Subscription

# While it is not known which stream is meant, and to notice that the instance has stopped.
_LOOK_AGAIN_S = 0.2


async def next_frame(subscription: Subscription) -> Frame:
    """Waits for the next frame. Raises StopAsyncIteration when the subscription ends."""
    loop = asyncio.get_running_loop()
    while True:
        frame, over = subscription._poll()
        if frame is not None:
            return frame
        if over:
            raise StopAsyncIteration
        came = asyncio.Event()
        fds = subscription._fds()
        for fd in fds:
            loop.add_reader(fd, came.set)
        try:
            await asyncio.wait_for(came.wait(), _LOOK_AGAIN_S)
        except TimeoutError:
            pass
        finally:
            for fd in fds:
                loop.remove_reader(fd)
