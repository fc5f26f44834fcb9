"""The floor: what one thread's copy does on this machine, into three warm slots of shared memory in turn."""

from __future__ import annotations

import time
from multiprocessing import shared_memory

import numpy as np

from .payload import SOURCES, Array, Payload

_SLOTS = 3


class Floor:
    """Three slots that nobody reads, and frames to copy there."""

    def __init__(self, payload: Payload) -> None:
        self._bytes = payload.size_bytes
        self._sources = [payload.frame(stamp) for stamp in range(SOURCES)]
        self._memory = [shared_memory.SharedMemory(create=True, size=payload.size_bytes) for _ in range(_SLOTS)]
        self._slots = [_arrays_in(memory, payload) for memory in self._memory]
        self._copy(2 * _SLOTS)

    def measure(self, seconds: float) -> float:
        """Copies for so long; returns megabytes a second."""
        begun, copies = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            self._copy(_SLOTS)
            copies += _SLOTS
        return copies * self._bytes / 1e6 / (time.perf_counter() - begun)

    def _copy(self, times: int) -> None:
        for number in range(times):
            slot = self._slots[number % _SLOTS]
            for name, array in self._sources[number % SOURCES].items():
                np.copyto(slot[name], array)

    def close(self) -> None:
        """Gives the memory back."""
        self._slots.clear()
        for memory in self._memory:
            memory.close()
            memory.unlink()


def _arrays_in(memory: shared_memory.SharedMemory, payload: Payload) -> dict[str, Array]:
    arrays, offset = {}, 0
    for name, (shape, dtype) in payload.arrays.items():
        arrays[name] = np.ndarray(shape, dtype, memory.buf, offset)
        offset += arrays[name].nbytes
    return arrays
