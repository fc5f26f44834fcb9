"""The page's pure modules, run where they run: in the browser, from the server."""

import json
import math
import unittest

from files import serve
from webdriver import Browser, wait_for


class Modules(unittest.TestCase):
    """Each test imports a module and looks at what its functions return."""

    @classmethod
    def setUpClass(cls):
        url = cls.enterClassContext(serve())
        cls.browser = cls.enterClassContext(Browser())
        cls.browser.open(f"{url}/tests/empty.html")

    def call(self, module, expression):
        """The value of an expression in which `m` is the module."""
        self.browser.run(
            "window.answer = undefined;"
            "import(arguments[0]).then((m) => { window.answer = JSON.stringify({ value: new Function('m', `return ${arguments[1]}`)(m) }); })"
            ".catch((error) => { window.answer = JSON.stringify({ error: `${error}` }); })",
            f"/{module}.js",
            expression,
        )
        answer = json.loads(wait_for(expression, lambda: self.browser.run("return window.answer")))
        self.assertNotIn("error", answer)
        return answer["value"]

    def test_numbers_are_written_so_that_they_stand_still(self):
        self.assertEqual(self.call("words", "[m.fixed(-0.004, 2), m.fixed(-1.256, 2), m.fixed(NaN, 1)]"), ["0.00", "\u22121.26", "–"])
        self.assertEqual(self.call("words", "[12.4, 999.4, 1200, 65000].map(m.age)"), [["12", "ms"], ["999", "ms"], ["1.2", "s"], ["65", "s"]])
        self.assertEqual(self.call("words", "[0, 119, 120, 7200, 400000].map(m.duration)"), ["0 s", "119 s", "2 min", "2 h", "4 d"])

    def test_the_sentence_names_who_is_in_trouble_first(self):
        nodes = {
            "a": {"state": "running", "state_seconds": 9},
            "b": {"state": "stalled", "state_seconds": 4},
            "c": {"state": "given-up", "state_seconds": 60},
        }
        told = self.call("words", f"m.sentence({{ nodes: {json.dumps(nodes)} }}, 1)")
        self.assertEqual((told["text"], told["tone"]), ("c given up 61 s ago: restart it", "bad"))
        del nodes["c"]
        told = self.call("words", f"m.sentence({{ nodes: {json.dumps(nodes)} }}, 1)")
        self.assertEqual((told["text"], told["tone"]), ("b stalled for 5 s", "warn"))
        del nodes["b"]
        self.assertEqual(self.call("words", f"m.sentence({{ nodes: {json.dumps(nodes)} }}, 0).text"), "1 node running")

    def test_a_page_that_was_just_opened_believes_what_the_supervisor_saw_of_a_camera(self):
        def why(told_ms, status_age_s=0, here_ms="Infinity", state="running"):
            status = {"nodes": {"a": {"state": state}}, "streams": {"a/image": {"fps": 30, "silent_ms": told_ms}}}
            camera = f"{{ name: 'a/image', node: 'a', isCamera: true, watchedSince: performance.now(), age: () => 9, silence: () => {here_ms} }}"
            return self.call("trouble", f"m.troubleOf({{ status: {json.dumps(status)}, statusAge: () => {status_age_s} }}, {camera})?.why ?? null")

        # It hears of a camera twice a second, and nothing can have come here yet.
        self.assertIsNone(why(told_ms=800))
        self.assertEqual(why(told_ms=30_000), "a sends nothing")
        self.assertEqual(why(told_ms=800, status_age_s=0.4), "a sends nothing")
        self.assertIsNone(why(told_ms=800, status_age_s=0.4, here_ms=40), "pictures come")
        self.assertEqual(why(told_ms=800, state="stalled"), "a: stalled")

    def test_what_is_heard_is_told_after_what_is_broken_and_before_what_is_late(self):
        nodes = {"cry": {"state": "running", "state_seconds": 9}}
        heard = {"text": "baby_cry heard at cot for 4 s", "tone": "warn", "key": "heard 1"}
        told = lambda: self.call("words", f"m.sentence({{ nodes: {json.dumps(nodes)} }}, 0, {json.dumps(heard)}).text")
        self.assertEqual(told(), heard["text"])
        nodes["a"] = {"state": "given-up", "state_seconds": 60}
        self.assertEqual(told(), "a given up 60 s ago: restart it")
        heard["tone"] = "bad"
        nodes["a"]["state"] = "stalled"
        self.assertEqual(told(), heard["text"])

    def test_an_event_is_in_the_list_once_and_over_when_its_end_came(self):
        event = {"stream": "cry/events", "source": "cot", "id": "1", "sound": "baby_cry", "score": 0.91, "start_at": "1970-01-01T00:00:10Z"}
        ended = {**event, "end_at": "1970-01-01T00:00:20Z"}
        other = {**event, "id": "2", "start_at": "1970-01-01T00:00:15Z"}
        begun = f"m.merged([], {json.dumps([event, other, {'start_at': 'never'}, {}])})"
        both = f"m.merged({begun}, {json.dumps([ended])})"
        self.assertEqual(self.call("events", f"{both}.map((event) => [event.key, event.start, event.end])"), [["cry/events 2", 15000, None], ["cry/events 1", 10000, 20000]])
        status = {"nodes": {"cry": {"state": "running"}}}
        self.assertEqual(self.call("events", f"{both}.map((event) => m.eventWords(event, 25000, {json.dumps(status)}))"), ["baby_cry 0.91, for 10 s", "baby_cry 0.91, 5 s ago"])
        status["nodes"]["cry"]["state"] = "backoff"
        self.assertEqual(self.call("events", f"{both}.map((event) => m.isHeard(event, 25000, {json.dumps(status)}))"), [False, False])
        status["nodes"]["cry"]["state"] = "running"
        self.assertEqual(self.call("events", f"{both}.map((event) => m.isHeard(event, 9e8, {json.dumps(status)}))"), [False, False])

    def test_an_alert_calls_for_five_minutes_unless_it_is_muted(self):
        raised = {"id": "1", "alert": "baby", "source": "cot", "message": "baby_cry at cot", "raised_at": "1970-01-01T00:00:10Z"}
        alerts = {"alerts": [{"name": "baby"}], "recent": [raised, {**raised, "id": "0"}, {**raised, "id": "2", "source": "hall", "muted": True}]}
        calls = lambda now: self.call("events", f"m.calling({{ alerts: {json.dumps(alerts)} }}, {now}).map(({{ id }}) => id)")
        self.assertEqual((calls(20000), calls(400000)), (["1"], []))
        alerts["alerts"][0]["muted_until"] = "forever"
        self.assertEqual(calls(20000), [])
        self.assertEqual(self.call("events", "[m.calling({}, 0), m.hearing({}, [], 0)]"), [[], None])

    def test_settings_read_like_the_file(self):
        settings = {"in": "front", "tag_size": "165mm", "ids": [1, 2], "restart": {"first": "1s"}, "note": "a: b"}
        self.assertEqual(
            self.call("words", f"m.yaml({json.dumps(settings)})"),
            'in: front\ntag_size: 165mm\nids: [1, 2]\nrestart:\n  first: 1s\nnote: "a: b"',
        )

    def test_what_was_changed_of_a_stage_reads_like_the_file(self):
        changes = {"rests": True, "settings": {"crop": {}}, "tuned": {"0": {"hue": [0, 9]}, "1": {"hue": [60, 90], "sort": "largest"}}}
        node = {"changes": changes, "pipelines": {"active": 1}}
        self.assertEqual(self.call("words", f"m.changed({json.dumps(node)})"), "rests, hue: [60, 90], sort: largest, crop: {}")
        self.assertEqual(self.call("words", "[m.changed({}), m.isResting({ state: 'running' })]"), [None, False])
        self.assertEqual(self.call("words", f"['running', 'stalled'].map((state) => m.isResting({{ state, changes: {json.dumps(changes)} }}))"), [True, False])

    def test_a_point_is_projected_as_the_cameras_model_says(self):
        # By hand, for the direction x = 0.2, y = -0.1: r² = 0.05. The order of the coefficients is OpenCV's.
        camera = {"fx": 600, "fy": 610, "cx": 320.5, "cy": 240.5}
        radial = 1 + 0.1 * 0.05 + 0.01 * 0.05**2 + 0.001 * 0.05**3
        x = 0.2 * radial + 2 * 0.003 * 0.2 * -0.1 + 0.004 * (0.05 + 2 * 0.04)
        y = -0.1 * radial + 0.003 * (0.05 + 2 * 0.01) + 2 * 0.004 * 0.2 * -0.1
        angle = math.atan(math.sqrt(0.05))
        bent = angle * (1 + 0.1 * angle**2 - 0.02 * angle**4) / math.sqrt(0.05)
        cases = [
            ("pinhole", [], 0.2, -0.1),
            ("pinhole", [0.1, 0.01, 0.003, 0.004, 0.001], x, y),
            ("fisheye", [0.1, -0.02, 0, 0], 0.2 * bent, -0.1 * bent),
        ]
        for model, distortion, right, down in cases:
            of_model = {**camera, "model": model, "distortion": distortion}
            u, v = self.call("projection", f"m.project({json.dumps(of_model)}, [0.4, -0.2, 2])")
            self.assertAlmostEqual(u, 600 * right + 320.5, places=9)
            self.assertAlmostEqual(v, 610 * down + 240.5, places=9)
        self.assertIsNone(self.call("projection", f"m.project({json.dumps(camera)}, [0, 0, -1])"))

    def test_axes_are_half_a_side_long_and_start_in_the_middle(self):
        camera = {"fx": 600, "fy": 600, "cx": 320, "cy": 240, "model": "pinhole", "distortion": []}
        pose = {"R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t": [0, 0, 1]}
        corners = [[260, 300], [380, 300], [380, 180], [260, 180]]
        seen = self.call("projection", f"m.axes({json.dumps(camera)}, {json.dumps(pose)}, {corners}, [320, 240], false)")
        self.assertEqual([round(part) for part in seen["origin"]], [320, 240])
        self.assertEqual([[round(part) for part in end] for end in seen["ends"]], [[380, 240], [320, 300], [320, 240]])

    def test_a_chip_covers_no_tag_and_stays_in_the_picture(self):
        size, chip = [640, 360], [150, 54]
        tags = [[0, 0, 60, 60], [580, 300, 640, 360], [300, 150, 360, 210], [310, 215, 350, 255], [0, 320, 40, 360]]
        for tag in tags:
            spot = self.call("tags", f"m.chipSpot({tag}, {chip}, {size}, {tags}, 4, null)")
            left, top, right, bottom = spot["box"]
            self.assertTrue(left >= 0 and top >= 0 and right <= 640 and bottom <= 360, spot)
            for other in tags:
                apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
                self.assertTrue(apart, (spot, other))
        self.assertIsNone(self.call("tags", f"m.chipSpot([10, 10, 630, 350], {chip}, {size}, [[10, 10, 630, 350]], 4, null)"))

    def test_a_chip_stays_on_its_side(self):
        spot = self.call("tags", "m.chipSpot([300, 150, 360, 210], [150, 54], [640, 360], [[300, 150, 360, 210]], 4, 'left').side")
        self.assertEqual(spot, "left")

    def test_the_grid_shows_pictures_as_large_as_possible(self):
        self.assertEqual(self.call("live", "m.bestGrid(1, 1600, 900, 16 / 9)"), 1600)
        self.assertEqual(self.call("live", "m.bestGrid(4, 1608, 908, 16 / 9)"), 800)
        self.assertEqual(self.call("live", "m.bestGrid(2, 390, 800, 16 / 9)"), 390)

    def test_known_colours_have_opencvs_numbers(self):
        known = [
            ([255, 0, 0], [0, 255, 255]),
            ([0, 255, 0], [60, 255, 255]),
            ([0, 0, 255], [120, 255, 255]),
            ([255, 255, 0], [30, 255, 255]),
            ([255, 0, 10], [179, 255, 255]),
            ([255, 0, 4], [0, 255, 255]),
            ([128, 128, 128], [0, 0, 128]),
            ([0, 0, 0], [0, 0, 0]),
            ([10, 200, 120], [77, 242, 200]),
        ]
        self.assertEqual(self.call("colour", f"{[rgb for rgb, _ in known]}.map(m.hsv)"), [wanted for _, wanted in known])
        self.assertEqual(self.call("colour", "m.meanOf(new Uint8ClampedArray([10, 20, 30, 255, 20, 40, 61, 255]))"), [15, 30, 46])

    def test_a_picked_colour_has_limits_around_it_and_is_let_into_those_there_are(self):
        # Hue 179, saturation 255, value 255; then hue 60.
        red, green, dark = [255, 0, 10], [0, 255, 0], [0, 40, 0]
        self.assertEqual(self.call("colour", f"m.around({red}, false)"), {"hue": [169, 9], "saturation": [195, 255], "value": [195, 255]})
        self.assertEqual(self.call("colour", f"m.around({dark}, true)"), {"brightness": [0, 255]})
        limits = {"hue": [50, 100], "saturation": [100, 255], "value": [120, 255]}
        widened = lambda hue, rgb: self.call("colour", f"m.widened({json.dumps({**limits, 'hue': hue})}, {rgb})")
        self.assertEqual(widened([50, 100], green), {})
        self.assertEqual(widened([50, 100], dark), {"value": [40, 255]})
        self.assertEqual(widened([70, 100], green), {"hue": [60, 100]})
        self.assertEqual(widened([170, 40], green), {"hue": [170, 60]})
        self.assertEqual(widened([10, 40], red), {"hue": [179, 40]})

    def test_a_range_keeps_its_order_but_for_hues(self):
        hue, other = "{ goesRound: true }", "{}"
        self.assertEqual(self.call("knobs", f"m.moved({hue}, [50, 100], 0, 170)"), [170, 100])
        self.assertEqual(self.call("knobs", f"[m.moved({other}, [50, 100], 0, 170), m.moved({other}, [50, 100], 1, 3)]"), [[100, 100], [50, 50]])

    def test_every_knob_shows_and_sends_what_the_stage_takes(self):
        knobs = "m.GROUPS.flatMap(({ knobs }) => knobs)"
        ranges = f"{knobs}.filter(({{ kind }}) => kind === 'range')"
        # A slider that a key moves by one place does not go back.
        there = "Array.from({ length: 201 }, (_, place) => m.placeOf(knob, m.numberAt(knob, place)) - place).every((off) => off === 0)"
        self.assertEqual(self.call("knobs", f"{knobs}.filter(({{ bend }}) => bend).map((knob) => {there})"), [True, True])
        self.assertEqual(self.call("knobs", f"{ranges}.every((knob) => [m.allowed(knob, -1e9), m.allowed(knob, 1e9)].join() === [knob.least, knob.limit ?? knob.most].join())"), True)
        angle = f"{knobs}.find(({{ key }}) => key === 'angle')"
        self.assertEqual(self.call("knobs", f"m.valueOf({angle}, {{ angle: ['-12.5deg', '0.5rad'] }}).map((angle) => Math.round(angle * 10))"), [-125, 286])
        self.assertEqual(self.call("knobs", f"m.sentOf({angle}, [-12.5, 45])"), ["-12.5deg", "45deg"])
        self.assertEqual(self.call("knobs", "m.allowed({ least: 0, most: 255, step: 1 }, parseFloat('many'))"), None)

    def test_knobs_that_mean_nothing_are_not_shown(self):
        keys = lambda settings: set(self.call("knobs", f"m.keysOf({json.dumps(settings)})"))
        self.assertEqual(keys({}) & {"hue", "brightness", "meeting", "max_gap"}, {"hue"})
        self.assertEqual(keys({"brightness": [1, 2], "model": "tape2019"}) & {"hue", "brightness", "meeting", "max_gap"}, {"brightness", "meeting", "max_gap"})
        self.assertEqual(keys({"group": "several"}) & {"meeting", "max_gap"}, {"max_gap"})
        self.assertEqual(self.call("knobs", "[{}, { model: 'port2020' }, { model: 'own.yaml', group: 'pair' }].map((settings) => m.groupsOf(settings).join())"),
                         ["auto,single,pair,several", "auto,single", "auto,pair"])

    def test_a_stage_is_told_five_times_a_second_one_at_a_time_and_the_last_always(self):
        # Each answer takes 70 ms of a clock that a test can turn.
        told = self.browser.run(
            "window.told = undefined;"
            "import('/knobs.js').then(async ({ Sender }) => {"
            "  let now = 0, under = 0; const sent = [], most = [];"
            "  const clock = { now: () => now, after: (ms, then) => { now += ms; then(); } };"
            "  const sender = new Sender(async (settings) => { under += 1; most.push(under); sent.push([now, settings]); await null;"
            "    if (sent.length < 3) for (const value of [1, 2]) sender.put({ value: sent.length * 10 + value }); now += 70; under -= 1; }, clock);"
            "  sender.put({ hue: 1 }); await sender.running;"
            "  window.told = { sent, most: Math.max(...most), isQuiet: [sender.isQuiet(0), sender.isQuiet(1)] };"
            "}).catch((error) => { window.told = { error: `${error}` }; })"
        )
        told = wait_for("it is told", lambda: self.browser.run("return window.told"))
        self.assertEqual(told, {"sent": [[0, {"hue": 1}], [200, {"value": 12}], [400, {"value": 22}]], "most": 1, "isQuiet": [True, False]})


if __name__ == "__main__":
    unittest.main(verbosity=2)
