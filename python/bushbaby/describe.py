"""`python -m bushbaby.describe RUN`: what a stage or a source reads, writes and may be told, as one JSON object.

`RUN` is a file, `detector.py` or `detector.py:Detector`, of which nothing is run; or `python:package.module:Class`, which is
imported. What is wrong with it is told on stderr, with a line `hint: …` where something can be done about it; then the exit code
is 1.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from ._described import CannotDescribe
from ._syntax import describe_file

INSTALLED = "python:"


def split(run: str) -> tuple[str, str | None]:
    """`detector.py:Detector` in its two parts, `detector.py` in one."""
    path, colon, name = run.rpartition(":")
    return (path, name) if colon and path.endswith(".py") and name.isidentifier() else (run, None)


def describe(run: str) -> dict[str, Any]:
    """What `run` reads, writes and may be told. Raises `CannotDescribe` with what is wrong with it."""
    if run.startswith(INSTALLED):
        from ._driver import describe_installed

        return describe_installed(run)
    return describe_file(*split(run))


def main(arguments: list[str]) -> int:
    """The command. Only the description goes to stdout: what an imported module prints while it is looked at goes nowhere."""
    if len(arguments) != 1:
        print("usage: python -m bushbaby.describe detector.py[:Detector] | python:package.module:Class", file=sys.stderr)
        return 2
    answer, words = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        told, code = json.dumps(describe(arguments[0]), ensure_ascii=True), 0
    except CannotDescribe as error:
        told, code = str(error) + (f"\nhint: {error.hint}" if error.hint else ""), 1
    except KeyboardInterrupt:
        return 130
    except BaseException as error:  # an imported module may end the program
        told, code = f"{arguments[0]} cannot be described: {type(error).__name__}: {error}", 1
    sys.stdout.flush()
    sys.stderr.flush()
    with os.fdopen(words if code else answer, "w", encoding="utf-8", errors="backslashreplace") as to:
        to.write(told + "\n")
    return code


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Nothing that an imported module left running may hold the answer.
    os._exit(code)
