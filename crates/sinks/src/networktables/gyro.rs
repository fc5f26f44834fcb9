//! What a robot says of where it looks, made one [`Heading`] after the other. Pure.
//!
//! In: values of Limelight's `robot_orientation_set`, or of an entry that the file names, each with the moment when it was set. Out:
//! headings in the order of their moments, in the field's frame.

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_vision::results::{HEADING_VERSION, Heading, HeadingKind};

use super::entry::Content;
use super::limelight;
use super::settings::{HeadingEntry, TurnUnit};
use super::wish::NoWish;

/// What was set longer ago is no news of a robot: a server tells last values again to everybody who comes.
const OLDEST: Duration = Duration::from_secs(1);
/// No robot has turned further, degrees, or turns faster, degrees a second.
const FARTHEST: f64 = 1e9;
const FASTEST: f64 = 1e4;
/// Two values so far apart tell how fast it turns, where it does not say it.
const RATE_OVER: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(500)];

/// What was heard of a robot's heading.
#[derive(Debug)]
pub(crate) struct Gyro {
    entry: Option<HeadingEntry>,
    /// By topic: the value before, and when it was set.
    before: BTreeMap<String, (MonoTime, f64)>,
    /// The moment of the heading that was told last.
    told: Option<MonoTime>,
}

impl Gyro {
    pub(crate) fn new(entry: Option<HeadingEntry>) -> Self {
        Self {
            entry,
            before: BTreeMap::new(),
            told: None,
        }
    }

    /// The heading that a value says, if it is news: newer than the last one, and not of long ago.
    ///
    /// - `at`: when it was set, not after `now`.
    ///
    /// # Errors
    /// [`NoWish`], when it can be no robot's.
    pub(crate) fn take(
        &mut self,
        topic: &str,
        value: &Content,
        at: MonoTime,
        now: MonoTime,
    ) -> Result<Option<Heading>, NoWish> {
        let no_wish = |wanted| NoWish {
            topic: topic.to_owned(),
            got: format!("{value:?}"),
            wanted,
        };
        let [yaw, rate] = match self.entry.as_ref().filter(|entry| entry.entry == topic) {
            Some(entry) => {
                let number = value.number().filter(|number| number.is_finite());
                [in_the_field(entry, number.ok_or_else(|| no_wish("a number"))?), 0.0]
            }
            None => limelight::orientation(topic, value)?,
        };
        if !(yaw.abs() <= FARTHEST && rate.abs() <= FASTEST) {
            return Err(no_wish("the yaw and the rate of a robot, in degrees"));
        }
        let is_news = now.since(at) <= OLDEST && self.told.is_none_or(|told| at > told);
        let before = self.before.insert(topic.to_owned(), (at, yaw));
        if !is_news {
            return Ok(None);
        }
        self.told = Some(at);
        // Much robot code gives 0 for a rate that it does not know.
        let rate = match before {
            Some(before) if rate == 0.0 => rate_between(before, (at, yaw)),
            _ => rate,
        };
        Ok(Some(Heading {
            kind: HeadingKind::Heading,
            version: HEADING_VERSION,
            yaw,
            rate,
        }))
    }
}

/// Degrees counter-clockwise from the field's x.
fn in_the_field(entry: &HeadingEntry, number: f64) -> f64 {
    let turned = match entry.unit {
        TurnUnit::Deg => number,
        TurnUnit::Rad => number.to_degrees(),
    };
    entry.zero.degrees + if entry.clockwise { -turned } else { turned }
}

