//! Sound on the bus: which array holds it, and what the body says.
//!
//! One frame is a short piece of sound, 20 to 200 ms. Its one array `audio` has the shape (samples, channels), int16 or float32
//! (full scale is ±1), encoding `pcm`. Its capture time is that of its first sample. The body:
//!
//! ```json
//! {"type":"audio","version":1,"source":"door","sample_rate_hz":16000,"position":48000,"filled":0}
//! ```
//!
//! `position` counts the samples (of each channel) before this piece since the stream began, so that a reader sees what it missed;
//! `filled` is how many samples of this piece are silence in the place of sound that never came.

pub mod follow;
pub mod windows;

use bushbaby_bus::{ArrayLayout, CaptureTime, DType, Frame, Origin};
use serde::{Deserialize, Serialize};

use crate::{NodeError, Outputs};

/// The rates that a reader takes.
pub const SAMPLE_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// The most channels that a reader takes.
pub const MOST_CHANNELS: usize = 64;

/// The longest piece that a reader takes, in samples of all channels together.
const MOST_SAMPLES: usize = 16 << 20;

/// What a piece of sound says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioMeta {
    /// Always `audio`.
    #[serde(rename = "type")]
    pub kind: AudioKind,
    /// 1.
    pub version: u32,
    /// The camera or microphone (the node) that heard it.
    pub source: String,
    /// Samples a second of each channel.
    pub sample_rate_hz: u32,
    /// Samples of each channel before this piece, since the stream began.
    pub position: u64,
    /// How many samples of each channel are silence in the place of sound that never came.
    #[serde(default)]
    pub filled: u64,
}

/// The word in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AudioKind {
    /// `audio`.
    Audio,
}

impl AudioMeta {
    /// A piece of `source`'s sound, nothing of it filled in.
    pub fn new(source: &str, sample_rate_hz: u32, position: u64) -> Self {
        Self {
            kind: AudioKind::Audio,
            version: 1,
            source: source.to_owned(),
            sample_rate_hz,
            position,
            filled: 0,
        }
    }
}

/// Why a frame is no sound that can be read.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// It has no array `audio`.
    #[error("stream `{stream}` carries no sound (its frames have no array `audio`)")]
    NotSound {
        /// The stream.
        stream: String,
    },
    /// Its array has another form.
    #[error("stream `{stream}`: sound is an array of int16 or float32 (samples, channels), got {got}")]
    Array {
        /// The stream.
        stream: String,
        /// Type and shape that were there.
        got: String,
    },
    /// Its body says nothing that can be read.
    #[error("stream `{stream}`: its sound does not say its rate: {why}")]
    Body {
        /// The stream.
        stream: String,
        /// What is wrong with the body.
        why: String,
    },
    /// Its rate or its number of channels is none that sound has.
    #[error("stream `{stream}`: {channels} channels of {sample_rate_hz} Hz, wanted 1 to {MOST_CHANNELS} channels of {} to {} Hz", SAMPLE_RATES_HZ.start(), SAMPLE_RATES_HZ.end())]
    Unlikely {
        /// The stream.
        stream: String,
        /// Channels that were there.
        channels: usize,
        /// The rate that was there.
        sample_rate_hz: u32,
    },
}

/// Samples of all channels in turn (left, right, left, right …).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Samples<'a> {
    /// Full scale is ±32,768.
    I16(&'a [i16]),
    /// Full scale is ±1.
    F32(&'a [f32]),
}

/// A piece of sound in a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioView<'f> {
    /// What it says of itself.
    pub meta: AudioMeta,
    /// How many channels there are.
    pub channels: usize,
    /// The sound.
    pub samples: Samples<'f>,
}

impl AudioView<'_> {
    /// Samples of each channel.
    pub fn len(&self) -> usize {
        let all = match self.samples {
            Samples::I16(samples) => samples.len(),
            Samples::F32(samples) => samples.len(),
        };
        all / self.channels
    }

    /// Whether there is no sample at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the mean of all channels, full scale ±1. What is no number counts as silence.
    pub fn append_mono(&self, to: &mut Vec<f32>) {
        let scale = 1.0 / self.channels as f32;
        let finite = |sample: f32| if sample.is_finite() { sample } else { 0.0 };
        match self.samples {
            Samples::I16(samples) => to.extend(
                samples
                    .chunks_exact(self.channels)
                    .map(|all| all.iter().map(|sample| f32::from(*sample)).sum::<f32>() * (scale / 32_768.0)),
            ),
            Samples::F32(samples) => to.extend(
                samples
                    .chunks_exact(self.channels)
                    .map(|all| finite(all.iter().copied().map(finite).sum::<f32>() * scale)),
            ),
        }
    }
}

