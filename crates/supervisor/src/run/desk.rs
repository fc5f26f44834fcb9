//! Answers those who ask through the control socket, on their own threads: most from the loop, and what takes long itself.

use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bushbaby_node::settings::Problem;
use bushbaby_node::status::{NodeStatus, Reply, Request, SAVE_LIMIT, Status};
use serde_json::{Map, Value};

use super::event::Event;
use super::log::{Level, LogBook};
use super::options::{Keeper, SettingsCheck};
use crate::file::FileProblem;
use crate::plan::stage_of;

/// For an answer of the loop.
const LIMIT: Duration = Duration::from_secs(2);

/// Who answers.
#[derive(Debug)]
pub(super) struct Desk {
    events: SyncSender<Event>,
    keeper: Option<Keeper>,
    settings_check: Option<SettingsCheck>,
    log: LogBook,
    /// Held by who writes the file.
    turn: Mutex<()>,
}

impl Desk {
    pub(super) fn new(
        events: SyncSender<Event>,
        keeper: Option<Keeper>,
        settings_check: Option<SettingsCheck>,
        log: LogBook,
    ) -> Self {
        Self {
            events,
            keeper,
            settings_check,
            log,
            turn: Mutex::default(),
        }
    }

    /// Answers; may take seconds.
    pub(super) fn answer(&self, request: Request) -> Reply {
        let ready = match &request {
            Request::Save { node, pipeline } => return self.save(node, *pipeline),
            Request::Tune {
                node,
                pipeline,
                settings,
            } => self.try_settings(node, *pipeline, settings),
            _ => Ok(()),
        };
        match ready {
            Ok(()) => self.ask(request),
            Err(refused) => refused,
        }
    }

    fn ask(&self, request: Request) -> Reply {
        self.answered(|answer| Event::Asked(request, answer))
            .unwrap_or_else(|refused| refused)
    }

    /// Puts a question to the loop.
    fn answered<T>(&self, question: impl FnOnce(SyncSender<T>) -> Event) -> Result<T, Reply> {
        let (answer, answered) = sync_channel(1);
        self.events.try_send(question(answer)).map_err(|error| match error {
            TrySendError::Full(_) => refused("the supervisor is busy", "ask again"),
            TrySendError::Disconnected(_) => refused("the instance has ended", "start it"),
        })?;
        let in_time = answered.recv_timeout(LIMIT);
        in_time.map_err(|_| refused("the supervisor did not answer in time", "ask again"))
    }

    /// Refuses settings that a stage could not use. The loop does not look itself: some name files, and it waits for no disk.
    fn try_settings(&self, node: &str, pipeline: usize, settings: &Map<String, Value>) -> Result<(), Reply> {
        let Some(check) = &self.settings_check else {
            return Ok(());
        };
        let tries = |answer| Event::Tries(node.to_owned(), pipeline, settings.clone(), answer);
        for (stage, would_have) in self.answered(tries)? {
            let Err(problems) = check.check(&stage, &would_have) else {
                continue;
            };
            // Words about other keys may quote what came from the environment.
            let is_own = |problem: &Problem| {
                problem
                    .path
                    .split('.')
                    .next()
                    .is_some_and(|key| settings.contains_key(key))
            };
            return Err(match problems.into_iter().find(is_own) {
                Some(problem) => Reply::Refused {
                    message: format!("`{node}`: {}", problem.message),
                    hint: problem.hint,
                },
                None => Reply::Refused {
                    message: format!("`{node}` cannot be told these settings together with those that it has"),
                    hint: None,
                },
            });
        }
        Ok(())
    }

    /// Writes what was tuned of a stage into the file.
    fn save(&self, node: &str, pipeline: usize) -> Reply {
        let until = Instant::now() + SAVE_LIMIT;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let status = match self.ask(Request::Status) {
            Reply::Status(status) => status,
            other => return other,
        };
        let tuned = match Tuned::of(&status, node, pipeline) {
            Ok(tuned) => tuned,
            Err(refused) => return refused,
        };
        let Some(keeper) = &self.keeper else {
            let hint = "`bushbaby run FILE` runs one; what is tuned now lasts until the instance ends";
            return refused("there is no pipeline file to write to", hint);
        };
        match keeper.keep(tuned.stage, tuned.pipeline, tuned.settings, until) {
            Ok(file) => {
                let saved = Event::Saved(tuned.stage.to_owned(), pipeline, tuned.settings.clone());
                // The run has ended meanwhile.
                let _ = self.events.send(saved);
                let settings = tuned.settings.iter();
                let settings: Vec<String> = settings.map(|(key, value)| format!("`{key}: {value}`")).collect();
                let stands = if settings.len() == 1 { "stands" } else { "stand" };
                let text = format!(
                    "{} of `{}` {stands} in {} now",
                    settings.join(", "),
                    tuned.stage,
                    file.display()
                );
                self.log.own(Level::Info, &text);
                Reply::Saved { file }
            }
            Err(problems) => in_words(&problems),
        }
    }
}

/// What was tuned of one stage of the file.
#[derive(Debug, PartialEq)]
struct Tuned<'s> {
    stage: &'s str,
    /// Where it has any.
    pipeline: Option<&'s str>,
    settings: &'s Map<String, Value>,
}

