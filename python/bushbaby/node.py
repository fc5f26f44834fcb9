"""`python -m bushbaby.node`: one Python node, started by the supervisor.

The supervisor is at the other end of an inherited socket and says what to run. What the code prints, logs and warns of goes to the
node's log, line by line.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
import time

# How long threads that the code left running may hold the end of the process.
LAST_WORDS_S = 2.0


class _Levels(logging.Formatter):
    """`WARN it is dark`: the supervisor takes the level from the line's first word."""

    _WORDS = {"CRITICAL": "ERROR", "WARNING": "WARN"}

    def format(self, record: logging.LogRecord) -> str:
        return f"{self._WORDS.get(record.levelname, record.levelname)} {super().format(record).rstrip()}"


def _log_by_lines() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Levels("%(message)s"))
    wanted = os.environ.get("BUSHBABY_LOG", "").upper()
    level = {"WARN": "WARNING", "TRACE": "DEBUG"}.get(wanted, wanted)
    logging.basicConfig(level=level if level in ("DEBUG", "INFO", "WARNING", "ERROR") else "INFO", handlers=[handler])
    logging.captureWarnings(True)


def _end_anyway(code: int) -> None:
    time.sleep(LAST_WORDS_S)
    os._exit(code)


def main() -> int:
    """Runs the node until it is told to stop. Returns the exit code: 0 when it ended as it was asked."""
    # Ctrl-C in the terminal reaches every process there; the supervisor asks its nodes itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _log_by_lines()
    faulthandler.enable()
    from ._core import run_node

    problem = run_node()
    if problem is not None:
        print(f"ERROR {problem}", file=sys.stderr)
    code = 0 if problem is None else 1
    threading.Thread(target=_end_anyway, args=(code,), name="end", daemon=True).start()
    return code


if __name__ == "__main__":
    sys.exit(main())
