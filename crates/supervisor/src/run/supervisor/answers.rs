//! What the loop answers to those who ask through the control socket.

use bushbaby_bus::MonoTime;
use bushbaby_node::status::{Reply, Request, Status};

use super::Supervisor;
use crate::run::figures::Span;
use crate::run::lifecycle::Input;

impl Supervisor {
    pub(super) fn answer(&mut self, request: Request) -> Reply {
        match request {
            Request::Status => Reply::Status(Box::new(self.status(Span::Live(MonoTime::now())))),
            Request::Stop => {
                self.stop_was_asked = true;
                Reply::Done
            }
            Request::Restart { node } => match self.place_of(&node) {
                Err(refused) => refused,
                Ok(_) if self.stopping.is_some() || self.stop_was_asked => Reply::Refused {
                    message: "the instance is ending".to_owned(),
                    hint: None,
                },
                Ok(place) => {
                    self.feed(place, Input::Restart);
                    Reply::Done
                }
            },
            Request::Log { node, lines } => match self.with.log.last(&node, lines) {
                Some(lines) => Reply::Log(lines),
                None => self.unknown(&node),
            },
            Request::Settings { node } => match self.place_of(&node) {
                Err(refused) => refused,
                Ok(place) => Reply::Settings(self.nodes[place].planned.shown_settings.clone()),
            },
        }
    }

    /// The whole instance: live for those who ask, the whole run for its summary.
    pub(super) fn status(&self, span: Span) -> Status {
        let is_live = matches!(span, Span::Live(_));
        Status {
            instance: self.with.instance.name().to_string(),
            pid: is_live.then(std::process::id),
            web: self.web.clone(),
            file: self.with.file.clone(),
            seconds: (MonoTime::now().since(self.started).as_secs_f64() * 1e3).round() / 1e3,
            nodes: self
                .nodes
                .iter()
                .filter(|node| !node.is_forgotten())
                .map(|node| (node.name.clone(), node.status(self.now)))
                .collect(),
            streams: self.figures.streams(span),
            edges: self.figures.edges(span),
            alerts: self.alerts.clone(),
        }
    }

    fn place_of(&self, name: &str) -> Result<usize, Reply> {
        self.nodes
            .iter()
            .position(|node| node.name == name && !node.was_removed)
            .ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Reply {
        let there = self.nodes.iter().filter(|node| !node.was_removed);
        let names: Vec<&str> = there.map(|node| node.name.as_str()).collect();
        Reply::Refused {
            message: format!("there is no node `{name}`"),
            hint: Some(format!("the nodes are: {}", names.join(", "))),
        }
    }
}
