"""Results: small typed records that travel beside pictures, and how they become JSON and come back."""

from __future__ import annotations

import dataclasses
import functools
import math
import types as _types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ._errors import BadValue, Damaged

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from ._core import Frame

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(slots=True)
class Box:
    """A rectangle in the picture.

    - `x`, `y`: its upper left corner in pixels; (0, 0) is the outer corner of the picture's first pixel, x right, y down.
    - `width`, `height`: in pixels.
    - `label`: what it is. `score`: how sure, 0 to 1. `id`: the same for the same thing over time, where it is followed.
    """

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    score: float | None = None
    id: int | None = None


@dataclass(slots=True, eq=False)
class TagPose:
    """Where a tag is, seen from the camera.

    - `R` (3, 3), `t` (3,): take a point of the tag (x right, y down, z into it) to the camera (x right, y down, z ahead); metres.
    - `yaw`, `pitch`, `roll`: degrees, all zero when the tag faces the camera upright; R = Ry(yaw) · Rx(pitch) · Rz(roll).
    - `error`: root mean square distance in pixels of the corners from where this pose puts them.
    """

    R: Floats
    t: Floats
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    error: float = 0.0

    def __post_init__(self) -> None:
        self.R = _floats(self.R, (3, 3), "TagPose: R")
        self.t = _floats(self.t, (3,), "TagPose: t")


@dataclass(slots=True, eq=False)
class Tag:
    """An AprilTag in the picture.

    - `id`: the number that it carries; `family`: written in full, `tag36h11`.
    - `corners` (4, 2): left-bottom, right-bottom, right-top, left-top of the upright tag in pixels; (0, 0) is the outer corner of
      the picture's first pixel.
    - `hamming`: wrong bits that were put right; `margin`: how clearly it was read, in grey levels.
    - `pose`, `pose_alt`: where it is, and the other pose that explains the corners; None without tag size or camera.
    - `ambiguity`: error of `pose` divided by that of `pose_alt`, 0 to 1: near 1 the two cannot be told apart.
    - `calibrated`: whether the pose was made with a measured camera.
    """

    id: int
    corners: Floats
    family: str = "tag36h11"
    hamming: int = 0
    margin: float = 0.0
    pose: TagPose | None = None
    pose_alt: TagPose | None = None
    ambiguity: float | None = None
    calibrated: bool = False

    def __post_init__(self) -> None:
        self.corners = _floats(self.corners, (4, 2), "Tag: corners")


@dataclass(slots=True, eq=False)
class Pose:
    """Where a thing is, seen from the camera.

    - `R` (3, 3), `t` (3,): take a point of the thing to the camera (x right, y down, z ahead); metres.
    - `label`: what it is. `size`: its extent along its own x, y and z in metres, where it is known.
    """

    R: Floats
    t: Floats
    label: str = ""
    size: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        self.R = _floats(self.R, (3, 3), "Pose: R")
        self.t = _floats(self.t, (3,), "Pose: t")


@dataclass(slots=True)
class Text:
    """A few words, at a place in the picture (its left end, in pixels) or for all of it."""

    text: str
    x: float | None = None
    y: float | None = None


@dataclass(slots=True, eq=False)
class Mask:
    """Which part of the picture is meant.

    - `array` (h, w): uint8 or bool, 0 is outside. Any size with the picture's aspect.
    - `label`: what it is. `color`: how to draw it, as `#ff8800`; None: as the page likes.
    """

    array: npt.NDArray[Any]
    label: str = ""
    color: str | None = None


@dataclass(slots=True)
class Unknown:
    """A result of a type that this program was not told: `subscribe(…, types=[…])` tells it.

    - `type`: its name. `fields`: everything it says, as JSON gives it.
    """

    type: str
    fields: dict[str, Any] = field(default_factory=dict)


Result: TypeAlias = "Box | Tag | Pose | Text | Mask | Unknown | DataclassInstance | str"

_OWN: dict[str, type] = {"box": Box, "tag": Tag, "pose": Pose, "text": Text, "mask": Mask}
_WORD: dict[type, str] = {own: word for word, own in _OWN.items()}
# Longest array inside a result; more belongs on the frame.
_MOST_ELEMENTS = 4096


def is_results(value: object) -> bool:
    """Whether a value is results, and no array."""
    if isinstance(value, str) or _is_record(value):
        return True
    return isinstance(value, list | tuple) and all(isinstance(item, str) or _is_record(item) for item in value)


def encode(results: object) -> tuple[list[dict[str, object]], list[tuple[str, npt.NDArray[Any]]]]:
    """Returns the items as JSON takes them, and the arrays that belong to them."""
    if isinstance(results, str) or _is_record(results):
        results = [results]
    if not isinstance(results, Iterable):
        raise BadValue(f"results are a {type(results).__name__}, wanted a list of Box, Tag, Pose, Text, Mask, dataclasses or text")
    items: list[dict[str, object]] = []
    masks: list[tuple[str, npt.NDArray[Any]]] = []
    for index, result in enumerate(results):
        items.append(_encode_one(result, f"results[{index}]", masks))
    return items, masks


def decode(frame: Frame, types: Mapping[str, type] | None) -> list[Any]:
    """Returns a frame's items as records. Raises `Damaged` when its body is none of ours."""
    meta = frame.meta
    items = meta.get("items", [])
    place = f"frame {frame.seq} of `{frame.stream}`"
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Damaged(f"{place}: `items` is no list of objects")
    of_all = "tag" if meta.get("type") == "detections" else None
    return [_decode_one(item, of_all, types or {}, frame, f"{place}: items[{n}]") for n, item in enumerate(items)]


