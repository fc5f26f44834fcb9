"""The part of the package that is written in Rust."""

from collections.abc import Awaitable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, final, overload

import numpy as np
import numpy.typing as npt

__all__ = [
    "Frame",
    "Loan",
    "NodeHandle",
    "Origin",
    "Publisher",
    "Subscription",
    "Unprojection",
    "__version__",
    "detect_tags",
    "origin_to_be",
    "run_node",
]

__version__: str

_Arrays = TypeVar("_Arrays")

@final
class Origin:
    """The frame of a source that everything came from; stages hand it on unchanged.

    Results are joined to their pictures by it: equal origins belong together.
    """

    @property
    def stream(self) -> str:
        """Name of the source's stream, as `front/image`."""
    @property
    def generation(self) -> int:
        """Which start of its publisher: larger for a later one."""
    @property
    def seq(self) -> int:
        """Its number since that start, from 0."""
    @property
    def captured_at(self) -> float:
        """When it was captured: seconds of CLOCK_MONOTONIC, as `time.monotonic()`."""
    @property
    def captured_wall(self) -> float:
        """The same moment in seconds since 1970 (UTC), as `time.time()`."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Frame:
    """One frame of a stream: arrays, results or both, of one moment.

    A frame is a read-only mapping of its arrays: `frame["depth"]`, `"depth" in frame`, `dict(frame)`. Arrays are views of shared
    memory, without a copy. They, their slices and the frame may be kept as long as one likes: they never change, never stop the
    camera, and cannot be made writeable; `frame.copy()` gives private arrays to write to.

    Where a function takes an array, a frame stands for `frame.array`: `np.asarray(frame)`, `np.from_dlpack(frame)`,
    `memoryview(frame)`.
    """

    @property
    def stream(self) -> str:
        """Name of the stream, as `front/image`."""
    @property
    def seq(self) -> int:
        """Its number since its publisher's start, from 0. A gap to the frame before is frames that were missed."""
    @property
    def generation(self) -> int:
        """Which start of the publisher sent it: larger for a later start."""
    @property
    def captured_at(self) -> float:
        """When it was captured: seconds of CLOCK_MONOTONIC, as `time.monotonic()`, on this machine until it boots again."""
    @property
    def captured_wall(self) -> float:
        """The same moment in seconds since 1970 (UTC), as `time.time()`. It may jump: measure with `captured_at`."""
    @property
    def captured_by(
        self,
    ) -> Literal[
        "unknown", "start_of_exposure", "end_of_frame", "camera_clock", "packet", "received", "rendered", "file"
    ]:
        """Which moment of the capture `captured_at` is."""
    @property
    def published_at(self) -> float:
        """When it was sent, by the clock of `captured_at`."""
    @property
    def received_at(self) -> float:
        """When this program received it, by the clock of `captured_at`."""
    @property
    def age_ms(self) -> float:
        """Milliseconds since it was captured, now."""
    @property
    def origin(self) -> Origin:
        """The frame of the source that everything came from; its own place in its stream, for a source's frame."""
    @property
    def is_copy(self) -> bool:
        """Whether it lies in private memory, because this reader kept as many frames as may be kept in shared memory."""
    @property
    def meta(self) -> dict[str, Any]:
        """What the frame says beside its arrays: `type`, `version`, `camera`, `calibration` … Parsed once; may be empty.

        Raises `Damaged` when the body is not a JSON object.
        """
    @property
    def array(self) -> npt.NDArray[Any]:
        """The picture as (height, width, 3) RGB uint8; for a frame that is no picture, its first array.

        No copy when the camera gives RGB. Else (I420, NV12, YUYV, BGR, grey, JPEG) it is converted once and kept. Read-only.

        Raises `NotAPicture` when there is no array, or the picture is damaged.
        """
    @property
    def sample_rate(self) -> int:
        """Samples a second of each channel, of a frame of sound.

        `array` is then float32 (full scale ±1) or int16 (±32768) of shape (samples, channels); of a window (`window:` in the file)
        float32 of shape (samples,). `captured_at` is the time of the first sample.

        Raises `Error` when the frame is no sound.
        """
    @property
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All arrays by name, as the frame has them: read-only views without a copy, nothing converted."""
    @property
    def encodings(self) -> dict[str, str]:
        """What the numbers of each array are, by its name: `rgb8`, `i420`, `jpeg` …; an empty text for just numbers."""
    @property
    def items(self) -> list[Any]:
        """The results in the frame: `Box`, `Tag`, `Pose`, `Text`, `Mask`, the dataclasses that `subscribe(types=…)` was told, and
        `Unknown` for anything else. Empty when there are none.

        Raises `Damaged` when the body cannot be read.
        """
    @property
    def object(self) -> Any:
        """The Python object that was sent with `publish(…, pickle=True)`.

        Raises `PickleRefused` when this reader was not opened with `pickle=True`: unpickling runs whatever the sender wants.
        """
    def keys(self) -> list[str]:
        """The names of the arrays, in their order."""
    def copy(self) -> dict[str, npt.NDArray[Any]]:
        """Private copies of all arrays, to be written to, by name. A picture's pixels as RGB are `frame.array.copy()`."""
    def __getitem__(self, name: str, /) -> npt.NDArray[Any]: ...
    def __contains__(self, name: str, /) -> bool: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...

