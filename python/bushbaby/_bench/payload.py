"""What is sent: frames each page of which carries a stamp that follows from the frame's number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

PAGE_BYTES = 4096
SOURCES = 2
"""Frames in private memory that are sent in turn, so that two in a row never carry the same stamp."""


class Payload(NamedTuple):
    """One kind of frame: its arrays, as name → (shape, dtype), and how many a second when they are paced."""

    title: str
    arrays: dict[str, tuple[tuple[int, ...], str]]
    fps: float

    @property
    def size_bytes(self) -> int:
        """Bytes of all arrays."""
        return sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for shape, dtype in self.arrays.values())

    def frame(self, stamp: int) -> dict[str, Array]:
        """Returns its arrays in private memory, stamped."""
        arrays = {name: np.full(shape, 0x5A, dtype) for name, (shape, dtype) in self.arrays.items()}
        put_stamp(arrays, stamp)
        return arrays


_WIDTH, _HEIGHT = 2208, 1242

PAYLOADS = {
    "bundle": Payload(
        "RGB-D bundle, 60.3 MB",
        {
            "rgb": ((_HEIGHT, _WIDTH, 3), "uint8"),
            "depth": ((_HEIGHT, _WIDTH), "float32"),
            "points": ((_HEIGHT * _WIDTH, 3), "float32"),
            "colors": ((_HEIGHT * _WIDTH, 3), "uint8"),
        },
        15.0,
    ),
    "rgb1080p": Payload("1080p RGB, 6.2 MB", {"rgb": ((1080, 1920, 3), "uint8")}, 30.0),
    "capture1080p": Payload(
        "Full-HD RGB-D, 14.5 MB",
        {"rgb": ((1080, 1920, 3), "uint8"), "depth": ((1080, 1920), "float32")},
        30.0,
    ),
    "small64": Payload("64 bytes", {"bytes": ((64,), "uint8")}, 30.0),
}


def put_stamp(arrays: Mapping[str, Array], stamp: int) -> None:
    """Writes the first byte of every page."""
    for array in arrays.values():
        array.reshape(-1).view(np.uint8)[::PAGE_BYTES] = stamp


def touched(arrays: Mapping[str, Array]) -> list[bytes | int]:
    """Touches one byte of every page; returns them, of each array."""
    seen: list[bytes | int] = []
    for array in arrays.values():
        seen.append(array.item(0) if array.nbytes <= PAGE_BYTES else array.data.cast("B")[::PAGE_BYTES].tobytes())
    return seen


def are_of(seen: list[bytes | int], stamp: int) -> bool:
    """Whether all pages that were touched carry the stamp."""
    return all(pages == (stamp if isinstance(pages, int) else bytes((stamp,)) * len(pages)) for pages in seen)


def is_whole(arrays: Mapping[str, Array], stamp: int) -> bool:
    """Touches one byte of every page; returns whether all carry the stamp."""
    return are_of(touched(arrays), stamp)


def plain_stamp(number: int) -> int:
    """The stamp of a frame whose source goes as it is."""
    return number % SOURCES


def own_stamp(number: int) -> int:
    """The stamp of a frame that is told from every other of its time."""
    return number % 251
