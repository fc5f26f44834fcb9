"""Python nodes in a pipeline file, with the real program: what it says of mistakes, what it does when they fall."""

from __future__ import annotations

import os
import signal
import time
import unittest

from noderig import PATIENCE_S, Folder
from productrig import Product, frames, state

import bushbaby as bb

DETECTOR = """
    import bushbaby as bb

    @bb.stage
    def detector(frame: bb.Frame, threshold: float = 0.5) -> list[bb.Box]:
        height, width = frame.array.shape[:2]
        return [bb.Box(0, 0, width, height, label="all", score=threshold)]
"""

PIPELINE = """
    cameras:
      front: {scene: tags, size: 320x240}
    stages:
      people: {run: detector.py, threshold: 0.4}
"""


class Products(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.folder.write("detector.py", DETECTOR)

    def product(self, pipeline: str = PIPELINE, *arguments: str) -> Product:
        product = Product(self.folder, pipeline, *arguments)
        self.addCleanup(product.close)
        return product

    def test_results_come_with_the_settings_of_the_file_and_a_killed_stage_comes_back(self) -> None:
        product = self.product()
        before = product.until("results", lambda status: frames(status, "people/results") > 3)
        self.assertEqual(before["nodes"]["people"]["kind"], "python_stage")
        self.assertEqual(before["nodes"]["people"]["outputs"], ["people/results"])
        with bb.subscribe("people", instance=product.instance) as results:
            frame = results.recv(PATIENCE_S)
            assert frame is not None
            self.assertEqual(frame.items, [bb.Box(0, 0, 320, 240, label="all", score=0.4)])
            self.assertEqual(frame.origin.stream, "front/image")
        os.kill(before["nodes"]["people"]["pid"], signal.SIGKILL)
        sent = frames(before, "people/results")
        after = product.until(
            "its return",
            lambda status: status["nodes"]["people"]["restarts"] == 1 and frames(status, "people/results") > sent + 3,
        )
        self.assertEqual(after["nodes"]["front"]["restarts"], 0, "the camera noticed nothing")
        self.assertEqual(product.stop(), 0)

    def test_an_exception_names_its_line_in_status_and_log(self) -> None:
        self.folder.write(
            "detector.py",
            """
            import bushbaby as bb

            @bb.stage
            def detector(frame: bb.Frame) -> list[bb.Box]:
                raise ValueError("too dark")
            """,
        )
        product = self.product(PIPELINE.replace(", threshold: 0.4", ", restart: {give_up: 1}"))
        status = product.until("its end", lambda status: state(status, "people") == "given-up")
        error = status["nodes"]["people"]["error"]
        self.assertIn("ValueError: too dark", error)
        self.assertIn("detector.py:6", error)
        self.assertIn('raise ValueError("too dark")', product.say("log", "people").stdout, "the log has the traceback")
        self.assertEqual(state(status, "front"), "running")
        self.assertEqual(product.stop(), 0)

    def test_what_is_saved_is_taken_over_and_a_mistake_is_told_while_all_runs_on(self) -> None:
        product = self.product(PIPELINE, "--reload")
        before = product.until("results", lambda status: frames(status, "people/results") > 3)

        self.folder.write("detector.py", "def detector(frame:\n")
        product.until_logged("what was saved is not taken over")
        self.assertIn("detector.py:1", product.log)
        status = product.status()
        self.assertEqual(status["nodes"]["people"]["pid"], before["nodes"]["people"]["pid"])

        self.folder.write("detector.py", DETECTOR.replace("0.5", "0.6"))
        product.until("its restart", lambda status: status["nodes"]["people"]["restarts"] == 1)
        self.folder.write("pipeline.yaml", PIPELINE.replace("threshold: 0.4", "threshold: 0.9"))
        with bb.subscribe("people", instance=product.instance) as results:
            deadline = time.monotonic() + PATIENCE_S
            score = None
            while score != 0.9:
                frame = results.recv(PATIENCE_S)
                assert frame is not None and time.monotonic() < deadline, product.log
                score = frame.items[0].score
        self.folder.write("pipeline.yaml", PIPELINE.replace("people:", "others:"))
        after = product.until("the new node", lambda status: set(status["nodes"]) == {"front", "others"})
        self.assertEqual(after["nodes"]["front"]["pid"], before["nodes"]["front"]["pid"], "the camera ran through it all")
        self.assertEqual(product.stop(), 0)

    def test_mistakes_are_told_before_anything_starts(self) -> None:
        for source, pipeline, words in [
            (DETECTOR, PIPELINE.replace("threshold: 0.4", "treshold: 0.4"), "did you mean `threshold`?"),
            (DETECTOR, PIPELINE.replace("0.4", "high"), "wanted a number"),
            (DETECTOR, PIPELINE.replace("threshold: 0.4", "python: nowhere"), "there is no interpreter `nowhere`"),
            (DETECTOR, PIPELINE.replace("detector.py", "detektor.py"), "did you mean `detector.py`?"),
            ("def detector(:\n", PIPELINE, "detector.py:1"),
            ("x = 1\n", PIPELINE, "detector.py"),
        ]:
            with self.subTest(words):
                self.folder.write("detector.py", source)
                product = self.product(pipeline)
                self.assertEqual(product.process.wait(PATIENCE_S), 2, product.log)
                self.assertIn(words, product.log)
                self.assertIn("pipeline.yaml:5", product.log)

    def test_a_recording_is_played_through_the_same_stage(self) -> None:
        product = self.product(PIPELINE + "    record: recordings\n")
        product.until("pictures", lambda status: frames(status, "people/results") > 10)
        self.assertEqual(product.stop(), 0)
        [recording] = list((self.folder.path / "recordings").glob("*.mcap"))
        product = self.product(PIPELINE.replace("scene: tags, size: 320x240", "usb: no-such-camera"), "--replay", str(recording))
        status = product.until("results", lambda status: frames(status, "people/results") > 3)
        self.assertEqual(status["nodes"]["front"]["kind"], "replay")
        self.assertIn("played from", product.log)
        self.assertEqual(product.stop(), 0)


if __name__ == "__main__":
    unittest.main()
