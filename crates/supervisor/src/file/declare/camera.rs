//! One camera or microphone: from its short or long form to a kind and the settings that this kind reads.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::python::DescribedRole;
use bushbaby_node::settings::{Entry, Place, Scalar, Tree, Value};

use super::address::{self, BadAddress};
use super::defaults::Defaults;
use super::python::{self, DRIVER, RUN};
use super::{Declared, Noun, Reading, called, called_in_list};
use crate::file::FileProblem;
use crate::file::check::Replay;
use crate::file::node_kind::NodeKind;
use crate::file::problem::{Spot, in_backticks, meant};
use crate::file::settings::secrets::{escape, fill, has_variable};
use crate::file::settings::{any_node, keys};

const URL: &str = "url";

/// Reads a source whose name stands at `spot`, under `noun`; in a list as its `entry`-th.
pub(crate) fn read<'a>(
    noun: Noun,
    name: &str,
    entry: Option<usize>,
    spot: Spot,
    tree: &Tree,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Declared<'a> {
    let mut entries = match &tree.value {
        Value::Map(entries) => entries.clone(),
        Value::Scalar(_) => vec![Entry {
            key: URL.to_owned(),
            key_place: tree.place,
            value: tree.clone(),
        }],
        Value::Null | Value::List(_) => Vec::new(),
    };
    if let Some(replay) = reading.replay.filter(|replay| replay.cameras.contains(name)) {
        entries = replayed(name, replay, tree.place, entries);
    }
    let file = Arc::clone(&spot.file);
    let kind = match find_kind(noun, &mut entries, tree, &file, reading) {
        Ok(kind) => Some(kind),
        Err(problem) => {
            let who = entry.map_or_else(|| called(noun, name), |entry| called_in_list(entry, name));
            let message = format!("{who}: {}", problem.message);
            reading.findings.push(FileProblem { message, ..problem });
            None
        }
    };
    if kind.as_ref().is_some_and(|kind| kind.name() == "replay") {
        unless_said(&mut entries, "camera", name, tree.place);
    }
    // Nobody needs the pictures of a microphone.
    if noun == Noun::Mic && kind.as_ref().is_some_and(|kind| kind.name() == "rtsp") {
        unless_said(&mut entries, "audio", "only", tree.place);
    }
    Declared {
        entry,
        ..Declared::new(noun, name, spot, kind)
    }
    .with(tree.place, entries, defaults)
}

/// Adds a setting that goes without saying: a replay plays the camera of its own name.
fn unless_said(entries: &mut Vec<Entry>, key: &str, value: &str, place: Place) {
    if entries.iter().any(|entry| entry.key == key) {
        return;
    }
    let text = Scalar {
        text: value.to_owned(),
        quoted: true,
    };
    entries.push(Entry {
        key: key.to_owned(),
        key_place: place,
        value: Tree {
            place,
            value: Value::Scalar(text),
        },
    });
}

/// What stands for a camera that is played from a recording: of its own keys only those of any node.
fn replayed(name: &str, replay: &Replay, place: Place, mut own: Vec<Entry>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = replay
        .settings(name)
        .map(|(key, value)| Entry {
            key: key.to_owned(),
            key_place: place,
            value: quoted(place, value),
        })
        .collect();
    entries.extend(keys::take(&mut own, &any_node::KEYS));
    entries
}

fn quoted(place: Place, text: String) -> Tree {
    // What a recording is called must not be taken for a variable.
    let text = escape(&text);
    Tree {
        place,
        value: Value::Scalar(Scalar { text, quoted: false }),
    }
}

/// Why a source's kind is not known.
struct Untold {
    place: Place,
    message: String,
    hint: Option<String>,
}

/// Finds which kind a source is, and leaves its settings in the form that the kind reads.
fn find_kind<'a>(
    noun: Noun,
    entries: &mut Vec<Entry>,
    tree: &Tree,
    file: &Arc<Path>,
    reading: &Reading<'a>,
) -> Result<NodeKind<'a>, FileProblem> {
    let sources = reading.names(Role::Source);
    let at = |Untold { place, message, hint }: Untold| FileProblem::at(&Spot::new(file, place), message).hint(hint);
    let tells = |entry: &Entry| {
        let key = entry.key.as_str();
        [URL, RUN, DRIVER].contains(&key) || address::kind_of_key(key, noun, &sources).is_some()
    };
    let telling: Vec<Entry> = entries.iter().filter(|entry| tells(entry)).cloned().collect();
    match telling.as_slice() {
        [] => Err(at(untold(noun, entries, tree, &sources))),
        [entry] => {
            entries.retain(|entry| !tells(entry));
            if let Some(key) = [RUN, DRIVER].into_iter().find(|key| *key == entry.key) {
                return python::read_node(entry, key, entries, file, DescribedRole::Source, reading);
            }
            let at_value = |BadAddress { message, hint }| Untold {
                place: entry.value.place,
                message,
                hint,
            };
            let (name, value) = kind_of(noun, entry, &sources, reading).map_err(|bad| at(at_value(bad)))?;
            if value.value != Value::Null {
                entries.insert(
                    0,
                    Entry {
                        key: address::own_key(name).to_owned(),
                        key_place: entry.key_place,
                        value,
                    },
                );
            }
            let gone = || FileProblem::at(&Spot::new(file, entry.key_place), format!("there is no kind `{name}`"));
            reading.kind(name).map(NodeKind::BuiltIn).ok_or_else(gone)
        }
        [first, second, ..] => {
            let message = format!(
                "`{}` and `{}` both say what it is, wanted one of them",
                first.key, second.key
            );
            Err(at(Untold {
                place: second.key_place,
                message,
                hint: None,
            }))
        }
    }
}

