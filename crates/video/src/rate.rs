//! How many pictures a second come, from their capture times.

/// So many gaps are looked at.
const GAPS: usize = 15;

/// Pictures a second by the middle one of the last gaps: one that was long, because pictures were lost, does not count.
#[derive(Debug, Default)]
pub struct FrameRateMeter {
    last_ns: Option<u64>,
    gaps_ns: Vec<u64>,
    next: usize,
}

impl FrameRateMeter {
    /// Takes note of a picture; the same moment again says nothing. Returns pictures a second, from the third picture on.
    pub fn measure(&mut self, captured_ns: u64) -> Option<f64> {
        let last_ns = self.last_ns.replace(captured_ns);
        if let Some(gap_ns) = last_ns
            .and_then(|last| captured_ns.checked_sub(last))
            .filter(|gap| *gap > 0)
        {
            if self.gaps_ns.len() < GAPS {
                self.gaps_ns.push(gap_ns);
            } else {
                self.gaps_ns[self.next % GAPS] = gap_ns;
            }
            self.next += 1;
        }
        let mut sorted = self.gaps_ns.clone();
        sorted.sort_unstable();
        let middle_ns = sorted.get(sorted.len() / 2).filter(|_| sorted.len() >= 2)?;
        Some(1e9 / *middle_ns as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_most_pictures() {
        let mut meter = FrameRateMeter::default();
        assert_eq!(meter.measure(0), None);
        for time_ms in [100, 200, 300, 900, 1000, 1100] {
            meter.measure(time_ms * 1_000_000);
        }
        assert_eq!(meter.measure(1_200_000_000), Some(10.0));
        assert_eq!(
            meter.measure(1_200_000_000),
            Some(10.0),
            "the same moment again says nothing"
        );
    }
}
