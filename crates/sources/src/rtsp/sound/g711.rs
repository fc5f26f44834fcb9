//! G.711: a sample in a byte, by the logarithm (ITU-T G.711), as telephones and cheap cameras have it.

/// The sample that a byte of the A law stands for.
pub(super) fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let mantissa = i16::from(byte & 0x0f) << 4;
    let size = match (byte >> 4) & 7 {
        0 => mantissa + 8,
        exponent => (mantissa + 0x108) << (exponent - 1),
    };
    if byte & 0x80 != 0 { size } else { -size }
}

/// The sample that a byte of the µ law stands for.
pub(super) fn mu_law(byte: u8) -> i16 {
    const BIAS: i16 = 0x84;
    let byte = !byte;
    let size = (((i16::from(byte & 0x0f) << 3) + BIAS) << ((byte >> 4) & 7)) - BIAS;
    if byte & 0x80 != 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_bytes_are_the_samples_of_the_standard() {
        assert_eq!(
            [0xd5, 0x55, 0xaa, 0x2a, 0x80].map(a_law),
            [8, -8, 32_256, -32_256, 5_504]
        );
        assert_eq!([0xff, 0x7f, 0x80, 0x00, 0xf0].map(mu_law), [0, 0, 32_124, -32_124, 120]);
    }

    #[test]
    fn both_laws_are_steps_that_rise() {
        let rises = |samples: Vec<i16>| samples.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(rises((0..128_u8).map(|n| a_law((n | 0x80) ^ 0x55)).collect()));
        assert!(rises((0..128_u8).map(|n| mu_law(!n)).collect()));
    }
}
