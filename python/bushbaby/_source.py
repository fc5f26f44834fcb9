"""`bb.Source`: code that gives frames of its own."""

from __future__ import annotations

from collections.abc import Mapping

from ._stage import Node


class Source(Node):
    """A source, as a camera of one's own: derive a class, write `step`, and say `cameras: {table: {run: mycam.py}}`.

        class MyCamera(bb.Source):
            exposure_ms: float = 10.0                   # a setting: a key of the camera in the file

            def setup(self) -> None: ...                # opens it
            def step(self) -> np.ndarray: ...           # waits for the next picture
            def teardown(self) -> None: ...             # closes it

    `step` is called again and again. It returns an array, a dict of arrays, None when there is nothing yet, or any of them with the
    moment of capture: `(image, captured_at)`, in seconds of `time.monotonic()`; without it, it was captured when `step` returned.
    It raises `StopIteration` when nothing more will come, and anything else when it cannot go on: then the node is started again.
    It should return within 200 ms or so, for only then the node hears that it is to stop.

    The output is `image`. `outputs = ("rgbd", "points")` declares others; then `step` returns a dict with a value for each output
    that has one, all of one moment, or sends by itself.
    """

    def send(
        self,
        output: str,
        value: object,
        *,
        captured_at: float | None = None,
        of: str | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> None:
        """Sends a value on an output.

        - `captured_at`: when it was captured, in seconds of `time.monotonic()`; now, when it is not said.
        - `of`: the output whose last frame was captured with it (points `of` their picture).
        - `meta`: further keys of the frame's `meta`, as `calibration`.

        Raises `BadValue` for an output that `outputs` does not declare and for a value that cannot travel.
        """
        self._handle().send(output, value, captured_at=captured_at, of=of, meta=meta)