/// Degrees a second, by the shorter way round; 0 where it cannot be told.
fn rate_between((then, from): (MonoTime, f64), (at, to): (MonoTime, f64)) -> f64 {
    let apart = at.since(then);
    let [least, most] = RATE_OVER;
    if !(least..=most).contains(&apart) {
        return 0.0;
    }
    let turn = (to - from + 180.0).rem_euclid(360.0) - 180.0;
    let rate = turn / apart.as_secs_f64();
    if rate.abs() <= FASTEST { rate } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_node::settings::Angle;

    const TOPIC: &str = "/limelight-front/robot_orientation_set";

    fn at_ms(ms: u64) -> MonoTime {
        MonoTime::from_ns(ms * 1_000_000)
    }

    fn orientation(yaw: f64, rate: f64) -> Content {
        [yaw, rate, 1.0, 0.0, -2.0, 0.0].into()
    }

    fn told(heading: Option<Heading>) -> Option<[f64; 2]> {
        heading.map(|heading| [heading.yaw, heading.rate])
    }

    #[test]
    fn yaw_and_rate_are_the_first_two_of_six() {
        let mut gyro = Gyro::new(None);
        let heading = gyro
            .take(TOPIC, &orientation(87.5, -12.0), at_ms(1000), at_ms(1002))
            .unwrap();
        assert_eq!(told(heading), Some([87.5, -12.0]));
    }

    #[test]
    fn where_no_rate_is_told_two_values_tell_it() {
        let mut gyro = Gyro::new(None);
        let mut take = |topic: &str, yaw: f64, ms: u64| {
            told(
                gyro.take(topic, &orientation(yaw, 0.0), at_ms(ms), at_ms(ms + 1))
                    .unwrap(),
            )
        };
        assert_eq!(take(TOPIC, 179.0, 1000), Some([179.0, 0.0]));
        assert_eq!(take(TOPIC, -179.0, 1020), Some([-179.0, 100.0]));
        // The table of another camera says the same a moment later.
        assert_eq!(
            take("/limelight-back/robot_orientation_set", -179.0, 1021),
            Some([-179.0, 0.0])
        );
        assert_eq!(take(TOPIC, -178.0, 1040), Some([-178.0, 50.0]));
        // Too long ago to tell anything.
        assert_eq!(take(TOPIC, 0.0, 2000), Some([0.0, 0.0]));
    }

    #[test]
    fn what_is_old_or_was_told_is_no_news() {
        let mut gyro = Gyro::new(None);
        let mut take = |at: u64, now: u64| {
            gyro.take(TOPIC, &orientation(5.0, 0.0), at_ms(at), at_ms(now))
                .unwrap()
                .is_some()
        };
        assert!(!take(1000, 2001));
        assert!(take(2000, 2001));
        assert!(!take(2000, 2002), "a server that tells it again");
        assert!(!take(1999, 2003));
        assert!(take(2020, 2021));
    }

    #[test]
    fn an_entry_of_ones_own_has_a_unit_a_sense_and_a_zero() {
        let entry = HeadingEntry {
            entry: "/robot/gyro".to_owned(),
            unit: TurnUnit::Rad,
            clockwise: true,
            zero: Angle { degrees: 180.0 },
        };
        let mut gyro = Gyro::new(Some(entry));
        let heading = gyro.take(
            "/robot/gyro",
            &std::f64::consts::FRAC_PI_2.into(),
            at_ms(1000),
            at_ms(1000),
        );
        assert_eq!(told(heading.unwrap()), Some([90.0, 0.0]));
        let heading = gyro
            .take("/robot/gyro", &1_i64.into(), at_ms(1100), at_ms(1100))
            .unwrap();
        assert!(heading.is_some_and(|heading| (heading.yaw - 122.704).abs() < 1e-3 && heading.rate > 300.0));
    }

    #[test]
    fn what_is_no_robots_is_refused_in_words() {
        let entry = HeadingEntry {
            entry: "/gyro".to_owned(),
            unit: TurnUnit::Deg,
            clockwise: false,
            zero: Angle::default(),
        };
        let mut gyro = Gyro::new(Some(entry));
        let mut told = |topic: &str, value: Content| {
            gyro.take(topic, &value, at_ms(1000), at_ms(1000))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            told("/gyro", "north".into()),
            "the robot wrote \"north\" to `/gyro`, wanted a number"
        );
        for (topic, value, wanted) in [
            (TOPIC, Content::from([90.0; 5]), "six numbers"),
            (TOPIC, [f64::NAN; 6].into(), "six numbers"),
            (TOPIC, "ninety".into(), "six numbers"),
            (
                TOPIC,
                orientation(1e12, 0.0),
                "the yaw and the rate of a robot, in degrees",
            ),
            (
                TOPIC,
                orientation(0.0, 1e6),
                "the yaw and the rate of a robot, in degrees",
            ),
            ("/gyro", f64::INFINITY.into(), "a number"),
            ("/gyro", 1e300.into(), "the yaw and the rate of a robot, in degrees"),
        ] {
            let told = told(topic, value);
            assert!(
                told.starts_with("the robot wrote ") && told.ends_with(&format!("wanted {wanted}")),
                "{told}"
            );
        }
    }
}
