"""What the page promises, seen in a real browser before the real product."""

import os
import signal
import socket
import unittest

from product import Product
from webdriver import Browser, wait_for

PIPELINE = """
cameras:
  front: scene
stages:
  tags: {kind: apriltag, in: front, tag_size: 165mm}
"""
FRONT = "front"
STREAM = "front/image"

# The pixels of a canvas as one number: another picture is another number.
FINGERPRINT = """
const canvas = document.querySelector(".tile canvas");
const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
let sum = 0;
for (let at = 0; at < data.length; at += 97) sum = (sum * 31 + data[at]) >>> 0;
return sum;
"""

# How bright the held picture is on both sides of the outline of each large tag, and whether the line between is amber.
BOTH_SIDES = """
const canvas = document.querySelector(".tile canvas");
const context = canvas.getContext("2d");
const shown = window.bushbaby.shown()[arguments[0]];
const scale = canvas.width / shown.source_px[0];
const at = ([x, y]) => [...context.getImageData(Math.round(x), Math.round(y), 1, 1).data];
const bright = ([r, g, b]) => 0.3 * r + 0.6 * g + 0.1 * b;
const edges = [];
for (const { corners } of shown.items) {
  const points = corners.map(([x, y]) => [x * scale, y * scale]);
  const side = Math.hypot(points[1][0] - points[0][0], points[1][1] - points[0][1]);
  if (side < 48) continue;
  const centre = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / 4);
  points.forEach((point, index) => {
    const next = points[(index + 1) % 4];
    // A quarter along the edge: away from the axes.
    const on = [0, 1].map((axis) => point[axis] * 0.75 + next[axis] * 0.25);
    const away = [on[0] - centre[0], on[1] - centre[1]];
    const length = Math.hypot(...away);
    const step = (pixels) => [on[0] + (away[0] / length) * pixels, on[1] + (away[1] / length) * pixels];
    edges.push({ line: at(on), inside: bright(at(step(-5))), outside: bright(at(step(5))) });
  });
}
return edges;
"""


def is_amber(pixel):
    """Whether a pixel is about #ffb224, blended with what it was drawn on."""
    red, green, blue, _ = pixel
    return red > 170 and 90 < green < 220 and blue < 140 and red > green > blue


