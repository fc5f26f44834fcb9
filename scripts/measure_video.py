#!/usr/bin/env python3
"""What two cameras at 640x360, 30 a second, take on the way to the page, and how old their pictures are when they are drawn: as JPEG, then as H.264.

    measure_video.py [--seconds 20] [--screenshots FOLDER]

Two moving scenes of tags, headless Chromium, all on this machine. Mbit/s as the server counts what it sends (with what is around packets), ages as the page
measures them when it draws, CPU of the page's node alone.
"""

import argparse
import json
import os
import pathlib
import time

import two_cameras
from webdriver import Browser, wait_for  # its folder was added by `two_cameras`

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """Seconds that a process has been on a processor."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(way, web, seconds, folder):
    with two_cameras.running(web) as product, Browser(1440, 900) as browser:
        browser.open(product.url)
        stats = lambda: browser.run("return window.bushbaby?.stats?.() ?? {}")
        wait_for(f"both are drawn as {way}", lambda: [camera.get("way") for camera in stats().values()] == [way, way], 60)
        frames = lambda: min(product.costs(f"{camera}/image")["counts"]["frames"] for camera in ("left", "right"))

        def let_pass(seconds):
            wanted = frames() + 30 * seconds
            wait_for(f"{seconds} s of pictures", lambda: frames() >= wanted, 60)

        # The page's figures are of its last ten seconds.
        let_pass(11)
        pid = product.pid("web")
        before, began = cpu_s(pid), time.monotonic()
        mbits = []
        for _ in range(seconds):
            let_pass(1)
            budget = product.get("/api/web").get("budget")
            if budget:
                mbits.append(budget["sent_bits_per_second"] / 1e6)
        cpu = 100 * (cpu_s(pid) - before) / (time.monotonic() - began)
        shown = stats()
        for name, camera in shown.items():
            print(json.dumps({"camera": name, **{key: camera[key] for key in ("way", "fps", "age_ms")}, "mbit_per_s": round(camera["bits_per_second"] / 1e6, 2)}))
        both = sum(camera["bits_per_second"] for camera in shown.values()) / 1e6
        print(f"{way}: both {both:.2f} Mbit/s as the page counts; each second as the server counts: {[round(one, 2) for one in mbits]}; node `web` {cpu:.0f} % of a core")
        if folder:
            browser.screenshot(str(folder / f"{way}.png"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--screenshots", type=pathlib.Path)
    args = parser.parse_args()
    # A limit that nothing reaches: for it the server counts.
    measure("JPEG", "budget: 500Mbit/s, webrtc: false", args.seconds, args.screenshots)
    measure("H.264", "budget: 500Mbit/s", args.seconds, args.screenshots)


main()