@final
class Subscription:
    """The reading end of a stream, from `bb.subscribe`.

    Iterate over it (`for`, or `async for`), or call `recv`, `try_recv`, `latest`. It goes on over any number of publishers that
    come and go. Several threads may use it; each frame goes to one of them. `close()`, or the end of a `with`, gives its place
    back.
    """

    def __new__(
        cls,
        stream: str,
        *,
        queue: int | None = None,
        every: int | None = None,
        max_fps: float | None = None,
        types: dict[str, type] | None = None,
        pickle: bool = False,
        replay_last: bool = False,
        instance: str | None = None,
    ) -> Self: ...
    @property
    def stream(self) -> str:
        """Name of the stream, as `front/image`; the node's name alone, until it is known which of its streams is meant."""
    @property
    def counts(self) -> dict[str, int]:
        """What became of the frames since this subscription began: `delivered`; `superseded` by a newer one before they were read;
        `overflow` of the queue; `damaged`; `skipped` by `every` or `max_fps`; `copied`, of those delivered, because many were
        kept.
        """
    @property
    def publisher_alive(self) -> bool:
        """Whether a living process writes the stream now."""
    @property
    def closed(self) -> bool:
        """Whether it was closed."""
    @overload
    def recv(self, timeout: None = None) -> Frame: ...
    @overload
    def recv(self, timeout: float) -> Frame | None: ...
    def try_recv(self) -> Frame | None:
        """Returns the next frame if one is there, else None. Never waits. Raises `Closed` as `recv` does."""
    def latest(self, max_age: float | None = None, timeout: float = 1.0) -> Frame:
        """Returns the newest frame; the same one again when no newer one came. Frames that waited before it are left out.

        - `max_age`: seconds since its capture, at most; None: however old.
        - `timeout`: seconds to wait for one that is young enough.

        Raises `Stale` when there is none in time, `Closed` as `recv` does.
        """
    def close(self) -> None:
        """Ends it: loops over it end, waits for it raise `Closed`. Frames that came from it stay."""
    def __iter__(self) -> Self: ...
    def __next__(self) -> Frame: ...
    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Awaitable[Frame]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exc: object) -> None: ...
    def _fds(self) -> list[int]: ...
    def _poll(self) -> tuple[Frame | None, bool]: ...

