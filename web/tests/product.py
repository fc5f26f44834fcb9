"""The product as a person starts it: `bushbaby run` on a file, in a folder and an instance of its own."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.request

from webdriver import free_port, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]


def program():
    """The `bushbaby` to test: `$BUSHBABY`, or the one that was built last."""
    if "BUSHBABY" in os.environ:
        return os.path.abspath(os.environ["BUSHBABY"])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [path for profile in ("release", "debug") if (path := target / profile / "bushbaby").exists()]
    if not built:
        raise SystemExit("no bushbaby to test: run `cargo build -p bushbaby`, or name one in $BUSHBABY")
    return str(max(built, key=lambda path: path.stat().st_mtime))


class Product:
    """One running instance with the page; a context manager. `pipeline` is the text of its file, `web` more keys of the page's."""

    def __init__(self, pipeline, web=""):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="bushbaby-page-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.instance = f"page-{os.getpid()}-{self.port}"
        file = self.file = self._folder / "pipeline.yaml"
        file.write_text(f"{pipeline}\nweb: {{listen: {self.port}, {web}}}\n")
        self._log = (self._folder / "log").open("w")
        environment = {**os.environ, "BUSHBABY_INSTANCE": self.instance, "XDG_STATE_HOME": str(self._folder / "state")}
        self._process = subprocess.Popen(
            [program(), "run", str(file)], cwd=self._folder, env=environment, stdout=self._log, stderr=subprocess.STDOUT
        )

    def __enter__(self):
        try:
            wait_for("every node runs", self._runs)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def log(self):
        """What it printed so far."""
        return (self._folder / "log").read_text()

    def get(self, path):
        """The JSON at a path of the page's server."""
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return json.load(response)

    def status(self):
        """What `bushbaby status --json` prints."""
        return self.get("/api/status")

    def costs(self, stream):
        """What a camera's pictures cost the server so far."""
        return self.get("/api/web")["cameras"].get(stream, {"watchers": 0, "counts": {"frames": 0, "encodes": 0}})

    def pid(self, node):
        """The process of a node, once it has one."""
        return wait_for(f"{node} has a process", lambda: self.status()["nodes"][node].get("pid"))

    def _runs(self):
        if self._process.poll() is not None:
            raise AssertionError(f"bushbaby ended by itself:\n{self.log()}")
        try:
            nodes = self.status()["nodes"].values()
        except OSError:
            return False
        return all(node["state"] == "running" for node in nodes)
