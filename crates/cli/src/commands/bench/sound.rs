//! `bushbaby bench sound`: how many streams one core can listen to, beside what the model alone takes.
//!
//! Goals: 45 streams with a look every second, 24 with one every half second. Time is that of the processor, so that what else runs
//! on the machine counts little.

use std::time::Duration;

use bushbaby_sound::classes::Classes;
use bushbaby_sound::gate::GateSettings;
use bushbaby_sound::listener::{Listener, ListenerSettings, Sound};
use bushbaby_sound::resample::Resampler;
use bushbaby_sound::tagger::Tagger;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use super::BenchResult;

/// What a camera with AAC sends.
const CAMERA_HZ: u32 = 48_000;
const SECONDS: usize = 30;
const FLOOR_WINDOWS: usize = 30;

/// Arguments of `bench sound`.
#[derive(Debug, clap::Args)]
pub(crate) struct SoundArgs {
    /// Print one JSON object: `model_ms` (the floor: one window through the model and its front end), `streams` (by the time from one
    /// look to the next: streams a core, and the share of that time which is the model's), `private_mb` of this process.
    #[arg(long)]
    json: bool,
}

struct Row {
    hop_ms: u64,
    goal: f64,
    streams: f64,
    share_of_model: f64,
}

pub(super) fn run(args: &SoundArgs) -> BenchResult<()> {
    let mut tagger = Tagger::ced_tiny()?;
    let room = noise(SECONDS * CAMERA_HZ as usize);
    let window = &room[..tagger.window_samples()];
    for _ in 0..3 {
        tagger.scores(window)?;
    }
    let begun = processor_time();
    for _ in 0..FLOOR_WINDOWS {
        tagger.scores(window)?;
    }
    let model_s = (processor_time() - begun).as_secs_f64() / FLOOR_WINDOWS as f64;
    let mut rows = Vec::new();
    for (hop_ms, goal) in [(1_000, 45.0), (500, 24.0)] {
        let (took_s, looks) = listen(&room, hop_ms, &mut tagger)?;
        rows.push(Row {
            hop_ms,
            goal,
            streams: SECONDS as f64 / took_s,
            share_of_model: looks as f64 * model_s / took_s,
        });
    }
    let private_mb = private_bytes()? as f64 / 1e6;
    if args.json {
        let streams: serde_json::Map<_, _> = rows
            .iter()
            .map(|row| {
                let of =
                    json!({"streams": tenths(row.streams), "goal": row.goal, "share_of_model": row.share_of_model});
                (format!("{}ms", row.hop_ms), of)
            })
            .collect();
        println!(
            "{}",
            json!({"model_ms": model_s * 1e3, "streams": streams, "private_mb": tenths(private_mb)})
        );
        return Ok(());
    }
    println!(
        "the model alone: {:.1} ms a window of 5 s on one core; private memory {private_mb:.0} MB",
        model_s * 1e3
    );
    for row in rows {
        println!(
            "a look every {:>4} ms: {:>5.1} streams a core (goal {}), {:.0} % of the time is the model's",
            row.hop_ms,
            row.streams,
            row.goal,
            row.share_of_model * 100.0
        );
    }
    Ok(())
}

/// Listens to a room as a camera gives it, piece by piece, every window looked at. Returns the processor's seconds and the looks.
fn listen(room: &[f32], hop_ms: u64, tagger: &mut Tagger) -> BenchResult<(f64, u64)> {
    let settings = ListenerSettings {
        sounds: vec![Sound::new("baby_cry", None, &Classes::audioset())?],
        hop: Duration::from_millis(hop_ms),
        gate: GateSettings {
            is_on: false,
            ..GateSettings::default()
        },
    };
    let mut listener = Listener::new(&settings, tagger, 0.0);
    let mut resampler = Resampler::new(CAMERA_HZ)?;
    let (mut ready, mut looks) = (Vec::new(), 0);
    let begun = processor_time();
    for piece in room.chunks(CAMERA_HZ as usize / 50) {
        ready.clear();
        resampler.push(piece, &mut ready);
        listener.push(&ready, tagger, &mut |told| {
            looks += u64::from(matches!(told, bushbaby_sound::listener::Told::Scores { .. }));
        })?;
    }
    Ok(((processor_time() - begun).as_secs_f64(), looks))
}

/// What all threads of this process have used of the processor.
fn processor_time() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec.unsigned_abs() as u32)
}

/// Memory that this process shares with no other.
fn private_bytes() -> BenchResult<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let kilobytes = text
        .lines()
        .filter(|line| line.starts_with("Private_"))
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    Ok(kilobytes.sum::<u64>() * 1024)
}

/// A room that is the same in every run.
fn noise(length: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / 8_388_608.0 - 1.0) * 0.01
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
