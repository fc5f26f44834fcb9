"""RGB-D cameras and what other programs find, in a real browser before the real product."""

import os
import pathlib
import subprocess
import unittest

from product import Product, program
from webdriver import Browser, wait_for

PIPELINE = """
cameras:
  front: scene
  table: {scene: rgbd}
"""

# Mean of red minus blue over the left and the right half of the large picture.
WARMTH = """
const canvas = document.querySelector(".tile.chosen canvas");
const { width, height } = canvas;
const mean = (from) => {
  const { data } = canvas.getContext("2d").getImageData(from, 0, Math.floor(width / 2), height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum += data[at] - data[at + 2];
  return sum / (data.length / 4);
};
return [mean(0), mean(Math.ceil(width / 2))];
"""


def left_half():
    """The program that finds the left half of every picture; built with the tests of the server."""
    path = pathlib.Path(program()).parent / "examples" / "left_half"
    if not path.exists():
        raise SystemExit(f"no {path}: run `cargo build -p bushbaby-server --examples`")
    return str(path)


class Views(unittest.TestCase):
    """One product and one browser for all; each test opens the page anew."""

    @classmethod
    def setUpClass(cls):
        cls.product = cls.enterClassContext(Product(PIPELINE))
        cls.browser = cls.enterClassContext(Browser())

    def choose(self, camera):
        """Opens the page with one camera large, and waits for its pictures."""
        self.browser.open("about:blank")
        self.browser.open(f"{self.product.url}/#/{camera}")
        wait_for("pictures are drawn", lambda: self.browser.run("return window.bushbaby?.stats()[arguments[0]]?.drawn ?? 0", self.key(camera)) >= 3)
        wait_for("it is large", lambda: self.browser.run("return document.querySelector('.tile.chosen .name')?.textContent") == camera)

    def key(self, camera):
        """What the page calls it in its figures."""
        return {"front": "front", "table": "table/rgbd"}[camera]

    def text(self, selector):
        """What an element says, as far as it is shown."""
        return self.browser.run("const e = document.querySelector(arguments[0]); return e?.getClientRects().length ? e.innerText : ''", selector)

    def test_depth_is_shown_in_colours_with_its_range_and_under_the_pointer(self):
        self.choose("table")
        wait_for("the views", lambda: "Depth" in self.text(".views").split("\n"))
        self.browser.run("[...document.querySelectorAll('.views button')].find((b) => b.innerText === 'Depth').click()")
        near, far = wait_for("the legend", lambda: self.text(".tile.chosen .legend").split("\n")[1:] and self.text(".tile.chosen .legend").split("\n"))
        near, far = float(near.removesuffix(" m")), float(far.removesuffix(" m"))
        self.assertTrue(0 < near < far < 100, (near, far))
        sizes = wait_for("depth is made", lambda: self.product.costs("table/rgbd")["counts"]["encodes_by_size"])
        self.assertTrue(any(size.endswith(" depth") for size in sizes), sizes)
        told = wait_for("the depth under the pointer", lambda: self.browser.run(
            "const c = document.querySelector('.tile.chosen canvas'); const b = c.getBoundingClientRect();"
            "c.dispatchEvent(new PointerEvent('pointermove', { clientX: b.left + b.width / 2, clientY: b.top + b.height * 0.8 }));"
            "const t = document.querySelector('.tile.chosen .tip'); return t.hidden ? '' : t.innerText"
        ))
        self.assertRegex(told, r"^\d+\.\d\d m$|^not known$")

    def test_what_another_program_finds_is_drawn_over_the_frame_it_was_found_in(self):
        environment = {**os.environ, "BUSHBABY_INSTANCE": self.product.instance}
        finder = subprocess.Popen([left_half(), "front/image", "people/results"], env=environment)
        try:
            self.choose("front")

            def held():
                """Holds a frame that was looked at; goes on when this one was not."""
                self.browser.press(" ")
                items = self.browser.run("return window.bushbaby.shown().front.items")
                if [item["kind"] for item in items] != ["box", "mask", "text"]:
                    self.browser.press(" ")
                    return None
                return items

            box = wait_for("a frame with what was found in it", held)[0]
            self.assertEqual((box["x"], box["width"], box["label"]), (0, 640, "left"))
            left, right = self.browser.run(WARMTH)
            # A red layer through which one sees not quite half.
            self.assertGreater(left, right + 50)
            self.browser.press(" ")
            rows = wait_for("the table", lambda: self.text(".stages .found"))
            self.assertIn("half of it", rows)
        finally:
            finder.terminate()
            finder.wait(10)
        wait_for("the page forgets it", lambda: not self.text(".stages .found"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
