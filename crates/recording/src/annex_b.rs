//! H.264 in Annex B: units behind start codes.

/// The units of an access unit, without their start codes. A unit's lower five bits say what it is.
pub fn units(annex_b: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(annex_b);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let end = bytes.windows(3).position(|three| three == [0, 0, 1]);
        let (unit, next) = match end {
            Some(at) => (&bytes[..at], Some(&bytes[at + 3..])),
            None => (bytes, None),
        };
        rest = next;
        // A start code of four bytes begins with a zero that is no part of the unit before.
        Some(unit.strip_suffix(&[0]).filter(|_| next.is_some()).unwrap_or(unit))
    })
    .filter(|unit| !unit.is_empty())
}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.windows(3).position(|three| three == [0, 0, 1])?;
    Some(&bytes[at + 3..])
}

/// Kind of a unit: a sequence parameter set.
pub const SPS: u8 = 7;
/// Kind of a unit: a picture parameter set.
pub const PPS: u8 = 8;

/// What kind of unit it is.
pub fn kind(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |byte| byte & 0x1f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_cut_at_start_codes_of_either_length() {
        let bytes = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 9, 0];
        let found: Vec<&[u8]> = units(&bytes).collect();
        assert_eq!(found, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 9, 0]]);
        assert_eq!(found.iter().map(|unit| kind(unit)).collect::<Vec<_>>(), [SPS, PPS, 5]);
        assert_eq!(units(&[1, 2, 3]).count(), 0);
        assert_eq!(units(&[0, 0, 1]).count(), 0);
    }
}
