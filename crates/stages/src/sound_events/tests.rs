use std::time::Duration;

use bushbaby_bus::{
    CaptureClock, CaptureTime, Frame, Instance, MonoTime, ReadOptions, ReadPolicy, StreamName, Subscriber, WallTime,
};
use bushbaby_node::audio::{AudioMeta, Samples};
use bushbaby_node::{NodeContext, testing};
use bushbaby_sound::results::{EventState, Events, Level, Scores, SoundEvent};
use serde::de::DeserializeOwned;

use super::*;

/// What the model is sure of without a recording: a tone of 1 kHz.
const TONE: &str = r#"{"listen_for": {"sine_wave": 0.2}, "noise_gate": false}"#;
const PIECE_S: f64 = 0.2;
/// 2026-01-02T03:04:05Z.
const BEGIN_NS: i64 = 1_767_323_045_000_000_000;

const AUDIO: OutputSpec = OutputSpec {
    name: "audio",
    carries: Carries::Audio,
    owes_frames: true,
};

/// The stage on a real bus, with the readers of its outputs.
struct Rig {
    instance: Instance,
    context: NodeContext,
    stage: SoundEvents,
    outputs: Outputs,
    readers: [Subscriber; 3],
    /// Each once.
    events: Vec<SoundEvent>,
    told_again: usize,
    scores: Vec<Scores>,
    levels: Vec<Level>,
}

impl Rig {
    fn new(test: &str, settings: &str) -> Self {
        let instance = testing::instance(test);
        let context = testing::context(&instance, "cry", "sound_events", vec![]).unwrap();
        let settings: Settings = serde_json::from_str(settings).unwrap();
        let stage = SoundEvents::open(settings, &context).unwrap();
        let outputs = Outputs::open(&context, SoundEvents::OUTPUTS).unwrap();
        let readers = ["events", "scores", "level"].map(|name| reader(&context, "cry", name));
        Self {
            instance,
            context,
            stage,
            outputs,
            readers,
            events: Vec::new(),
            told_again: 0,
            scores: Vec::new(),
            levels: Vec::new(),
        }
    }

    fn camera(&self, name: &str) -> Camera {
        let context = testing::context(&self.instance, name, "rtsp", vec![]).unwrap();
        Camera {
            outputs: Outputs::open(&context, const { &[AUDIO] }).unwrap(),
            reader: reader(&self.context, name, "audio"),
            name: name.to_owned(),
            rate_hz: 16_000,
            channels: 1,
            position: 0,
            at_ns: 0,
        }
    }

    fn hear(&mut self, frame: Frame) {
        self.stage.process(frame, &mut self.outputs).unwrap();
        let [events, scores, levels] = &self.readers;
        for event in all::<Events>(events).into_iter().flat_map(|events| events.items) {
            if self.events.contains(&event) {
                self.told_again += 1;
            } else {
                self.events.push(event);
            }
        }
        self.scores.extend(all::<Scores>(scores));
        self.levels.extend(all::<Level>(levels));
    }

    /// Lets the stage hear seconds of a camera, `at` giving a sample for each time of the stream.
    fn play(&mut self, camera: &mut Camera, seconds: f64, at: impl Fn(f64) -> f32) {
        for _ in 0..(seconds / PIECE_S).round() as u32 {
            let frame = camera.piece(&at);
            self.hear(frame);
        }
    }

    fn states(&self) -> Vec<EventState> {
        self.events.iter().map(|event| event.state).collect()
    }
}

struct Camera {
    outputs: Outputs,
    reader: Subscriber,
    name: String,
    rate_hz: u32,
    channels: usize,
    position: u64,
    at_ns: u64,
}

impl Camera {
    fn piece(&mut self, at: &impl Fn(f64) -> f32) -> Frame {
        let length = (f64::from(self.rate_hz) * PIECE_S) as u64;
        let time = |i: u64| (self.position + i) as f64 / f64::from(self.rate_hz);
        let samples: Vec<f32> = (0..length)
            .flat_map(|i| std::iter::repeat_n(at(time(i)), self.channels))
            .collect();
        let meta = AudioMeta::new(&self.name, self.rate_hz, self.position);
        let captured = CaptureTime {
            mono: MonoTime::from_ns(MonoTime::now().as_ns() + self.at_ns),
            wall: WallTime::from_ns(BEGIN_NS + self.at_ns as i64),
            known_by: CaptureClock::Packet,
        };
        self.position += length;
        self.at_ns += (PIECE_S * 1e9) as u64;
        audio::send(
            &mut self.outputs,
            "audio",
            Samples::F32(&samples),
            self.channels,
            &meta,
            captured,
            None,
        )
        .unwrap();
        self.reader
            .recv(Duration::from_secs(10))
            .unwrap()
            .expect("the piece arrives")
    }
}

fn reader(context: &NodeContext, node: &str, output: &str) -> Subscriber {
    let options = ReadOptions {
        policy: ReadPolicy::Queue(16),
        ..ReadOptions::default()
    };
    context
        .bus
        .subscriber(&StreamName::new(node, output).unwrap(), options)
        .unwrap()
}

fn all<T: DeserializeOwned>(reader: &Subscriber) -> Vec<T> {
    let mut found = Vec::new();
    while let Some(frame) = reader.try_recv().unwrap() {
        found.push(serde_json::from_slice(frame.body()).unwrap());
    }
    found
}

fn tone(t: f64) -> f32 {
    (0.2 * (std::f64::consts::TAU * 1_000.0 * t).sin()) as f32
}

/// Noise, but a tone from 8 s to 14 s.
fn tone_in_noise(t: f64) -> f32 {
    let noise = ((t * 12_345.678).sin() * 43_758.547).fract() as f32;
    0.002 * noise + if (8.0..14.0).contains(&t) { tone(t) } else { 0.0 }
}

