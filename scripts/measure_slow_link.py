#!/usr/bin/env python3
"""How old pictures are when they are drawn at the end of a link that carries less and less, and then more again: as JPEG, then as H.264.

    measure_slow_link.py [--mbit 8 2 1 0.5 8] [--seconds 20]      (as root, with tc)

Two moving scenes of tags at 640x360, 30 a second, into headless Chromium. What leaves the page's port goes through a queue of 300 ms (HTB and a FIFO on the
loopback of a network namespace of its own); nothing else does. Ages and Mbit/s as the page measures them when it draws, of each stretch's last ten seconds.
"""

import argparse
import json
import os
import subprocess
import sys

import two_cameras
from webdriver import Browser, wait_for  # its folder was added by `two_cameras`

QUEUE_S = 0.3


def ip(words):
    """Calls `ip`."""
    subprocess.run(["ip", *words.split()], check=True)


def tc(words):
    """Calls `tc`."""
    subprocess.run(["tc", *words.split()], check=True)


def limit(mbit, port):
    """Lets so much leave the port from now on."""
    bits = round(mbit * 1e6)
    tc(f"class replace dev lo parent 1: classid 1:2 htb rate {bits}bit ceil {bits}bit burst 3k cburst 3k")
    tc(f"qdisc replace dev lo parent 1:2 handle 20: bfifo limit {round(bits * QUEUE_S / 8)}")


def measure(way, web, rates, seconds):
    with two_cameras.running(web) as product, Browser(1440, 900) as browser:
        tc("qdisc replace dev lo root handle 1: htb")
        limit(rates[0], product.port)
        tc(f"filter add dev lo parent 1: protocol ip u32 match ip sport {product.port} 0xffff flowid 1:2")
        browser.open(product.url)
        stats = lambda: browser.run("return window.bushbaby?.stats?.() ?? {}")
        # The page's own: asking the server would take from the link.
        clock_ms = lambda: browser.run("return performance.now()")
        wait_for(f"both are drawn as {way}", lambda: [camera.get("way") for camera in stats().values()] == [way, way], 60)
        for mbit in rates:
            limit(mbit, product.port)
            ways = []
            end_ms = clock_ms() + seconds * 1000

            def is_over():
                ways.append("/".join(camera["way"] for camera in stats().values()))
                return clock_ms() >= end_ms

            wait_for(f"{seconds} s at {mbit} Mbit/s", is_over, seconds + 30)
            shown = stats()
            for name, camera in shown.items():
                figures = {key: camera[key] for key in ("way", "fps", "age_ms", "drawn", "source_px")}
                print(json.dumps({"link_mbit": mbit, "camera": name, **figures, "mbit": round(camera["bits_per_second"] / 1e6, 2)}), flush=True)
            turns = [turn for at, turn in enumerate(ways) if at == 0 or ways[at - 1] != turn]
            print(f"  {mbit} Mbit/s: {' then '.join(turns)}", flush=True)
        tc("qdisc delete dev lo root")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mbit", type=float, nargs="+", default=[8, 2, 1, 0.5, 8])
    parser.add_argument("--seconds", type=int, default=20)
    args = parser.parse_args()
    if "BUSHBABY_OWN_NETWORK" not in os.environ:
        os.execvpe("unshare", ["unshare", "-n", sys.executable, *sys.argv], {**os.environ, "BUSHBABY_OWN_NETWORK": "1"})
    ip("link set lo up mtu 1500 gso_max_size 1500")
    # A browser connects only where the host has an address besides the loopback's; packets to it take the loopback all the same.
    ip("link add net0 type veth peer name net1")
    ip("address add 10.77.0.1/24 dev net0")
    ip("link set net1 up")
    ip("link set net0 up")
    measure("JPEG", "webrtc: false", args.mbit, args.seconds)
    # With a limit that nothing reaches pictures come as H.264 at the host itself, too.
    measure("H.264", "budget: 500Mbit/s", args.mbit, args.seconds)


main()