/// The kind that an entry names, and the value of the kind's own setting.
fn kind_of(
    noun: Noun,
    entry: &Entry,
    sources: &[&'static str],
    reading: &Reading<'_>,
) -> Result<(&'static str, Tree), BadAddress> {
    if let Some(kind) = address::kind_of_key(&entry.key, noun, sources) {
        let mut value = entry.value.clone();
        if let Value::Scalar(scalar) = &mut value.value
            && let Some(text) = address::value_of_key(&entry.key, noun, &scalar.text)
        {
            scalar.text = text;
        }
        return Ok((kind, value));
    }
    let Value::Scalar(Scalar { text, quoted }) = &entry.value.value else {
        let message = format!("`{URL}` got {}, wanted an address", entry.value.describe());
        return Err(BadAddress { message, hint: None });
    };
    if text.starts_with('$') && has_variable(text) {
        return kind_in_variable(noun, text, &entry.value, sources, reading).map(|kind| (kind, entry.value.clone()));
    }
    let address = address::read(text, noun, sources, |path| reading.base_dir.join(path).exists())?;
    let scalar = |text: &str| {
        Value::Scalar(Scalar {
            text: text.to_owned(),
            quoted: *quoted,
        })
    };
    Ok((
        address.kind,
        Tree {
            place: entry.value.place,
            value: address.value.map_or(Value::Null, scalar),
        },
    ))
}

/// The kind of an address that stands in the environment as a whole. What the variable is called is shown, what it says is not.
fn kind_in_variable(
    noun: Noun,
    text: &str,
    tree: &Tree,
    sources: &[&'static str],
    reading: &Reading<'_>,
) -> Result<&'static str, BadAddress> {
    let filled = fill(tree, reading.environment);
    if let Some(missing) = filled.missing.into_iter().next() {
        return Err(BadAddress {
            message: missing.message,
            hint: Some(missing.hint),
        });
    }
    let whole = filled.tree.as_text().unwrap_or_default();
    let hide = |text: String| filled.secrets.hide(&text);
    match address::read(whole, noun, sources, |path| reading.base_dir.join(path).exists()) {
        Ok(address) if address.value == Some(whole) => Ok(address.kind),
        Ok(address) => Err(BadAddress {
            message: format!("`{text}` hides which kind of {} it is", noun.word()),
            hint: Some(format!(
                "write `{}:` in the file and only the rest into the variable",
                address.kind
            )),
        }),
        Err(BadAddress { message, hint }) => Err(BadAddress {
            message: hide(message),
            hint: hint.map(hide),
        }),
    }
}

/// Words what is missing in a source without `url` and without a kind.
fn untold(noun: Noun, entries: &[Entry], tree: &Tree, sources: &[&'static str]) -> Untold {
    let at = |place, message: String, hint: Option<String>| Untold { place, message, hint };
    if let Value::List(_) = tree.value {
        return at(
            tree.place,
            format!("got {}, wanted an address or an object", tree.describe()),
            None,
        );
    }
    let own = || {
        entries
            .iter()
            .filter(|entry| !any_node::KEYS.contains(&entry.key.as_str()))
    };
    if let Some(entry) = own().find(|entry| entry.key == "kind") {
        let usual = if noun == Noun::Mic { "mic" } else { "usb" };
        let kind = entry.value.as_text().unwrap_or(usual);
        let hint = format!("write `{kind}: …` instead of `kind: {kind}`");
        let message = format!("`kind` is a key of stages; a {}'s kind is a key itself", noun.word());
        return at(entry.key_place, message, Some(hint));
    }
    let keys = || address::keys_of(noun, sources);
    let near = own().find_map(|entry| Some((entry, meant(&entry.key, keys().chain([URL, RUN, DRIVER]))?)));
    if let Some((entry, name)) = near {
        return at(
            entry.key_place,
            format!("unknown key `{}`", entry.key),
            Some(format!("did you mean `{name}`?")),
        );
    }
    let hint = match tree.value {
        Value::Null if noun == Noun::Mic => "for example `mic:default` or `sounds/a.wav`".to_owned(),
        Value::Null => "for example `usb:0` or `scene`".to_owned(),
        _ => format!(
            "wanted one of the keys {}",
            in_backticks([URL].into_iter().chain(keys()).chain([RUN, DRIVER]))
        ),
    };
    at(tree.place, "it does not say what it is".to_owned(), Some(hint))
}
