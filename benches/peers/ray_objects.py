"""Ray: a task that yields frames; each becomes an object in Ray's shared memory, which the driver maps."""

import os

import ray

from .payload import PAYLOADS, Frame
from .peer import Receive
from .producer import Mode, Plan, frames

AHEAD = 3


class RayPeer:
    """One driver for all payloads: Ray takes seconds to start."""

    name = "Ray, streaming objects"
    payloads = tuple(PAYLOADS)

    def start(self, plan: Plan) -> Receive:
        if not ray.is_initialized():
            ray.init(
                num_cpus=1,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="error",
                object_store_memory=1_500_000_000,
                runtime_env={"env_vars": {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}},
                _node_ip_address="127.0.0.1",
            )
        # The number of objects ahead, not of frames: each is one.
        task = ray.remote(_yield_all).options(
            num_returns="streaming", _generator_backpressure_num_objects=AHEAD, max_retries=0
        )
        self._objects = task.remote(plan)
        self._next = None
        return self._receive

    def _receive(self, timeout_s: float) -> Frame | None:
        if self._next is None:
            self._next = next(self._objects)
        ready, _ = ray.wait([self._next], timeout=timeout_s, fetch_local=True)
        if not ready:
            return None
        frame = ray.get(self._next)
        self._next = None
        return frame

    def stop(self, plan: Plan) -> None:
        plan.order(Mode.STOP)
        self._next = self._objects = None
        ray.shutdown()


def _yield_all(plan: Plan):
    yield from frames(plan)


PEERS = [RayPeer()]
