"""`multiprocessing.Queue`: a dict of arrays, pickled."""

import multiprocessing
import queue

from .payload import PAYLOADS, Frame
from .peer import Receive, end
from .producer import Mode, Plan, frames

QUEUE = 3


class QueuePeer:
    """The queue itself has to be given to the process that it starts."""

    name = "multiprocessing.Queue"
    payloads = tuple(PAYLOADS)

    def start(self, plan: Plan) -> Receive:
        context = multiprocessing.get_context("spawn")
        self._queue = context.Queue(QUEUE)
        self._process = context.Process(target=_put_all, args=(plan, self._queue), daemon=True)
        self._process.start()
        return self._receive

    def _receive(self, timeout_s: float) -> Frame | None:
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def stop(self, plan: Plan) -> None:
        plan.order(Mode.STOP)
        end(self._process)
        self._queue.close()


def _put_all(plan: Plan, to) -> None:
    to.cancel_join_thread()
    for frame in frames(plan):
        # A thread of the queue pickles it later, when these arrays may hold the next frame already.
        to.put({name: array.copy() for name, array in frame.items()})


PEERS = [QueuePeer()]
