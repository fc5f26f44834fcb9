"""AprilTags in a picture, without any bus."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from . import _core, _results
from ._core import Frame
from ._errors import BadValue
from ._results import Tag


def detect_tags(
    image: Frame | npt.NDArray[Any],
    *,
    tag_size: float | None = None,
    camera: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    family: str = "tag36h11",
    decimate: float = 1.0,
    threads: int = 1,
) -> list[Tag]:
    """Finds the AprilTags in a picture; smallest id first.

    - `image`: a frame, in whatever format, or uint8 of shape (h, w) or (h, w, 3) RGB.
    - `tag_size`: side of the tags' reported squares in metres (for 36h11 the outer edge of the black border). None: no poses.
    - `camera`: a calibration file (ours, OpenCV's, ROS, PhotonVision's, WPILib's), or the `calibration` of a frame's `meta`.
      None: what a frame says itself; without any, no poses.
    - `family`: `tag36h11`, `tag16h5`, …
    - `decimate`: look for squares in a picture this many times smaller: faster, and misses small tags. `threads`: that share the work.

    Raises `BadValue` for settings that cannot be, `NotAPicture` for a damaged picture.
    """
    if camera is None and isinstance(image, Frame):
        camera = image.meta.get("calibration")
    path = model = None
    if isinstance(camera, str | os.PathLike):
        path = os.fspath(camera)
    elif isinstance(camera, Mapping):
        model = json.dumps(dict(camera))
    elif camera is not None:
        raise BadValue(f"camera is a {type(camera).__name__}, wanted the path of a calibration file or the calibration of a frame's meta")
    found = _core.detect_tags(
        image,
        family=family,
        tag_size=tag_size,
        camera_path=path,
        camera_json=model,
        decimate=decimate,
        threads=threads,
    )
    return [_results.tag(item) for item in json.loads(found)["items"]]
