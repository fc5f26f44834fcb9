//! `cameras:` names sources: in short or long form, by name or as a list, here or in a file of their own.

use std::path::Path;
use std::sync::Arc;

use bushbaby_node::Role;
use bushbaby_node::settings::{Entry, Scalar, Tree, Value};

use super::address::{self, BadAddress};
use super::declared::{Declared, Noun, Reading, called, split};
use super::defaults::Defaults;
use super::problem::{Spot, in_backticks, meant};
use super::secrets::{fill, has_variable};
use super::wires::Reads;
use super::{FileProblem, any_node, keys, not_yet, read_text, yaml};

const FIRST_FILE: &str = "for example `cameras: {front: scene}`";

/// Reads what stands under `cameras:` (or a list that is the whole file).
pub(super) fn read<'a>(
    tree: &Tree,
    file: &Arc<Path>,
    defaults: &Defaults,
    reading: &mut Reading<'a>,
) -> Vec<Declared<'a>> {
    match &tree.value {
        Value::Scalar(name) => in_other_file(&name.text, &Spot::new(file, tree.place), defaults, reading),
        _ => here(tree, file, defaults, reading),
    }
}

fn here<'a>(tree: &Tree, file: &Arc<Path>, defaults: &Defaults, reading: &mut Reading<'a>) -> Vec<Declared<'a>> {
    let mut cameras = Cameras {
        file,
        defaults,
        declared: Vec::new(),
    };
    match &tree.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                cameras.add(&entry.key, &Spot::new(file, entry.key_place), &entry.value, reading);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items {
                cameras.add_from_list(item, reading);
            }
        }
        Value::Scalar(_) => {
            let message = format!("got {}, wanted a list of cameras", tree.describe());
            let hint = "each with `name` and `url`".to_owned();
            lose(
                FileProblem::at(&Spot::new(file, tree.place), message).hint(hint),
                reading,
            );
        }
        _ => {
            let message = "there is no camera in `cameras:`";
            lose(
                FileProblem::at(&Spot::new(file, tree.place), message).hint(FIRST_FILE.to_owned()),
                reading,
            );
        }
    }
    cameras.declared
}

/// Reports a mistake that leaves one camera out, or all.
fn lose(problem: FileProblem, reading: &mut Reading<'_>) {
    reading.lost_cameras = true;
    reading.findings.push(problem);
}

/// Reads the cameras of a file that is named relative to the pipeline file.
fn in_other_file<'a>(name: &str, spot: &Spot, defaults: &Defaults, reading: &mut Reading<'a>) -> Vec<Declared<'a>> {
    let path = spot.file.parent().unwrap_or(Path::new("")).join(name);
    let problem = match read_text(&path) {
        Ok(text) => {
            let file: Arc<Path> = path.into();
            match yaml::read(&text, &file) {
                Ok((tree, doubled)) => {
                    reading.findings.extend(doubled);
                    return here(&tree, &file, defaults, reading);
                }
                Err(problem) => {
                    lose(problem, reading);
                    return Vec::new();
                }
            }
        }
        Err(problem) => problem,
    };
    let sources = reading.names(Role::Source);
    let is_address =
        !path.exists() && address::read(name, &sources, |_| false).is_ok_and(|address| address.kind != "video_file");
    let hint = if is_address {
        Some(format!("a camera has a name: `cameras: {{front: {name}}}`"))
    } else {
        problem.hint
    };
    let message = format!("`cameras:` names the file `{name}`: {}", problem.message);
    lose(FileProblem::at(spot, message).hint(hint), reading);
    Vec::new()
}

struct Cameras<'d, 'k> {
    file: &'d Arc<Path>,
    defaults: &'d Defaults,
    declared: Vec<Declared<'k>>,
}

