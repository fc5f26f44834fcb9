"""ZeroMQ over a Unix socket: one message part an array, or all arrays in one `np.savez` archive."""

import io
import json

import numpy as np
import zmq

from .payload import Frame
from .peer import ProcessPeer
from .producer import Plan

QUEUE = 3


def _socket(plan: Plan, kind: int) -> zmq.Socket:
    # PUSH waits for its reader, so nothing is thrown away: the friendliest setting for throughput.
    socket = zmq.Context.instance().socket(kind)
    socket.setsockopt(zmq.SNDHWM, QUEUE)
    socket.setsockopt(zmq.RCVHWM, QUEUE)
    socket.setsockopt(zmq.LINGER, 0)
    address = f"ipc://{plan.folder}/zmq"
    socket.connect(address) if kind == zmq.PUSH else socket.bind(address)
    return socket


def parts_writer(plan: Plan):
    socket = _socket(plan, zmq.PUSH)

    def send(frame: Frame) -> None:
        head = json.dumps([[name, array.shape, array.dtype.str] for name, array in frame.items()])
        # Copied: the next frame is written into the same arrays.
        socket.send_multipart([head.encode(), *(np.ascontiguousarray(array) for array in frame.values())], copy=True)

    return send


def parts_reader(plan: Plan):
    socket = _socket(plan, zmq.PULL)

    def receive(timeout_s: float) -> Frame | None:
        if not socket.poll(timeout_s * 1e3):
            return None
        head, *parts = socket.recv_multipart(copy=False)
        return {
            name: np.frombuffer(part.buffer, dtype).reshape(shape)
            for (name, shape, dtype), part in zip(json.loads(head.bytes), parts, strict=True)
        }

    return receive


def save_writer(plan: Plan):
    socket = _socket(plan, zmq.PUSH)

    def send(frame: Frame) -> None:
        file = io.BytesIO()
        np.savez(file, **frame)
        socket.send(file.getbuffer(), copy=True)

    return send


def save_reader(plan: Plan):
    socket = _socket(plan, zmq.PULL)

    def receive(timeout_s: float) -> Frame | None:
        if not socket.poll(timeout_s * 1e3):
            return None
        return dict(np.load(io.BytesIO(socket.recv())))

    return receive


PEERS = [
    ProcessPeer("ZeroMQ, one part an array", parts_writer, parts_reader),
    ProcessPeer("ZeroMQ, np.savez", save_writer, save_reader),
]
