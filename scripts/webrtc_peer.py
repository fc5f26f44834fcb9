#!/usr/bin/env python3
"""Another WebRTC than the browsers': aiortc offers as the page does, decodes what comes, and counts. `scripts/webrtc-peer.sh` starts it.

    webrtc_peer.py [--seconds 10] [--url http://127.0.0.1:5800]

Without an address it runs two moving scenes of tags at 640x360. A line for each camera: pictures decoded, their sizes, Mbit/s as they arrived (with
what is around packets), and how many pictures had no header that told which one it was. Ends with 1 when a camera has no pictures, empty ones, or none
that can be told apart. A page at the host itself offers WebRTC only where it has a `budget`.
"""

import argparse
import asyncio
import collections
import contextlib
import json
import sys
import time
import urllib.parse

import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from websockets.asyncio.client import connect

PATIENCE_S = 20
# Grey levels between the darker and the brighter parts of a picture that shows something.
LEAST_DEVIATION = 5
# What IP and UDP add to a packet.
AROUND_PACKET_BYTES = 28


class Peer:
    """One camera's connection, and what came through it. `news` is set whenever something did."""

    def __init__(self, camera, news):
        self.camera = camera
        self.news = news
        # No servers: both ends are on this network, as for the page.
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.sizes = collections.Counter()
        self.empty = 0
        self.times = []
        self.headers = set()
        self.reader = None
        self.why = None
        self.connection.on("track", self._track)
        self.connection.on("connectionstatechange", news.set)

    async def offer(self):
        """The offer, as SDP."""
        transceiver = self.connection.addTransceiver("video", direction="recvonly")
        codecs = RTCRtpReceiver.getCapabilities("video").codecs
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def answer(self, sdp):
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    def _track(self, track):
        self.reader = asyncio.create_task(self._read(track))

    async def _read(self, track):
        while True:
            try:
                picture = await track.recv()
            except MediaStreamError:
                return
            self.sizes[f"{picture.width}x{picture.height}"] += 1
            self.empty += picture.to_ndarray(format="gray").std() < LEAST_DEVIATION
            self.times.append(picture.pts)
            self.news.set()

    async def received(self):
        """Bytes and packets so far."""
        stats = (await self.connection.getStats()).values()
        transports = [one for one in stats if one.type == "transport"]
        return sum(one.bytesReceived for one in transports), sum(one.packetsReceived for one in transports)

    def unknown(self):
        """How many pictures no header told of. aiortc counts their RTP times from the first, so this is about the time between them."""
        known = lambda origin: sum(time + origin in self.headers for time in self.times)
        origins = [header - self.times[0] for header in self.headers] if self.times else []
        return len(self.times) - max(map(known, origins), default=0)

    def clear(self):
        """Forgets what came until now."""
        self.sizes.clear()
        self.times.clear()
        self.empty = 0


async def page(url, seconds):
    """Watches all cameras of a page for so long. Returns whether their pictures came."""
    where = urllib.parse.urlsplit(url)
    if where.hostname in ("127.0.0.1", "localhost"):
        # Left to itself aiortc does not connect from loopback.
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    async with connect(f"ws://{where.netloc}/live", origin=url, max_size=None) as live:
        hello = json.loads(await live.recv())
        if not hello["has_webrtc"]:
            raise SystemExit("the page offers no WebRTC: it is switched off, or has no `budget` and is at this host")
        cameras = []
        while not cameras:
            told = await live.recv()
            if isinstance(told, str) and (status := json.loads(told))["type"] == "status":
                cameras = [picture["stream"] for picture in status["pictures"] if picture["is_camera"]]
        news = asyncio.Event()
        peers = {camera: Peer(camera, news) for camera in cameras}
        hearing = asyncio.create_task(hear(live, peers))
        try:
            for camera, peer in peers.items():
                await live.send(json.dumps({"type": "offer", "camera": camera, "sdp": await peer.offer()}))
            await until(news, lambda: all(peer.why or peer.connection.connectionState == "connected" for peer in peers.values()))
            views = [{"camera": camera, "width": 1920, "height": 1080, "video": True} for camera in peers]
            await live.send(json.dumps({"type": "watch", "views": views}))
            await until(news, lambda: all(peer.why or peer.times for peer in peers.values()))
            return await count(peers.values(), seconds)
        finally:
            hearing.cancel()
            for peer in peers.values():
                await peer.connection.close()


async def hear(live, peers):
    """Takes in what the page's server says."""
    async for told in live:
        if isinstance(told, bytes):
            header = json.loads(told[4 : 4 + int.from_bytes(told[:4], "little")])
            if header["type"] == "video":
                peers[header["camera"]].headers.add(header["rtp"])
            continue
        told = json.loads(told)
        if told["type"] == "answer":
            await peers[told["camera"]].answer(told["sdp"])
        elif told["type"] == "no_video":
            peers[told["camera"]].why = told["why"]
            peers[told["camera"]].news.set()


async def until(news, holds):
    """Waits until it holds, looking at each piece of news, or for as long as patience lasts: what is missing is told at the end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                news.clear()
                await news.wait()


async def count(peers, seconds):
    """Counts what comes in so many seconds and prints it."""
    before = {peer: await peer.received() for peer in peers}
    for peer in peers:
        peer.clear()
    began = time.monotonic()
    await asyncio.sleep(seconds)
    is_good = True
    for peer in peers:
        took = time.monotonic() - began
        got, packets = (after - old for after, old in zip(await peer.received(), before[peer]))
        pictures, sizes = len(peer.times), ", ".join(peer.sizes) or "none"
        unknown = peer.unknown()
        mbits = (got + AROUND_PACKET_BYTES * packets) * 8 / took / 1e6
        words = f"{peer.camera}: {pictures} pictures in {took:.1f} s, {sizes}, {mbits:.2f} Mbit/s, {unknown} without a header, {peer.empty} empty"
        print(words + (f" ({peer.why})" if peer.why else ""), flush=True)
        is_good = is_good and pictures > 0 and unknown == 0 and peer.empty == 0
    return is_good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--url")
    args = parser.parse_args()
    if args.url:
        sys.exit(not asyncio.run(page(args.url.rstrip("/"), args.seconds)))
    import two_cameras

    # A limit that nothing reaches: for it a page at the host itself has H.264.
    with two_cameras.running("budget: 500Mbit/s") as product:
        sys.exit(not asyncio.run(page(product.url, args.seconds)))


main()
