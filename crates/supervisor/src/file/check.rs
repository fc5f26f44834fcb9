//! Finds every mistake of a file, or makes a plan of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bushbaby_bus::InstanceName;
use bushbaby_node::control::{InputSpec, NodeSpec};
use bushbaby_node::pipelines::{Pipeline, Pipelines};
use bushbaby_node::settings::{Problem, Tree, Value as TreeValue};
use bushbaby_node::{Carries, Kind};
use serde_json::Value;

use crate::file::declare::defaults::Defaults;
use crate::file::declare::names::Names;
use crate::file::declare::{Declared, Noun, Reading, alerts, top, web};
use crate::file::node_kind::NodeKind;
use crate::file::problem::{Findings, Spot};
use crate::file::resolve::{Instance, MOST_NODES, Resolved, resolve};
use crate::file::settings::any_node::AnyNode;
use crate::file::settings::keys;
use crate::file::settings::masked::masked;
use crate::file::settings::secrets::{Environment, Secrets, fill};
use crate::file::settings::settle::{Settled, read_checked, settle};
use crate::file::{FileProblem, expand, read_text, yaml};
use crate::plan::{Limits, Plan, PlannedNode};
use crate::python::Surroundings;

/// A file without mistakes.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What it comes to. Its nodes belong to the instance `default` until [`Plan::for_instance`] says otherwise.
    pub plan: Plan,
    /// What [`expand()`](crate::file::expand()) writes.
    pub(crate) shown: Vec<expand::Shown>,
    /// The pipeline file, and a list of cameras that it names.
    files: BTreeSet<PathBuf>,
    /// Files of Python code, each with the nodes that run it.
    code: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Where the page listens, and where the file says so.
    web: Vec<(String, Spot)>,
}

impl Checked {
    /// The files that say what is to be run: the pipeline file, and a list of cameras that it names.
    pub fn files(&self) -> &BTreeSet<PathBuf> {
        &self.files
    }

    /// The files of Python code, each with the names of the nodes that run it.
    pub fn code(&self) -> &BTreeMap<PathBuf, BTreeSet<String>> {
        &self.code
    }
}

/// Tries whether the page's ports are free now, which concerns only a file that is about to be run.
///
/// # Errors
/// When nothing can listen there, at the place where the file says so.
pub fn probe_ports(checked: &Checked) -> Result<(), Vec<FileProblem>> {
    checked
        .web
        .iter()
        .try_for_each(|(listen, spot)| web::probe(listen, spot))
        .map_err(|problem| vec![problem])
}

/// A recording that cameras are played from instead of what the file has.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The file.
    pub recording: PathBuf,
    /// The cameras that it holds, by name.
    pub cameras: BTreeSet<String>,
    /// How fast it is played, as the kind reads it; absent: as it was recorded.
    pub speed: Option<String>,
}

impl Replay {
    /// The settings of kind `replay` that play a camera.
    pub(crate) fn settings(&self, camera: &str) -> impl Iterator<Item = (&'static str, String)> {
        let recording = std::path::absolute(&self.recording).unwrap_or_else(|_| self.recording.clone());
        let settings = [
            ("replay", Some(recording.display().to_string())),
            ("camera", Some(camera.to_owned())),
            ("speed", self.speed.clone()),
        ];
        settings.into_iter().filter_map(|(key, value)| Some((key, value?)))
    }
}

/// What files are checked against.
#[derive(Clone, Copy)]
pub struct Checker<'a> {
    /// What nodes there are.
    pub kinds: &'a [Kind],
    /// Where `$NAME` takes its value from.
    pub environment: Environment<'a>,
    /// What cameras are played from instead of what the file has.
    pub replay: Option<&'a Replay>,
}

impl std::fmt::Debug for Checker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checker")
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

/// Reads a file and checks it.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn check_file(path: &Path, kinds: &[Kind], environment: Environment<'_>) -> Result<Checked, Vec<FileProblem>> {
    Checker::new(kinds, environment).check_file(path)
}

/// Checks a file's text.
///
/// - `file_path`: what the problems call the file; its folder is what paths in the file are relative to. It is not read.
/// - `kinds`: what nodes there are.
/// - `environment`: where `$NAME` takes its value from.
///
/// # Errors
/// Every mistake, in the order of the file. Nothing but [`probe_ports`] is left to fail before nodes start.
pub fn check(
    text: &str,
    file_path: &Path,
    kinds: &[Kind],
    environment: Environment<'_>,
) -> Result<Checked, Vec<FileProblem>> {
    Checker::new(kinds, environment).check(text, file_path)
}

