"""What the page shows of sound, before a connection that says what the test wants."""

import datetime
import json
import unittest

from connection import Pages, node, picture, sound, status
from webdriver import wait_for

COT = "cot/audio"
RESULTS = ["cry/events", "cry/level", "cry/scores"]
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def at(seconds):
    """A time of day, so many seconds from now."""
    return (NOW + datetime.timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def of(told):
    """The same status, told now."""
    return {**told, "wall_ms": NOW.timestamp() * 1000}


def cot(**more):
    """A microphone with a stage that listens to it."""
    nodes = {"cot": node("source", "running"), "cry": node("stage", "running")}
    return of(status(nodes, {COT: "audio", **{name: name.split("/")[1] for name in RESULTS}}, sounds=[sound(COT, RESULTS)], **more))


def level(rms=-45.2, floor=-52.0, scores=None):
    """What a source says of itself."""
    told = {"type": "sound", "source": COT, "rate_hz": 16000, "channels": 1}
    return {**told, "level": {"rms_dbfs": rms, "peak_dbfs": rms + 12, "floor_dbfs": floor}, "scores": scores or {}}


def heard(start, end=None, sound_name="baby_cry", name="1", score=0.91, source="cot"):
    """What a stage tells of one sound, in seconds from now."""
    event = {"stream": "cry/events", "source": source, "id": name, "sound": sound_name, "state": "began", "score": score, "start_at": at(start)}
    event.update({"decided_at": at(start + 2), "start_s": 1, "decided_s": 3})
    if end is not None:
        event.update({"state": "ended", "end_at": at(end), "end_s": 9})
    return {"type": "heard", "events": [event]}


SCORES = {"cry/scores": {"gate_open": True, "sounds": {"baby_cry": {"score": 0.91, "threshold": 0.042, "heard": True}}}}


class Sound(Pages, unittest.TestCase):
    """Each test opens the page before another connection."""

    def hear(self, browser, *messages):
        """The server says more."""
        for message in messages:
            browser.run("window.connection.onmessage({ data: JSON.stringify(arguments[0]) })", message)

    def sent(self, browser, kind):
        """The last message of this type that the page sent."""
        return wait_for(kind, lambda: [message for message in browser.run("return window.sent") if message["type"] == kind][-1:])[0]

    def test_a_microphone_is_a_tile_with_its_level_and_what_was_heard(self):
        browser = self.open([cot(), level(), heard(-20, -12)])
        self.assertEqual(self.said(browser, ".ear .loud").split("\n"), ["1", "cot", "−45dBFS"])
        self.assertRegex(self.said(browser, ".tile .chip"), r"^baby_cry 0\.91, 1\d s ago$")
        meter = browser.run("const m = document.querySelector('.ear .meter'); return [m.role, m.getAttribute('aria-valuenow'), m.getAttribute('aria-valuetext')]")
        self.assertEqual(meter, ["meter", "-45", "−45 dBFS, the room −52"])
        self.assertEqual(self.sent(browser, "hear")["sounds"], [{"source": COT, "spectrum": True, "listen": False}])
        self.assertEqual(browser.run("return document.querySelector('.state').dataset.tone"), "good")

    def test_what_is_heard_now_stands_in_the_top_line_until_it_is_over(self):
        browser = self.open([cot(), level(), heard(-4)])
        self.assertRegex(self.said(browser, "#state"), r"^baby_cry heard at cot for \d+ s$")
        self.assertEqual(browser.run("return document.querySelector('.chip').dataset.tone"), "warn")
        wait_for("it is announced", lambda: "baby_cry heard at cot" in browser.run("return document.querySelector('#said').textContent"))
        self.hear(browser, heard(-4, 0))
        wait_for("it is over", lambda: self.said(browser, "#state") == "2 nodes running")

    def test_a_camera_that_hears_shows_its_level_in_the_strip_and_the_rest_beside_it(self):
        nodes = {"door": node("source", "running"), "front": node("source", "running")}
        told = of(status(nodes, {"door/image": "image", "door/audio": "audio", "front/image": "image"}, sounds=[sound("door/audio", picture="door/image")]))
        browser = self.open([told, {**level(), "source": "door/audio", "scores": SCORES}])
        tiles = "return [...document.querySelectorAll('.tile')].map((tile) => !tile.querySelector('.strip .loud').hidden)"
        self.assertEqual(wait_for("the tiles", lambda: browser.run(tiles)), [True, False])
        self.assertEqual(self.sent(browser, "hear")["sounds"], [{"source": "door/audio", "spectrum": False, "listen": False}])
        browser.press("1")
        wait_for("its spectrogram is asked for", lambda: self.sent(browser, "hear")["sounds"][0]["spectrum"])
        panel = self.said(browser, ".detail .sound")
        for part in ("16 kHz, mono", "Listen", "baby_cry", "0.91"):
            self.assertIn(part, panel)

    def test_scores_stand_beside_their_thresholds(self):
        browser = self.open([cot(), level(scores=SCORES)])
        self.assertEqual(self.said(browser, ".score").split("\n"), ["baby_cry", "0.91"])
        told = browser.run("const m = document.querySelector('.score .meter'); return [m.dataset.tone, m.getAttribute('aria-valuetext')]")
        self.assertEqual(told, ["warn", "0.91, heard, counts from 0.042 on"])

    def test_columns_are_drawn_the_newest_at_the_right_and_a_gap_stays_dark(self):
        browser = self.open([cot(), level()])
        self.said(browser, ".ear")
        columns = """
        const columns = (first, level) => {
          const bytes = new Uint8Array(64 * 20);
          for (let at = 0; at < 20; at += 1) bytes.fill(level, at * 64 + 10, at * 64 + 12);
          window.sendBinary({ type: "spectrum", source: "cot/audio", column: first, column_ms: 50, bands: 64 }, bytes);
        };
        columns(1000, 120);
        columns(1040, 240);
        const canvas = document.querySelector(".ear canvas");
        const at = (back, band) => [...canvas.getContext("2d").getImageData(canvas.width - 1 - back, canvas.height - 1 - band, 1, 1).data].slice(0, 3).reduce((a, b) => a + b);
        return [at(0, 10), at(0, 30), at(30, 10), at(45, 10), at(70, 10)];
        """
        newest, beside, gap, older, before = browser.run(columns)
        self.assertGreater(newest, older)
        self.assertGreaterEqual(older, gap)
        self.assertEqual([beside, gap, before], [35, 35, 35], "dark")
        self.assertEqual(browser.run("return window.bushbaby.sounds()['cot/audio'].columns"), 40)

    def test_who_listens_is_sent_sound_and_hears_it_a_moment_later(self):
        browser = self.open([cot(), level()])
        self.said(browser, ".sound")
        # Pressed by a person, as far as the browser knows: it plays nothing unasked.
        browser.press("h")
        self.assertEqual(self.sent(browser, "hear")["sounds"], [{"source": COT, "spectrum": True, "listen": True}])
        pieces = """
        for (let at = 0; at < arguments[0]; at += 1) {
          window.sendBinary({ type: "pcm", source: "cot/audio", rate_hz: 16000, captured_ms: 1000 }, new Uint8Array(1600).fill(3));
        }
        return window.bushbaby.player();
        """
        wait_for("it plays", lambda: browser.run(pieces, 1)["pieces"] > 2)
        # A second at once: what lies ahead is never long.
        browser.run(pieces, 20)
        self.assertLess(browser.run("return window.bushbaby.player().ahead"), 0.6)
        browser.press("h")
        self.assertEqual(self.sent(browser, "hear")["sounds"], [{"source": COT, "spectrum": True, "listen": False}])
        self.assertIsNone(browser.run("return window.bushbaby.player()"))

    def test_a_microphone_that_is_gone_says_so(self):
        nodes = {"cot": node("source", "stalled", error="no such device `usb mic`", hint="is it plugged in?")}
        browser = self.open([of(status(nodes, {COT: "audio"}, sounds=[sound(COT)]))])
        veil = self.said(browser, ".veil")
        for part in ("NO SOUND", "no sound yet", "no such device", "plugged in"):
            self.assertIn(part, veil)

    def test_an_alert_calls_in_red_until_it_is_muted(self):
        raised = {"id": "b-1", "alert": "baby", "message": "baby_cry at cot (0.91)", "source": "cot", "raised_at": at(-12)}
        delivery = {"destination": "webhook example.org", "state": "waiting", "attempts": 3, "error": "it answered 500"}
        rule = {"name": "baby", "when": "cry finds baby_cry", "raised_at": at(-12)}
        alerts = {"alerts": [rule], "destinations": [{"name": "webhook example.org", "waiting": 2, "error": "it answered 500"}],
                  "recent": [{**raised, "deliveries": [delivery]}]}
        muted = {"api/alerts/baby/mute": {"status": 200, "answer": {"done": True}}}
        browser = self.open([cot(alerts=alerts), level(), heard(-14)], muted)
        self.assertRegex(self.said(browser, "#state"), r"^baby: baby_cry at cot \(0\.91\), 1\d s ago$")
        self.assertEqual(browser.run("return document.querySelector('.state').dataset.tone"), "bad")
        browser.press("a")
        told = self.said(browser, "#alerts")
        for part in ("cry finds baby_cry", "webhook example.org: 2 waiting", "it answered 500", "attempt 3"):
            self.assertIn(part, told)
        browser.run("[...document.querySelectorAll('#alerts button')].find((b) => b.innerText === 'Mute for an hour').click()")
        asked = wait_for("it is asked", lambda: browser.run("return window.asked").copy())[0]
        self.assertEqual((asked["path"], asked["method"], json.loads(asked["body"])), ("api/alerts/baby/mute", "POST", {"for_ms": 3600000}))
        rule["muted_until"] = at(3600)
        self.hear(browser, cot(alerts=alerts))
        wait_for("nobody is called", lambda: self.said(browser, "#state").startswith("baby_cry heard"))
        self.assertIn("Unmute", self.said(browser, "#alerts"))

    def test_whatever_is_said_the_page_goes_on(self):
        evil = "<img src=x onerror='window.evil = true'>"
        odd = [
            heard(-3, sound_name=evil, name="2"), {"type": "heard", "events": [{"start_at": "never"}, {**heard(-1)["events"][0], "sound": {}, "score": "high"}]},
            {"type": "sound", "source": COT}, {"type": "sound", "source": "gone/audio", "level": None},
            level(scores={"cry/scores": {"gate_open": False, "sounds": {evil: {"score": 5, "threshold": -1, "heard": False}}}}),
        ]
        alerts = {"alerts": [{"name": evil, "when": evil, "muted_until": "forever"}], "destinations": [{"name": evil, "waiting": 1}],
                  "recent": [{"id": "1", "alert": evil, "message": evil, "source": "", "raised_at": "never", "deliveries": []}]}
        browser = self.open([cot(alerts=alerts), level(), *odd])
        self.said(browser, ".score")
        browser.press("a")
        self.said(browser, "#alerts")
        self.assertEqual(browser.run("return window.errors"), [])
        self.assertIsNone(browser.run("return window.evil ?? null"))
        self.assertEqual(browser.run("return document.querySelectorAll('img').length"), 1, "only our mark")


if __name__ == "__main__":
    unittest.main(verbosity=2)
