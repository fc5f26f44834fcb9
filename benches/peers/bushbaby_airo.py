"""bushbaby with airo-camera-toolkit's camera interface: the camera of `airo_camera.py`, published and received by ours."""

import os

import bushbaby.airo
import numpy as np

from .airo_camera import PlannedCamera
from .payload import Frame
from .peer import Receive
from .producer import Mode, Plan


class AiroPeer:
    """The point cloud is left out: with ours it is made by the reader, from the depth map, if it asks."""

    name = "bushbaby.airo receiver"
    payloads = ("capture1080p", "rgb1080p")

    def start(self, plan: Plan) -> Receive:
        os.environ["BUSHBABY_INSTANCE"] = "peers-" + plan.folder.rsplit("-", 1)[-1].lower().replace("_", "-")
        camera = PlannedCamera if "depth" in plan.payload.arrays else PlannedPictureCamera
        self._process = bushbaby.airo.publish(camera, plan=plan, name="camera")
        self._camera = bushbaby.airo.receive("camera")
        self._has_depth = "depth" in plan.payload.arrays
        return self._receive

    def _receive(self, timeout_s: float) -> Frame | None:
        try:
            self._camera.grab_images(timeout=timeout_s)
        except TimeoutError:
            return None
        frame = {"rgb": self._camera.retrieve_rgb_image_as_int()}
        if self._has_depth:
            frame["depth"] = self._camera.retrieve_depth_map()
        frame["note"] = np.frombuffer(frame["rgb"].reshape(-1)[1:33].tobytes(), np.int64)
        return frame

    def stop(self, plan: Plan) -> None:
        # Between two captures it looks whether it shall end.
        plan.order(Mode.PACED)
        self._process.stop()
        self._camera.close()


class PlannedPictureCamera(PlannedCamera):
    """The same without depth."""

    def retrieve_depth_map(self):
        raise RuntimeError("this one has no depth")


PEERS = [AiroPeer()]
