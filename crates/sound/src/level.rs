//! How loud it is, in decibels relative to full scale.

/// What silence is called: far below what any microphone gives.
pub const SILENCE_DBFS: f64 = -120.0;

/// Loudness of a piece of sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loudness {
    /// Root mean square, dB relative to full scale; [`SILENCE_DBFS`] for silence.
    pub rms_dbfs: f64,
    /// The largest sample, likewise.
    pub peak_dbfs: f64,
}

/// How loud samples are; full scale is ±1.
pub fn loudness(samples: &[f32]) -> Loudness {
    let (mut sum, mut peak) = (0.0_f64, 0.0_f64);
    for sample in samples {
        let sample = f64::from(*sample);
        sum += sample * sample;
        peak = peak.max(sample.abs());
    }
    Loudness {
        rms_dbfs: dbfs((sum / samples.len().max(1) as f64).sqrt()),
        peak_dbfs: dbfs(peak),
    }
}

/// An amplitude in decibels.
pub fn dbfs(amplitude: f64) -> f64 {
    if amplitude.is_finite() {
        (20.0 * amplitude.log10()).max(SILENCE_DBFS)
    } else {
        SILENCE_DBFS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_zero_and_silence_has_an_end() {
        let loud = loudness(&[1.0, -1.0]);
        assert_eq!((loud.rms_dbfs, loud.peak_dbfs), (0.0, 0.0));
        let half = loudness(&[0.5, 0.0, 0.5, 0.0]);
        assert!((half.rms_dbfs + 9.03).abs() < 0.01 && (half.peak_dbfs + 6.02).abs() < 0.01);
        for silent in [&[] as &[f32], &[0.0; 8]] {
            assert_eq!(loudness(silent).rms_dbfs, SILENCE_DBFS);
        }
    }
}
