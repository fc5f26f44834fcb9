//! What robot code asked for and did not get: counted, and told now and then.

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::MonoTime;

use super::entry::Content;
use super::wish::{RobotWish, Wish};
use super::{limelight, photonvision};

/// The same topic is told about once in so long: some robot code asks fifty times a second.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What was asked for, by topic.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    topics: BTreeMap<String, Topic>,
}

/// What is to be done about a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// It may be done.
    Do(RobotWish),
    /// It is refused in these words.
    Say(String),
}

#[derive(Debug, Default)]
struct Topic {
    refused: u64,
    told: Option<MonoTime>,
}

impl Asked {
    /// Takes a value that the robot wrote; returns what is to be done about it.
    ///
    /// What this program can do nothing about is refused, unless it is so already.
    pub(crate) fn take(&mut self, topic: &str, value: &Content, now: MonoTime) -> Option<Answer> {
        let wish = photonvision::wish(topic, value).and_then(|wish| match wish {
            Some(wish) => Ok(Some(wish)),
            None => limelight::wish(topic, value),
        });
        let words = match wish {
            Ok(None) => return None,
            Ok(Some(wish)) if wish.is_so_already() => return None,
            Ok(Some(wish)) if can_be_done(&wish) => return Some(Answer::Do(wish)),
            Ok(Some(wish)) => format!("the robot asks for {wish}: that cannot be changed while it runs"),
            Err(no_wish) => no_wish.to_string(),
        };
        self.refuse(topic, words, now).map(Answer::Say)
    }

    /// Counts what is refused; returns what there is to say about it, now and then.
    pub(crate) fn refuse(&mut self, topic: &str, words: String, now: MonoTime) -> Option<String> {
        let topic = self.topics.entry(topic.to_owned()).or_default();
        topic.refused += 1;
        if topic.told.is_some_and(|told| now.since(told) < TELL_EVERY) {
            return None;
        }
        topic.told = Some(now);
        Some(match topic.refused {
            1 => words,
            count => format!("{words} (asked {count} times)"),
        })
    }
}

fn can_be_done(wish: &RobotWish) -> bool {
    matches!(
        wish.what,
        Wish::Pipeline(_) | Wish::DriverMode(_) | Wish::Leds(_) | Wish::Tags(_) | Wish::Crop(_) | Wish::Snapshot { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_s(s: u64) -> MonoTime {
        MonoTime::from_ns(s * 1_000_000_000)
    }

    fn said(answer: Option<Answer>) -> Option<String> {
        match answer? {
            Answer::Say(words) => Some(words),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_refused_is_told_once_a_minute_with_its_count() {
        let mut asked = Asked::default();
        let topic = "/limelight-front/stream";
        assert_eq!(
            said(asked.take(topic, &1.0.into(), at_s(1))).as_deref(),
            Some("the robot asks for stream layout 1 of `front`: that cannot be changed while it runs")
        );
        assert_eq!(asked.take(topic, &1.0.into(), at_s(2)), None);
        assert_eq!(
            said(asked.take(topic, &2.0.into(), at_s(62))).as_deref(),
            Some("the robot asks for stream layout 2 of `front`: that cannot be changed while it runs (asked 3 times)")
        );
    }

    #[test]
    fn what_can_be_done_is_a_wish_in_both_dialects() {
        let mut asked = Asked::default();
        let wanted = |what: Wish| {
            Some(Answer::Do(RobotWish {
                camera: Some("front".to_owned()),
                what,
            }))
        };
        let mut take = |topic: &str, value: Content| asked.take(topic, &value, at_s(1));
        assert_eq!(
            take("/photonvision/front/pipelineIndexRequest", 2_i64.into()),
            wanted(Wish::Pipeline(2))
        );
        assert_eq!(take("/limelight-front/pipeline", 0.0.into()), wanted(Wish::Pipeline(0)));
        assert_eq!(
            take("/photonvision/front/driverModeRequest", false.into()),
            wanted(Wish::DriverMode(false))
        );
        assert_eq!(
            take("/limelight-front/camMode", 1.0.into()),
            wanted(Wish::DriverMode(true))
        );
    }

    #[test]
    fn what_is_so_already_and_what_is_no_request_are_passed_over() {
        let mut asked = Asked::default();
        assert_eq!(asked.take("/limelight-front/stream", &0.0.into(), at_s(1)), None);
        assert_eq!(asked.take("/SmartDashboard/x", &1.0.into(), at_s(1)), None);
    }

    #[test]
    fn rubbish_is_told_as_what_it_is() {
        let mut asked = Asked::default();
        assert_eq!(
            said(asked.take("/limelight-front/crop", &"all".into(), at_s(1))).as_deref(),
            Some("the robot wrote \"all\" to `/limelight-front/crop`, wanted four numbers")
        );
    }
}
