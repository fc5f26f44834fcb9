"""The names of `airo_camera_toolkit.cameras.multiprocess`: a program that uses them changes its import line and nothing else.

    from bushbaby.airo.multiprocess import MultiprocessStereoRGBDPublisher, MultiprocessStereoRGBDReceiver

Publishers start with `start()` and end with `stop()`; a receiver is made with the publisher's namespace and waits for it. What is
different: `start()` returns when the first frame was captured and raises what the camera's constructor raised; point clouds are
computed where they are asked for; nothing is left in shared memory when a process is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _receivers
from ._publish import CameraProcess

WAIT_FOR_PUBLISHER_S = 120.0
"""As long as a publisher may take to start. A receiver that is made first waits for it."""


class MultiprocessRGBPublisher(CameraProcess):
    """Publishes a camera from a process of its own."""

    def __init__(
        self,
        camera_cls: Callable[..., Any],
        camera_kwargs: dict[str, Any] | None = None,
        shared_memory_namespace: str = "camera",
    ) -> None:
        super().__init__(camera_cls, camera_kwargs or {}, name=shared_memory_namespace)


class MultiprocessRGBDPublisher(MultiprocessRGBPublisher):
    """The same with depth."""

    def __init__(
        self,
        camera_cls: Callable[..., Any],
        camera_kwargs: dict[str, Any] | None = None,
        shared_memory_namespace: str = "camera",
        enable_pointcloud: bool = True,
    ) -> None:
        # Points are made while somebody reads them, so there is nothing to enable.
        del enable_pointcloud
        super().__init__(camera_cls, camera_kwargs, shared_memory_namespace)


class MultiprocessStereoRGBDPublisher(MultiprocessRGBDPublisher):
    """The same with two views."""


class MultiprocessRGBReceiver(_receivers.RGBReceiver):
    """A camera that another process publishes. Making it waits for the camera's first frame."""

    def __init__(self, shared_memory_namespace: str, block_until_new_frame: bool = True) -> None:
        frames, first = _receivers.first_frame(shared_memory_namespace, WAIT_FOR_PUBLISHER_S)
        super().__init__(shared_memory_namespace, frames, first, block_until_new_frame=block_until_new_frame)
        self.grab_images()


class MultiprocessRGBDReceiver(_receivers.RGBDReceiver):
    """The same with depth."""

    def __init__(self, shared_memory_namespace: str, enable_pointcloud: bool = True) -> None:
        # Clouds are computed when they are asked for.
        del enable_pointcloud
        frames, first = _receivers.first_frame(shared_memory_namespace, WAIT_FOR_PUBLISHER_S)
        super().__init__(shared_memory_namespace, frames, first)
        self.grab_images()


class MultiprocessStereoRGBDReceiver(_receivers.StereoRGBDReceiver):
    """The same with two views."""

    def __init__(self, shared_memory_namespace: str, enable_pointcloud: bool = True) -> None:
        del enable_pointcloud
        frames, first = _receivers.first_frame(shared_memory_namespace, WAIT_FOR_PUBLISHER_S)
        super().__init__(shared_memory_namespace, frames, first)
        self.grab_images()
