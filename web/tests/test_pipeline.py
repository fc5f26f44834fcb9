"""The wires of the pipeline view, before a made connection."""

import unittest

from connection import Pages, node, status
from webdriver import wait_for

# How many points of each wire lie on a card, ends aside.
COVERED = """
const cards = [...document.querySelectorAll("#pipeline .card")].map((card) => card.getBoundingClientRect());
const { left, top } = document.querySelector("#pipeline .wires").getBoundingClientRect();
return [...document.querySelectorAll("#pipeline .wires path")].map((path) => {
  let covered = 0;
  for (let at = 4; at < path.getTotalLength() - 4; at += 2) {
    const { x, y } = path.getPointAtLength(at);
    covered += cards.some((card) => left + x > card.left && left + x < card.right && top + y > card.top && top + y < card.bottom);
  }
  return covered;
});
"""


class Wires(Pages, unittest.TestCase):
    """Each test opens the view with the nodes that it wants."""

    def test_a_wire_to_a_reader_that_is_not_further_right_goes_around_the_cards(self):
        nodes = {
            "front": node("source", "running", outputs=["front/image"]),
            "drawn": node("stage", "running", outputs=["drawn/image"]),
            "tags": node("stage", "running", outputs=["tags/detections"]),
            "where": node("stage", "running", outputs=["where/pose"]),
            "robot": node("sink", "running", outputs=["robot/heading"]),
            "web": node("sink", "running"),
        }
        streams = {"front/image": "image", "drawn/image": "image", "tags/detections": "detections", "where/pose": "results", "robot/heading": "results"}
        wires = [("front/image", "drawn"), ("front/image", "tags"), ("tags/detections", "drawn"), ("tags/detections", "where"),
                 ("robot/heading", "where"), ("where/pose", "robot"), ("front/image", "web"), ("where/pose", "drawn")]
        edges = [{"from": stream, "to": to, "delivered": 9, "dropped": {}, "fps": 30} for stream, to in wires]
        browser = self.open([status(nodes, streams, edges=edges)], at="/#/pipeline")
        covered = wait_for("the wires", lambda: len(found := browser.run(COVERED)) == len(wires) and found)
        self.assertEqual(covered, [0] * len(wires))
        self.assertEqual(browser.run("return window.errors"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
