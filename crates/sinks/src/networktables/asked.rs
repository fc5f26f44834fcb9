//! What robot code asked for and did not get: counted, and told now and then.

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::MonoTime;

use super::entry::Content;
use super::{limelight, photonvision};

/// The same topic is told about once in so long: some robot code asks fifty times a second.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What was asked for, by topic.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    topics: BTreeMap<String, Topic>,
}

#[derive(Debug, Default)]
struct Topic {
    refused: u64,
    told: Option<MonoTime>,
}

impl Asked {
    /// Takes a value that the robot wrote; returns what there is to say about it.
    ///
    /// Nothing that runs can be changed yet, so all that is asked for is refused, unless it is so already.
    pub(crate) fn take(&mut self, topic: &str, value: &Content, now: MonoTime) -> Option<String> {
        let wish = photonvision::wish(topic, value).and_then(|wish| match wish {
            Some(wish) => Ok(Some(wish)),
            None => limelight::wish(topic, value),
        });
        let words = match wish {
            Ok(None) => return None,
            Ok(Some(wish)) if wish.is_so_already() => return None,
            Ok(Some(wish)) => format!("the robot asks for {wish}: that cannot be changed while it runs"),
            Err(no_wish) => no_wish.to_string(),
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at_s(s: u64) -> MonoTime {
        MonoTime::from_ns(s * 1_000_000_000)
    }

    #[test]
    fn what_is_refused_is_told_once_a_minute_with_its_count() {
        let mut asked = Asked::default();
        let topic = "/photonvision/front/pipelineIndexRequest";
        assert_eq!(
            asked.take(topic, &2_i64.into(), at_s(1)).as_deref(),
            Some("the robot asks for pipeline 2 of `front`: that cannot be changed while it runs")
        );
        assert_eq!(asked.take(topic, &1_i64.into(), at_s(2)), None);
        assert_eq!(
            asked.take(topic, &3_i64.into(), at_s(62)).as_deref(),
            Some("the robot asks for pipeline 3 of `front`: that cannot be changed while it runs (asked 3 times)")
        );
    }

    #[test]
    fn what_is_so_already_and_what_is_no_request_are_passed_over() {
        let mut asked = Asked::default();
        assert_eq!(
            asked.take("/photonvision/front/pipelineIndexRequest", &0_i64.into(), at_s(1)),
            None
        );
        assert_eq!(asked.take("/limelight-front/ledMode", &0.0.into(), at_s(1)), None);
        assert_eq!(asked.take("/SmartDashboard/x", &1.0.into(), at_s(1)), None);
    }

    #[test]
    fn rubbish_is_told_as_what_it_is() {
        let mut asked = Asked::default();
        assert_eq!(
            asked.take("/limelight-front/crop", &"all".into(), at_s(1)).as_deref(),
            Some("the robot wrote \"all\" to `/limelight-front/crop`, wanted four numbers")
        );
    }
}
