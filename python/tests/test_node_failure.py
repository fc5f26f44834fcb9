"""What a Python node says when its code fails, and that it stays watched while its code does not return."""

from __future__ import annotations

import unittest
from typing import Any

import numpy as np
from noderig import Folder, Node, instance_name

import bushbaby as bb

PICTURE = np.zeros((4, 6, 3), np.uint8)


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Folder()
        self.addCleanup(self.folder.close)
        self.instance = instance_name()

    def node(self, source: str, **settings: Any) -> Node:
        node = Node(self.folder.write("detector.py", source), instance=self.instance, **settings)
        self.addCleanup(node.close)
        return node

    def failure(self, node: Node) -> dict[str, Any]:
        failed: dict[str, Any] = node.wait_for("failed")
        self.assertEqual(node.wait_for_exit(), 1)
        return failed

    def send_one(self) -> None:
        publisher = bb.publish("front/image", instance=self.instance)
        self.addCleanup(publisher.close)
        publisher.send(PICTURE)


class Failures(Case):
    def test_an_exception_in_step_is_told_with_the_places_of_ones_own_code(self) -> None:
        self.folder.write("geometry.py", "import json\ndef area(text):\n    return json.loads(text)\n")
        node = self.node(
            """\
            import bushbaby as bb
            import geometry
            class Detector(bb.Stage):
                def step(self, frame: bb.Frame):
                    return geometry.area("{")
                def teardown(self): print("torn down")
            """,
            inputs=["front/image"],
        )
        node.wait_for("running")
        self.send_one()
        failed = self.failure(node)
        self.assertRegex(
            failed["message"],
            r"^JSONDecodeError: Expecting property name .* \(detector\.py:5 in step → geometry\.py:3 in area\)$",
        )
        self.assertFalse(failed["is_final"])
        self.assertIn("Traceback (most recent call last):\n", node.log)
        self.assertIn('return geometry.area("{")', node.log)
        self.assertNotIn("_loader.py", node.log)
        self.assertIn("torn down\n", node.log)

    def test_an_exception_on_import_and_one_in_setup_are_told_before_it_is_ready(self) -> None:
        for source, message in (
            ("import bushbaby as bb, nonesuch\n", "ModuleNotFoundError: No module named 'nonesuch' (detector.py:1)"),
            ("import bushbaby as bb\nraise SystemExit(3)\n", "SystemExit: 3 (detector.py:2)"),
            (
                "import bushbaby as bb\nclass D(bb.Stage):\n    def setup(self): raise OSError('no camera')\n    def step(self, f): ...\n",
                "OSError: no camera (detector.py:3 in setup)",
            ),
        ):
            if "bb.Stage" not in source:
                source += "@bb.stage\ndef f(frame: bb.Frame): ...\n"
            node = self.node(source, inputs=["front/image"])
            self.assertEqual(self.failure(node)["message"], message)
            self.assertNotIn("ready", node.messages)

    def test_what_cannot_be_sent_is_told_by_name(self) -> None:
        node = self.node("import bushbaby as bb\n@bb.stage\ndef f(frame: bb.Frame): return {1, 2}\n", inputs=["front/image"])
        node.wait_for("running")
        self.send_one()
        self.assertRegex(self.failure(node)["message"], "^BadValue: set cannot be sent")

    def test_an_exception_that_cannot_be_printed_is_told_all_the_same(self) -> None:
        node = self.node(
            """
            import bushbaby as bb
            class Odd(Exception):
                def __str__(self): raise ValueError
            @bb.stage
            def f(frame: bb.Frame): raise Odd
            """,
            inputs=["front/image"],
        )
        node.wait_for("running")
        self.send_one()
        self.assertRegex(self.failure(node)["message"], "^Odd: .*in f")

    def test_an_exception_in_teardown_is_a_warning(self) -> None:
        node = self.node(
            """
            import bushbaby as bb
            class Detector(bb.Stage):
                def step(self, frame: bb.Frame): ...
                def teardown(self): raise ValueError("late")
            """,
            inputs=["front/image"],
        )
        node.wait_for("running")
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for("warning")["message"], "teardown: ValueError: late (detector.py:5 in teardown)")

    def test_it_is_no_node_by_hand(self) -> None:
        import subprocess
        import sys

        by_hand = subprocess.run([sys.executable, "-P", "-m", "bushbaby.node"], capture_output=True, text=True, timeout=60)
        self.assertEqual(by_hand.returncode, 1)
        self.assertIn("is started by `bushbaby run`", by_hand.stderr)


class Watched(Case):
    def test_a_step_that_holds_the_interpreter_is_reported_while_it_lasts(self) -> None:
        node = self.node(
            """
            import ctypes
            import bushbaby as bb
            @bb.stage
            def f(frame: bb.Frame):
                print("hold", flush=True)
                ctypes.PyDLL(None).sleep(1000)  # PyDLL keeps the GIL
            """,
            inputs=["front/image"],
        )
        node.wait_for("running")
        self.send_one()
        node.wait_for_log("hold\n")
        before = node.report(lambda report: (report["in_call_ms"] or 0) > 0)["in_call_ms"]
        node.report(lambda report: (report["in_call_ms"] or 0) > before)

    def test_between_steps_no_call_is_reported(self) -> None:
        node = self.node("import bushbaby as bb\n@bb.stage\ndef f(frame: bb.Frame): ...\n", inputs=["front/image"])
        node.wait_for("running")
        self.send_one()
        report = node.report(lambda report: report["inputs"].get("front/image", {}).get("delivered") == 1)
        self.assertIsNone(report["in_call_ms"])


if __name__ == "__main__":
    unittest.main()
