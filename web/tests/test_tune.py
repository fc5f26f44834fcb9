"""The view to tune a stage that finds coloured targets: before a made connection, and before the real product."""

import base64
import json
import unittest

from connection import HELLO, Pages, node, picture, status
from product import Product
from webdriver import Browser, wait_for

SIZE = [640, 360]
# The left half of 320 by 180 pixels, as the server sends it: of each row 160 inside, 160 outside.
ROWS = base64.b64encode(bytes([0]) + bytes([0xA0, 0x01, 0xA0, 0x01]) * 180).decode()
HALF = {"array": "mask", "width": 320, "height": 180, "form": "runs", "data": ROWS}
SETTINGS = {
    "hue": [60, 90], "area": [0.02, 100.0], "fullness": [0.0, 100.0], "aspect": [0.0, 20.0], "angle": ["-45deg", "45deg"],
    "convexity": [0.0, 100.0], "group": "auto", "meeting": "up", "max_gap": 2.5, "sort": "largest", "aim": "middle", "model": "tape2019",
}
ANSWERS = {
    "api/settings/tape": {"status": 200, "answer": SETTINGS},
    "api/tune/tape": {"status": 202, "answer": {}},
    "api/save/tape": {"status": 200, "answer": {"file": "/robot/pipeline.yaml"}},
}
END, HOME, ARROW_RIGHT, ESCAPE = "\ue010", "\ue011", "\ue014", "\ue00c"

# How much of the mask that is shown is white, and of which frame it and the picture are.
SHOWN = """
const canvas = document.querySelector("#tune .panes .frame:not(.picture) canvas");
if (!canvas?.width) return null;
const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
let white = 0;
for (let at = 0; at < data.length; at += 4) white += data[at] === 255;
return { share: white / (data.length / 4), mask: canvas.dataset.origin, picture: window.bushbaby.shown().front?.origin };
"""
POINT = """
const [x, y, name, more] = arguments;
const pane = document.querySelector("#tune .picture");
const { left, top, width, height } = pane.getBoundingClientRect();
const at = { clientX: left + x * width, clientY: top + y * height, bubbles: true, pointerType: "mouse", ...more };
pane.dispatchEvent(name === "click" ? new MouseEvent(name, at) : new PointerEvent(name, at));
"""


def told(changes=None, state="running", **of_tape):
    """The status of a camera and a stage that looks for targets in its pictures."""
    tape = node("stage", state, **{"kind": "colored_target", **({"changes": changes} if changes else {}), **of_tape})
    nodes = {"front": node("source", "running"), "tape": tape}
    edges = [{"from": "front/image", "to": "tape", "delivered": 1, "dropped": {}, "fps": 30}]
    return status(nodes, {"front/image": "image", "tape/targets": "results"}, [picture("front/image", ["tape/targets"])], edges=edges)


class Common:
    """What both kinds of test do."""

    def focus(self, key, end=0):
        """Puts the keys onto one end of a slider."""
        self.browser.run("[...document.querySelectorAll(arguments[0])][arguments[1]].focus()", f'[data-key="{key}"] input[type=range]', end)

    def range(self, key):
        """The numbers that a knob's boxes show."""
        return self.browser.run("return [...document.querySelectorAll(arguments[0])].map((box) => Number(box.value))", f'[data-key="{key}"] input[type=number]')

    def button(self, name):
        """One of the view's buttons: whether it may be pressed."""
        return self.browser.run(
            "const b = [...document.querySelectorAll('#tune button')].find((b) => b.innerText === arguments[0]); return b ? !b.disabled : null", name
        )

    def press_button(self, name):
        """Presses one of the view's buttons, once it may be."""
        wait_for(f"{name} may be pressed", lambda: self.button(name))
        self.browser.run("[...document.querySelectorAll('#tune button')].find((b) => b.innerText === arguments[0]).click()", name)

    def text(self, selector):
        """What an element says, as far as it is shown."""
        return self.browser.run("const e = document.querySelector(arguments[0]); return e?.getClientRects().length ? e.innerText : ''", selector)


