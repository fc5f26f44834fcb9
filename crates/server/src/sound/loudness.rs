//! How loud it is, where no stage says so. Pure.

/// Silence, and the least level there is.
const LEAST_DB: f32 = -120.0;

/// Follows the level of one stream.
#[derive(Debug, Default)]
pub(super) struct Loudness {
    sum: f64,
    peak: f32,
    samples: usize,
}

/// dB relative to full scale over the last quarter second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Loud {
    pub(super) rms_dbfs: f64,
    pub(super) peak_dbfs: f64,
}

impl Loudness {
    /// Takes in samples; returns the level once it knows a quarter second.
    pub(super) fn push(&mut self, mono: &[f32], rate_hz: u32) -> Option<Loud> {
        self.sum += mono.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
        self.peak = mono.iter().fold(self.peak, |peak, sample| peak.max(sample.abs()));
        self.samples += mono.len();
        if self.samples * 4 < rate_hz as usize || self.samples == 0 {
            return None;
        }
        let rms = (self.sum / self.samples as f64).sqrt() as f32;
        let loud = Loud {
            rms_dbfs: dbfs(rms),
            peak_dbfs: dbfs(self.peak),
        };
        *self = Self::default();
        Some(loud)
    }
}

fn dbfs(value: f32) -> f64 {
    let db = 20.0 * value.log10();
    // What is no number is silence.
    f64::from(if db.is_nan() {
        LEAST_DB
    } else {
        db.clamp(LEAST_DB, -LEAST_DB)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_second_makes_one_level() {
        let mut loudness = Loudness::default();
        let wave: Vec<f32> = (0..2_000).map(|at| if at % 2 == 0 { 0.1 } else { -0.1 }).collect();
        assert_eq!(loudness.push(&wave[..1_000], 8_000), None);
        let loud = loudness.push(&wave[..1_000], 8_000).unwrap();
        assert!(
            (loud.rms_dbfs + 20.0).abs() < 0.01 && (loud.peak_dbfs + 20.0).abs() < 0.01,
            "{loud:?}"
        );
    }

    #[test]
    fn every_level_is_a_number() {
        for wave in [vec![0.0; 4_000], vec![f32::MAX; 4_000], vec![f32::NAN; 4_000]] {
            let loud = Loudness::default().push(&wave, 8_000).unwrap();
            assert!(
                loud.rms_dbfs.abs() <= 120.0 && loud.peak_dbfs.abs() <= 120.0,
                "{loud:?}"
            );
        }
        assert_eq!(Loudness::default().push(&[], 8_000), None);
    }
}
