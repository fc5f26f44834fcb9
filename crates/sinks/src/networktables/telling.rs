//! Which topics are told what, and when: all that is decided between a result and the network.
//!
//! In: what was seen, moments, what is known of the robot's clock. Out: entries whose value is news, each a number where it must be one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_vision::camera::CameraModel;

use super::dashboards::{self, Streams};
use super::entry::{Content, Entry};
use super::estimate;
use super::limelight;
use super::photonvision::{self, Machine, TimeSync};
use super::place::RobotPlace;
use super::seen::{Of, Seen};
use super::settings::Dialect;
use super::stamp::Stamp;
use super::wish::Leds;

/// A camera without a result for so long is told as not connected.
const SILENT_AFTER: Duration = Duration::from_secs(2);
/// Results that the rate is worked out from.
const RATE_OVER: usize = 30;
/// Pictures whose place may still come.
const MOST_SEEN: usize = 8;
/// How often it is said of a camera whose stages rest that nothing was found: photonlib takes half a second of silence for a lost one.
const RESTING_EVERY: Duration = Duration::from_millis(100);

/// What does not change while the node runs.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub(crate) dialects: Vec<Dialect>,
    /// What photonlib is told.
    pub(crate) version: String,
    pub(crate) machine: Machine,
    pub(crate) field_size_m: Option<[f64; 2]>,
    /// Where dashboards find pictures.
    pub(crate) streams: Option<Streams>,
}

/// What is known of the clock that robot code measures with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RobotClock {
    /// Its time less ours.
    pub(crate) offset_us: i64,
    /// When it was heard of last; absent: never.
    pub(crate) heard: Option<MonoTime>,
}

/// The state between results.
#[derive(Debug)]
pub(crate) struct Telling {
    manner: Manner,
    cameras: BTreeMap<String, Camera>,
    /// Of all cameras: those of one are told to nobody.
    leds: Leds,
    /// What was told last, by topic.
    last: HashMap<String, Content>,
    /// Values that were none.
    refused: u64,
}

#[derive(Debug, Default)]
struct Camera {
    results: i64,
    /// When the last ones came.
    came: VecDeque<MonoTime>,
    model: Option<CameraModel>,
    pipeline: u32,
    /// Kinds of things that were looked for last.
    of: Option<Of>,
    /// What the last pictures showed, by their capture times: for the places that come of them.
    seen: VecDeque<(MonoTime, Seen)>,
    /// Places come of its pictures.
    has_places: bool,
    /// Nobody looks for anything: driver mode.
    rests: bool,
    is_silent: bool,
}

/// What there is to tell.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct News {
    /// Topics whose value is another than before, or counts each time.
    pub(crate) entries: Vec<Entry>,
    /// Topics to listen to from now on.
    pub(crate) listen: Vec<String>,
    /// What was left out, in words.
    pub(crate) refused: Vec<String>,
}

impl Telling {
    pub(crate) fn new(manner: Manner) -> Self {
        Self {
            manner,
            cameras: BTreeMap::new(),
            leds: Leds::AsThePipeline,
            last: HashMap::new(),
            refused: 0,
        }
    }

    /// This machine's address as the robot sees it: dashboards are told it with the next results.
    pub(crate) fn is_seen_at(&mut self, address: Option<IpAddr>) {
        if let (Some(streams), Some(address)) = (&mut self.manner.streams, address) {
            streams.address = Some(address);
        }
    }

    /// What is told before any result.
    pub(crate) fn begin(&mut self) -> News {
        let mut news = News::default();
        self.say(self.global(), &mut news);
        news
    }

