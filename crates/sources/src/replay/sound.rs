//! Sound of a recording: what a piece must be, and where it stands in its stream.

use bushbaby_bus::DType;
use bushbaby_node::audio::{AudioMeta, MOST_CHANNELS, SAMPLE_RATES_HZ};
use bushbaby_recording::messages::sound::FORMAT;
use bushbaby_recording::read::Sound;
use serde_json::Value;

use super::frame::PlayedArray;

/// Pieces that are not further apart follow each other: so much do capture times waver.
const WAVERS_NS: i128 = 20_000_000;

/// Why a piece of sound is not played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSound {
    #[error("its sound is `{0}`, which is not played; {FORMAT} is")]
    Format(String),
    #[error("its sound has {channels} channels of {sample_rate_hz} Hz, wanted 1 to {MOST_CHANNELS} channels of {} to {} Hz", SAMPLE_RATES_HZ.start(), SAMPLE_RATES_HZ.end())]
    Unlikely { channels: u32, sample_rate_hz: u32 },
    #[error("a piece of its sound has {bytes} bytes, which are no whole samples of {channels} channels")]
    Length { bytes: usize, channels: u32 },
}

/// A piece that can be played: its samples as an array, and its rate.
pub(super) fn array(sound: Sound) -> Result<(PlayedArray, u32), NoSound> {
    let (channels, sample_rate_hz) = (sound.channels, sound.sample_rate_hz);
    if sound.format != FORMAT {
        return Err(NoSound::Format(sound.format));
    }
    let count = usize::try_from(channels).unwrap_or(usize::MAX);
    if !(1..=MOST_CHANNELS).contains(&count) || !SAMPLE_RATES_HZ.contains(&sample_rate_hz) {
        return Err(NoSound::Unlikely {
            channels,
            sample_rate_hz,
        });
    }
    let bytes = sound.data.len();
    if bytes == 0 || !bytes.is_multiple_of(2 * count) {
        return Err(NoSound::Length { bytes, channels });
    }
    let mut array = PlayedArray::new("audio", DType::I16, vec![bytes / 2 / count, count], sound.data);
    array.layout = array.layout.with_encoding("pcm");
    Ok((array, sample_rate_hz))
}

/// What a piece says of itself.
pub(super) fn body(source: &str, sample_rate_hz: u32, position: u64) -> Value {
    // Text and numbers always become JSON.
    serde_json::to_value(AudioMeta::new(source, sample_rate_hz, position)).unwrap_or_default()
}

/// Where the pieces of a stream stand: `position` goes on from one to the next, and moves on where some are missing.
#[derive(Debug, Default)]
pub(super) struct Positions {
    next: Option<Next>,
}

#[derive(Debug, Clone, Copy)]
struct Next {
    position: u64,
    ns: i128,
}

impl Positions {
    /// The position of a piece of `samples` (of each channel) whose first is of `ns`.
    pub(super) fn place(&mut self, ns: u64, samples: usize, sample_rate_hz: u32) -> u64 {
        let (ns, rate) = (i128::from(ns), i128::from(sample_rate_hz));
        let position = self.next.map_or(0, |next| {
            let missing_ns = ns - next.ns;
            let missing = if missing_ns > WAVERS_NS {
                (missing_ns * rate + 500_000_000) / 1_000_000_000
            } else {
                0
            };
            next.position.saturating_add(u64::try_from(missing).unwrap_or(u64::MAX))
        });
        let samples = u64::try_from(samples).unwrap_or(u64::MAX);
        self.next = Some(Next {
            position: position.saturating_add(samples),
            ns: ns + i128::from(samples) * 1_000_000_000 / rate.max(1),
        });
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    const MS: u64 = 1_000_000;

    fn sound(format: &str, channels: u32, sample_rate_hz: u32, bytes: usize) -> Sound {
        Sound {
            format: format.to_owned(),
            sample_rate_hz,
            channels,
            data: Bytes::from(vec![0; bytes]),
        }
    }

    #[test]
    fn times_that_waver_leave_no_gap_and_a_real_one_moves_the_position_on() {
        let mut positions = Positions::default();
        let starts_ms = [1000, 1105, 1195, 1300, 1450, 1400];
        let placed = starts_ms.map(|ms| positions.place(ms * MS, 800, 8_000));
        assert_eq!(placed, [0, 800, 1600, 2400, 3600, 4400]);
    }

    #[test]
    fn a_clock_that_drifts_slowly_is_no_gap() {
        let mut positions = Positions::default();
        for number in 0..1000 {
            assert_eq!(positions.place(number * 101 * MS, 1600, 16_000), number * 1600);
        }
    }

    #[test]
    fn what_is_no_sound_is_refused_in_words() {
        let refused = |sound: Sound| array(sound).unwrap_err().to_string();
        assert_eq!(
            refused(sound("opus", 1, 48_000, 4)),
            "its sound is `opus`, which is not played; pcm-s16 is"
        );
        assert_eq!(
            refused(sound("pcm-s16", 65, 0, 130)),
            "its sound has 65 channels of 0 Hz, wanted 1 to 64 channels of 4000 to 384000 Hz"
        );
        for bytes in [0, 3, 6] {
            let wanted = format!("a piece of its sound has {bytes} bytes, which are no whole samples of 2 channels");
            assert_eq!(refused(sound("pcm-s16", 2, 8_000, bytes)), wanted);
        }
        let (played, rate) = array(sound("pcm-s16", 2, 8_000, 12)).unwrap();
        assert_eq!((played.layout.shape, rate), (vec![3, 2], 8_000));
    }

    proptest! {
        #[test]
        fn any_times_and_rates_have_a_position_that_never_goes_back(
            pieces in proptest::collection::vec((any::<u64>(), any::<usize>(), any::<u32>()), 1..20),
        ) {
            let mut positions = Positions::default();
            let placed: Vec<u64> = pieces.iter().map(|(ns, samples, rate)| positions.place(*ns, *samples, *rate)).collect();
            prop_assert!(placed.is_sorted());
        }

        #[test]
        fn any_sound_is_an_array_or_refused(
            is_known: bool, channels: u32, sample_rate_hz: u32, bytes in 0..300_usize,
        ) {
            let format = if is_known { "pcm-s16" } else { "pcm-s24" };
            let _ = array(sound(format, channels, sample_rate_hz, bytes));
            let _ = array(sound(format, channels % 70, sample_rate_hz % 400_000, bytes));
        }
    }
}
