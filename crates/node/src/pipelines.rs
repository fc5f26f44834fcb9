//! Several settings of one stage, each with a name, of which one is in force: `pipelines:`; and what is
//! changed of them while the stage runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The pipelines of a stage; none: its settings are what they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pipelines {
    /// In the order of the file: their numbers count from 0.
    pub all: Vec<Pipeline>,
    /// The number of the one that is in force at the start.
    pub active: usize,
    /// What was changed since, whichever is in force.
    #[serde(default)]
    pub changes: Changes,
}

/// What somebody outside the file wants of a stage while it runs: a robot, for one. It is forgotten when the instance ends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// It rests: it takes frames and finds nothing in them.
    #[serde(default)]
    pub rests: bool,
    /// Settings instead of those that the file has, by key, whichever pipeline is in force.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// What was tuned of each pipeline, by its number; 0 where there are none. It can be saved.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tuned: ByPipeline,
    /// What the file has since the stage was planned: tuned and saved.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub saved: ByPipeline,
}

/// Settings by the number of the pipeline that they are of.
pub type ByPipeline = BTreeMap<usize, Map<String, Value>>;

impl Changes {
    /// Takes further ones in. Absent: rest is as it was; a key with `null` is as the file has it again.
    pub fn take(&mut self, rests: Option<bool>, settings: Map<String, Value>) {
        self.rests = rests.unwrap_or(self.rests);
        lay(&mut self.settings, settings);
    }

    /// Tunes one pipeline. A key with `null` is as the file has it again.
    pub fn tune(&mut self, pipeline: usize, settings: Map<String, Value>) {
        let tuned = self.tuned.entry(pipeline).or_default();
        lay(tuned, settings);
        if tuned.is_empty() {
            self.tuned.remove(&pipeline);
        }
    }

    /// The file has these settings of a pipeline now. What was tuned since stays tuned.
    pub fn save(&mut self, pipeline: usize, settings: Map<String, Value>) {
        if let Some(tuned) = self.tuned.get_mut(&pipeline) {
            tuned.retain(|key, value| settings.get(key) != Some(value));
        }
        self.tuned.retain(|_, tuned| !tuned.is_empty());
        self.saved.entry(pipeline).or_default().extend(settings);
    }

    /// In words: what the stage does now.
    pub fn in_words(&self) -> String {
        let does = if self.rests { "rests" } else { "works" };
        if self.settings.is_empty() {
            return format!("{does} as it was asked, with the settings of the file");
        }
        let settings = self.settings.iter().map(|(key, value)| format!("`{key}: {value}`"));
        format!(
            "{does} as it was asked, with {}",
            settings.collect::<Vec<_>>().join(", ")
        )
    }

    /// The settings of a pipeline with these instead of its own. Keys are taken whole.
    pub fn over(&self, pipeline: usize, settings: &Value) -> Value {
        let mut changed = settings.clone();
        if let Some(map) = changed.as_object_mut() {
            let of_it = [&self.saved, &self.tuned].map(|by_pipeline| by_pipeline.get(&pipeline));
            for settings in of_it.into_iter().flatten().chain([&self.settings]) {
                map.extend(settings.clone());
            }
        }
        changed
    }
}

fn lay(over: &mut Map<String, Value>, settings: Map<String, Value>) {
    for (key, value) in settings {
        if value.is_null() {
            over.remove(&key);
        } else {
            over.insert(key, value);
        }
    }
}

/// Settings with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// As the file calls them.
    pub name: String,
    /// In long form, as [`Kind::check`](crate::Kind::check) wrote them, with secrets filled in.
    pub settings: Value,
}

/// The number of the pipeline that a text means: by its name or by its number. `names`: those of all, in their order.
pub fn number<'n>(names: impl Iterator<Item = &'n str> + Clone, text: &str) -> Option<usize> {
    let by_name = names.clone().position(|name| name == text);
    by_name.or_else(|| text.parse().ok().filter(|number| *number < names.count()))
}

/// What is wished of a stage while it runs: which pipeline, and what is changed. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Wished(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    pipeline: AtomicUsize,
    rests: AtomicBool,
    changes: Mutex<Changes>,
    /// Grows with each change of the settings.
    edition: AtomicU64,
}

