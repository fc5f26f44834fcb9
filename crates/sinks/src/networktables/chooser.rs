//! What the robot wishes of stages. The supervisor is asked in a thread of its own: its answer may take a while, and results wait for
//! nobody. It is asked now and then, too, how the stages are: somebody else may have changed them.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use bushbaby_bus::Instance;
use bushbaby_node::status::{Reply, Request, Status, ask};
use serde_json::{Map, Value, json};

use super::wish::Wish;

/// How often it is asked how the stages are.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// Asks the supervisor for what the robot wishes.
#[derive(Debug)]
pub(crate) struct Chooser {
    wishes: Sender<Wanted>,
    news: Receiver<News>,
}

#[derive(Debug)]
struct Wanted {
    camera: String,
    stages: Vec<String>,
    change: Change,
}

/// What a stage can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// Another of its pipelines.
    Pipeline(u32),
    /// To find nothing for a while, or to find again.
    Rest(bool),
    /// Another setting; `null`: as the file has it.
    Setting(&'static str, Value),
}

/// What is heard from the supervisor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum News {
    /// A wish was not fulfilled.
    Refused {
        /// Whose stages it was about.
        camera: String,
        /// What was wished for.
        change: Change,
        /// Why it is not so.
        why: String,
    },
    /// How all stages are now, by name.
    Stages(BTreeMap<String, StageNow>),
}

/// How a stage is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StageNow {
    /// The number of the pipeline in force, where it has any.
    pub(crate) pipeline: Option<u32>,
    /// It finds nothing, as it was asked.
    pub(crate) rests: bool,
}

