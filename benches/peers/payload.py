"""What is sent: frames of four sizes, each page of which carries a stamp by which a torn one is told.

A frame is a dict of arrays. Beside its pictures each has `note`: int64 (4,), see `Note`.
"""

from typing import NamedTuple

import numpy as np

PAGE_BYTES = 4096
WIDTH, HEIGHT = 2208, 1242

Frame = dict[str, np.ndarray]


class Note(NamedTuple):
    """Travels in every frame as the array `note`."""

    stamp: int
    """The byte that stands at the beginning of every page."""
    captured_ns: int
    """CLOCK_MONOTONIC just before the frame went into the transport."""
    number: int
    """Counts the frames of one producer."""
    round: int
    """In which round it was sent: what a queue still holds of the round before is not counted."""


class Payload(NamedTuple):
    """One kind of frame: its arrays as name → (shape, dtype), and how often it comes when it comes at its pace."""

    title: str
    arrays: dict[str, tuple[tuple[int, ...], str]]
    fps: float

    def frame(self, stamp: int) -> Frame:
        """Returns its arrays in private memory, stamped."""
        frame = {name: np.full(shape, 0x5A, dtype) for name, (shape, dtype) in self.arrays.items()}
        put_stamp(frame, stamp)
        return frame

    @property
    def size_bytes(self) -> int:
        return sum(int(np.prod(shape)) * np.dtype(dtype).itemsize for shape, dtype in self.arrays.values())


PAYLOADS = {
    "bundle": Payload(
        "2K RGB-D bundle, 60.3 MB",
        {
            "rgb": ((HEIGHT, WIDTH, 3), "uint8"),
            "depth": ((HEIGHT, WIDTH), "float32"),
            "points": ((HEIGHT * WIDTH, 3), "float32"),
            "colors": ((HEIGHT * WIDTH, 3), "uint8"),
        },
        15.0,
    ),
    "capture1080p": Payload(
        "Full-HD RGB-D, 14.5 MB",
        {"rgb": ((1080, 1920, 3), "uint8"), "depth": ((1080, 1920), "float32")},
        30.0,
    ),
    "rgb1080p": Payload("1080p RGB, 6.2 MB", {"rgb": ((1080, 1920, 3), "uint8")}, 30.0),
    "small64": Payload("64 bytes", {"bytes": ((64,), "uint8")}, 30.0),
}


def put_stamp(frame: Frame, stamp: int) -> None:
    """Writes the stamp into the first byte of every page of every array."""
    for array in frame.values():
        array.reshape(-1).view(np.uint8)[::PAGE_BYTES] = stamp


def is_whole(frame: Frame, payload: Payload, stamp: int) -> bool:
    """Touches one byte of every page; returns whether all carry the stamp."""
    whole = True
    for name in payload.arrays:
        if frame[name].nbytes <= PAGE_BYTES:
            whole &= frame[name].item(0) == stamp
            continue
        # All pages, also behind a bad one: the reader's work must not depend on what it finds.
        pages = memoryview(frame[name]).cast("B")[::PAGE_BYTES].tobytes()
        whole &= pages == bytes((stamp,)) * len(pages)
    return whole