impl<'a> Checker<'a> {
    /// Takes files as they are.
    pub fn new(kinds: &'a [Kind], environment: Environment<'a>) -> Self {
        Self {
            kinds,
            environment,
            replay: None,
        }
    }

    /// Like [`check_file`](fn@check_file).
    ///
    /// # Errors
    /// Every mistake, in the order of the file.
    pub fn check_file(&self, path: &Path) -> Result<Checked, Vec<FileProblem>> {
        let text = read_text(path).map_err(|problem| vec![problem])?;
        self.check(&text, path)
    }

    /// Like [`check`](fn@check).
    ///
    /// # Errors
    /// Every mistake, in the order of the file.
    pub fn check(&self, text: &str, file_path: &Path) -> Result<Checked, Vec<FileProblem>> {
        let file: Arc<Path> = file_path.into();
        let (tree, doubled) = yaml::read(text, &file).map_err(|problem| vec![problem])?;
        let base_dir = folder(file_path).map_err(|problem| vec![problem])?;
        let taken = RefCell::new(Secrets::default());
        let environment = |name: &str| {
            let value = (self.environment)(name)?;
            taken.borrow_mut().add(name, &value);
            Some(value)
        };
        let environment: Environment<'_> = &environment;
        let python = Surroundings::of(self.environment);
        let mut reading = Reading {
            kinds: self.kinds,
            environment,
            base_dir: &base_dir,
            python: &python,
            replay: self.replay,
            lost_cameras: false,
            findings: Findings::default(),
        };
        reading.findings.extend(doubled);
        let top::Declarations { mut nodes, defaults } = top::read(&tree, &file, &mut reading);
        if let Some(first_too_many) = nodes.get(MOST_NODES) {
            let message = format!("the file has more than {MOST_NODES} nodes");
            return Err(vec![FileProblem::at(&first_too_many.spot, message)]);
        }
        take_names(&nodes, &mut reading.findings);
        nodes.iter_mut().for_each(|node| node.find_outputs(&reading));
        let resolved = resolve(&nodes, reading.lost_cameras, &mut reading.findings);
        let settings: Vec<Option<NodeSettings>> = nodes
            .iter()
            .map(|node| NodeSettings::settle(node, &defaults, &mut reading))
            .collect();
        let understood = nodes.iter().zip(&settings).filter(|(_, settings)| settings.is_some());
        refuse_silent_mics(understood.map(|(node, _)| node), &mut reading.findings);
        let problems = reading.findings.into_problems(&taken.borrow());
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(assemble(nodes, resolved, settings, &base_dir))
    }
}

fn folder(file_path: &Path) -> Result<PathBuf, FileProblem> {
    let absolute = std::path::absolute(file_path).map_err(|error| {
        FileProblem::with_file(file_path, format!("the folder of the file cannot be told: {error}"))
    })?;
    Ok(absolute.parent().unwrap_or(Path::new("/")).to_owned())
}

fn take_names(nodes: &[Declared<'_>], findings: &mut Findings) {
    let mut names = Names::default();
    for node in nodes.iter().filter(|node| node.noun != Noun::Web) {
        names.take(&node.name, &node.called(), &node.spot, findings);
    }
}

/// Reports what stands under `mics:` and makes no sound.
fn refuse_silent_mics<'n>(nodes: impl Iterator<Item = &'n Declared<'n>>, findings: &mut Findings) {
    for node in nodes.filter(|node| node.noun == Noun::Mic) {
        let (Some(kind), Some(outputs)) = (&node.kind, &node.outputs) else {
            continue;
        };
        if outputs.iter().any(|output| output.carries == Carries::Audio) {
            continue;
        }
        let message = format!("{}: {} makes no sound", node.called(), kind.called());
        let hint = "it belongs under `cameras:`".to_owned();
        findings.push(FileProblem::at(&node.spot, message).hint(hint));
    }
}

/// The settings of one node of the file, in long form.
struct NodeSettings {
    own: Settled,
    /// Those of each pipeline.
    pipelines: Vec<Settled>,
    any_node: Settled,
    any: AnyNode,
}

