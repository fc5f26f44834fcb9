"""What a reader computes from a capture when it asks for it: pictures to look at, points."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core import Unprojection

Array = npt.NDArray[Any]


def float_image(image: Array) -> Array:
    """Returns a uint8 picture as float32, 0 to 1."""
    return np.divide(image, np.float32(255), dtype=np.float32)


def depth_image(depth: Array) -> Array:
    """Returns a depth map to look at: uint8 (h, w, 3), near is bright, far is dark, black where depth is not known.

    The scale is the picture's own: its nearest and farthest fiftieth are left to saturate.
    """
    sample = depth[::8, ::8]
    known = sample[np.isfinite(sample) & (sample > 0)]
    if known.size == 0:
        return np.zeros((*depth.shape, 3), np.uint8)
    near, far = np.percentile(known, (2, 98))
    scale = np.float32(254.0 / max(far - near, 1e-6))
    with np.errstate(invalid="ignore"):
        shade = (np.float32(far) - depth) * scale + np.float32(1)
        np.clip(shade, 1, 255, out=shade)
        unknown = ~(np.isfinite(depth) & (depth > 0))
    shade[unknown] = 0
    return np.repeat(shade.astype(np.uint8)[:, :, None], 3, axis=2)


def points(depth: Array, calibration: Mapping[str, Any]) -> Array:
    """Returns the point of each pixel, row by row: float32 (h * w, 3), metres; not finite where depth is not.

    - `calibration`: the camera's model, as the body of its frames says it.
    """
    return _unprojection(json.dumps(calibration)).points(np.ascontiguousarray(depth, np.float32))


@functools.lru_cache(maxsize=8)
def _unprojection(calibration: str) -> Unprojection:
    return Unprojection(calibration)
