"""airo-ipc: three buffers in turn, the number of the newest sent by DDS; the reader polls for it."""

import dataclasses
import time

import numpy as np
from airo_ipc.cyclone_shm.idl_shared_memory.base_idl import BaseIdl
from airo_ipc.cyclone_shm.patterns.sm_reader import SMReader
from airo_ipc.cyclone_shm.patterns.sm_writer import SMWriter
from cyclonedds.domain import DomainParticipant

from .payload import Frame
from .peer import ProcessPeer
from .producer import Plan

POLL_S = 0.001
"""As its own camera receivers wait."""


def _template(plan: Plan) -> BaseIdl:
    layout = {**plan.payload.arrays, "note": ((4,), "int64")}
    kind = dataclasses.make_dataclass("PeerFrame", [(name, np.ndarray) for name in layout], bases=(BaseIdl,))
    return kind(**{name: np.zeros(shape, dtype) for name, (shape, dtype) in layout.items()})


def _topic(plan: Plan) -> str:
    return "peers" + plan.folder.rsplit("-", 1)[-1]


def writer(plan: Plan):
    template = _template(plan)
    write = SMWriter(DomainParticipant(), _topic(plan), template)
    return lambda frame: write(type(template)(**frame))


def reader(plan: Plan):
    read = SMReader(DomainParticipant(), _topic(plan), _template(plan))
    last = -1

    def receive(timeout_s: float) -> Frame | None:
        nonlocal last
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            frame = vars(read())
            number = int(frame["note"][2])
            if number != last:
                last = number
                return frame
            time.sleep(POLL_S)
        return None

    return receive


PEERS = [ProcessPeer("airo-ipc", writer, reader)]