impl NodeSettings {
    /// Has both halves of the settings checked; tells what is wrong with them.
    fn settle(node: &Declared<'_>, defaults: &Defaults, reading: &mut Reading<'_>) -> Option<Self> {
        let environment = reading.environment;
        let any_node = settle(&node.any_node, environment, |tree| {
            in_json(&read_checked::<AnyNode>(tree)?)
        });
        let any_node = tell(node, defaults, any_node, &mut reading.findings);
        let kind = node.kind.as_ref()?;
        let mut settled = |settings: &Tree| {
            let mut raw = settings.clone();
            let unknown = take_unknown(&mut raw, kind);
            let own = settle(&raw, environment, |tree| match node.noun {
                Noun::Web => kind.check(&web::in_long_form(tree)?, reading.base_dir),
                Noun::Alerts => alerts::check_each(tree, &raw, |tree| kind.check(tree, reading.base_dir)),
                Noun::Camera | Noun::Mic | Noun::Stage | Noun::Record | Noun::Evidence | Noun::NetworkTables => {
                    kind.check(tree, reading.base_dir)
                }
            });
            let known = tell(node, defaults, unknown, &mut reading.findings);
            let own = tell(node, defaults, own, &mut reading.findings)?;
            known.map(|()| own)
        };
        let own = settled(&node.settings)?;
        // A mistake that all of them share was told above; what is left is each one's own.
        let variants = node.pipelines.all.iter();
        let pipelines: Vec<_> = variants.map(|variant| settled(&variant.over(&node.settings))).collect();
        let pipelines = pipelines.into_iter().collect::<Option<_>>()?;
        refuse_other_outputs(node, kind, reading);
        let any_node = any_node?;
        let any = serde_json::from_value(any_node.value.clone()).ok()?;
        Some(Self {
            own,
            pipelines,
            any_node,
            any,
        })
    }
}

/// Reports pipelines with which a stage would write other streams: its readers are wired to those it has.
fn refuse_other_outputs(node: &Declared<'_>, kind: &NodeKind<'_>, reading: &mut Reading<'_>) {
    for variant in &node.pipelines.all {
        let settings = fill(&variant.over(&node.settings), reading.environment).tree;
        if node.outputs.as_ref() == Some(&kind.outputs(&settings, reading.base_dir)) {
            continue;
        }
        let message = format!(
            "{}: with pipeline `{}` it writes other streams",
            node.called(),
            variant.name
        );
        let hint = "make it a stage of its own".to_owned();
        reading
            .findings
            .push(FileProblem::at(&variant.spot, message).hint(hint));
    }
}

/// Takes out what a kind does not have; its own check would know less of what was meant.
fn take_unknown(settings: &mut Tree, kind: &NodeKind<'_>) -> Result<(), Vec<Problem>> {
    let TreeValue::Map(entries) = &mut settings.value else {
        return Ok(());
    };
    let unknown: Vec<Problem> = kind
        .take_unknown(entries)
        .into_iter()
        .map(|entry| Problem {
            place: Some(entry.key_place),
            hint: kind.hint_for(&entry.key),
            ..Problem::new(&entry.key, format!("unknown key `{}`", entry.key))
        })
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(unknown) }
}

fn in_json<T: serde::Serialize>(settings: &T) -> Result<Value, Vec<Problem>> {
    serde_json::to_value(settings).map_err(|error| vec![Problem::new("", error.to_string())])
}

/// Reports the problems of a node's settings where they stand: at the node, or under `defaults:`.
fn tell<T>(
    node: &Declared<'_>,
    defaults: &Defaults,
    result: Result<T, Vec<Problem>>,
    findings: &mut Findings,
) -> Option<T> {
    let problems = match result {
        Ok(value) => return Some(value),
        Err(problems) => problems,
    };
    for Problem {
        path,
        place,
        message,
        hint,
    } in problems
    {
        let inherited = node.inherited.get(path.split('.').next().unwrap_or(""));
        let (who, path) = match node.noun {
            Noun::Alerts if inherited.is_none() => alerts::whose(&path),
            _ => (inherited.cloned().unwrap_or_else(|| node.called()), path),
        };
        let file = if inherited.is_some() {
            &defaults.file
        } else {
            &node.spot.file
        };
        let spot = Spot::new(file, place.unwrap_or(node.spot.place));
        findings.push(FileProblem::at(&spot, format!("{who}: {}", keys::at_path(&path, &message))).hint(hint));
    }
    None
}

