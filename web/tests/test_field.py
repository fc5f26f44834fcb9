"""Where the robot stands, on the field from above. Before a made connection."""

import json
import unittest

from connection import Pages, node, picture, status
from webdriver import wait_for

FRONT = status(
    {"front": node("source", "running"), "where": node("stage", "running")},
    {"front/image": "image", "where/pose": "results"},
    [picture("front/image", ["where/pose"])],
)
FIELD = {"length": 16.0, "width": 8.0, "tags": [{"id": 7, "x": 16.0, "y": 4.0, "yaw": 180.0}, {"id": 3, "x": 8.0, "y": 8.0, "yaw": -90.0}]}
POSE = {
    "type": "field_pose", "version": 1, "camera": "front", "alliance": "blue", "robot": {"x": 4.0, "y": 2.0, "z": 0.0, "roll": 0.0, "pitch": 0.0, "yaw": 90.0},
    "camera_pose": {"x": 4.0, "y": 2.3, "z": 0.5, "roll": 0.0, "pitch": 0.0, "yaw": 90.0}, "method": "multi_tag", "tags": [3, 7],
    "std_devs": [0.012, 0.034, 0.46], "error_px": 0.31, "calibrated": True, "outliers": [{"id": 12, "why": "it is not in the layout"}], "field": FIELD,
}

# The colour at a place of the field, in metres, as it is drawn: red, green, blue and how opaque.
SHADE = """
const canvas = document.querySelector(".field canvas");
const [x, y] = arguments[0];
const scale = canvas.width / 16.8;
const edge = (canvas.height - 8.8 * scale) / 2;
return [...canvas.getContext("2d").getImageData(Math.round((x + 0.4) * scale), Math.round(edge + (8.4 - y) * scale), 1, 1).data];
"""


def told(body, seq=1):
    """A message with this body about a frame of the camera."""
    return {"type": "results", "stream": "where/pose", "camera": "front/image", "origin": f"front/image:1:{seq}", "masks": [], "body": body}


class Field(Pages, unittest.TestCase):
    """Each test opens the page, tells it where the robot is, and looks at the pixels and the words."""

    def hear(self, browser, body, seq=1):
        """Sends a message to the page."""
        browser.run("window.connection.onmessage({ data: JSON.stringify(arguments[0]) })", told(body, seq))

    def shown(self, *bodies):
        """The page with these told, one after the other."""
        browser = self.open([FRONT])
        wait_for("the camera is there", lambda: "front" in browser.run("return window.bushbaby?.shown() ?? {}"))
        for seq, body in enumerate(bodies):
            self.hear(browser, body, seq)
        wait_for("the field is drawn", lambda: browser.run("return document.querySelector('.field canvas')?.width > 300"))
        return browser

    def rows(self, browser):
        """What the table says, by name."""
        rows = browser.run("return [...document.querySelectorAll('.field + .found tr')].map((row) => [...row.children].map((cell) => cell.innerText))")
        return dict(rows)

    def is_amber(self, shade):
        """Whether a pixel has the page's own colour."""
        red, green, blue, _ = shade
        return red > 200 and 120 < green < 200 and blue < 90

    def test_the_robot_stands_where_it_is_told_with_its_figures_beside(self):
        browser = self.shown(POSE)
        wait_for("the robot", lambda: self.is_amber(browser.run(SHADE, [4.0, 2.0])))
        floor, elsewhere = browser.run(SHADE, [12.0, 6.0]), browser.run(SHADE, [4.0, 6.0])
        self.assertEqual(floor, elsewhere, "the floor is bare")
        # Blue's wall on the left, red's on the right.
        left, right = browser.run(SHADE, [0.0, 1.0]), browser.run(SHADE, [16.0, 1.0])
        self.assertGreater(left[2], left[0] + 40)
        self.assertGreater(right[0], right[2] + 40)
        rows = self.rows(browser)
        self.assertEqual((rows["x"], rows["y"], rows["yaw"]), ("4.00 m ± 0.01", "2.00 m ± 0.03", "90.0° ± 0.5"))
        self.assertEqual((rows["from"], rows["corners"], rows["tag 12"]), ("several tags: 3, 7", "0.31 px off", "it is not in the layout"))
        label = browser.run("return document.querySelector('.field canvas').getAttribute('aria-label')")
        self.assertEqual(label, "The field from above: robot at x 4.0 m, y 2.0 m, yaw 90°")
        self.assertEqual(browser.run("return window.errors"), [])

    def test_it_leaves_a_trail_and_the_map_stays(self):
        further = [{**POSE, "field": None, "robot": {**POSE["robot"], "x": x}} for x in (6.0, 8.0, 10.0)]
        browser = self.shown(POSE, *further)
        wait_for("the robot", lambda: self.is_amber(browser.run(SHADE, [10.0, 2.0])))
        floor, trail = browser.run(SHADE, [7.0, 3.0]), browser.run(SHADE, [7.0, 2.0])
        self.assertNotEqual(floor[:3], trail[:3])

    def test_a_refusal_is_told_and_the_robot_is_pale_where_it_was(self):
        refused = {"type": "field_pose", "version": 1, "camera": "front", "alliance": "blue", "tags": [], "calibrated": True, "outliers": [],
                   "refused": "there is no tag in the picture"}
        browser = self.shown(POSE, refused)
        rows = wait_for("the reason", lambda: "no place" in self.rows(browser) and self.rows(browser))
        self.assertEqual(rows, {"no place": "there is no tag in the picture"})
        label = browser.run("return document.querySelector('.field canvas').getAttribute('aria-label')")
        self.assertTrue(label.endswith("as it was last known"), label)
        self.assertFalse(self.is_amber(browser.run(SHADE, [4.0, 2.0])))

    def test_what_makes_no_sense_is_left_out(self):
        wild = [
            {**POSE, "robot": {"x": "far", "y": None, "yaw": 1e9}, "refused": None},
            {**POSE, "std_devs": [1, -2], "tags": "all", "outliers": [None, {"id": "x", "why": ["<b>"] * 1000}], "method": "__proto__"},
            {**POSE, "field": {"length": -1, "width": 1e9, "tags": [None, {"id": 1, "x": 1e300, "y": 0, "yaw": 0}]}},
            {**POSE, "field": [1], "error_px": {"a": 1}, "robot": []},
        ]
        for body in wild:
            with self.subTest(json.dumps(body)[:60]):
                browser = self.shown(POSE, body)
                wait_for("rows", lambda: self.rows(browser))
                self.assertEqual(browser.run("return window.errors"), [])

    def test_it_fits_a_phone(self):
        browser = self.shown(POSE)
        browser.size(390, 844)
        wait_for("it is narrower", lambda: browser.run("return document.querySelector('.field canvas').getBoundingClientRect().width") <= 390)
        self.assertLessEqual(browser.run("return document.documentElement.scrollWidth"), 390)
        wait_for("the robot", lambda: self.is_amber(browser.run(SHADE, [4.0, 2.0])))


if __name__ == "__main__":
    unittest.main()
