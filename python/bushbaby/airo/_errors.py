"""What goes wrong with a camera of another process."""

from __future__ import annotations

from .._errors import Error


class GrabTimeout(Error, TimeoutError):
    """No frame came in time."""


class CameraFailed(Error, RuntimeError):
    """The process of a camera ended with an error; the text is what it said."""
