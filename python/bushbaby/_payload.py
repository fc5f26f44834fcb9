"""What becomes of a Python value when it is sent: arrays with names and encodings, and a body of JSON."""

from __future__ import annotations

import functools
import json
import operator
import pickle as pickling
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _results
from ._errors import BadValue, Damaged, PickleRefused

if TYPE_CHECKING:
    from ._core import Frame

Array = npt.NDArray[Any]
Parts = tuple[list[tuple[str, str, Array]], bytes]

PICKLE = "pickle"
_PLANES = {
    "i420": ("y", "u", "v"),
    "nv12": ("y", "uv"),
    "yuyv": ("yuyv",),
    "rgb8": ("rgb",),
    "bgr8": ("bgr",),
    "gray8": ("gray",),
    "jpeg": ("jpeg",),
}
_NOT_META = ("type", "version", "items")


def parts(
    value: object,
    camera: str,
    results: object = None,
    meta: Mapping[str, object] | None = None,
    arrays: Mapping[str, object] | None = None,
    pickle: bool = False,
    encoding: str | None = None,
) -> Parts:
    """Returns the arrays, as (name, encoding, array), and the body of one frame.

    - `value`: an array, a dict of arrays, results, text, None; with `pickle`, anything.
    - `camera`: the node whose picture it is, or is about.
    - `results`, `meta`, `arrays`: what goes along.
    - `encoding`: the pixel format, where names do not say it.

    Raises `BadValue`, saying what cannot travel.
    """
    if encoding is not None:
        value = _in_format(encoding, value)
    elif type(value) is np.ndarray and results is None and not meta and not arrays:
        named = [_named_picture(value)]
        return named, _body(_type_of(named), camera, None)
    if value is not None and _results.is_results(value):
        if results is not None:
            raise BadValue("results were given twice: as the value, and as `results`")
        value, results = None, value
    if value is not None and not _is_arrays(value):
        if pickle:
            return _pickled(value, camera, meta)
        raise BadValue(_refusal(value))
    named = _named(value, arrays)
    if encoding is not None:
        planes = _PLANES[encoding]
        named = [(name, encoding if name in planes else own, array) for name, own, array in named]
    if results is None:
        return named, _body(_type_of(named), camera, meta)
    items, masks = _results.encode(results)
    taken = {name for name, _, _ in named}
    for name, mask in masks:
        if name in taken:
            raise BadValue(f"array `{name}`: masks have the names mask0, mask1 …; give yours another one")
        named.append((name, "", mask))
    return named, _body("results", camera, meta, items)


def loan_plan(
    shape: object, dtype: object, name: str | None, encoding: str | None
) -> tuple[list[tuple[str, str, str, tuple[int, ...]]], bool]:
    """Returns (name, encoding, dtype, shape) of each array to be lent, and whether they were asked for by name."""
    if isinstance(shape, Mapping):
        if dtype is not None or name is not None or encoding is not None:
            raise BadValue("dtype, name and encoding are those of a lone array; in a dict each value is (shape, dtype)")
        plans = []
        for key, spec in shape.items():
            if not (isinstance(spec, tuple | list) and len(spec) == 2):
                raise BadValue(f"array `{key}`: wanted (shape, dtype), got {spec!r}")
            kind, dims = _dtype(key, spec[1]), _dims(key, spec[0])
            plans.append((key, _encoding(key, kind, dims), kind, dims))
        if "depth" in shape and "rgb" in shape:
            plans.sort(key=lambda plan: plan[0] != "rgb")
        return plans, True
    kind, dims = _dtype("array", "uint8" if dtype is None else dtype), _dims("array", shape)
    if name is None:
        name, guessed = _guessed(kind, dims)
    else:
        guessed = _encoding(name, kind, dims)
    return [(name, guessed if encoding is None else encoding, kind, dims)], False


def loan_body(named: list[tuple[str, str]], camera: str, meta: Mapping[str, object] | None) -> bytes:
    """Returns the body of a frame whose arrays are lent, given as (name, encoding)."""
    return _body(_type_of(named), camera, meta)


def load_object(frame: Frame, allowed: bool) -> object:
    """Returns the object that a frame carries as a pickle, if its reader trusts the sender."""
    place = f"frame {frame.seq} of `{frame.stream}`"
    if frame.encodings.get(PICKLE) != PICKLE:
        raise BadValue(f"{place} carries no pickled object: look at `arrays`, `items` or `meta`")
    if not allowed:
        raise PickleRefused(
            f"{place} is a pickled object, and unpickling runs whatever the sender wants: "
            f"if you trust it, say subscribe({frame.stream!r}, pickle=True)"
        )
    try:
        return pickling.loads(frame[PICKLE].data)
    except Exception as error:
        raise Damaged(f"{place}: its object cannot be unpickled here: {type(error).__name__}: {error}") from error


def _refusal(value: object) -> str:
    if isinstance(value, Mapping):
        for name, array in value.items():
            if not isinstance(name, str):
                return f"a dict of arrays has names as keys, got {name!r}"
            if not _is_array(array):
                return f"array `{name}` is a {type(array).__name__}: in a dict all values are arrays; what is none goes along as meta={{…}}"
    return (
        f"{type(value).__name__} cannot be sent: wanted an array, a dict of arrays, or results "
        "(Box, Tag, Pose, Text, Mask, a dataclass, text, or a list of them). "
        "Any object can with publish(…, pickle=True), to readers that say pickle=True"
    )


