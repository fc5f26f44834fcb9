"""What an exception of the user's code says to the person who reads the page, and to the log."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from types import TracebackType

LONGEST = 400
PLACES = 3

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_INSTALLED = tuple(
    os.path.abspath(path) + os.sep
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
    if (path := sysconfig.get_paths().get(name))
)


def tell(error: BaseException) -> str:
    """Writes the traceback to the log and returns one line: `ValueError: too dark (detector.py:12 in step)`."""
    error = error.with_traceback(_without_ours(error.__traceback__))
    try:
        sys.stdout.flush()
        print("".join(traceback.format_exception(error)), end="", file=sys.stderr, flush=True)
    except Exception:  # an exception may fail to tell of itself
        print(f"{type(error).__name__}, which cannot be printed", file=sys.stderr, flush=True)
    return in_one_line(error)


def in_one_line(error: BaseException) -> str:
    """The exception with the places of the user's own code, the outermost first."""
    try:
        said = " ".join(str(error).split())
    except Exception:
        said = "it cannot be printed"
    if len(said) > LONGEST:
        said = said[:LONGEST] + " …"
    places = " → ".join(_places(error.__traceback__))
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return f"{what} ({places})" if places else what


def _places(start: TracebackType | None) -> list[str]:
    frames = [
        (frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(start)
        if not frame.f_code.co_filename.startswith((_PACKAGE, "<frozen "))
    ]
    own = [told for told in frames if not os.path.abspath(told[0]).startswith(_INSTALLED)]
    return [_place(*told) for told in (own or frames[-1:])[-PLACES:]]


def _place(file: str, line: int | None, function: str) -> str:
    where = f"{os.path.basename(file)}:{line}"
    return where if function == "<module>" else f"{where} in {function}"


def _without_ours(start: TracebackType | None) -> TracebackType | None:
    """A traceback from the first line on that is not of this package or of the machinery of imports."""
    for traceback_ in _chain(start):
        if not traceback_.tb_frame.f_code.co_filename.startswith((_PACKAGE, "<frozen ")):
            return traceback_
    return start


def _chain(start: TracebackType | None) -> Iterator[TracebackType]:
    while start is not None:
        yield start
        start = start.tb_next
