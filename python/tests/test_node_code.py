"""Code of a node without a node: what it is called with, and what it may not do."""

from __future__ import annotations

import enum
import unittest
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import bushbaby as bb
from bushbaby._settings import converted, hints_of


class Mode(enum.Enum):
    FAST = "fast"
    EXACT = 2


class Settings(unittest.TestCase):
    def test_values_of_the_file_become_what_their_annotations_name(self) -> None:
        cases: list[tuple[Any, Any, Any]] = [
            (2, float, 2.0),
            (2, int, 2),
            (2, int | float, 2),
            (2, float | None, 2.0),
            (None, float | None, None),
            (True, float, True),
            ("a/b.onnx", Path, Path("/lab/a/b.onnx")),
            ("/a/b.onnx", Optional[Path], Path("/a/b.onnx")),
            ("a/b.onnx", str | Path, "a/b.onnx"),
            ([640, 480], tuple[int, int], (640, 480)),
            ([1, 1], set[int], {1}),
            ([1, 2], list[int], [1, 2]),
            ("FAST", Mode, Mode.FAST),
            ("fast", Mode, Mode.FAST),
            ("x", Literal["x", "y"], "x"),
            (3, Annotated[float, "metres"], 3.0),
            ("x", None, "x"),
            ("x", "NotThere", "x"),
        ]
        for value, hint, wanted in cases:
            got = converted(value, hint, "/lab")
            self.assertEqual((got, type(got)), (wanted, type(wanted)), (value, hint))

    def test_a_value_that_an_enumeration_does_not_have_is_an_error(self) -> None:
        with self.assertRaisesRegex(ValueError, "slow"):
            converted("slow", Mode, "/lab")

    def test_an_annotation_that_cannot_be_evaluated_spoils_no_other(self) -> None:
        def function(frame: NotThere, least: float, model: "Path | None") -> None: ...  # type: ignore[name-defined]  # noqa: F821

        class Detector:
            net: NotThere  # type: ignore[name-defined]  # noqa: F821
            model: Path

        self.assertEqual(hints_of(function), {"least": float, "model": Path | None, "return": type(None)})
        self.assertEqual(hints_of(Detector), {"model": Path})


class Alone(unittest.TestCase):
    def test_a_stage_is_still_a_function(self) -> None:
        @bb.stage
        def one(frame: int) -> int:
            return frame + 1

        @bb.stage(outputs=("image", "results"))
        def two(frame: int) -> int:
            return frame + 2

        self.assertEqual((one(1), two(1), one.__name__), (2, 3, "one"))

    def test_a_class_is_not_decorated(self) -> None:
        with self.assertRaisesRegex(TypeError, "derive a class from bb.Stage"):
            bb.stage(type("Detector", (), {}))

    def test_without_a_node_nothing_is_sent(self) -> None:
        class Detector(bb.Stage):
            pass

        class Camera(bb.Source):
            pass

        with self.assertRaisesRegex(bb.Error, "Detector does not run as a node"):
            Detector().send("results", [])
        with self.assertRaisesRegex(bb.Error, "Camera does not run as a node"):
            Camera().is_wanted("image")


if __name__ == "__main__":
    unittest.main()
