"""What stands in for a ZED, for windows and for the person before them, while programs of airo-camera-toolkit run here."""

import sys
import time
import types
from typing import ClassVar

import numpy as np
from airo_camera_toolkit.interfaces import StereoRGBDCamera
from airo_typing import PointCloud

FRAMES = 30
"""After so many frames in a window somebody presses `q`."""


class Zed(StereoRGBDCamera):
    """A camera with the arguments and the interface of their ZED, whose captures are made."""

    class InitParams:
        """Those names of theirs that the examples use."""

        RESOLUTION_2K: ClassVar = (2208, 1242)
        RESOLUTION_1080: ClassVar = (1920, 1080)
        RESOLUTION_720: ClassVar = (1280, 720)
        NEURAL_DEPTH_MODE: ClassVar = "NEURAL"
        NONE_DEPTH_MODE: ClassVar = "NONE"

    def __init__(self, resolution=InitParams.RESOLUTION_2K, fps=15, depth_mode="NONE"):
        width, height = resolution
        self._resolution, self._fps, self._has_depth = resolution, fps, depth_mode != "NONE"
        self._picture = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
        self._depth = np.linspace(0.5, 4.0, width * height, dtype=np.float32).reshape(height, width)
        self._due = time.monotonic()

    @property
    def resolution(self):
        return self._resolution

    @property
    def fps(self):
        return self._fps

    def intrinsics_matrix(self, view="left"):
        width, height = self._resolution
        return np.array([[width / 2, 0, width / 2], [0, width / 2, height / 2], [0, 0, 1.0]])

    @property
    def pose_of_right_view_in_left_view(self):
        pose = np.eye(4)
        pose[0, 3] = 0.12
        return pose

    def grab_images(self):
        self._due = max(self._due + 1 / self._fps, time.monotonic() - 1)
        time.sleep(max(0.0, self._due - time.monotonic()))

    def retrieve_rgb_image_as_int(self, view="left"):
        return self._picture if view == "left" else self._picture[:, ::-1]

    def retrieve_rgb_image(self, view="left"):
        return self.retrieve_rgb_image_as_int(view).astype(np.float32) / 255

    def retrieve_depth_map(self):
        if not self._has_depth:
            raise RuntimeError("Cannot retrieve depth data if depth mode is NONE")
        return self._depth

    def retrieve_depth_image(self):
        return self._picture

    def retrieve_confidence_map(self):
        return np.ones_like(self._depth)

    def retrieve_colored_point_cloud(self):
        points = np.zeros((self._depth.size, 3), np.float32)
        points[:, 2] = self._depth.reshape(-1)
        return PointCloud(points, self._picture.reshape(-1, 3))


class Windows:
    """In the place of OpenCV's windows."""

    def __init__(self):
        self.shown = {}

    def put_in_place(self):
        """From now on `cv2` opens no windows."""
        import cv2

        cv2.namedWindow = lambda *_: None
        cv2.destroyAllWindows = lambda *_: None
        cv2.imshow = self._show
        cv2.waitKey = lambda *_: ord("q") if min(self.shown.values(), default=0) >= FRAMES else -1
        return self

    def _show(self, name, image):
        # Every pixel is looked at, as a screen would.
        assert np.isfinite(np.asarray(image, np.float32).sum(dtype=np.float64)) and image.size
        self.shown[name] = self.shown.get(name, 0) + 1


def put_zed_in_place():
    """From now on their ZED's module is this one; its SDK is not installed here."""
    module = types.ModuleType("airo_camera_toolkit.cameras.zed.zed")
    module.Zed = Zed
    sys.modules[module.__name__] = module
