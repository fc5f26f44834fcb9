"""Publishes an RGB-D camera to any number of programs: `python airo_publish.py`, then `python airo_look.py` in another terminal.

With airo-camera-toolkit and a ZED, the camera is that; else it is made here, so that everything can be tried without hardware.
Any class with the toolkit's camera interface works in its place.
"""

import time

import numpy as np

import bushbaby.airo


class MadeCamera:
    """A ball that comes and goes before a wall: what a camera class looks like, from the outside."""

    def __init__(self, resolution=(1280, 720), fps=15):
        self.resolution, self.fps = resolution, fps
        width, height = resolution
        self._x, self._y = np.meshgrid(np.arange(width), np.arange(height))

    def intrinsics_matrix(self):
        width, height = self.resolution
        return np.array([[width, 0, width / 2], [0, width, height / 2], [0, 0, 1.0]])

    def grab_images(self):
        time.sleep(1 / self.fps)
        width, height = self.resolution
        distance = 1.0 + 0.5 * np.sin(time.monotonic())
        on_ball = np.hypot(self._x - width / 2, self._y - height / 2) < 0.1 * width / distance
        self._depth = np.where(on_ball, distance, 2.0).astype(np.float32)
        self._rgb = np.where(on_ball[:, :, None], (220, 60, 40), (90, 110, 120)).astype(np.uint8)

    def retrieve_rgb_image_as_int(self):
        return self._rgb

    def retrieve_depth_map(self):
        return self._depth


def camera_at_hand():
    """Returns a class and its arguments."""
    try:
        from airo_camera_toolkit.cameras.zed.zed import Zed
    except ImportError:
        return MadeCamera, {}
    return Zed, {"resolution": Zed.InitParams.RESOLUTION_2K, "fps": 15, "depth_mode": Zed.InitParams.NEURAL_DEPTH_MODE}


if __name__ == "__main__":
    camera, arguments = camera_at_hand()
    with bushbaby.airo.publish(camera, name="table", **arguments) as process:
        print(f"{camera.__name__} is published as `table`; Ctrl-C ends it")
        try:
            while process.is_alive():
                process.join(1.0)
        except KeyboardInterrupt:
            pass
    if process.error:
        raise SystemExit(process.error)
