//! Pipelines that the robot wishes for. The supervisor is asked in a thread of its own: its answer may take a while, and results wait for
//! nobody.

use std::sync::mpsc::{Receiver, Sender, channel};

use bushbaby_bus::Instance;
use bushbaby_node::status::{Reply, Request, ask};

/// Asks the supervisor for what the robot wishes.
#[derive(Debug)]
pub(crate) struct Chooser {
    wishes: Sender<Wanted>,
    answers: Receiver<Chosen>,
}

#[derive(Debug)]
struct Wanted {
    camera: String,
    stages: Vec<String>,
    number: u32,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chosen {
    /// Whose stages it is about.
    pub(crate) camera: String,
    /// Which pipeline was wished for.
    pub(crate) number: u32,
    /// Why it is not in force; absent: it is.
    pub(crate) refused: Option<String>,
}

impl Chooser {
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start(instance: Instance) -> std::io::Result<Self> {
        let (wishes, wanted) = channel::<Wanted>();
        let (answer, answers) = channel();
        let serve = move || {
            for Wanted { camera, stages, number } in wanted {
                let refused = stages.iter().find_map(|stage| refusal(&instance, stage, number));
                let chosen = Chosen {
                    camera,
                    number,
                    refused,
                };
                // The node has ended.
                if answer.send(chosen).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("chooser".into()).spawn(serve)?;
        Ok(Self { wishes, answers })
    }

    /// Asks for a pipeline of all stages that look at a camera.
    pub(crate) fn wish(&self, camera: &str, stages: Vec<String>, number: u32) {
        let wanted = Wanted {
            camera: camera.to_owned(),
            stages,
            number,
        };
        // The thread lives as long as this.
        let _ = self.wishes.send(wanted);
    }

    /// What became of a wish, where that is known by now.
    pub(crate) fn chosen(&self) -> Option<Chosen> {
        self.answers.try_recv().ok()
    }
}

fn refusal(instance: &Instance, stage: &str, number: u32) -> Option<String> {
    let request = Request::Pipeline {
        node: stage.to_owned(),
        pipeline: number.to_string(),
    };
    match ask(instance, &request) {
        Ok(Reply::Done) => None,
        Ok(Reply::Refused { message, hint }) => Some(match hint {
            Some(hint) => format!("{message} ({hint})"),
            None => message,
        }),
        Ok(other) => Some(format!("the supervisor answered {other:?}")),
        Err(error) => Some(error.to_string()),
    }
}
