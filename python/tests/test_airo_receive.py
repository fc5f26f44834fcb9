"""What a program that looks at the camera of another process can rely on."""

import importlib.util
import itertools
import os
import threading
import time
import unittest
import warnings

import airo_cameras as cameras
from leftovers import remove_at_end
import numpy as np

import bushbaby as bb
import bushbaby.airo
from bushbaby.airo import GrabTimeout

_counter = itertools.count()


class AiroTest(unittest.TestCase):
    """Each test has an instance of its own, and its processes end with it."""

    def setUp(self):
        os.environ["BUSHBABY_INSTANCE"] = f"airo-{os.getpid()}-{next(_counter)}"
        remove_at_end(os.environ["BUSHBABY_INSTANCE"])

    def published(self, camera, **arguments):
        return self.enterContext(bushbaby.airo.publish(camera, name="table", **arguments))

    def received(self, **options):
        receiver = bushbaby.airo.receive("table", **options)
        self.addCleanup(receiver.close)
        return receiver


class OneGrab(AiroTest):
    def test_everything_that_is_retrieved_after_one_grab_is_of_one_capture(self):
        self.published(cameras.StereoCamera)
        camera = self.received()
        for _ in range(5):
            camera.grab_images()
            number = camera.retrieve_rgb_image_as_int()[0, 0, 0]
            self.assertTrue((camera.retrieve_rgb_image_as_int() == number).all())
            self.assertTrue((camera.retrieve_rgb_image_as_int(view="right") == number + 1).all())
            self.assertTrue((camera.retrieve_depth_map() == number).all())
            np.testing.assert_array_equal(camera.retrieve_rgb_image(), np.full((36, 64, 3), number, np.float32) / 255)
            self.assertTrue((camera.retrieve_colored_point_cloud().points[:, 2] == number).all())
            self.assertTrue((camera.retrieve_colored_point_cloud().colors == number).all())

    def test_arrays_are_read_only_and_never_change_however_long_they_are_kept(self):
        self.published(cameras.DepthCamera, fps=200)
        camera = self.received()
        kept = []
        for _ in range(20):
            camera.grab_images()
            kept.append((camera.retrieve_depth_map(), camera.retrieve_rgb_image_as_int(), camera.retrieve_depth_map().copy()))
        for depth, image, copy in kept:
            np.testing.assert_array_equal(depth, copy)
            with self.assertRaises(ValueError):
                depth[0, 0] = 0
            with self.assertRaises(ValueError):
                image.flags.writeable = True

    def test_before_the_first_grab_every_retrieve_says_what_to_call(self):
        self.published(cameras.StereoCamera)
        camera = self.received()
        for method in (name for name in dir(camera) if name.startswith("retrieve_")):
            with self.subTest(method), self.assertRaisesRegex(RuntimeError, "grab_images"):
                getattr(camera, method)()
        for method in (camera.get_current_timestamp, camera.get_current_frame_id):
            with self.assertRaisesRegex(RuntimeError, "grab_images"):
                method()

    def test_a_grab_waits_for_a_frame_that_was_not_grabbed_yet(self):
        self.published(cameras.PictureCamera)
        camera = self.received()
        seen = []
        for _ in range(10):
            camera.grab_images()
            seen.append((camera.get_current_frame_id(), camera.get_current_timestamp()))
        self.assertEqual(seen, sorted(set(seen)))
        self.assertEqual(len(seen), 10)

    def test_a_receiver_that_does_not_block_takes_what_there_is(self):
        with self.published(cameras.PictureCamera):
            camera = self.received(block_until_new_frame=False)
            camera.grab_images()
        for _ in range(3):
            camera.grab_images(timeout=0)
        last = camera.get_current_frame_id()
        camera.grab_images()
        self.assertEqual(camera.get_current_frame_id(), last)

    def test_get_is_grab_and_retrieve_and_says_that_it_is_deprecated(self):
        # The toolkit's own confidence map wants pictures wider than its 160 disparities.
        self.published(cameras.StereoCamera, resolution=(320, 180))
        camera = self.received()
        fields = ("rgb_image", "rgb_image_as_int", "depth_map", "depth_image", "confidence_map", "colored_point_cloud")
        numbers = []
        for field in fields:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                getattr(camera, f"get_{field}")()
            self.assertTrue(any(issubclass(one.category, DeprecationWarning) for one in said), field)
            numbers.append(camera.get_current_frame_id())
        self.assertEqual(numbers, sorted(set(numbers)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            right = camera.get_rgb_image_as_int(view="right")
        self.assertTrue((right == camera.retrieve_rgb_image_as_int() + 1).all())


class TheCamera(AiroTest):
    def test_its_lens_place_size_and_pace_are_known_before_the_first_grab_exactly_as_the_camera_says(self):
        self.published(cameras.StereoCamera, resolution=(96, 54), fps=40)
        camera = self.received()
        self.assertEqual((camera.resolution, camera.fps), ((96, 54), 40.0))
        np.testing.assert_array_equal(camera.intrinsics_matrix(), cameras.INTRINSICS)
        np.testing.assert_array_equal(camera.intrinsics_matrix(view="right"), cameras.INTRINSICS_RIGHT)
        np.testing.assert_array_equal(camera.pose_of_right_view_in_left_view, cameras.RIGHT_IN_LEFT)
        with self.assertRaisesRegex(ValueError, "'left' or 'right'"):
            camera.intrinsics_matrix(view="top")

    def test_a_receiver_is_of_the_kind_that_the_camera_is(self):
        for camera, kind in (
            (cameras.PictureCamera, "RGBReceiver"),
            (cameras.DepthCamera, "RGBDReceiver"),
            (cameras.StereoCamera, "StereoRGBDReceiver"),
        ):
            with self.published(camera):
                self.assertEqual(type(self.received()).__name__, kind)

    @unittest.skipUnless(importlib.util.find_spec("airo_camera_toolkit"), "airo-camera-toolkit is not installed")
    def test_a_receiver_is_an_instance_of_the_toolkits_classes(self):
        from airo_camera_toolkit.interfaces import RGBCamera, RGBDCamera, StereoRGBDCamera
        from airo_typing import PointCloud

        self.published(cameras.StereoCamera)
        camera = self.received()
        for kind in (RGBCamera, RGBDCamera, StereoRGBDCamera):
            self.assertIsInstance(camera, kind)
        camera.grab_images()
        self.assertIsInstance(camera.retrieve_colored_point_cloud(), PointCloud)

    def test_what_a_camera_does_not_send_is_said_by_name(self):
        self.published(cameras.DepthlessCamera)
        camera = self.received()
        camera.grab_images()
        self.assertEqual(camera.retrieve_rgb_image_as_int(view="right").shape, (36, 64, 3))
        with self.assertRaisesRegex(RuntimeError, "`table` sends no depth; its frames hold rgb, rgb_right"):
            camera.retrieve_depth_map()

    def test_a_lens_that_nobody_measured_is_an_error_and_the_picture_comes_all_the_same(self):
        self.published(cameras.UnknownLensCamera)
        camera = self.received()
        camera.grab_images()
        self.assertEqual(camera.retrieve_rgb_image_as_int().shape, (36, 64, 3))
        with self.assertRaisesRegex(RuntimeError, "`table` tells no calibration"):
            camera.intrinsics_matrix()

    def test_the_cameras_own_confidence_is_sent_only_where_it_was_asked_for(self):
        with self.published(cameras.StereoCamera):
            self.received().grab_images()
            self.assertNotIn("confidence", bb.latest("table/rgbd"))
        self.published(cameras.StereoCamera, confidence=True)
        camera = self.received()
        camera.grab_images()
        self.assertTrue((camera.retrieve_confidence_map() == 0.25).all())


class Points(AiroTest):
    def test_points_lie_on_the_rays_of_their_pixels_centres(self):
        self.published(cameras.DepthCamera)
        camera = self.received()
        camera.grab_images()
        cloud = camera.retrieve_colored_point_cloud()
        depth = camera.retrieve_depth_map()
        self.assertEqual((cloud.points.shape, cloud.points.dtype), ((36 * 64, 3), np.float32))
        for u, v in ((0, 0), (63, 0), (10, 20), (63, 35)):
            ray = np.linalg.inv(cameras.INTRINSICS) @ (u, v, 1)
            np.testing.assert_allclose(cloud.points[v * 64 + u], ray * depth[v, u], rtol=1e-5)

    def test_a_reader_of_points_gets_the_cameras_own_of_the_same_capture(self):
        self.published(cameras.CloudCamera)
        self.assertEqual(len(self._grabbed(self.received()).points), 36 * 64)
        camera = self.received(points=True)
        own = 0
        for _ in range(10):
            cloud = self._grabbed(camera)
            number = camera.retrieve_depth_map()[0, 0]
            self.assertTrue((cloud.points[:, 2] == number).all())
            own += len(cloud.points) == 2
        self.assertGreater(own, 0)

    def test_points_are_made_only_while_somebody_reads_them(self):
        self.published(cameras.CloudCamera)
        camera = self.received()
        camera.grab_images()
        with bb.subscribe("table/points") as points:
            first = points.recv(timeout=10)
        self.assertEqual(first.seq, 0)
        self.assertEqual(first.origin.stream, "table/rgbd")

    @staticmethod
    def _grabbed(camera):
        camera.grab_images()
        return camera.retrieve_colored_point_cloud()


class Waiting(AiroTest):
    def test_a_camera_that_nobody_publishes_is_told_in_time(self):
        with self.assertRaisesRegex(TimeoutError, "camera `table`: no frame of `table/rgbd` or `table/image` within 0.2 s"):
            bushbaby.airo.receive("table", timeout=0.2)

    def test_a_grab_has_an_end_and_what_was_grabbed_stays(self):
        with self.published(cameras.StereoCamera):
            camera = self.received(grab_timeout=0.2)
            camera.grab_images()
            image = camera.retrieve_rgb_image_as_int()
        with self.assertRaisesRegex(GrabTimeout, "no new frame of `table/rgbd` within 0.2 s: nobody publishes it"):
            for _ in range(3):  # what was sent before the end may still come
                camera.grab_images()
        self.assertIsInstance(GrabTimeout("x"), TimeoutError)
        self.assertEqual(image.shape, camera.retrieve_rgb_image_as_int().shape)

    def test_the_same_receiver_goes_on_after_a_restart_at_another_resolution(self):
        with self.published(cameras.StereoCamera, resolution=(64, 36)):
            camera = self.received(grab_timeout=20)
            camera.grab_images()
            before = camera.retrieve_rgb_image_as_int()
        self.published(cameras.StereoCamera, resolution=(128, 72))
        for _ in range(3):  # what was sent before the end may still come
            camera.grab_images()
        self.assertEqual(camera.resolution, (128, 72))
        self.assertEqual(camera.retrieve_depth_map().shape, (72, 128))
        self.assertEqual(len(camera.retrieve_colored_point_cloud().points), 72 * 128)
        self.assertEqual(before.shape, (36, 64, 3))


class OtherCameras(AiroTest):
    """A camera of a pipeline file sends the same streams without being one of theirs."""

    def test_frames_that_say_no_pace_are_counted(self):
        with bb.publish("table/rgbd") as publisher:
            done = _sending(self, publisher, fps=25.0)
            camera = self.received()
            camera.grab_images()
            before = camera.get_current_frame_id()
            self.assertEqual((camera.fps, camera.get_current_frame_id()), (25.0, before))
            camera.grab_images()
            self.assertGreater(camera.get_current_frame_id(), before)
            self.assertEqual(camera.retrieve_depth_map().shape, (36, 64))
            done.set()

    def test_a_picture_in_another_format_is_converted(self):
        with bb.publish("table/image") as publisher:
            done = _sending(self, publisher, arrays={"gray": np.full((36, 64), 128, np.uint8)})
            camera = self.received()
            camera.grab_images()
            self.assertEqual(camera.retrieve_rgb_image_as_int().shape, (36, 64, 3))
            done.set()


def _sending(test, publisher, fps=25.0, arrays=None):
    """Sends frames whose times of capture are exactly at their pace, however busy the machine is."""
    arrays = arrays or {"rgb": np.zeros((36, 64, 3), np.uint8), "depth": np.ones((36, 64), np.float32)}
    done, begun = threading.Event(), time.monotonic()

    def send():
        for number in itertools.count():
            publisher.send(arrays, captured_at=begun + number / fps)
            if done.wait(1 / fps):
                return

    thread = threading.Thread(target=send)
    thread.start()
    test.addCleanup(thread.join)
    test.addCleanup(done.set)
    return done


if __name__ == "__main__":
    unittest.main()
