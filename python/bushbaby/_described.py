"""What code says of itself: the parts of the answer that `python -m bushbaby.describe` gives, and what may be wrong with them."""

from __future__ import annotations

import json
import math
import re
from typing import Any

# What the frames of an output may hold, by the name that says it.
CARRIES = ("image", "rgbd", "points", "results", "detections", "truth", "audio", "events", "scores", "level", "arrays")

_OUTPUT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\Z")


class CannotDescribe(Exception):
    """Code that makes no node: what is wrong with it, where, and what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def outputs_of(declared: Any) -> list[dict[str, str]]:
    """Outputs from a declaration: `("image", "results")`, one name alone, or `{"overlay": "image"}`, where a name says nothing.

    Raises `ValueError` when it declares none, or none that can be.
    """
    if isinstance(declared, str):
        declared = (declared,)
    pairs = list(declared.items()) if isinstance(declared, dict) else None
    if pairs is None and isinstance(declared, (tuple, list)):
        pairs = [(name, name if name in CARRIES else "arrays") for name in declared if isinstance(name, str)]
        if len(pairs) != len(declared):
            pairs = None
    if not pairs:
        raise ValueError('`outputs` is a tuple of names, as in `outputs = ("image", "results")`, or a dict `{"overlay": "image"}`')
    for name, carries in pairs:
        if not isinstance(name, str) or not _OUTPUT.match(name) or len(name) > 48:
            raise ValueError(f"{name!r} cannot be an output's name: letters, digits, `_`, `.` and `-` can")
        if carries not in CARRIES:
            raise ValueError(f"output {name!r} cannot carry {carries!r}: it is one of {', '.join(CARRIES)}")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("an output is named twice")
    return [{"name": name, "carries": carries} for name, carries in pairs]


def setting(name: str, takes: str, *, required: bool, default: Any = None, has_default: bool = False) -> dict[str, Any]:
    """One setting. A default that is no plain value is left to the code."""
    told: dict[str, Any] = {"name": name, "takes": takes, "required": required}
    if has_default and _is_plain(default):
        told["default"] = json.loads(json.dumps(default))
    return told


def _is_plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    if depth > 20:
        return False
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(key) and _is_plain(item, depth + 1) for key, item in value.items())
    return value is None


def first_paragraph(doc: str | None) -> str | None:
    """The first paragraph of a docstring, on one line."""
    text = " ".join((doc or "").strip().split("\n\n")[0].split())
    return text or None
