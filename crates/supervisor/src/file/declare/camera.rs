//! One camera: from its short or long form to a kind and the settings that this kind reads.

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Place, Scalar, Tree, Value};

use super::address::{self, BadAddress};
use super::defaults::Defaults;
use super::wires::Reads;
use super::{Declared, Noun, Reading, called, not_yet, split};
use crate::file::FileProblem;
use crate::file::problem::{Spot, in_backticks, meant};
use crate::file::settings::any_node;
use crate::file::settings::secrets::{fill, has_variable};

const URL: &str = "url";

/// Reads a camera whose name stands at `spot`.
pub(crate) fn read<'a>(
    name: &str,
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
    let kind = match find_kind(&mut entries, tree, reading) {
        Ok(kind) => reading.kind(kind),
        Err(Untold { place, message, hint }) => {
            let message = format!("{}: {message}", called(Noun::Camera, name));
            reading
                .findings
                .push(FileProblem::at(&Spot::new(&spot.file, place), message).hint(hint));
            None
        }
    };
    let inherited = defaults.add_to(&mut entries, kind.map_or("", |kind| kind.name));
    let (any_node, settings) = split(tree.place, entries);
    Declared {
        noun: Noun::Camera,
        name: name.to_owned(),
        spot,
        kind,
        settings,
        any_node,
        inherited,
        reads: Reads::Nothing,
    }
}

/// Why a camera's kind is not known.
struct Untold {
    place: Place,
    message: String,
    hint: Option<String>,
}

/// Finds which kind a camera is, and leaves its settings in the form that the kind reads.
fn find_kind(entries: &mut Vec<Entry>, tree: &Tree, reading: &Reading<'_>) -> Result<&'static str, Untold> {
    let sources = reading.names(Role::Source);
    let tells = |entry: &Entry| entry.key == URL || sources.contains(&entry.key.as_str());
    let telling: Vec<Entry> = entries.iter().filter(|entry| tells(entry)).cloned().collect();
    match telling.as_slice() {
        [] => Err(untold(entries, tree, &sources)),
        [entry] => {
            let at_value = |BadAddress { message, hint }| Untold {
                place: entry.value.place,
                message,
                hint,
            };
            let (kind, value) = kind_of(entry, &sources, reading).map_err(at_value)?;
            entries.retain(|entry| !tells(entry));
            if value.value != Value::Null {
                entries.insert(
                    0,
                    Entry {
                        key: address::own_key(kind).to_owned(),
                        key_place: entry.key_place,
                        value,
                    },
                );
            }
            Ok(kind)
        }
        [first, second, ..] => {
            let message = format!(
                "`{}` and `{}` both say what it is, wanted one of them",
                first.key, second.key
            );
            Err(Untold {
                place: second.key_place,
                message,
                hint: None,
            })
        }
    }
}

/// The kind that an entry names, and the value of the kind's own setting.
fn kind_of(entry: &Entry, sources: &[&'static str], reading: &Reading<'_>) -> Result<(&'static str, Tree), BadAddress> {
    if let Some(kind) = sources.iter().copied().find(|kind| *kind == entry.key) {
        let refused = entry.value.as_text().and_then(|text| address::refuse_scene(kind, text));
        return refused.map_or(Ok((kind, entry.value.clone())), Err);
    }
    let Value::Scalar(Scalar { text, quoted }) = &entry.value.value else {
        let message = format!("`{URL}` got {}, wanted an address", entry.value.describe());
        return Err(BadAddress { message, hint: None });
    };
    if text.starts_with('$') && has_variable(text) {
        return kind_in_variable(text, &entry.value, sources, reading).map(|kind| (kind, entry.value.clone()));
    }
    let address = address::read(text, sources, |path| reading.base_dir.join(path).exists())?;
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
    match address::read(whole, sources, |path| reading.base_dir.join(path).exists()) {
        Ok(address) if address.value == Some(whole) => Ok(address.kind),
        Ok(address) => Err(BadAddress {
            message: format!("`{text}` hides which kind of camera it is"),
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

/// Words what is missing in a camera without `url` and without a kind.
fn untold(entries: &[Entry], tree: &Tree, sources: &[&'static str]) -> Untold {
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
    if let Some(entry) = own().find(|entry| not_yet::SOURCES.contains(&entry.key.as_str())) {
        return at(entry.key_place, not_yet::message(&format!("{}:", entry.key)), None);
    }
    if let Some(entry) = own().find(|entry| entry.key == "kind") {
        let kind = entry.value.as_text().unwrap_or("usb");
        let hint = format!("write `{kind}: …` instead of `kind: {kind}`");
        return at(
            entry.key_place,
            "`kind` is a key of stages; a camera's kind is a key itself".to_owned(),
            Some(hint),
        );
    }
    let near = own().find_map(|entry| Some((entry, meant(&entry.key, sources.iter().copied().chain([URL]))?)));
    if let Some((entry, name)) = near {
        return at(
            entry.key_place,
            format!("unknown key `{}`", entry.key),
            Some(format!("did you mean `{name}`?")),
        );
    }
    let hint = match tree.value {
        Value::Null => "for example `usb:0` or `scene`".to_owned(),
        _ => format!(
            "wanted one of the keys {}",
            in_backticks([URL].into_iter().chain(sources.iter().copied()))
        ),
    };
    at(tree.place, "it does not say what it is".to_owned(), Some(hint))
}
