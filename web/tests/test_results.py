"""What stages of somebody's own found, drawn over the very frame; RGB-D views; pictures of stages. Before a made connection."""

import base64
import json
import unittest

from connection import Pages, node, picture, status
from webdriver import wait_for

SIZE = [640, 360]
SHADE = 90
CAMERA = {"fx": 500, "fy": 500, "cx": 320, "cy": 180, "model": "pinhole", "distortion": []}
UPRIGHT = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
# The left half of 320 by 180 pixels, as the server sends it: of each row 160 inside, 160 outside.
ROWS = base64.b64encode(bytes([0]) + bytes([0xA0, 0x01, 0xA0, 0x01]) * 180).decode()
HALF = {"array": "mask0", "width": 320, "height": 180, "form": "runs", "data": ROWS}
FRONT = status(
    {"front": node("source", "running"), "people": node("stage", "running")},
    {"front/image": "image", "people/results": "results"},
    [picture("front/image", ["people/results"])],
)

PIXELS = """
const canvas = document.querySelector(".tile canvas");
const context = canvas.getContext("2d");
const scale = canvas.width / 640;
return arguments[0].map(([x, y]) => [...context.getImageData(Math.round(x * scale), Math.round(y * scale), 1, 1).data]);
"""


def results(items, seq=1, masks=(), camera="front/image", stream="people/results"):
    """A result message about a frame of the camera."""
    body = {"type": "results", "version": 1, "camera": "front", "items": items}
    return {"type": "results", "stream": stream, "camera": camera, "origin": f"{camera}:1:{seq}", "masks": list(masks), "body": body}