class Made(Common, Pages, unittest.TestCase):
    """Each test opens the view before a connection that says what the test wants."""

    def tune(self, *more, answers=ANSWERS, at="/#/tune/tape"):
        """The page with the view open."""
        browser = self.open([told(), *more], answers, at)
        wait_for("the view", lambda: self.text("#tune h1"))
        return browser

    def hear(self, message):
        """Sends a message to the page."""
        self.browser.run("window.connection.onmessage({ data: JSON.stringify(arguments[0]) })", message)

    def mask(self, seq, **more):
        """Sends a mask."""
        self.hear({"type": "results", "stream": "tape/mask", "camera": "front/image", "origin": f"front/image:1:{seq}", "body": [], "masks": [{**HALF, **more}]})

    def targets(self, seq, number):
        """Sends targets."""
        target = {"type": "target", "yaw": 1, "pitch": 2, "area": 1, "aim": [300, 180], "corners": [[200, 260], [400, 260], [400, 100], [200, 100]]}
        body = {"type": "results", "version": 1, "camera": "front", "items": [target] * number}
        self.hear({"type": "results", "stream": "tape/targets", "camera": "front/image", "origin": f"front/image:1:{seq}", "masks": [], "body": body})

    def picture(self, seq, shade=90):
        """Sends a picture and waits until it is drawn."""
        origin = f"front/image:1:{seq}"
        header = {"camera": "front/image", "origin": origin, "captured_ms": 1000, "sent_ms": 1e9, "width_px": SIZE[0], "height_px": SIZE[1],
                  "source_px": SIZE, "view": "picture", "views": ["picture"]}
        self.browser.run("window.sendPicture(...arguments)", header, SIZE, shade)
        wait_for("it is drawn", lambda: (self.browser.run("return window.bushbaby.shown().front") or {}).get("origin") == origin)

    def changes(self):
        """What the page asked the server to change, in that order."""
        asked = self.browser.run("return window.asked.filter(({ path }) => path.startsWith('api/tune/')).map(({ path, body }) => [path, JSON.parse(body).settings])")
        self.assertTrue(all(path == "api/tune/tape" for path, _ in asked), asked)
        return [settings for _, settings in asked]

    def test_the_mask_is_asked_for_and_shown_with_its_own_picture(self):
        browser = self.tune()
        self.assertEqual(self.text("#tune .frame:not(.picture) .veil"), "Waiting for the first mask.")
        view = wait_for("the mask is asked for", lambda: browser.run("return window.sent.findLast(({ type }) => type === 'watch')?.views[0]?.mask"))
        self.assertEqual(view, "tape/mask")
        self.assertEqual(browser.run("return window.sent.filter(({ type }) => type === 'watch').every(({ views }) => views.every((view) => view.mask !== null))"), True)
        # It comes before its picture: it waits for it.
        self.picture(1)
        self.mask(2)
        self.mask(1)
        self.assertEqual(browser.run(SHOWN), {"share": 0.5, "mask": "front/image:1:1", "picture": "front/image:1:1"})
        self.picture(2)
        self.assertEqual(browser.run(SHOWN)["mask"], "front/image:1:2")
        self.targets(2, 3)
        wait_for("the counts", lambda: self.text(".counts") == "3 targets, 50.00 % of the picture counts")
        self.assertEqual(browser.run("return window.errors"), [])

    def test_the_pixel_under_the_pointer_is_told_and_a_click_takes_its_colour(self):
        browser = self.tune()
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.picture(1)
        self.mask(1)
        browser.run(POINT, 0.25, 0.5, "pointermove", {})
        self.assertRegex(self.text(".pixel"), r"^x (159|160) y (179|180)\s+hue \d+\s+saturation \d\s+value (89|9[01])\s+counts$")
        self.assertEqual(browser.run("return document.querySelectorAll('#tune .cross:not([hidden])').length"), 2)
        browser.run(POINT, 0.75, 0.5, "pointermove", {})
        self.assertTrue(self.text(".pixel").endswith("does not count"), self.text(".pixel"))
        # Dark: the limit of its value goes down to it.
        browser.run(POINT, 0.25, 0.5, "click", {"shiftKey": True})
        low, high = self.range("value")
        self.assertTrue(88 < low < 92 and high == 255, (low, high))
        browser.run(POINT, 0.25, 0.5, "click", {})
        wait_for("it is told", lambda: self.changes() and self.changes()[-1].get("value", [90])[0] < 40)
        self.assertEqual(set(self.changes()[-1]), {"hue", "saturation", "value"})

    def test_a_slider_goes_by_keys_and_the_last_is_always_sent(self):
        browser = self.tune()
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.focus("value", 1)
        browser.press(HOME)
        self.assertEqual(self.range("value"), [120, 120])
        self.focus("value", 0)
        for _ in range(3):
            browser.press(ARROW_RIGHT)
        self.assertEqual(self.range("value"), [120, 120])
        self.focus("hue", 0)
        browser.press(END)
        self.assertEqual(self.range("hue"), [179, 90])
        self.focus("area", 0)
        browser.press(ARROW_RIGHT)
        self.focus("angle", 0)
        browser.press(ARROW_RIGHT)
        wait_for("the last is sent", lambda: "angle" in (self.changes() or [{}])[-1])
        sent = {key: value for settings in self.changes() for key, value in settings.items()}
        self.assertEqual((sent["value"], sent["hue"], sent["angle"]), ([120, 120], [179, 90], ["-44.5deg", "45deg"]))
        self.assertGreater(sent["area"][0], 0.02)
        self.assertEqual(browser.run("return window.errors"), [])

    def test_a_written_number_stays_within_its_limits(self):
        browser = self.tune()
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        write = "const b = document.querySelectorAll(arguments[0])[arguments[1]]; b.value = arguments[2]; b.dispatchEvent(new Event('change'))"
        for key, end, number, shown in [("hue", 1, 400, [60, 179]), ("value", 0, "", [120, 255]), ("aspect", 1, 300, [0, 300]), ("fullness", 0, 12.25, [12.25, 100])]:
            browser.run(write, f'[data-key="{key}"] input[type=number]', end, f"{number}")
            self.assertEqual(self.range(key), shown)

    def test_saving_tells_the_file_and_there_is_no_more_to_save(self):
        browser = self.tune()
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.assertFalse(self.button("Save to the file"))
        self.focus("value", 0)
        browser.press(END)
        self.press_button("Save to the file")
        wait_for("the answer", lambda: self.text("#tune .answer") == "Saved to pipeline.yaml.")
        self.assertFalse(self.button("Save to the file"))
        asked = browser.run("return window.asked.filter(({ method }) => method === 'POST').map(({ path }) => path)")
        self.assertEqual(asked, ["api/tune/tape", "api/save/tape"])
        browser.press(HOME)
        wait_for("there is again", lambda: self.button("Save to the file"))

    def test_what_was_turned_last_is_sent_when_one_leaves_at_once(self):
        browser = self.tune()
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.focus("value", 0)
        # The second waits for the first.
        browser.press(END)
        browser.press(HOME)
        browser.press(ESCAPE)
        wait_for("the page before", lambda: not self.text("#tune h1"))
        wait_for("it is sent", lambda: self.changes()[-1:] == [{"value": [0, 255]}])
        self.assertEqual(browser.run("return window.errors"), [])

    def test_each_pipeline_is_tuned_by_itself(self):
        pipelines = {"names": ["near", "far"], "active": 0}
        browser = self.tune(told({"settings": {}, "tuned": {"1": {"sort": "highest"}}}, pipelines=pipelines))
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.assertEqual((self.text("#tune > header .quiet"), self.button("As in the file")), ("Pipeline near.", False))
        self.hear(told({"settings": {}, "tuned": {"1": {"sort": "highest"}}}, pipelines={**pipelines, "active": 1}))
        wait_for("the other", lambda: (self.text("#tune > header .quiet"), self.button("As in the file")) == ("Pipeline far.", True))
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.press_button("Save to the file")
        wait_for("the answer", lambda: self.text("#tune .answer") == "Saved to pipeline.yaml.")
        self.assertEqual(browser.run("return JSON.parse(window.asked.find(({ path }) => path === 'api/save/tape').body)"), {"pipeline": 1})

    def test_as_in_the_file_takes_back_every_key_that_differs(self):
        browser = self.tune(told({"rests": False, "settings": {"crop": {}}, "tuned": {"0": {"sort": "highest"}}}))
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.focus("value", 0)
        browser.press(END)
        self.press_button("As in the file")
        wait_for("it is asked for", lambda: self.changes() and self.changes()[-1] == {"sort": None, "value": None})
        wait_for("the knobs are back", lambda: self.range("value") == [120, 255])

    def test_a_refusal_is_told_in_its_words_and_the_knobs_go_back(self):
        refused = {"status": 409, "answer": {"error": "tape does not run"}}
        browser = self.tune(answers={**ANSWERS, "api/tune/tape": refused})
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.focus("value", 0)
        browser.press(END)
        wait_for("the words", lambda: self.text("#tune .answer.error") == "tape does not run")
        wait_for("the knobs are back", lambda: self.range("value") == [120, 255])

    def test_one_who_is_not_known_is_asked_for_the_password(self):
        unknown = {"status": 401, "answer": {"error": "this needs the password"}}
        browser = self.tune(answers={**ANSWERS, "api/tune/tape": unknown, "api/login": {"status": 200, "answer": {}}})
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.focus("value", 0)
        browser.press(END)
        wait_for("the dialog", lambda: self.text("#login[open] h2") == "Password")
        browser.run("document.querySelector('#login .actions button').click()")
        wait_for("the words", lambda: self.text("#tune .answer.error") == "From another machine this needs the password.")

    def test_by_brightness_there_are_other_knobs(self):
        bright = {**{key: value for key, value in SETTINGS.items() if key != "hue"}, "brightness": [200, 255]}
        self.tune(answers={**ANSWERS, "api/settings/tape": {"status": 200, "answer": bright}})
        wait_for("the settings", lambda: self.range("brightness") == [200, 255])
        self.assertTrue(self.text('[data-key="brightness"]'))
        self.assertFalse(self.text('[data-key="hue"]'))
        self.assertTrue(self.text("#tune .way").startswith("By brightness."))

    def test_one_who_may_not_act_looks_on(self):
        browser = self.tune({**HELLO, "may_act": False})
        wait_for("the reason", lambda: "this page has no password" in self.text(".knobs"))
        wait_for("the settings", lambda: self.range("hue") == [60, 90])
        self.assertEqual(browser.run("return [...document.querySelectorAll('.knob input, .knob select')].every(({ disabled }) => disabled)"), True)

    def test_what_cannot_be_tuned_says_why(self):
        self.tune()
        gone = told()
        del gone["status"]["nodes"]["tape"]
        cases = [
            (gone, "#tune .note", "tape is not in this pipeline."),
            (told(kind="apriltag"), "#tune .note", "tape is of kind apriltag: only colored_target has something to tune here."),
            (told({"rests": True, "settings": {}}), "#tune .frame:not(.picture) .veil", "tape rests: it looks at no picture."),
            (told(state="stalled"), "#tune .frame:not(.picture) .veil", "tape: stalled"),
        ]
        for message, where, words in cases:
            with self.subTest(words):
                self.hear(message)
                wait_for("the words", lambda: self.text(where) == words)
        self.assertEqual(self.browser.run("return window.errors"), [])

    def test_one_comes_by_the_drawer_and_goes_back_and_the_tile_has_its_picture_again(self):
        browser = self.open([told()], ANSWERS, "/#/pipeline")
        wait_for("the page", lambda: self.text("#pipeline"))
        browser.run("location.hash = '#/node/tape'")
        wait_for("the link", lambda: self.text("#node .tune-link"))
        browser.run("document.querySelector('#node .tune-link').click()")
        wait_for("the view", lambda: self.text("#tune h1") == "Tune tape")
        wait_for("the picture is here", lambda: browser.run("return document.querySelectorAll('#tune .picture canvas').length") == 1)
        self.assertEqual(browser.run("return document.querySelectorAll('.tile canvas').length"), 0)
        browser.press(ESCAPE)
        wait_for("the drawer", lambda: self.text("#node h2") == "tape")
        self.assertEqual(browser.run("return [location.hash, document.querySelectorAll('.tile canvas').length]"), ["#/node/tape", 1])
        self.assertTrue(self.text("#pipeline"))
        browser.press(ESCAPE)
        wait_for("the pipeline alone", lambda: browser.run("return location.hash") == "#/pipeline")
        self.assertEqual(browser.run("return window.errors"), [])

    def test_it_fits_a_phone_and_the_pictures_stay_in_sight(self):
        browser = self.tune()
        browser.size(390, 844, 2, True)
        wait_for("it is narrower", lambda: 0 < browser.run("return document.querySelector('#tune .picture').getBoundingClientRect().width") < 390)
        self.assertLessEqual(browser.run("return document.documentElement.scrollWidth"), 390)
        browser.run("const t = document.querySelector('#tune'); t.scrollTop = t.scrollHeight")
        top, bottom = browser.run("const { top, bottom } = document.querySelector('#tune .panes').getBoundingClientRect(); return [top, bottom]")
        self.assertTrue(0 <= top < bottom < 844, (top, bottom))


