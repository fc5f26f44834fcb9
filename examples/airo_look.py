"""Looks at a camera that another program publishes: `python airo_look.py [NAME]`. Start it as often as you like.

NAME is that of `airo_publish.py`, `table`, or of any camera of a pipeline file, as `cameras: {table: scene:rgbd}`.
"""

import sys

import numpy as np

import bushbaby.airo

camera = bushbaby.airo.receive(sys.argv[1] if len(sys.argv) > 1 else "table")
print(f"{camera.resolution[0]}x{camera.resolution[1]}, {camera.fps:g} frames a second")

try:
    while True:
        camera.grab_images(timeout=60)  # the newest capture; a camera that starts again is simply there again
        image, depth = camera.retrieve_rgb_image_as_int(), camera.retrieve_depth_map()  # of one moment, read-only views
        row, column = np.unravel_index(np.nanargmin(depth), depth.shape)
        color = ", ".join(str(value) for value in image[row, column])
        print(f"capture {camera.get_current_frame_id()}: nearest {depth[row, column]:.3f} m at ({column}, {row}), colour {color}")
except KeyboardInterrupt:
    pass
