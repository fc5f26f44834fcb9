#!/usr/bin/env python3
"""How old a picture is when it is drawn: scene → tags → page in headless Chromium, all on this machine.

    measure_page.py [--seconds 20] [--screenshots FOLDER]

Prints the ages that the page measured when it drew, those of the detections when they were sent, and beside them, from the same
run, what the detector alone needs for one picture: the floor that this machine and its other load set.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "web/tests"))
from webdriver import Browser, free_port, wait_for  # noqa: E402

PROGRAM = ROOT / "target/release/bushbaby"
PIPELINE = """\
cameras: {front: {scene: tags, size: 1280x720, fps: 30}}
stages: {tags: {kind: apriltag, in: front, tag_size: 165mm}}
web: 127.0.0.1:%d
"""


def load():
    return Path("/proc/loadavg").read_text().split()[0]


def detector_alone(port):
    import urllib.request

    picture = Path(tempfile.mkstemp(suffix=".jpg")[1])
    picture.write_bytes(urllib.request.urlopen(f"http://127.0.0.1:{port}/stream/front.jpg", timeout=10).read())
    out = subprocess.run([PROGRAM, "detect", "--json", "--repeat", "20", "--warmup", "3", picture], capture_output=True, text=True, check=True)
    picture.unlink()
    return sorted(json.loads(out.stdout.splitlines()[1])["ms"])[10]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--screenshots", type=Path)
    args = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "measure.yaml"
        file.write_text(PIPELINE % port)
        run = subprocess.Popen([PROGRAM, "--instance", "measure-page", "run", file, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            with Browser() as browser:
                opened = time.monotonic()
                wait_for("the page's server", lambda: try_open(browser, port))
                stats = lambda: browser.run("return window.bushbaby?.stats?.()?.front ?? null")
                wait_for("the first picture", lambda: (stats() or {}).get("fps"))
                print(f"first picture measured {1000 * (time.monotonic() - opened):.0f} ms after the browser was ready (polled each 50 ms)")
                time.sleep(args.seconds)
                print("page:", json.dumps(stats()), " load:", load())
                if args.screenshots:
                    args.screenshots.mkdir(parents=True, exist_ok=True)
                    pictures(browser, port, args.screenshots)
        finally:
            run.terminate()
            summary = json.loads(run.communicate(timeout=20)[0])
        for name in ("front/image", "tags/detections"):
            print(f"{name}:", json.dumps({key: summary["streams"][name].get(key) for key in ("frames", "fps", "age_ms")}))
        again = subprocess.Popen([PROGRAM, "--instance", "measure-page", "run", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for("the server", lambda: reachable(port))
            time.sleep(2)
            print(f"detector alone, one picture, with the pipeline running beside it: {detector_alone(port):.1f} ms")
        finally:
            again.terminate()
            again.wait(20)


def reachable(port):
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def try_open(browser, port):
    if not reachable(port):
        return False
    browser.open(f"http://127.0.0.1:{port}/")
    return True


def pictures(browser, port, folder):
    for scheme in ("light", "dark"):
        browser.colours(scheme)
        browser.size(1440, 900)
        time.sleep(1.5)
        browser.screenshot(str(folder / f"live-{scheme}.png"))
        browser.press("p")
        time.sleep(1.5)
        browser.screenshot(str(folder / f"pipeline-{scheme}.png"))
        browser.open(f"http://127.0.0.1:{port}/")
        browser.size(390, 844, 2, True)
        time.sleep(2)
        browser.screenshot(str(folder / f"phone-{scheme}.png"))


main()
