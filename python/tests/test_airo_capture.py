"""What a camera object's captures become, and what readers compute from them; without any bus."""

import unittest

import airo_cameras as cameras
import numpy as np

from bushbaby import BadValue
from bushbaby.airo import _derived
from bushbaby.airo._capture import Capture

CALIBRATION = {"width_px": 4, "height_px": 2, "fx": 2.0, "fy": 2.0, "cx": 2.0, "cy": 1.0, "model": "pinhole"}


def captured(camera, **options):
    capture = Capture(camera, **options)
    capture.grab()
    return capture, capture.arrays()


class Captures(unittest.TestCase):
    def test_the_arrays_of_a_capture_follow_from_what_the_camera_can_do(self):
        for camera, output, names in (
            (cameras.PictureCamera(), "image", ["rgb"]),
            (cameras.DepthCamera(), "rgbd", ["rgb", "depth"]),
            (cameras.StereoCamera(), "rgbd", ["rgb", "rgb_right", "depth"]),
            (cameras.DepthlessCamera(), "rgbd", ["rgb", "rgb_right"]),
        ):
            capture, arrays = captured(camera)
            self.assertEqual((capture.output, list(arrays)), (output, names), type(camera).__name__)

    def test_depth_that_is_switched_off_is_asked_for_once_and_its_reason_kept(self):
        capture, _ = captured(cameras.DepthlessCamera())
        self.assertEqual((capture.has_depth, capture.why_no_depth), (False, "depth mode is NONE"))
        self.assertIsNone(capture.points())

    def test_depth_that_fails_later_is_an_error(self):
        camera = cameras.StereoCamera()
        capture, _ = captured(camera)
        camera.retrieve_depth_map = cameras.DepthlessCamera().retrieve_depth_map
        with self.assertRaisesRegex(RuntimeError, "depth mode is NONE"):
            capture.arrays()

    def test_numbers_of_the_lens_are_from_the_first_pixels_outer_corner(self):
        capture, _ = captured(cameras.StereoCamera())
        meta = capture.meta()
        self.assertEqual((meta["calibration"]["cx"], meta["calibration"]["cy"]), (32.0, 17.75))
        self.assertEqual(meta["calibration_right"]["fx"], 301.0)
        self.assertEqual((meta["calibration"]["width_px"], meta["calibration"]["height_px"]), (64, 36))
        self.assertEqual(meta["left_from_right"]["t"], [0.12, 0.01, 0.0])
        self.assertAlmostEqual(meta["baseline_m"], np.hypot(0.12, 0.01))
        self.assertEqual(meta["fps"], 50.0)

    def test_maps_of_other_number_types_travel_as_float32(self):
        _, arrays = captured(cameras.StereoCamera(), confidence=True)
        self.assertEqual({arrays[name].dtype for name in ("depth", "confidence")}, {np.dtype(np.float32)})

    def test_points_are_the_cameras_own_where_it_makes_them(self):
        capture, _ = captured(cameras.CloudCamera())
        points = capture.points()
        self.assertEqual((points["points"].shape, points["points"].dtype), ((2, 3), np.float32))
        capture, arrays = captured(cameras.DepthCamera())
        points = capture.points()
        self.assertEqual(points["points"].shape, (64 * 36, 3))
        np.testing.assert_array_equal(points["colors"], arrays["rgb"].reshape(-1, 3))

    def test_a_picture_that_is_none_is_told_with_what_a_picture_is(self):
        camera = cameras.PictureCamera()
        camera.retrieve_rgb_image_as_int = lambda: np.zeros((4, 4, 3), np.float32)
        with self.assertRaisesRegex(TypeError, r"the camera's picture is float32 \(4, 4, 3\), wanted uint8 \(height, width, 3\)"):
            captured(camera)


class Derived(unittest.TestCase):
    def test_in_a_depth_picture_near_is_bright_far_is_dark_and_what_is_not_known_black(self):
        depth = np.linspace(1, 4, 64 * 64, dtype=np.float32).reshape(64, 64)
        depth[10, 10], depth[20, 20], depth[30, 30] = np.nan, np.inf, 0
        picture = _derived.depth_image(depth)
        self.assertEqual((picture.shape, picture.dtype), ((64, 64, 3), np.uint8))
        self.assertGreater(picture[2, 0, 0], picture[32, 0, 0])
        self.assertGreater(picture[32, 0, 0], picture[60, 0, 0])
        self.assertGreater(picture[63, 63, 0], 0)
        self.assertEqual([picture[n, n].tolist() for n in (10, 20, 30)], [[0, 0, 0]] * 3)
        self.assertFalse(_derived.depth_image(np.full((8, 8), np.nan, np.float32)).any())

    def test_points_of_unknown_depth_are_not_finite_and_the_others_lie_before_their_pixels(self):
        depth = np.array([[1, 2, np.nan, np.inf], [4, 4, 4, 4]], np.float32)
        points = _derived.points(depth, CALIBRATION)
        self.assertEqual(np.isfinite(points).all(axis=1).tolist(), [True, True, False, False, True, True, True, True])
        np.testing.assert_allclose(points[0], [(0.5 - 2) / 2, (0.5 - 1) / 2, 1])
        np.testing.assert_allclose(points[7], [(3.5 - 2) / 2 * 4, (1.5 - 1) / 2 * 4, 4])

    def test_a_depth_map_with_gaps_between_its_rows_gives_the_same_points(self):
        depth = np.arange(1, 17, dtype=np.float32).reshape(2, 8)
        np.testing.assert_array_equal(
            _derived.points(depth[:, ::2], CALIBRATION), _derived.points(depth[:, ::2].copy(), CALIBRATION)
        )

    def test_a_depth_map_of_another_size_than_the_calibration_is_refused(self):
        with self.assertRaisesRegex(BadValue, r"shape \[3, 4\], and the camera's calibration is for \[2, 4\]"):
            _derived.points(np.zeros((3, 4), np.float32), CALIBRATION)


if __name__ == "__main__":
    unittest.main()
