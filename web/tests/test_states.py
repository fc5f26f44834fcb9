"""States that a healthy product does not show: the page's files before a connection that says what the test wants."""

import json
import unittest

from files import serve
from webdriver import Browser, wait_for

# Takes the place of the browser's own: says what `told` holds, and hears nothing.
CONNECTION = """
window.WebSocket = class {
  static OPEN = 1;
  readyState = 1;
  constructor() {
    setTimeout(() => {
      this.onopen();
      for (const message of %s) this.onmessage({ data: JSON.stringify(message) });
    });
  }
  send() {}
  close() {}
};
window.asked = [];
window.fetch = async (path, options) => {
  window.asked.push({ path, ...options });
  const { status, answer } = (%s)[path] ?? { status: 404, answer: { error: "not there" } };
  return { ok: status < 300, status, json: async () => answer };
};
"""


def node(role, state, **more):
    """A node's part of the status."""
    return {"kind": "kind", "role": role, "state": state, "state_seconds": 3, "restarts": 0, **more}


def status(nodes, streams=None):
    """A status message."""
    stream = {"frames": 0, "fps": 0, "readers": 0}
    streams = {name: {**stream, "carries": carries} for name, carries in (streams or {}).items()}
    told = {"instance": "pit", "seconds": 1, "nodes": nodes, "streams": streams, "edges": []}
    return {"type": "status", "now_ms": 1000, "wall_ms": 0, "status": told}


HELLO = {"type": "hello", "instance": "pit", "version": "0", "may_act": True, "has_password": False, "now_ms": 1000}


class States(unittest.TestCase):
    """Each test opens the page before another connection."""

    @classmethod
    def setUpClass(cls):
        cls.url = cls.enterClassContext(serve())

    def open(self, told, answers=None, at="/"):
        """Opens the page before a connection that says `told`, and a server that gives `answers`."""
        browser = self.enterContext(Browser())
        source = CONNECTION % (json.dumps([HELLO, *told]), json.dumps(answers or {}))
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", {"source": source})
        browser.open(f"{self.url}{at}")
        return browser

    def said(self, browser, selector):
        """The text of an element, once it is shown."""
        return wait_for(selector, lambda: browser.run(
            "const e = document.querySelector(arguments[0]); return e?.getClientRects().length ? e.innerText : ''", selector
        ))

    def test_a_page_without_cameras_says_what_to_write(self):
        browser = self.open([status({"web": node("sink", "running")})])
        note = self.said(browser, "#live .note")
        self.assertIn("No camera yet", note)
        self.assertIn("cameras:\n  front:", note)

    def test_a_camera_that_never_came_says_why_and_what_to_do(self):
        trouble = {"error": "no answer from 10.0.0.7:554, trying again", "hint": "is the camera switched on?"}
        browser = self.open([status({"door": node("source", "stalled", **trouble)}, {"door/image": "image"})])
        veil = self.said(browser, ".veil")
        for part in ("NO LIVE VIDEO", "no picture yet", trouble["error"], trouble["hint"]):
            self.assertIn(part, veil)
        self.assertIn("door stalled for", self.said(browser, "#state"))

    def test_red_is_for_what_somebody_must_mend(self):
        browser = self.open([status({"tags": node("stage", "given-up"), "front": node("source", "stalled")})])
        self.assertIn("tags given up", self.said(browser, "#state"))
        self.assertEqual(browser.run("return document.querySelector('.state').dataset.tone"), "bad")

    def test_a_supervisor_that_does_not_answer_is_told(self):
        browser = self.open([status({"web": node("sink", "running")}), {"type": "no_status", "error": "no instance runs"}])
        self.assertIn("no instance runs", self.said(browser, "#lost"))

    def test_words_from_outside_are_words_and_nothing_else(self):
        evil = "<img src=x onerror='window.evil = true'>"
        nodes = {"front": node("source", "stalled", error=evil, hint=evil)}
        log = {"api/log/front": {"status": 200, "answer": {"lines": [evil]}}, "api/settings/front": {"status": 200, "answer": {"a": evil}}}
        browser = self.open([status(nodes, {"front/image": "image"})], log, "/#/node/front")
        self.assertIn(evil, self.said(browser, "#node .error"))
        wait_for("the log is shown", lambda: evil in self.said(browser, "#node .log"))
        self.assertEqual(browser.run("return [...document.querySelectorAll('img')].length"), 1, "only our mark")
        self.assertIsNone(browser.run("return window.evil ?? null"))

    def test_a_wrong_password_is_said_and_can_be_mended(self):
        answers = {
            "api/restart/tags": {"status": 401, "answer": {"error": "from another machine this needs the password"}},
            "api/login": {"status": 401, "answer": {"error": "the password is wrong"}},
        }
        browser = self.open([status({"tags": node("stage", "running")})], answers, "/#/node/tags")
        self.said(browser, "#node h2")
        browser.run("[...document.querySelectorAll('#node button')].find((b) => b.innerText === 'Restart').click()")
        self.assertIn("give the password", self.said(browser, "#login"))
        browser.run("const f = document.querySelector('#login form'); f.querySelector('input').value = 'sun'; f.requestSubmit()")
        self.assertEqual(self.said(browser, "#login .error"), "The password is wrong.")
        self.assertEqual(browser.run("return document.activeElement.type"), "password")
        browser.run("[...document.querySelectorAll('#login button')].find((b) => b.innerText === 'Cancel').click()")
        self.assertIn("needs the password", self.said(browser, "#node .answer"))

    def test_every_key_is_told(self):
        browser = self.open([status({"web": node("sink", "running")})])
        self.said(browser, "#state")
        browser.press("?")
        keys = self.said(browser, "#keys")
        for key in ("1 – 9", "space", "Esc", "pipeline"):
            self.assertIn(key, keys)


if __name__ == "__main__":
    unittest.main(verbosity=2)
