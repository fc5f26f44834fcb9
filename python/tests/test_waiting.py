"""Waiting for frames: queues, thinning, the newest, several at once, event loops, and when it ends."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time

import bushbaby as bb
import numpy as np

from busrig import PATIENCE_S, BusTest, until

PIXEL = np.zeros((2, 2, 3), np.uint8)


class Waiting(BusTest):
    def publisher(self, stream: str) -> bb.Publisher:
        return self.enterContext(bb.publish(stream))

    def test_only_the_newest_counts_unless_a_queue_is_asked_for(self) -> None:
        pub = self.publisher("cam/image")
        newest, queued = bb.subscribe("cam"), bb.subscribe("cam", queue=3)
        for _ in range(5):
            pub.send(PIXEL)
        self.assertEqual([frame.seq for frame in iter(newest.try_recv, None)], [4])
        self.assertEqual([frame.seq for frame in iter(queued.try_recv, None)], [2, 3, 4])
        self.assertEqual((newest.counts["superseded"], queued.counts["overflow"]), (4, 2))

    def test_every_leaves_out_and_counts(self) -> None:
        pub = self.publisher("cam/image")
        sub = bb.subscribe("cam", queue=10, every=3)
        for _ in range(9):
            pub.send(PIXEL)
        self.assertEqual([frame.seq for frame in iter(sub.try_recv, None)], [0, 3, 6])
        self.assertEqual(sub.counts["skipped"], 6)

    def test_max_fps_leaves_out_what_comes_too_fast(self) -> None:
        pub = self.publisher("cam/image")
        sub = bb.subscribe("cam", queue=10, max_fps=0.01)
        for _ in range(5):
            pub.send(PIXEL)
        self.assertEqual([frame.seq for frame in iter(sub.try_recv, None)], [0])

    def test_a_timeout_is_none(self) -> None:
        self.assertIsNone(bb.subscribe("nobody/image").recv(0.01))

    def test_a_nodes_name_means_its_first_output(self) -> None:
        pubs = [self.publisher(name) for name in ("table/points", "table/rgbd", "tags/detections", "tags/other", "odd/things")]
        for pub in pubs:
            pub.send(PIXEL)
        for name, stream in (("table", "table/rgbd"), ("tags", "tags/detections"), ("odd", "odd/things")):
            self.assertEqual(bb.latest(name, timeout=PATIENCE_S).stream, stream)

    def test_a_node_with_several_unknown_outputs_must_be_asked_by_stream(self) -> None:
        for name in ("odd/a", "odd/b"):
            self.publisher(name)
        with self.assertRaisesRegex(bb.Ambiguous, "odd/a, odd/b"):
            bb.subscribe("odd").recv(PATIENCE_S)

    def test_the_newest_frame_comes_again_until_it_is_too_old(self) -> None:
        pub = self.publisher("cam/image")
        pub.send(PIXEL)
        first = bb.latest("cam", timeout=PATIENCE_S)
        self.assertEqual(bb.latest("cam").seq, first.seq)
        with self.assertRaisesRegex(bb.Stale, r"cam/image.* ms old, wanted at most 0 ms"):
            bb.latest("cam", max_age=0.0, timeout=0.01)
        pub.send(PIXEL)
        until("the next one", lambda: bb.latest("cam").seq == 1)
        self.assertLess(bb.latest("cam", max_age=PATIENCE_S).age_ms, PATIENCE_S * 1000)

    def test_a_stream_that_nobody_writes_is_stale(self) -> None:
        with self.assertRaisesRegex(bb.Stale, "nobody writes it now"):
            bb.latest("nobody/image", timeout=0.01)

    def test_closing_ends_loops_and_waits_in_other_threads(self) -> None:
        sub = bb.subscribe("nobody/image")
        came: list[object] = []
        loop = threading.Thread(target=lambda: came.extend(sub))
        loop.start()
        sub.close()
        loop.join(PATIENCE_S)
        self.assertFalse(loop.is_alive())
        self.assertEqual((came, sub.closed), ([], True))
        with self.assertRaises(bb.Closed):
            sub.recv(1.0)
        with self.assertRaises(bb.Closed):
            sub.latest()

    def test_a_loop_ends_when_the_instance_stops_and_not_before(self) -> None:
        pub = bb.publish("cam/image")
        sub = bb.subscribe("cam/image")
        supervisor = self.enterContext(socket.socket(socket.AF_UNIX))
        supervisor.bind(os.path.join(self.runtime_dir, "control.sock"))
        supervisor.listen()
        pub.send(PIXEL)
        seen: list[int] = []

        def read() -> None:
            for frame in sub:
                seen.append(frame.seq)

        loop = threading.Thread(target=read)
        loop.start()
        until("the first frame", lambda: seen)
        supervisor.close()  # A supervisor that ends; its camera still sends.
        pub.send(PIXEL)
        until("the second frame", lambda: len(seen) == 2)
        self.assertTrue(loop.is_alive())
        pub.close()
        loop.join(PATIENCE_S)
        self.assertFalse(loop.is_alive())
        with self.assertRaisesRegex(bb.Closed, "has stopped"):
            sub.recv()

    def test_frames_of_one_moment_come_together(self) -> None:
        left, right = self.publisher("left/image"), self.publisher("right/image")
        with bb.sync("left/image", "right/image", within=0.005) as pairs:
            for n in range(6):
                left.send(PIXEL, captured_at=1.0 + n)
                if n % 2:
                    right.send(PIXEL, captured_at=1.003 + n)
            moments = [[frame.captured_at for frame in next(pairs)] for _ in range(3)]
        self.assertEqual(moments, [[2.0, 2.003], [4.0, 4.003], [6.0, 6.003]])
        with self.assertRaises(bb.BadValue):
            bb.sync("left", within=1)

    def test_an_event_loop_waits_without_a_thread(self) -> None:
        pub = self.publisher("cam/image")
        sub = bb.subscribe("cam/image", queue=16)
        threads = threading.active_count()

        async def read() -> list[int]:
            seen: list[int] = []
            async for frame in sub:
                seen.append(frame.seq)
                if len(seen) == 5:
                    break
            return seen

        async def write() -> None:
            for _ in range(5):
                pub.send(PIXEL)
                await asyncio.sleep(0.001)

        async def both() -> list[int]:
            seen, _ = await asyncio.gather(read(), write())
            self.assertEqual(threading.active_count(), threads)
            return seen

        self.assertEqual(asyncio.run(asyncio.wait_for(both(), PATIENCE_S)), [0, 1, 2, 3, 4])

    def test_an_awaited_loop_ends_when_it_is_closed_and_can_be_cancelled(self) -> None:
        sub = bb.subscribe("nobody/image")

        async def read() -> list[bb.Frame]:
            return [frame async for frame in sub]

        async def closes() -> list[bb.Frame]:
            reading = asyncio.create_task(read())
            await asyncio.sleep(0)
            sub.close()
            return await asyncio.wait_for(reading, PATIENCE_S)

        async def cancels() -> None:
            with self.assertRaises(TimeoutError):
                await asyncio.wait_for(bb.subscribe("nobody/image").__anext__(), 0.01)

        self.assertEqual(asyncio.run(closes()), [])
        asyncio.run(cancels())

    def test_a_wait_is_not_polling(self) -> None:
        sub = bb.subscribe("nobody/image")
        before = time.process_time()
        self.assertIsNone(sub.recv(0.5))
        self.assertLess(time.process_time() - before, 0.25)
