"""A Python source as a node, and classes of other packages that become one."""

from __future__ import annotations

import os
import sys
import time
import unittest
from typing import Any
from unittest import mock

import numpy as np
from noderig import PATIENCE_S, Folder, Node, instance_name

import bushbaby as bb
from bushbaby._described import CannotDescribe
from bushbaby.describe import describe


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.instance = instance_name()
        self.nodes: list[Node] = []

    def node(self, source: str, **settings: Any) -> Node:
        node = Node(self.folder.write("mycam.py", source), instance=self.instance, **settings)
        self.addCleanup(node.close)
        self.nodes.append(node)
        return node

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


class Sources(Case):
    def test_what_step_returns_is_a_picture_captured_when_it_was_returned(self) -> None:
        pictures = self.subscription("mine/image", queue=8)
        before = time.monotonic()
        node = self.node(
            """
            import numpy as np, bushbaby as bb
            class Cam(bb.Source):
                value: int = 3
                def step(self):
                    return np.full((4, 6, 3), self.value, np.uint8)
            """,
            arguments={"value": 9},
        )
        frame = self.received(pictures)
        self.assertEqual((frame.array[0, 0, 0], frame.array.shape), (9, (4, 6, 3)))
        self.assertTrue(before <= frame.captured_at <= time.monotonic())
        self.assertEqual((frame.captured_by, frame.origin.stream, frame.origin.seq), ("received", "mine/image", frame.seq))
        self.assertEqual(frame.meta["camera"], "mine")
        self.assertEqual(node.stop(), 0)

    def test_a_moment_that_it_gives_is_the_capture_time(self) -> None:
        pictures = self.subscription("mine/image", queue=8)
        node = self.node(
            """
            import numpy as np, bushbaby as bb
            class Cam(bb.Source):
                def step(self):
                    return np.zeros((4, 6, 3), np.uint8), 12.5
            """
        )
        self.assertEqual(self.received(pictures).captured_at, 12.5)
        node.stop()

    def test_a_moment_of_another_clock_is_refused(self) -> None:
        node = self.node(
            """
            import time, numpy as np, bushbaby as bb
            class Cam(bb.Source):
                def step(self):
                    return np.zeros((4, 6, 3), np.uint8), time.time()
            """
        )
        self.assertIn("time.time() is another clock", node.wait_for("failed")["message"])

    def test_several_outputs_of_one_step_are_of_one_moment(self) -> None:
        captures, clouds = self.subscription("mine/rgbd", queue=64), self.subscription("mine/points", queue=8)
        node = self.node(
            """
            import time, numpy as np, bushbaby as bb
            class Cam(bb.Source):
                outputs = ("rgbd", "points")
                def step(self):
                    time.sleep(0.03)  # its frame time
                    capture = {"rgb": np.zeros((2, 3, 3), np.uint8), "depth": np.ones((2, 3), np.float32)}
                    points = {"points": np.zeros((6, 3), np.float32), "colors": np.zeros((6, 3), np.uint8)}
                    return {"points": points if self.is_wanted("points") else None, "rgbd": capture}
            """
        )
        cloud = self.received(clouds)
        frames = [self.received(captures)]
        while frames[-1].seq < cloud.origin.seq:
            frames.append(self.received(captures))
        capture = next(frame for frame in frames if frame.seq == cloud.origin.seq)
        self.assertEqual(cloud.origin, capture.origin)
        self.assertEqual((capture.captured_at, capture.meta["type"]), (cloud.captured_at, "rgbd"))
        self.assertEqual((cloud.keys(), cloud.meta["type"]), (["points", "colors"], "points"))
        node.stop()

    def test_nothing_yet_is_no_failure_and_silence_is_told(self) -> None:
        node = self.node(
            """
            import numpy as np, bushbaby as bb
            class Cam(bb.Source):
                count = 0
                def step(self):
                    self.count += 1
                    return np.zeros((4, 6, 3), np.uint8) if self.count in (3, 4) else None
            """
        )
        node.wait_for("running")
        self.assertRegex(node.wait_for("stalled")["reason"], "^no frame for ")
        self.assertEqual(node.stop(), 0)

    def test_one_that_has_come_to_its_end_stays_without_a_word(self) -> None:
        node = self.node(
            """
            import numpy as np, bushbaby as bb
            class Cam(bb.Source):
                def setup(self): self.pictures = iter([np.zeros((4, 6, 3), np.uint8)] * 3)
                def step(self): return next(self.pictures)
                def teardown(self): print("teardown")
            """
        )
        node.report(lambda report: report["outputs"].get("image", {}).get("frames") == 3)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.messages, ["ready", "running", "stopped"])
        self.assertIn("teardown\n", node.log)

    def test_an_exception_in_step_ends_it_after_teardown(self) -> None:
        node = self.node(
            """\
            import bushbaby as bb
            class Cam(bb.Source):
                def step(self): raise ConnectionError("unplugged")
                def teardown(self): print("teardown")
            """
        )
        self.assertEqual(node.wait_for("failed")["message"], "ConnectionError: unplugged (mycam.py:3 in step)")
        self.assertEqual(node.wait_for_exit(), 1)
        self.assertIn("teardown\n", node.log)