impl Wished {
    /// What a stage was started with.
    pub fn new(pipelines: &Pipelines) -> Self {
        let wished = Self::default();
        wished.wish(pipelines.active);
        wished.change(pipelines.changes.clone());
        wished
    }

    /// Wishes for another pipeline: the stage takes its settings over with its next frame.
    pub fn wish(&self, number: usize) {
        self.0.pipeline.store(number, Ordering::Relaxed);
    }

    /// The number of the pipeline that is wished for.
    pub fn number(&self) -> usize {
        self.0.pipeline.load(Ordering::Relaxed)
    }

    /// Wishes for these changes in place of all earlier ones, from the next frame on.
    pub fn change(&self, changes: Changes) {
        self.0.rests.store(changes.rests, Ordering::Relaxed);
        let mut now = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_other = (&now.settings, &now.tuned, &now.saved) != (&changes.settings, &changes.tuned, &changes.saved);
        *now = changes;
        if is_other {
            self.0.edition.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether it is to rest.
    pub fn rests(&self) -> bool {
        self.0.rests.load(Ordering::Relaxed)
    }

    /// Which edition of the changed settings is wished for; it is 0 until something is changed.
    pub fn edition(&self) -> u64 {
        self.0.edition.load(Ordering::Acquire)
    }

    /// The changes, and their edition.
    pub fn changes(&self) -> (Changes, u64) {
        let changes = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        (changes.clone(), self.edition())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn changes_lie_over_the_settings_of_the_file_until_they_are_taken_back() {
        let file = json!({ "decimate": 1.0, "ids": [] });
        let mut changes = Changes::default();
        changes.take(None, map(json!({ "ids": [3, 4], "crop": null })));
        assert_eq!(changes.over(0, &file), json!({ "decimate": 1.0, "ids": [3, 4] }));
        changes.take(Some(true), Map::new());
        assert!(changes.rests && !changes.settings.is_empty());
        assert_eq!(changes.in_words(), "rests as it was asked, with `ids: [3,4]`");
        changes.take(None, map(json!({ "ids": null })));
        assert_eq!((changes.rests, changes.over(0, &file)), (true, file));
    }

    #[test]
    fn what_is_tuned_is_of_one_pipeline_and_what_was_saved_is_what_the_file_has() {
        let file = json!({ "hue": [0, 9], "crop": {} });
        let mut changes = Changes::default();
        changes.tune(1, map(json!({ "hue": [50, 90], "sort": "lowest" })));
        // A robot has the last word, in every pipeline.
        changes.take(None, map(json!({ "crop": { "left": 0.1 } })));
        let both = json!({ "hue": [50, 90], "crop": { "left": 0.1 }, "sort": "lowest" });
        assert_eq!(changes.over(1, &file), both);
        assert_eq!(
            changes.over(0, &file),
            json!({ "hue": [0, 9], "crop": { "left": 0.1 } })
        );
        let tuned = changes.tuned[&1].clone();
        changes.tune(1, map(json!({ "sort": "highest" })));
        changes.save(1, tuned);
        assert_eq!(changes.tuned[&1], map(json!({ "sort": "highest" })), "turned meanwhile");
        assert_eq!(changes.over(1, &file)["hue"], json!([50, 90]));
        changes.tune(1, map(json!({ "sort": null })));
        assert_eq!((changes.over(1, &file), changes.tuned.len()), (both, 0));
        let sent: Changes = serde_json::from_str(&serde_json::to_string(&changes).unwrap()).unwrap();
        assert_eq!(sent, changes);
    }

    #[test]
    fn only_other_settings_are_a_new_edition() {
        let wished = Wished::new(&Pipelines::default());
        wished.change(Changes {
            rests: true,
            ..Changes::default()
        });
        assert_eq!((wished.rests(), wished.edition()), (true, 0));
        let settings = map(json!({ "ids": [3] }));
        for _ in 0..2 {
            wished.change(Changes {
                settings: settings.clone(),
                ..Changes::default()
            });
            assert_eq!((wished.rests(), wished.edition()), (false, 1));
        }
    }
}
