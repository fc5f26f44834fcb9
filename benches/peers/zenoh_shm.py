"""Zenoh: a buffer of its shared-memory provider a frame, all arrays one behind the other."""

import collections
import json
import threading

import numpy as np
import zenoh

from .payload import Frame
from .peer import ProcessPeer
from .producer import Plan

SLOTS = 4
KEY = "bushbaby/peers"


def _session(plan: Plan, role: str) -> zenoh.Session:
    """Returns a session that meets its peer on a Unix socket of the plan's folder, and nobody else."""
    config = zenoh.Config()
    config.insert_json5("mode", '"peer"')
    config.insert_json5("scouting/multicast/enabled", "false")
    config.insert_json5("transport/shared_memory/enabled", "true")
    address = json.dumps([f"unixsock-stream/{plan.folder}/zenoh"])
    config.insert_json5(f"{role}/endpoints", address)
    if role == "connect":
        config.insert_json5("listen/endpoints", "[]")
    return zenoh.open(config)


def writer(plan: Plan):
    session = _session(plan, "connect")
    publisher = session.declare_publisher(KEY, congestion_control=zenoh.CongestionControl.BLOCK)
    size = plan.payload.size_bytes + 32
    provider = zenoh.shm.ShmProvider.default_backend(SLOTS * (size + 4096))
    policy = zenoh.shm.BlockOn(zenoh.shm.GarbageCollect())

    def send(frame: Frame) -> None:
        buffer = provider.alloc(size, policy=policy)
        offset = 0
        for array in frame.values():
            # Its buffers take bytes only, so this is a second copy.
            buffer[offset : offset + array.nbytes] = array.tobytes()
            offset += array.nbytes
        publisher.put(buffer)

    # A session ends when nobody holds it.
    send.held = session
    return send


def reader(plan: Plan):
    session = _session(plan, "listen")
    layout = {**plan.payload.arrays, "note": ((4,), "int64")}
    # The oldest goes: a callback that waits would keep the session from being closed.
    arrived: collections.deque = collections.deque(maxlen=SLOTS - 1)
    more = threading.Condition()

    def keep(sample: zenoh.Sample) -> None:
        with more:
            arrived.append(sample)
            more.notify()

    subscriber = session.declare_subscriber(KEY, keep)

    def receive(timeout_s: float) -> Frame | None:
        with more:
            if not more.wait_for(lambda: arrived, timeout_s):
                return None
            sample = arrived.popleft()
        payload = bytes(sample.payload)
        frame, offset = {}, 0
        for name, (shape, dtype) in layout.items():
            count = int(np.prod(shape))
            frame[name] = np.frombuffer(payload, dtype, count, offset).reshape(shape)
            offset += frame[name].nbytes
        return frame

    receive.held = (session, subscriber)
    return receive


PEERS = [ProcessPeer("Zenoh shared memory", writer, reader)]
