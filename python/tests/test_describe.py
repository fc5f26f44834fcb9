"""What `python -m bushbaby.describe` says of code: the whole of it, for code as people write it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path
from typing import Any

from noderig import Folder

from bushbaby._described import CannotDescribe
from bushbaby.describe import describe

FRAME = "import bushbaby as bb\n"


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Folder()
        self.addCleanup(self.folder.close)

    def of(self, source: str, name: str = "") -> dict[str, Any]:
        path = self.folder.write("detector.py", FRAME + textwrap.dedent(source))
        return describe(f"{path}:{name}" if name else path)

    def refused(self, source: str, name: str = "") -> CannotDescribe:
        with self.assertRaises(CannotDescribe) as caught:
            self.of(source, name)
        return caught.exception


class Functions(Case):
    def test_a_function_alone_is_a_complete_stage(self) -> None:
        described = self.of(
            '''
            @bb.stage
            def detector(frame: bb.Frame, threshold: float = 0.5) -> list[bb.Box]:
                """Finds people
                and dogs.

                More of it.
                """
                return []
            '''
        )
        self.assertEqual(
            described,
            {
                "role": "stage",
                "name": "detector",
                "doc": "Finds people and dogs.",
                "inputs": [{"name": "frame", "optional": False}],
                "settings": [{"name": "threshold", "takes": "number", "required": False, "default": 0.5}],
                "outputs": [{"name": "results", "carries": "results"}],
            },
        )

    def test_frames_are_inputs_and_everything_else_is_a_setting(self) -> None:
        described = self.of(
            """
            from typing import Optional, Union
            @bb.stage
            def both(a: bb.Frame, b: bb.Frame | None, c: "Optional[bb.Frame]" = None, d: Union[bb.Frame, None] = None, *, e=1, f): ...
            """
        )
        self.assertEqual([(one["name"], one["optional"]) for one in described["inputs"]], [("a", False), ("b", True), ("c", True), ("d", True)])
        self.assertEqual([(one["name"], one["required"]) for one in described["settings"]], [("e", False), ("f", True)])

    def test_the_first_argument_without_annotation_is_a_frame(self) -> None:
        described = self.of("@bb.stage\ndef f(frame, threshold=3): ...")
        self.assertEqual(described["inputs"], [{"name": "frame", "optional": False}])
        self.assertEqual(described["settings"][0]["default"], 3)

    def test_annotations_say_what_a_setting_takes(self) -> None:
        described = self.of(
            """
            import pathlib, typing as t
            from pathlib import Path
            LEAST = 0.25
            @bb.stage
            def f(frame: bb.Frame, a: int, b: float, c: bool, d: str, e: Path, g: list[str], h: dict[str, int], i, j: "float | None" = None,
                  k: int | float = 1, l: t.Literal["x", "y"] = "x", m: int | str = 1, n: tuple[int, int] = (640, 480), o: float = LEAST,
                  p: float = -1.5, q: pathlib.Path = Path("weights"), r: float = float("inf"), s: t.Annotated[int, "px"] = 3): ...
            """
        )
        takes = {one["name"]: one["takes"] for one in described["settings"]}
        self.assertEqual(
            takes,
            dict(a="integer", b="number", c="boolean", d="text", e="text", g="list", h="object", i="anything", j="number")
            | dict(k="number", l="text", m="anything", n="list", o="number", p="number", q="text", r="number", s="integer"),
        )
        defaults = {one["name"]: one.get("default", "left to the code") for one in described["settings"] if not one["required"]}
        self.assertEqual(
            defaults,
            dict(j=None, k=1, l="x", m=1, n=[640, 480], o=0.25, p=-1.5, q="left to the code", r="left to the code", s=3),
        )

    def test_names_are_followed_through_imports(self) -> None:
        for head in (
            "from __future__ import annotations\nimport bushbaby\n@bushbaby.stage\ndef f(x: int, y: bushbaby.Frame): ...",
            "from bushbaby import stage, Frame\n@stage\ndef f(x: int, y: Frame): ...",
            "from bushbaby import stage as s, Frame as F\n@s()\ndef f(x: int, y: 'F'): ...",
            "from bushbaby import *\n@stage\ndef f(x: int, y: Frame): ...",
            "import typing\nif typing.TYPE_CHECKING:\n    from bushbaby import Frame as F\nimport bushbaby as b\n@b.stage\ndef f(x: int, y: F): ...",
            "import bushbaby as b\nF = b.Frame\n@b.stage\ndef f(x: int, y: F): ...",
        ):
            described = describe(self.folder.write("one.py", head))
            self.assertEqual([one["name"] for one in described["inputs"]], ["y"], head)

    def test_outputs_follow_from_the_return_annotation_or_are_declared(self) -> None:
        for decorator, returns, wanted in (
            ("@bb.stage", "", [("results", "results")]),
            ("@bb.stage", "-> list[bb.Box] | None", [("results", "results")]),
            ("@bb.stage", "-> np.ndarray", [("image", "image")]),
            ("@bb.stage", "-> 'bb.Image | None'", [("image", "image")]),
            ("@bb.stage", "-> dict[str, np.ndarray]", [("arrays", "arrays")]),
            ('@bb.stage(outputs=("image", "results"))', "", [("image", "image"), ("results", "results")]),
            ('@bb.stage(outputs="overlay")', "-> np.ndarray", [("overlay", "image")]),
            ('@bb.stage(outputs=["seen"])', "-> list[bb.Box]", [("seen", "results")]),
            ('@bb.stage(outputs={"overlay": "image", "heat": "arrays"})', "", [("overlay", "image"), ("heat", "arrays")]),
        ):
            described = self.of(f"import numpy as np\n{decorator}\ndef f(frame: bb.Frame) {returns}: ...")
            self.assertEqual([(one["name"], one["carries"]) for one in described["outputs"]], wanted, (decorator, returns))

    def test_nothing_of_the_file_is_run(self) -> None:
        self.of("raise SystemExit('run!')\n@bb.stage\ndef f(frame: bb.Frame): ...")


class Classes(Case):
    def test_a_class_has_its_settings_as_attributes_and_as_arguments_of_setup(self) -> None:
        described = self.of(
            """
            from typing import ClassVar
            class Base(bb.Stage):
                least: float = 0.5
                _hidden: int = 1
                count: ClassVar[int] = 0
            class Detector(Base):
                "Detects."
                outputs = ("results", "image")
                model: str
                least: float = 0.75
                def __init__(self, again=None): ...
                def setup(self, device: str = "cpu"): ...
                def step(self, table: bb.Frame, door: bb.Frame | None) -> list[bb.Box]: ...
            """
        )
        self.assertEqual((described["role"], described["name"], described["doc"]), ("stage", "Detector", "Detects."))
        self.assertEqual([one["optional"] for one in described["inputs"]], [False, True])
        settings = [(one["name"], one["required"], one.get("default")) for one in described["settings"]]
        self.assertEqual(settings, [("least", False, 0.75), ("model", True, None), ("device", False, "cpu")])
        self.assertEqual([one["name"] for one in described["outputs"]], ["results", "image"])

    def test_a_source_gives_pictures_unless_it_says_otherwise(self) -> None:
        described = self.of("class Cam(bb.Source):\n    def step(self): ...")
        self.assertEqual((described["role"], described["inputs"]), ("source", []))
        self.assertEqual(described["outputs"], [{"name": "image", "carries": "image"}])
        described = self.of("class Cam(bb.Source):\n    outputs = 'rgbd', 'points'\n    def step(self): ...")
        self.assertEqual([one["carries"] for one in described["outputs"]], ["rgbd", "points"])

    def test_one_of_several_is_chosen_by_name(self) -> None:
        two = "@bb.stage\ndef one(frame: bb.Frame): ...\nclass Two(bb.Source):\n    def step(self): ...\n"
        self.assertEqual(self.of(two, "Two")["role"], "source")
        self.assertEqual(self.of(two, "one")["role"], "stage")
        refused = self.refused(two)
        self.assertIn("has several: `one`, `Two`", str(refused))
        self.assertEqual(refused.hint, "say which, as in `run: detector.py:one`")
        self.assertIn("has no `Three`; stages and sources in it: `one`, `Two`", str(self.refused(two, "Three")))


class Mistakes(Case):
    def test_each_mistake_is_told_with_its_place(self) -> None:
        step = "class A(bb.Stage):\n    def step(self, frame: bb.Frame): ...\n"
        for source, place, words in (
            ("def f(:\n", "2:7", "invalid syntax"),
            ("x = 1\n", "", "has no stage and no source"),
            ("@bb.stage\ndef f(threshold: float): ...", "3:1", "takes no frame"),
            ("@bb.stage\ndef f(): ...", "3:1", "takes no frame"),
            ("@bb.stage\nasync def f(frame: bb.Frame): ...", "3:1", "is `async`"),
            ("@bb.stage\ndef f(frame: bb.Frame, *more): ...", "3:25", "`*more`"),
            ("@bb.stage\ndef f(frame: bb.Frame, **more): ...", "3:26", "`**more`"),
            ("import numpy as np\n@bb.stage\ndef f(frame: bb.Frame, image: np.ndarray): ...", "4:24", "`image` is an array"),
            ("@bb.stage\nclass A: ...", "3:1", "`@bb.stage` is for functions"),
            ("@bb.stage(outputs=names())\ndef f(frame: bb.Frame): ...", "2:19", "is written out where it stands"),
            ("@bb.stage(outputs=())\ndef f(frame: bb.Frame): ...", "2:19", "is a tuple of names"),
            ("@bb.stage(outputs=('a/b',))\ndef f(frame: bb.Frame): ...", "2:19", "cannot be an output's name"),
            ("@bb.stage(outputs={'a': 'music'})\ndef f(frame: bb.Frame): ...", "2:19", "cannot carry 'music'"),
            ("@bb.stage(outputs=('a', 'a'))\ndef f(frame: bb.Frame): ...", "2:19", "named twice"),
            (step + "    def __init__(self, model): ...", "4:24", "called without arguments"),
            ("class A(bb.Stage):\n    def step(self, threshold: float): ...", "3:20", "`step` takes frames"),
            ("class A(bb.Stage):\n    def step(self): ...", "3:5", "takes no frame"),
            ("class A(bb.Source):\n    def step(self, frame: bb.Frame): ...", "3:5", "of a source takes no frames"),
            ("class A(bb.Stage):\n    def step(): ...", "3:5", "lacks `self`"),
        ):
            told = str(self.refused(source))
            self.assertIn(words, told, source)
            self.assertIn("detector.py:" + place + ": " if place else "detector.py ", told, source)

    def test_what_cannot_be_read_is_told_in_words(self) -> None:
        for run, words in (
            (str(self.folder.path / "none.py"), "there is no such file"),
            (str(self.folder.path), "is no file"),
            ("/dev/zero", "is no file"),
            ("\0.py", "cannot be read"),
        ):
            with self.assertRaisesRegex(CannotDescribe, words):
                describe(run)
        path = self.folder.path / "a.py"
        for content, words in (
            (b"x = 1\0", "null byte"),
            (b"# coding: nonsense\n", "nonsense"),
            (b"x = '\xff'", "a.py:1:.*utf-8"),
            (b"#" * (5 << 20), "larger than 4 MB"),
        ):
            path.write_bytes(content)
            with self.assertRaisesRegex(CannotDescribe, words):
                describe(str(path))

    def test_what_is_nested_deeply_is_refused_and_ends_nothing(self) -> None:
        path = self.folder.path / "deep.py"
        for source in (
            "(" * 100_000,
            "x = " + "-" * 50_000 + "1",
            "x = " + "a" + ".b" * 50_000,
            "x = " + "1 + " * 50_000 + "1",
            FRAME + "@bb.stage\ndef f(a: bb.Frame, b: " + " | ".join(["int"] * 5_000) + " = 1): ...",
            FRAME + "@bb.stage\ndef f(a: bb.Frame, b = " + "[" * 150 + "]" * 150 + "): ...",
            "".join(" " * n + "if x:\n" for n in range(99)) + " " * 99 + "pass\n",
        ):
            path.write_text(source)
            # In a process of its own: this once ended the interpreter itself.
            asked = subprocess.run(
                [sys.executable, "-P", "-m", "bushbaby.describe", str(path)], capture_output=True, text=True, timeout=60
            )
            self.assertIn(asked.returncode, (0, 1), source[:40])
            self.assertEqual(bool(asked.stdout), asked.returncode == 0, source[:40])
            self.assertNotIn("Traceback", asked.stderr)

    def test_no_bytes_at_all_make_it_fail_otherwise_than_in_words(self) -> None:
        dice = random.Random(7)
        good = Path(__file__).read_bytes() + FRAME.encode() + b"@bb.stage\ndef f(frame: bb.Frame, a: int | None = 3): ...\n"
        path = self.folder.path / "a.py"
        for _ in range(300):
            damaged = bytearray(dice.randbytes(dice.randrange(200)) if dice.random() < 0.3 else good)
            for _ in range(dice.randrange(1, 6)):
                if damaged:
                    start = dice.randrange(len(damaged))
                    damaged[start : start + dice.randrange(8)] = dice.randbytes(dice.randrange(4))
            path.write_bytes(damaged)
            try:
                describe(str(path))
            except CannotDescribe as error:
                self.assertTrue(str(error))


class Command(Case):
    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "bushbaby.describe", *arguments], capture_output=True, text=True, timeout=60, cwd=self.folder.path
        )

    def test_the_answer_is_one_json_object_on_stdout(self) -> None:
        self.folder.write("a.py", FRAME + "@bb.stage\ndef f(frame: bb.Frame, word: str = 'ä'): ...")
        answer = self.ask("a.py")
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        self.assertEqual(json.loads(answer.stdout)["settings"][0]["default"], "ä")

    def test_what_is_wrong_is_told_on_stderr_with_a_hint(self) -> None:
        self.folder.write("a.py", FRAME + "@bb.stage\ndef f(threshold): ...\n@bb.stage\ndef g(frame: bb.Frame): ...")
        answer = self.ask("a.py")
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertEqual(answer.stderr, "a.py has several: `f`, `g`\nhint: say which, as in `run: a.py:f`\n")
        self.assertEqual(self.ask().returncode, 2)


if __name__ == "__main__":
    unittest.main()
