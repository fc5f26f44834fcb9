"""For tests of the bus: an instance of their own, and other programs on it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from leftovers import remove_at_end

# How long a test waits for what must come; reached only when it does not come.
PATIENCE_S = 30.0


def until(what: str, check: Callable[[], Any]) -> Any:
    """Looks until something is so, and returns it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come: {what}")
        time.sleep(0.005)
    return found


class Program:
    """Another Python program on the same bus. Its code has `bb` and `np`; `say(…)` hands a line to the test, `hear()` waits for one."""

    _BEFORE = """
        import sys
        import numpy as np
        import bushbaby as bb
        def say(*words): print(*words, flush=True)
        def hear(): return sys.stdin.readline().strip()
    """

    def __init__(self, code: str) -> None:
        source = textwrap.dedent(self._BEFORE) + textwrap.dedent(code)
        self.process = subprocess.Popen(
            [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def line(self) -> str:
        """Waits for the next line that it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the other program ended: {self._stderr()}")
        return line.strip()

    def tell(self, line: str = "") -> None:
        """Hands it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def is_asleep(self) -> bool:
        """Whether it waits for something."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "S"

    def ends(self) -> tuple[int, str]:
        """Waits for its end; returns its exit code and what it wrote to stderr."""
        _, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, err

    def close(self) -> None:
        """Ends it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def _stderr(self) -> str:
        return self.process.communicate(timeout=PATIENCE_S)[1]


class BusTest(unittest.TestCase):
    """A test with an instance of its own, in folders of its own."""

    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="bushbaby-test-"))
        os.chmod(folder, 0o700)
        self.instance = f"t{os.getpid()}-{abs(hash(self.id())) % 100_000_000}"
        remove_at_end(self.instance)
        self.runtime_dir = os.path.join(folder, "bushbaby", self.instance)
        self.enterContext(
            _environment(BUSHBABY_INSTANCE=self.instance, XDG_RUNTIME_DIR=folder, XDG_STATE_HOME=folder)
        )

    def program(self, code: str) -> Program:
        """Starts another program, which ends with the test."""
        program = Program(code)
        self.addCleanup(program.close)
        return program


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
