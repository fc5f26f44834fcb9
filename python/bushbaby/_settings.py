"""Settings of the pipeline file as the types that the code's annotations name."""

from __future__ import annotations

import contextlib
import enum
import sys
import types
import typing
from pathlib import Path, PurePath
from typing import Any


def hints_of(owner: Any) -> dict[str, Any]:
    """The annotations of a function or a class, evaluated. One that names what is only imported for a type checker is left out."""
    try:
        return typing.get_type_hints(owner)
    except Exception:
        return _one_by_one(owner)


def _one_by_one(owner: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in reversed(owner.__mro__) if isinstance(owner, type) else (owner,):
        names = vars(sys.modules.get(one.__module__, typing))
        for name, annotation in getattr(one, "__annotations__", {}).items():
            alone = types.SimpleNamespace(__annotations__={name: annotation})
            with contextlib.suppress(Exception):
                found |= typing.get_type_hints(alone, names)
    return found


def converted(value: Any, hint: Any, base_dir: str) -> Any:
    """A value of the file as its annotation wants it: a `Path` is relative to the file, a `float` is one also for `2`.

    A value that fits none of the annotation's types is left as it is.
    """
    if value is None:
        return None
    for kind in members(hint):
        base = typing.get_origin(kind) or kind
        if not isinstance(base, type):
            continue
        if type(value) is base:
            return value
        if isinstance(value, str) and issubclass(base, PurePath):
            return base(Path(base_dir) / value)
        if isinstance(value, str) and issubclass(base, enum.Enum):
            return base[value] if value in base.__members__ else base(value)
        if base is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, list) and base in (tuple, set, frozenset):
            return base(value)
    return value


def members(hint: Any) -> tuple[Any, ...]:
    """The types of a union, or the type alone; the first that fits wins."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    is_union = typing.get_origin(hint) is typing.Union or type(hint).__name__ == "UnionType"
    return typing.get_args(hint) if is_union else (hint,)
