//! What the loop answers to those who ask through the control socket.

use bushbaby_bus::MonoTime;
use bushbaby_node::pipelines::{self, Changes};
use bushbaby_node::status::{Reply, Request, Status};
use bushbaby_node::{NodeSpec, Role};
use serde_json::{Map, Value};

use super::Supervisor;
use super::node::Node;
use crate::plan::stage_of;
use crate::run::figures::Span;
use crate::run::lifecycle::Input;

/// Longest change of a stage: one that its control socket does not take at once would arrive in part.
const LONGEST_CHANGE_BYTES: usize = 4096;
/// All changes of a stage together, which are told at once.
const LONGEST_CHANGES_BYTES: usize = 64 << 10;

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
            Request::Pipeline { node, pipeline } => self.choose_pipeline(&node, &pipeline),
            Request::Change { node, rests, settings } => self.change(&node, rests, &settings),
            Request::Tune {
                node,
                pipeline,
                settings,
            } => self.tune(&node, pipeline, &settings),
            Request::Log { node, lines } => match self.with.log.last(&node, lines) {
                Some(lines) => Reply::Log(lines),
                None => self.unknown(&node),
            },
            // The desk does that: the loop waits for no disk.
            Request::Save { node, .. } => Reply::Refused {
                message: format!("what was tuned of `{node}` is saved through the control socket"),
                hint: None,
            },
            Request::Settings { node } => match self.place_of(&node) {
                Err(refused) => refused,
                Ok(place) => Reply::Settings(self.nodes[place].shown_settings()),
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

    /// Lets a stage, or all that one of the file became, take over another of its pipelines.
    fn choose_pipeline(&mut self, name: &str, wanted: &str) -> Reply {
        let places = self.places_meant(name);
        let Some(first) = places.first() else {
            return self.unknown(name);
        };
        let all = &self.nodes[*first].planned.spec.pipelines.all;
        let names = all.iter().map(|pipeline| pipeline.name.as_str());
        let refused = |message: String, hint: String| Reply::Refused {
            message,
            hint: Some(hint),
        };
        if all.is_empty() {
            let hint = "a stage has those that its `pipelines:` names".to_owned();
            return refused(format!("`{name}` has no pipelines"), hint);
        }
        let Some(number) = pipelines::number(names.clone(), wanted) else {
            let numbered: Vec<String> = names
                .enumerate()
                .map(|(number, name)| format!("{number} {name}"))
                .collect();
            let hint = format!("its pipelines are: {}", numbered.join(", "));
            return refused(format!("`{name}` has no pipeline `{wanted}`"), hint);
        };
        for place in places {
            self.nodes[place].choose(number, &self.with.log);
        }
        Reply::Done
    }

    /// Lets a stage, or all that one of the file became, run otherwise than the file says.
    fn change(&mut self, name: &str, rests: Option<bool>, settings: &Map<String, Value>) -> Reply {
        let next = |changes: &mut Changes| changes.take(rests, settings.clone());
        match self.to_be_changed(name, settings, next) {
            Ok(places) => {
                for place in places {
                    self.nodes[place].change(rests, settings.clone(), &self.with.log);
                }
                Reply::Done
            }
            Err(refused) => refused,
        }
    }

    /// The same, in one of its pipelines.
    fn tune(&mut self, name: &str, pipeline: usize, settings: &Map<String, Value>) -> Reply {
        let next = |changes: &mut Changes| changes.tune(pipeline, settings.clone());
        let places = match self.to_be_changed(name, settings, next) {
            Ok(places) => places,
            Err(refused) => return refused,
        };
        let count = |place: &usize| self.nodes[*place].planned.spec.pipelines.all.len().max(1);
        if places.iter().any(|place| pipeline >= count(place)) {
            return Reply::Refused {
                message: format!("`{name}` has no pipeline {pipeline}"),
                hint: Some("they count from 0; a stage without any has number 0".to_owned()),
            };
        }
        for place in places {
            self.nodes[place].tune(pipeline, settings.clone(), &self.with.log);
        }
        Reply::Done
    }

    /// The nodes that would be tuned so, and the settings that each would have then. None where it is refused without a look at the
    /// values.
    pub(super) fn tried(&self, name: &str, pipeline: usize, settings: &Map<String, Value>) -> Vec<(NodeSpec, Value)> {
        let next = |changes: &mut Changes| changes.tune(pipeline, settings.clone());
        let places = self.to_be_changed(name, settings, next).unwrap_or_default();
        let would_have = |place: usize| {
            let (node, mut changes) = (&self.nodes[place], self.nodes[place].changes().clone());
            next(&mut changes);
            let planned = &node.planned;
            (
                planned.spec.clone(),
                changes.over(pipeline, planned.settings_of(pipeline)),
            )
        };
        places.into_iter().map(would_have).collect()
    }

    /// The nodes that are meant, all of which are stages with these settings, and can be told what is changed of them `next`.
    fn to_be_changed(
        &self,
        name: &str,
        settings: &Map<String, Value>,
        next: impl Fn(&mut Changes),
    ) -> Result<Vec<usize>, Reply> {
        let places = self.places_meant(name);
        if places.is_empty() {
            return Err(self.unknown(name));
        }
        let refused = |message: String, hint: Option<&str>| Reply::Refused {
            message,
            hint: hint.map(str::to_owned),
        };
        let bytes = serde_json::to_vec(settings).map_or(usize::MAX, |text| text.len());
        if bytes > LONGEST_CHANGE_BYTES {
            let message = format!("settings of {bytes} bytes are too long, wanted at most {LONGEST_CHANGE_BYTES}");
            return Err(refused(message, None));
        }
        for node in places.iter().map(|place| &self.nodes[*place]) {
            // Nothing else follows what is changed of it.
            if node.planned.role != Role::Stage {
                let message = format!("`{}` is no stage", node.name);
                return Err(refused(message, Some("only stages can be changed while they run")));
            }
            if let Some(key) = settings.keys().find(|key| !node.planned.knows(key)) {
                return Err(refused(format!("`{}` has no setting `{key}`", node.name), None));
            }
            let mut changes = node.changes().clone();
            next(&mut changes);
            let bytes = serde_json::to_vec(&changes).map_or(usize::MAX, |text| text.len());
            if bytes > LONGEST_CHANGES_BYTES {
                let message = format!("all that is changed of `{}` would be more than 64 KB", node.name);
                return Err(refused(message, Some("take something back first, with `null`")));
            }
        }
        Ok(places)
    }

    /// What was tuned of a stage stands in the file now.
    pub(super) fn saved(&mut self, stage: &str, pipeline: usize, settings: &Map<String, Value>) {
        for place in self.places_meant(stage) {
            self.nodes[place].saved(pipeline, settings.clone(), &self.with.log);
        }
    }

    /// The node of this name, or all that the stage of this name became.
    fn places_meant(&self, name: &str) -> Vec<usize> {
        let is_meant = |node: &Node| !node.was_removed && (node.name == name || stage_of(&node.name) == name);
        (0..self.nodes.len())
            .filter(|place| is_meant(&self.nodes[*place]))
            .collect()
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
