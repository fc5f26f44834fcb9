"""`python:package.module:Class`: an installed class as a node.

A stage or a source is what it is. Any other class becomes a source, by the methods that it has; nothing has to derive from ours:

- the interface of airo-camera-toolkit (`grab_images`, `retrieve_rgb_image_as_int` …): `image` for a camera with one picture,
  `rgbd` and `points` for one with depth or two views;
- `read()` or `step()`, which returns an array, a dict of arrays, or None for nothing yet; `read()` may also return OpenCV's
  `(ok, image)`, and either of them `(image, captured_at)`.

Its settings are the arguments of its constructor.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import logging
import sys
import time
import typing
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from ._described import CannotDescribe, first_paragraph, outputs_of, setting
from ._failure import in_one_line
from ._settings import converted, hints_of, members
from ._source import Source
from ._stage import MARK, Stage
from ._syntax import describe_file

_CAMERA = ("grab_images", "retrieve_rgb_image_as_int")
_CALLS = ("step", "read")
_ENDS = ("close", "release", "stop")
CONFIDENCE = "confidence"


def describe_installed(run: str) -> dict[str, Any]:
    """What `python:package.module:Class` reads, writes and may be told; the module is imported.

    Raises `CannotDescribe`, when it cannot be imported or is no node.
    """
    target = _found(run)
    if hasattr(target, MARK) or (isinstance(target, type) and issubclass(target, (Stage, Source))):
        file = inspect.getsourcefile(inspect.unwrap(target))
        if file is None:
            raise CannotDescribe(f"{run} has no source that could be read")
        return describe_file(file, target.__name__)
    if not isinstance(target, type):
        raise CannotDescribe(f"{run} is a {type(target).__name__}, wanted a class", "or a function under `@bb.stage`")
    return {
        "role": "source",
        "name": target.__name__,
        "doc": first_paragraph(target.__doc__),
        "inputs": [],
        "settings": _settings(run, target),
        "outputs": _outputs(run, target),
    }


def _found(run: str) -> Any:
    module_name, _, name = run.partition(":")[2].partition(":")
    if not module_name or not name.isidentifier():
        raise CannotDescribe(f"`{run}` names no class that is installed", "as in `python:package.module:Class`")
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:  # an imported module may do anything
        hint = None
        if isinstance(error, ModuleNotFoundError):
            hint = f"install what is missing for this interpreter: {sys.executable} -m pip install …"
        raise CannotDescribe(f"`{module_name}` cannot be imported: {in_one_line(error)}", hint) from None
    if not hasattr(module, name):
        classes = [one for one, value in vars(module).items() if isinstance(value, type) and value.__module__ == module.__name__]
        listed = ", ".join(f"`{one}`" for one in classes) or "none"
        raise CannotDescribe(f"`{module_name}` has no `{name}`; classes in it: {listed}")
    return getattr(module, name)


def _is_camera(target: type) -> bool:
    return all(callable(getattr(target, name, None)) for name in _CAMERA)


def _outputs(run: str, target: type) -> list[dict[str, str]]:
    if inspect.isabstract(target):
        missing = ", ".join(sorted(getattr(target, "__abstractmethods__")))
        raise CannotDescribe(f"{run} is abstract, it lacks: {missing}", "name the class of one make of camera")
    if _is_camera(target):
        has_more = hasattr(target, "retrieve_depth_map") or hasattr(target, "pose_of_right_view_in_left_view")
        return outputs_of(("rgbd", "points") if has_more else ("image",))
    if not any(callable(getattr(target, name, None)) for name in _CALLS):
        raise CannotDescribe(
            f"{run} is no camera: it has neither `grab_images` and `retrieve_rgb_image_as_int` nor `read` or `step`",
            "derive a class from `bb.Source`",
        )
    try:
        return outputs_of(getattr(target, "outputs", ("image",)))
    except ValueError as error:
        raise CannotDescribe(f"{run}: {error}") from None


def _settings(run: str, target: type) -> list[dict[str, Any]]:
    hints = hints_of(target.__init__)  # type: ignore[misc]
    found = []
    for parameter in _parameters(target):
        if parameter.kind is parameter.POSITIONAL_ONLY:
            if parameter.default is parameter.empty:
                raise CannotDescribe(f"{run} wants `{parameter.name}`, which cannot be given by its name")
            continue
        has_default = parameter.default is not parameter.empty
        takes = _takes(hints.get(parameter.name))
        default = parameter.default if has_default else None
        found.append(setting(parameter.name, takes, required=not has_default, default=default, has_default=has_default))
    if _has_confidence_switch(target):
        found.append(setting(CONFIDENCE, "boolean", required=False, default=False, has_default=True))
    return found


def _parameters(target: type) -> list[inspect.Parameter]:
    try:
        parameters = inspect.signature(target).parameters.values()
    except (ValueError, TypeError):
        return []  # a class of C code that does not say
    return [one for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]


def _has_confidence_switch(target: type) -> bool:
    """Whether it is said in the file if the confidence map, which is costly, is sent."""
    is_free = all(parameter.name != CONFIDENCE for parameter in _parameters(target))
    return is_free and _is_camera(target) and hasattr(target, "retrieve_confidence_map")


def _takes(hint: Any) -> str:
    found = {_takes_one(member) for member in members(hint) if member is not type(None)}
    if found == {"integer", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else "anything"


def _takes_one(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        named = {type(value) for value in typing.get_args(hint)}
        return {str: "text", int: "integer", bool: "boolean"}.get(named.pop(), "anything") if len(named) == 1 else "anything"
    base = typing.get_origin(hint) or hint
    if not isinstance(base, type) or issubclass(base, enum.Enum):
        return "anything"
    kinds: type | tuple[type, ...]
    for kinds, takes in (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        ((str, PurePath), "text"),
        ((list, tuple, set, frozenset), "list"),
        (Mapping, "object"),
    ):
        if issubclass(base, kinds):
            return takes
    return "anything"


def driver_of(target: type, arguments: dict[str, Any], base_dir: str) -> Source:
    """A source that makes an instance of a class in its `setup` and reads it in its `step`."""
    hints = hints_of(target.__init__)  # type: ignore[misc]
    own = _has_confidence_switch(target)
    confidence = bool(arguments.get(CONFIDENCE)) if own else False
    given = {
        name: converted(value, hints.get(name), base_dir)
        for name, value in arguments.items()
        if not (own and name == CONFIDENCE)
    }
    return _CameraDriver(target, given, confidence) if _is_camera(target) else _CallDriver(target, given)


class _CallDriver(Source):
    """A class with `step()` or `read()`."""

    def __init__(self, target: type, arguments: dict[str, Any]) -> None:
        self._target, self._arguments = target, arguments
        self._device: Any = None

    def setup(self) -> None:
        self._device = self._target(**self._arguments)
        name = next(name for name in _CALLS if callable(getattr(self._device, name, None)))
        self._call = getattr(self._device, name)

    def step(self) -> Any:
        value = self._call()
        is_opencv = isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], (bool, int))
        if is_opencv:
            return value[1] if value[0] else None
        return value

    def teardown(self) -> None:
        end = next((getattr(self._device, name) for name in _ENDS if callable(getattr(self._device, name, None))), None)
        if end is not None:
            end()


class _CameraDriver(Source):
    """A camera with the interface of airo-camera-toolkit."""

    def __init__(self, target: type, arguments: dict[str, Any], confidence: bool) -> None:
        self._target, self._arguments, self._confidence = target, arguments, confidence
        self._meta: dict[str, Any] | None = None

    def setup(self) -> None:
        from .airo._capture import Capture

        self._capture = Capture(self._target(**self._arguments), confidence=self._confidence)
        # What the camera writes is settled when its class is described, by what it can do.
        self._output = self._capture.output

    def step(self) -> None:
        self._capture.grab()
        captured_at = time.monotonic()
        arrays = self._capture.arrays()
        if self._meta is None:
            self._meta = self._capture.meta()
            if self._capture.why_no_depth is not None:
                logging.getLogger(__name__).warning("it sends no depth: %s", self._capture.why_no_depth)
        self.send(self._output, arrays, captured_at=captured_at, meta=self._meta)
        if self._capture.has_depth and self.is_wanted("points"):
            self.send("points", self._capture.points(), of=self._output, meta=self._meta)

    def teardown(self) -> None:
        self._capture.close()
