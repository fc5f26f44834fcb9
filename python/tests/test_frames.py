"""What a received frame is: views that never change, pictures as RGB, everything that takes an array."""

from __future__ import annotations

import gc
import mmap
import os
import weakref

import bushbaby as bb
import numpy as np

from busrig import BusTest

# What every frame's header begins with.
MAGIC = b"BUSHBABY"


class Frames(BusTest):
    def setUp(self) -> None:
        super().setUp()
        self.pub = self.enterContext(bb.publish("cam/image"))
        self.sub = self.enterContext(bb.subscribe("cam/image", queue=64))

    def received(self, *values: object, **arguments: object) -> bb.Frame:
        self.pub.send(*values, **arguments)  # type: ignore[arg-type]
        frame = self.sub.recv(10.0)
        assert frame is not None
        return frame

    def test_a_frame_says_when_and_where_it_came_from(self) -> None:
        frame = self.received(np.zeros((2, 3, 3), np.uint8), captured_at=12.5)
        self.assertEqual((frame.stream, frame.seq, frame.captured_at), ("cam/image", 0, 12.5))
        self.assertEqual(frame.origin.stream, "cam/image")
        self.assertEqual((frame.origin.seq, frame.origin.captured_at), (0, 12.5))
        self.assertLessEqual(frame.published_at, frame.received_at)
        self.assertGreater(frame.age_ms, 0)
        self.assertEqual(frame.captured_by, "unknown")
        self.assertEqual(frame.meta, {"type": "image", "version": 1, "camera": "cam"})
        self.assertIn("rgb uint8 (2, 3, 3)", repr(frame))

    def test_python_cannot_make_a_view_writeable(self) -> None:
        frame = self.received(np.zeros((4, 4, 3), np.uint8))
        for view in (frame.array, frame["rgb"], frame.array[1:3], frame.array[..., 0], np.asarray(frame), np.from_dlpack(frame)):
            self.assertFalse(view.flags.writeable)
            with self.assertRaises(ValueError):
                view.flags.writeable = True
            with self.assertRaises(ValueError):
                view.setflags(write=True)
            with self.assertRaises(ValueError):
                view[0] = 1
        self.assertTrue(memoryview(frame).readonly)
        with self.assertRaises(TypeError):
            memoryview(frame.array.base)  # type: ignore[arg-type]

    def test_kept_views_are_unchanged_after_a_hundred_frames(self) -> None:
        kept = []
        for n in range(100):
            frame = self.received(np.full((64, 64, 3), n, np.uint8))
            kept.append(frame.array[10:20, ::2])
        self.assertEqual([int(view.min()) for view in kept], list(range(100)))
        self.assertEqual([int(view.max()) for view in kept], list(range(100)))
        self.assertGreater(self.sub.counts["copied"], 90)
        self.assertEqual(self.sub.counts["delivered"], 100)

    def test_a_slice_keeps_the_frame_and_its_end_lets_it_go(self) -> None:
        frame = self.received(np.full((8, 8, 3), 7, np.uint8))
        view = frame.array[2:4]
        whole = weakref.ref(frame)
        del frame
        gc.collect()
        self.assertIsNone(whole())
        self.sub.close()
        self.pub.close()
        self.assertEqual(int(view.sum()), 7 * 2 * 8 * 3)

    def test_rows_with_gaps_are_seen_without_them(self) -> None:
        rows = np.arange(3 * 16, dtype=np.uint8)
        self.pub._send_raw([("gray", "uint8", [3, 10], 16, "gray8", rows.tobytes())], b"")
        frame = self.sub.recv(10.0)
        assert frame is not None
        wanted = rows.reshape(3, 16)[:, :10]
        self.assertEqual(frame["gray"].strides, (16, 1))
        np.testing.assert_array_equal(frame["gray"], wanted)
        np.testing.assert_array_equal(frame.array, np.repeat(wanted[..., None], 3, axis=2))
        np.testing.assert_array_equal(frame.copy()["gray"], wanted)

    def test_every_picture_format_becomes_rgb_once(self) -> None:
        gray = np.full((4, 6), 90, np.uint8)
        chroma = np.full((2, 3), 128, np.uint8)
        bgr = np.dstack([gray * 0 + 1, gray * 0 + 2, gray * 0 + 3]).astype(np.uint8)
        yuyv = np.dstack([gray, np.full((4, 6), 128, np.uint8)])
        for encoding, planes, pixel in [
            ("i420", {"y": gray, "u": chroma, "v": chroma}, (90, 90, 90)),
            ("nv12", {"y": gray, "uv": np.dstack([chroma, chroma])}, (90, 90, 90)),
            ("yuyv", yuyv, (90, 90, 90)),
            ("bgr8", bgr, (3, 2, 1)),
            ("gray8", gray, (90, 90, 90)),
        ]:
            with self.subTest(encoding):
                frame = self.received(planes, encoding=encoding)
                self.assertEqual(set(frame.encodings.values()), {encoding})
                self.assertEqual((frame.array.shape, frame.array.dtype), ((4, 6, 3), np.uint8))
                np.testing.assert_array_equal(frame.array, np.full((4, 6, 3), pixel))
                self.assertFalse(frame.array.flags.writeable)
                self.assertEqual(frame.array.ctypes.data, frame.array.ctypes.data)

    def test_an_rgb_picture_is_not_copied(self) -> None:
        frame = self.received(np.zeros((4, 4, 3), np.uint8))
        self.assertEqual(frame.array.ctypes.data, frame["rgb"].ctypes.data)

    def test_a_damaged_jpeg_is_no_picture_and_says_so(self) -> None:
        frame = self.received(b"\xff\xd8 and no more", encoding="jpeg")
        with self.assertRaisesRegex(bb.NotAPicture, r"frame 0 of `cam/image`"):
            frame.array  # noqa: B018
        self.assertEqual(bytes(frame["jpeg"][:2]), b"\xff\xd8")

    def test_a_frame_is_a_mapping_of_its_arrays(self) -> None:
        frame = self.received({"depth": np.zeros((2, 2), np.float32), "rgb": np.zeros((2, 2, 3), np.uint8)})
        self.assertEqual((list(frame), frame.keys(), len(frame)), (["rgb", "depth"], ["rgb", "depth"], 2))
        self.assertEqual(set(dict(frame)), {"rgb", "depth"})
        self.assertTrue("depth" in frame and "points" not in frame)
        with self.assertRaisesRegex(KeyError, "no array.*points.*it has rgb uint8"):
            frame["points"]
        self.assertEqual(frame.meta["type"], "rgbd")

    def test_a_frame_without_arrays_is_true_and_says_that_it_has_none(self) -> None:
        frame = self.received([])
        self.assertTrue(frame)
        self.assertEqual(len(frame), 0)
        with self.assertRaisesRegex(bb.NotAPicture, "no arrays"):
            frame.array  # noqa: B018
        with self.assertRaisesRegex(bb.NotAPicture, "no arrays"):
            np.asarray(frame)

    def test_copies_are_private_and_writeable(self) -> None:
        frame = self.received(np.zeros((4, 4, 3), np.uint8))
        copies = frame.copy()
        copies["rgb"][:] = 9
        own = np.array(frame)
        own[:] = 8
        self.assertEqual(int(frame.array.max()), 0)

    def test_whoever_takes_an_array_takes_a_frame(self) -> None:
        picture = np.random.default_rng(1).integers(0, 255, (5, 7, 3), np.uint8)
        frame = self.received(picture)
        np.testing.assert_array_equal(np.asarray(frame), picture)
        self.assertEqual(np.asarray(frame, np.float32).dtype, np.float32)
        np.testing.assert_array_equal(np.from_dlpack(frame), picture)
        self.assertEqual(memoryview(frame).shape, (5, 7, 3))
        if np.lib.NumpyVersion(np.__version__) >= "2.1.0":  # Older ones take no read-only memory: they get a copy.
            self.assertEqual(np.from_dlpack(frame).ctypes.data, frame.array.ctypes.data)
        self.assertEqual(frame.__dlpack_device__(), (1, 0))

    def test_who_does_not_know_of_read_only_tensors_gets_a_copy(self) -> None:
        picture = np.full((5, 7, 3), 3, np.uint8)
        frame = self.received(picture)

        class Old:
            """Calls as libraries did before DLPack 1.0."""

            def __dlpack__(self, **_: object) -> object:
                return frame.__dlpack__()

            def __dlpack_device__(self) -> tuple[int, int]:
                return frame.__dlpack_device__()

        tensor = np.from_dlpack(Old())  # type: ignore[arg-type]
        np.testing.assert_array_equal(tensor, picture)
        self.assertNotEqual(tensor.ctypes.data, frame.array.ctypes.data)
        with self.assertRaises(BufferError):
            frame.__dlpack__(copy=False)

    def test_every_dtype_comes_back_as_it_was(self) -> None:
        for name in "uint8 int8 uint16 int16 uint32 int32 uint64 int64 float16 float32 float64 bool".split():
            array = np.array([[0, 1], [1, 0]], name)
            frame = self.received({"a": array})
            self.assertEqual(frame["a"].dtype, array.dtype)
            np.testing.assert_array_equal(frame["a"], array)
        self.assertEqual(self.received({"n": 2.5})["n"].shape, ())

    def test_what_says_rgb_and_is_none_is_no_picture(self) -> None:
        self.pub._send_raw([("rgb", "uint8", [5], None, "rgb8", b"12345")], b"")
        frame = self.sub.recv(10.0)
        assert frame is not None
        with self.assertRaises(bb.NotAPicture):
            frame.array  # noqa: B018
        self.assertEqual(bytes(frame["rgb"]), b"12345")

    def test_a_damaged_frame_is_left_out_counted_and_warned_of(self) -> None:
        self.pub.send(np.zeros((4, 4, 3), np.uint8))
        damaged = 0
        for name in os.listdir("/dev/shm"):
            if name.startswith(f"bb_{self.instance}_") and name.endswith(".data"):
                with open(f"/dev/shm/{name}", "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
                    while (place := memory.find(MAGIC)) >= 0:
                        memory[place : place + len(MAGIC)] = bytes(len(MAGIC))
                        damaged += 1
        self.assertGreater(damaged, 0)
        with self.assertWarnsRegex(RuntimeWarning, "cam/image.*damaged frame was left out"):
            self.assertIsNone(self.sub.try_recv())
        self.assertEqual(self.sub.counts["damaged"], 1)
        self.assertEqual(self.received(np.zeros(3)).seq, 1)

    def test_a_damaged_body_is_an_error_in_words(self) -> None:
        for body in (b"{", b"[1]", b"\xff", b"[" * 100_000, b'{"items": 5}', b'{"items": [5]}'):
            self.pub._send_raw([], body)
            frame = self.sub.recv(10.0)
            assert frame is not None
            with self.assertRaisesRegex(bb.Damaged, r"frame \d+ of `cam/image`"):
                frame.items  # noqa: B018
