"""The page's files before a connection that says what the test wants: no product, no camera, no luck."""

import json

from files import serve
from webdriver import Browser, wait_for

# Takes the place of the browser's own: says what it is told, and keeps what it hears.
CONNECTION = """
window.sent = [];
window.errors = [];
window.addEventListener("error", (event) => window.errors.push(`${event.message}`));
window.addEventListener("unhandledrejection", (event) => window.errors.push(`${event.reason}`));
window.WebSocket = class {
  static OPEN = 1;
  readyState = 1;
  constructor() {
    window.connection = this;
    setTimeout(() => {
      this.onopen();
      for (const message of %s) this.onmessage({ data: JSON.stringify(message) });
    });
  }
  send(text) { window.sent.push(JSON.parse(text)); }
  close() {}
};
// A binary message, as the server sends it.
window.sendBinary = (header, bytes) => {
  const head = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(4 + head.length + bytes.length);
  new DataView(message.buffer).setUint32(0, head.length, true);
  message.set(head, 4);
  message.set(bytes, 4 + head.length);
  window.connection.onmessage({ data: message.buffer });
};
// A picture of one shade of grey, as the server sends it.
window.sendPicture = async (header, [width, height], shade) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.fillStyle = `rgb(${shade} ${shade} ${shade})`;
  context.fillRect(0, 0, width, height);
  const jpeg = new Uint8Array(await (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9))).arrayBuffer());
  window.sendBinary({ type: "picture", ...header }, jpeg);
};
window.asked = [];
window.fetch = async (path, options) => {
  window.asked.push({ path, ...options });
  const { status, answer } = (%s)[path.split("?")[0]] ?? { status: 404, answer: { error: "not there" } };
  return { ok: status < 300, status, json: async () => answer };
};
"""

HELLO = {"type": "hello", "instance": "pit", "version": "0", "may_act": True, "has_password": False, "now_ms": 1000}


def node(role, state, **more):
    """A node's part of the status."""
    return {"kind": "kind", "role": role, "state": state, "state_seconds": 3, "restarts": 0, **more}


def picture(stream, results=(), **more):
    """One of the pictures that a status tells."""
    is_rgbd = stream.endswith("/rgbd")
    return {"stream": stream, "name": stream.split("/")[0], "is_camera": True, "is_rgbd": is_rgbd, "results": list(results), **more}


def sound(stream, results=(), **more):
    """One of the sources of sound that a status tells."""
    return {"stream": stream, "name": stream.split("/")[0], "is_source": True, "results": list(results), **more}


def status(nodes, streams=None, pictures=None, sounds=(), **more):
    """A status message; `pictures` absent: the streams that carry images. `more`: of the status itself."""
    stream = {"frames": 0, "fps": 0, "readers": 0}
    streams = {name: {**stream, "carries": carries} for name, carries in (streams or {}).items()}
    if pictures is None:
        pictures = [picture(name) for name, stream in streams.items() if stream["carries"] == "image"]
    told = {"instance": "pit", "seconds": 1, "nodes": nodes, "streams": streams, "edges": [], **more}
    return {"type": "status", "now_ms": 1000, "wall_ms": 0, "pictures": pictures, "sounds": list(sounds), "status": told}


class Pages:
    """For test cases: opens the page before another connection."""

    @classmethod
    def setUpClass(cls):
        cls.url = cls.enterClassContext(serve())
        cls.browser = cls.enterClassContext(Browser())
        cls.script = None

    def open(self, told, answers=None, at="/"):
        """Opens the page before a connection that says `told`, and a server that gives `answers`."""
        browser, cls = self.browser, type(self)
        if cls.script:
            browser.devtools("Page.removeScriptToEvaluateOnNewDocument", {"identifier": cls.script})
        source = CONNECTION % (json.dumps([HELLO, *told]), json.dumps(answers or {}))
        cls.script = browser.devtools("Page.addScriptToEvaluateOnNewDocument", {"source": source})["identifier"]
        browser.size(1440, 900)
        browser.open("about:blank")
        browser.open(f"{self.url}{at}")
        return browser

    def said(self, browser, selector):
        """The text of an element, once it is shown."""
        return wait_for(selector, lambda: browser.run(
            "const e = document.querySelector(arguments[0]); return e?.getClientRects().length ? e.innerText : ''", selector
        ))
