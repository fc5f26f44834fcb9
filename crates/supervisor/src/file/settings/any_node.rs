//! The keys that any node may have, whatever its kind.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bushbaby_node::settings::{ByteSize, Problem, Settings, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::plan::{Limits, ProcessSettings, RestartPolicy};

/// The keys of [`AnyNode`], which no kind may use for itself.
pub(crate) const KEYS: [&str; 10] = [
    "restart",
    "ready",
    "stuck",
    "stalled",
    "late",
    "frozen",
    "cpus",
    "nice",
    "environment",
    "memory",
];

/// How any node is watched, started again, and run by the operating system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AnyNode {
    /// When and how often the node is started again after a failure.
    pub(crate) restart: Restart,
    /// Longest time from start to ready; then it is reported and started again.
    pub(crate) ready: Time,
    /// Longest time that one call into the node's code may take; then it is reported and started again.
    pub(crate) stuck: Time,
    /// Least silence after which an output that owes frames counts as stalled; slow cameras have five frame times.
    pub(crate) stalled: Time,
    /// Age at which a frame that is sent counts as late: a warning.
    pub(crate) late: Time,
    /// Number of equal pictures in a row after which a camera counts as frozen, a warning; `off`: never.
    pub(crate) frozen: Frozen,
    /// The only cores that the node may use, counted from 0. Absent: all.
    pub(crate) cpus: Option<Vec<usize>>,
    /// Priority from -20 (first) to 19 (last).
    pub(crate) nice: i32,
    /// Variables added to the node's environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// Memory of its own above which the node is started again. Absent: no limit.
    pub(crate) memory: Option<ByteSize>,
}

/// The delays between starts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Restart {
    /// Delay after the first start that failed; it doubles from there.
    pub(crate) first: Time,
    /// Longest delay.
    pub(crate) max: Time,
    /// Failed starts within two minutes after which the node is given up; 0: never.
    pub(crate) give_up: u32,
}

/// After how many equal pictures a camera counts as frozen, if ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frozen(pub(crate) Option<u32>);

const OFF: &str = "off";

impl Serialize for Frozen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(pictures) => serializer.serialize_u32(pictures),
            None => serializer.serialize_str(OFF),
        }
    }
}

impl<'de> Deserialize<'de> for Frozen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Frozen;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of pictures from 2, or `off`")
            }

            fn visit_i64<E: de::Error>(self, pictures: i64) -> Result<Frozen, E> {
                let wrong = || E::invalid_value(de::Unexpected::Signed(pictures), &self);
                u32::try_from(pictures)
                    .ok()
                    .filter(|pictures| *pictures >= 2)
                    .map(|n| Frozen(Some(n)))
                    .ok_or_else(wrong)
            }

            fn visit_u64<E: de::Error>(self, pictures: u64) -> Result<Frozen, E> {
                self.visit_i64(i64::try_from(pictures).unwrap_or(i64::MAX))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Frozen, E> {
                if text == OFF {
                    Ok(Frozen(None))
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(text), &self))
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Frozen {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Frozen".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "integer", "minimum": 2 }, { "const": OFF }] })
    }
}

impl Default for AnyNode {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            restart: Restart::default(),
            ready: Time(limits.ready),
            stuck: Time(limits.stuck),
            stalled: Time(Duration::from_secs(1)),
            late: Time(Duration::from_secs(1)),
            frozen: Frozen(None),
            cpus: None,
            nice: 0,
            environment: BTreeMap::new(),
            memory: None,
        }
    }
}

impl Default for Restart {
    fn default() -> Self {
        let policy = RestartPolicy::default();
        Self {
            first: Time(policy.first),
            max: Time(policy.max),
            give_up: policy.give_up,
        }
    }
}

impl Settings for AnyNode {
    fn check(&self, _: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut refuse = |wrong: bool, path: &str, message: String| {
            if wrong {
                problems.push(Problem::new(path, message));
            }
        };
        for (key, time) in [
            ("ready", self.ready),
            ("stuck", self.stuck),
            ("stalled", self.stalled),
            ("late", self.late),
        ] {
            refuse(time.0.is_zero(), key, "wanted a time above 0".to_owned());
        }
        let Restart { first, max, .. } = self.restart;
        refuse(first.0.is_zero(), "restart.first", "wanted a time above 0".to_owned());
        refuse(
            max < first,
            "restart.max",
            format!("got `{max}`, wanted at least `first`, which is `{first}`"),
        );
        let cpus = self.cpus.as_deref();
        refuse(
            cpus == Some(&[]),
            "cpus",
            "got an empty list, wanted at least one core".to_owned(),
        );
        for (index, cpu) in cpus.unwrap_or_default().iter().enumerate() {
            refuse(
                *cpu >= MOST_CPUS,
                &format!("cpus.{index}"),
                format!("got core `{cpu}`, wanted one from 0 to {}", MOST_CPUS - 1),
            );
        }
        let nice = self.nice;
        refuse(
            !(-20..=19).contains(&nice),
            "nice",
            format!("got `{nice}`, wanted a priority from -20 (first) to 19 (last)"),
        );
        refuse(
            self.memory.is_some_and(|size| size.bytes == 0),
            "memory",
            "wanted more than 0 bytes".to_owned(),
        );
        for (name, value) in &self.environment {
            let bad_name = name.is_empty() || name.contains(['=', '\0']);
            refuse(
                bad_name,
                "environment",
                format!("`{name}` cannot be the name of a variable"),
            );
            refuse(
                value.contains('\0'),
                "environment",
                format!("the value of `{name}` holds a zero byte"),
            );
        }
        problems
    }
}

/// More than any `cpu_set_t` holds.
const MOST_CPUS: usize = 1024;

impl AnyNode {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            ready: self.ready.0,
            stuck: self.stuck.0,
            ..Limits::default()
        }
    }

    pub(crate) fn restart_policy(&self) -> RestartPolicy {
        RestartPolicy {
            first: self.restart.first.0,
            max: self.restart.max.0,
            give_up: self.restart.give_up,
        }
    }

    pub(crate) fn process_settings(&self) -> ProcessSettings {
        ProcessSettings {
            cpus: self.cpus.clone().unwrap_or_default(),
            nice: self.nice,
            environment: self.environment.clone(),
            memory_bytes: self.memory.map(|size| size.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserved_keys_are_those_of_the_struct() {
        let serde_json::Value::Object(map) = serde_json::to_value(AnyNode::default()).unwrap() else {
            unreachable!()
        };
        assert_eq!(map.keys().map(String::as_str).collect::<Vec<_>>(), KEYS);
    }

    #[test]
    fn the_defaults_of_file_and_plan_agree() {
        let any = AnyNode::default();
        assert_eq!(
            (any.limits(), any.restart_policy(), any.process_settings()),
            Default::default()
        );
    }
}
