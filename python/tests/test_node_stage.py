"""A Python stage as a node: what it is called with, what it sends, how it ends."""

from __future__ import annotations

import os
import signal
import unittest
from pathlib import Path
from typing import Any

import numpy as np
from noderig import PATIENCE_S, Folder, Node, instance_name

import bushbaby as bb


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.instance = instance_name()
        self.nodes: list[Node] = []

    def node(self, source: str, name: str = "", **settings: Any) -> Node:
        path = self.folder.write("detector.py", source)
        node = Node(f"{path}:{name}" if name else path, instance=self.instance, **settings)
        self.addCleanup(node.close)
        self.nodes.append(node)
        return node

    def publisher(self, stream: str) -> bb.Publisher:
        publisher = bb.publish(stream, instance=self.instance)
        self.addCleanup(publisher.close)
        return publisher

    def subscription(self, stream: str, **options: Any) -> bb.Subscription:
        subscription = bb.subscribe(stream, instance=self.instance, **options)
        self.addCleanup(subscription.close)
        return subscription

    def received(self, subscription: bb.Subscription) -> bb.Frame:
        frame = subscription.recv(timeout=PATIENCE_S)
        if frame is None:
            told = [f"{node.messages}\n{node.log}" for node in self.nodes]
            raise AssertionError(f"nothing came on {subscription.stream}; {subscription.counts}; the nodes: {told}")
        return frame


def picture(value: int) -> np.ndarray:
    return np.full((4, 6, 3), value, np.uint8)


class Functions(Case):
    def test_results_have_the_capture_time_and_the_origin_of_their_picture(self) -> None:
        node = self.node(
            """
            import bushbaby as bb
            @bb.stage
            def detector(frame: bb.Frame, threshold: float = 0.5) -> list[bb.Box]:
                assert type(threshold) is float
                return [bb.Box(1, 2, 3, 4, label="mean", score=float(frame.array.mean()) * threshold)]
            """,
            inputs=["front/image"],
            arguments={"threshold": 2},
        )
        camera, results = self.publisher("front/image"), self.subscription("mine/results", queue=8)
        node.wait_for("running")
        camera.send(picture(7), captured_at=1.5)
        frame = self.received(results)
        self.assertEqual(frame.items, [bb.Box(1, 2, 3, 4, label="mean", score=14.0)])
        self.assertEqual((frame.captured_at, frame.origin.stream, frame.origin.seq), (1.5, "front/image", 0))
        self.assertEqual(frame.meta["camera"], "front")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.messages[-1], "stopped")

    def test_a_picture_an_empty_list_and_nothing(self) -> None:
        node = self.node(
            """
            import bushbaby as bb
            @bb.stage(outputs=("results", "image"))
            def detector(frame: bb.Frame):
                return [None, {"results": []}, {"image": 255 - frame.array}, {"image": frame.array, "results": [bb.Text("x")]}][frame.seq]
            """,
            inputs=["front/image"],
            queue=8,
        )
        camera = self.publisher("front/image")
        results, images = self.subscription("mine/results", queue=8), self.subscription("mine/image", queue=8)
        node.wait_for("running")
        for value in range(4):
            camera.send(picture(value))
        self.assertEqual([self.received(images).array.max() for _ in range(2)], [253, 3])
        first, second = self.received(results), self.received(results)
        self.assertEqual((first.origin.seq, first.items), (1, []))
        self.assertEqual((second.origin.seq, [item.text for item in second.items]), (3, ["x"]))

    def test_a_name_that_cannot_be_given_is_given_by_its_place(self) -> None:
        node = self.node(
            "import bushbaby as bb\n@bb.stage\ndef f(frame: bb.Frame, /, *, word: str): return [bb.Text(word)]\n",
            inputs=["front/image"],
            arguments={"word": "by place"},
        )
        camera, results = self.publisher("front/image"), self.subscription("mine/results")
        node.wait_for("running")
        camera.send(picture(0))
        self.assertEqual(self.received(results).items[0].text, "by place")

    def test_what_it_prints_logs_and_warns_of_is_in_its_log_at_once(self) -> None:
        node = self.node(
            """
            import logging, warnings
            import bushbaby as bb
            print("imported")
            @bb.stage
            def detector(frame: bb.Frame) -> None:
                print("seen", frame.seq)
                logging.getLogger(__name__).warning("it is dark")
                logging.getLogger(__name__).info("for your information")
                logging.getLogger(__name__).debug("not this")
                warnings.warn("old ways", DeprecationWarning, stacklevel=1)
            """,
            inputs=["front/image"],
        )
        camera = self.publisher("front/image")
        node.wait_for("running")
        camera.send(picture(0))
        log = node.wait_for_log("seen 0\n")
        self.assertTrue(log.startswith("imported\n"), log)
        node.wait_for_log("WARN it is dark\n")
        node.wait_for_log("INFO for your information\n")
        node.stop()
        self.assertNotIn("not this", node.log)


