"""The user's code of a Python node: imported, given its settings, called with frames, its values sent on."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ._settings import converted, hints_of
from ._source import Source
from ._stage import MARK, Node, Stage
from .describe import INSTALLED, split

if TYPE_CHECKING:
    from ._core import Frame, NodeHandle


class Program:
    """One stage or source, ready to be called by the node's loop."""

    def __init__(self, node: NodeHandle, outputs: list[str]) -> None:
        self._node = node
        self._outputs = outputs

    def setup(self) -> None:
        """Prepares it; the node is ready when this returned."""

    def step(self, frames: tuple[Frame | None, ...]) -> bool:
        """Calls it once and sends what it returns. Says whether nothing more will come."""
        raise NotImplementedError

    def teardown(self) -> None:
        """Ends what it started."""

    def _by_output(self, value: Any) -> dict[str, Any]:
        """What goes out on which output: a dict says so by its keys, where there are several outputs."""
        if len(self._outputs) > 1 and isinstance(value, Mapping):
            if all(name in self._outputs for name in value):
                return {name: value[name] for name in self._outputs if name in value}
            if any(name in self._outputs for name in value):
                others = ", ".join(repr(name) for name in value if name not in self._outputs)
                declared = ", ".join(f"`{name}`" for name in self._outputs)
                raise ValueError(f"a value was returned for {others}; `outputs` declares {declared}")
        return {self._outputs[0]: value}


class FunctionProgram(Program):
    """A function under `@bb.stage`."""

    def __init__(self, node: NodeHandle, outputs: list[str], function: Callable[..., Any], names: list[str], settings: dict[str, Any]):
        super().__init__(node, outputs)
        self._function = function
        self._settings = settings
        kinds = {name: parameter.kind for name, parameter in inspect.signature(function).parameters.items()}
        self._names = [None if kinds.get(name) is inspect.Parameter.POSITIONAL_ONLY else name for name in names]

    def step(self, frames: tuple[Frame | None, ...]) -> bool:
        positional = [frame for name, frame in zip(self._names, frames, strict=True) if name is None]
        named = {name: frame for name, frame in zip(self._names, frames, strict=True) if name is not None}
        value = self._function(*positional, **named, **self._settings)
        for output, one in self._by_output(value).items():
            self._node.send(output, one)
        return False


class StageProgram(Program):
    """An instance of a class derived from `bb.Stage`."""

    def __init__(self, node: NodeHandle, outputs: list[str], instance: Any, setup: dict[str, Any]) -> None:
        super().__init__(node, outputs)
        self._instance = instance
        self._setup = setup

    def setup(self) -> None:
        self._instance.setup(**self._setup)

    def step(self, frames: tuple[Frame | None, ...]) -> bool:
        value = self._instance.step(*frames)
        for output, one in self._by_output(value).items():
            self._node.send(output, one)
        return False

    def teardown(self) -> None:
        self._instance.teardown()


class SourceProgram(StageProgram):
    """An instance of a class derived from `bb.Source`."""

    def step(self, frames: tuple[Frame | None, ...]) -> bool:
        try:
            value = self._instance.step()
        except StopIteration:
            return True
        value, captured_at = _with_moment(value)
        first = None
        for output, one in self._by_output(value).items():
            if one is None:
                continue
            # What is of one step is of one moment: the later outputs come of the first one's frame.
            self._node.send(output, one, captured_at=captured_at, of=first)
            first = first or output
        return False


def _with_moment(value: Any) -> tuple[Any, float | None]:
    """`(image, captured_at)` in its parts; a value alone."""
    is_pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], (int, float)) and not isinstance(value[1], bool)
    if is_pair and not isinstance(value[0], (int, float)):
        return value[0], float(value[1])
    return value, None


def load(told: str, base_dir: str, node: NodeHandle) -> Program:
    """Imports what a node runs and gives it its settings.

    - `told`: the node's settings as JSON: `run`, `arguments`, `described`.
    - `base_dir`: the folder of the pipeline file, to which paths are relative.

    Raises whatever the code raises when it is imported.
    """
    settings = json.loads(told)
    described = settings["described"]
    target = imported(settings["run"], described["name"])
    arguments = settings["arguments"]
    outputs = [output["name"] for output in described["outputs"]]
    if isinstance(target, type) and issubclass(target, (Stage, Source)):
        instance, setup = _made(target, arguments, base_dir, node)
        made = SourceProgram if issubclass(target, Source) else StageProgram
        return made(node, outputs, instance, setup)
    if hasattr(target, MARK):
        hints = hints_of(target)
        given = {name: converted(value, hints.get(name), base_dir) for name, value in arguments.items()}
        return FunctionProgram(node, outputs, target, [one["name"] for one in described["inputs"]], given)
    if isinstance(target, type):
        from ._driver import driver_of

        instance = driver_of(target, arguments, base_dir)
        instance._node = node
        return SourceProgram(node, outputs, instance, {})
    raise TypeError(f"{settings['run']} is a {type(target).__name__}: neither a stage nor a source")


def _made(target: type[Node], arguments: dict[str, Any], base_dir: str, node: NodeHandle) -> tuple[Node, dict[str, Any]]:
    """An instance with its settings, which it has before `__init__` runs; and the arguments of its `setup`."""
    parameters = inspect.signature(target.setup).parameters
    of_setup, of_class = hints_of(target.setup), hints_of(target)
    instance = target.__new__(target)
    instance._node = node
    setup: dict[str, Any] = {}
    for name, value in arguments.items():
        if name in parameters:
            setup[name] = converted(value, of_setup.get(name), base_dir)
        else:
            setattr(instance, name, converted(value, of_class.get(name), base_dir))
    instance.__init__()  # type: ignore[misc]
    return instance, setup


def imported(run: str, name: str) -> Any:
    """The function or class that a node runs.

    Raises what its import raises; `AttributeError` when the module does not have it.
    """
    if run.startswith(INSTALLED):
        module_name, _, name = run.removeprefix(INSTALLED).partition(":")
        module = importlib.import_module(module_name)
    else:
        module = _file_module(os.path.abspath(split(run)[0]))
    if not hasattr(module, name):
        raise AttributeError(f"{os.path.basename(run)} has no `{name}` once it is imported")
    return getattr(module, name)


def _file_module(path: str) -> ModuleType:
    """Imports a file as a script would be: what lies beside it can be imported by it."""
    folder, stem = os.path.dirname(path), os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, folder)
    # A file that is called like a module that is there already must not take its place.
    is_taken = stem in sys.modules or stem in sys.stdlib_module_names
    name = f"{stem}_node" if is_taken else stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
