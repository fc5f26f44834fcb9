//! Bits of a unit's content, most significant first, without the bytes that only keep start codes out (H.264, 7.3.1 and 9.1).

/// Reads bits; `None` from then on once they are used up.
#[derive(Debug)]
pub(super) struct BitReader {
    bytes: Vec<u8>,
    at: usize,
}

impl BitReader {
    /// `content`: a unit behind its header byte.
    pub(super) fn new(content: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(content.len());
        let mut zeros = 0;
        for &byte in content {
            if zeros >= 2 && byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            bytes.push(byte);
        }
        Self { bytes, at: 0 }
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1 == 1;
        self.at += 1;
        Some(bit)
    }

    /// Up to 32 bits.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0_u32, |value, _| Some(value << 1 | u32::from(self.bit()?)))
    }

    /// Unsigned Exp-Golomb, `ue(v)`.
    pub(super) fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let rest = self.bits(zeros)?;
        Some(((1_u64 << zeros) - 1 + u64::from(rest)) as u32)
    }

    /// Signed Exp-Golomb, `se(v)`.
    pub(super) fn signed(&mut self) -> Option<i32> {
        let code = i64::from(self.unsigned()?);
        let size = (code + 1) / 2;
        Some(if code % 2 == 0 { -size } else { size } as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golomb_codes_are_read_as_the_standard_lists_them() {
        // 1, 010, 011, 00100, 00101
        let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let codes: Vec<_> = (0..5).map(|_| reader.unsigned()).collect();
        assert_eq!(codes, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let codes: Vec<_> = (0..5).map(|_| reader.signed()).collect();
        assert_eq!(codes, [Some(0), Some(1), Some(-1), Some(2), Some(-2)]);
    }

    #[test]
    fn bytes_against_start_codes_are_left_out() {
        let mut reader = BitReader::new(&[0, 0, 3, 1, 0, 3]);
        assert_eq!(reader.bits(32), Some(0x0000_0100));
        assert_eq!(reader.bits(8), Some(3));
        assert_eq!(reader.bit(), None);
    }

    #[test]
    fn a_code_without_end_is_none() {
        assert_eq!(BitReader::new(&[0; 16]).unsigned(), None);
    }
}