class Classes(Case):
    def test_it_is_ready_when_setup_returned_and_torn_down_when_it_is_stopped(self) -> None:
        go = self.folder.path / "go"
        os.mkfifo(go)
        node = self.node(
            f"""
            import bushbaby as bb
            class Detector(bb.Stage):
                least: float = 0.5
                model: str
                def setup(self, device: str = "cpu"):
                    print("setup", self.least, self.model, device, self.name, flush=True)
                    open({str(go)!r}).read()
                def step(self, frame: bb.Frame): ...
                def teardown(self): print("teardown")
            """,
            inputs=["front/image"],
            arguments={"least": 0.25, "model": "small", "device": "gpu"},
        )
        node.wait_for_log("setup 0.25 small gpu mine\n")
        self.assertEqual(node.messages, [])
        go.write_text("")
        node.wait_for("running")
        self.assertEqual(node.messages, ["ready", "running"])
        self.assertEqual(node.stop(), 0)
        self.assertIn("teardown\n", node.log)

    def test_it_sends_on_declared_outputs_alone_and_asks_which_are_wanted(self) -> None:
        node = self.node(
            """
            import bushbaby as bb
            class Detector(bb.Stage):
                outputs = ("results", "image")
                def step(self, frame: bb.Frame):
                    print("wanted:", self.is_wanted("results"), self.is_wanted("image"))
                    self.send("results", [bb.Text("here")], meta={"model": "small"})
                    try:
                        self.send("overlay", frame.array)
                    except bb.BadValue as error:
                        print(error)
            """,
            inputs=["front/image"],
        )
        camera, results = self.publisher("front/image"), self.subscription("mine/results")
        node.wait_for("running")
        camera.send(picture(0))
        frame = self.received(results)
        self.assertEqual((frame.meta["model"], frame.origin.stream), ("small", "front/image"))
        node.wait_for_log("wanted: True False\n")
        node.wait_for_log("`mine` has no output `overlay`; `outputs` declares `results`, `image`\n")

    def test_two_inputs_come_together_and_the_first_gives_the_pace(self) -> None:
        node = self.node(
            """
            import bushbaby as bb
            class Pair(bb.Stage):
                def step(self, table: bb.Frame, door: bb.Frame | None):
                    return [bb.Text(f"{int(table.array[0, 0, 0])} {door and int(door.array[0, 0, 0])}")]
            """,
            inputs=["table/image", "door/image"],
        )
        table, door = self.publisher("table/image"), self.publisher("door/image")
        results = self.subscription("mine/results", queue=8)
        node.wait_for("running")
        table.send(picture(1), captured_at=1.0)
        first = self.received(results)
        door.send(picture(50), captured_at=2.0)
        table.send(picture(2), captured_at=3.0)
        second = self.received(results)
        self.assertEqual([frame.items[0].text for frame in (first, second)], ["1 None", "2 50"])
        self.assertEqual((second.captured_at, second.origin.stream), (3.0, "table/image"))

    def test_with_sync_they_are_of_one_moment(self) -> None:
        node = self.node(
            """
            import bushbaby as bb
            @bb.stage
            def pair(left: bb.Frame, right: bb.Frame):
                return [bb.Text(f"{left.captured_at} {right.captured_at}")]
            """,
            inputs=["left/image", "right/image"],
            queue=8,
            sync_within_ns=5_000_000,
        )
        left, right = self.publisher("left/image"), self.publisher("right/image")
        results = self.subscription("mine/results", queue=8)
        node.wait_for("running")
        for at in (1.0, 1.5, 2.0):
            left.send(picture(0), captured_at=at)
        for at in (1.501, 2.001):
            right.send(picture(0), captured_at=at)
        self.assertEqual([self.received(results).items[0].text for _ in range(2)], ["1.5 1.501", "2.0 2.001"])

    def test_fewer_wires_than_frames_are_refused_for_good(self) -> None:
        node = self.node(
            "import bushbaby as bb\n@bb.stage\ndef pair(left: bb.Frame, right: bb.Frame): ...",
            inputs=["left/image"],
        )
        failed = node.wait_for("failed")
        self.assertEqual(failed["message"], "`pair` takes 2 frames (left, right), but `in:` names 1")
        self.assertTrue(failed["is_final"])