class Page(unittest.TestCase):
    """One product and one browser for all; each test opens the page anew."""

    @classmethod
    def setUpClass(cls):
        cls.product = cls.enterClassContext(Product(PIPELINE))
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.browser.size(1440, 900)
        self.browser.open("about:blank")
        self.browser.open(self.product.url)
        wait_for("pictures are drawn", lambda: self.drawn() >= 3)

    def drawn(self):
        """Pictures drawn in the last seconds."""
        stats = self.browser.run("return window.bushbaby?.stats() ?? {}")
        return stats.get(FRONT, {}).get("drawn", 0)

    def origin(self):
        """The frame that is shown."""
        return self.browser.run("return window.bushbaby.shown()[arguments[0]].origin", FRONT)

    def text(self, selector):
        """What an element says, as far as it is shown."""
        return self.browser.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def is_shown(self, selector):
        """Whether an element is there and takes room."""
        return self.browser.run("return (document.querySelector(arguments[0])?.getClientRects().length ?? 0) > 0", selector)

    def goes_on(self):
        """Waits for other frames than the one that is shown."""
        before = self.origin()
        wait_for("another frame is drawn", lambda: self.origin() != before)

    def test_the_picture_moves(self):
        first = self.browser.run(FINGERPRINT)
        wait_for("other pixels", lambda: self.browser.run(FINGERPRINT) != first)

    def test_outlines_sit_on_the_tags_of_the_very_frame(self):
        def held_edges():
            """Holds a frame with a large tag in it and looks at its outlines; goes on when there is none."""
            self.browser.press(" ")
            edges = self.browser.run(BOTH_SIDES, FRONT)
            if not edges:
                self.browser.press(" ")
            return edges

        for _ in range(5):
            edges = wait_for("a large tag is outlined", held_edges)
            for edge in edges:
                self.assertTrue(is_amber(edge["line"]) or min(edge["line"][:3]) < 60, edge)
            # The rim of a tag is white and its border black: an outline that sits on it has one on each side.
            on_the_border = sum(edge["outside"] > edge["inside"] + 40 for edge in edges)
            self.assertGreaterEqual(on_the_border, 0.8 * len(edges), edges)
            self.browser.press(" ")
            self.goes_on()

    def test_the_table_beside_the_picture_shows_tags_with_poses(self):
        rows = wait_for("a row with a pose", lambda: self.browser.run(
            "return [...document.querySelectorAll('.stages tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))"
        ))
        self.assertEqual(len(rows[0]), 7)
        self.assertRegex(rows[0][3], r"^\d+\.\d\d$")

    def test_a_camera_that_stands_still_is_shown_as_such_and_comes_back(self):
        os.kill(self.product.pid("front"), signal.SIGSTOP)
        # What is written there changes a few times a second: a veil may still be that of before the first picture.
        told = wait_for("it says so", lambda: "last picture" in (text := self.text(".veil")) and text)
        self.assertIn("NO LIVE VIDEO", told)
        # Nobody wakes it: the supervisor takes it for stuck and starts it again.
        wait_for("it is back", lambda: not self.is_shown(".veil"))
        self.goes_on()

    def test_three_tabs_cost_one_encode(self):
        first = self.browser.tabs()[0]
        others = [self.browser.open_tab(self.product.url) for _ in range(2)]
        try:
            wait_for("three watch", lambda: self.product.costs(STREAM)["watchers"] == 3)
            before = self.product.costs(STREAM)["counts"]
            wait_for("ten more frames", lambda: self.product.costs(STREAM)["counts"]["frames"] >= before["frames"] + 10)
            after = self.product.costs(STREAM)["counts"]
            self.assertGreater(after["encodes"], before["encodes"])
            # One may have been under way when the costs were asked; three a frame would be thirty.
            self.assertLessEqual(after["encodes"] - before["encodes"], after["frames"] - before["frames"] + 1)
        finally:
            for tab in others:
                self.browser.switch_to(tab)
                self.browser.close_tab()
            self.browser.switch_to(first)

    def test_pictures_that_nobody_sees_are_not_made(self):
        self.browser.press("p")
        wait_for("the pipeline is shown", lambda: self.is_shown(".card"))
        wait_for("nobody watches", lambda: self.product.costs(STREAM)["watchers"] == 0)
        self.browser.press("p")
        wait_for("somebody watches", lambda: self.product.costs(STREAM)["watchers"] == 1)

    def test_the_page_works_at_the_size_of_a_phone(self):
        self.browser.size(390, 844, 2, True)
        wide = wait_for("the picture is as wide as the phone", lambda: self.browser.run(
            "return document.querySelector('.tile canvas').getBoundingClientRect().width === innerWidth && innerWidth"
        ))
        self.assertEqual(wide, 390)
        self.assertLessEqual(self.browser.run("return document.scrollingElement.scrollWidth"), 390)
        heights = self.browser.run(
            "return [...document.querySelectorAll('.detail button, .top nav a')].map((e) => e.getBoundingClientRect().height)"
        )
        self.assertTrue(heights and min(heights) >= 44, heights)
        order = self.browser.run(
            "return ['.tile', '.detail', '.top nav'].map((e) => document.querySelector(e).getBoundingClientRect().top)"
        )
        self.assertEqual(order, sorted(order), "the picture first, the ways to go at the thumb")
        self.goes_on()

    def test_one_camera_fills_the_screen(self):
        self.browser.press("f")
        wait_for("the screen is full", lambda: self.browser.run("return Boolean(document.fullscreenElement)"))
        wait_for("the picture fills it", lambda: self.browser.run(
            "const box = document.querySelector('.tile canvas').getBoundingClientRect();"
            "return Math.abs(box.width - innerWidth) < 2 || Math.abs(box.height - innerHeight) < 2"
        ))
        self.goes_on()
        self.browser.press("f")
        wait_for("the screen is as before", lambda: self.browser.run("return !document.fullscreenElement"))

    def test_a_client_that_talks_rubbish_disturbs_nobody(self):
        port = self.product.port
        before = self.product.status()["nodes"]["web"]["restarts"]
        upgrade = (
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        ).encode()
        for rubbish in (os.urandom(4000), b"GET / HTTP/1.1\r\n" + b"x" * 60_000, upgrade + os.urandom(4000)):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
                try:
                    client.sendall(rubbish)
                    while client.recv(65536):
                        pass
                except ConnectionError:
                    pass
        self.goes_on()
        self.assertEqual(self.product.status()["nodes"]["web"]["restarts"], before)

    def test_a_lost_connection_is_told_and_mends_itself(self):
        self.browser.run(
            "new MutationObserver(() => { window.told ||= document.getElementById('lost').innerText; })"
            ".observe(document.getElementById('lost'), { attributes: true, childList: true });"
        )
        os.kill(self.product.pid("web"), signal.SIGKILL)
        told = wait_for("it says so", lambda: self.browser.run("return window.told"))
        self.assertIn("Connection lost", told)
        wait_for("it is back", lambda: not self.is_shown("#lost"))
        self.goes_on()

    def test_a_node_starts_again_from_its_panel(self):
        before = self.product.status()["nodes"]["tags"]["restarts"]
        self.browser.run("location.hash = '#/node/tags'")
        wait_for("its settings are shown", lambda: "tag_size" in self.text("#node"))
        self.browser.run("[...document.querySelectorAll('#node button')].find((b) => b.innerText === 'Restart').click()")
        wait_for("it was started again", lambda: self.product.status()["nodes"]["tags"]["restarts"] > before)
        wait_for("it runs", lambda: self.product.status()["nodes"]["tags"]["state"] == "running")

    def test_everything_comes_from_here(self):
        loaded = self.browser.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        self.assertTrue(loaded)
        self.assertEqual([name for name in loaded if not name.startswith(self.product.url)], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
