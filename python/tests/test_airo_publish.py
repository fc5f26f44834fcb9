"""What a program that starts a camera's process can rely on."""

import itertools
import os
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

import airo_cameras as cameras
from leftovers import remove_at_end

import bushbaby.airo
from bushbaby.airo import CameraFailed

HERE = Path(__file__).parent
_counter = itertools.count()


class AiroTest(unittest.TestCase):
    def setUp(self):
        self.instance = f"airop-{os.getpid()}-{next(_counter)}"
        remove_at_end(self.instance)
        os.environ["BUSHBABY_INSTANCE"] = self.instance
        self.addCleanup(self._nothing_is_left)

    def _nothing_is_left(self):
        """What was killed leaves shared memory behind; the next start of anything in the instance takes it away."""
        bushbaby.publish("the/next").close()
        left = [name for name in os.listdir("/dev/shm") if name.startswith(f"bb_{self.instance}_")]
        self.assertEqual(left, [])


class Failing(AiroTest):
    def test_what_the_constructor_raised_is_raised_here_with_its_text(self):
        text = "camera `table` .UnpluggedCamera.: ConnectionError: camera 12345678 is not plugged in"
        with self.assertRaisesRegex(CameraFailed, text):
            bushbaby.airo.publish(cameras.UnpluggedCamera, name="table")

    def test_an_argument_that_the_camera_does_not_take_is_its_constructors_error(self):
        with self.assertRaisesRegex(CameraFailed, "unexpected keyword argument 'resolutoin'"):
            bushbaby.airo.publish(cameras.StereoCamera, name="table", resolutoin=(64, 36))

    def test_what_is_no_camera_is_told_what_it_lacks(self):
        with self.assertRaisesRegex(CameraFailed, "Event is no camera: it has no grab_images and no retrieve_rgb_image_as_int"):
            import threading

            bushbaby.airo.publish(threading.Event, name="table")

    def test_a_camera_that_fails_later_is_not_alive_and_says_why(self):
        process = self.enterContext(bushbaby.airo.publish(cameras.DyingCamera, name="table"))
        process.join(20)
        self.assertFalse(process.is_alive())
        self.assertIn("RuntimeError: the cable came off", process.error)

    def test_a_name_with_a_slash_is_refused_before_anything_starts(self):
        with self.assertRaisesRegex(bushbaby.BadName, "wanted the name alone, as `table`"):
            bushbaby.airo.publish(cameras.StereoCamera, name="table/rgbd")


class Ending(AiroTest):
    def test_it_ends_with_its_block_and_says_no_error(self):
        with bushbaby.airo.publish(cameras.StereoCamera, name="table") as process:
            self.assertTrue(process.is_alive())
        self.assertFalse(process.is_alive())
        self.assertIsNone(process.error)

    def test_one_that_is_stuck_in_a_capture_is_ended_all_the_same(self):
        process = bushbaby.airo.publish(cameras.StuckCamera, name="table")
        with mock.patch("bushbaby.airo._publish.STOP_PATIENCE_S", 0.2):
            process.stop()
        self.assertFalse(process.is_alive())

    def test_it_dies_with_a_parent_that_is_killed(self):
        parent = self._script("""
            import sys, bushbaby.airo, airo_cameras
            process = bushbaby.airo.publish(airo_cameras.StereoCamera, name="table")
            print(process.pid, flush=True)
            sys.stdin.read()
        """)
        pid = int(parent.stdout.readline())
        child = os.pidfd_open(pid)
        self.addCleanup(os.close, child)
        parent.kill()
        # Its end makes the descriptor readable.
        self.assertTrue(select.select([child], [], [], 20)[0], "the camera's process outlived its parent")

    def test_a_camera_that_is_killed_and_comes_back_larger_is_seen_by_the_same_receiver(self):
        first = bushbaby.airo.publish(cameras.StereoCamera, name="table")
        self.addCleanup(first.stop)
        receiver = bushbaby.airo.receive("table", grab_timeout=20)
        self.addCleanup(receiver.close)
        receiver.grab_images()
        os.kill(first.pid, signal.SIGKILL)
        first.join(20)
        self.assertEqual(first.error, "its process ended with signal 9")
        self.enterContext(bushbaby.airo.publish(cameras.StereoCamera, name="table", resolution=(640, 360)))
        for _ in range(3):  # what was sent before the end may still come
            receiver.grab_images()
        self.assertEqual(receiver.retrieve_depth_map().shape, (360, 640))

    def test_a_camera_started_by_a_thread_that_ends_goes_on(self):
        import threading

        started = []
        thread = threading.Thread(target=lambda: started.append(bushbaby.airo.publish(cameras.StereoCamera, name="table")))
        thread.start()
        thread.join()
        self.addCleanup(started[0].stop)
        receiver = bushbaby.airo.receive("table")
        self.addCleanup(receiver.close)
        for _ in range(5):
            receiver.grab_images()
        self.assertTrue(started[0].is_alive())

    def _script(self, text):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        script = Path(folder) / "program.py"
        script.write_text(textwrap.dedent(text))
        path = os.pathsep.join([str(HERE), *sys.path])
        process = subprocess.Popen(
            [sys.executable, script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
        )

        def end():
            process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def test_a_class_of_the_script_itself_is_found_under_a_main_guard(self):
        script = self._script("""
            import airo_cameras, bushbaby.airo

            class Mine(airo_cameras.StereoCamera):
                pass

            if __name__ == "__main__":
                with bushbaby.airo.publish(Mine, name="table", resolution=(32, 18)):
                    camera = bushbaby.airo.receive("table")
                    camera.grab_images()
                    print(camera.retrieve_depth_map().shape)
        """)
        said, errors = script.communicate(timeout=60)
        self.assertEqual((said, errors), ("(18, 32)\n", ""))

    def test_without_the_guard_the_error_says_so(self):
        script = self._script("""
            import airo_cameras, bushbaby.airo

            class Mine(airo_cameras.StereoCamera):
                pass

            bushbaby.airo.publish(Mine, name="table")
        """)
        _, errors = script.communicate(timeout=60)
        self.assertIn("if __name__ == '__main__':", errors)

    def test_an_installed_class_needs_no_guard(self):
        script = self._script("""
            import airo_cameras, bushbaby.airo

            with bushbaby.airo.publish(airo_cameras.PictureCamera, name="table"):
                print(bushbaby.airo.receive("table").resolution)
        """)
        said, errors = script.communicate(timeout=60)
        self.assertEqual((said, errors), ("(64, 36)\n", ""))


class TheirNames(AiroTest):
    def test_a_program_of_theirs_changes_its_import_line(self):
        from bushbaby.airo.multiprocess import MultiprocessStereoRGBDPublisher, MultiprocessStereoRGBDReceiver

        publisher = MultiprocessStereoRGBDPublisher(cameras.StereoCamera, camera_kwargs={"resolution": (96, 54)})
        publisher.start()
        self.addCleanup(publisher.stop)
        receiver = MultiprocessStereoRGBDReceiver("camera")
        self.addCleanup(receiver.close)
        before = receiver.get_current_frame_id()
        receiver.grab_images()
        self.assertGreater(receiver.get_current_frame_id(), before)
        self.assertEqual(receiver.retrieve_rgb_image_as_int(view="right").shape, (54, 96, 3))
        self.assertEqual(len(receiver.retrieve_colored_point_cloud().points), 96 * 54)
        publisher.stop()
        publisher.join()
        self.assertFalse(publisher.is_alive())


if __name__ == "__main__":
    unittest.main()
