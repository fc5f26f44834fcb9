"""RGB-D cameras of several processes, with the interface of airo-camera-toolkit.

One process opens the camera and publishes it; any number of others look:

    import bushbaby.airo

    with bushbaby.airo.publish(Zed2i, resolution=Zed2i.RESOLUTION_2K, fps=15, name="table"):
        ...                                      # the camera runs in a process of its own

    camera = bushbaby.airo.receive("table")      # anywhere on this machine: a StereoRGBDCamera
    camera.grab_images()
    image, depth = camera.retrieve_rgb_image_as_int(), camera.retrieve_depth_map()    # of one moment, read-only views

The streams are those of every RGB-D camera (`table/rgbd`, `table/points`), so the page and the recorder see it too, and
`receive` also reads a camera of a pipeline file. airo-camera-toolkit need not be installed; where it is, a receiver is an
instance of its classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errors import CameraFailed as CameraFailed
from ._errors import GrabTimeout as GrabTimeout
from ._publish import CameraProcess as CameraProcess
from ._publish import publish as publish

if TYPE_CHECKING:
    from ._receivers import RGBDReceiver, RGBReceiver, StereoRGBDReceiver

__all__ = ["CameraFailed", "CameraProcess", "GrabTimeout", "publish", "receive"]


def receive(
    name: str,
    *,
    timeout: float = 30.0,
    grab_timeout: float = 5.0,
    block_until_new_frame: bool = True,
    points: bool = False,
    instance: str | None = None,
) -> RGBReceiver | RGBDReceiver | StereoRGBDReceiver:
    """Opens a camera that some process on this machine publishes, now or within `timeout` seconds.

    - `name`: the camera's name (`table`), or one of its streams (`table/rgbd`).
    - `grab_timeout`: longest wait of one `grab_images()`, in seconds.
    - `block_until_new_frame`: `grab_images()` waits for a frame that was not grabbed yet. With `False` it takes the newest that
      there is.
    - `points`: take point clouds from the camera's `NODE/points` rather than computing them here from the depth map; the
      camera then makes and sends them for every frame.

    Returns a `StereoRGBDReceiver`, an `RGBDReceiver` or an `RGBReceiver`, by what the camera's first frame holds; where
    airo-camera-toolkit is installed they are its `StereoRGBDCamera`, `RGBDCamera`, `RGBCamera`. When the publisher starts again,
    also at another resolution, the same object goes on with its frames.

    Raises `GrabTimeout` (a `TimeoutError`), when no such camera sends within `timeout`.
    """
    # Importing the toolkit's interfaces takes a second, which only those pay who use them.
    from ._receivers import open_receiver

    return open_receiver(
        name,
        timeout=timeout,
        grab_timeout=grab_timeout,
        block_until_new_frame=block_until_new_frame,
        points=points,
        instance=instance,
    )
