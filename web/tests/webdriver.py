"""A browser for the tests: headless Chromium behind ChromeDriver, spoken to in plain HTTP. Needs nothing but Python."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request


class BrowserError(Exception):
    """What ChromeDriver said instead of an answer."""


def free_port():
    """A port of this host that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, check, limit_s=30.0):
    """Calls `check` until it returns something true, and returns that; fails after a generous limit, naming `what`."""
    end = time.monotonic() + limit_s
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit_s:.0f} s")
        time.sleep(0.05)


class Browser:
    """One browser with a profile of its own; a context manager."""

    FLAGS = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ]

    def __init__(self, width=1440, height=900, flags=()):
        self._profile = tempfile.mkdtemp(prefix="bushbaby-browser-")
        self._port = free_port()
        driver = shutil.which("chromedriver")
        if driver is None:
            raise BrowserError("no chromedriver: install Debian's packages `chromium` and `chromium-driver`")
        self._driver = subprocess.Popen(
            [driver, f"--port={self._port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        wait_for("chromedriver is ready", self._is_ready)
        args = [*self.FLAGS, f"--user-data-dir={self._profile}", f"--window-size={width},{height}", *flags]
        options = {"args": args, "binary": shutil.which("chromium") or shutil.which("google-chrome")}
        capabilities = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        self._session = self._call("POST", "/session", capabilities)["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._do("DELETE", "")
        except (BrowserError, OSError):
            pass
        self._driver.terminate()
        try:
            self._driver.wait(10)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, url):
        """Loads a page in the present tab."""
        self._do("POST", "/url", {"url": url})

    def open_tab(self, url):
        """Loads a page in a window of its own, which becomes the present one; returns its handle."""
        handle = self._do("POST", "/window/new", {"type": "window"})["handle"]
        self.switch_to(handle)
        self.open(url)
        return handle

    def switch_to(self, handle):
        """Makes another tab the present one."""
        self._do("POST", "/window", {"handle": handle})

    def tabs(self):
        """Handles of all tabs."""
        return self._do("GET", "/window/handles")

    def close_tab(self):
        """Closes the present tab."""
        self._do("DELETE", "/window")

    def run(self, script, *args):
        """Runs the body of a JavaScript function in the page and returns what it returns."""
        return self._do("POST", "/execute/sync", {"script": script, "args": list(args)})

    def press(self, key):
        """Presses one key where the focus is."""
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._do("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def size(self, width, height, ratio=1, phone=False):
        """Gives the page another size, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": phone}
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)

    def colours(self, scheme):
        """`light` or `dark`, as the system's setting would say."""
        self.devtools("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def devtools(self, command, parameters):
        """Calls the browser's own protocol."""
        return self._do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def screenshot(self, path):
        """Saves what the page shows as a PNG."""
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._do("GET", "/screenshot")))

    def _is_ready(self):
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _do(self, method, path, body=None):
        return self._call(method, f"/session/{self._session}{path}", body)

    def _call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(json.load(error)["value"]["message"].splitlines()[0]) from error
