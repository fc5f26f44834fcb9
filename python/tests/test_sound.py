"""Sound in Python: pieces as they come, windows for stages."""

from __future__ import annotations

import json
import unittest

import numpy as np
import numpy.typing as npt
from noderig import PATIENCE_S, Folder, Node, instance_name

import bushbaby as bb

RATE_HZ = 8000


def send_piece(publisher: bb.Publisher, samples: npt.NDArray[np.int16], position: int) -> None:
    """Sends a piece of sound, captured now, as a camera does."""
    body = {"type": "audio", "version": 1, "source": "door", "sample_rate_hz": RATE_HZ, "position": position, "filled": 0}
    array = ("audio", "int16", list(samples.shape), None, "pcm", samples.tobytes())
    publisher._send_raw([array], json.dumps(body).encode())


class Sounds(unittest.TestCase):
    def setUp(self) -> None:
        self.instance = instance_name()
        self.publisher = bb.publish("door/audio", instance=self.instance)
        self.addCleanup(self.publisher.close)

    def received(self, subscription: bb.Subscription) -> bb.Frame:
        frame = subscription.recv(timeout=PATIENCE_S)
        assert frame is not None
        return frame

    def test_every_piece_comes_with_its_rate_and_as_the_camera_has_it(self) -> None:
        with bb.subscribe("door/audio", instance=self.instance) as sounds:
            for n in range(20):
                send_piece(self.publisher, np.full((160, 2), n, np.int16), n * 160)
            frames = [self.received(sounds) for _ in range(20)]
        self.assertEqual([int(frame.array[0, 0]) for frame in frames], list(range(20)), "none is left out")
        self.assertEqual((frames[0].array.shape, frames[0].array.dtype), ((160, 2), np.dtype(np.int16)))
        self.assertEqual(frames[3].sample_rate, RATE_HZ)
        self.assertEqual(frames[3].meta["position"], 480)

    def test_a_picture_has_no_sample_rate(self) -> None:
        with bb.publish("door/image", instance=self.instance) as pictures, bb.subscribe("door/image", instance=self.instance) as subscription:
            pictures.send(np.zeros((4, 4, 3), np.uint8))
            with self.assertRaisesRegex(bb.Error, "frame 0 of `door/image` is no sound"):
                _ = self.received(subscription).sample_rate

    def test_a_stage_is_handed_windows_of_one_channel(self) -> None:
        folder = Folder()
        self.addCleanup(folder.close)
        path = folder.write(
            "listener.py",
            """
            import bushbaby as bb
            @bb.stage
            def listener(sound: bb.Frame) -> list[bb.Text]:
                samples = sound.array
                assert samples.dtype == "float32" and samples.shape == (4000,), (samples.dtype, samples.shape)
                assert sound.sample_rate == 8000 and sound.meta["source"] == "door"
                return [bb.Text(f"{samples[0]:.3f} {samples[-1]:.3f} {sound.meta['position']} {sound.meta['filled']}")]
            """,
        )
        window = {"length_ns": 500_000_000, "hop_ns": 250_000_000}
        node = Node(path, instance=self.instance, inputs=["door/audio"], queue=64, window=window)
        self.addCleanup(node.close)
        node.wait_until("ready", lambda: "ready" in node.messages)
        with bb.subscribe("mine/results", queue=20, instance=self.instance) as results:
            for n in range(10):
                # Left and right differ: their mean is what is heard.
                piece = np.zeros((800, 2), np.int16)
                piece[:, 0] = n * 2048
                send_piece(self.publisher, piece, n * 800)
            texts = [self.received(results).items[0].text for _ in range(3)]
        self.assertEqual(texts, ["0.000 0.125 0 0", "0.062 0.219 2000 0", "0.156 0.281 4000 0"])


if __name__ == "__main__":
    unittest.main()
