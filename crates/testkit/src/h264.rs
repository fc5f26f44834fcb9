//! H.264 made on the spot: moving pictures with their stamps, and parameter sets that lie.

use openh264::OpenH264API;
use openh264::encoder::{Encoder, EncoderConfig, FrameRate, IntraFramePeriod, RateControlMode, VuiConfig};
use openh264::formats::YUVSlices;

use crate::picture::{Picture, Stamp};

/// One encoded picture: an access unit in Annex B form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedPicture {
    /// What the picture shows.
    pub stamp: Stamp,
    /// Whether decoding may begin here.
    pub is_keyframe: bool,
    /// Parameter sets (at keyframes) and slices, each behind a start code.
    pub annex_b: Vec<u8>,
}

/// Encodes stamped pictures one after the other.
pub struct MovingPictures {
    encoder: Encoder,
    width: usize,
    height: usize,
    next_frame: u32,
}

impl std::fmt::Debug for MovingPictures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MovingPictures")
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}

impl MovingPictures {
    /// Starts with frame 0. Every `keyframe_every` pictures one is a keyframe.
    ///
    /// # Panics
    /// When the encoder cannot be made.
    pub fn new(width: usize, height: usize, fps: f32, keyframe_every: u32) -> Self {
        let config = EncoderConfig::new()
            .rate_control_mode(RateControlMode::Off)
            .max_frame_rate(FrameRate::from_hz(fps))
            .intra_frame_period(IntraFramePeriod::from_num_frames(keyframe_every))
            .scene_change_detect(false)
            .background_detection(false)
            .adaptive_quantization(false)
            .skip_frames(false)
            .vui(VuiConfig::bt709());
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config).expect("openh264 is built in");
        Self {
            encoder,
            width,
            height,
            next_frame: 0,
        }
    }

    /// Makes the next picture a keyframe.
    pub fn begin_anew(&mut self) {
        if self.next_frame > 0 {
            self.encoder.force_intra_frame();
        }
    }

    /// Draws and encodes the next picture.
    ///
    /// # Panics
    /// When the encoder refuses it.
    pub fn next_at(&mut self, drawn_ns: u64) -> EncodedPicture {
        let stamp = Stamp {
            frame: self.next_frame,
            drawn_ns,
        };
        self.next_frame += 1;
        let picture = Picture::draw(self.width, self.height, stamp);
        let [y, u, v] = picture.planes();
        let half = self.width / 2;
        let source = YUVSlices::new((y, u, v), (self.width, self.height), (self.width, half, half));
        let annex_b = self
            .encoder
            .encode(&source)
            .expect("a drawn picture can be encoded")
            .to_vec();
        let is_keyframe = units(&annex_b).any(|unit| unit[0] & 0x1f == 5);
        EncodedPicture {
            stamp,
            is_keyframe,
            annex_b,
        }
    }
}

/// Encodes `count` pictures, stamped as if drawn at `fps` from time 0 on.
pub fn film(width: usize, height: usize, fps: u32, keyframe_every: u32, count: u32) -> Vec<EncodedPicture> {
    let mut pictures = MovingPictures::new(width, height, fps as f32, keyframe_every);
    (0..count)
        .map(|n| pictures.next_at(u64::from(n) * 1_000_000_000 / u64::from(fps)))
        .collect()
}

/// Splits Annex B into its units, none of them empty.
pub fn units(annex_b: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts: Vec<usize> = annex_b
        .windows(3)
        .enumerate()
        .filter(|(_, w)| *w == [0, 0, 1])
        .map(|(at, _)| at)
        .collect();
    starts.push(annex_b.len());
    let pieces: Vec<&[u8]> = starts
        .windows(2)
        .map(|pair| {
            let unit = &annex_b[pair[0] + 3..pair[1]];
            // The zero before a four-byte start code belongs to the code.
            let end = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            &unit[..end]
        })
        .filter(|unit| !unit.is_empty())
        .collect();
    pieces.into_iter()
}

/// The parameter sets of a film: sequence (SPS) and picture (PPS), without start codes.
///
/// # Panics
/// When the film's first picture has none.
pub fn parameter_sets(film: &[EncodedPicture]) -> [Vec<u8>; 2] {
    [7, 8].map(|kind| {
        let all = film.iter().flat_map(|picture| units(&picture.annex_b));
        all.filter(|unit| unit[0] & 0x1f == kind)
            .map(<[u8]>::to_vec)
            .next()
            .expect("a film begins with its parameter sets")
    })
}