class Example(Case):
    def test_the_first_stage_finds_what_is_bright(self) -> None:
        path = str(Path(__file__).parents[2] / "examples" / "first_stage.py")
        node = Node(path, instance=self.instance, inputs=["front/image"], arguments={"threshold": 0.85})
        self.addCleanup(node.close)
        camera, results = self.publisher("front/image"), self.subscription("mine/results")
        node.wait_for("running")
        image = np.zeros((60, 80, 3), np.uint8)
        image[11:17, 21:29] = 255
        camera.send(image)
        self.assertEqual(self.received(results).items, [bb.Box(21, 11, 8, 6, label="bright", score=0.48)])


class Surroundings(Case):
    def test_files_beside_it_can_be_imported_and_paths_are_those_of_the_pipeline_file(self) -> None:
        self.folder.write("geometry.py", "AREA = 12\n")
        self.folder.write("weights.txt", "0.5")
        node = self.node(
            """
            from pathlib import Path
            import bushbaby as bb, geometry
            @bb.stage
            def detector(frame: bb.Frame, weights: Path): ...
            class Other(bb.Stage):
                weights: Path
                def setup(self): print(geometry.AREA, self.weights.read_text(), __name__, __file__)
                def step(self, frame: bb.Frame): ...
            """,
            name="Other",
            inputs=["front/image"],
            arguments={"weights": "weights.txt"},
        )
        node.wait_for_log(f"12 0.5 detector {self.folder.path}/detector.py\n")

    def test_ctrl_c_in_the_terminal_is_not_for_it_and_sigterm_is(self) -> None:
        node = self.node("import bushbaby as bb\n@bb.stage\ndef f(frame: bb.Frame): ...", inputs=["front/image"])
        node.wait_for("running")
        node.process.send_signal(signal.SIGINT)
        report = node.report(lambda report: True)
        self.assertIn("outputs", report)
        self.assertIsNone(node.process.poll())
        node.process.send_signal(signal.SIGTERM)
        self.assertEqual(node.wait_for_exit(), -signal.SIGTERM)

    def test_a_thread_that_goes_on_does_not_hold_the_end(self) -> None:
        node = self.node(
            """
            import threading
            import bushbaby as bb
            @bb.stage
            def f(frame: bb.Frame): ...
            threading.Thread(target=threading.Event().wait).start()
            """,
            inputs=["front/image"],
        )
        node.wait_for("running")
        self.assertEqual(node.stop(), 0)

    def test_it_ends_when_its_supervisor_is_gone(self) -> None:
        node = self.node(
            """
            import bushbaby as bb
            class Detector(bb.Stage):
                def step(self, frame: bb.Frame): ...
                def teardown(self): print("teardown")
            """,
            inputs=["front/image"],
        )
        node.wait_for("running")
        node.hang_up()
        self.assertEqual(node.wait_for_exit(), 0)
        self.assertIn("teardown\n", node.log)


if __name__ == "__main__":
    unittest.main()
