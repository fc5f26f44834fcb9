"""What the measurements of pictures on the page look at: two moving scenes of tags, and the product that shows them."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "web/tests"))
from product import Product  # noqa: E402

PIPELINE = """\
cameras:
  left: {scene: tags, size: 640x360, fps: 30}
  right: {scene: tags, size: 640x360, fps: 30, seed: 2}
"""


def running(web):
    """The product with both cameras, a context manager; `web`: more keys of the page's."""
    return Product(PIPELINE, web)
