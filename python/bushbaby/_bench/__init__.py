"""The Python part of `bushbaby bench bus`: two processes and more, beside this machine's own memcpy in the same run.

Figures are defined as in the Rust part: MB/s are whole frames received unpaced; latency runs from just before the copy into the
bus until one byte of every page was touched, paced; a frame is torn when a page carries another frame's stamp.
"""

from __future__ import annotations

import sys


def command(module: str, *arguments: str) -> list[str]:
    """Returns how a module of this folder is run as another process, by this interpreter."""
    # What this process does not import from the folder in which it was started, the other does not either.
    flags = ["-P"] if sys.flags.safe_path else []
    return [sys.executable, *flags, "-m", f"{__name__}.{module}", *arguments]
