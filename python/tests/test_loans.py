"""Shared memory that Python fills in place."""

from __future__ import annotations

from typing import Any

import bushbaby as bb
import numpy as np

from busrig import BusTest


class Loans(BusTest):
    def setUp(self) -> None:
        super().setUp()
        self.pub = self.enterContext(bb.publish("cam/image"))
        self.sub = self.enterContext(bb.subscribe("cam/image", queue=64))

    def next(self) -> bb.Frame:
        frame = self.sub.recv(10.0)
        assert frame is not None
        return frame

    def test_leaving_the_block_sends_what_was_filled_in_without_a_copy(self) -> None:
        loan = self.pub.loan((4, 6, 3), "uint8", meta={"gain": 2}, captured_at=1.5)
        with loan as out:
            out[:] = 5
        frame = self.next()
        self.assertEqual((frame.encodings, frame.meta["gain"], frame.captured_at), ({"rgb": "rgb8"}, 2, 1.5))
        np.testing.assert_array_equal(frame.array, np.full((4, 6, 3), 5))
        self.assertEqual((self.pub.copied, loan.seq, frame.seq), (0, 0, 0))

    def test_what_is_said_inside_the_block_travels_too(self) -> None:
        loan = self.pub.loan((2, 2))
        with loan as out:
            out[:] = 1
            loan.captured_at = 2.5
            loan.meta = {"note": "x" * 10_000}
        frame = self.next()
        self.assertEqual((frame.captured_at, len(frame.meta["note"])), (2.5, 10_000))

    def test_several_arrays_are_one_frame(self) -> None:
        with self.pub.loan({"depth": ((2, 3), "float32"), "rgb": ((2, 3, 3), np.uint8)}) as out:
            out["rgb"][:] = 9
            out["depth"][:] = 1.25
        frame = self.next()
        self.assertEqual((frame.keys(), frame.meta["type"], self.pub.copied), (["rgb", "depth"], "rgbd", 0))
        self.assertEqual((int(frame["rgb"].min()), float(frame["depth"].max())), (9, 1.25))

    def test_an_exception_sends_nothing(self) -> None:
        out = np.zeros(1)
        with self.assertRaises(ZeroDivisionError):
            with self.pub.loan((2, 2)) as out:
                out[:] = 1 // 0
        self.assertIsNone(self.sub.try_recv())
        self.assertEqual((self.pub.seq, out.shape), (0, (0, 2)))
        with self.pub.loan((2, 2)) as out:
            out[:] = 1
        self.assertEqual(self.next().seq, 0)

    def test_afterwards_the_array_reaches_nothing_any_more(self) -> None:
        with self.pub.loan((3, 4)) as out:
            out[:] = 7
        with self.pub.loan((), "float64") as number:
            number[...] = 2.5
        for array in (out, np.asarray(out.base), number):
            self.assertFalse(array.flags.writeable)
        self.assertEqual((out.size, float(number), self.pub.copied), (0, 0.0, 0))
        self.next()
        self.assertEqual(float(self.next().array), 2.5)

    def test_slices_that_are_kept_cannot_reach_the_readers(self) -> None:
        for keep in (
            lambda out: out[0],
            lambda out: out.T[1:],
            lambda out: memoryview(out),
            lambda out: out.view(np.matrix),
            lambda out: out,
            lambda out: np.frombuffer(out, np.uint8),
        ):
            with self.pub.loan((3, 4)) as out:
                out[:] = 7
                kept = keep(out)
            before = self.pub.copied
            frame = self.next()
            if isinstance(kept, memoryview):
                kept[0, 0] = 99
            else:
                np.asarray(kept)[...] = 99
            np.testing.assert_array_equal(frame["gray"], np.full((3, 4), 7))
            del kept
            with self.pub.loan((3, 4)) as out:
                out[:] = 8
            self.assertEqual((int(self.next()["gray"].min()), self.pub.copied), (8, before))
        self.assertEqual(self.pub.copied, 6)

    def test_a_name_that_was_given_to_a_slice_is_noticed(self) -> None:
        with self.pub.loan((3, 4)) as out:
            out[:] = 7
            out = out[::-1]
        frame = self.next()
        out[:] = 99
        self.assertEqual((int(frame["gray"].max()), self.pub.copied), (7, 1))

    def test_too_many_kept_loans_are_refused_and_sending_goes_on(self) -> None:
        kept = []
        with self.assertRaisesRegex(bb.Error, r"are still kept: keep copies"):
            for n in range(30):
                with self.pub.loan((3, 4)) as out:
                    out[:] = n
                    kept.append(out[1])
        self.pub.send(np.zeros(2))
        self.assertEqual(len(kept), 4)
        kept.clear()
        with self.pub.loan((3, 4)) as out:
            out[:] = 200
        last = [frame for frame in iter(self.sub.try_recv, None)][-1]
        self.assertEqual(int(last["gray"].max()), 200)

    def test_a_loan_is_used_once(self) -> None:
        loan = self.pub.loan((2, 2))
        with loan as out:
            out[:] = 0
        with self.assertRaises(bb.Error):
            loan.__enter__()

    def test_wrong_shapes_and_dtypes_are_refused(self) -> None:
        wrong: list[tuple[Any, ...]] = [((2, -1),), ("ab",), ((2, 2), "complex64"), ((2, 2), "no"), ({"a": 5},), ({"a": ((2,), ">f4")},)]
        for arguments in wrong:
            with self.assertRaises(bb.BadValue):
                self.pub.loan(*arguments)

    def test_the_next_loan_is_what_it_is_asked_for_and_not_what_the_last_one_was(self) -> None:
        spec: list[Any] = [(2, 2), "uint8"]
        asked: dict[str, Any] = {"a": spec}
        for _ in range(2):
            with self.pub.loan(asked) as out:
                out["a"][:] = 1
            self.assertEqual(self.next()["a"].shape, (2, 2))
        spec[0] = (3, 3)
        with self.pub.loan(asked) as out:
            out["a"][:] = 1
        self.assertEqual(self.next()["a"].shape, (3, 3))
        for dtype, meta in (("uint8", None), ("uint16", None), ("uint16", {"gain": 2}), ("uint16", None), ("uint8", None)):
            with self.pub.loan((2, 2), dtype, meta=meta) as lone:
                lone[:] = 1
            frame = self.next()
            self.assertEqual((frame.array.dtype, frame.meta.get("gain")), (np.dtype(dtype), meta and meta["gain"]))
        no_shape: Any = (2, np.zeros(2))
        with self.assertRaises(bb.BadValue):
            self.pub.loan(no_shape)

    def test_a_larger_frame_than_before_fits(self) -> None:
        for side in (16, 256, 1024, 64):
            with self.pub.loan((side, side, 3)) as out:
                out[:] = side % 251
            frame = self.next()
            self.assertEqual((frame.array.shape, int(frame.array[-1, -1, -1])), ((side, side, 3), side % 251))
        self.assertEqual(self.pub.copied, 0)
