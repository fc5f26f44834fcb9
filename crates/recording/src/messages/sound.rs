//! Sound.

use foxglove::messages::RawAudio;

use super::{encoded, timestamp};

/// The one form that is written: samples of all channels in turn, 16 bits each, little-endian.
pub const FORMAT: &str = "pcm-s16";

/// `foxglove.RawAudio` of a piece of sound whose first sample is of `wall_ns`; left, right, left, right …
pub fn sound(wall_ns: u64, sample_rate_hz: u32, channels: usize, samples: impl IntoIterator<Item = i16>) -> Vec<u8> {
    let data: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
    encoded(&RawAudio {
        timestamp: Some(timestamp(wall_ns)),
        data: data.into(),
        format: FORMAT.to_owned(),
        sample_rate: sample_rate_hz,
        number_of_channels: u32::try_from(channels).unwrap_or(u32::MAX),
    })
}

/// A sample of full scale ±1 in 16 bits: to the nearest; what is louder is cut off, what is no number is silence.
pub fn to_i16(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}
