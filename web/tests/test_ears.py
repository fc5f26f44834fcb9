"""What another program hears, in a real browser before the real product."""

import os
import pathlib
import subprocess
import unittest

from product import Product, program
from webdriver import Browser, wait_for

COT = "cot/audio"


def made_sound():
    """The program that makes a room in which something cries; built with the tests of the server."""
    path = pathlib.Path(program()).parent / "examples" / "made_sound"
    if not path.exists():
        raise SystemExit(f"no {path}: run `cargo build -p bushbaby-server --examples`")
    return str(path)


class Ears(unittest.TestCase):
    """One product, one room and one browser for all."""

    @classmethod
    def setUpClass(cls):
        cls.product = cls.enterClassContext(Product("cameras:\n  front: scene\n"))
        environment = {**os.environ, "BUSHBABY_INSTANCE": cls.product.instance}
        room = subprocess.Popen([made_sound(), "cot", "cry@cot"], env=environment)
        cls.addClassCleanup(room.wait, 10)
        cls.addClassCleanup(room.terminate)
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.browser.open("about:blank")
        self.browser.open(f"{self.product.url}/#/cot")
        wait_for("its level", lambda: (self.sound() or {}).get("level"))

    def sound(self):
        """What the page knows of it."""
        return self.browser.run("return window.bushbaby?.sounds()[arguments[0]]", COT)

    def text(self, selector):
        """What an element says, as far as it is shown."""
        return self.browser.run("const e = document.querySelector(arguments[0]); return e?.getClientRects().length ? e.innerText : ''", selector)

    def test_the_room_is_seen_and_what_is_heard_in_it_told(self):
        wait_for("columns", lambda: self.sound()["columns"] > 40)
        self.assertTrue(-60 < self.sound()["level"]["floor"] < -40)
        wait_for("the top line", lambda: "baby_cry heard at cot" in self.text("#state"), 40)
        self.assertIn("baby_cry 0.91, for", self.text(".tile.chosen .chip"))
        wait_for("the score", lambda: "0." in self.text(".score"))
        wait_for("it is over", lambda: "ago" in self.text(".tile.chosen .chip"), 40)
        self.assertIn("baby_cry", self.text(".sound .found"))

    def test_listening_plays_and_costs_nothing_afterwards(self):
        self.browser.press("h")
        wait_for("it plays", lambda: (self.browser.run("return window.bushbaby.player()") or {}).get("pieces", 0) > 10)
        self.browser.press("h")
        self.assertIsNone(self.browser.run("return window.bushbaby.player()"))
        sent = wait_for("nobody listens", lambda: self.pieces())
        self.assertEqual(self.pieces(), sent)
        self.browser.open("about:blank")
        wait_for("nobody watches", lambda: self.product.get("/api/web")["sounds"][COT]["watchers"] == 0)

    def pieces(self):
        """How many were sent, once that stands still over some columns."""
        before = self.product.get("/api/web")["sounds"][COT]["counts"]
        wait_for("columns", lambda: self.product.get("/api/web")["sounds"][COT]["counts"]["columns"] > before["columns"] + 10)
        after = self.product.get("/api/web")["sounds"][COT]["counts"]
        return after["pcm"] if after["pcm"] == before["pcm"] else None


if __name__ == "__main__":
    unittest.main(verbosity=2)
