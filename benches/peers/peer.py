"""What a peer is: something that starts a writing process, and a reader in this one."""

import multiprocessing
from collections.abc import Callable
from typing import Protocol

from .payload import PAYLOADS, Frame
from .producer import Mode, Plan, send_all

Receive = Callable[[float], Frame | None]
"""Waits for so many seconds for the next frame."""


class Peer(Protocol):
    """One way from process to process."""

    name: str
    payloads: tuple[str, ...]

    def start(self, plan: Plan) -> Receive:
        """Starts the writing process and returns how to read here."""

    def stop(self, plan: Plan) -> None:
        """Ends both."""


class ProcessPeer:
    """A peer whose writer is a function in a process that multiprocessing spawns."""

    payloads = tuple(PAYLOADS)

    def __init__(
        self,
        name: str,
        make_writer: Callable[[Plan], Callable[[Frame], None]],
        make_reader: Callable[[Plan], Receive],
    ) -> None:
        self.name = name
        self._make_writer = make_writer
        self._make_reader = make_reader
        self._process: multiprocessing.process.BaseProcess | None = None

    def start(self, plan: Plan) -> Receive:
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=send_all, args=(plan, self._make_writer), daemon=True)
        self._process.start()
        return self._make_reader(plan)

    def stop(self, plan: Plan) -> None:
        plan.order(Mode.STOP)
        if self._process is not None:
            end(self._process)


def end(process: multiprocessing.process.BaseProcess) -> None:
    """Waits for the process; one that still waits for its reader is ended."""
    process.join(2.0)
    if process.is_alive():
        process.terminate()
        process.join()
