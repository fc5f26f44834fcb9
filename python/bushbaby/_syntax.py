"""A stage's or source's file, described from its syntax tree: nothing of it is run."""

from __future__ import annotations

import ast
import os
import stat
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._described import CannotDescribe, first_paragraph, outputs_of, setting
from ._names import PICTURES, Names, is_none, statements

LARGEST_BYTES = 4 << 20

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_HOW = "put `@bb.stage` above a function, or derive a class with a method `step` from `bb.Stage` or `bb.Source`"


def describe_file(path: str | Path, name: str | None = None) -> dict[str, Any]:
    """What the stage or source in a file reads, writes and may be told; `name` chooses one of several.

    Raises `CannotDescribe`, with the place of the mistake.
    """
    shown = _shown(path)
    try:
        return _File(shown, _parse(path, shown)).describe(name)
    except (RecursionError, MemoryError):
        raise CannotDescribe(f"{shown} cannot be read: it is nested too deeply") from None


def _shown(path: str | Path) -> str:
    try:
        relative = os.path.relpath(path)
    except (ValueError, OSError):
        return str(path)
    return str(path) if relative.startswith("..") else relative


def _parse(path: str | Path, shown: str) -> ast.Module:
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise CannotDescribe(f"{shown} is no file")
        if found.st_size > LARGEST_BYTES:
            raise CannotDescribe(f"{shown} is larger than {LARGEST_BYTES >> 20} MB: that is no stage's code")
        with open(path, "rb") as file:
            source = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        problem = "there is no such file" if isinstance(error, FileNotFoundError) else getattr(error, "strerror", None) or error
        raise CannotDescribe(f"{shown} cannot be read: {problem}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, filename=shown)
    except SyntaxError as error:
        place = ":".join(str(part) for part in (shown, error.lineno, error.offset) if part)
        raise CannotDescribe(f"{place}: {error.msg}") from None
    except ValueError as error:
        raise CannotDescribe(f"{shown} is no Python: {error}") from None


@dataclass
class _Candidate:
    """A function under `@bb.stage`, or a class that derives from `bb.Stage` or `bb.Source`."""

    name: str
    role: str
    node: _Function | ast.ClassDef
    decorator: ast.expr | None = None
    family: list[ast.ClassDef] = field(default_factory=list)
    """For a class: itself and its bases in this file, the nearest first."""


class _File:
    def __init__(self, shown: str, module: ast.Module) -> None:
        self._shown = shown
        self._names = Names(module.body)
        self._body = list(statements(module.body))
        self._classes = {node.name: node for node in self._body if isinstance(node, ast.ClassDef)}

    def describe(self, name: str | None) -> dict[str, Any]:
        chosen = self._choose(name)
        if isinstance(chosen.node, ast.ClassDef):
            described = self._class(chosen)
        else:
            described = self._function(chosen, chosen.node)
        doc = first_paragraph(ast.get_docstring(chosen.node))
        return {"role": chosen.role, "name": chosen.name, "doc": doc, **described}

    def _wrong(self, node: ast.AST, message: str, hint: str | None = None) -> CannotDescribe:
        place = f"{self._shown}:{getattr(node, 'lineno', 1)}:{getattr(node, 'col_offset', 0) + 1}"
        return CannotDescribe(f"{place}: {message}", hint)

    # --- which one -------------------------------------------------------------------------------------------------------

    def _choose(self, name: str | None) -> _Candidate:
        # A later definition of a name replaces an earlier one, as it does when the file runs.
        candidates = {found.name: found for node in self._body if (found := self._candidate(node))}
        if name is not None:
            if name in candidates:
                return candidates[name]
            raise self._no_such(name, candidates)
        if len(candidates) == 1:
            return next(iter(candidates.values()))
        if not candidates:
            raise CannotDescribe(f"{self._shown} has no stage and no source", _HOW)
        listed = ", ".join(f"`{found}`" for found in candidates)
        example = f"{os.path.basename(self._shown)}:{next(iter(candidates))}"
        raise CannotDescribe(f"{self._shown} has several: {listed}", f"say which, as in `run: {example}`")

    def _no_such(self, name: str, candidates: dict[str, _Candidate]) -> CannotDescribe:
        for node in self._body:
            if getattr(node, "name", None) == name and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if isinstance(node, ast.ClassDef) and self._role(self._family(node)):
                    return self._wrong(node, f"`{name}` has no method `step`")
                return self._wrong(node, f"`{name}` is no stage and no source", _HOW)
        listed = ", ".join(f"`{found}`" for found in candidates) or "none"
        return CannotDescribe(f"{self._shown} has no `{name}`; stages and sources in it: {listed}")

    def _candidate(self, node: ast.stmt) -> _Candidate | None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                called = decorator.func if isinstance(decorator, ast.Call) else decorator
                if self._names.meaning(called) == "bushbaby.stage":
                    if isinstance(node, ast.ClassDef):
                        raise self._wrong(node, f"`{node.name}`: `@bb.stage` is for functions", "derive a class from `bb.Stage`")
                    return _Candidate(node.name, "stage", node, decorator)
        if isinstance(node, ast.ClassDef):
            family = self._family(node)
            role = self._role(family)
            if role and self._method(family, "step"):
                return _Candidate(node.name, role, node, family=family)
        return None

    def _family(self, node: ast.ClassDef) -> list[ast.ClassDef]:
        family: list[ast.ClassDef] = []
        waiting = [node]
        while waiting:
            current = waiting.pop(0)
            if current not in family:
                family.append(current)
                bases = (self._classes.get(base.id) for base in current.bases if isinstance(base, ast.Name))
                waiting += [base for base in bases if base is not None]
        return family

    def _role(self, family: list[ast.ClassDef]) -> str | None:
        for node in family:
            for base in node.bases:
                role = {"bushbaby.Stage": "stage", "bushbaby.Source": "source"}.get(self._names.meaning(base))
                if role:
                    return role
        return None

    @staticmethod
    def _method(family: list[ast.ClassDef], name: str) -> _Function | None:
        for node in family:
            for statement in reversed(node.body):
                if isinstance(statement, _Function) and statement.name == name:
                    return statement
        return None

    # --- what it takes ---------------------------------------------------------------------------------------------------

    def _function(self, chosen: _Candidate, node: _Function) -> dict[str, Any]:
        self._refuse_async(node)
        inputs, settings = [], []
        for index, (argument, default) in enumerate(self._arguments(node)):
            if self._names.is_frame(argument.annotation) or (argument.annotation is None and index == 0 and default is None):
                inputs.append(self._input(argument, default))
            else:
                settings.append(self._setting(argument, argument.annotation, default))
        if not inputs:
            raise self._wrong(node, f"`{node.name}` takes no frame", f"as in `def {node.name}(frame: bb.Frame)`")
        declared = None
        if isinstance(chosen.decorator, ast.Call):
            keywords = {keyword.arg: keyword.value for keyword in chosen.decorator.keywords}
            declared = keywords.get("outputs")
        return {"inputs": inputs, "settings": settings, "outputs": self._outputs(declared, node, "results")}

    def _class(self, chosen: _Candidate) -> dict[str, Any]:
        step = self._method(chosen.family, "step")
        assert step is not None  # a class without it is no candidate
        self._refuse_async(step)
        self._refuse_own_arguments(chosen)
        inputs = []
        for argument, default in self._arguments(step, is_method=True):
            if argument.annotation is not None and not self._names.is_frame(argument.annotation):
                name = argument.arg
                raise self._wrong(argument, f"`step` takes frames; `{name}` is none", "write a setting as an attribute of the class")
            inputs.append(self._input(argument, default))
        if chosen.role == "stage" and not inputs:
            raise self._wrong(step, "`step` takes no frame", "as in `def step(self, frame: bb.Frame)`")
        if chosen.role == "source" and inputs:
            raise self._wrong(step, "`step` of a source takes no frames", "derive the class from `bb.Stage`, if it reads some")
        return {
            "inputs": inputs,
            "settings": self._class_settings(chosen),
            "outputs": self._outputs(self._declared(chosen), step, "results" if chosen.role == "stage" else "image"),
        }

    def _refuse_async(self, node: _Function) -> None:
        if isinstance(node, ast.AsyncFunctionDef):
            raise self._wrong(node, f"`{node.name}` is `async`: each call is one frame's work, without `async`")

    def _refuse_own_arguments(self, chosen: _Candidate) -> None:
        init = self._method(chosen.family, "__init__")
        if init:
            for argument, default in self._arguments(init, is_method=True):
                if default is None:
                    raise self._wrong(
                        argument,
                        f"`__init__` of `{chosen.name}` wants `{argument.arg}`, but it is called without arguments",
                        f"write settings as attributes of the class, as in `{argument.arg}: float = 0.5`",
                    )

    def _arguments(self, node: _Function, is_method: bool = False) -> list[tuple[ast.arg, ast.expr | None]]:
        """The arguments with their defaults; `self` left out."""
        arguments = node.args
        for variadic, how in ((arguments.vararg, "*"), (arguments.kwarg, "**")):
            if variadic and node.name != "__init__":
                raise self._wrong(variadic, f"`{node.name}` takes `{how}{variadic.arg}`: name each frame and each setting")
        positional = arguments.posonlyargs + arguments.args
        defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
        pairs = list(zip(positional, defaults, strict=True)) + list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
        is_static = any(self._names.meaning(decorator) == "staticmethod" for decorator in node.decorator_list)
        if not is_method or is_static:
            return pairs
        if not positional:
            raise self._wrong(node, f"`{node.name}` lacks `self`")
        return pairs[1:]

    def _input(self, argument: ast.arg, default: ast.expr | None) -> dict[str, Any]:
        members = self._names.members(argument.annotation)
        return {"name": argument.arg, "optional": default is not None or any(is_none(member) for member in members)}

    def _setting(self, argument: ast.arg, annotation: ast.expr | None, default: ast.expr | None) -> dict[str, Any]:
        if any(self._names.type_name(member) in PICTURES for member in self._names.members(annotation)):
            raise self._wrong(argument, f"`{argument.arg}` is an array", "take `frame: bb.Frame` and use `frame.array`")
        known, value = self._literal(default)
        takes = self._names.takes(annotation)
        return setting(argument.arg, takes, required=default is None, default=value, has_default=known)

    def _class_settings(self, chosen: _Candidate) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for node in reversed(chosen.family):
            for statement in node.body:
                if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                    continue
                name = statement.target.id
                is_constant = any(self._names.type_name(member) == "typing.ClassVar" for member in self._names.members(statement.annotation))
                if name.startswith("_") or name == "outputs" or is_constant:
                    continue
                argument = ast.copy_location(ast.arg(name), statement)
                found[name] = self._setting(argument, statement.annotation, statement.value)
        setup = self._method(chosen.family, "setup")
        if setup:
            self._refuse_async(setup)
            for argument, default in self._arguments(setup, is_method=True):
                found[argument.arg] = self._setting(argument, argument.annotation, default)
        return list(found.values())

    def _literal(self, node: ast.expr | None) -> tuple[bool, Any]:
        """Whether a default is a plain value, and which; a name stands for what the file assigns to it once."""
        if isinstance(node, ast.Name):
            values = [
                statement.value
                for statement in self._body
                if isinstance(statement, (ast.Assign, ast.AnnAssign))
                for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
                if isinstance(target, ast.Name) and target.id == node.id
            ]
            node = values[0] if len(values) == 1 else None
        if node is None or isinstance(node, ast.Name):
            return False, None
        try:
            return True, ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError):
            return False, None

    # --- what it gives ---------------------------------------------------------------------------------------------------

    def _declared(self, chosen: _Candidate) -> ast.expr | None:
        for node in chosen.family:
            for statement in reversed(node.body):
                value: ast.expr | None
                if isinstance(statement, ast.Assign):
                    targets, value = statement.targets, statement.value
                elif isinstance(statement, ast.AnnAssign):
                    targets, value = [statement.target], statement.value
                else:
                    continue
                if any(isinstance(target, ast.Name) and target.id == "outputs" for target in targets):
                    return value
        return None

    def _outputs(self, declared: ast.expr | None, node: _Function, usual: str) -> list[dict[str, str]]:
        returned = self._returned(node)
        if declared is None:
            name = returned if returned and usual == "results" else usual
            return [{"name": name, "carries": name}]
        known, value = self._literal(declared)
        try:
            if not known:
                raise ValueError("`outputs` is written out where it stands: it is read without running the file")
            outputs = outputs_of(value)
        except ValueError as error:
            raise self._wrong(declared, str(error)) from None
        if len(outputs) == 1 and outputs[0]["carries"] == "arrays" and not isinstance(value, dict):
            outputs[0]["carries"] = returned or usual
        return outputs

    def _returned(self, node: _Function) -> str | None:
        """What the annotation says that one call gives; `None` when it says nothing of that."""
        for member in self._names.members(node.returns):
            name = self._names.type_name(member)
            if name in PICTURES:
                return "image"
            if name == "dict" or name.endswith((".Dict", ".Mapping")):
                return "arrays"
            if name in ("list", "tuple", "typing.List", "typing.Sequence", "collections.abc.Sequence") or name.startswith("bushbaby."):
                return "results"
        return None