PIPELINE = """
# Before the robot.
cameras:
  front: {scene: field2019, size: 640x480}   # as it sees the tape
stages:
  tape:
    kind: colored_target   # the strips
    in: front
    model: tape2019
"""


class Tuned(Common, unittest.TestCase):
    """One product and one browser."""

    def test_a_stage_is_tuned_and_saved(self):
        product = self.enterContext(Product(PIPELINE))
        browser = self.browser = self.enterContext(Browser())
        browser.open(f"{product.url}/#/tune/tape")
        targets = lambda: int("".join(filter(str.isdigit, self.text(".counts").split(" ")[0])) or -1)
        shown = lambda: browser.run(SHOWN)
        wait_for("a mask that has white pixels", lambda: (mask := shown()) and 0 < mask["share"] < 1)
        wait_for("picture and mask of one frame", lambda: (mask := shown()) and mask["mask"] == mask["picture"])
        wait_for("a target", lambda: targets() > 0)
        told = wait_for("the colour under the pointer", lambda: browser.run(POINT, 0.5, 0.5, "pointermove", {}) or self.text(".pixel").strip())
        self.assertRegex(told, r"^x 3\d\d y 2\d\d\s+hue \d+\s+saturation \d+\s+value \d+\s+(counts|does not count)$")

        before = wait_for("the settings", lambda: self.range("value")[1] == 255 and self.range("value"))
        self.focus("value", 0)
        browser.press(END)
        self.assertEqual(self.range("value"), [255, 255])
        wait_for("a black mask and no target", lambda: shown()["share"] == 0 and targets() == 0)
        self.press_button("As in the file")
        wait_for("both are back", lambda: self.range("value") == before and shown()["share"] > 0 and targets() > 0)

        self.focus("value", 0)
        browser.press(ARROW_RIGHT)
        number = before[0] + 1
        self.press_button("Save to the file")
        wait_for("the answer", lambda: self.text("#tune .answer") == "Saved to pipeline.yaml.")
        self.assertFalse(self.button("Save to the file"))
        text = product.file.read_text()
        for comment in ("# Before the robot.", "# as it sees the tape", "# the strips"):
            self.assertIn(comment, text)
        self.assertRegex(text, rf"value: \[{number}, ?255\]")


if __name__ == "__main__":
    unittest.main(verbosity=2)
