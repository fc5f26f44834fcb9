//! Sequence parameter sets: what the pictures to come are (H.264, 7.3.2.1.1 and E.1.1).

use bushbaby_pixels::{ColorSpace, MAX_SIDE_PX, Matrix, Range};

use super::bits::BitReader;

/// Most macroblocks of a picture that the decoder knows (level 5.2): about 9.4 million pixels.
const MOST_MACROBLOCKS: u64 = 36_864;
/// A macroblock is a square of so many pixels.
const MACROBLOCK_PX: u64 = 16;

/// What a sequence parameter set says, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SequenceParameters {
    chroma_format: u32,
    bit_depth: u32,
    is_interlaced: bool,
    /// In macroblocks, before cropping.
    coded_mbs: [u64; 2],
    /// As shown, in pixels; may be absurd, see [`SequenceParameters::check`].
    pub(crate) shown_px: [u64; 2],
    /// What the numbers of its pixels mean; where it does not say: BT.601 below 720 lines, BT.709 from there on, limited.
    pub(crate) color: ColorSpace,
}

/// Why pictures cannot be decoded here, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Undecodable {
    /// The set is cut off or damaged.
    #[error("its description of the picture (SPS) is damaged")]
    Damaged,
    /// No pixels, or more than any camera has.
    #[error("it says its pictures are {width}x{height} pixels, which no picture is")]
    Absurd { width: u64, height: u64 },
    /// Real, but more than the decoder takes.
    #[error("its pictures of {width}x{height} pixels are larger than the built-in decoder takes (9.4 million pixels)")]
    TooLarge { width: u64, height: u64 },
    /// Pictures that come as two fields.
    #[error("its pictures are interlaced, which the built-in decoder does not know")]
    Interlaced,
    /// 10 bits and more.
    #[error("its pictures have {bits} bits a sample; the built-in decoder knows 8")]
    BitDepth { bits: u32 },
    /// 4:2:2, 4:4:4 or grey.
    #[error("its colours are not stored as 4:2:0, the only form that the built-in decoder knows")]
    Chroma,
}

impl SequenceParameters {
    /// Reads a unit, header byte included; `None` when it is damaged.
    pub(crate) fn read(unit: &[u8]) -> Option<Self> {
        let mut bits = BitReader::new(unit.get(1..)?);
        let profile = bits.bits(8)?;
        bits.bits(16)?; // constraints, level
        bits.unsigned()?; // seq_parameter_set_id
        let (mut chroma_format, mut bit_depth) = (1, 8);
        let mut has_separate_planes = false;
        if matches!(
            profile,
            100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
        ) {
            chroma_format = bits.unsigned()?;
            if chroma_format == 3 {
                has_separate_planes = bits.bit()?;
            }
            let luma = bits.unsigned()?;
            let chroma = bits.unsigned()?;
            bit_depth = luma.max(chroma).checked_add(8)?;
            bits.bit()?; // qpprime_y_zero_transform_bypass_flag
            if bits.bit()? {
                skip_scaling_lists(&mut bits, if chroma_format == 3 { 12 } else { 8 })?;
            }
        }
        bits.unsigned()?; // log2_max_frame_num_minus4
        match bits.unsigned()? {
            0 => drop(bits.unsigned()?),
            1 => {
                bits.bit()?;
                bits.signed()?;
                bits.signed()?;
                for _ in 0..bits.unsigned().filter(|count| *count <= 255)? {
                    bits.signed()?;
                }
            }
            _ => {}
        }
        bits.unsigned()?; // max_num_ref_frames
        bits.bit()?; // gaps_in_frame_num_value_allowed_flag
        let width_mbs = u64::from(bits.unsigned()?) + 1;
        let map_units = u64::from(bits.unsigned()?) + 1;
        let is_interlaced = !bits.bit()?;
        if is_interlaced {
            bits.bit()?; // mb_adaptive_frame_field_flag
        }
        bits.bit()?; // direct_8x8_inference_flag
        let fields = if is_interlaced { 2 } else { 1 };
        let coded_mbs = [width_mbs, map_units * fields];
        let mut cropped = [0; 2];
        if bits.bit()? {
            let [left, right, top, bottom] =
                [bits.unsigned()?, bits.unsigned()?, bits.unsigned()?, bits.unsigned()?].map(u64::from);
            let unit_x = if matches!(chroma_format, 1 | 2) && !has_separate_planes {
                2
            } else {
                1
            };
            let unit_y = if chroma_format == 1 && !has_separate_planes {
                2
            } else {
                1
            } * fields;
            cropped = [(left + right) * unit_x, (top + bottom) * unit_y];
        }
        let shown_px = [0, 1].map(|side| (coded_mbs[side] * MACROBLOCK_PX).saturating_sub(cropped[side]));
        // What stands behind is of use but not needed: a set cut off in it is none the worse.
        let color = color(&mut bits, shown_px[1]).unwrap_or(usual_color(shown_px[1]));
        Some(Self {
            chroma_format,
            bit_depth,
            is_interlaced,
            coded_mbs,
            shown_px,
            color,
        })
    }

