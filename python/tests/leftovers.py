"""Tests kill processes; what these leave in shared memory goes when the tests end, as the next start of their instance would do."""

from __future__ import annotations

import atexit
import os
from pathlib import Path


def remove_at_end(instance: str) -> None:
    """Has everything of a test's own instance removed once all tests of this process are over."""
    atexit.register(_remove, f"bb_{instance}_")


def _remove(prefix: str) -> None:
    for name in os.listdir("/dev/shm"):
        if name.startswith(prefix):
            Path("/dev/shm", name).unlink(missing_ok=True)
