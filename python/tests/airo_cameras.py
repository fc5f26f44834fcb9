"""Cameras with airo-camera-toolkit's interface, for tests: they count their captures into every pixel."""

import threading
import time

import numpy as np

INTRINSICS = np.array([[300.0, 0.0, 31.5], [0.0, 310.0, 17.25], [0.0, 0.0, 1.0]])
INTRINSICS_RIGHT = np.array([[301.0, 0.0, 30.5], [0.0, 311.0, 16.25], [0.0, 0.0, 1.0]])
RIGHT_IN_LEFT = np.array([[1.0, 0, 0, 0.12], [0, 1, 0, 0.01], [0, 0, 1, 0], [0, 0, 0, 1]])


class PictureCamera:
    """A picture and nothing else. Capture n has the value n in every pixel."""

    def __init__(self, resolution=(64, 36), fps=50):
        self._resolution, self._fps, self._number = resolution, fps, 0

    @property
    def resolution(self):
        return self._resolution

    @property
    def fps(self):
        return self._fps

    def intrinsics_matrix(self):
        return INTRINSICS

    def grab_images(self):
        time.sleep(1 / self._fps)
        self._number += 1

    def retrieve_rgb_image_as_int(self):
        width, height = self._resolution
        return np.full((height, width, 3), self._number % 256, np.uint8)

    def retrieve_rgb_image(self):
        return self.retrieve_rgb_image_as_int().astype(np.float32) / 255


class DepthCamera(PictureCamera):
    """Depth in metres is the capture's number."""

    def retrieve_depth_map(self):
        width, height = self._resolution
        return np.full((height, width), self._number, np.float32)

    def retrieve_depth_image(self):
        return self.retrieve_rgb_image_as_int()


class StereoCamera(DepthCamera):
    """The right view is one brighter than the left."""

    def intrinsics_matrix(self, view="left"):
        return INTRINSICS if view == "left" else INTRINSICS_RIGHT

    def retrieve_rgb_image_as_int(self, view="left"):
        return super().retrieve_rgb_image_as_int() + np.uint8(view == "right")

    def retrieve_confidence_map(self):
        return np.full(self.retrieve_depth_map().shape, 0.25)

    @property
    def pose_of_right_view_in_left_view(self):
        return RIGHT_IN_LEFT


class Cloud:
    """What the toolkit's PointCloud is."""

    def __init__(self, points, colors):
        self.points, self.colors = points, colors


class CloudCamera(StereoCamera):
    """Makes sparse point clouds of its own: two points, with the capture's number in each."""

    def retrieve_colored_point_cloud(self):
        return Cloud(np.full((2, 3), self._number, np.float64), np.full((2, 3), self._number % 256, np.uint8))


class DepthlessCamera(StereoCamera):
    """Its depth is switched off, as a ZED's is when nothing was said."""

    def retrieve_depth_map(self):
        raise RuntimeError("depth mode is NONE")


class UnknownLensCamera(PictureCamera):
    """Nobody measured it."""

    def intrinsics_matrix(self):
        raise RuntimeError("no intrinsics")


class UnpluggedCamera(PictureCamera):
    """Does not open."""

    def __init__(self):
        raise ConnectionError("camera 12345678 is not plugged in")


class DyingCamera(StereoCamera):
    """Is unplugged after three captures."""

    def grab_images(self):
        super().grab_images()
        if self._number > 3:
            raise RuntimeError("the cable came off")


class StuckCamera(PictureCamera):
    """Its second capture never ends."""

    def grab_images(self):
        super().grab_images()
        if self._number > 1:
            threading.Event().wait()
