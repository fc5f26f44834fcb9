//! Settings of the evidence.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_node::settings::{ByteSize, Problem, Settings as NodeSettings, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the evidence.
///
/// For everything that is heard it keeps three files, named by when it began (UTC), what it is, who heard it and its id:
/// `2026-11-28_02-14-05Z_baby_cry_door_ID.wav` is the sound around it, `….jpg` the camera's first picture after it, and `….json`
/// says what both are. The last is written when the others are complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The folder for the files. It is made when it is missing.
    #[serde(default = "default_folder")]
    pub to: PathBuf,
    /// How much sound is kept from before it began; at most 5 min.
    #[serde(default = "default_before")]
    pub before: Time,
    /// How much sound is kept from after it was decided; at most 5 min.
    #[serde(default = "default_after")]
    pub after: Time,
    /// What all evidence in this folder may take. Above it the oldest goes; other files are never touched.
    #[serde(default = "default_budget")]
    pub budget: ByteSize,
}

fn default_folder() -> PathBuf {
    "evidence".into()
}

fn default_before() -> Time {
    Time(Duration::from_secs(10))
}

fn default_after() -> Time {
    Time(Duration::from_secs(20))
}

fn default_budget() -> ByteSize {
    ByteSize { bytes: 5_000_000_000 }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            to: default_folder(),
            before: default_before(),
            after: default_after(),
            budget: default_budget(),
        }
    }
}

/// All of it waits in memory.
const LONGEST: Time = Time(Duration::from_secs(300));
/// Less than this, and one event may not fit.
const LEAST_BUDGET: ByteSize = ByteSize { bytes: 10_000_000 };

impl NodeSettings for Settings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let folder = base_dir.join(&self.to);
        if folder.exists() && !folder.is_dir() {
            problems.push(
                Problem::new("to", format!("`{}` is a file, wanted a folder", self.to.display()))
                    .with_hint("name a folder; it is made when it is missing"),
            );
        }
        for (key, time) in [("before", self.before), ("after", self.after)] {
            if time > LONGEST {
                problems.push(Problem::new(key, format!("got `{time}`, wanted at most {LONGEST}")));
            }
        }
        if self.budget < LEAST_BUDGET {
            problems.push(Problem::new(
                "budget",
                format!("got `{}`, wanted at least {LEAST_BUDGET}", self.budget),
            ));
        }
        problems
    }
}
