"""H.264 on the page and the way back to JPEG, in a real browser."""

import unittest

from product import Product
from webdriver import Browser, wait_for

PIPELINE = """
cameras:
  left: {scene: tags, size: 640x360, fps: 30}
  right: {scene: tags, size: 640x360, fps: 30, seed: 2}
stages:
  tags: {kind: apriltag, in: left, tag_size: 165mm}
"""
# Takes the decoder away, as in a browser that was built without it.
NO_H264 = """
const all = RTCRtpReceiver.getCapabilities;
RTCRtpReceiver.getCapabilities = (kind) => ({ codecs: all(kind).codecs.filter(({ mimeType }) => !/h264/i.test(mimeType)) });
"""
NO_WEBRTC = "delete window.RTCPeerConnection;"
# Answers never arrive: as where the network lets no UDP through.
NO_WAY = "RTCPeerConnection.prototype.setRemoteDescription = async () => {};"


class Video(unittest.TestCase):
    """One product for all; each test opens a browser of its own, as some of them are changed."""

    @classmethod
    def setUpClass(cls):
        cls.product = cls.enterClassContext(Product(PIPELINE, "budget: 500Mbit/s"))  # at this host it is JPEG without one

    def open(self, changed=""):
        """A browser with the page open in it, changed before anything of the page ran."""
        browser = self.enterContext(Browser())
        if changed:
            browser.devtools("Page.addScriptToEvaluateOnNewDocument", {"source": changed})
        browser.open(self.product.url)
        return browser

    def stats(self, browser):
        """Of both cameras."""
        return browser.run("return window.bushbaby?.stats() ?? {}")

    def ways(self, browser):
        """As what the pictures of both cameras come, once they do."""
        stats = self.stats(browser)
        return [camera["way"] for camera in stats.values() if camera["drawn"] > 0]

    def drawn_as(self, browser, way):
        """Waits until both cameras are drawn so."""
        wait_for(f"both are drawn as {way}", lambda: self.ways(browser) == [way, way])

    def test_pictures_come_as_h264_and_fit_into_three_mbit(self):
        browser = self.open()
        self.drawn_as(browser, "H.264")
        # The figures are those of the last ten seconds: until they are of H.264 alone.
        small = wait_for("both take less than 3 Mbit/s", lambda: sum(
            camera["bits_per_second"] for camera in self.stats(browser).values()
        ) < 3e6)
        self.assertTrue(small)
        words = browser.run("return [...document.querySelectorAll('.tile .way')].map((element) => element.textContent)")
        self.assertEqual(words, ["H.264", "H.264"])
        browser.press("1")
        wait_for("the panel says so, too", lambda: "H.264" in browser.run("return document.querySelector('.facts').innerText"))

    def test_what_was_found_is_drawn_into_the_picture_it_was_found_in(self):
        browser = self.open()
        self.drawn_as(browser, "H.264")
        drawn = self.stats(browser)["left"]["with_results"]
        # How many depends on the detector; on a busy machine it leaves pictures out.
        wait_for("more pictures with what was found in them", lambda: self.stats(browser)["left"]["with_results"] > drawn + 5)
        age = self.stats(browser)["left"]["age_ms"]["p50"]
        self.assertTrue(0 < age < 1000, age)

    def test_a_camera_out_of_sight_is_not_encoded_and_comes_back_as_h264(self):
        browser = self.open()
        self.drawn_as(browser, "H.264")
        browser.press("p")
        wait_for("nobody watches", lambda: self.product.costs("left/image")["watchers"] == 0)
        browser.press("p")
        wait_for("somebody watches", lambda: self.product.costs("left/image")["watchers"] == 1)
        before = self.product.costs("left/image")["counts"]["videos"]
        wait_for("more of the video", lambda: self.product.costs("left/image")["counts"]["videos"] > before + 10)
        self.drawn_as(browser, "H.264")

    def test_a_browser_without_h264_has_jpeg(self):
        for name, change in [("no decoder", NO_H264), ("no WebRTC", NO_WEBRTC)]:
            with self.subTest(name):
                answered = self.product.get("/api/web")["webrtc"]["answered"]
                browser = self.open(change)
                self.drawn_as(browser, "JPEG")
                wait_for("it goes on", lambda: self.stats(browser)["left"]["drawn"] > 60)
                self.assertEqual(self.ways(browser), ["JPEG", "JPEG"])
                self.assertEqual(self.product.get("/api/web")["webrtc"]["answered"], answered)

    def test_where_no_connection_comes_about_it_is_jpeg_all_the_time(self):
        browser = self.open(NO_WAY)
        answered = self.product.get("/api/web")["webrtc"]["answered"]
        wait_for("it offered", lambda: self.product.get("/api/web")["webrtc"]["answered"] >= answered + 1)
        before = self.stats(browser)["left"]["drawn"]
        wait_for("it gave up", lambda: browser.run("return window.bushbaby.videos().filter(({ failed }) => failed === 'no connection').length === 2"))
        self.assertEqual(self.ways(browser), ["JPEG", "JPEG"])
        self.assertGreater(self.stats(browser)["left"]["drawn"], before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