@final
class Publisher:
    """The writing end of a stream, from `bb.publish`.

    It never waits for a reader. Several threads may use it. `close()`, or the end of a `with`, ends the stream.
    """

    def __new__(
        cls,
        stream: str,
        *,
        pickle: bool = False,
        captured_by: str | None = None,
        expect: Mapping[str, tuple[Any, npt.DTypeLike]] | tuple[Any, npt.DTypeLike] | None = None,
        readers: int = 1,
        instance: str | None = None,
    ) -> Self: ...
    @property
    def stream(self) -> str:
        """Name of the stream, as `front/image`."""
    @property
    def seq(self) -> int:
        """The number that the next frame gets: how many were sent."""
    @property
    def generation(self) -> int:
        """Number of this start: larger for each later start of the stream's publisher."""
    @property
    def readers(self) -> int:
        """How many read the stream now."""
    @property
    def is_wanted(self) -> bool:
        """Whether anybody reads the stream now: ask before making what is only made for readers."""
    @property
    def copied(self) -> int:
        """How many loans cost a copy, because something outside the `with` still referred to their arrays, or the body grew."""
    @property
    def closed(self) -> bool:
        """Whether it was closed."""
    def send(
        self,
        value: Any = None,
        /,
        *,
        results: Any = None,
        encoding: str | None = None,
        meta: Mapping[str, Any] | None = None,
        captured_at: float | None = None,
        origin: Frame | Origin | None = None,
        **arrays: npt.ArrayLike,
    ) -> int:
        """Sends one frame: one copy, during which other threads run.

        - `value`: an array; a dict of arrays, all of one moment; results (a list of `Box`, `Tag`, `Pose`, `Text`, `Mask`,
          dataclasses or text); any object, if the publisher was opened with `pickle=True`.
          A lone uint8 array of shape (h, w, 3) is an RGB picture, of (h, w) a grey one. In a dict, `rgb`, `bgr`, `gray` and
          `jpeg` are pictures; `rgb` with `depth` is a capture of an RGB-D camera.
        - `results`: results that belong to the arrays.
        - `encoding`: the pixel format, where the names of the arrays do not say it: `i420` (arrays `y`, `u`, `v`), `nv12` (`y`, `uv`),
          `yuyv`, `rgb8`, `bgr8`, `gray8`, `jpeg` (also as `bytes`). A lone array gets the name that belongs to it.
        - `meta`: further keys of the frame's `meta`, as JSON can say them.
        - `captured_at`: when it was captured, in seconds of `time.monotonic()`; None: that of `origin`, else now.
        - `origin`: the frame that it was made of, or that frame's `origin`; None: it is its own.
        - `arrays`: further arrays by name.

        Returns its number. Raises `BadValue` for what cannot travel, `SharedMemoryFull` before anything is written.
        """
    @overload
    def loan(
        self,
        shape: Mapping[str, tuple[Any, npt.DTypeLike]],
        dtype: None = None,
        *,
        name: None = None,
        encoding: str | None = None,
        meta: Mapping[str, Any] | None = None,
        captured_at: float | None = None,
        origin: Frame | Origin | None = None,
    ) -> Loan[dict[str, npt.NDArray[Any]]]: ...
    @overload
    def loan(
        self,
        shape: int | Iterable[int],
        dtype: npt.DTypeLike | None = None,
        *,
        name: str | None = None,
        encoding: str | None = None,
        meta: Mapping[str, Any] | None = None,
        captured_at: float | None = None,
        origin: Frame | Origin | None = None,
    ) -> Loan[npt.NDArray[Any]]: ...
    def close(self) -> None:
        """Ends the stream, until somebody writes it again. Waits up to half a second for readers that have not looked yet."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exc: object) -> None: ...
    def _send_raw(
        self, arrays: list[tuple[str, str, list[int], int | None, str, list[int] | bytes]], body: bytes
    ) -> int: ...

@final
class Loan(Generic[_Arrays]):
    """A part of shared memory, to be filled in a `with` block and sent at its end. From `Publisher.loan`."""

    meta: Mapping[str, Any] | None
    """Further keys of the frame's `meta`."""
    captured_at: float | None
    """When the frame was captured, in seconds of `time.monotonic()`; None: when the block ends."""
    origin: Frame | Origin | None
    """The frame that this one was made of, or that frame's `origin`."""

    @property
    def seq(self) -> int | None:
        """The number that the frame got; None before it was sent."""
    def __enter__(self) -> _Arrays: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> Literal[False]: ...

@final
class NodeHandle:
    """A node's own end of the bus, for `bb.Stage` and `bb.Source`."""

    @property
    def node(self) -> str:
        """The node's name in the pipeline file."""
    def send(
        self,
        output: str,
        value: Any,
        *,
        captured_at: float | None = None,
        frame: Frame | None = None,
        of: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        """Sends one frame on an output; nothing for `None`.

        What a stage sends has the capture time and the origin of the frame that it works on, or of `frame`. What a source sends is
        captured now, or at `captured_at` (seconds of `time.monotonic()`), and is its own origin; `of` names an output whose last
        frame was captured with it and is its origin.

        Raises `BadValue` for an output that is not declared and for a value that cannot travel.
        """
    def is_wanted(self, output: str) -> bool:
        """Whether anybody reads an output.

        Raises `BadValue` for an output that is not declared.
        """

@final
class Unprojection:
    """Makes points of the depth maps of one camera: made once, it is quick for each map.

    - `calibration`: the camera's model as JSON, as the body of its frames says it.

    Raises `BadValue`, when it is no camera's model.
    """

    def __new__(cls, calibration: str) -> Self: ...
    def points(self, depth: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Returns the points of a depth map, row by row: float32 (h * w, 3), metres; x right, y down, z forward. Where depth is no
        finite number, neither is the point.

        - `depth`: float32 (h, w) without gaps, metres along the optical axis, of the calibration's size.

        Raises `BadValue`, when it has another size.
        """

def origin_to_be(stream: str, generation: int, seq: int, captured_at: float) -> Origin:
    """Returns the origin that a frame has which is not sent yet."""

def detect_tags(
    image: Frame | npt.NDArray[Any],
    *,
    family: str,
    tag_size: float | None,
    camera_path: str | None,
    camera_json: str | None,
    decimate: float,
    threads: int,
) -> str:
    """Returns the tags of a picture as the JSON of a frame's `detections`."""

def run_node() -> str | None:
    """Runs the node that the supervisor describes, until it is told to stop."""
