"""States that a healthy product does not show."""

import unittest

from connection import Pages, node, status
from webdriver import wait_for


class States(Pages, unittest.TestCase):
    """Each test opens the page before another connection."""

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

    def test_a_stage_changes_to_another_pipeline(self):
        tags = node("stage", "running") | {"pipelines": {"names": ["near", "far"], "active": 0}}
        browser = self.open([status({"tags": tags})], {"api/pipeline/tags": {"status": 202, "answer": {"done": True}}}, "/#/node/tags")
        self.assertIn("near", self.said(browser, "#node .pipelines"))
        self.assertEqual(browser.run("return document.querySelector('#node select').value"), "near")
        browser.run("const s = document.querySelector('#node select'); s.value = 'far'; s.dispatchEvent(new Event('change'))")
        self.assertEqual(self.said(browser, "#node .answer"), "tags takes over far.")

    def test_every_key_is_told(self):
        browser = self.open([status({"web": node("sink", "running")})])
        self.said(browser, "#state")
        browser.press("?")
        keys = self.said(browser, "#keys")
        for key in ("1 – 9", "space", "Esc", "pipeline"):
            self.assertIn(key, keys)


if __name__ == "__main__":
    unittest.main(verbosity=2)
