"""The camera interface for where airo-camera-toolkit is not installed: the same classes, methods and rules.

- `grab_images()` captures; every `retrieve_*` between two grabs is of one moment, and before the first raises `RuntimeError`.
- The camera's frame of reference: x right, y down, z forward, metres. Pixel (u, v) is `image[v, u]`.
- `get_*` are grab and retrieve in one: deprecated, because two of them are two captures.
"""

from __future__ import annotations

import abc
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass
class PointCloud:
    """Points with their colours."""

    points: Array
    """float32 (n, 3): metres in the camera's frame."""
    colors: Array | None = None
    """uint8 (n, 3): RGB."""
    attributes: dict[str, Array] | None = None


def _deprecated(old: str, new: str) -> None:
    warnings.warn(f"{old}() is deprecated: use grab_images(), then {new}()", DeprecationWarning, stacklevel=3)


class Camera(abc.ABC):
    """Something that captures."""

    @abc.abstractmethod
    def intrinsics_matrix(self) -> Array:
        """Returns [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels, (0, 0) being the centre of the first pixel."""

    @abc.abstractmethod
    def grab_images(self) -> None:
        """Captures what the following `retrieve_*` return."""


class RGBCamera(Camera):
    """A camera with a picture."""

    @property
    @abc.abstractmethod
    def resolution(self) -> tuple[int, int]:
        """(width, height) in pixels."""

    @property
    @abc.abstractmethod
    def fps(self) -> float:
        """Frames a second."""

    @abc.abstractmethod
    def retrieve_rgb_image(self) -> Array:
        """Returns float32 (h, w, 3), 0 to 1."""

    @abc.abstractmethod
    def retrieve_rgb_image_as_int(self) -> Array:
        """Returns uint8 (h, w, 3)."""

    def get_rgb_image(self) -> Array:
        """Deprecated: `grab_images()` and `retrieve_rgb_image()`."""
        _deprecated("get_rgb_image", "retrieve_rgb_image")
        self.grab_images()
        return self.retrieve_rgb_image()

    def get_rgb_image_as_int(self) -> Array:
        """Deprecated: `grab_images()` and `retrieve_rgb_image_as_int()`."""
        _deprecated("get_rgb_image_as_int", "retrieve_rgb_image_as_int")
        self.grab_images()
        return self.retrieve_rgb_image_as_int()


class DepthCamera(Camera):
    """A camera with depth."""

    @abc.abstractmethod
    def retrieve_depth_map(self) -> Array:
        """Returns float32 (h, w): metres along the optical axis."""

    @abc.abstractmethod
    def retrieve_depth_image(self) -> Array:
        """Returns uint8 (h, w, 3): the depth map to look at."""

    def retrieve_confidence_map(self) -> Array:
        """Returns float32 (h, w), 0 to 1: 0 where depth is not known or jumps by more than a twentieth to a neighbour."""
        depth = self.retrieve_depth_map()
        sure = np.isfinite(depth)
        with np.errstate(invalid="ignore"):
            for axis in (0, 1):
                near, far = np.delete(depth, -1, axis), np.delete(depth, 0, axis)
                jumps = ~(np.abs(far - near) <= 0.05 * np.minimum(near, far))
                edge = np.zeros((1, depth.shape[1]) if axis == 0 else (depth.shape[0], 1), bool)
                sure &= ~np.concatenate([edge, jumps], axis) & ~np.concatenate([jumps, edge], axis)
        return sure.astype(np.float32)

    def get_depth_map(self) -> Array:
        """Deprecated: `grab_images()` and `retrieve_depth_map()`."""
        _deprecated("get_depth_map", "retrieve_depth_map")
        self.grab_images()
        return self.retrieve_depth_map()

    def get_depth_image(self) -> Array:
        """Deprecated: `grab_images()` and `retrieve_depth_image()`."""
        _deprecated("get_depth_image", "retrieve_depth_image")
        self.grab_images()
        return self.retrieve_depth_image()

    def get_confidence_map(self) -> Array:
        """Deprecated: `grab_images()` and `retrieve_confidence_map()`."""
        _deprecated("get_confidence_map", "retrieve_confidence_map")
        self.grab_images()
        return self.retrieve_confidence_map()


class RGBDCamera(RGBCamera, DepthCamera):
    """A camera with a picture and its depth."""

    @abc.abstractmethod
    def retrieve_colored_point_cloud(self) -> PointCloud:
        """Returns the points that depth and picture are of."""

    def get_colored_point_cloud(self) -> PointCloud:
        """Deprecated: `grab_images()` and `retrieve_colored_point_cloud()`."""
        _deprecated("get_colored_point_cloud", "retrieve_colored_point_cloud")
        self.grab_images()
        return self.retrieve_colored_point_cloud()


class StereoRGBDCamera(RGBDCamera):
    """A camera with two views; depth is of the left one."""

    LEFT_RGB = "left"
    RIGHT_RGB = "right"
    _VIEWS = (LEFT_RGB, RIGHT_RGB)

    @property
    @abc.abstractmethod
    def pose_of_right_view_in_left_view(self) -> Array:
        """float64 (4, 4): takes a point of the right view to the left view."""

    def get_rgb_image(self, view: str = LEFT_RGB) -> Array:
        """Deprecated: `grab_images()` and `retrieve_rgb_image(view)`."""
        _deprecated("get_rgb_image", "retrieve_rgb_image")
        self.grab_images()
        return self.retrieve_rgb_image(view)  # type: ignore[call-arg]

    def get_rgb_image_as_int(self, view: str = LEFT_RGB) -> Array:
        """Deprecated: `grab_images()` and `retrieve_rgb_image_as_int(view)`."""
        _deprecated("get_rgb_image_as_int", "retrieve_rgb_image_as_int")
        self.grab_images()
        return self.retrieve_rgb_image_as_int(view)  # type: ignore[call-arg]
