"""AprilTags in arrays and frames."""

from __future__ import annotations

import json
import os

import bushbaby as bb
import numpy as np

from busrig import BusTest

# tag36h11, id 0, with its white border.
TAG = """
    ..........
    .########.
    .#..#.#.#.
    .##...#.#.
    .##..####.
    .#.#.####.
    .##.#..##.
    .####.###.
    .########.
    ..........
"""
CALIBRATION = {
    "width_px": 320, "height_px": 240, "fx": 300.0, "fy": 300.0, "cx": 160.0, "cy": 120.0,
    "model": "pinhole", "distortion": [], "guessed": False,
}  # fmt: skip


def picture() -> np.ndarray:
    """A grey picture of tag 0, upright and facing the camera; its black border is 96 px wide, from (112, 72) to (208, 168)."""
    cells = np.array([[cell == "." for cell in line.strip()] for line in TAG.split()])
    tag = np.kron(cells, np.ones((12, 12), bool))
    image = np.full((240, 320), 255, np.uint8)
    image[60 : 60 + len(tag), 100 : 100 + len(tag)] = np.where(tag, 255, 0)
    return image


class DetectTags(BusTest):
    def test_a_picture_without_tags_has_none(self) -> None:
        self.assertEqual(bb.detect_tags(np.full((240, 320), 128, np.uint8)), [])

    def test_a_tag_is_found_in_grey_in_colour_and_in_a_slice(self) -> None:
        gray = picture()
        for image in (gray, np.dstack([gray] * 3), np.dstack([gray] * 3)[:, :, ::-1], np.pad(gray, 8)[8:-8, 8:-8]):
            (tag,) = bb.detect_tags(image)
            self.assertEqual((tag.id, tag.family, tag.hamming, tag.pose, tag.calibrated), (0, "tag36h11", 0, None, False))
            np.testing.assert_allclose(tag.corners, [[112, 168], [208, 168], [208, 72], [112, 72]], atol=0.5)

    def test_with_size_and_camera_it_has_a_pose(self) -> None:
        path = os.path.join(os.path.dirname(self.runtime_dir), "camera.json")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write("model: pinhole\nsize: 320x240\nfx: 300\nfy: 300\ncx: 160\ncy: 120\n")
        for camera in (CALIBRATION, path):
            (tag,) = bb.detect_tags(picture(), tag_size=0.096, camera=camera)
            assert tag.pose is not None
            np.testing.assert_allclose(tag.pose.t, [0, 0, 0.3], atol=0.002)
            self.assertTrue(tag.calibrated)

    def test_a_frame_brings_its_own_calibration(self) -> None:
        with bb.publish("cam/image") as pub, bb.subscribe("cam/image") as sub:
            pub.send(picture(), meta={"calibration": CALIBRATION})
            frame = sub.recv(10.0)
            assert frame is not None
        (tag,) = bb.detect_tags(frame, tag_size=0.096)
        assert tag.pose is not None
        self.assertAlmostEqual(tag.pose.t[2], 0.3, delta=0.002)

    def test_what_cannot_be_looked_at_is_said(self) -> None:
        gray = picture()
        for pattern, arguments in [
            ("family", {"image": gray, "family": "36h12"}),
            ("float64", {"image": gray.astype(float)}),
            ("a frame or a uint8 array", {"image": "picture.png"}),
            ("tag_size", {"image": gray, "tag_size": -1.0}),
            ("camera is a int", {"image": gray, "camera": 5}),
            ("aspect differs", {"image": gray, "camera": {**CALIBRATION, "height_px": 500}, "tag_size": 0.1}),
            ("no-such-file", {"image": gray, "camera": "no-such-file.json"}),
        ]:
            with self.assertRaisesRegex(bb.BadValue, pattern):
                bb.detect_tags(**arguments)  # type: ignore[arg-type]

    def test_tags_can_be_sent_as_results(self) -> None:
        with bb.publish("mine/results") as pub, bb.subscribe("mine/results") as sub:
            pub.send(bb.detect_tags(picture(), tag_size=0.096, camera=CALIBRATION))
            frame = sub.recv(10.0)
            assert frame is not None
        (tag,) = frame.items
        self.assertEqual((tag.id, round(float(tag.pose.t[2]), 2)), (0, 0.3))
        self.assertEqual(json.loads(json.dumps(frame.meta))["items"][0]["type"], "tag")