/// What a made-up sequence parameter set claims.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// `profile_idc`: 66 baseline, 77 main, 100 high, 110 high 10.
    pub profile: u8,
    /// Width in macroblocks of 16 pixels.
    pub width_mbs: u32,
    /// Height in macroblocks of 16 pixels.
    pub height_mbs: u32,
    /// Pixels cropped from the right and from the bottom, even.
    pub crop_px: [u32; 2],
    /// Bits of a luma sample.
    pub bit_depth: u32,
    /// Whether pictures may come as two fields.
    pub interlaced: bool,
}

/// A sequence parameter set that says what it is told to, without start code.
pub fn sequence_parameter_set(claim: Claim) -> Vec<u8> {
    let mut bits = BitWriter::default();
    bits.put(u32::from(claim.profile), 8);
    bits.put(0, 8);
    bits.put(51, 8);
    bits.golomb(0); // seq_parameter_set_id
    if claim.profile >= 100 {
        bits.golomb(1); // chroma_format_idc: 4:2:0
        bits.golomb(claim.bit_depth - 8);
        bits.golomb(claim.bit_depth - 8);
        bits.put(0, 1); // qpprime_y_zero_transform_bypass_flag
        bits.put(0, 1); // seq_scaling_matrix_present_flag
    }
    bits.golomb(0); // log2_max_frame_num_minus4
    bits.golomb(2); // pic_order_cnt_type
    bits.golomb(1); // max_num_ref_frames
    bits.put(0, 1); // gaps_in_frame_num_value_allowed_flag
    bits.golomb(claim.width_mbs.wrapping_sub(1));
    let map_units = if claim.interlaced {
        claim.height_mbs / 2
    } else {
        claim.height_mbs
    };
    bits.golomb(map_units.wrapping_sub(1));
    bits.put(u32::from(!claim.interlaced), 1); // frame_mbs_only_flag
    if claim.interlaced {
        bits.put(0, 1); // mb_adaptive_frame_field_flag
    }
    bits.put(1, 1); // direct_8x8_inference_flag
    let [right, bottom] = claim.crop_px;
    bits.put(u32::from(right + bottom > 0), 1);
    if right + bottom > 0 {
        let rows_of_unit = if claim.interlaced { 4 } else { 2 };
        for crop in [0, right / 2, 0, bottom / rows_of_unit] {
            bits.golomb(crop);
        }
    }
    bits.put(0, 1); // vui_parameters_present_flag
    bits.into_unit(0x67)
}

/// Bits, most significant first, as H.264 writes them.
#[derive(Debug, Default)]
struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    fn put(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            self.used += 1;
        }
    }

    /// Unsigned Exp-Golomb, `ue(v)`.
    fn golomb(&mut self, value: u32) {
        let code = u64::from(value) + 1;
        let length = 64 - code.leading_zeros();
        self.put(0, length - 1);
        for bit in (0..length).rev() {
            self.put((code >> bit & 1) as u32, 1);
        }
    }

    /// Ends the unit and keeps start codes from appearing inside it.
    fn into_unit(mut self, header: u8) -> Vec<u8> {
        self.put(1, 1);
        let mut unit = vec![header];
        let mut zeros = 0;
        for byte in self.bytes {
            if zeros >= 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::read_stamp;
    use openh264::formats::YUVSource;

    #[test]
    fn every_picture_of_a_film_is_read_back_after_decoding() {
        let film = film(640, 360, 30, 10, 25);
        let mut decoder = openh264::decoder::Decoder::new().unwrap();
        for picture in &film {
            let decoded = decoder
                .decode(&picture.annex_b)
                .unwrap()
                .expect("one picture for each access unit");
            assert_eq!(
                read_stamp(decoded.y(), decoded.strides().0, 640, 360),
                Ok(picture.stamp)
            );
        }
    }

    #[test]
    fn keyframes_come_as_often_as_asked_and_bring_their_parameter_sets() {
        let film = film(320, 240, 30, 10, 25);
        let keyframes: Vec<u32> = film
            .iter()
            .filter(|picture| picture.is_keyframe)
            .map(|picture| picture.stamp.frame)
            .collect();
        assert_eq!(keyframes, [0, 10, 20]);
        let kinds: Vec<u8> = units(&film[10].annex_b).map(|unit| unit[0] & 0x1f).collect();
        assert_eq!(kinds, [7, 8, 5]);
    }

    #[test]
    fn a_film_can_begin_anew_in_its_middle() {
        let mut pictures = MovingPictures::new(320, 240, 30.0, 1000);
        let before: Vec<bool> = (0..3).map(|n| pictures.next_at(n).is_keyframe).collect();
        pictures.begin_anew();
        assert_eq!(
            (before, pictures.next_at(3).is_keyframe),
            (vec![true, false, false], true)
        );
    }
}
