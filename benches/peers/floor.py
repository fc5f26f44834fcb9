"""The floor: what one thread's copy does on this machine, into three warm slots of shared memory in turn."""

import time
from multiprocessing import shared_memory

import numpy as np

from .payload import Payload

SLOTS = 3


class Floor:
    """Three slots that nobody reads, and two frames to copy there."""

    def __init__(self, payload: Payload) -> None:
        self._size_bytes = payload.size_bytes
        self._sources = [payload.frame(stamp) for stamp in (0, 1)]
        self._memory, self._slots = [], []
        for _ in range(SLOTS):
            memory = shared_memory.SharedMemory(create=True, size=payload.size_bytes)
            self._memory.append(memory)
            slot, offset = {}, 0
            for name, (shape, dtype) in payload.arrays.items():
                slot[name] = np.ndarray(shape, dtype, memory.buf, offset)
                offset += slot[name].nbytes
            self._slots.append(slot)
        self._copy(2 * SLOTS)

    def measure(self, seconds: float) -> float:
        """Copies for so long; returns megabytes a second."""
        begun, copies = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            self._copy(SLOTS)
            copies += SLOTS
        return copies * self._size_bytes / 1e6 / (time.perf_counter() - begun)

    def _copy(self, times: int) -> None:
        for number in range(times):
            slot, source = self._slots[number % SLOTS], self._sources[number % 2]
            for name, array in source.items():
                np.copyto(slot[name], array)

    def close(self) -> None:
        self._slots.clear()
        for memory in self._memory:
            memory.close()
            memory.unlink()
