//! Sound as it goes to a page that listens: one channel, 16 bits, at most 48 kHz. Pure.

/// What a page is sent at most: its own rate where that is not higher, else every second, third, … value.
const HIGHEST_HZ: u32 = 48_000;
/// Of a longer piece only the end is sent, in milliseconds.
const LONGEST_MS: usize = 500;

/// Samples as bytes, little endian.
#[derive(Debug, PartialEq)]
pub(super) struct Pcm {
    pub(super) bytes: Vec<u8>,
    pub(super) rate_hz: u32,
    /// How much of the beginning was left out, in seconds.
    pub(super) left_out_s: f64,
}

/// `mono` is full scale ±1.
pub(super) fn pcm(mono: &[f32], rate_hz: u32) -> Pcm {
    let step = rate_hz.div_ceil(HIGHEST_HZ).max(1);
    let most = rate_hz as usize * LONGEST_MS / 1000;
    let left_out = mono.len().saturating_sub(most);
    let mono = mono.get(left_out..).unwrap_or_default();
    let mean = |samples: &[f32]| samples.iter().sum::<f32>() / samples.len() as f32;
    let samples = mono.chunks_exact(step as usize).map(mean);
    Pcm {
        bytes: samples.flat_map(|sample| sample_of(sample).to_le_bytes()).collect(),
        rate_hz: rate_hz / step,
        left_out_s: left_out as f64 / f64::from(rate_hz),
    }
}

/// Louder than full scale stays at full scale; what is no number is silence.
fn sample_of(value: f32) -> i16 {
    (value * 32_768.0).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(mono: &[f32], rate_hz: u32) -> (Vec<i16>, u32) {
        let made = pcm(mono, rate_hz);
        let samples = made
            .bytes
            .chunks_exact(2)
            .map(|two| i16::from_le_bytes([two[0], two[1]]));
        (samples.collect(), made.rate_hz)
    }

    #[test]
    fn samples_keep_their_rate_and_stay_within_full_scale() {
        let mono = [0.0, 0.5, 1.0, -1.0, 1e30, -1e30, f32::NAN];
        assert_eq!(
            samples(&mono, 16_000),
            (vec![0, 16_384, 32_767, -32_768, 32_767, -32_768, 0], 16_000)
        );
    }

    #[test]
    fn more_than_a_page_can_use_is_made_less() {
        assert_eq!(
            samples(&[0.25, 0.75, -0.5, -0.5, 1.0], 96_000),
            (vec![16_384, -16_384], 48_000)
        );
        assert_eq!(samples(&[0.0; 1_000], 384_000).1, 48_000);
        assert_eq!(samples(&[0.0; 1_000], 44_100).1, 44_100);
        assert_eq!(samples(&[0.0; 80_000], 8_000).0.len(), 4_000);
        assert_eq!(pcm(&[0.0; 80_000], 8_000).left_out_s, 9.5);
    }
}
