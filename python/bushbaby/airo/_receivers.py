"""The cameras of other processes, as objects with the interface of airo-camera-toolkit.

`Received` is what they share: it holds the frame that was grabbed, and answers from it. The classes below only say which camera
it is.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import bushbaby as bb

from . import _derived
from ._errors import GrabTimeout
from ._interfaces import PointCloud, RGBCamera, RGBDCamera, StereoRGBDCamera

if TYPE_CHECKING:
    from bushbaby import Frame, Subscription

Array = npt.NDArray[Any]

LEFT, RIGHT = "left", "right"

FRAMES_COUNTED = 8
"""By so many frames a camera's pace is told, when it does not say it."""


class Received:
    """A camera that another process publishes.

    Arrays are read-only views of shared memory; they never change, however long they are kept. `array.copy()` can be written to.
    """

    _grabbed = False

    def __init__(
        self,
        name: str,
        frames: Subscription,
        first: Frame,
        *,
        grab_timeout: float = 5.0,
        block_until_new_frame: bool = True,
        points: bool = False,
        instance: str | None = None,
    ) -> None:
        self.name = name
        """The camera's name, or the stream that was opened."""
        self._frames = frames
        self._grab_timeout = grab_timeout
        self._block = block_until_new_frame
        self._frame = first
        # What is known of a camera is known before the first grab, by a frame that nobody grabbed yet.
        self._waiting: Frame | None = first
        self._fps: float | None = None
        self._points: Subscription | None = None
        if points:
            self._points = bb.subscribe(f"{first.stream.split('/')[0]}/points", queue=4, instance=instance)
        self._next_points: Frame | None = None

    # What is known of the camera.

    @property
    def resolution(self) -> tuple[int, int]:
        """(width, height) in pixels, of the frame that was grabbed last."""
        height, width = self._picture().shape[:2]
        return width, height

    @property
    def fps(self) -> float:
        """Frames a second: what the camera says, or, where it does not, by the times of its next frames.

        Raises `GrabTimeout`, when it does not and sends no more.
        """
        said = self._frame.meta.get("fps")
        if said is not None:
            return float(said)
        if self._fps is None:
            self._fps = self._counted_fps()
        return self._fps

    def _counted_fps(self) -> float:
        first = last = self._frame
        while last.seq - first.seq < FRAMES_COUNTED:
            last = self._newer(self._grab_timeout)
            if last.generation != first.generation:
                first = last
        # It was not grabbed, and what was stays.
        self._waiting = last
        return round((last.seq - first.seq) / max(last.captured_at - first.captured_at, 1e-6), 1)

    def intrinsics_matrix(self, view: str = LEFT) -> Array:
        """Returns [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels, (0, 0) being the centre of the first pixel.

        Raises `RuntimeError`, when the camera tells no calibration.
        """
        said = self._calibration(view)
        # On the bus (0, 0) is the outer corner of the first pixel.
        return np.array([[said["fx"], 0.0, said["cx"] - 0.5], [0.0, said["fy"], said["cy"] - 0.5], [0.0, 0.0, 1.0]])

    def _calibration(self, view: str) -> dict[str, Any]:
        said = self._frame.meta.get("calibration_right" if self._is_right(view) else "calibration")
        if said is None:
            raise RuntimeError(f"camera `{self.name}` tells no calibration of its {view} view")
        return said  # type: ignore[no-any-return]

    @property
    def pose_of_right_view_in_left_view(self) -> Array:
        """float64 (4, 4): takes a point of the right view to the left view; x right, y down, z forward, metres.

        Raises `RuntimeError`, for a camera that does not tell it.
        """
        said = self._frame.meta.get("left_from_right")
        if said is None:
            raise RuntimeError(f"camera `{self.name}` has one view, or does not tell where the other is")
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = said["R"], said["t"]
        return pose

    # Grabbing.

    def grab_images(self, timeout: float | None = None) -> None:
        """Takes the newest frame, which all `retrieve_*` are about until the next call.

        Waits for one that was not grabbed yet, at most `timeout` seconds (else the receiver's `grab_timeout`); a receiver that
        does not block until there is a new frame waits for nothing but the first.

        Raises `GrabTimeout` (a `TimeoutError`), when none came; what was grabbed before stays.
        """
        newest = _recv(self._frames, 0.0)
        if newest is None:
            newest = self._waiting
        if newest is None and self._block:
            newest = self._newer(self._grab_timeout if timeout is None else timeout)
        if newest is not None:
            self._frame, self._waiting = newest, None
        self._grabbed = True

    def _newer(self, timeout: float) -> Frame:
        frame = _recv(self._frames, timeout)
        if frame is None:
            state = "its publisher runs but sends nothing" if self._frames.publisher_alive else "nobody publishes it"
            raise GrabTimeout(f"camera `{self.name}`: no new frame of `{self._frame.stream}` within {timeout:g} s: {state}")
        return frame

    def get_current_timestamp(self) -> float:
        """Returns when the grabbed frame was captured: seconds since 1970 (UTC)."""
        return self._current("get_current_timestamp").captured_wall

    def get_current_frame_id(self) -> int:
        """Returns the number of the grabbed frame since the publisher's start."""
        return self._current("get_current_frame_id").seq

    @property
    def frame(self) -> Frame:
        """The grabbed frame itself, with its other times, its origin and all its arrays."""
        return self._current("frame")

    def close(self) -> None:
        """Stops reading. Arrays that were retrieved stay."""
        self._frames.close()
        if self._points is not None:
            self._points.close()

    # Retrieving.

    def retrieve_rgb_image(self, view: str = LEFT) -> Array:
        """Returns float32 (h, w, 3), 0 to 1; computed here."""
        return _derived.float_image(self._view("retrieve_rgb_image", view))

    def retrieve_rgb_image_as_int(self, view: str = LEFT) -> Array:
        """Returns uint8 (h, w, 3): a read-only view."""
        return self._view("retrieve_rgb_image_as_int", view)

    def retrieve_depth_map(self) -> Array:
        """Returns float32 (h, w): metres along the optical axis, as the camera gives them. A read-only view."""
        return self._array("retrieve_depth_map", "depth")

    def retrieve_depth_image(self) -> Array:
        """Returns uint8 (h, w, 3): near is bright, far is dark, black where depth is not known. Computed here."""
        return _derived.depth_image(self._array("retrieve_depth_image", "depth"))

    def retrieve_colored_point_cloud(self) -> PointCloud:
        """Returns the points of all pixels, row by row, not finite where depth is not, with their colours.

        They are the camera's own if the receiver was opened with `points=True` and they came; else computed here from the
        depth map.
        """
        frame = self._current("retrieve_colored_point_cloud")
        if (sent := self._points_of(frame)) is not None:
            return PointCloud(sent["points"], sent["colors"])
        depth = self._array("retrieve_colored_point_cloud", "depth")
        return PointCloud(_derived.points(depth, self._calibration(LEFT)), self._picture().reshape(-1, 3))

    def _points_of(self, frame: Frame) -> Frame | None:
        """Returns the points of the same capture, when they come within the time of a frame or two."""
        if self._points is None:
            return None
        deadline = time.monotonic() + 2.0 / max(self.fps, 1.0)
        while True:
            points = self._next_points
            if points is None:
                points = _recv(self._points, max(0.0, deadline - time.monotonic()))
            self._next_points = points
            if points is not None and points.origin == frame.origin:
                return points
            if points is None or points.captured_at > frame.captured_at:
                # They are of a later capture, and wait for it.
                return None
            self._next_points = None

    # The grabbed frame.

    def _current(self, method: str) -> Frame:
        if not self._grabbed:
            raise RuntimeError(f"{method}() is about a captured frame, and there is none yet: call grab_images() first")
        return self._frame

    def _array(self, method: str, name: str) -> Array:
        frame = self._current(method)
        if name not in frame:
            raise RuntimeError(f"{method}(): camera `{self.name}` sends no {name}; its frames hold {', '.join(frame.keys())}")
        return frame[name]

    def _view(self, method: str, view: str) -> Array:
        if self._is_right(view):
            return self._array(method, "rgb_right")
        self._current(method)
        return self._picture()

    def _picture(self) -> Array:
        # A camera of a pipeline may send its pictures as i420 or JPEG: then this is the conversion.
        return self._frame["rgb"] if "rgb" in self._frame else self._frame.array

    def _is_right(self, view: str) -> bool:
        if view not in (LEFT, RIGHT):
            raise ValueError(f"view is {view!r}, wanted 'left' or 'right'")
        return view == RIGHT