    /// What one result has to tell.
    pub(crate) fn result(
        &mut self,
        name: &str,
        seen: &Seen,
        captured: MonoTime,
        now: MonoTime,
        clock: RobotClock,
    ) -> News {
        let mut news = News {
            refused: seen.refused.clone(),
            ..News::default()
        };
        self.refused += seen.refused.len() as u64;
        if !self.cameras.contains_key(name) {
            self.meet(name, &mut news);
        }
        let camera = self.cameras.entry(name.to_owned()).or_default();
        camera.results += 1;
        camera.came.push_back(now);
        if camera.came.len() > RATE_OVER {
            camera.came.pop_front();
        }
        camera.model = seen.camera;
        camera.of = Some(seen.of);
        camera.is_silent = false;
        let is_place_to_come = camera.has_places && !camera.rests;
        if is_place_to_come && seen.of == Of::Tags {
            camera.seen.push_back((captured, seen.clone()));
            if camera.seen.len() > MOST_SEEN {
                camera.seen.pop_front();
            }
        }
        let stamp = Stamp {
            number: camera.results,
            captured_us: us(captured).saturating_add(clock.offset_us),
            now_us: us(now).saturating_add(clock.offset_us),
            since_pong_us: clock.heard.map_or(i64::MAX, |heard| us_of(now.since(heard))),
            latency_ms: now.since(captured).as_secs_f64() * 1e3,
            pipeline: camera.pipeline,
            fps: rate(&camera.came),
            captured_here_us: us(captured),
        };
        let mut entries = Vec::new();
        for dialect in &self.manner.dialects {
            entries.extend(match dialect {
                Dialect::Photonvision => photonvision::result(name, seen, &stamp),
                Dialect::Limelight => limelight::result(name, seen, &stamp, self.manner.field_size_m),
            });
        }
        if is_place_to_come {
            entries.retain(|entry| !limelight::is_of_place(&entry.topic));
        }
        entries.extend(self.for_dashboards(name));
        self.say(entries, &mut news);
        news
    }

    /// What a place has to tell that came of a picture.
    ///
    /// - `found_by`: the stage.
    pub(crate) fn place(
        &mut self,
        found_by: &str,
        name: &str,
        place: &RobotPlace,
        captured: MonoTime,
        now: MonoTime,
        clock: RobotClock,
    ) -> News {
        let mut news = News::default();
        let captured_us = us(captured).saturating_add(clock.offset_us);
        if !self.last.contains_key(&estimate::schema_topic()) {
            self.say(estimate::schemas(), &mut news);
        }
        let entries = estimate::place(found_by, place, captured_us, self.manner.field_size_m);
        self.say(entries, &mut news);
        if !self.speaks(Dialect::Limelight) {
            return news;
        }
        if !self.cameras.contains_key(name) {
            self.meet(name, &mut news);
        }
        let camera = self.cameras.entry(name.to_owned()).or_default();
        camera.has_places = true;
        let seen = camera.seen.iter().find(|(at, _)| *at == captured).map(|(_, seen)| seen);
        let latency_ms = now.since(captured).as_secs_f64() * 1e3;
        let entries = limelight::robot_place(name, place, seen, latency_ms, self.manner.field_size_m);
        self.say(entries, &mut news);
        news
    }

    /// Which pipeline of a camera was told as the one in force.
    pub(crate) fn pipeline_of(&self, camera: &str) -> Option<u32> {
        self.cameras.get(camera).map(|camera| camera.pipeline)
    }

    /// Another pipeline of a camera is in force. Limelight is told with the next result.
    pub(crate) fn pipeline_is(&mut self, name: &str, number: u32) -> News {
        let mut news = News::default();
        if let Some(camera) = self.cameras.get_mut(name) {
            camera.pipeline = number;
            if self.speaks(Dialect::Photonvision) {
                self.say(vec![photonvision::pipeline(name, number)], &mut news);
            }
        }
        news
    }

    /// Whether it was told that nobody looks for anything in a camera's pictures.
    #[cfg(test)]
    pub(crate) fn rests(&self, camera: &str) -> bool {
        self.cameras.get(camera).is_some_and(|camera| camera.rests)
    }

    /// Whether anybody looks for anything in a camera's pictures.
    pub(crate) fn rest_is(&mut self, name: &str, rests: bool) -> News {
        let mut news = News::default();
        if let Some(camera) = self.cameras.get_mut(name) {
            camera.rests = rests;
            if self.speaks(Dialect::Photonvision) {
                self.say(vec![photonvision::driver_mode(name, rests)], &mut news);
            }
        }
        news
    }

    /// What was done with the LEDs of all cameras.
    pub(crate) fn leds_are(&mut self, leds: Leds) -> News {
        self.leds = leds;
        let mut news = News::default();
        if self.speaks(Dialect::Photonvision) {
            self.say(vec![photonvision::led_mode(leds)], &mut news);
        }
        news
    }

