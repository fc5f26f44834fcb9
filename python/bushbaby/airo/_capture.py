"""From a camera object to frames: which arrays its captures have, and what is known of its lens.

In: an object with the interface of airo-camera-toolkit (its class need not derive from it). Out: dicts of arrays and the keys of
the body, as every RGB-D source sends them (`rgb`, `rgb_right`, `depth`, `confidence`; points and colours of their own).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _derived

Array = npt.NDArray[Any]

LEFT, RIGHT = "left", "right"


class Capture:
    """One camera, and what it sends.

    - `confidence`: send the confidence map, which many cameras compute for each frame.

    Raises `TypeError` for an object that is no camera.
    """

    def __init__(self, camera: Any, *, confidence: bool = False) -> None:
        missing = [name for name in ("grab_images", "retrieve_rgb_image_as_int") if not hasattr(camera, name)]
        if missing:
            raise TypeError(
                f"{type(camera).__name__} is no camera: it has no {' and no '.join(missing)}; "
                "wanted a class with the interface of airo-camera-toolkit's RGBCamera"
            )
        self._camera = camera
        self._confidence = confidence
        self.is_stereo = _has(camera, "pose_of_right_view_in_left_view")
        self.has_depth = hasattr(camera, "retrieve_depth_map")
        self.output = "rgbd" if self.is_stereo or self.has_depth else "image"
        """The stream's output. It follows from the class: a camera whose depth is switched off still writes `rgbd`."""
        self.why_no_depth: str | None = None
        """What it said when it was asked for depth that it does not make."""
        self._rgb: Array | None = None
        self._depth: Array | None = None
        self._first = True

    def grab(self) -> None:
        """Waits for the camera's next moment."""
        self._camera.grab_images()

    def arrays(self) -> dict[str, Array]:
        """Returns the arrays of the moment that was grabbed. The first time settles whether the camera has depth."""
        self._rgb = _picture(self._camera.retrieve_rgb_image_as_int())
        arrays = {"rgb": self._rgb}
        if self.is_stereo:
            arrays["rgb_right"] = _picture(self._camera.retrieve_rgb_image_as_int(view=RIGHT))
        if self.has_depth:
            try:
                self._depth = np.asarray(self._camera.retrieve_depth_map()).astype(np.float32, copy=False)
            except RuntimeError as error:
                # A ZED without a depth mode, a RealSense without depth: they say so when they are asked, each time.
                if not self._first:
                    raise
                self.has_depth, self.why_no_depth = False, str(error)
            else:
                arrays["depth"] = self._depth
        if self.has_depth and self._confidence:
            arrays["confidence"] = np.asarray(self._camera.retrieve_confidence_map()).astype(np.float32, copy=False)
        self._first = False
        return arrays

    def points(self) -> dict[str, Array] | None:
        """Returns the point cloud of the same moment: the camera's own where its class makes one, else from its depth. None: it
        has neither, or nobody knows its lens."""
        if self._makes_points():
            cloud = self._camera.retrieve_colored_point_cloud()
            points = np.asarray(cloud.points).astype(np.float32, copy=False)
            colors = np.zeros(points.shape, np.uint8) if cloud.colors is None else np.asarray(cloud.colors)
            return {"points": points, "colors": colors}
        if self._rgb is None or self._depth is None:
            return None
        calibration = self._calibration(*self._size())
        if calibration is None:
            return None
        return {"points": _derived.points(self._depth, calibration), "colors": self._rgb.reshape(-1, 3)}

    def _makes_points(self) -> bool:
        method = getattr(type(self._camera), "retrieve_colored_point_cloud", None)
        # The toolkit's own default computes them with Open3D, slowly.
        module = getattr(getattr(method, "__wrapped__", method), "__module__", "")
        return method is not None and not module.startswith("airo_camera_toolkit.interfaces")

    def meta(self) -> dict[str, Any]:
        """Returns what the body says beside its type: calibration, the other view's place, frames a second."""
        width, height = self._size()
        meta: dict[str, Any] = {}
        if (calibration := self._calibration(width, height)) is not None:
            meta["calibration"] = calibration
        if self.is_stereo:
            if (calibration := self._calibration(width, height, view=RIGHT)) is not None:
                meta["calibration_right"] = calibration
            pose = np.asarray(self._camera.pose_of_right_view_in_left_view, float)
            meta["left_from_right"] = {"R": pose[:3, :3].tolist(), "t": pose[:3, 3].tolist()}
            meta["baseline_m"] = float(np.linalg.norm(pose[:3, 3]))
        fps = getattr(self._camera, "fps", None)
        if fps:
            meta["fps"] = float(fps)
        return meta

    def _size(self) -> tuple[int, int]:
        assert self._rgb is not None, "the picture's size is known after the first capture"
        return self._rgb.shape[1], self._rgb.shape[0]

    def _calibration(self, width: int, height: int, **view: str) -> dict[str, Any] | None:
        try:
            matrix = np.asarray(self._camera.intrinsics_matrix(**view), float)
        except RuntimeError:
            # OpenCVVideoCapture without intrinsics: a picture all the same.
            return None
        return {
            "width_px": width,
            "height_px": height,
            "fx": float(matrix[0, 0]),
            "fy": float(matrix[1, 1]),
            # On the bus (0, 0) is the outer corner of the first pixel, in the toolkit its centre.
            "cx": float(matrix[0, 2]) + 0.5,
            "cy": float(matrix[1, 2]) + 0.5,
            "model": "pinhole",
            "distortion": [],
        }

    def close(self) -> None:
        """Lets go of the camera, where its class knows how."""
        for name in ("close", "__exit__"):
            method = getattr(self._camera, name, None)
            if callable(method):
                method(*([None] * 3 if name == "__exit__" else []))
                return


def _has(camera: Any, name: str) -> bool:
    """Whether its class has it; a property is not asked for its value."""
    return hasattr(type(camera), name) or name in vars(camera)


def _picture(image: Any) -> Array:
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise TypeError(
            f"the camera's picture is {array.dtype} {array.shape}, wanted uint8 (height, width, 3): "
            "look at its retrieve_rgb_image_as_int()"
        )
    return array