impl<'a> Cameras<'_, 'a> {
    fn add_from_list(&mut self, item: &Tree, reading: &mut Reading<'a>) {
        let spot = Spot::new(self.file, item.place);
        let mut item = item.clone();
        let Value::Map(entries) = &mut item.value else {
            let message = format!(
                "a camera of a list got {}, wanted an object with `name` and `url`",
                item.describe()
            );
            return lose(FileProblem::at(&spot, message), reading);
        };
        let name = keys::take_one(entries, "name");
        match name.as_ref().map(|entry| (&entry.value, entry.value.as_text())) {
            Some((value, Some(text))) => {
                let text = text.to_owned();
                self.add(&text, &Spot::new(self.file, value.place), &item, reading);
            }
            Some((value, None)) => {
                let message = format!("`name` of a camera got {}, wanted text", value.describe());
                lose(FileProblem::at(&Spot::new(self.file, value.place), message), reading);
            }
            None => lose(FileProblem::at(&spot, "a camera of a list has no `name`"), reading),
        }
    }

    fn add(&mut self, name: &str, spot: &Spot, tree: &Tree, reading: &mut Reading<'a>) {
        let who = called(Noun::Camera, name);
        let mut found = |problem: FileProblem| {
            let message = format!("{who}: {}", problem.message);
            reading.findings.push(FileProblem { message, ..problem });
        };
        let mut entries = match &tree.value {
            Value::Map(entries) => entries.clone(),
            Value::Scalar(_) => vec![Entry {
                key: URL.to_owned(),
                key_place: tree.place,
                value: tree.clone(),
            }],
            Value::Null => {
                found(
                    FileProblem::at(spot, "it does not say what it is")
                        .hint("for example `usb:0` or `scene`".to_owned()),
                );
                Vec::new()
            }
            Value::List(_) => {
                let message = format!("got {}, wanted an address or an object", tree.describe());
                found(FileProblem::at(&Spot::new(self.file, tree.place), message));
                Vec::new()
            }
        };
        let kind = if entries.is_empty() && tree.as_map().is_none() {
            None
        } else {
            self.kind(&mut entries, tree, reading, &who)
        };
        let kind = kind.and_then(|name| reading.kind(name));
        let inherited = self.defaults.add_to(&mut entries, kind.map_or("", |kind| kind.name));
        let (any_node, settings) = split(tree.place, entries);
        let name = name.to_owned();
        self.declared.push(Declared {
            noun: Noun::Camera,
            name,
            spot: spot.clone(),
            kind,
            settings,
            any_node,
            inherited,
            reads: Reads::Nothing,
        });
    }

    /// Finds which kind a camera is, and leaves its settings in the form that the kind reads.
    fn kind(
        &self,
        entries: &mut Vec<Entry>,
        tree: &Tree,
        reading: &mut Reading<'a>,
        who: &str,
    ) -> Option<&'static str> {
        let sources = reading.names(Role::Source);
        let named = |entry: &Entry| entry.key == URL || sources.contains(&entry.key.as_str());
        let telling: Vec<Entry> = entries.iter().filter(|entry| named(entry)).cloned().collect();
        let at = |place, message: String| FileProblem::at(&Spot::new(self.file, place), format!("{who}: {message}"));
        match telling.as_slice() {
            [] => {
                let problem = untold(entries, &sources);
                let place = problem.0.unwrap_or(tree.place);
                reading.findings.push(at(place, problem.1).hint(problem.2));
                None
            }
            [first] => {
                let (kind, value) = match self.address(first, &sources, reading) {
                    Ok(found) => found,
                    Err(BadAddress { message, hint }) => {
                        reading.findings.push(at(first.value.place, message).hint(hint));
                        return None;
                    }
                };
                entries.retain(|entry| !named(entry));
                if value.value != Value::Null {
                    entries.insert(
                        0,
                        Entry {
                            key: address::own_key(kind).to_owned(),
                            key_place: first.key_place,
                            value,
                        },
                    );
                }
                Some(kind)
            }
            [first, second, ..] => {
                let message = format!(
                    "`{}` and `{}` both say what it is, wanted one of them",
                    first.key, second.key
                );
                reading.findings.push(at(second.key_place, message));
                None
            }
        }
    }

    /// The kind that an entry names, and the value of the kind's own setting.
    fn address(
        &self,
        entry: &Entry,
        sources: &[&'static str],
        reading: &Reading<'_>,
    ) -> Result<(&'static str, Tree), BadAddress> {
        let place = entry.value.place;
        if let Some(kind) = sources.iter().copied().find(|kind| *kind == entry.key) {
            let refused = entry.value.as_text().and_then(|text| address::refuse_scene(kind, text));
            return refused.map_or(Ok((kind, entry.value.clone())), Err);
        }
        let Value::Scalar(Scalar { text, quoted }) = &entry.value.value else {
            let message = format!("`{URL}` got {}, wanted an address", entry.value.describe());
            return Err(BadAddress { message, hint: None });
        };
        let is_there = |path: &str| reading.base_dir.join(path).exists();
        let piece = |value: Option<&str>| {
            let scalar = |text: &str| {
                Value::Scalar(Scalar {
                    text: text.to_owned(),
                    quoted: *quoted,
                })
            };
            Tree {
                place,
                value: value.map_or(Value::Null, scalar),
            }
        };
        if !(text.starts_with('$') && has_variable(text)) {
            return address::read(text, sources, is_there).map(|address| (address.kind, piece(address.value)));
        }
        // The variable holds the whole address. What it is called is shown, what it says is not.
        let filled = fill(&entry.value, reading.environment);
        if let Some(missing) = filled.missing.into_iter().next() {
            return Err(BadAddress {
                message: missing.message,
                hint: Some(missing.hint),
            });
        }
        let whole = filled.tree.as_text().unwrap_or_default();
        let hide = |text: String| filled.secrets.hide(&text);
        match address::read(whole, sources, is_there) {
            Ok(address) if address.value == Some(whole) => Ok((address.kind, piece(Some(text)))),
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
}

const URL: &str = "url";

/// Words what is missing in an object without `url` and without a kind: place, message, hint.
fn untold(
    entries: &[Entry],
    sources: &[&'static str],
) -> (Option<bushbaby_node::settings::Place>, String, Option<String>) {
    let own = || {
        entries
            .iter()
            .filter(|entry| !any_node::KEYS.contains(&entry.key.as_str()))
    };
    if let Some(entry) = own().find(|entry| not_yet::SOURCES.contains(&entry.key.as_str())) {
        return (
            Some(entry.key_place),
            not_yet::message(&format!("{}:", entry.key)),
            None,
        );
    }
    if let Some(entry) = own().find(|entry| entry.key == "kind") {
        let kind = entry.value.as_text().unwrap_or("usb");
        let hint = format!("write `{kind}: …` instead of `kind: {kind}`");
        return (
            Some(entry.key_place),
            "`kind` is a key of stages; a camera's kind is a key itself".to_owned(),
            Some(hint),
        );
    }
    let near = own().find_map(|entry| Some((entry, meant(&entry.key, sources.iter().copied().chain([URL]))?)));
    if let Some((entry, name)) = near {
        return (
            Some(entry.key_place),
            format!("unknown key `{}`", entry.key),
            Some(format!("did you mean `{name}`?")),
        );
    }
    let known = in_backticks([URL].into_iter().chain(sources.iter().copied()));
    (
        None,
        "it does not say what it is".to_owned(),
        Some(format!("wanted one of the keys {known}")),
    )
}