    /// What the time that passes has to tell.
    pub(crate) fn look(&mut self, now: MonoTime, sync: Option<TimeSync>, clock: RobotClock) -> News {
        let mut news = self.of_those_that_rest(now, clock);
        let mut silent = Vec::new();
        for (name, camera) in &mut self.cameras {
            let last = camera.came.back().copied().unwrap_or(now);
            if !camera.is_silent && now.since(last) > SILENT_AFTER {
                camera.is_silent = true;
                silent.push(name.clone());
            }
        }
        let mut entries: Vec<Entry> = silent.iter().flat_map(|name| self.for_dashboards(name)).collect();
        if let Some(sync) = sync.filter(|_| self.speaks(Dialect::Photonvision)) {
            entries.extend(photonvision::time_sync(&self.manner.machine.hostname, &sync));
        }
        self.say(entries, &mut news);
        news
    }

    /// What was found last is not true any more, and the camera is not lost.
    fn of_those_that_rest(&mut self, now: MonoTime, clock: RobotClock) -> News {
        let is_due = |camera: &Camera| {
            let last = camera.came.back();
            camera.rests && last.is_none_or(|last| now.since(*last) >= RESTING_EVERY)
        };
        let due = self.cameras.iter().filter(|(_, camera)| is_due(camera));
        let due: Vec<(String, Seen)> = due
            .map(|(name, camera)| (name.clone(), Seen::nothing(camera.of.unwrap_or(Of::Tags), camera.model)))
            .collect();
        let mut news = News::default();
        for (name, nothing) in due {
            let one = self.result(&name, &nothing, now, now, clock);
            news.entries.extend(one.entries);
            news.listen.extend(one.listen);
            news.refused.extend(one.refused);
        }
        news
    }

    /// How many values were left out so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// The first result of a camera.
    fn meet(&mut self, name: &str, news: &mut News) {
        self.cameras.insert(name.to_owned(), Camera::default());
        let mut entries = self.global();
        let one = [name.to_owned()];
        for dialect in &self.manner.dialects {
            match dialect {
                Dialect::Photonvision => {
                    entries.extend(photonvision::camera(name));
                    news.listen.extend(photonvision::topics(&one));
                }
                Dialect::Limelight => news.listen.extend(limelight::topics(&one)),
            }
        }
        self.say(entries, news);
    }

    fn global(&self) -> Vec<Entry> {
        if !self.speaks(Dialect::Photonvision) {
            return Vec::new();
        }
        let cameras: Vec<String> = self.cameras.keys().cloned().collect();
        photonvision::global(&self.manner.version, &self.manner.machine, &cameras, self.leds)
    }

    fn for_dashboards(&self, name: &str) -> Vec<Entry> {
        let (Some(streams), Some(camera)) = (&self.manner.streams, self.cameras.get(name)) else {
            return Vec::new();
        };
        dashboards::camera(name, streams, camera.model.as_ref(), !camera.is_silent)
    }

    fn speaks(&self, dialect: Dialect) -> bool {
        self.manner.dialects.contains(&dialect)
    }

    /// Keeps what is news, and leaves out what is no number.
    fn say(&mut self, entries: Vec<Entry>, news: &mut News) {
        for entry in entries {
            if !entry.content.is_finite() {
                self.refused += 1;
                news.refused
                    .push(format!("`{}` is not told a number that is none", entry.topic));
                continue;
            }
            if !entry.each_counts {
                if self.last.get(&entry.topic) == Some(&entry.content) {
                    continue;
                }
                self.last.insert(entry.topic.clone(), entry.content.clone());
            }
            news.entries.push(entry);
        }
    }
}

fn us(time: MonoTime) -> i64 {
    i64::try_from(time.as_ns() / 1000).unwrap_or(i64::MAX)
}