fn assemble(
    nodes: Vec<Declared<'_>>,
    resolved: Vec<Resolved>,
    settings: Vec<Option<NodeSettings>>,
    base_dir: &Path,
) -> Checked {
    let mut checked = Checked {
        plan: Plan {
            nodes: Vec::new(),
            web: None,
        },
        shown: Vec::new(),
        files: BTreeSet::new(),
        code: BTreeMap::new(),
        web: Vec::new(),
    };
    for ((node, resolved), settings) in nodes.into_iter().zip(resolved).zip(settings) {
        let (Some(kind), Some(settings)) = (&node.kind, settings) else {
            continue;
        };
        let shown = expand::Shown::of(
            &node,
            kind,
            &kind.shown(&settings.own.shown),
            &settings.any_node.shown,
            &resolved,
        );
        let pipelines = settings.pipelines.iter().map(|settled| &settled.shown);
        checked.shown.push(shown.with_pipelines(&node.pipelines, pipelines));
        if node.noun == Noun::Web
            && let Some(listen) = settings.own.value.get("listen").and_then(Value::as_str)
        {
            checked.plan.web = web::url(listen);
            checked.web = web::all_addresses(&settings.own.value, &node.settings, &node.spot);
        }
        checked.files.insert(node.spot.file.to_path_buf());
        let Resolved { instances, watched, .. } = resolved;
        for instance in instances {
            if let Some(file) = kind.code() {
                checked
                    .code
                    .entry(file.to_owned())
                    .or_default()
                    .insert(instance.name.clone());
            }
            checked
                .plan
                .nodes
                .push(planned(&node, kind, instance, &watched, &settings, base_dir));
        }
    }
    checked
}

fn planned(
    node: &Declared<'_>,
    kind: &NodeKind<'_>,
    instance: Instance,
    watched: &BTreeMap<String, Vec<String>>,
    settings: &NodeSettings,
    base_dir: &Path,
) -> PlannedNode {
    let NodeSettings { own, any, .. } = settings;
    let in_ms = |time: bushbaby_node::settings::Time| u64::try_from(time.0.as_millis()).unwrap_or(u64::MAX);
    let within = |within: bushbaby_node::settings::Time| u64::try_from(within.0.as_nanos()).unwrap_or(u64::MAX);
    let inputs: Vec<InputSpec> = instance.inputs.into_iter().map(|input| input.spec).collect();
    // What comes of a window is as old as its first sample: late counts from its last one.
    let windows = inputs.iter().filter_map(|input| input.window);
    let longest_window_ms = windows.map(|window| window.length_ns / 1_000_000).max().unwrap_or(0);
    let first = node.pipelines.first;
    let named = node.pipelines.all.iter().zip(&settings.pipelines);
    let all = named
        .map(|(variant, settled)| Pipeline {
            name: variant.name.clone(),
            settings: settled.value.clone(),
        })
        .collect();
    PlannedNode {
        spec: NodeSpec {
            instance: default_instance(),
            node: instance.name,
            kind: kind.name().to_owned(),
            settings: match settings.pipelines.get(first) {
                Some(pipeline) => pipeline.value.clone(),
                None => alerts::with_streams(kind.handed(own, &node.settings), watched),
            },
            inputs,
            base_dir: base_dir.to_owned(),
            stalled_ms: in_ms(any.stalled),
            late_ms: in_ms(any.late).saturating_add(longest_window_ms),
            sync_within_ns: node.reads.within().map(within),
            frozen_frames: any.frozen.0,
            pipelines: Pipelines {
                all,
                active: first,
                ..Pipelines::default()
            },
        },
        role: kind.role(),
        outputs: node.outputs.clone().unwrap_or_default(),
        keys: kind.keys(),
        program: kind.program(),
        shown_settings: masked(&kind.shown(&settings.pipelines.get(first).unwrap_or(own).shown)),
        shown_pipelines: settings
            .pipelines
            .iter()
            .map(|pipeline| masked(&kind.shown(&pipeline.shown)))
            .collect(),
        limits: limits(node.noun, any),
        restart: any.restart_policy(),
        process: any.process_settings(),
    }
}

/// A robot that is switched off is no failure of ours: whoever waits for it is not started again for that.
fn limits(noun: Noun, any: &AnyNode) -> Limits {
    let limits = any.limits();
    match noun {
        Noun::NetworkTables => Limits {
            stalled_restart: Duration::MAX,
            ..limits
        },
        _ => limits,
    }
}

fn default_instance() -> InstanceName {
    "default".parse().expect("`default` is a good name")
}
