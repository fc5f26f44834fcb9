"""`bb.stage` and `bb.Stage`: code that is called with frames and says what it found in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ._errors import Error

if TYPE_CHECKING:
    from ._core import Frame, NodeHandle

Function = TypeVar("Function", bound=Callable[..., Any])
Outputs = str | tuple[str, ...] | list[str] | dict[str, str]

MARK = "__bushbaby_outputs__"


@overload
def stage(function: Function, /) -> Function: ...
@overload
def stage(*, outputs: Outputs | None = None) -> Callable[[Function], Function]: ...
def stage(function: Callable[..., Any] | None = None, /, *, outputs: Outputs | None = None) -> Any:
    """Makes a function a stage, to be run by a pipeline file: `run: detector.py`.

    Arguments annotated `bb.Frame` are its inputs, in the order of `in:`; the first gives the pace. All others are settings: keys of
    the node in the file. What it returns is sent with the capture time and the origin of the first frame: results, an array (a
    picture), a dict of arrays, or None for nothing. The function can still be called as it is.

    - `outputs`: names of its outputs, as in `("image", "results")`, or what each carries: `{"overlay": "image"}`. Without it there
      is one: `image` when the return annotation is an array, else `results`. With several it returns a dict with a value for each
      output that has one.
    """

    def mark(function: Function) -> Function:
        if isinstance(function, type) or not callable(function):
            raise TypeError("bb.stage is for functions; derive a class from bb.Stage")
        setattr(function, MARK, outputs)
        return function

    return mark if function is None else mark(function)


class Node:
    """What stages and sources have in common: their end of the bus."""

    _node: NodeHandle | None = None

    def setup(self) -> None:
        """Runs once, before the first step; the node is ready when it returned. Arguments are settings, as attributes are."""

    def teardown(self) -> None:
        """Runs once, when the node ends, also after a step that raised."""

    def is_wanted(self, output: str) -> bool:
        """Whether anybody reads an output: ask before computing what is only made for readers."""
        return self._handle().is_wanted(output)

    @property
    def name(self) -> str:
        """The node's name in the pipeline file."""
        return self._handle().node

    def _handle(self) -> NodeHandle:
        if self._node is None:
            raise Error(f"{type(self).__name__} does not run as a node: `bushbaby run` starts it, from a file with `run:`")
        return self._node


class Stage(Node):
    """A stage with state: derive a class, write `step`, and say `run: detector.py`.

        class Detector(bb.Stage):
            threshold: float = 0.5                      # a setting: a key of the node in the file

            def setup(self) -> None: ...                # ready when it returned
            def step(self, table: bb.Frame, door: bb.Frame | None) -> list[bb.Box]: ...
            def teardown(self) -> None: ...

    `step` is called with a frame for each input, in the order of `in:`. The first gives the pace; the others are the newest there
    are, and waited for, unless they may be None. Settings are annotated attributes, and arguments of `setup`. What `step` returns is
    sent as `bb.stage` tells; `outputs` as there, as an attribute of the class.
    """

    def send(
        self,
        output: str,
        value: object,
        *,
        frame: Frame | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> None:
        """Sends a value on an output, with the capture time and the origin of the frame that `step` works on, or of `frame`.

        - `meta`: further keys of the frame's `meta`.

        Raises `BadValue` for an output that `outputs` does not declare and for a value that cannot travel.
        """
        self._handle().send(output, value, frame=frame, meta=meta)