class Results(Pages, unittest.TestCase):
    """Each test opens the page, sends pictures of one shade, and looks at the pixels."""

    def hear(self, browser, message):
        """Sends a message to the page."""
        browser.run("window.connection.onmessage({ data: JSON.stringify(arguments[0]) })", message)

    def show(self, browser, seq=1, camera="front/image", shade=SHADE, **more):
        """Sends a picture to the page and waits until it is drawn."""
        origin = f"front/image:1:{seq}" if camera == "blur/image" else f"{camera}:1:{seq}"
        header = {"type": "picture", "camera": camera, "origin": origin, "captured_ms": 1000, "sent_ms": 1e9,
                  "width_px": SIZE[0], "height_px": SIZE[1], "source_px": SIZE, "view": "picture", "views": ["picture"], **more}
        name = camera.removesuffix("/image")
        wait_for("the camera is there", lambda: name in browser.run("return window.bushbaby?.shown() ?? {}"))
        browser.run("window.sendPicture(...arguments)", header, SIZE, shade)
        wait_for("it is drawn", lambda: (browser.run("return window.bushbaby.shown()[arguments[0]]", name) or {}).get("origin") == origin)

    def shown(self, items, masks=(), **more):
        """The page with these results drawn."""
        browser = self.open([FRONT])
        self.show(browser, 0)
        self.hear(browser, results(items, masks=masks))
        self.show(browser, 1, **more)
        return browser

    def pixels(self, browser, *places):
        """The pixels at places of the picture."""
        return browser.run(PIXELS, list(places))

    def assert_bare(self, pixel):
        """Nothing is drawn there."""
        self.assertTrue(all(abs(part - SHADE) < 8 for part in pixel[:3]), pixel)

    def test_a_box_stands_where_it_is_with_its_label_on_top(self):
        box = {"type": "box", "x": 200, "y": 100, "width": 200, "height": 160, "label": "person", "score": 0.874, "id": 3}
        browser = self.shown([box])
        left, bottom, inside, outside, above = self.pixels(browser, [200, 200], [300, 260], [300, 180], [150, 180], [202, 93])
        for line in (left, bottom):
            self.assertGreater(max(line[:3]) - min(line[:3]), 60, "the outline has a colour")
        # That of its label.
        self.assertTrue(above[0] > 240 and 120 < above[1] < 150 and above[2] < 90, above)
        self.assert_bare(inside)
        self.assert_bare(outside)
        row = wait_for("the table", lambda: browser.run("return document.querySelector('.found tr')?.innerText"))
        self.assertIn("person", row)
        self.assertIn("0.87", row)
        self.assertIn("#3", row)

    def test_a_mask_is_a_layer_that_one_sees_through(self):
        mask = {"type": "mask", "array": "mask0", "label": "left", "color": "#ff0000"}
        browser = self.shown([mask], [HALF])
        inside, outside = self.pixels(browser, [100, 180], [500, 180])
        self.assertTrue(150 < inside[0] < 200 and 30 < inside[1] < 70, inside)
        self.assert_bare(outside)

    def test_a_damaged_mask_is_left_out(self):
        mask = {"type": "mask", "array": "mask0"}
        for bad in ({"data": "AAAA"}, {"data": "?"}, {"width": 1 << 30}, {"form": "bits", "data": ""}, {"data": None}):
            with self.subTest(bad):
                browser = self.shown([mask, {"type": "box", "x": 0, "y": 0, "width": 640, "height": 300}], [{**HALF, **bad}])
                self.assert_bare(self.pixels(browser, [100, 180])[0])
                self.assertEqual(browser.run("return window.errors"), [])

    def test_a_pose_is_axes_where_the_cameras_calibration_puts_it(self):
        pose = {"type": "pose", "R": UPRIGHT, "t": [0, 0, 1], "label": "cup", "size": [0.2, 0.2, 0.2]}
        browser = self.shown([pose], calibration=CAMERA)
        x_axis, y_axis, elsewhere = self.pixels(browser, [345, 180], [320, 205], [290, 200])
        self.assertTrue(x_axis[0] > 200 > x_axis[2], x_axis)
        self.assertTrue(y_axis[1] > 150 > y_axis[0], y_axis)
        self.assert_bare(elsewhere)

    def test_a_target_is_its_outline_and_a_cross_with_its_angles(self):
        target = {
            "type": "target", "label": "goal", "yaw": -3.14, "pitch": 4.0, "area": 1.25, "skew": 0.0, "aim": [300, 180],
            "corners": [[200, 260], [400, 260], [400, 100], [200, 100]], "polygon": [[220, 260], [380, 260], [400, 100], [200, 100]], "calibrated": False,
        }
        browser = self.shown([target])
        upper, cross, inside, corner = self.pixels(browser, [300, 100], [300, 180], [260, 200], [200, 258])
        for line in (upper, cross):
            self.assertGreater(max(line[:3]) - min(line[:3]), 60, "the outline has a colour")
        self.assert_bare(inside)
        self.assert_bare(corner)
        row = wait_for("the table", lambda: browser.run("return document.querySelector('.found tr')?.innerText"))
        for told in ("goal", "≈-3.1°", "≈4.0°", "1.25 %"):
            self.assertIn(told, row.replace("−", "-").replace("\u00a0", " "))

    def test_without_a_calibration_a_pose_is_only_told(self):
        for calibration in (None, {"fx": "wide"}, {**CAMERA, "distortion": None}):
            with self.subTest(calibration):
                more = {"calibration": calibration} if calibration else {}
                browser = self.shown([{"type": "pose", "R": UPRIGHT, "t": [0, 0, 1], "label": "cup"}], **more)
                self.assert_bare(self.pixels(browser, [345, 180])[0])
                told = wait_for("the table", lambda: browser.run("return document.querySelector('.found tr')?.innerText"))
                self.assertIn("z 1.00 m", told)

    def test_text_stands_at_its_place_or_as_lines_in_the_corner(self):
        items = [
            {"type": "text", "text": "here", "x": 400, "y": 200},
            {"type": "text", "text": "fog in the yard"},
            {"type": "Gauge", "celsius": 21.53, "is_ok": True, "ids": [1, 2]},
        ]
        browser = self.shown(items)
        placed, corner, bare = self.pixels(browser, [402, 200], [12, 10], [402, 250])
        self.assertLess(max(placed[:3]), 60, "a dark ground for the letters")
        self.assertLess(max(corner[:3]), 60)
        self.assert_bare(bare)
        rows = wait_for("the table", lambda: browser.run("return [...document.querySelectorAll('.found tr')].map((row) => row.innerText)"))
        self.assertIn("Gauge", rows[2])
        for field in ("celsius=21.53", "is_ok=true", "ids=[1, 2]"):
            self.assertIn(field, rows[2])

    def test_results_are_drawn_into_their_own_frame_and_no_other(self):
        browser = self.shown([{"type": "box", "x": 200, "y": 100, "width": 200, "height": 160, "label": "a"}])
        self.show(browser, 2)
        self.assert_bare(self.pixels(browser, [200, 200])[0])
        # It comes late, while its frame is still shown.
        self.hear(browser, results([{"type": "box", "x": 100, "y": 100, "width": 200, "height": 160, "label": "a"}], 2))
        late = self.pixels(browser, [100, 200])[0]
        self.assertGreater(max(late[:3]) - min(late[:3]), 60)

    def test_whatever_comes_the_picture_goes_on(self):
        evil = "<img src=x onerror='window.evil = true'>\u202e\u0000"
        deep = {"type": "Deep", "a": [[[[[[[[{"b": [{}]}]]]]]]]]}
        items = [
            None, 7, "text", [], {}, {"type": None}, {"type": {"toString": 1}}, {"type": "toString"}, {"type": "__proto__"}, deep,
            {"type": "box"}, {"type": "box", "x": 1e300, "y": 0, "width": 1, "height": 1}, {"type": "box", "x": "1", "y": None, "width": [], "height": {}},
            {"type": "box", "x": 10, "y": 10, "width": 50, "height": 50, "label": {"toString": 1}, "score": "high", "id": {"valueOf": 1}},
            {"type": "box", "x": 10, "y": 10, "width": -50, "height": 50, "label": evil * 500},
            {"type": "tag", "corners": [[0, 0]] * 4, "id": evil, "pose": {"R": 1, "t": []}}, {"type": "tag", "corners": [None] * 4},
            {"type": "pose", "R": UPRIGHT, "t": [0, 0, 0], "size": [0, -1, "a"]}, {"type": "pose", "R": [[1e6] * 3] * 3, "t": [1, 2, -3]},
            {"type": "text", "text": evil}, {"type": "text", "text": {"a": 1}, "x": 3}, {"type": "mask", "array": "mask9"}, {"type": "mask", "array": {}},
            {"type": "target"}, {"type": "target", "yaw": 1, "pitch": 1, "area": 1, "aim": [1, 1], "corners": [[0, 0]] * 4, "polygon": [[0, 0]] * 3000},
            {"type": "target", "yaw": 1, "pitch": "1", "area": 1, "aim": [1], "corners": [[1e300, 0]] * 4, "pose": {"R": [], "t": [0, 0, 0]}},
            *[{"type": "text", "text": f"line {n}"} for n in range(1000)],
        ]
        browser = self.shown(items, calibration=CAMERA)
        for seq, body in enumerate([None, [], 3, {"items": 3}, {"items": {"length": 9}}, {"type": "results"}], 2):
            self.hear(browser, {**results([], seq), "body": body})
            self.show(browser, seq)
        self.hear(browser, {**results([{"type": "mask", "array": "mask0"}], 20), "masks": "none"})
        self.show(browser, 20)
        self.assertEqual(browser.run("return window.errors"), [])
        self.assertIsNone(browser.run("return window.evil ?? null"))
        self.assertEqual(browser.run("return document.querySelectorAll('img').length"), 1, "only our mark")

    def test_an_rgbd_camera_shows_its_depth_with_a_legend(self):
        table = status({"table": node("source", "running")}, {"table/rgbd": "rgbd", "table/points": "points"}, [picture("table/rgbd", ["people/results"])])
        browser = self.open([table], {"api/depth/table/rgbd": {"status": 200, "answer": {"metres": 1.234}}})
        views = ["picture", "depth", "right"]
        self.show(browser, 1, "table/rgbd", views=views)
        self.assertEqual(wait_for("the buttons", lambda: self.said(browser, ".views").split("\n")), ["Picture", "Depth", "Right"])
        browser.run("[...document.querySelectorAll('.views button')].find((b) => b.innerText === 'Depth').click()")
        asked = wait_for("it asks for depth", lambda: [m for m in browser.run("return window.sent") if m["type"] == "watch"][-1]["views"][0])
        self.assertEqual((asked["camera"], asked["view"]), ("table/rgbd", "depth"))
        legend = {"from": 0.314, "to": 2.9, "unit": "m", "colors": ["#ffff00", "#330066"]}
        self.show(browser, 2, "table/rgbd", views=views, view="depth", legend=legend)
        self.assertEqual(self.said(browser, ".legend").split("\n"), ["0.31 m", "2.90 m"])
        browser.run("const c = document.querySelector('.tile canvas'); const b = c.getBoundingClientRect();"
                    "c.dispatchEvent(new PointerEvent('pointermove', { clientX: b.left + b.width / 2, clientY: b.top + b.height / 4 }))")
        self.assertEqual(self.said(browser, ".tip"), "1.23 m")
        self.assertIn("x=320.0&y=90.0", [asked["path"] for asked in browser.run("return window.asked") if "depth" in asked["path"]][-1])
        # What was found in the left view does not belong into the right one.
        box = {"type": "box", "x": 200, "y": 100, "width": 200, "height": 160, "label": "a"}
        self.hear(browser, results([box], 3, camera="table/rgbd"))
        self.show(browser, 3, "table/rgbd", views=views, view="right")
        self.assert_bare(self.pixels(browser, [200, 200])[0])
        wait_for("no legend", lambda: browser.run("return document.querySelector('.legend').hidden"))

    def test_a_view_that_is_not_there_says_why(self):
        browser = self.open([FRONT])
        self.show(browser)
        why = "stream `front/image` has no array `depth`, it has `rgb`"
        self.hear(browser, {"type": "trouble", "camera": "front/image", "why": why})
        wait_for("it is told", lambda: why in self.said(browser, ".veil"))
        self.show(browser, 2)
        wait_for("the picture is back", lambda: browser.run("return document.querySelector('.veil').hidden"))

    def test_pictures_of_a_stage_come_last_and_owe_nothing(self):
        both = [picture("front/image"), picture("blur/image", ["people/results"], is_camera=False)]
        nodes = {"front": node("source", "running"), "blur": node("stage", "running")}
        browser = self.open([status(nodes, {"front/image": "image", "blur/image": "image", "people/results": "results"}, both)])
        names = wait_for("two tiles", lambda: browser.run("const n = [...document.querySelectorAll('.tile .name')].map((e) => e.textContent); return n[1] && n"))
        self.assertEqual(names, ["front", "blur"])
        veil = browser.run("return document.querySelectorAll('.tile')[1].querySelector('.veil').innerText")
        self.assertIn("No picture yet", veil)
        # What a stage found in its pictures has the origin of the camera's.
        self.hear(browser, results([{"type": "box", "x": 0, "y": 0, "width": 9, "height": 9, "label": "a"}], 5))
        self.show(browser, 5, "blur/image")
        items = browser.run("return window.bushbaby.shown().blur.items")
        self.assertEqual([item["label"] for item in items], ["a"])

    def test_a_recorder_says_what_it_writes_and_what_it_missed(self):
        written = {"file": "2026-11-21_10-54-04.mcap", "files": 1, "bytes": 12_000_000, "all_bytes": 5e9, "free_bytes": 38e9}
        answers = {
            "api/settings/record": {"status": 200, "answer": {"to": "recordings"}},
            "api/recordings/record": {"status": 200, "answer": written},
        }
        told = status({"front": node("source", "running"), "record": node("sink", "running") | {"kind": "record"}}, {"front/image": "image"})
        lost = {"superseded": 0, "overflow": 12, "damaged": 0, "skipped": 0}
        told["status"]["edges"] = [{"from": "front/image", "to": "record", "delivered": 9, "dropped": lost, "fps": 30}]
        healths = [{"from": f"_health/{name}", "to": "record", "delivered": 0, "dropped": lost | {"overflow": 0}} for name in ("front", "record")]
        told["status"]["edges"] += healths
        browser = self.open([told], answers, "/#/pipeline")
        wait_for("one row for all health", lambda: "the health of 2 nodes" in browser.run("return document.body.innerText"))
        wait_for("its card", lambda: "2026-11-21_10-54-04.mcap: 12 MB, 38.0 GB left" in browser.run("return document.body.innerText"))
        browser.run("location.hash = '#/node/record'")
        drawer = wait_for("its panel", lambda: "Missed" in (text := self.said(browser, "#node")) and text)
        for part in ("record: recordings", "12 frames", "5.0 GB", "12 queue full"):
            self.assertIn(part, drawer)

    def test_a_python_node_is_called_by_its_file_and_its_traceback_can_be_read_on_a_phone(self):
        error = "Traceback (most recent call last):\n" + "".join(f'  File "/home/me/robot/a_long_folder/detector.py", line {n}, in step\n    boxes = self.model(frame.array)[0].boxes\n' for n in range(9)) + "ValueError: too dark"
        failed = node("stage", "backoff", error=error) | {"kind": "python_stage"}
        answers = {"api/settings/people": {"status": 200, "answer": {"run": "vision/detector.py", "threshold": 0.4}}}
        lines = ["Traceback (most recent call last):", '  File "detector.py", line 9, in step', "    raise ValueError"]
        answers["api/log/people"] = {"status": 200, "answer": {"lines": [f"2026-11-21T11:40:00.123456Z INFO {line}" for line in lines]}}
        browser = self.open([status({"people": failed}, {"people/results": "results", "people/points": "points"})], answers, "/#/pipeline")
        self.assertIn("python: detector.py", wait_for("its kind", lambda: "detector" in (card := self.said(browser, ".card")) and card))
        card = self.said(browser, ".card")
        self.assertIn("ValueError: too dark", card)
        self.assertIn("points in space, not drawn here", card)
        browser.size(390, 844, 2, True)
        browser.run("location.hash = '#/node/people'")
        log = wait_for("the log", lambda: self.said(browser, "#node .log"))
        self.assertEqual(log.split("\n")[1:3], ['      File "detector.py", line 9, in step', "        raise ValueError"])
        self.assertIn("in step\n    boxes", self.said(browser, "#node .error"))
        look = browser.run(
            "const e = document.querySelector('#node .error'); const s = getComputedStyle(e);"
            "return [s.fontFamily, e.scrollWidth <= e.clientWidth, document.scrollingElement.scrollWidth <= innerWidth]"
        )
        self.assertIn("mono", look[0])
        self.assertEqual(look[1:], [True, True])


if __name__ == "__main__":
    unittest.main(verbosity=2)
