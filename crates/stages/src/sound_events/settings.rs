//! Settings of the `sound_events` stage, and what they mean to model, gate and decision.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_node::NodeError;
use bushbaby_node::settings::{Problem, Settings as NodeSettings, Time, nearest};
use bushbaby_sound::classes::Classes;
use bushbaby_sound::gate::GateSettings;
use bushbaby_sound::listener::{ListenerSettings, Sound};
use bushbaby_sound::tagger::Tagger;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod class_list;
mod listen_for;

pub use class_list::ClassList;
pub use listen_for::ListenFor;

const SHORTEST_HOP: Duration = Duration::from_millis(100);
const LONGEST_HOP: Duration = Duration::from_secs(5);

/// Settings of the `sound_events` stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What to listen for: names (`[baby_cry, smoke_alarm]`), or names with the score from which on they count as heard
    /// (`{baby_cry: 0.06, glass: 0.3}`). Short names are `baby_cry`, `smoke_alarm`, `glass`, `dog_bark`, `siren`, `speech`, `scream`,
    /// `cough`, `doorbell` and more; beside them each of AudioSet's 527 classes by its own name (`church_bell`).
    #[serde(default)]
    pub listen_for: ListenFor,
    /// From one look to the next, 100ms to 5s. Half the looks are half the work, and an alert comes a little later.
    #[serde(default = "default_hop")]
    pub hop: Time,
    /// A model of your own, an ONNX file on the same front end: decibels of 64 mel bands every 10 ms at 16 kHz, float32
    /// [1, frames, 64] or [1, 64, frames], to a score from 0 to 1 for each of `classes`. Absent: CED-tiny, windows of 5 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// What the scores of `model` are of, in order: a list of names, or a file with one a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ClassList")]
    pub classes: Option<ClassList>,
    /// Whether the model rests while nothing rises above the room's own noise. The gate follows the room and has no fixed level; every
    /// few seconds the model looks all the same.
    #[serde(default = "default_noise_gate")]
    pub noise_gate: bool,
    /// How many decibels a band of pitch must rise above its own noise to be worth a look, 1 to 20.
    #[serde(default = "default_noise_margin_db")]
    pub noise_margin: f64,
}

fn default_hop() -> Time {
    Time(Duration::from_millis(500))
}

fn default_noise_gate() -> bool {
    GateSettings::default().is_on
}

fn default_noise_margin_db() -> f64 {
    GateSettings::default().margin_db
}

impl NodeSettings for Settings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(SHORTEST_HOP..=LONGEST_HOP).contains(&self.hop.0) {
            problems.push(Problem::new("hop", format!("got `{}`, wanted 100ms to 5s", self.hop)));
        }
        if !(1.0..=20.0).contains(&self.noise_margin) {
            problems.push(Problem::new(
                "noise_margin",
                format!("got `{}`, wanted 1 to 20", self.noise_margin),
            ));
        }
        match self.known_classes(base_dir) {
            Ok(classes) => {
                problems.extend(self.unknown_sounds(&classes));
                // A model is run once here: what is wrong with it is told before anything starts.
                if let Some(path) = &self.model
                    && let Err(error) = Tagger::open(&base_dir.join(path), classes)
                {
                    problems.push(Problem::new("model", error.to_string()));
                }
            }
            Err(problem) => problems.push(problem),
        }
        problems
    }
}

impl Settings {
    /// What can be listened for.
    fn known_classes(&self, base_dir: &Path) -> Result<Classes, Problem> {
        match (&self.model, &self.classes) {
            (None, None) => Ok(Classes::audioset()),
            (Some(_), Some(list)) => list
                .read(base_dir)
                .map(Classes::own)
                .map_err(|message| Problem::new("classes", message)),
            (Some(_), None) => Err(Problem::new("model", "a model of your own needs `classes`")
                .with_hint("add `classes: FILE` with one name a line, or `classes: [first, second]`")),
            (None, Some(_)) => Err(Problem::new("classes", "`classes` says nothing without a `model`")
                .with_hint("add `model: FILE`, or leave this out: the model that is built in has its own")),
        }
    }

