//! A program beside a pipeline: a made room in which something like a baby cries for four seconds out of every twelve, with what a
//! stage would say of it, until it is ended. For the page's tests in a browser, and to look at the page without a microphone.
//!
//! ```sh
//! BUSHBABY_INSTANCE=default cargo run --example made_sound cot cry@cot
//! ```

use std::error::Error;
use std::f32::consts::TAU;
use std::time::{Duration, Instant};

use bushbaby_bus::{
    ArrayLayout, Bus, CaptureClock, CaptureTime, DType, Instance, Publisher, PublisherOptions, StreamName, WallTime,
};
use bushbaby_node::audio::AudioMeta;
use serde_json::{Value, json};

const RATE_HZ: u32 = 16_000;
/// Samples of a piece: 50 ms.
const PIECE: usize = 800;
/// In seconds: the room is quiet until the first, and again after the second; then it begins anew.
const CRY_S: [f64; 2] = [6.0, 10.0];
const ROUND_S: f64 = 12.0;
const THRESHOLD: f64 = 0.042;

struct Stage {
    name: String,
    source: String,
    events: Publisher,
    scores: Publisher,
    level: Publisher,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut names = std::env::args().skip(1);
    let source = names.next().ok_or("the name of the source is missing")?;
    let name = names.next().ok_or("the name of the stage is missing")?;
    let bus = Bus::open(&Instance::from_environment()?)?;
    let open = |node: &str, output| -> Result<Publisher, Box<dyn Error>> {
        Ok(bus.publisher(&StreamName::new(node, output)?, PublisherOptions::default())?)
    };
    let audio = open(&source, "audio")?;
    let stage = Stage {
        events: open(&name, "events")?,
        scores: open(&name, "scores")?,
        level: open(&name, "level")?,
        name,
        source,
    };
    let (start, mut noise) = (Instant::now(), 1_u32);
    for piece in 0_u64.. {
        let position = piece * PIECE as u64;
        let samples: Vec<f32> = (0..PIECE as u64)
            .map(|at| sample((position + at) as f64 / f64::from(RATE_HZ), &mut noise))
            .collect();
        let captured = CaptureTime::now(CaptureClock::Received);
        let layout = ArrayLayout::new("audio", DType::F32, vec![PIECE, 1]).with_encoding("pcm");
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let meta = serde_json::to_vec(&AudioMeta::new(&stage.source, RATE_HZ, position))?;
        audio.send(&[(&layout, &bytes)], &meta, captured, None)?;
        stage.say(piece, &samples, captured)?;
        let next = Duration::from_secs_f64((position + PIECE as u64) as f64 / f64::from(RATE_HZ));
        std::thread::sleep(next.saturating_sub(start.elapsed()));
    }
    Ok(())
}

/// The room hums and hisses at about −50 dBFS; the cry is a row of harmonics that rises and falls.
fn sample(at_s: f64, noise: &mut u32) -> f32 {
    *noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    let hiss = (*noise >> 8) as f32 / (1 << 24) as f32 - 0.5;
    let hum = (TAU * (at_s * 100.0).fract() as f32).sin();
    let in_round = at_s % ROUND_S;
    let mut value = 0.006 * hiss + 0.003 * hum;
    if (CRY_S[0]..CRY_S[1]).contains(&in_round) {
        let breath = ((in_round - CRY_S[0]) % 1.0) as f32;
        let loud = if breath < 0.75 {
            (TAU / 1.5 * breath).sin().abs() * 0.08
        } else {
            0.0
        };
        // The integral of 420 Hz + 80 Hz · sin(2π·1.3 t).
        let turns =
            420.0 * in_round - 80.0 / (std::f64::consts::TAU * 1.3) * (std::f64::consts::TAU * 1.3 * in_round).cos();
        value += (1..12)
            .map(|harmonic| (TAU * (turns * f64::from(harmonic)).fract() as f32).sin() / harmonic as f32)
            .sum::<f32>()
            * loud;
    }
    value
}

impl Stage {
    /// What a stage would say after this piece.
    fn say(&self, piece: u64, samples: &[f32], captured: CaptureTime) -> Result<(), Box<dyn Error>> {
        let end_s = ((piece + 1) * PIECE as u64) as f64 / f64::from(RATE_HZ);
        let (round, in_round) = ((end_s / ROUND_S) as u64, end_s % ROUND_S);
        if piece.is_multiple_of(5) {
            let mean = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32;
            let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            self.send(
                &self.level,
                captured,
                json!({"type": "level", "version": 1, "source": self.source,
                "rms_dbfs": 10.0 * mean.log10(), "peak_dbfs": 20.0 * peak.log10(), "floor_dbfs": -50.0}),
            )?;
        }
        let is_crying = (CRY_S[0] + 1.5..CRY_S[1] + 1.0).contains(&in_round);
        if piece.is_multiple_of(10) {
            let cry = if is_crying {
                0.8 + 0.1 * (in_round * 3.0).sin()
            } else {
                0.004
            };
            let score = |score: f64| json!({"score": score, "threshold": THRESHOLD, "heard": score >= THRESHOLD});
            self.send(&self.scores, captured, json!({"type": "scores", "version": 1, "source": self.source, "window_s": 5.0,
                "gate_open": in_round > CRY_S[0], "sounds": {"baby_cry": score(cry), "dog_bark": score(0.01), "smoke_alarm": score(0.0)}}))?;
        }
        let crossed = |at_s: f64| in_round >= at_s && in_round < at_s + PIECE as f64 / f64::from(RATE_HZ) - 1e-9;
        let at = |seconds_ago: f64| time(captured.wall, seconds_ago);
        let mut event = json!({"id": format!("{}-{}-{round}", self.name, std::process::id()), "sound": "baby_cry", "state": "began",
            "score": 0.91, "start_at": at(in_round - CRY_S[0]), "decided_at": at(0.0), "start_s": end_s - 1.5, "decided_s": end_s});
        if crossed(CRY_S[1] + 1.0) {
            event["state"] = json!("ended");
            event["end_at"] = json!(at(1.0));
            event["end_s"] = json!(end_s - 1.0);
        } else if !crossed(CRY_S[0] + 1.5) {
            return Ok(());
        }
        self.send(
            &self.events,
            captured,
            json!({"type": "events", "version": 1, "source": self.source, "items": [event]}),
        )
    }

    fn send(&self, to: &Publisher, captured: CaptureTime, body: Value) -> Result<(), Box<dyn Error>> {
        to.send(&[], body.to_string().as_bytes(), captured, None)?;
        Ok(())
    }
}

/// A time of day as results write it.
fn time(now: WallTime, seconds_ago: f64) -> String {
    let at = jiff::Timestamp::from_millisecond(now.as_ns() / 1_000_000 - (seconds_ago * 1e3) as i64);
    at.unwrap_or_default().to_string()
}