CAMERAS = """
import abc, enum, time
from typing import Tuple
import numpy as np

class Depth(enum.Enum):
    NONE = 0
    NEURAL = 1

class Picture:
    '''A camera without depth.'''
    def __init__(self, resolution: Tuple[int, int] = (6, 4), fps: int = 30, serial: str | None = None, depth: Depth = Depth.NONE):
        self.resolution, self.fps, self.depth, self.grabbed = tuple(resolution), fps, depth, 0
    def grab_images(self):
        time.sleep(0.005)
        self.grabbed += 1
    def retrieve_rgb_image_as_int(self):
        if not self.grabbed: raise RuntimeError('grab first')
        return np.full((self.resolution[1], self.resolution[0], 3), 7, np.uint8)
    def intrinsics_matrix(self): return np.array([[100.0, 0, 3], [0, 100.0, 2], [0, 0, 1]])
    def __exit__(self, *_): print('camera closed', flush=True)

class Deep(Picture):
    def retrieve_depth_map(self): return np.full((self.resolution[1], self.resolution[0]), 2.0, np.float32)
    def retrieve_confidence_map(self): return np.ones((self.resolution[1], self.resolution[0]), np.float32)

class Abstract(Picture, abc.ABC):
    @abc.abstractmethod
    def more(self): ...

class Reader:
    def __init__(self, index: int): self.index = index
    def read(self): return True, np.full((4, 6, 3), self.index, np.uint8)
    def release(self): print('released', flush=True)

class Nothing: ...

def function(): ...
"""


class Drivers(Case):
    def setUp(self) -> None:
        super().setUp()
        self.folder.write("lab_cameras.py", CAMERAS)
        sys.path.insert(0, str(self.folder.path))
        self.addCleanup(sys.path.remove, str(self.folder.path))
        self.addCleanup(sys.modules.pop, "lab_cameras", None)
        search = [str(self.folder.path), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(search))
        environment.start()
        self.addCleanup(environment.stop)

    def driver(self, name: str, **arguments: Any) -> Node:
        node = Node(f"python:lab_cameras:{name}", instance=self.instance, arguments=arguments)
        self.addCleanup(node.close)
        self.nodes.append(node)
        return node

    def test_a_class_says_by_its_methods_what_it_gives_and_by_its_constructor_what_it_takes(self) -> None:
        described = describe("python:lab_cameras:Picture")
        self.assertEqual((described["role"], described["doc"]), ("source", "A camera without depth."))
        self.assertEqual(described["outputs"], [{"name": "image", "carries": "image"}])
        self.assertEqual(
            described["settings"],
            [
                {"name": "resolution", "takes": "list", "required": False, "default": [6, 4]},
                {"name": "fps", "takes": "integer", "required": False, "default": 30},
                {"name": "serial", "takes": "text", "required": False, "default": None},
                {"name": "depth", "takes": "anything", "required": False},
            ],
        )
        self.assertEqual([one["name"] for one in describe("python:lab_cameras:Deep")["outputs"]], ["rgbd", "points"])
        self.assertEqual(describe("python:lab_cameras:Deep")["settings"][-1]["name"], "confidence")
        self.assertEqual(describe("python:lab_cameras:Reader")["settings"], [{"name": "index", "takes": "integer", "required": True}])

    def test_a_class_that_is_no_camera_is_refused_in_words(self) -> None:
        for run, words in (
            ("python:lab_cameras:Nothing", "is no camera: it has neither"),
            ("python:lab_cameras:Abstract", "is abstract, it lacks: more"),
            ("python:lab_cameras:None_", "has no `None_`; classes in it: `Depth`, `Picture`"),
            ("python:lab_cameras:function", "is a function, wanted a class"),
            ("python:lab_cameras", "names no class"),
            ("python:no_such_package.cameras:Cam", "No module named 'no_such_package'"),
        ):
            with self.assertRaisesRegex(CannotDescribe, words):
                describe(run)

    def test_a_camera_gives_pictures_with_its_calibration(self) -> None:
        pictures = self.subscription("mine/image", queue=8)
        node = self.driver("Picture", resolution=[8, 2])
        frame = self.received(pictures)
        self.assertEqual((frame.array.shape, frame.array.max()), ((2, 8, 3), 7))
        self.assertEqual((frame.meta["type"], frame.meta["calibration"]["cx"], frame.meta["calibration"]["width_px"]), ("image", 3.5, 8))
        self.assertEqual(node.stop(), 0)
        self.assertIn("camera closed\n", node.log)

    def test_a_camera_with_depth_gives_captures_and_points_that_are_wanted(self) -> None:
        captures = self.subscription("mine/rgbd", queue=8)
        node = self.driver("Deep", confidence=True, depth="NEURAL")
        capture = self.received(captures)
        self.assertEqual(capture.keys(), ["rgb", "depth", "confidence"])
        self.assertEqual((capture.meta["type"], capture["depth"].max()), ("rgbd", 2.0))
        clouds = self.subscription("mine/points", queue=8)
        cloud = self.received(clouds)
        self.assertEqual((cloud["points"].shape, cloud.origin.stream, cloud.meta["type"]), ((24, 3), "mine/rgbd", "points"))
        node.stop()

    def test_opencvs_read_is_understood(self) -> None:
        pictures = self.subscription("mine/image", queue=8)
        node = self.driver("Reader", index=5)
        self.assertEqual(self.received(pictures).array.max(), 5)
        self.assertEqual(node.stop(), 0)
        self.assertIn("released\n", node.log)


if __name__ == "__main__":
    unittest.main()