impl Chooser {
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start(instance: Instance) -> std::io::Result<Self> {
        let (wishes, wanted) = channel::<Wanted>();
        let (tell, news) = channel();
        let serve = move || {
            let mut due = Instant::now() + FOLLOW_EVERY;
            loop {
                let told = match wanted.recv_timeout(due.saturating_duration_since(Instant::now())) {
                    Ok(wanted) => {
                        let refused = fulfil(&instance, wanted);
                        // What came of it is told at once.
                        refused.or_else(|| stages(&instance))
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        due = Instant::now() + FOLLOW_EVERY;
                        stages(&instance)
                    }
                    // The node has ended.
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                if told.is_some_and(|told| tell.send(told).is_err()) {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("chooser".into()).spawn(serve)?;
        Ok(Self { wishes, news })
    }

    /// Asks for a change of all stages that look at a camera.
    pub(crate) fn wish(&self, camera: &str, stages: Vec<String>, change: Change) {
        let wanted = Wanted {
            camera: camera.to_owned(),
            stages,
            change,
        };
        // The thread lives as long as this.
        let _ = self.wishes.send(wanted);
    }

    /// What was heard since.
    pub(crate) fn news(&self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

impl Change {
    /// What a wish is to a stage; none where it is nothing to one.
    pub(crate) fn of(wish: &Wish) -> Option<Self> {
        match wish {
            Wish::Pipeline(number) => Some(Self::Pipeline(*number)),
            Wish::DriverMode(rests) => Some(Self::Rest(*rests)),
            Wish::Tags(tags) if tags.is_empty() => Some(Self::Setting("ids", Value::Null)),
            Wish::Tags(tags) => Some(Self::Setting("ids", json!(tags))),
            Wish::Crop(sides) => Some(Self::Setting("crop", crop(*sides))),
            _ => None,
        }
    }

    /// In words: the robot asks for …
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Pipeline(number) => format!("pipeline {number}"),
            Self::Rest(true) => "driver mode".to_owned(),
            Self::Rest(false) => "the end of driver mode".to_owned(),
            Self::Setting(key, Value::Null) => format!("`{key}` as the file has it"),
            Self::Setting(key, value) => format!("`{key}: {value}`"),
        }
    }

    fn request(&self, stage: &str) -> Request {
        let node = stage.to_owned();
        let mut settings = Map::new();
        match self {
            Self::Pipeline(number) => Request::Pipeline {
                node,
                pipeline: number.to_string(),
            },
            Self::Rest(rests) => Request::Change {
                node,
                rests: Some(*rests),
                settings,
            },
            Self::Setting(key, value) => {
                settings.insert((*key).to_owned(), value.clone());
                Request::Change {
                    node,
                    rests: None,
                    settings,
                }
            }
        }
    }
}

/// From left, right, bottom, top between -1 and 1 to shares of the picture; the whole picture, and none of it, are as the file has it.
fn crop([left, right, bottom, top]: [f64; 4]) -> Value {
    let share = |at: f64| (at.clamp(-1.0, 1.0) + 1.0) * 50.0;
    let (left, right) = (share(left), share(right));
    let (top, bottom) = (100.0 - share(top), 100.0 - share(bottom));
    if (left, top, right, bottom) == (0.0, 0.0, 100.0, 100.0) || left >= right || top >= bottom {
        return Value::Null;
    }
    let percent = |share: f64| format!("{share:.2}%");
    json!({ "left": percent(left), "top": percent(top), "right": percent(right), "bottom": percent(bottom) })
}

/// Asks all the stages. Those that have no such setting are no hindrance where another has.
fn fulfil(instance: &Instance, wanted: Wanted) -> Option<News> {
    let Wanted { camera, stages, change } = wanted;
    let refusals: Vec<String> = stages
        .iter()
        .filter_map(|stage| refusal(instance, &change.request(stage)))
        .collect();
    let is_refused = match change {
        Change::Pipeline(_) => !refusals.is_empty(),
        // As the file has it is no wish of those that have no such setting.
        Change::Setting(_, Value::Null) => false,
        Change::Rest(_) | Change::Setting(..) => refusals.len() == stages.len(),
    };
    let why = refusals.into_iter().next().filter(|_| is_refused)?;
    Some(News::Refused { camera, change, why })
}

fn refusal(instance: &Instance, request: &Request) -> Option<String> {
    match ask(instance, request) {
        Ok(Reply::Done) => None,
        Ok(Reply::Refused { message, hint }) => Some(match hint {
            Some(hint) => format!("{message} ({hint})"),
            None => message,
        }),
        Ok(other) => Some(format!("the supervisor answered {other:?}")),
        Err(error) => Some(error.to_string()),
    }
}

/// Without a supervisor nobody changes anything.
fn stages(instance: &Instance) -> Option<News> {
    match ask(instance, &Request::Status) {
        Ok(Reply::Status(status)) => Some(News::Stages(stages_of(&status))),
        _ => None,
    }
}

fn stages_of(status: &Status) -> BTreeMap<String, StageNow> {
    let stages = status.nodes.iter().filter(|(_, node)| node.role == "stage");
    let now = stages.map(|(name, node)| {
        let pipeline = node.pipelines.as_ref().map(|pipelines| pipelines.active);
        let now = StageNow {
            pipeline: pipeline.and_then(|number| u32::try_from(number).ok()),
            rests: node.changes.as_ref().is_some_and(|changes| changes.rests),
        };
        (name.clone(), now)
    });
    now.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_picture_is_told_from_its_left_and_top() {
        assert_eq!(
            crop([-0.5, 1.0, -1.0, 0.5]),
            json!({ "left": "25.00%", "top": "25.00%", "right": "100.00%", "bottom": "100.00%" })
        );
        for all in [
            [-1.0, 1.0, -1.0, 1.0],
            [-9.0, 9.0, -9.0, 9.0],
            [0.0; 4],
            [0.5, -0.5, -1.0, 1.0],
        ] {
            assert_eq!(crop(all), Value::Null, "{all:?}");
        }
    }

    #[test]
    fn wishes_that_stages_know_are_changes_and_others_are_none() {
        assert_eq!(Change::of(&Wish::DriverMode(true)), Some(Change::Rest(true)));
        assert_eq!(
            Change::of(&Wish::Tags(Vec::new())),
            Some(Change::Setting("ids", Value::Null))
        );
        assert_eq!(Change::of(&Wish::StreamLayout(1)), None);
        let tags = Change::of(&Wish::Tags(vec![3, 4])).unwrap();
        assert_eq!(tags.in_words(), "`ids: [3,4]`");
        let Request::Change { node, rests, settings } = tags.request("tags") else {
            panic!("{tags:?}")
        };
        assert_eq!(
            (node.as_str(), rests, Value::Object(settings)),
            ("tags", None, json!({ "ids": [3, 4] }))
        );
    }
}