def _in_format(encoding: str, value: object) -> Mapping[str, object]:
    """Returns the planes of a picture by the names that its format gives them, in their order."""
    planes = _PLANES.get(encoding)
    if planes is None:
        raise BadValue(f"encoding {encoding!r} is not known; known are {', '.join(_PLANES)}")
    if isinstance(value, bytes | bytearray | memoryview):
        value = np.frombuffer(value, np.uint8)
    if not isinstance(value, Mapping) and len(planes) == 1:
        return {planes[0]: value}
    if not isinstance(value, Mapping) or not set(planes) <= set(value):
        raise BadValue(f"a picture in {encoding} wants the arrays {', '.join(planes)}")
    return {name: value[name] for name in (*planes, *(name for name in value if name not in planes))}


def _is_arrays(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and _is_array(array) for name, array in value.items())
    return _is_array(value)


def _is_array(value: object) -> bool:
    if isinstance(value, np.ndarray | np.generic | bool | int | float):
        return True
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_array(item) for item in value)
    return hasattr(value, "__array__") or hasattr(value, "__array_interface__")


def _named(value: object, arrays: Mapping[str, object] | None) -> list[tuple[str, str, Array]]:
    named: dict[str, tuple[str, str, Array]] = {}
    if isinstance(value, Mapping):
        for name, array in value.items():
            named[name] = _encoded(name, _as_array(name, array))
    elif value is not None:
        first = _named_picture(_as_array("array", value))
        named[first[0]] = first
    for name, array in (arrays or {}).items():
        if name in named:
            raise BadValue(f"array `{name}` was given twice")
        named[name] = _encoded(name, _as_array(name, array))
    # Whoever reads pictures looks at the first array.
    if "depth" in named and "rgb" in named:
        return [named.pop("rgb"), *named.values()]
    return list(named.values())


def _as_array(name: str, value: object) -> Array:
    try:
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
    except Exception as error:
        raise BadValue(f"array `{name}`: {error}") from error
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def _named_picture(array: Array) -> tuple[str, str, Array]:
    return (*_guessed(array.dtype.name, array.shape), array)


def _encoded(name: str, array: Array) -> tuple[str, str, Array]:
    return (name, _encoding(name, array.dtype.name, array.shape), array)


def _guessed(dtype: str, shape: tuple[int, ...]) -> tuple[str, str]:
    """Name and encoding of a lone array, by what it looks like."""
    if dtype == "uint8" and len(shape) == 3 and shape[2] == 3:
        return ("rgb", "rgb8")
    if dtype == "uint8" and len(shape) == 2:
        return ("gray", "gray8")
    return ("array", "")


def _encoding(name: str, dtype: str, shape: tuple[int, ...]) -> str:
    """A named array is a picture when both its name and its shape say so."""
    if dtype != "uint8":
        return ""
    if name in ("rgb", "bgr") and len(shape) == 3 and shape[2] == 3:
        return f"{name}8"
    if name == "gray" and len(shape) == 2:
        return "gray8"
    return "jpeg" if name == "jpeg" and len(shape) == 1 else ""


def _dtype(name: str, dtype: Any) -> str:
    try:
        wanted = np.dtype(dtype)
    except TypeError as error:
        raise BadValue(f"array `{name}`: {dtype!r} is no dtype") from error
    if not wanted.isnative:
        raise BadValue(f"array `{name}`: dtype {wanted} has another byte order than this machine")
    return str(wanted.name)


def _dims(name: str, shape: Any) -> tuple[int, ...]:
    dims = (shape,) if isinstance(shape, int) else shape
    try:
        wanted = tuple(operator.index(dim) for dim in dims)
    except TypeError as error:
        raise BadValue(f"array `{name}`: {shape!r} is no shape: wanted whole numbers, as (1080, 1920, 3)") from error
    if any(dim < 0 for dim in wanted):
        raise BadValue(f"array `{name}`: shape {wanted} has a negative side")
    return wanted


def _type_of(named: Sequence[tuple[Any, ...]]) -> str:
    if named and named[0][0] == "points":
        return "points"
    if named and named[0][1]:
        return "rgbd" if any(part[0] == "depth" for part in named) else "image"
    return "arrays"


def _body(
    kind: str, camera: str, meta: Mapping[str, object] | None, items: list[dict[str, object]] | None = None
) -> bytes:
    if not meta and items is None:
        return _bare_body(kind, camera)
    body: dict[str, object] = {"type": kind, "version": 1, "camera": camera}
    if meta is not None:
        if not isinstance(meta, Mapping):
            raise BadValue(f"meta is a {type(meta).__name__}, wanted a dict")
        body.update((key, _results.plain(value, f"meta[{key!r}]")) for key, value in meta.items() if key not in _NOT_META)
    if items is not None:
        body["items"] = items
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise BadValue(f"the body cannot be written as JSON: {error}") from error


@functools.lru_cache(maxsize=64)
def _bare_body(kind: str, camera: str) -> bytes:
    """The same in every frame of most cameras."""
    return json.dumps({"type": kind, "version": 1, "camera": camera}, separators=(",", ":")).encode()


def _pickled(value: object, camera: str, meta: Mapping[str, object] | None) -> Parts:
    try:
        data = pickling.dumps(value, protocol=5)
    except Exception as error:
        raise BadValue(f"a {type(value).__name__} cannot be pickled: {error}") from error
    return [(PICKLE, PICKLE, np.frombuffer(data, np.uint8))], _body(PICKLE, camera, meta)


