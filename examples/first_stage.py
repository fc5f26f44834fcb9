"""A stage of your own: boxes around what is bright. `bushbaby run examples/first_stage.yaml`"""

import numpy as np

import bushbaby as bb


@bb.stage
def bright(frame: bb.Frame, threshold: float = 0.9, least_px: int = 20) -> list[bb.Box]:
    """Finds where the picture is bright, in a grid of 8 x 6 cells.

    - `threshold`: 0 is black, 1 is white.
    - `least_px`: a cell with fewer bright pixels is left out.
    """
    mask = frame.array[:, :, 1] > 255 * threshold  # green alone: it weighs most in what looks bright
    height, width = mask.shape[0] // 6, mask.shape[1] // 8
    found = []
    for row in range(6):
        for column in range(8):
            cell = mask[row * height : (row + 1) * height, column * width : (column + 1) * width]
            ys, xs = np.nonzero(cell)
            if len(xs) >= least_px:
                left, top = column * width + xs.min(), row * height + ys.min()
                score = len(xs) / cell.size
                found.append(bb.Box(left, top, np.ptp(xs) + 1, np.ptp(ys) + 1, label="bright", score=score))
    return found
