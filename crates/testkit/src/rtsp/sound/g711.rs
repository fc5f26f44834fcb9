//! G.711, written: the byte whose sample is nearest from below.

/// µ law.
pub(super) fn mu_law(sample: i16) -> u8 {
    const BIAS: i32 = 0x84;
    let size = (i32::from(sample).abs() + BIAS).min(0x7fff);
    let exponent = (size >> 7).ilog2();
    let mantissa = size >> (exponent + 3) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (exponent as u8) << 4 | mantissa as u8)
}

/// A law.
pub(super) fn a_law(sample: i16) -> u8 {
    let size = if sample < 0 {
        !i32::from(sample)
    } else {
        i32::from(sample)
    } >> 4;
    let exponent = (size >> 4).checked_ilog2().map_or(0, |bit| bit + 1);
    let mantissa = size >> exponent.saturating_sub(1) & 0x0f;
    let sign = if sample < 0 { 0 } else { 0x80 };
    (sign | (exponent as u8) << 4 | mantissa as u8) ^ 0x55
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_samples_are_the_bytes_of_the_standard() {
        assert_eq!([0, 32_124, -32_124, 120].map(mu_law), [0xff, 0x80, 0x00, 0xf0]);
        assert_eq!(
            [8, -8, 32_256, -32_256, 5_504].map(a_law),
            [0xd5, 0x55, 0xaa, 0x2a, 0x80]
        );
    }
}
