"""A stage that reads RGB-D captures: how near is what is nearest, and where.

    cameras:
      table: scene:rgbd
    stages:
      nearest: {run: rgbd_measure.py, in: table, within: 1.5}
"""

import numpy as np

import bushbaby as bb


@bb.stage
def nearest(capture: bb.Frame, within: float = 2.0) -> list[bb.Text]:
    """Writes the distance in metres beside what is nearest, if it is nearer than `within`."""
    depth = capture["depth"]  # metres; of the same moment as capture["rgb"]
    if not np.isfinite(depth).any():
        return []
    row, column = np.unravel_index(np.nanargmin(depth), depth.shape)
    distance = float(depth[row, column])
    return [bb.Text(f"{distance:.2f} m", x=column + 0.5, y=row + 0.5)] if distance < within else []
