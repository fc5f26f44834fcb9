"""airo-camera-toolkit: its publisher and receiver of RGB-D cameras, as its users start them."""

import multiprocessing
import time

import numpy as np
from airo_camera_toolkit.cameras.multiprocess.multiprocess_rgb_camera import (
    MultiprocessRGBPublisher,
    MultiprocessRGBReceiver,
)
from airo_camera_toolkit.cameras.multiprocess.multiprocess_rgbd_camera import (
    MultiprocessRGBDPublisher,
    MultiprocessRGBDReceiver,
)
from airo_camera_toolkit.interfaces import RGBDCamera
from airo_typing import PointCloud

from .payload import Frame
from .peer import Receive, end
from .producer import Mode, Plan, frames


class PlannedCamera(RGBDCamera):
    """A camera of theirs that hands out the arrays of the plan at the plan's times."""

    def __init__(self, plan: Plan) -> None:
        self._frames = frames(plan)
        height, width = plan.payload.arrays["rgb"][0][:2]
        self._resolution, self._fps = (width, height), plan.payload.fps
        self._depth_image = np.zeros((height, width, 3), np.uint8)

    @property
    def resolution(self):
        return self._resolution

    @property
    def fps(self):
        return self._fps

    def intrinsics_matrix(self):
        return np.eye(3)

    def grab_images(self):
        self._frame = next(self._frames)
        # The only numbers of theirs that reach the reader are frame_id and frame_timestamp: in the first pixels goes the rest.
        self._frame["rgb"].reshape(-1)[1:33] = self._frame["note"].view(np.uint8)

    def retrieve_rgb_image(self):
        return self._frame["rgb"].astype(np.float32) / 255

    def retrieve_rgb_image_as_int(self):
        return self._frame["rgb"]

    def retrieve_depth_map(self):
        return self._frame["depth"]

    def retrieve_depth_image(self):
        # Given away for nothing here; with a real camera it has to be computed for every frame.
        return self._depth_image

    def retrieve_colored_point_cloud(self):
        return PointCloud(self._frame["points"], self._frame["colors"])


class ToolkitPeer:
    """Their publisher is a process of its own kind."""

    name = "airo-camera-toolkit receiver"
    payloads = ("bundle", "capture1080p", "rgb1080p")

    def start(self, plan: Plan) -> Receive:
        multiprocessing.set_start_method("spawn", force=True)
        namespace = "peers" + plan.folder.rsplit("-", 1)[-1]
        self._arrays = plan.payload.arrays
        with_points = "points" in self._arrays
        if "depth" in self._arrays:
            self._process = MultiprocessRGBDPublisher(PlannedCamera, {"plan": plan}, namespace, with_points)
            self._process.start()
            self._receiver = MultiprocessRGBDReceiver(namespace, with_points)
        else:
            self._process = MultiprocessRGBPublisher(PlannedCamera, {"plan": plan}, namespace)
            self._process.start()
            self._receiver = MultiprocessRGBReceiver(namespace)
        # Theirs waits without an end; the wait with one is the same loop with the same pause.
        self._receiver._block_until_new_frame = False
        self._last = None
        return self._receive

    def _receive(self, timeout_s: float) -> Frame | None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self._receiver.grab_images()
            if (number := self._receiver.get_current_frame_id()) != self._last:
                self._last = number
                return self._frame()
            time.sleep(0.001)
        return None

    def _frame(self) -> Frame:
        frame = {"rgb": self._receiver.retrieve_rgb_image_as_int()}
        if "depth" in self._arrays:
            frame["depth"] = self._receiver.retrieve_depth_map()
        if "points" in self._arrays:
            cloud = self._receiver.retrieve_colored_point_cloud()
            frame["points"], frame["colors"] = cloud.points, cloud.colors
        frame["note"] = np.frombuffer(frame["rgb"].reshape(-1)[1:33].tobytes(), np.int64)
        return frame

    def stop(self, plan: Plan) -> None:
        # Their loop looks at this only between frames.
        plan.order(Mode.PACED)
        self._process.stop()
        end(self._process)


PEERS = [ToolkitPeer()]
