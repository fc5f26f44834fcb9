"""bushbaby: one copy into the bus, a view of it at the reader."""

import os

from .payload import Frame
from .peer import ProcessPeer
from .producer import Plan

QUEUE = 3


def _stream(plan: Plan) -> str:
    # The folder is of this measurement alone, and so are all streams of the instance.
    os.environ["BUSHBABY_INSTANCE"] = "peers-" + plan.folder.rsplit("-", 1)[-1].lower().replace("_", "-")
    return f"bench/{plan.payload_key}"


def writer(plan: Plan):
    stream = _stream(plan)
    import bushbaby as bb

    return bb.publish(stream).send


def reader(plan: Plan):
    stream = _stream(plan)
    import bushbaby as bb

    subscription = bb.subscribe(stream, queue=QUEUE)

    def receive(timeout_s: float) -> Frame | None:
        frame = subscription.recv(timeout=timeout_s)
        return None if frame is None else frame.arrays

    return receive


PEERS = [ProcessPeer("bushbaby", writer, reader)]
