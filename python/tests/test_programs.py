"""Two programs on one bus: restarts, kills, forks, Ctrl-C."""

from __future__ import annotations

import gc
import os
import time

import bushbaby as bb
import numpy as np

from busrig import PATIENCE_S, BusTest, until

# Sends pictures of one value each, all bytes the same, until it is told to stop.
CAMERA = """
    import time
    side = int(hear())
    pub = bb.publish("front/image")
    say(pub.generation)
    n = 0
    while True:
        pub.send(np.full((side, side, 3), n % 256, np.uint8))
        n += 1
        time.sleep(0.002)
"""


class Programs(BusTest):
    def camera(self, side: int) -> object:
        camera = self.program(CAMERA)
        camera.tell(str(side))
        camera.line()
        return camera

    def next(self, sub: bb.Subscription) -> bb.Frame:
        frame = sub.recv(PATIENCE_S)
        assert frame is not None
        return frame

    def test_a_reader_that_comes_first_gets_what_another_program_sends(self) -> None:
        with bb.subscribe("front") as sub:
            self.assertEqual((sub.stream, sub.try_recv(), sub.publisher_alive), ("front", None, False))
            self.camera(32)
            frame = self.next(sub)
            self.assertEqual((sub.stream, frame.array.shape, sub.publisher_alive), ("front/image", (32, 32, 3), True))

    def test_a_killed_publisher_comes_back_with_larger_pictures(self) -> None:
        with bb.subscribe("front/image") as sub:
            first = self.camera(64)
            before = self.next(sub)
            kept = before.array[::2]
            value = int(kept[0, 0, 0])
            first.kill()  # type: ignore[attr-defined]
            self.camera(512)
            after = until("a larger picture", lambda: (f := self.next(sub)).array.shape[0] == 512 and f)
            self.assertGreater(after.generation, before.generation)
            self.assertTrue((kept == value).all())

    def test_no_picture_is_torn_however_long_it_is_kept(self) -> None:
        self.camera(400)
        kept: list[bb.Frame] = []
        with bb.subscribe("front/image") as sub:
            for _ in range(60):
                kept.append(self.next(sub))
                for frame in kept:
                    self.assertEqual(int(np.ptp(frame.array)), 0, "a picture has bytes of another one")
                kept = kept[-8:]
        self.assertTrue(all(int(np.ptp(frame.array)) == 0 for frame in kept))

    def test_a_killed_reader_stops_nobody(self) -> None:
        with bb.publish("front/image") as pub:
            reader = self.program(
                """
                for frame in bb.subscribe("front/image"):
                    kept = frame
                    say(frame.seq)
                """
            )
            until("a reader", lambda: pub.is_wanted)
            pub.send(np.zeros((64, 64, 3), np.uint8))
            reader.line()
            reader.kill()
            for n in range(200):
                pub.send(np.full((64, 64, 3), n, np.uint8))
            with bb.subscribe("front/image") as sub:
                pub.send(np.full((64, 64, 3), 77, np.uint8))
                self.assertEqual(int(self.next(sub).array.max()), 77)

    def test_ctrl_c_ends_every_wait(self) -> None:
        for wait in (
            'bb.subscribe("front/image").recv()',
            'next(iter(bb.subscribe("front")))',
            'bb.latest("front", timeout=100)',
            'next(bb.sync("a", "b", within=1))',
            "import asyncio; asyncio.run(bb.subscribe('front/image').__anext__())",
        ):
            with self.subTest(wait):
                program = self.program(
                    f"""
                    import signal, threading
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    say("waits")
                    {wait}
                    """
                )
                program.line()
                until("it waits", lambda: program.is_asleep())
                begun = time.monotonic()
                program.interrupt()
                code, err = program.ends()
                self.assertIn("KeyboardInterrupt", err)
                self.assertNotEqual(code, 0)
                self.assertLess(time.monotonic() - begun, PATIENCE_S)

    def test_other_threads_run_while_one_waits(self) -> None:
        program = self.program(
            """
            import threading
            sub = bb.subscribe("front/image")
            waits = threading.Thread(target=lambda: say("got", sub.recv().seq))
            waits.start()
            say(sum(range(100_000)))
            bb.publish("front/image").send(np.zeros((2, 2, 3), np.uint8))
            waits.join()
            """
        )
        self.assertEqual((program.line(), program.line()), ("4999950000", "got 0"))

    def test_a_child_opens_anew_and_harms_nothing_of_its_parent(self) -> None:
        program = self.program(
            """
            import os, gc
            pub, sub = bb.publish("front/image"), bb.subscribe("front/image", queue=8)
            pub.send(np.full((64, 64, 3), 1, np.uint8))
            frame = sub.recv(10)
            view = frame.array
            pid = os.fork()
            if pid == 0:
                told = []
                for use in (lambda: sub.recv(0), lambda: pub.send([]), lambda: frame.array, lambda: bb.publish("front/image")):
                    try:
                        use()
                    except bb.Error as error:
                        told.append(type(error).__name__)
                del use
                own, mine = bb.subscribe("other/image"), bb.publish("other/image")
                mine.send(np.full((4, 4, 3), 5, np.uint8))
                told.append(int(own.recv(10).array.max()))
                del frame, view, sub, pub
                gc.collect()
                say(*told)
                own.close()
                mine.close()
                sys.stdout.flush()
                os._exit(0)
            os.waitpid(pid, 0)
            for n in range(2, 12):
                pub.send(np.full((64, 64, 3), n, np.uint8))
                got = sub.recv(10)
                assert int(got.array.min()) == int(got.array.max()) == n, n
            say(int(view.min()), int(view.max()), got.seq)
            """
        )
        self.assertEqual(program.line(), "Forked Forked Forked StreamTaken 5")
        self.assertEqual(program.line(), "1 1 10")
        code, err = program.ends()
        self.assertEqual(code, 0, err)

    def test_multiprocessing_by_fork_reads_with_subscriptions_of_its_own(self) -> None:
        program = self.program(
            """
            import multiprocessing
            def work(answers):
                with bb.subscribe("front/image") as sub:
                    answers.put("ready")
                    answers.put(int(sub.recv(20).array.max()))
            if __name__ == "__main__":
                context = multiprocessing.get_context("fork")
                pub = bb.publish("front/image")
                pub.send(np.zeros((2, 2, 3), np.uint8))
                answers = context.Queue()
                worker = context.Process(target=work, args=(answers,))
                worker.start()
                answers.get()
                pub.send(np.full((2, 2, 3), 9, np.uint8))
                say(answers.get())
                worker.join()
                say(worker.exitcode, pub.readers)
            """
        )
        self.assertEqual((program.line(), program.line()), ("9", "0 0"))

    def test_a_program_that_ends_leaves_nothing_behind(self) -> None:
        program = self.program(
            """
            pub, sub = bb.publish("front/image"), bb.subscribe("front/image")
            pub.send(np.zeros((64, 64, 3), np.uint8))
            frame = sub.recv(10)
            view = frame.array
            bb.latest("front/image")
            """
        )
        self.assertEqual(program.ends(), (0, ""))
        self.assertEqual(self.left_in_memory(), [])

    def test_what_two_killed_programs_left_goes_with_the_next_start(self) -> None:
        camera = self.camera(64)
        reader = self.program('say(bb.subscribe("front/image").recv().seq); hear()')
        reader.line()
        camera.kill()  # type: ignore[attr-defined]
        reader.kill()
        self.assertNotEqual(self.left_in_memory(), [])
        with bb.subscribe("other/image"):
            self.assertFalse([name for name in self.left_in_memory() if name.endswith(".data")])
        gc.collect()
        self.assertEqual(self.left_in_memory(), [])

    def test_what_a_one_shot_script_sent_last_arrives(self) -> None:
        with bb.subscribe("once/results") as sub:
            self.program('bb.publish("once/results").send("hello")')
            self.assertEqual(self.next(sub).items, [bb.Text("hello")])

    def left_in_memory(self) -> list[str]:
        return [name for name in os.listdir("/dev/shm") if name.startswith(f"bb_{self.instance}_")]
