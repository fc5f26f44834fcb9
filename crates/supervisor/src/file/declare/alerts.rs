//! `alerts:` says what is told to whom, `mqtt:` names the broker: together they are one node.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Problem, Tree, Value};
use bushbaby_node::when::When;

use crate::file::FileProblem;
use crate::file::declare::defaults::Defaults;
use crate::file::declare::wires::Reads;
use crate::file::declare::{Declared, Noun, Reading};
use crate::file::node_kind::NodeKind;
use crate::file::problem::Spot;
use crate::file::settings::keys;
use crate::file::settings::secrets::fill;
use crate::plan::{ALERT, ALERTS};

const EXAMPLE: &str = "for example `alerts: {baby: {when: cry finds baby_cry, send: \"https://example.org/hook\"}}`";

/// What alerts are about.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    pub(crate) rules: Vec<Watch>,
    /// Whether all that is heard is told to a broker.
    pub(crate) all_sound: bool,
}

/// What one alert is about.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) alert: String,
    pub(crate) when: When,
    pub(crate) spot: Spot,
}

/// Reads what stands under `alerts:` and `mqtt:`.
pub(crate) fn read<'a>(
    alerts: Option<&Entry>,
    mqtt: Option<&Entry>,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Option<Declared<'a>> {
    let first = alerts.or(mqtt)?;
    let spot = Spot::new(file, first.key_place);
    let Some(kind) = reading.kind(ALERT).filter(|kind| kind.role == Role::Sink) else {
        let message = format!("`{}:`: there are no alerts in this build", first.key);
        reading.findings.push(FileProblem::at(&spot, message));
        return None;
    };
    let mut entries = Vec::new();
    let mut watches = Watches {
        all_sound: mqtt.is_some(),
        ..Watches::default()
    };
    if let Some(entry) = alerts {
        let Value::Map(rules) = &entry.value.value else {
            let message = format!(
                "`alerts:` got {}, wanted an object of named alerts",
                entry.value.describe()
            );
            let problem = FileProblem::at(&Spot::new(file, entry.value.place), message);
            reading.findings.push(problem.hint(EXAMPLE.to_owned()));
            return None;
        };
        watches.rules = rules.iter().filter_map(|rule| watch(rule, file, reading)).collect();
        entries.push(entry.clone());
    }
    entries.extend(mqtt.cloned().map(in_long_form));
    let declared = Declared {
        reads: Reads::Watches(watches),
        ..Declared::new(Noun::Alerts, ALERTS, spot, Some(NodeKind::BuiltIn(kind)))
    };
    Some(declared.with(first.value.place, entries, defaults))
}

/// What a rule is about. One whose `when` is none is told by the kind's own check.
fn watch(rule: &Entry, file: &Arc<Path>, reading: &Reading<'_>) -> Option<Watch> {
    let when = fill(rule.value.get("when")?, reading.environment).tree;
    Some(Watch {
        alert: rule.key.clone(),
        when: When::parse(when.as_text()?).ok()?,
        spot: Spot::new(file, when.place),
    })
}

/// `mqtt: 10.0.0.2` is the broker.
fn in_long_form(mut entry: Entry) -> Entry {
    if let Value::Scalar(_) = &entry.value.value {
        let broker = self::entry("broker", entry.value.clone());
        entry.value = keys::map(entry.value.place, vec![broker]);
    }
    entry
}

/// Has each alert checked by itself, so that a mistake in one hides none in another.
///
/// - `tree`: what is left of the settings after the mistakes that were told; `raw`: the settings as they were.
///
/// # Errors
/// The mistakes of all; those of the broker once for each alert.
pub(crate) fn check_each(
    tree: &Tree,
    raw: &Tree,
    check: impl Fn(&Tree) -> Result<serde_json::Value, Vec<Problem>>,
) -> Result<serde_json::Value, Vec<Problem>> {
    let (Some(entries), Some(rules)) = (tree.as_map(), tree.get("alerts").and_then(Tree::as_map)) else {
        return check(tree);
    };
    let mut others: Vec<Entry> = entries.iter().filter(|entry| entry.key != "alerts").cloned().collect();
    if raw.get("mqtt").is_some() && tree.get("mqtt").is_none() {
        // What is wrong with the broker was told: that there is none would be no news.
        others.push(in_long_form(entry("mqtt", Tree::plain(tree.place, "localhost"))));
    }
    let alone = rules.iter().map(|rule| {
        let mut entries = others.clone();
        entries.push(entry("alerts", keys::map(tree.place, vec![rule.clone()])));
        keys::map(tree.place, entries)
    });
    let problems: Vec<Problem> = alone.filter_map(|tree| check(&tree).err()).flatten().collect();
    if problems.is_empty() {
        check(tree)
    } else {
        Err(problems)
    }
}

fn entry(key: &str, value: Tree) -> Entry {
    Entry {
        key: key.to_owned(),
        key_place: value.place,
        value,
    }
}

/// Who a problem of the alerts' settings is with, and its path from there.
pub(crate) fn whose(path: &str) -> (String, String) {
    let mut steps = path.splitn(3, '.');
    match (steps.next(), steps.next(), steps.next()) {
        (Some("alerts"), Some(alert), rest) => (called(alert), rest.unwrap_or("").to_owned()),
        (Some("mqtt"), Some(key), rest) => {
            let rest = rest.map(|rest| format!(".{rest}")).unwrap_or_default();
            ("`mqtt`".to_owned(), format!("{key}{rest}"))
        }
        (Some("mqtt"), None, _) => ("`mqtt`".to_owned(), String::new()),
        _ => ("`alerts`".to_owned(), path.to_owned()),
    }
}

/// An alert as messages call it.
pub(crate) fn called(alert: &str) -> String {
    format!("alert `{alert}`")
}

/// The settings that the node is handed: each alert with the streams that it is about.
pub(crate) fn with_streams(
    mut settings: serde_json::Value,
    watched: &BTreeMap<String, Vec<String>>,
) -> serde_json::Value {
    for (alert, streams) in watched {
        let rule = settings.get_mut("alerts").and_then(|alerts| alerts.get_mut(alert));
        if let Some(rule) = rule.and_then(serde_json::Value::as_object_mut) {
            rule.insert("streams".to_owned(), streams.clone().into());
        }
    }
    settings
}