class _Confident(Received):
    """A camera with depth."""

    def retrieve_confidence_map(self) -> Array:
        """Returns float32 (h, w), 0 to 1: the camera's own where it is sent, else what the interface's class computes."""
        if "confidence" in self._current("retrieve_confidence_map"):
            return self._frame["confidence"]
        return super().retrieve_confidence_map()  # type: ignore[misc, no-any-return]


class RGBReceiver(Received, RGBCamera):
    """A camera with a picture."""


class RGBDReceiver(_Confident, RGBDCamera):
    """A camera with a picture and its depth."""


class StereoRGBDReceiver(_Confident, StereoRGBDCamera):
    """A camera with two pictures, and the depth of the left one."""


Receiver = RGBReceiver | RGBDReceiver | StereoRGBDReceiver


def open_receiver(
    name: str,
    *,
    timeout: float,
    kind: type[Receiver] | None = None,
    instance: str | None = None,
    **options: Any,
) -> Receiver:
    """Waits for a frame of the camera and returns the receiver of its kind, or of the kind that is wanted."""
    frames, first = first_frame(name, timeout, instance)
    if kind is None:
        kind = StereoRGBDReceiver if "rgb_right" in first else RGBDReceiver if "depth" in first else RGBReceiver
    return kind(name, frames, first, instance=instance, **options)


def first_frame(name: str, timeout: float, instance: str | None = None) -> tuple[Subscription, Frame]:
    """Waits for a frame of `NAME/rgbd` or `NAME/image`, the first where both come.

    Raises `GrabTimeout`, when neither does.
    """
    names = [name] if "/" in name else [f"{name}/rgbd", f"{name}/image"]
    streams = [bb.subscribe(stream, instance=instance) for stream in names]
    deadline = time.monotonic() + timeout
    while True:
        for stream in streams:
            if (frame := _recv(stream, min(0.05, max(0.0, deadline - time.monotonic())))) is not None:
                for other in streams:
                    if other is not stream:
                        other.close()
                return stream, frame
        if time.monotonic() >= deadline:
            break
    for stream in streams:
        stream.close()
    raise GrabTimeout(
        f"camera `{name}`: no frame of {' or '.join(f'`{stream}`' for stream in names)} within {timeout:g} s. "
        "Is it published (bushbaby.airo.publish, or `bushbaby run`), in the same instance?"
    )


def _recv(frames: Subscription, timeout: float) -> Frame | None:
    """Waits for the next frame, also while the instance that sent the others has ended: it may begin again."""
    deadline = time.monotonic() + timeout
    while True:
        left = max(0.0, deadline - time.monotonic())
        try:
            return frames.recv(timeout=left)
        except bb.Closed:
            if frames.closed:
                raise
        if left == 0.0:
            return None
        time.sleep(min(left, 0.2))
