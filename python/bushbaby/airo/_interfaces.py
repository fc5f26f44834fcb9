"""The classes that receivers derive from: airo-camera-toolkit's where it is installed, else ours with the same methods."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

HAVE_TOOLKIT = importlib.util.find_spec("airo_camera_toolkit") is not None

if TYPE_CHECKING or not HAVE_TOOLKIT:
    from ._ours import PointCloud as PointCloud
    from ._ours import RGBCamera as RGBCamera
    from ._ours import RGBDCamera as RGBDCamera
    from ._ours import StereoRGBDCamera as StereoRGBDCamera
else:
    # Installed but not to be imported (a library missing) is an error to be seen: its users expect instances of these.
    from airo_camera_toolkit.interfaces import RGBCamera as RGBCamera
    from airo_camera_toolkit.interfaces import RGBDCamera as RGBDCamera
    from airo_camera_toolkit.interfaces import StereoRGBDCamera as StereoRGBDCamera
    from airo_typing import PointCloud as PointCloud