#[test]
fn a_sound_begins_and_ends_under_one_name_with_times_of_day() {
    let mut rig = Rig::new("begins", TONE);
    let mut camera = rig.camera("door");
    rig.play(&mut camera, 25.0, tone_in_noise);
    assert_eq!(rig.states(), [EventState::Began, EventState::Ended]);
    let [began, ended] = &rig.events[..] else {
        unreachable!()
    };
    assert_eq!(
        (began.id.as_str(), began.sound.as_str()),
        (ended.id.as_str(), "sine_wave")
    );
    assert!(began.id.starts_with("cry-"), "{}", began.id);
    assert!((7.0..10.5).contains(&began.start_s), "{began:?}");
    assert!((8.5..12.5).contains(&began.decided_s), "{began:?}");
    assert!(
        ended.end_s.is_some_and(|end_s| (12.5..17.0).contains(&end_s)),
        "{ended:?}"
    );
    let decided: jiff::Timestamp = began.decided_at.parse().unwrap();
    let expected_ms = BEGIN_NS / 1_000_000 + (began.decided_s * 1e3) as i64;
    assert!((decided.as_millisecond() - expected_ms).abs() <= 1, "{began:?}");
    // Told anew every other second, so that whoever starts in between misses nothing.
    assert!((8..=14).contains(&rig.told_again), "{}", rig.told_again);
}

#[test]
fn levels_and_scores_come_with_the_sound() {
    let mut rig = Rig::new("levels", TONE);
    let mut camera = rig.camera("door");
    rig.play(&mut camera, 6.0, tone);
    assert_eq!(rig.levels.len(), 24);
    assert!(
        rig.levels
            .iter()
            .all(|level| level.source == "door" && (level.rms_dbfs + 17.0).abs() < 0.2)
    );
    assert_eq!(
        rig.scores.len(),
        9,
        "the first after two seconds, then every half second"
    );
    let last = rig.scores.last().unwrap();
    assert_eq!((last.window_s, last.gate_open), (5.0, true));
    let score = last.sounds["sine_wave"];
    assert!(score.score > 0.2 && score.heard && score.threshold == 0.2, "{last:?}");
}

#[test]
fn two_streams_are_listened_to_on_their_own() {
    let mut rig = Rig::new("two", TONE);
    let (mut door, mut room) = (rig.camera("door"), rig.camera("room"));
    for _ in 0..40 {
        let (loud, quiet) = (door.piece(&tone), room.piece(&|_| 0.0));
        rig.hear(loud);
        rig.hear(quiet);
    }
    assert_eq!(rig.states(), [EventState::Began]);
    assert!(
        rig.scores
            .iter()
            .all(|scores| !scores.sounds["sine_wave"].heard || scores.source == "door")
    );
}

#[test]
fn any_rate_and_any_number_of_channels_is_heard() {
    for (number, (rate_hz, channels)) in [(8_000, 1), (44_100, 2), (384_000, 3)].into_iter().enumerate() {
        let mut rig = Rig::new(&format!("rate{number}"), TONE);
        let mut camera = rig.camera("door");
        (camera.rate_hz, camera.channels) = (rate_hz, channels);
        rig.play(&mut camera, 5.0, tone);
        assert_eq!(rig.states(), [EventState::Began], "{rate_hz} Hz");
    }
}

#[test]
fn a_small_gap_is_silence_and_a_large_one_a_new_beginning() {
    let mut rig = Rig::new("gap", TONE);
    let mut camera = rig.camera("door");
    rig.play(&mut camera, 6.0, tone);
    camera.position += 16_000;
    rig.play(&mut camera, 2.0, tone);
    assert_eq!(rig.states(), [EventState::Began], "it goes on");
    camera.position += 60 * 16_000;
    rig.play(&mut camera, 4.0, tone);
    assert_eq!(rig.states(), [EventState::Began, EventState::Ended, EventState::Began]);
    assert_ne!(rig.events[1].id, rig.events[2].id);
    assert!(
        rig.events[2].start_s > 60.0,
        "seconds of the stream: {:?}",
        rig.events[2]
    );
}

#[test]
fn a_source_that_starts_again_and_a_rate_that_changes_begin_anew() {
    let mut rig = Rig::new("again", TONE);
    let mut camera = rig.camera("door");
    rig.play(&mut camera, 4.0, tone);
    camera.rate_hz = 8_000;
    rig.play(&mut camera, 4.0, tone);
    drop(camera);
    let mut camera = rig.camera("door");
    rig.play(&mut camera, 4.0, tone);
    let (began, ended) = (EventState::Began, EventState::Ended);
    assert_eq!(rig.states(), [began, ended, began, ended, began]);
}

#[test]
fn what_is_no_sound_is_passed_over_and_what_is_no_number_is_silence() {
    let mut rig = Rig::new("odd", TONE);
    let mut camera = rig.camera("door");
    rig.play(&mut camera, 3.0, |_| f32::NAN);
    assert!(rig.levels.iter().all(|level| level.rms_dbfs == -120.0));
    camera.rate_hz = 8;
    let frame = camera.piece(&|_| 0.0);
    rig.hear(frame);
    camera.rate_hz = 16_000;
    camera.position = u64::MAX - 10;
    let meta = AudioMeta::new("door", 16_000, u64::MAX - 10);
    let captured = CaptureTime::now(CaptureClock::Packet);
    audio::send(
        &mut camera.outputs,
        "audio",
        Samples::I16(&[i16::MIN; 320]),
        1,
        &meta,
        captured,
        None,
    )
    .unwrap();
    let frame = camera.reader.recv(Duration::from_secs(10)).unwrap().unwrap();
    rig.hear(frame);
}
