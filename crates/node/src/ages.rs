//! How old frames were: a histogram with buckets of 2 %, small enough to send with every heartbeat.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Each bucket is this much wider than the one before.
const GROWTH: f64 = 1.02;
/// Ages below this share the first bucket.
const FIRST_MS: f64 = 0.001;

/// Ages of frames, in buckets that each span 2 %. Merging two loses nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ages {
    buckets: BTreeMap<u16, u64>,
}

/// The percentiles that every table and every JSON object shows, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AgePercentiles {
    /// Half of the frames were younger.
    pub p50: f64,
    /// Nineteen of twenty were younger.
    pub p95: f64,
    /// Ninety-nine of a hundred were younger.
    pub p99: f64,
}

impl Ages {
    /// Counts one age.
    pub fn record(&mut self, age: Duration) {
        let age_ms = age.as_secs_f64() * 1e3;
        let bucket = if age_ms <= FIRST_MS {
            0
        } else {
            ((age_ms / FIRST_MS).ln() / GROWTH.ln()).ceil() as u16
        };
        *self.buckets.entry(bucket).or_insert(0) += 1;
    }

    /// Adds what another histogram counted.
    pub fn merge(&mut self, other: &Ages) {
        for (bucket, count) in &other.buckets {
            let sum = self.buckets.entry(*bucket).or_insert(0);
            *sum = sum.saturating_add(*count);
        }
    }

    /// Takes all that was counted, leaving nothing.
    pub fn take(&mut self) -> Ages {
        std::mem::take(self)
    }

    /// How many ages were counted.
    pub fn count(&self) -> u64 {
        self.buckets.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Returns the age below which `share` (0.0 to 1.0) of the frames lie, in milliseconds; `None` when nothing was counted.
    pub fn percentile_ms(&self, share: f64) -> Option<f64> {
        let count = self.count();
        let wanted = (share * count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, in_bucket) in &self.buckets {
            seen = in_bucket.saturating_add(seen);
            if seen >= wanted {
                // The middle of the bucket, so that the error is at most 1 %.
                return Some(FIRST_MS * GROWTH.powf(f64::from(*bucket) - 0.5));
            }
        }
        None
    }

    /// Returns median, 95th and 99th percentile; `None` when nothing was counted.
    pub fn percentiles(&self) -> Option<AgePercentiles> {
        let at = |share| self.percentile_ms(share).map(|ms| (ms * 1e3).round() / 1e3);
        Some(AgePercentiles {
            p50: at(0.5)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ages(values_ms: impl IntoIterator<Item = u64>) -> Ages {
        let mut ages = Ages::default();
        for ms in values_ms {
            ages.record(Duration::from_millis(ms));
        }
        ages
    }

    #[test]
    fn percentiles_are_within_two_percent() {
        let p = ages(1..=1000).percentiles().unwrap();
        assert!((p.p50 - 500.0).abs() < 10.0, "{p:?}");
        assert!((p.p95 - 950.0).abs() < 19.0, "{p:?}");
        assert!((p.p99 - 990.0).abs() < 20.0, "{p:?}");
    }

    #[test]
    fn merged_parts_equal_the_whole() {
        let mut first = ages(1..=400);
        first.merge(&ages(401..=1000));
        assert_eq!(first, ages(1..=1000));
    }

    #[test]
    fn nothing_counted_has_no_percentile() {
        assert_eq!(Ages::default().percentiles(), None);
    }

    #[test]
    fn an_age_of_hours_still_counts() {
        assert!(ages([36_000_000]).percentile_ms(0.5).unwrap() > 35_000_000.0);
    }
}