def plain(value: object, place: str) -> object:
    """Returns a value as JSON takes it: NumPy's numbers and small arrays become numbers and lists."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise BadValue(f"{place} is {value}, which JSON cannot say: leave it out, or send None")
        return value
    if isinstance(value, np.ndarray):
        if value.size > _MOST_ELEMENTS:
            raise BadValue(f"{place} is an array of {value.size} elements: send it as an array of the frame, send(…, name=array)")
        return plain(value.tolist(), place)
    if isinstance(value, Mapping):
        return {str(key): plain(inner, f"{place}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner, f"{place}[{n}]") for n, inner in enumerate(value)]
    if _is_record(value):
        return {name: plain(inner, f"{place}.{name}") for name, inner in _fields(value)}
    raise BadValue(f"{place} is a {type(value).__name__}, which JSON cannot say: wanted text, numbers, lists, dicts or dataclasses")


def _is_record(value: object) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _fields(record: Any) -> Iterable[tuple[str, object]]:
    return ((spec.name, getattr(record, spec.name)) for spec in dataclasses.fields(record))


def _encode_one(result: object, place: str, masks: list[tuple[str, npt.NDArray[Any]]]) -> dict[str, object]:
    if isinstance(result, str):
        return {"type": "text", "text": result}
    if isinstance(result, Unknown):
        return {"type": result.type, **typing.cast("dict[str, object]", plain(result.fields, place))}
    if isinstance(result, Mask):
        array = np.asarray(result.array)
        if array.ndim != 2 or array.dtype not in (np.uint8, np.bool_):
            raise BadValue(f"{place}: a Mask wants uint8 or bool of shape (h, w), got {array.dtype} of shape {array.shape}")
        name = f"mask{len(masks)}"
        masks.append((name, array))
        return _without_none({"type": "mask", "array": name, "label": result.label, "color": result.color})
    if not _is_record(result):
        raise BadValue(f"{place} is a {type(result).__name__}, wanted Box, Tag, Pose, Text, Mask, a dataclass or text")
    word = _WORD.get(type(result))
    fields = {name: plain(value, f"{place}.{name}") for name, value in _fields(result)}
    if word is not None:
        return _without_none({"type": word, **fields})
    if "type" in fields:
        raise BadValue(f"{place}: the dataclass {type(result).__name__} has a field `type`, which is where its own name travels")
    return {"type": type(result).__name__, **fields}


def _without_none(item: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in item.items() if value is not None}


def _decode_one(item: dict[str, Any], of_all: str | None, types: Mapping[str, type], frame: Frame, place: str) -> Any:
    word = of_all or item.get("type", "")
    fields = {key: value for key, value in item.items() if key != "type"}
    wanted = types.get(word) or _OWN.get(word)
    if wanted is None:
        return Unknown(str(word), fields)
    if wanted is Mask:
        name = fields.get("array")
        if not isinstance(name, str) or name not in frame:
            raise Damaged(f"{place}: its mask `{name}` is no array of the frame")
        fields["array"] = frame[name]
    try:
        return _build(wanted, fields)
    except Exception as error:
        raise Damaged(f"{place} is no {wanted.__name__}: {error}") from error


def _build(wanted: type, fields: Mapping[str, Any]) -> Any:
    """Makes a dataclass of what JSON gave; fields that it does not have are left out."""
    hints = _hints(wanted)
    known = {spec.name: spec for spec in dataclasses.fields(wanted) if spec.init}
    return wanted(**{name: _as_hinted(hints.get(name), value) for name, value in fields.items() if name in known})


@functools.cache
def _hints(wanted: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(wanted)
    except Exception:  # It names types that are not there at run time: its fields come as JSON has them.
        return {}


def _as_hinted(hint: Any, value: Any) -> Any:
    """Brings one value from what JSON has to what a dataclass asks for."""
    if value is None or hint is None:
        return value
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (typing.Union, _types.UnionType):
        inner = [option for option in arguments if option is not type(None)]
        return _as_hinted(inner[0], value) if len(inner) == 1 else value
    if hint in (float, int, str, bool):
        return _as_scalar(hint, value)
    if hint is np.ndarray or origin is np.ndarray:
        return value if isinstance(value, np.ndarray) else np.asarray(value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        return _build(hint, value)
    if origin is list and isinstance(value, list) and arguments:
        return [_as_hinted(arguments[0], inner) for inner in value]
    if (hint is tuple or origin is tuple) and isinstance(value, list):
        if arguments and arguments[-1] is not Ellipsis and len(arguments) == len(value):
            return tuple(_as_hinted(argument, inner) for argument, inner in zip(arguments, value, strict=True))
        return tuple(_as_hinted(arguments[0] if arguments else None, inner) for inner in value)
    for collection in (set, frozenset):
        if collection in (hint, origin) and isinstance(value, list):
            return collection(value)
    return value


def _as_scalar(hint: type, value: Any) -> Any:
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise TypeError(f"wanted {hint.__name__}, got {value!r:.80}")
    return value


def _floats(value: object, shape: tuple[int, ...], what: str) -> Floats:
    array = np.asarray(value, np.float64)
    if array.shape != shape:
        raise BadValue(f"{what} has shape {array.shape}, wanted {shape}")
    return array


def tag(item: Mapping[str, Any]) -> Tag:
    """Makes a tag of one item of a `detections` body."""
    return typing.cast(Tag, _build(Tag, item))
