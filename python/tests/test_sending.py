"""What can be sent, what becomes of it, and what is refused."""

from __future__ import annotations

import math
import os
import pickle
import threading
from dataclasses import dataclass

import bushbaby as bb
import numpy as np

from busrig import BusTest


@dataclass
class Grasp:
    point: np.ndarray
    width: float
    box: bb.Box | None = None
    fingers: tuple[str, ...] = ()


class Sending(BusTest):
    def setUp(self) -> None:
        super().setUp()
        self.pub = self.enterContext(bb.publish("mine/out"))
        self.sub = self.enterContext(bb.subscribe("mine/out", queue=64, types=[Grasp]))

    def received(self, *values: object, **arguments: object) -> bb.Frame:
        self.pub.send(*values, **arguments)  # type: ignore[arg-type]
        return self.next()

    def next(self) -> bb.Frame:
        frame = self.sub.recv(10.0)
        assert frame is not None
        return frame

    def refused(self, pattern: str, *values: object, **arguments: object) -> None:
        with self.assertRaisesRegex(bb.BadValue, pattern):
            self.pub.send(*values, **arguments)  # type: ignore[arg-type]
        self.assertIsNone(self.sub.try_recv())

    def test_arrays_get_names_and_encodings_by_what_they_are(self) -> None:
        depth = np.zeros((2, 2), np.float32)
        rgb = np.zeros((2, 2, 3), np.uint8)
        for value, names, kind in [
            (rgb, {"rgb": "rgb8"}, "image"),
            (rgb[..., 0], {"gray": "gray8"}, "image"),
            (depth, {"array": ""}, "arrays"),
            ({"depth": depth, "rgb": rgb}, {"rgb": "rgb8", "depth": ""}, "rgbd"),
            ({"bgr": rgb, "x": depth}, {"bgr": "bgr8", "x": ""}, "image"),
            ({"points": depth, "rgb": depth}, {"points": "", "rgb": ""}, "points"),
            ([[1, 2], [3, 4]], {"array": ""}, "arrays"),
        ]:
            frame = self.received(value)
            self.assertEqual((frame.encodings, frame.meta["type"]), (names, kind))

    def test_any_strides_arrive_in_order(self) -> None:
        a = np.arange(2 * 3 * 4 * 5, dtype=np.int32).reshape(2, 3, 4, 5)
        for view in (a, a[:, ::-1], a[..., ::2], a.T, a[1, :, 1:3], a[..., ::-1], np.broadcast_to(a[0, 0], (3, 4, 5)), a[:, :0]):
            np.testing.assert_array_equal(self.received({"a": view})["a"], view)
        np.testing.assert_array_equal(self.received({"a": a.astype(">i4")})["a"], a)

    def test_arrays_meta_and_results_travel_together(self) -> None:
        frame = self.received(
            np.zeros((2, 2, 3), np.uint8), results=[bb.Box(1, 2, 3, 4)], meta={"gain": np.float32(0.5), "type": "no"}, depth=np.ones(3)
        )
        self.assertEqual(frame.keys(), ["rgb", "depth"])
        self.assertEqual((frame.meta["gain"], frame.meta["type"]), (0.5, "results"))
        self.assertEqual(frame.items, [bb.Box(1, 2, 3, 4)])

    def test_results_come_back_as_what_they_were(self) -> None:
        mask = np.eye(4, dtype=bool)
        pose = bb.Pose(np.eye(3), np.array([0, 0, 1.5]), "cup", (0.1, 0.1, 0.2))
        tag = bb.Tag(7, np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]), pose=bb.TagPose(np.eye(3), np.array([0.0, 0, 1])))
        grasp = Grasp(np.array([1.0, 2.0, 3.0]), 0.08, bb.Box(0, 0, 1, 1), ("a", "b"))
        frame = self.received([bb.Box(1, 2, 3, 4, "cat", 0.9, 5), "hello", bb.Text("there", 1, 2), bb.Mask(mask, "leaf"), pose, tag, grasp])
        box, hello, there, got_mask, got_pose, got_tag, got_grasp = frame.items
        self.assertEqual((box, hello, there), (bb.Box(1, 2, 3, 4, "cat", 0.9, 5), bb.Text("hello"), bb.Text("there", 1, 2)))
        np.testing.assert_array_equal(got_mask.array, mask)
        np.testing.assert_array_equal(got_pose.t, [0, 0, 1.5])
        self.assertEqual((got_pose.label, got_pose.size), ("cup", (0.1, 0.1, 0.2)))
        self.assertEqual((got_tag.id, got_tag.corners.shape, got_tag.pose.t[2]), (7, (4, 2), 1.0))
        self.assertIsInstance(got_grasp, Grasp)
        np.testing.assert_array_equal(got_grasp.point, [1, 2, 3])
        self.assertEqual((got_grasp.width, got_grasp.box, got_grasp.fingers), (0.08, bb.Box(0, 0, 1, 1), ("a", "b")))

    def test_a_dataclass_that_the_reader_was_not_told_is_unknown_to_it(self) -> None:
        with bb.subscribe("mine/out") as other:
            self.pub.send(Grasp(np.zeros(3), 0.5))
            frame = other.recv(10.0)
            assert frame is not None
        self.assertEqual(
            frame.items, [bb.Unknown("Grasp", {"point": [0.0, 0.0, 0.0], "width": 0.5, "box": None, "fingers": []})]
        )

    def test_detections_of_the_tag_detector_are_tags(self) -> None:
        item = b'{"id":3,"family":"tag36h11","corners":[[0,0],[1,0],[1,1],[0,1]],"hamming":0,"margin":50.5,"calibrated":false,"new":1}'
        self.pub._send_raw([], b'{"type":"detections","version":1,"camera":"front","items":[' + item + b"]}")
        (tag,) = self.next().items
        self.assertEqual((type(tag), tag.id, tag.margin), (bb.Tag, 3, 50.5))

    def test_results_that_are_not_what_they_say_are_damaged(self) -> None:
        for item in (
            b'{"type":"box","x":"left","y":0,"width":1,"height":1}',
            b'{"type":"box"}',
            b'{"type":"mask","array":"nothing"}',
            b'{"type":"pose","R":[1],"t":[1,2,3]}',
            b'{"type":"Grasp","point":[1],"width":[]}',
        ):
            self.pub._send_raw([], b'{"type":"results","version":1,"items":[' + item + b"]}")
            with self.assertRaisesRegex(bb.Damaged, r"items\[0\]"):
                self.next().items  # noqa: B018

    def test_results_have_the_time_and_the_origin_of_their_frame(self) -> None:
        with bb.publish("cam/image") as cam, bb.subscribe("cam/image") as seen:
            cam.send(np.zeros((2, 2, 3), np.uint8), captured_at=3.25)
            picture = seen.recv(10.0)
            assert picture is not None
        by_frame = self.received([], origin=picture)
        by_origin = self.received([], origin=by_frame.origin)
        for frame in (by_frame, by_origin):
            self.assertEqual((frame.origin, frame.captured_at), (picture.origin, 3.25))
            self.assertEqual(frame.meta["camera"], "cam")
        self.assertEqual(len({picture.origin, by_frame.origin}), 1)

    def test_what_cannot_travel_is_refused_in_words(self) -> None:
        self.refused("complex128", {"a": np.zeros(2, complex)})
        self.refused("object cannot be sent", object())
        self.refused("array `note` is a str.*meta=", {"a": np.zeros(2), "note": "hi"})
        self.refused("5 dimensions", np.zeros((1, 1, 1, 1, 1)))
        self.refused("17 arrays", {f"a{n}": np.zeros(1) for n in range(17)})
        self.refused("nothing to send")
        self.refused("score is nan", [bb.Box(0, 0, 1, 1, score=math.nan)])
        self.refused("5000 elements", [Grasp(np.zeros(5000), 0.1)])
        self.refused("time.monotonic", np.zeros(2), captured_at=1.7e9)
        self.refused("origin is a", np.zeros(2), origin=5)
        self.refused("wants the arrays y, u, v", np.zeros((2, 2), np.uint8), encoding="i420")
        self.refused("not known", np.zeros((2, 2), np.uint8), encoding="rgb16")
        self.refused("a Mask wants", [bb.Mask(np.zeros((2, 2)))])

    def test_objects_are_pickled_only_when_both_sides_said_so(self) -> None:
        with bb.publish("mine/objects", pickle=True) as pub, bb.subscribe("mine/objects") as plain:
            with bb.subscribe("mine/objects", pickle=True) as trusting:
                pub.send({1, 2, 3})
                trusted, refused = trusting.recv(10.0), plain.recv(10.0)
                assert trusted is not None and refused is not None
                self.assertEqual(trusted.object, {1, 2, 3})
                with self.assertRaisesRegex(bb.PickleRefused, r"pickle=True"):
                    refused.object  # noqa: B018
                pub.send(np.zeros(3))
                array = trusting.recv(10.0)
                assert array is not None
                with self.assertRaisesRegex(bb.BadValue, "no pickled object"):
                    array.object  # noqa: B018

    def test_a_pickle_that_was_not_asked_for_is_never_run(self) -> None:
        ran: list[int] = []
        _RAN.clear()
        self.pub._send_raw([("pickle", "uint8", [len(_EVIL)], None, "pickle", _EVIL)], b'{"type":"pickle","version":1}')
        frame = self.next()
        with self.assertRaises(bb.PickleRefused):
            frame.object  # noqa: B018
        self.assertEqual((frame.items, ran, _RAN), ([], [], []))

    def test_a_pickle_that_cannot_be_read_is_damaged(self) -> None:
        with bb.publish("mine/objects", pickle=True) as pub, bb.subscribe("mine/objects", pickle=True) as sub:
            pub._send_raw([("pickle", "uint8", [3], None, "pickle", b"???")], b"")
            frame = sub.recv(10.0)
            assert frame is not None
            with self.assertRaises(bb.Damaged):
                frame.object  # noqa: B018

    def test_names_that_are_none_are_refused(self) -> None:
        for name in ("", "a b", "a/b/c", "/x", "x/"):
            with self.assertRaises(bb.BadName):
                bb.subscribe(name)
        with self.assertRaisesRegex(bb.BadName, "front/image"):
            bb.publish("front")
        with self.assertRaises(bb.BadName):
            bb.subscribe("front", instance="No Such")
        with self.assertRaisesRegex(bb.BadValue, "queue is 65, wanted 1 to 64"):
            bb.subscribe("front", queue=65)
        with self.assertRaisesRegex(bb.BadValue, "every is 0"):
            bb.subscribe("front", every=0)
        with self.assertRaisesRegex(bb.BadValue, "max_fps is 0"):
            bb.subscribe("front/image", max_fps=0)
        with self.assertRaises(bb.BadValue):
            self.sub.recv(-1.0)

    def test_a_second_publisher_is_told_who_writes_the_stream(self) -> None:
        with self.assertRaisesRegex(bb.StreamTaken, "mine/out.*process"):
            bb.publish("mine/out")

    def test_a_closed_publisher_says_so(self) -> None:
        self.pub.close()
        self.pub.close()
        with self.assertRaises(bb.Closed):
            self.pub.send(np.zeros(2))
        bb.publish("mine/out").close()

    def test_a_publisher_says_who_reads_it(self) -> None:
        self.assertEqual((self.pub.readers, self.pub.is_wanted), (1, True))
        self.sub.close()
        self.assertEqual((self.pub.readers, self.pub.is_wanted), (0, False))

    def test_what_is_expected_is_made_ready_and_checked(self) -> None:
        for expect in (((4, 4, 3), "uint8"), {"rgb": ((4, 4, 3), "uint8"), "depth": ((4, 4), np.float32)}):
            with bb.publish("mine/expected", expect=expect, captured_by="start_of_exposure") as pub:  # type: ignore[arg-type]
                with bb.subscribe("mine/expected") as sub:
                    pub.send(np.zeros((4, 4, 3), np.uint8), captured_at=1.0)
                    frame = sub.recv(10.0)
                    assert frame is not None
                    self.assertEqual(frame.captured_by, "start_of_exposure")
        with self.assertRaises(bb.BadValue):
            bb.publish("mine/expected", expect=((4, 4), "complex64"))
        with self.assertRaisesRegex(bb.BadValue, "start_of_exposure"):
            bb.publish("mine/expected", captured_by="yesterday")

    def test_more_than_the_memory_has_is_refused_before_anything_is_written(self) -> None:
        with self.assertRaisesRegex(bb.BadValue, "larger than"):
            self.pub.loan((1 << 35,))
        memory = os.statvfs("/dev/shm")
        too_much = memory.f_bavail * memory.f_frsize + (1 << 20)
        if too_much < 1 << 34:
            with self.assertRaisesRegex(bb.SharedMemoryFull, "mine/out"):
                with self.pub.loan((too_much,)):
                    raise AssertionError("it was lent")
        self.assertEqual(self.received([]).items, [])

    def test_several_threads_may_send(self) -> None:
        threads = [threading.Thread(target=lambda n=n: [self.pub.send(np.full(100, n)) for _ in range(10)]) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        frames = [self.next() for _ in range(40)]
        self.assertEqual([frame.seq for frame in frames], list(range(40)))
        self.assertTrue(all(int(np.ptp(frame.array)) == 0 for frame in frames))
        self.assertEqual(self.pub.seq, 40)


_RAN: list[int] = []


class _Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (_RAN.append, (1,))


_EVIL = pickle.dumps(_Evil())