impl<'s> Tuned<'s> {
    fn of(status: &'s Status, name: &'s str, pipeline: usize) -> Result<Self, Reply> {
        // The file knows the stage, not what it became for each camera.
        let stage = stage_of(name);
        let nodes = status.nodes.iter();
        let copies: Vec<(&String, &NodeStatus)> = nodes.filter(|(node, _)| stage_of(node) == stage).collect();
        let is_there = copies.iter().any(|(node, _)| name == stage || node.as_str() == name);
        let Some((first_name, first)) = copies.first().filter(|_| is_there) else {
            let names: Vec<&str> = status.nodes.keys().map(String::as_str).collect();
            let hint = format!("the nodes are: {}", names.join(", "));
            return Err(refused(&format!("there is no node `{name}`"), &hint));
        };
        let settings = |node: &'s NodeStatus| node.changes.as_ref()?.tuned.get(&pipeline);
        if let Some((other, _)) = copies.iter().find(|(_, node)| settings(node) != settings(first)) {
            let message = format!("`{first_name}` and `{other}` are one stage of the file and were tuned differently");
            let hint = format!("tune `{stage}`, which means all of them, and save again");
            return Err(refused(&message, &hint));
        }
        let Some(settings) = settings(first) else {
            let hint = "what the file says is in force";
            return Err(refused(&format!("nothing of `{name}` was tuned"), hint));
        };
        let names = first.pipelines.as_ref().map(|pipelines| &pipelines.names);
        Ok(Self {
            stage,
            pipeline: names.and_then(|names| names.get(pipeline)).map(String::as_str),
            settings,
        })
    }
}

fn in_words(problems: &[FileProblem]) -> Reply {
    let one = |problem: &FileProblem| {
        let place = problem.place.map_or_else(String::new, |place| format!(":{place}"));
        format!("{}{place}: {}", problem.file.display(), problem.message)
    };
    Reply::Refused {
        message: problems.iter().map(one).collect::<Vec<_>>().join("; "),
        hint: problems.iter().find_map(|problem| problem.hint.clone()),
    }
}

pub(super) fn refused(message: &str, hint: &str) -> Reply {
    Reply::Refused {
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::mpsc::Receiver;
    use std::thread;

    use bushbaby_bus::Instance;
    use serde_json::json;

    use super::*;

    /// A status with one stage of two pipelines, of which the second is in force.
    fn status(settings: &Value) -> Status {
        let node = json!({
            "kind": "gray",
            "state": "running",
            "restarts": 0,
            "pipelines": {"names": ["near", "far"], "active": 1},
            "changes": {"settings": {"crop": {}}, "tuned": {"1": settings}},
        });
        Status {
            instance: String::new(),
            pid: None,
            web: None,
            file: None,
            seconds: 0.0,
            nodes: BTreeMap::from([("ball@front".to_owned(), serde_json::from_value(node).unwrap())]),
            streams: BTreeMap::new(),
            edges: Vec::new(),
            alerts: None,
        }
    }

    fn message(reply: Reply) -> String {
        match reply {
            Reply::Refused { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_copy_means_its_stage_in_the_file_and_a_number_its_pipeline() {
        let status = status(&json!({"hue": 5}));
        for name in ["ball", "ball@front"] {
            let tuned = Tuned::of(&status, name, 1).unwrap();
            assert_eq!((tuned.stage, tuned.pipeline), ("ball", Some("far")));
            assert_eq!(tuned.settings.len(), 1, "what a robot asked for is not saved");
        }
        assert_eq!(
            message(Tuned::of(&status, "ball@back", 1).unwrap_err()),
            "there is no node `ball@back`"
        );
    }

    #[test]
    fn what_was_tuned_of_another_pipeline_is_nothing_to_be_saved() {
        assert_eq!(
            message(Tuned::of(&status(&json!({"hue": 5})), "ball", 0).unwrap_err()),
            "nothing of `ball` was tuned"
        );
    }

    #[test]
    fn what_is_wrong_with_the_file_is_told_with_its_place_and_its_hint() {
        let instance = Instance::new(format!("desk-{}", std::process::id()).parse().unwrap());
        let log = LogBook::open(&instance, std::iter::empty(), None);
        let (events, asked) = sync_channel(1);
        let keeper = Keeper::new(|_, _, _, _| {
            let text = "cameras: {front: scene}\nstages: {<<: 5}\n";
            Err(crate::file::parse(text, "pipeline.yaml".as_ref()).unwrap_err())
        });
        let desk = Desk::new(events, Some(keeper), None, log);
        let answers = |asked: Receiver<Event>| {
            while let Ok(Event::Asked(Request::Status, answer)) = asked.recv() {
                let _ = answer.send(Reply::Status(Box::new(status(&json!({"hue": 5})))));
            }
        };
        thread::spawn(move || answers(asked));
        let node = "ball".to_owned();
        assert_eq!(
            desk.answer(Request::Save { node, pipeline: 1 }),
            Reply::Refused {
                message: "pipeline.yaml:2:10: `<<` takes in the keys of an object, got something else".to_owned(),
                hint: Some("write it as `<<: *name`".to_owned()),
            }
        );
    }
}
