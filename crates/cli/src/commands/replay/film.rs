//! A film as one camera, named after its file.

use std::path::Path;
use std::sync::Arc;

use bushbaby_bus::{Bus, Instance};
use bushbaby_node::children::Spawner;
use bushbaby_node::pipelines::{Pipelines, Wished};
use bushbaby_node::reporter::Reporter;
use bushbaby_node::{NodeContext, NodeError, NodeSpec, Outputs, Source, Step};
use bushbaby_recording::read::ReadError;
use bushbaby_sources::replay::{Speed, Times};
use bushbaby_sources::video_file::{Pace, VideoFileSettings, VideoFileSource};

use super::{Args, Refusal, Told, refuse_taken, report};
use crate::commands::keys::Keys;

/// Whether it is no recording because it is a film.
pub(super) fn is_film(path: &Path, error: &ReadError) -> bool {
    let endings = ["mp4", "m4v", "mov", "mkv", "webm", "avi"];
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    matches!(error, ReadError::OtherFormat { .. }) && endings.contains(&ending.to_ascii_lowercase().as_str())
}

pub(super) fn play(args: &Args, instance: &Instance) -> Result<(), Refusal> {
    refuse_what_films_lack(args)?;
    let node = node_name(&args.file);
    let stream = format!("{node}/image");
    let bus = Bus::open(instance).map_err(|error| Refusal::new(error.to_string()))?;
    refuse_taken(&bus, std::slice::from_ref(&stream), instance)?;
    let keys = Keys::listen(false)
        .map_err(|error| Refusal::new(format!("keys and signals cannot be listened to: {error}")))?;
    let spawner = Spawner::start().map_err(|error| Refusal::new(error.to_string()))?;
    let spec = NodeSpec {
        instance: instance.name().clone(),
        node,
        kind: "video_file".to_owned(),
        settings: serde_json::Value::Null,
        inputs: Vec::new(),
        sync_within_ns: None,
        base_dir: std::env::current_dir().unwrap_or_default(),
        stalled_ms: u64::MAX,
        late_ms: u64::MAX,
        frozen_frames: None,
        pipelines: Pipelines::default(),
    };
    let context = NodeContext {
        spec: Arc::new(spec),
        bus,
        stop: keys.stop().clone(),
        reporter: Reporter::new(None),
        spawner,
        wished: Wished::default(),
    };
    let settings = VideoFileSettings {
        video_file: args.file.clone(),
        fps: None,
        is_loop: args.is_loop,
        pace: if args.speed == Speed::Max {
            Pace::Readers
        } else {
            Pace::Film
        },
        calibration: None,
    };
    eprintln!("bushbaby: plays {stream}");
    let frames = frames(settings, &context).map_err(|error| Refusal::new(error.to_string()))?;
    drop(keys);
    report(&[Told { stream, frames }], args);
    Ok(())
}

/// Plays the film; returns how many pictures it had.
fn frames(settings: VideoFileSettings, context: &NodeContext) -> Result<u64, NodeError> {
    let mut film = VideoFileSource::open(settings, context)?;
    let mut outputs = Outputs::open(context, VideoFileSource::OUTPUTS)?;
    let mut frames = 0;
    while !context.stop.is_set() {
        match film.step(&mut outputs)? {
            Step::Sent => frames += 1,
            Step::Finished => break,
            Step::Idle | Step::Waiting { .. } => {}
        }
    }
    film.close();
    Ok(frames)
}

fn refuse_what_films_lack(args: &Args) -> Result<(), Refusal> {
    let has_speed = !matches!(args.speed, Speed::Max) && args.speed != Speed::default();
    let given = [
        ("--speed", has_speed),
        ("--times recorded", args.times == Times::Recorded),
        ("--from", args.from.is_some()),
        ("--to", args.to.is_some()),
        ("--only", !args.only.is_empty()),
        ("--step", args.step),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => {
            let message = format!("`{option}` is for recordings; `{}` is a film", args.file.display());
            Err(Refusal::misuse(message).hint("a film takes `--loop` and `--speed max`"))
        }
        None => Ok(()),
    }
}

/// A name that a node may have, as near to the file's as can be.
fn node_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name: String = stem
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
                c
            } else {
                '_'
            }
        })
        .take(40)
        .collect();
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        name
    } else {
        format!("film{name}")
    }
}
