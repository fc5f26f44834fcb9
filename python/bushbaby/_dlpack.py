"""Handing a read-only array over by DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def export(
    array: npt.NDArray[Any],
    *,
    stream: object = None,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """Returns a DLPack capsule of the array.

    Who understands DLPack 1.0 is handed the memory itself, marked read-only; who does not, and would write to it, gets a copy.
    """
    tells_read_only = max_version is not None and max_version[0] >= 1 and np.lib.NumpyVersion(np.__version__) >= "2.1.0"
    if tells_read_only and not copy:
        return array.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)
    if copy is False:
        raise BufferError("a read-only frame can only be handed on without a copy to who understands DLPack 1.0")
    return array.copy().__dlpack__(stream=stream)
