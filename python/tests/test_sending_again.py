"""What is sent again, looking as before or not quite: names, order, encodings and values are those of this very frame."""

from __future__ import annotations

import itertools
import os
import unittest
from typing import Any

import numpy as np

import bushbaby as bb

_counter = itertools.count()


class SendingAgain(unittest.TestCase):
    def setUp(self) -> None:
        self.instance = f"again-{os.getpid()}-{next(_counter)}"
        self.publisher = self.enterContext(bb.publish("cam/rgbd", instance=self.instance))
        self.frames = self.enterContext(bb.subscribe("cam/rgbd", instance=self.instance))

    def sent(self, value: Any, **beside: Any) -> bb.Frame:
        self.publisher.send(value, **beside)
        frame = self.frames.recv(timeout=30)
        assert frame is not None
        return frame

    def test_values_are_those_of_this_frame_whatever_was_sent_in_the_same_form_before(self) -> None:
        for number in range(5):
            depth = np.full((4, 6), number, np.float32)
            rgb = np.full((4, 6, 3), number, np.uint8)
            # The picture comes first for whoever reads pictures, wherever it stood.
            frame = self.sent({"depth": depth, "rgb": rgb})
            self.assertEqual(list(frame.keys()), ["rgb", "depth"])
            self.assertEqual(frame.meta["type"], "rgbd")
            np.testing.assert_array_equal(frame["depth"], depth)
            np.testing.assert_array_equal(frame["rgb"], rgb)

    def test_another_form_is_another_frame(self) -> None:
        grey, colored = np.zeros((4, 6), np.uint8), np.zeros((4, 6, 3), np.uint8)
        for _ in range(2):
            for value, encodings, kind in (
                (grey, {"gray": "gray8"}, "image"),
                (colored, {"rgb": "rgb8"}, "image"),
                ({"rgb": colored}, {"rgb": "rgb8"}, "image"),
                ({"bgr": colored}, {"bgr": "bgr8"}, "image"),
                ({"rgb": grey}, {"rgb": ""}, "arrays"),
                ({"rgb": colored.astype(np.uint16)}, {"rgb": ""}, "arrays"),
            ):
                frame = self.sent(value)
                self.assertEqual((dict(frame.encodings), frame.meta["type"]), (encodings, kind))

    def test_what_goes_along_does_not_stay(self) -> None:
        picture = np.zeros((4, 6, 3), np.uint8)
        self.sent(picture)
        self.assertEqual(self.sent(picture, meta={"gain": 2}).meta["gain"], 2)
        self.assertNotIn("gain", self.sent(picture).meta)
        self.assertEqual(len(self.sent(picture, results=[bb.Text("cat")]).items), 1)
        self.assertEqual(self.sent(picture).meta["type"], "image")

    def test_arrays_that_must_be_converted_are_converted_each_time(self) -> None:
        for number in (1, 2, 3):
            frame = self.sent({"count": np.full(3, number, ">u4")})
            self.assertEqual(frame["count"].tolist(), [number] * 3)

    def test_strides_are_of_this_frame(self) -> None:
        whole = np.arange(48, dtype=np.uint8).reshape(6, 8)
        for view in (whole[:4, :6], whole[1:5, 2:8], whole[::-1][:4, :6], whole.T[:4, :6]):
            np.testing.assert_array_equal(self.sent({"part": view})["part"], view)

    def test_the_camera_of_the_body_is_that_of_the_origin(self) -> None:
        with bb.publish("other/image", instance=self.instance) as other, bb.subscribe("other/image", instance=self.instance) as read:
            picture = np.zeros((4, 6, 3), np.uint8)
            self.assertEqual(self.sent(picture).meta["camera"], "cam")
            other.send(picture)
            origin = read.recv(timeout=30)
            assert origin is not None
            self.assertEqual(self.sent(picture, origin=origin).meta["camera"], "other")
            self.assertEqual(self.sent(picture).meta["camera"], "cam")


if __name__ == "__main__":
    unittest.main()
