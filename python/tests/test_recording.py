"""A recording as other programs read it: the mcap package, Foxglove's message types, Rerun and ffmpeg.

Needs packages that are larger than all else here: `scripts/recording-tests.sh` installs them in an environment of their own.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import wave
from collections import Counter
from collections.abc import Callable
from typing import Any

PACKAGES = ("mcap", "mcap_protobuf", "foxglove_schemas_protobuf", "rerun")
PROGRAM = os.environ.get("BUSHBABY", str(pathlib.Path(__file__).parents[2] / "target/debug/bushbaby"))
# How long a test waits for what must come; reached only when it does not come.
PATIENCE_S = 60.0

PIPELINE = """
cameras:
  front: {scene: tags, size: 640x480, fps: 15}
stages:
  tags: {kind: apriltag, in: front, tag_size: 165mm}
record:
  to: RECORDINGS
"""


def is_missing() -> str | None:
    """What these tests need and do not find."""
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            return f"the package {package}"
    if shutil.which("ffmpeg") is None:
        return "ffmpeg"
    return None if pathlib.Path(PROGRAM).exists() else PROGRAM


def read(path: pathlib.Path) -> tuple[Any, list[tuple[str, str, Any, Any]]]:
    """The summary of a recording, and topic, schema, message and what it says, by time."""
    from mcap.decoder import DecoderFactory as AnyFactory
    from mcap.reader import make_reader
    from mcap_protobuf.decoder import DecoderFactory

    class Json(AnyFactory):
        def decoder_for(self, message_encoding: str, schema: object) -> Callable[[bytes], Any] | None:
            return json.loads if message_encoding == "json" else None

    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory(), Json()])
        messages = [
            (channel.topic, schema.name, message, decoded)
            for schema, channel, message, decoded in reader.iter_decoded_messages()
            if schema is not None
        ]
        return reader.get_summary(), messages


@unittest.skipIf(is_missing() is not None and "BUSHBABY_PEERS" not in os.environ, f"it needs {is_missing()}")
class Recordings(unittest.TestCase):
    """One run, whose recorder was killed once: two files."""

    home: tempfile.TemporaryDirectory[str]
    files: list[pathlib.Path]

    @classmethod
    def setUpClass(cls) -> None:
        cls.home = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.home.name)
        pipeline = folder / "pipeline.yaml"
        pipeline.write_text(PIPELINE.replace("RECORDINGS", str(folder / "rec")))
        environment = {**os.environ, "BUSHBABY_INSTANCE": f"recording-{os.getpid()}", "XDG_STATE_HOME": str(folder / "state")}

        def ask(*words: str) -> str:
            return subprocess.run([PROGRAM, *words], env=environment, capture_output=True, text=True).stdout

        def until(what: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                answer = ask("status", "--json")
                if answer and is_so(status := json.loads(answer)):
                    return status
                time.sleep(0.05)
            raise AssertionError(f"it did not come: {what}")

        def recorded(status: dict[str, Any], stream: str) -> int:
            edges = [edge for edge in status["edges"] if edge["from"] == stream and edge["to"] == "record"]
            return edges[0]["delivered"] if edges else 0

        with (folder / "log.txt").open("w") as log:
            run = subprocess.Popen([PROGRAM, "run", str(pipeline)], env=environment, stderr=log, stdin=subprocess.DEVNULL)
        try:
            enough = lambda status: recorded(status, "front/image") >= 25 and recorded(status, "tags/detections") >= 5
            pid = until("a recording", enough)["nodes"]["record"]["pid"]
            os.kill(pid, signal.SIGKILL)
            until("the recorder's return", lambda status: status["nodes"]["record"].get("pid") not in (None, pid))
            before = until("some status", lambda status: True)
            images = recorded(before, "front/image")
            until("another recording", lambda status: recorded(status, "front/image") >= images + 25)
        finally:
            ask("stop")
            run.wait(PATIENCE_S)
        cls.files = sorted((folder / "rec").iterdir())

    @classmethod
    def tearDownClass(cls) -> None:
        cls.home.cleanup()

    def test_the_mcap_package_reads_every_message_also_of_the_recorder_that_was_killed(self) -> None:
        self.assertEqual(len(self.files), 2)
        for path, parted in zip(self.files, (1, 0), strict=True):
            summary, messages = read(path)
            self.assertEqual(summary.statistics.message_count, len(messages))
            found = Counter((topic, schema) for topic, schema, _, _ in messages)
            self.assertGreater(found["front/image", "foxglove.CompressedVideo"], 5)
            self.assertEqual(found["front/calibration", "foxglove.CameraCalibration"], 1)
            results, drawn = found["tags/detections", "bushbaby.Result"], found["tags/detections/annotations", "foxglove.ImageAnnotations"]
            # A kill may come between the two messages of one frame.
            self.assertLessEqual(abs(results - drawn), parted)
            self.assertGreater(min(results, drawn), 3)
            self.assertTrue(any(schema == "foxglove.Log" for _, schema in found))

    def test_a_result_names_the_picture_that_it_was_found_in(self) -> None:
        _, messages = read(self.files[1])
        pictures = {message.sequence: message.log_time for topic, _, message, _ in messages if topic == "front/image"}
        results = [decoded for topic, _, _, decoded in messages if topic == "tags/detections"]
        joined = [result for result in results if result["origin"]["seq"] in pictures]
        self.assertTrue(joined)
        for result in joined:
            self.assertEqual(result["origin"]["stream"], "front/image")
            self.assertEqual(pictures[result["origin"]["seq"]], result["captured_at_ns"])

    def test_poses_and_drawings_belong_to_the_tags_that_were_found(self) -> None:
        _, messages = read(self.files[1])
        results = {message.log_time: decoded["body"]["items"] for topic, _, message, decoded in messages if topic == "tags/detections"}
        seen = 0
        for topic, _, message, decoded in messages:
            items = results.get(message.log_time, [])
            if topic == "tags/detections/poses":
                children = {transform.child_frame_id for transform in decoded.transforms}
                self.assertEqual(children, {f"{item['family']}:{item['id']}" for item in items if "pose" in item})
                self.assertEqual({transform.parent_frame_id for transform in decoded.transforms}, {"front"})
                seen += 1
            elif topic == "tags/detections/annotations":
                self.assertEqual([text.text for text in decoded.texts], [str(item["id"]) for item in items])
        self.assertGreater(seen, 0)

    def test_ffmpeg_decodes_every_picture_of_every_file(self) -> None:
        for path in self.files:
            _, messages = read(path)
            video = [decoded.data for topic, _, _, decoded in messages if topic == "front/image"]
            shown = subprocess.run(
                ["ffmpeg", "-v", "error", "-xerror", "-f", "h264", "-i", "-", "-fps_mode", "passthrough", "-f", "framecrc", "-"],
                input=b"".join(video), capture_output=True,
            )
            self.assertEqual((shown.returncode, shown.stderr), (0, b""))
            pictures = [line for line in shown.stdout.splitlines() if not line.startswith(b"#")]
            self.assertEqual(len(pictures), len(video))

    def test_rerun_finds_nothing_to_complain_of_and_opens_it(self) -> None:
        rerun = pathlib.Path(sys.executable).with_name("rerun")
        for path in self.files:
            check = subprocess.run([rerun, "mcap", "check", path], capture_output=True, text=True)
            self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
            out = path.with_suffix(".rrd")
            converted = subprocess.run([rerun, "mcap", "convert", path, "-o", out], capture_output=True, text=True)
            self.assertEqual(converted.returncode, 0, converted.stderr)
            told = subprocess.run([rerun, "rrd", "print", out], capture_output=True, text=True).stdout
            out.unlink()
            for entity in ("/front/image", "/front/calibration", "/tags/detections/poses"):
                self.assertIn(entity, told)
            self.assertIn("VideoStream", told)


@unittest.skipIf(is_missing() is not None and "BUSHBABY_PEERS" not in os.environ, f"it needs {is_missing()}")
class Sounds(unittest.TestCase):
    """Sound that Foxglove's own packages wrote: exported, and recorded again while it is played."""

    PIECES = [struct.pack("<640h", *(piece * 1000 + at for at in range(640))) for piece in range(8)]
    PIECE_NS = 40_000_000

    def setUp(self) -> None:
        from foxglove_schemas_protobuf.RawAudio_pb2 import RawAudio
        from mcap_protobuf.writer import Writer

        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.folder = pathlib.Path(home.name)
        self.path = self.folder / "theirs.mcap"
        with self.path.open("wb") as file, Writer(file) as writer:
            for number, data in enumerate(self.PIECES):
                time_ns = 1_700_000_000_000_000_000 + number * self.PIECE_NS
                sound = RawAudio(data=data, format="pcm-s16", sample_rate=8000, number_of_channels=2)
                sound.timestamp.FromNanoseconds(time_ns)
                writer.write_message("/crib/mic", sound, time_ns, time_ns, number)
        self.environment = {**os.environ, "BUSHBABY_INSTANCE": f"sounds-{os.getpid()}", "XDG_STATE_HOME": str(self.folder / "state")}

    def bushbaby(self, *words: str | pathlib.Path) -> None:
        done = subprocess.run([PROGRAM, *words], env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_it_becomes_a_wav_file_sample_by_sample(self) -> None:
        self.bushbaby("export", self.path, "--to", "wav", "--out", self.folder / "wav")
        with wave.open(str(self.folder / "wav" / "crib_mic.wav")) as sound:
            self.assertEqual((sound.getframerate(), sound.getnchannels(), sound.getsampwidth()), (8000, 2, 2))
            self.assertEqual(sound.readframes(sound.getnframes()), b"".join(self.PIECES))

    def test_it_is_played_and_what_we_record_of_it_is_read_by_them(self) -> None:
        folder = self.folder / "rec"
        words = [PROGRAM, "record", "crib_mic/audio", "--to", str(folder)]
        record = subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.bushbaby("replay", self.path, "--speed", "max", "--times", "recorded")
        finally:
            record.send_signal(signal.SIGINT)
            record.wait(PATIENCE_S)
        [path] = folder.iterdir()
        summary, messages = read(path)
        sounds = [(message, decoded) for _, schema, message, decoded in messages if schema == "foxglove.RawAudio"]
        self.assertEqual([decoded.data for _, decoded in sounds], self.PIECES)
        times = [message.log_time for message, _ in sounds]
        self.assertEqual([b - a for a, b in zip(times, times[1:])], [self.PIECE_NS] * 7)
        infos = [decoded for topic, _, _, decoded in messages if topic == "crib_mic/audio/info"]
        self.assertEqual([info["body"] for info in infos], [{"type": "audio", "version": 1, "source": "crib_mic", "sample_rate_hz": 8000}])
        self.assertEqual(summary.statistics.message_count, len(messages))


if __name__ == "__main__":
    unittest.main()