/// Looks at a frame as a piece of sound, without a copy.
///
/// # Errors
/// [`AudioError`], when it is none, or a damaged one.
pub fn view(frame: &Frame) -> Result<AudioView<'_>, AudioError> {
    let stream = || frame.stream().to_string();
    let array = frame
        .array("audio")
        .ok_or_else(|| AudioError::NotSound { stream: stream() })?;
    let meta: AudioMeta = serde_json::from_slice(frame.body()).map_err(|error| AudioError::Body {
        stream: stream(),
        why: error.to_string(),
    })?;
    let odd = || AudioError::Array {
        stream: stream(),
        got: format!("{} {:?}", array.info.dtype.name(), array.info.shape),
    };
    let [length, channels] = *array.info.shape.as_slice() else {
        return Err(odd());
    };
    if !(1..=MOST_CHANNELS).contains(&channels) || !SAMPLE_RATES_HZ.contains(&meta.sample_rate_hz) {
        return Err(AudioError::Unlikely {
            stream: stream(),
            channels,
            sample_rate_hz: meta.sample_rate_hz,
        });
    }
    let wanted = length.checked_mul(channels).filter(|count| *count <= MOST_SAMPLES);
    let samples = match array.info.dtype {
        DType::I16 => bytemuck::try_cast_slice(array.bytes).ok().map(Samples::I16),
        DType::F32 => bytemuck::try_cast_slice(array.bytes).ok().map(Samples::F32),
        _ => None,
    };
    let there = samples.map(|samples| match samples {
        Samples::I16(samples) => samples.len(),
        Samples::F32(samples) => samples.len(),
    });
    match samples {
        Some(samples) if array.info.is_tight() && there == wanted => Ok(AudioView {
            meta,
            channels,
            samples,
        }),
        _ => Err(odd()),
    }
}

/// Sends a piece of sound: one copy. `captured` is the time of its first sample.
///
/// # Errors
/// When the memory is not there, or the samples do not fill all channels.
pub fn send(
    outputs: &mut Outputs,
    output: &str,
    samples: Samples<'_>,
    channels: usize,
    meta: &AudioMeta,
    captured: CaptureTime,
    origin: Option<&Origin>,
) -> Result<(), NodeError> {
    let (dtype, count, bytes): (_, _, &[u8]) = match samples {
        Samples::I16(samples) => (DType::I16, samples.len(), bytemuck::cast_slice(samples)),
        Samples::F32(samples) => (DType::F32, samples.len(), bytemuck::cast_slice(samples)),
    };
    if channels == 0 || !count.is_multiple_of(channels) {
        return Err(NodeError::new(format!(
            "{count} samples do not fill {channels} channels of sound"
        )));
    }
    let layout = ArrayLayout::new("audio", dtype, vec![count / channels, channels]).with_encoding("pcm");
    let body = serde_json::to_vec(meta)
        .map_err(|error| NodeError::new(format!("what a piece of sound says of itself is no JSON: {error}")))?;
    outputs.send(output, &[(&layout, bytes)], &body, captured, origin)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bushbaby_bus::{CaptureClock, ReadOptions, ReadPolicy, StreamName};

    use super::*;
    use crate::{Carries, OutputSpec, testing};

    const OUTPUT: OutputSpec = OutputSpec {
        name: "audio",
        carries: Carries::Audio,
        owes_frames: true,
    };

    /// What a reader gets of what `send` sends.
    fn received(test: &str, send: impl FnOnce(&mut Outputs) -> Result<(), NodeError>) -> Frame {
        let instance = testing::instance(test);
        let context = testing::context(&instance, "door", "rtsp", vec![]).unwrap();
        let mut outputs = Outputs::open(&context, &[OUTPUT]).unwrap();
        let options = ReadOptions {
            policy: ReadPolicy::Queue(4),
            ..ReadOptions::default()
        };
        let stream = StreamName::new("door", "audio").unwrap();
        let reader = context.bus.subscriber(&stream, options).unwrap();
        send(&mut outputs).unwrap();
        reader.recv(Duration::from_secs(10)).unwrap().unwrap()
    }

    #[test]
    fn what_is_sent_is_read_again_and_mixed_to_one_channel() {
        let frame = received("audio-i16", |out| {
            let meta = AudioMeta::new("door", 8_000, 160);
            let captured = CaptureTime::now(CaptureClock::Packet);
            super::send(
                out,
                "audio",
                Samples::I16(&[100, 300, -32_768, -32_768]),
                2,
                &meta,
                captured,
                None,
            )
        });
        let view = view(&frame).unwrap();
        assert_eq!((view.channels, view.len(), view.meta.position), (2, 2, 160));
        let mut mono = Vec::new();
        view.append_mono(&mut mono);
        assert_eq!(mono, [200.0 / 32_768.0, -1.0]);
    }

    #[test]
    fn what_is_no_number_is_silence() {
        let frame = received("audio-nan", |out| {
            let meta = AudioMeta::new("door", 48_000, 0);
            let samples = [f32::NAN, 0.5, f32::INFINITY, f32::MAX];
            let captured = CaptureTime::now(CaptureClock::Packet);
            super::send(out, "audio", Samples::F32(&samples), 1, &meta, captured, None)
        });
        let mut mono = Vec::new();
        view(&frame).unwrap().append_mono(&mut mono);
        assert_eq!(mono, [0.0, 0.5, 0.0, f32::MAX]);
    }

    #[test]
    fn unlikely_sound_is_refused_in_words() {
        for (rate_hz, channels, said) in [(8, 1, "1 channels of 8 Hz"), (8_000, 65, "65 channels of 8000 Hz")] {
            let frame = received(&format!("audio-odd-{rate_hz}"), |out| {
                let meta = AudioMeta::new("door", rate_hz, 0);
                let captured = CaptureTime::now(CaptureClock::Packet);
                super::send(
                    out,
                    "audio",
                    Samples::I16(&vec![0; channels]),
                    channels,
                    &meta,
                    captured,
                    None,
                )
            });
            let error = view(&frame).unwrap_err().to_string();
            assert!(
                error.starts_with("stream `door/audio`: ") && error.contains(said),
                "{error}"
            );
        }
    }
}