    fn unknown_sounds(&self, classes: &Classes) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.listen_for.sounds().is_empty() {
            problems.push(Problem::new("listen_for", "there is nothing to listen for").with_hint("`[baby_cry]`"));
        }
        let known = classes.known();
        for (place, (name, threshold)) in self.listen_for.sounds().iter().enumerate() {
            let path = self.listen_for.path_of(place);
            if self.listen_for.sounds()[..place]
                .iter()
                .any(|(earlier, _)| earlier == name)
            {
                problems.push(Problem::new(path.clone(), format!("`{name}` stands here twice")));
            }
            if let Err(error) = classes.find(name) {
                let hint = nearest(name, known.iter().map(String::as_str)).map_or_else(
                    || format!("for example {}", examples(&known)),
                    |meant| format!("did you mean `{meant}`?"),
                );
                problems.push(Problem::new(path.clone(), error.to_string()).with_hint(hint));
            }
            if threshold.is_some_and(|threshold| !(threshold > 0.0 && threshold <= 1.0)) {
                let got = threshold.unwrap_or_default();
                problems.push(Problem::new(
                    path,
                    format!("got `{got}`, wanted a score above 0, up to 1"),
                ));
            }
        }
        problems
    }

    /// The model, ready.
    ///
    /// # Errors
    /// When it cannot be read any more; [`NodeSettings::check`] finds that earlier.
    pub(super) fn tagger(&self, base_dir: &Path) -> Result<Tagger, NodeError> {
        let classes = self
            .known_classes(base_dir)
            .map_err(|problem| NodeError::new(problem.message).for_good())?;
        match &self.model {
            None => Tagger::ced_tiny(),
            Some(path) => Tagger::open(&base_dir.join(path), classes),
        }
        .map_err(|error| NodeError::new(error.to_string()))
    }

    /// What the listener is told.
    ///
    /// # Errors
    /// When a name is not known; [`NodeSettings::check`] finds that earlier.
    pub(super) fn listener(&self, tagger: &Tagger) -> Result<ListenerSettings, NodeError> {
        let sounds = self.listen_for.sounds().iter().map(|(name, threshold)| {
            Sound::new(name, threshold.map(|threshold| threshold as f32), tagger.classes())
                .map_err(|error| NodeError::new(error.to_string()).for_good())
        });
        Ok(ListenerSettings {
            sounds: sounds.collect::<Result<_, _>>()?,
            hop: self.hop.0,
            gate: GateSettings {
                is_on: self.noise_gate,
                margin_db: self.noise_margin,
            },
        })
    }
}

fn examples(known: &[String]) -> String {
    let some: Vec<String> = known.iter().take(5).map(|name| format!("`{name}`")).collect();
    some.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<Problem> {
        serde_json::from_str::<Settings>(text).unwrap().check(Path::new("."))
    }

    #[test]
    fn without_a_word_it_listens_for_a_baby() {
        let settings: Settings = serde_json::from_str("{}").unwrap();
        assert!(settings.check(Path::new(".")).is_empty());
        assert_eq!(settings.listen_for.sounds(), [("baby_cry".to_owned(), None)]);
        let long = serde_json::to_string(&settings).unwrap();
        assert_eq!(
            long,
            r#"{"listen_for":["baby_cry"],"hop":"500ms","noise_gate":true,"noise_margin":3.0}"#
        );
    }

    #[test]
    fn names_may_have_a_threshold_and_read_back_as_they_were() {
        for text in [
            r#"{"listen_for":{"baby_cry":0.1,"glass":0.3}}"#,
            r#"{"listen_for":["smoke_alarm","Church bell"]}"#,
            r#"{"listen_for":"dog_bark"}"#,
        ] {
            let settings: Settings = serde_json::from_str(text).unwrap();
            assert!(settings.check(Path::new(".")).is_empty(), "{text}");
            let back: Settings = serde_json::from_str(&serde_json::to_string(&settings).unwrap()).unwrap();
            assert_eq!(back.listen_for.sounds(), settings.listen_for.sounds());
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let found = problems(r#"{"listen_for":["baby_cri","smoke_alarm"]}"#);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].path.as_str(), found[0].hint.as_deref()),
            ("listen_for.0", Some("did you mean `baby_cry`?"))
        );
        let found = problems(r#"{"listen_for":{"smoke_alarn":0.5}}"#);
        assert_eq!(found[0].path, "listen_for.smoke_alarn");
        assert_eq!(found[0].hint.as_deref(), Some("did you mean `smoke_alarm`?"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, path) in [
            (r#"{"listen_for":[]}"#, "listen_for"),
            (r#"{"listen_for":["glass","glass"]}"#, "listen_for.1"),
            (r#"{"listen_for":{"glass":0}}"#, "listen_for.glass"),
            (r#"{"listen_for":{"glass":1.5}}"#, "listen_for.glass"),
            (r#"{"hop":"10ms"}"#, "hop"),
            (r#"{"noise_margin":0}"#, "noise_margin"),
            (r#"{"classes":["a"]}"#, "classes"),
            (r#"{"model":"own.onnx"}"#, "model"),
            (r#"{"model":"no-such.onnx","classes":["baby_cry"]}"#, "model"),
            (r#"{"model":"own.onnx","classes":"no-such.txt"}"#, "classes"),
        ] {
            let found = problems(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].path, path, "{text}");
        }
    }
}