    /// Says whether the decoder may be given such pictures.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn check(&self) -> Result<(), Undecodable> {
        let [width, height] = self.shown_px;
        if [width, height]
            .iter()
            .any(|side| !(2..=u64::from(MAX_SIDE_PX)).contains(side))
        {
            return Err(Undecodable::Absurd { width, height });
        }
        let [columns, rows] = self.coded_mbs;
        // The decoder's limit on each side follows from the standard's: sqrt(8 * most).
        let longest_side = (8 * MOST_MACROBLOCKS).isqrt();
        if columns * rows > MOST_MACROBLOCKS || columns.max(rows) > longest_side {
            return Err(Undecodable::TooLarge { width, height });
        }
        if self.is_interlaced {
            return Err(Undecodable::Interlaced);
        }
        if self.bit_depth != 8 {
            return Err(Undecodable::BitDepth { bits: self.bit_depth });
        }
        if self.chroma_format != 1 {
            return Err(Undecodable::Chroma);
        }
        Ok(())
    }
}

fn skip_scaling_lists(bits: &mut BitReader, lists: usize) -> Option<()> {
    for list in 0..lists {
        if !bits.bit()? {
            continue;
        }
        let (mut last, mut next) = (8_i32, 8_i32);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = last.wrapping_add(bits.signed()?) & 0xff;
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}

/// The matrix that cameras mean when they say nothing.
fn usual_color(height_px: u64) -> ColorSpace {
    ColorSpace {
        matrix: if height_px >= 720 { Matrix::Bt709 } else { Matrix::Bt601 },
        range: Range::Limited,
    }
}

/// Reads the part that is about how to show pictures (VUI).
fn color(bits: &mut BitReader, height_px: u64) -> Option<ColorSpace> {
    let mut color = usual_color(height_px);
    if !bits.bit()? {
        return Some(color);
    }
    if bits.bit()? && bits.bits(8)? == 255 {
        bits.bits(32)?; // the shape of a pixel
    }
    if bits.bit()? {
        bits.bit()?; // overscan
    }
    if bits.bit()? {
        bits.bits(3)?; // video_format
        if bits.bit()? {
            color.range = Range::Full;
        }
        if bits.bit()? {
            bits.bits(16)?; // primaries, transfer
            match bits.bits(8)? {
                1 => color.matrix = Matrix::Bt709,
                4..=6 => color.matrix = Matrix::Bt601,
                _ => {}
            }
        }
    }
    Some(color)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_testkit::h264::{Claim, film, parameter_sets, sequence_parameter_set};
    use proptest::prelude::*;

    const FULL_HD: Claim = Claim {
        profile: 100,
        width_mbs: 120,
        height_mbs: 68,
        crop_px: [0, 8],
        bit_depth: 8,
        interlaced: false,
    };

    fn read(claim: Claim) -> SequenceParameters {
        SequenceParameters::read(&sequence_parameter_set(claim)).unwrap()
    }

    #[test]
    fn the_shown_size_is_the_coded_size_without_what_is_cropped() {
        assert_eq!(read(FULL_HD).shown_px, [1920, 1080]);
        assert_eq!(
            read(Claim {
                profile: 66,
                crop_px: [0, 0],
                ..FULL_HD
            })
            .shown_px,
            [1920, 1088]
        );
        assert_eq!(
            read(Claim {
                interlaced: true,
                ..FULL_HD
            })
            .shown_px,
            [1920, 1080]
        );
    }

    #[test]
    fn what_an_encoder_writes_is_read_back_with_its_colours() {
        let [sps, _] = parameter_sets(&film(640, 360, 30, 10, 1));
        let parameters = SequenceParameters::read(&sps).unwrap();
        assert_eq!(parameters.shown_px, [640, 360]);
        assert_eq!(
            parameters.color,
            ColorSpace {
                matrix: Matrix::Bt709,
                range: Range::Limited
            }
        );
        assert_eq!(parameters.check(), Ok(()));
    }

    #[test]
    fn pictures_that_cannot_be_decoded_are_refused_in_words() {
        let told = |claim| read(claim).check().unwrap_err().to_string();
        let cases = [
            (
                Claim {
                    width_mbs: 1250,
                    height_mbs: 1250,
                    crop_px: [0, 0],
                    ..FULL_HD
                },
                "20000x20000",
            ),
            (
                Claim {
                    crop_px: [1920, 0],
                    ..FULL_HD
                },
                "0x1088",
            ),
            (
                Claim {
                    width_mbs: 480,
                    height_mbs: 270,
                    crop_px: [0, 0],
                    ..FULL_HD
                },
                "larger than the built-in decoder takes",
            ),
            (
                Claim {
                    interlaced: true,
                    ..FULL_HD
                },
                "interlaced",
            ),
            (
                Claim {
                    profile: 110,
                    bit_depth: 10,
                    ..FULL_HD
                },
                "10 bits a sample",
            ),
        ];
        for (claim, words) in cases {
            let told = told(claim);
            assert!(told.contains(words), "{claim:?}: {told}");
        }
        assert_eq!(read(FULL_HD).check(), Ok(()));
    }

    #[test]
    fn a_picture_without_any_colour_note_is_what_cameras_mean() {
        assert_eq!(read(FULL_HD).color.matrix, Matrix::Bt709);
        assert_eq!(
            read(Claim {
                width_mbs: 40,
                height_mbs: 30,
                crop_px: [0, 0],
                ..FULL_HD
            })
            .color
            .matrix,
            Matrix::Bt601
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(parameters) = SequenceParameters::read(&bytes) {
                let _ = parameters.check();
            }
        }

        #[test]
        fn one_changed_byte_never_panics(at in 0_usize..12, value: u8) {
            let mut unit = sequence_parameter_set(FULL_HD);
            let at = at % unit.len();
            unit[at] = value;
            if let Some(parameters) = SequenceParameters::read(&unit) {
                let _ = parameters.check();
            }
        }
    }
}
