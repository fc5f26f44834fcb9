//! Limited range to full range, by table.

/// Returns for each limited-range Y (black 16, white 235) its full-range value.
pub(crate) const fn full_luma() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = clamped(((i as i32 - 16) * 255 + 109) / 219);
        i += 1;
    }
    table
}

/// Returns for each limited-range U or V (16 to 240 around 128) its full-range value.
pub(crate) const fn full_chroma() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let from_middle = (i as i32 - 128) * 255;
        let rounded = (from_middle + if from_middle < 0 { -112 } else { 112 }) / 224;
        table[i] = clamped(rounded + 128);
        i += 1;
    }
    table
}

const fn clamped(v: i32) -> u8 {
    if v < 0 {
        0
    } else if v > 255 {
        255
    } else {
        v as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_white_and_grey_become_what_they_are() {
        let (luma, chroma) = (full_luma(), full_chroma());
        assert_eq!([luma[0], luma[16], luma[235], luma[255]], [0, 0, 255, 255]);
        assert_eq!([chroma[0], chroma[128], chroma[255]], [0, 128, 255]);
        for i in 16..=240_u8 {
            let exact = 128.0 + (f64::from(i) - 128.0) * 255.0 / 224.0;
            assert!(
                (f64::from(chroma[usize::from(i)]) - exact.clamp(0.0, 255.0)).abs() <= 0.5,
                "{i}"
            );
        }
    }
}
