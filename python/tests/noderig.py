"""The supervisor's side of a node, for tests: starts `python -m bushbaby.node` and speaks its control protocol."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bushbaby.describe import describe
from leftovers import remove_at_end

# How long a test waits for what must come; reached only when it does not come.
PATIENCE_S = 40.0

_COUNT = itertools.count()


def instance_name() -> str:
    """An instance that no other test of this machine uses."""
    name = f"py{os.getpid()}-{next(_COUNT)}"
    remove_at_end(name)
    return name


class Folder:
    """A folder of the test's own, with the files that it writes."""

    def __init__(self) -> None:
        self._made = tempfile.TemporaryDirectory(prefix="bushbaby-test-")
        self.path = Path(self._made.name)

    def write(self, name: str, source: str) -> str:
        """Writes a file and returns its path."""
        path = self.path / name
        path.write_text(textwrap.dedent(source))
        return str(path)

    def close(self) -> None:
        """Removes it."""
        self._made.cleanup()


class Node:
    """A Python node that runs, as its supervisor sees it. `close()` ends it, whatever it does."""

    def __init__(
        self,
        run: str,
        *,
        instance: str,
        inputs: list[str] = [],
        arguments: dict[str, Any] | None = None,
        sync_within_ns: int | None = None,
        queue: int | None = None,
        window: dict[str, int] | None = None,
        name: str = "mine",
        described: dict[str, Any] | None = None,
    ) -> None:
        described = described or describe(run)
        self.instance = instance
        self._messages: list[Any] = []
        self._changed = threading.Condition()
        self._log: list[str] = []
        ours, theirs = socket.socketpair()
        self._socket = ours
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bushbaby.node"],
            pass_fds=[theirs.fileno()],
            env=dict(os.environ, BUSHBABY_CONTROL_FD=str(theirs.fileno()), BUSHBABY_INSTANCE=instance),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=os.path.dirname(run) or None,
            text=True,
        )
        theirs.close()
        spec = {
            "instance": instance,
            "node": name,
            "kind": f"python_{described['role']}",
            "settings": {
                "run": run,
                "interpreter": sys.executable,
                "arguments": arguments or {},
                "described": described,
            },
            "inputs": [{"stream": stream, "queue": queue, "every": None, "max_fps": None, "window": window} for stream in inputs],
            "sync_within_ns": sync_within_ns,
            "base_dir": os.path.dirname(run) or os.getcwd(),
            "stalled_ms": 1000,
            "late_ms": 60000,
            "frozen_frames": None,
        }
        self.tell({"start": spec})
        self._threads = [threading.Thread(target=self._listen, daemon=True), threading.Thread(target=self._read_log, daemon=True)]
        for thread in self._threads:
            thread.start()

    def tell(self, message: Any) -> None:
        """Says something to the node."""
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def _listen(self) -> None:
        with self._socket.makefile() as lines:
            try:
                for line in lines:
                    with self._changed:
                        self._messages.append(json.loads(line))
                        self._changed.notify_all()
            except (OSError, ValueError):
                pass  # the socket was closed by the test

    def _read_log(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self._log.append(line)
                self._changed.notify_all()

    @property
    def log(self) -> str:
        """What the node wrote so far."""
        with self._changed:
            return "".join(self._log)

    @property
    def messages(self) -> list[Any]:
        """What it said so far, reports left out."""
        with self._changed:
            return [message for message in self._messages if not (isinstance(message, dict) and "report" in message)]

    def wait_until(self, what: str, holds: Callable[[], Any]) -> Any:
        """Waits until something holds, looking again whenever the node says anything; returns what it gave."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = holds()
            if found:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"waited in vain for {what}; said: {self.messages}\nits log:\n{self.log}")
            with self._changed:
                self._changed.wait(min(left, 0.1))

    def wait_for(self, word: str) -> Any:
        """Waits for a message and returns what it carries."""

        def said() -> Any:
            for message in self.messages:
                if message == word:
                    return {"said": word}
                if isinstance(message, dict) and word in message:
                    return message[word]
            return None

        return self.wait_until(f"`{word}`", said)

    def wait_for_log(self, words: str) -> str:
        """Waits until the log has these words and returns it."""
        log: str = self.wait_until(f"{words!r} in the log", lambda: self.log if words in self.log else None)
        return log

    def report(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits for a report of which something holds."""

        def newest() -> dict[str, Any] | None:
            with self._changed:
                reports = [message["report"] for message in self._messages if isinstance(message, dict) and "report" in message]
            return next((report for report in reversed(reports) if holds(report)), None)

        found: dict[str, Any] = self.wait_until("a report", newest)
        return found

    def stop(self) -> int:
        """Asks it to end in order and returns its exit code."""
        self.tell("stop")
        return self.wait_for_exit()

    def hang_up(self) -> None:
        """Ends as a supervisor that is killed: the socket is closed."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def wait_for_exit(self) -> int:
        """Waits for the end of the process."""
        code = self.process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        return code

    def close(self) -> None:
        """Ends it, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait_for_exit()
        self._socket.close()
        if self.process.stdout is not None:
            self.process.stdout.close()
