//! What one may choose about a detector, and what it means.

use super::{DetectError, Family};

/// Most threads that a detector takes.
pub const MAX_THREADS: u32 = 64;

/// Settings of a tag detector.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorSettings {
    /// Which tags to look for.
    pub family: Family,
    /// Look for squares in a picture this many times smaller; codes and edges are still read from the full one.
    /// 1, 1.5 or a whole number up to 8. Twice as small is four times as fast and misses tags under about 30 px.
    pub decimate: f32,
    /// Threads that share one picture, 1 to 64. With 1 no thread is started.
    pub threads: u32,
    /// Wrong bits that may be put right. Absent: [`Family::default_hamming`]. At most [`Family::most_hamming`].
    pub max_hamming: Option<u32>,
    /// Tags with a side shorter than this are left out.
    pub min_side_px: f32,
    /// Least grey levels between black and white. 5 spends most of the time on the sensor's noise; 20 finds as many tags.
    pub contrast: u8,
    /// Whether the sides of what was found are fitted once more to the edges of the full picture: corners five times as exact, for little
    /// time.
    pub refine_edges: bool,
}

impl Default for DetectorSettings {
    fn default() -> Self {
        Self {
            family: Family::default(),
            decimate: 1.0,
            threads: 1,
            max_hamming: None,
            min_side_px: 0.0,
            contrast: 20,
            refine_edges: true,
        }
    }
}

impl DetectorSettings {
    /// The settings for one family, all else as by default.
    pub fn for_family(family: Family) -> Self {
        Self {
            family,
            ..Self::default()
        }
    }

    /// Wrong bits that are put right with these settings.
    pub fn hamming(&self) -> u32 {
        self.max_hamming.unwrap_or_else(|| self.family.default_hamming())
    }

    /// Checks everything that can be checked without starting a detector.
    ///
    /// # Errors
    /// [`DetectError::Setting`] with the name of the first setting that cannot be followed.
    pub fn check(&self) -> Result<(), DetectError> {
        let wrong = |name, got: String, wanted: String| Err(DetectError::Setting { name, got, wanted });
        let decimate = self.decimate;
        let whole = decimate.fract() == 0.0 && (1.0..=8.0).contains(&decimate);
        if !whole && decimate != 1.5 {
            let wanted = "it must be 1, 1.5 or a whole number up to 8";
            return wrong("decimate", decimate.to_string(), wanted.to_owned());
        }
        if !(1..=MAX_THREADS).contains(&self.threads) {
            let wanted = format!("it must lie between 1 and {MAX_THREADS}");
            return wrong("threads", self.threads.to_string(), wanted);
        }
        if !(self.min_side_px.is_finite() && self.min_side_px >= 0.0) {
            let wanted = "it must be a number of pixels, 0 or more";
            return wrong("min_side", self.min_side_px.to_string(), wanted.to_owned());
        }
        let most = self.family.most_hamming();
        if self.hamming() > most {
            let wanted = format!(
                "{} allows at most {most}: with more it invents tags or outgrows the memory",
                self.family
            );
            return wrong("max_hamming", self.hamming().to_string(), wanted);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(settings: DetectorSettings) -> String {
        settings.check().unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_good_for_every_family() {
        for family in Family::ALL {
            assert_eq!(DetectorSettings::for_family(family).check(), Ok(()));
        }
        assert_eq!(DetectorSettings::for_family(Family::Tag16h5).hamming(), 0);
        assert_eq!(DetectorSettings::default().hamming(), 2);
    }

    #[test]
    fn a_setting_that_cannot_be_followed_is_named_with_what_may_stand_there() {
        let base = DetectorSettings::default();
        for decimate in [0.0, 0.5, 1.3, 9.0, f32::NAN] {
            assert!(
                message(DetectorSettings {
                    decimate,
                    ..base.clone()
                })
                .contains("`decimate`")
            );
        }
        assert_eq!(
            message(DetectorSettings {
                threads: 0,
                ..base.clone()
            }),
            "tag detector: `threads` is 0, it must lie between 1 and 64"
        );
        assert!(
            message(DetectorSettings {
                min_side_px: -1.0,
                ..base.clone()
            })
            .contains("`min_side`")
        );
        assert_eq!(
            message(DetectorSettings {
                max_hamming: Some(2),
                ..DetectorSettings::for_family(Family::Tag16h5)
            }),
            "tag detector: `max_hamming` is 2, tag16h5 allows at most 1: with more it invents tags or outgrows the memory"
        );
    }
}