fn us_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Results a second; nought before the second.
fn rate(came: &VecDeque<MonoTime>) -> f64 {
    let (Some(first), Some(last)) = (came.front(), came.back()) else {
        return 0.0;
    };
    let seconds = last.since(*first).as_secs_f64();
    if seconds > 0.0 {
        (came.len() - 1) as f64 / seconds
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networktables::seen::Found;
    use crate::networktables::testing::{nothing, seen, two_tags};
    use bushbaby_vision::field::Alliance;

    fn telling(dialects: &[Dialect]) -> Telling {
        Telling::new(Manner {
            dialects: dialects.to_vec(),
            version: "v1".to_owned(),
            machine: Machine {
                hostname: "jetson".to_owned(),
                mac: "02-00-00-00-00-01".to_owned(),
            },
            field_size_m: None,
            streams: Some(Streams {
                hostname: "jetson".to_owned(),
                address: None,
                port: 5800,
            }),
        })
    }

    fn at_ms(ms: u64) -> MonoTime {
        MonoTime::from_ns(ms * 1_000_000)
    }

    const SYNCED: RobotClock = RobotClock {
        offset_us: -500,
        heard: Some(MonoTime::from_ns(900_000_000)),
    };

    fn value(news: &News, topic: &str) -> Option<Content> {
        let entry = news.entries.iter().find(|entry| entry.topic == topic)?;
        Some(entry.content.clone())
    }

    fn number(bytes: &Content, index: usize) -> i64 {
        let Content::Bytes { bytes, .. } = bytes else {
            panic!("{bytes:?}")
        };
        i64::from_le_bytes(bytes[index * 8..index * 8 + 8].try_into().unwrap())
    }

    #[test]
    fn the_age_and_both_times_are_of_the_robots_clock() {
        let mut telling = telling(&[Dialect::Photonvision, Dialect::Limelight]);
        let news = telling.result("front", &seen(&two_tags()), at_ms(1000), at_ms(1020), SYNCED);
        let packed = value(&news, "/photonvision/front/rawBytes").unwrap();
        let numbers: Vec<i64> = (0..4).map(|index| number(&packed, index)).collect();
        assert_eq!(numbers, [1, 999_500, 1_019_500, 120_000]);
        assert_eq!(value(&news, "/photonvision/front/latencyMillis"), Some(20.0.into()));
        assert_eq!(value(&news, "/limelight-front/tl"), Some(20.0.into()));
        assert_eq!(value(&news, "/limelight-front/cl"), Some(0.0.into()));
    }

    #[test]
    fn a_place_that_came_of_a_picture_is_told_with_its_tags() {
        let mut telling = telling(&[Dialect::Photonvision, Dialect::Limelight]);
        telling.manner.field_size_m = Some([16.0, 8.0]);
        let place = |alliance: &str| {
            let body = serde_json::json!({"type": "field_pose", "version": 1, "camera": "front", "alliance": alliance,
                "robot": {"x": 2.5, "y": 1.0, "z": 0.0, "roll": 0.0, "pitch": 0.0, "yaw": 90.0},
                "camera_pose": {"x": 2.5, "y": 1.5, "z": 0.5, "roll": 0.0, "pitch": 0.0, "yaw": 90.0},
                "method": "tag_and_heading", "tags": [7], "std_devs": [0.01, 0.02, 1.0], "error_px": 0.3, "calibrated": true, "outliers": []});
            match Found::read(body.to_string().as_bytes()) {
                Ok(Found::Place(place)) => place,
                other => panic!("{other:?}"),
            }
        };
        let numbers = |news: &News, key: &str| match value(news, &format!("/limelight-front/{key}")) {
            Some(Content::Doubles(numbers)) => {
                Some(numbers.iter().map(|n| (n * 1e3).round() / 1e3).collect::<Vec<_>>())
            }
            _ => None,
        };
        let first = telling.result("front", &seen(&two_tags()), at_ms(1000), at_ms(1010), SYNCED);
        assert_eq!(numbers(&first, "botpose_orb_wpiblue").unwrap()[7], 0.0);
        let early = telling.place("place", "front", &place("blue"), at_ms(1000), at_ms(1015), SYNCED);
        assert!(value(&early, "/.schema/struct:Pose3d").is_some());
        let std_devs = numbers(&early, "stddevs").unwrap();
        assert_eq!(
            (std_devs[6], std_devs[7], std_devs[11], std_devs[0]),
            (0.01, 0.02, 1.0, 1e6)
        );
        let second = telling.result("front", &seen(&two_tags()), at_ms(1033), at_ms(1043), SYNCED);
        assert_eq!(
            numbers(&second, "botpose_orb_wpiblue"),
            None,
            "the place comes behind it"
        );
        assert_eq!(numbers(&second, "stddevs"), None);
        let placed = telling.place("place", "front", &place("blue"), at_ms(1033), at_ms(1053), SYNCED);
        assert_eq!(value(&placed, "/.schema/struct:Pose3d"), None, "once is enough");
        let blue = numbers(&placed, "botpose_orb_wpiblue").unwrap();
        // x, y, z, roll, pitch, yaw, age, one tag, no span, 2 m away, its area; then the tag, 2.5 m ahead of the robot's middle, half a
        // metre up.
        assert_eq!(blue[..10], [2.5, 1.0, 0.0, 0.0, 0.0, 90.0, 20.0, 1.0, 0.0, 2.0]);
        assert_eq!((blue.len(), blue[11], blue[15], blue[16]), (18, 7.0, 2.0, 2.55));
        assert_eq!(
            numbers(&placed, "botpose_orb_wpired").unwrap()[..6],
            [13.5, 7.0, 0.0, 0.0, 0.0, -90.0]
        );
        assert_eq!(
            numbers(&placed, "botpose_orb").unwrap()[..6],
            [-5.5, -3.0, 0.0, 0.0, 0.0, 90.0]
        );
        let estimate = |news: &News| match value(news, "/bushbaby/place/estimate") {
            Some(Content::Doubles(numbers)) => numbers.iter().map(|n| (n * 1e4).round() / 1e4).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let captured_s = (1_033_000 + SYNCED.offset_us) as f64 / 1e6;
        let quarter = (std::f64::consts::FRAC_PI_2 * 1e4).round() / 1e4;
        assert_eq!(estimate(&placed), [2.5, 1.0, quarter, captured_s, 0.01, 0.02, 0.0175]);
        // Red's own numbers are red's; the estimate is always blue's.
        let red = telling.place("place", "front", &place("red"), at_ms(1033), at_ms(1054), SYNCED);
        assert_eq!(numbers(&red, "botpose_orb_wpired").unwrap()[..2], [2.5, 1.0]);
        assert_eq!(numbers(&red, "botpose_orb_wpiblue").unwrap()[..2], [13.5, 7.0]);
        assert_eq!(estimate(&red)[..3], [13.5, 7.0, -quarter]);
        let lost = RobotPlace {
            alliance: Alliance::Blue,
            robot: None,
        };
        let lost = telling.place("place", "front", &lost, at_ms(1066), at_ms(1080), SYNCED);
        assert!(estimate(&lost).is_empty(), "an old place is not taken for a new one");
        assert_eq!(value(&lost, "/bushbaby/place/pose"), None, "dashboards keep the last");
        // Nobody looks: there is no place any more.
        telling.rest_is("front", true);
        let resting = telling.look(at_ms(1200), None, SYNCED);
        assert_eq!(numbers(&resting, "botpose_orb_wpiblue").unwrap()[7], 0.0);
    }

    #[test]
    fn without_a_clock_the_silence_is_endless() {
        let mut telling = telling(&[Dialect::Photonvision]);
        let unknown = RobotClock {
            offset_us: 0,
            heard: None,
        };
        let news = telling.result("front", &seen(&nothing()), at_ms(1000), at_ms(1020), unknown);
        assert_eq!(
            number(&value(&news, "/photonvision/front/rawBytes").unwrap(), 3),
            i64::MAX
        );
    }

    #[test]
    fn only_news_is_told_but_each_result_counts() {
        let mut telling = telling(&[Dialect::Photonvision, Dialect::Limelight]);
        let first = telling.result("front", &seen(&two_tags()), at_ms(1000), at_ms(1010), SYNCED);
        let second = telling.result("front", &seen(&two_tags()), at_ms(1000), at_ms(1010), SYNCED);
        let topics: Vec<&str> = second.entries.iter().map(|entry| entry.topic.as_str()).collect();
        assert!(first.entries.len() > 70, "{}", first.entries.len());
        assert_eq!(
            topics,
            [
                "/photonvision/front/rawBytes",
                "/photonvision/front/heartbeat",
                "/limelight-front/hb"
            ]
        );
        assert!(second.listen.is_empty());
    }

    #[test]
    fn cameras_are_counted_apart_and_each_is_listened_to_once() {
        let mut telling = telling(&[Dialect::Photonvision]);
        let begin = telling.begin();
        assert_eq!(value(&begin, "/photonvision/version"), Some("v1".into()));
        for (name, number) in [("front", 1), ("back", 1), ("front", 2)] {
            let news = telling.result(name, &seen(&nothing()), at_ms(1000), at_ms(1010), SYNCED);
            assert_eq!(
                value(&news, &format!("/photonvision/{name}/heartbeat")),
                Some(i64::from(number).into())
            );
            assert_eq!(news.listen.is_empty(), number == 2);
            if name == "back" {
                let names = value(&news, "/photonvision/coprocessors/02-00-00-00-00-01/cameraNames");
                assert_eq!(names, Some(Content::Texts(vec!["back".to_owned(), "front".to_owned()])));
            }
        }
    }

    #[test]
    fn no_number_that_is_none_is_told() {
        let mut telling = telling(&[Dialect::Photonvision, Dialect::Limelight]);
        let mut broken = seen(&two_tags());
        broken.targets[0].skew_deg = f64::NAN;
        let news = telling.result("front", &broken, at_ms(1000), at_ms(1010), SYNCED);
        assert!(news.entries.iter().all(|entry| entry.content.is_finite()));
        assert_eq!(
            news.refused,
            [
                "`/photonvision/front/targetSkew` is not told a number that is none",
                "`/limelight-front/t2d` is not told a number that is none"
            ]
        );
        assert_eq!(telling.refused(), 2);
    }

    #[test]
    fn a_silent_camera_is_told_as_gone_until_it_comes_again() {
        let mut telling = telling(&[Dialect::Limelight]);
        let connected = |news: &News| value(news, "/CameraPublisher/front/connected");
        let first = telling.result("front", &seen(&nothing()), at_ms(1000), at_ms(1000), SYNCED);
        assert_eq!(connected(&first), Some(true.into()));
        assert_eq!(connected(&telling.look(at_ms(2500), None, SYNCED)), None);
        assert_eq!(connected(&telling.look(at_ms(3500), None, SYNCED)), Some(false.into()));
        assert_eq!(connected(&telling.look(at_ms(9500), None, SYNCED)), None);
        let again = telling.result("front", &seen(&nothing()), at_ms(9900), at_ms(9910), SYNCED);
        assert_eq!(connected(&again), Some(true.into()));
    }

    #[test]
    fn a_camera_whose_stages_rest_has_no_targets_and_is_not_lost() {
        let mut telling = telling(&[Dialect::Photonvision, Dialect::Limelight]);
        telling.result("front", &seen(&two_tags()), at_ms(1000), at_ms(1000), SYNCED);
        let told = telling.rest_is("front", true);
        assert_eq!(value(&told, "/photonvision/front/driverMode"), Some(true.into()));
        assert!(telling.look(at_ms(1050), None, SYNCED).entries.is_empty());
        let resting = telling.look(at_ms(1100), None, SYNCED);
        assert_eq!(value(&resting, "/photonvision/front/heartbeat"), Some(2_i64.into()));
        assert_eq!(value(&resting, "/photonvision/front/hasTarget"), Some(false.into()));
        assert_eq!(value(&resting, "/limelight-front/tv"), Some(0.0.into()));
        let again = telling.rest_is("front", false);
        assert_eq!(value(&again, "/photonvision/front/driverMode"), Some(false.into()));
        assert!(!telling.rests("front"));
        assert!(telling.look(at_ms(1300), None, SYNCED).entries.is_empty());
    }

    #[test]
    fn another_pipeline_is_told_in_both_dialects() {
        let mut telling = telling(&[Dialect::Photonvision, Dialect::Limelight]);
        assert_eq!(telling.pipeline_of("front"), None);
        telling.result("front", &seen(&two_tags()), at_ms(1000), at_ms(1010), SYNCED);
        let state = |news: &News| value(news, "/photonvision/front/pipelineIndexState");
        assert_eq!(state(&telling.pipeline_is("front", 2)), Some(2_i64.into()));
        assert_eq!(telling.pipeline_of("front"), Some(2));
        let next = telling.result("front", &seen(&two_tags()), at_ms(1030), at_ms(1040), SYNCED);
        assert_eq!(value(&next, "/limelight-front/getpipe"), Some(2.0.into()));
        assert_eq!(state(&next), None, "it was told");
    }

    #[test]
    fn the_rate_is_that_of_the_last_results() {
        let mut telling = telling(&[Dialect::Photonvision]);
        let mut news = News::default();
        for n in 0..100 {
            news = telling.result("front", &seen(&nothing()), at_ms(n * 20), at_ms(n * 20), SYNCED);
        }
        assert_eq!(news.refused, Vec::<String>::new());
        assert!((rate(&telling.cameras["front"].came) - 50.0).abs() < 1e-9);
        assert_eq!(rate(&VecDeque::from([at_ms(5)])), 0.0);
    }
}
