"""Listens to GStreamer's RTSP server, another make than ours: each codec, with pictures where an encoder for them is installed.

`scripts/rtsp-peers.sh` starts it. BUSHBABY names the program.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PROGRAM = os.environ["BUSHBABY"]
TONE = "audiotestsrc is-live=true wave=sine freq=440 volume=0.14142 ! audio/x-raw,rate={rate},channels=1 ! audioconvert"
VIDEO = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! {encoder} ! h264parse ! rtph264pay name=pay{n} pt=96 config-interval=1"
# Name, rate as it is sent and as it must arrive, encoder and payloader, the encoder's plugin.
SOUNDS = [
    ("alaw", 8000, 8000, "alawenc ! rtppcmapay name=pay{n} pt=8", "alawenc"),
    ("mulaw", 8000, 8000, "mulawenc ! rtppcmupay name=pay{n} pt=0", "mulawenc"),
    ("pcm", 44100, 44100, "audioconvert ! rtpL16pay name=pay{n} pt=11", "rtpL16pay"),
    ("aac", 48000, 48000, "avenc_aac ! aacparse ! rtpmp4gpay name=pay{n} pt=97", "avenc_aac"),
    ("opus", 48000, 48000, "opusenc ! rtpopuspay name=pay{n} pt=97", "opusenc"),
]


def main():
    Gst.init(None)
    is_there = lambda name: Gst.ElementFactory.find(name) is not None  # noqa: E731
    h264 = next((line for name, line in [("x264enc", "x264enc tune=zerolatency key-int-max=15"), ("openh264enc", "openh264enc")] if is_there(name)), None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service="0")
    rates = {}
    for name, rate, arrives, encoder, wants in SOUNDS:
        if not is_there(wants):
            print(f"skip  {name}: no element {wants}")
            continue
        tone = TONE.format(rate=rate) + " ! " + encoder
        launches = {name: f"( {tone.format(n=0)} )"}
        if h264 and is_there("h264parse"):
            launches[f"{name}_seen"] = f"( {VIDEO.format(encoder=h264, n=0)} {tone.format(n=1)} )"
        for path, launch in launches.items():
            factory = GstRtspServer.RTSPMediaFactory()
            factory.set_launch(launch)
            factory.set_shared(True)
            server.get_mount_points().add_factory(f"/{path}", factory)
            rates[path] = arrives
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=loop.run, daemon=True).start()
    failed = listen(server.get_bound_port(), rates)
    loop.quit()
    sys.exit(failed)


def listen(port, rates):
    """Runs all of them as cameras; returns whether anything did not hold."""
    failed = False
    folder = Path(tempfile.mkdtemp(prefix="bushbaby-peers-"))
    pipeline = folder / "peers.json"
    cameras = {name: {"url": f"rtsp://127.0.0.1:{port}/{name}"} for name in rates}
    pipeline.write_text(json.dumps({"cameras": cameras}))
    command = [PROGRAM, "--instance", f"peers-{os.getpid()}"]
    with open(folder / "log", "w") as log:
        run = subprocess.Popen(command + ["run", str(pipeline)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        for name, rate in rates.items():
            wanted = [f"{name}/audio"] + ([f"{name}/image"] if name.endswith("_seen") else [])
            for stream in wanted:
                said = heard(command, stream)
                is_right = said is not None and (stream.endswith("image") or said["body"]["sample_rate_hz"] == rate)
                failed |= not is_right
                print(("ok    " if is_right else "FAIL  ") + stream, "" if said is None else json.dumps(said["body"])[:120], flush=True)
    finally:
        run.terminate()
        run.wait(20)
    if failed:
        print((folder / "log").read_text()[-4000:])
    shutil.rmtree(folder)
    return failed


def heard(command, stream):
    """One frame of a stream, once it comes."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        echo = subprocess.run(command + ["echo", stream, "-n", "1", "--json"], capture_output=True, timeout=40)
        if echo.returncode == 0 and echo.stdout.strip():
            return json.loads(echo.stdout.splitlines()[0])
        time.sleep(0.5)
    return None


main()
