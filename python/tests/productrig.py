"""The whole product as a test sees it: `bushbaby run` in an instance of its own, watched from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from noderig import PATIENCE_S, Folder, instance_name

PROGRAM = Path(__file__).resolve().parents[2] / "target" / "debug" / "bushbaby"


class Product:
    """A pipeline that runs; `close()` ends it and all its nodes. Its Python nodes run in the interpreter of the test."""

    def __init__(self, folder: Folder, pipeline: str, *arguments: str) -> None:
        if not PROGRAM.exists():
            raise AssertionError(f"{PROGRAM} is not built: say `cargo build -p bushbaby`")
        self.folder = folder
        self.instance = instance_name()
        folder.write("pipeline.yaml", pipeline)
        state = folder.path / "state"
        self.environment = dict(
            os.environ, VIRTUAL_ENV=sys.prefix, BUSHBABY_INSTANCE=self.instance, XDG_STATE_HOME=str(state)
        )
        self._log = folder.path / "log.txt"
        with open(self._log, "w") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "run", "pipeline.yaml", *arguments],
                cwd=folder.path,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    @property
    def log(self) -> str:
        """What the run printed so far."""
        return self._log.read_text()

    def say(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `bushbaby ARGUMENTS` on the instance."""
        return subprocess.run(
            [PROGRAM, *arguments], cwd=self.folder.path, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S
        )

    def status(self) -> dict[str, Any]:
        """`bushbaby status --json`; empty while nobody answers."""
        answer = self.say("status", "--json")
        status: dict[str, Any] = json.loads(answer.stdout) if answer.returncode == 0 else {}
        return status

    def until(self, what: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits until the status is so, and returns it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            status = self.status()
            if status and is_so(status):
                return status
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"{what} never came: {json.dumps(status, indent=1)}\n{self.log}")
            time.sleep(0.05)

    def until_logged(self, words: str) -> None:
        """Waits until the run has printed these words."""
        self.until(f"`{words}` in the log", lambda _: words in self.log)

    def stop(self) -> int:
        """Ends it in order and returns its exit code."""
        self.say("stop")
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Ends it in any case."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def frames(status: dict[str, Any], stream: str) -> int:
    """How many frames a stream has sent."""
    count: int = status["streams"].get(stream, {}).get("frames", 0)
    return count


def state(status: dict[str, Any], node: str) -> str:
    """A node's state, empty while it is not there."""
    said: str = status["nodes"].get(node, {}).get("state", "")
    return said
