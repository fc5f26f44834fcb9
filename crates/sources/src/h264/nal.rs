//! Units (NALs): found in Annex B, and brought there from the form that MP4 keeps them in.

/// What a unit is, as far as it matters here (H.264, table 7-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnitKind {
    /// A slice of a picture that needs earlier ones.
    Slice,
    /// A slice of a keyframe (IDR).
    KeyframeSlice,
    /// A sequence parameter set.
    SequenceParameters,
    /// A picture parameter set.
    PictureParameters,
    /// Everything else: hints, delimiters, fillers.
    Other,
}

impl UnitKind {
    /// The kind of a unit without its start code; `None` for an empty one.
    pub(crate) fn of(unit: &[u8]) -> Option<Self> {
        Some(match unit.first()? & 0x1f {
            1..=4 => Self::Slice,
            5 => Self::KeyframeSlice,
            7 => Self::SequenceParameters,
            8 => Self::PictureParameters,
            _ => Self::Other,
        })
    }
}

/// The units between start codes, none of them empty.
pub(crate) fn annex_b_units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(bytes);
    std::iter::from_fn(move || {
        loop {
            let from = rest?;
            let end = find_start_code(from);
            rest = end.map(|at| &from[at + 3..]);
            let unit = &from[..end.unwrap_or(from.len())];
            // Zeros before a start code belong to it, or fill up.
            let length = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if length > 0 {
                return Some(&unit[..length]);
            }
        }
    })
}

fn find_start_code(bytes: &[u8]) -> Option<usize> {
    bytes.windows(3).position(|window| window == [0, 0, 1])
}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    find_start_code(bytes).map(|at| &bytes[at + 3..])
}

/// Appends a sample as MP4 keeps it (each unit behind its length of `length_bytes` bytes) to `out`, each unit behind a start
/// code instead. Returns whether every length fitted: of a damaged sample, the units before the damage are appended.
pub(crate) fn annex_b_from_lengths(mut sample: &[u8], length_bytes: usize, out: &mut Vec<u8>) -> bool {
    while !sample.is_empty() {
        let Some((length, rest)) = sample.split_at_checked(length_bytes) else {
            return false;
        };
        let length = length
            .iter()
            .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let Some((unit, rest)) = rest.split_at_checked(length) else {
            return false;
        };
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(unit);
        sample = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_and_short_start_codes_part_units_and_fillers_are_left_out() {
        let bytes = [
            0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 0, 1, 0, 0, 1, 0x65, 3, 0, 0,
        ];
        let units: Vec<&[u8]> = annex_b_units(&bytes).collect();
        assert_eq!(units, [&[0x67, 1][..], &[0x68, 2], &[0x65, 3]]);
        assert_eq!(annex_b_units(&[1, 2, 3]).count(), 0);
    }

    #[test]
    fn a_length_beyond_the_sample_keeps_the_units_before_it() {
        let mut out = Vec::new();
        assert!(!annex_b_from_lengths(&[0, 2, 0x65, 9, 0, 7, 1], 2, &mut out));
        assert_eq!(out, [0, 0, 0, 1, 0x65, 9]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_units_that_lie_in_them(bytes in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], 0..200)) {
            let units: Vec<&[u8]> = annex_b_units(&bytes).collect();
            prop_assert!(units.iter().all(|unit| !unit.is_empty()));
            prop_assert!(units.iter().map(|unit| unit.len() + 3).sum::<usize>() <= bytes.len());
        }

        #[test]
        fn units_behind_lengths_come_back_behind_start_codes(units in proptest::collection::vec(proptest::collection::vec(2_u8.., 1..40), 0..6), bytes in 1_usize..=4) {
            let sample: Vec<u8> = units.iter().flat_map(|unit| [&(unit.len() as u32).to_be_bytes()[4 - bytes..], unit].concat()).collect();
            let mut out = Vec::new();
            prop_assert!(annex_b_from_lengths(&sample, bytes, &mut out));
            prop_assert_eq!(annex_b_units(&out).collect::<Vec<_>>(), units);
        }

        #[test]
        fn any_sample_is_taken_without_a_panic(sample in proptest::collection::vec(any::<u8>(), 0..200), bytes in 1_usize..=4) {
            let mut out = Vec::new();
            annex_b_from_lengths(&sample, bytes, &mut out);
            prop_assert!(out.len() <= sample.len() * 4);
        }
    }
}
