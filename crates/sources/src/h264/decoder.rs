//! Access units in, pictures out, one for one and in the same order; nothing that is built on a loss.

use bushbaby_pixels::{ColorSpace, Image, ImageView, PixelFormat, Plane, ViewError};
use openh264::decoder::DecodedYUV;
use openh264::formats::YUVSource;

use super::nal::{UnitKind, annex_b_units};
use super::sps::{SequenceParameters, Undecodable};

/// Decodes one stream.
///
/// It begins at a keyframe and, after a loss or a damaged unit, goes on at the next one: what lies between would be shown torn.
/// Each picture comes out with its own access unit; whoever reads a file with pictures out of order sorts them by their times.
pub(crate) struct Decoder {
    decoder: Option<openh264::decoder::Decoder>,
    needs_keyframe: bool,
    refusal: Option<Undecodable>,
    color: ColorSpace,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("needs_keyframe", &self.needs_keyframe)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}

/// Why an access unit gave no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// No picture of this stream can be decoded.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// This unit is damaged, or built on what is missing.
    #[error("a picture is damaged ({0})")]
    Damaged(String),
    /// The decoder cannot be set up.
    #[error("the H.264 decoder cannot be set up ({0})")]
    Codec(String),
}

/// A decoded picture, still in the decoder's memory.
#[derive(Debug)]
pub(crate) struct Decoded<'a> {
    yuv: DecodedYUV<'a>,
    color: ColorSpace,
}

impl Decoded<'_> {
    /// Looks at it as I420.
    ///
    /// # Errors
    /// When its size is absurd, which the parameter sets should have told.
    pub(crate) fn view(&self) -> Result<ImageView<'_>, ViewError> {
        let (width, height) = self.yuv.dimensions();
        let strides = self.yuv.strides();
        let planes = [
            Plane {
                bytes: self.yuv.y(),
                stride_bytes: strides.0,
            },
            Plane {
                bytes: self.yuv.u(),
                stride_bytes: strides.1,
            },
            Plane {
                bytes: self.yuv.v(),
                stride_bytes: strides.2,
            },
        ];
        ImageView::new(PixelFormat::I420, width as u32, height as u32, self.color, &planes)
    }
}

impl Decoder {
    /// A decoder that waits for its first keyframe.
    pub(crate) fn new() -> Self {
        Self {
            decoder: None,
            needs_keyframe: true,
            refusal: None,
            color: ColorSpace::JPEG,
        }
    }

    /// Something was lost before the next access unit.
    pub(crate) fn lost(&mut self) {
        self.needs_keyframe = true;
    }

    /// Whether nothing can be decoded before a keyframe comes.
    pub(crate) fn needs_keyframe(&self) -> bool {
        self.needs_keyframe
    }

    /// Decodes an access unit. `None`: it holds no picture, or one that needs a keyframe that is not there.
    ///
    /// # Errors
    /// [`DecodeError`]; after [`DecodeError::Damaged`] the next keyframe mends it.
    pub(crate) fn decode(&mut self, access_unit: &[u8]) -> Result<Option<Decoded<'_>>, DecodeError> {
        let mut is_keyframe = false;
        for unit in annex_b_units(access_unit) {
            match UnitKind::of(unit) {
                Some(UnitKind::SequenceParameters) => self.look_at(unit),
                Some(UnitKind::KeyframeSlice) => is_keyframe = true,
                _ => {}
            }
        }
        if let Some(refusal) = &self.refusal {
            self.needs_keyframe = true;
            return Err(refusal.clone().into());
        }
        if self.needs_keyframe && !is_keyframe {
            return Ok(None);
        }
        if self.decoder.is_none() || self.needs_keyframe {
            // A fresh one knows nothing of the pictures before the loss.
            self.decoder =
                Some(openh264::decoder::Decoder::new().map_err(|error| DecodeError::Codec(error.to_string()))?);
            self.needs_keyframe = false;
        }
        let color = self.color;
        let Some(decoder) = self.decoder.as_mut() else {
            return Ok(None);
        };
        match decoder.decode(access_unit) {
            Ok(picture) => Ok(picture.map(|yuv| Decoded { yuv, color })),
            Err(error) => {
                self.needs_keyframe = true;
                Err(DecodeError::Damaged(error.to_string()))
            }
        }
    }

    /// Notes what a sequence parameter set says, before the decoder sees it.
    fn look_at(&mut self, unit: &[u8]) {
        let checked = SequenceParameters::read(unit)
            .ok_or(Undecodable::Damaged)
            .and_then(|parameters| parameters.check().map(|()| parameters));
        match checked {
            Ok(parameters) => {
                self.color = parameters.color;
                self.refusal = None;
            }
            Err(refusal) => self.refusal = Some(refusal),
        }
    }
}

/// Copies an I420 picture, rows without padding. Returns whether there was one of a size to copy.
pub(crate) fn copy_i420(picture: &ImageView<'_>, image: &mut Image) -> bool {
    let (width, height) = (picture.width(), picture.height());
    if image.reset(PixelFormat::I420, width, height, picture.color()).is_err() {
        return false;
    }
    for (index, (from, to)) in picture.planes().iter().zip(image.planes_mut()).enumerate() {
        let Some([row_bytes, _]) = PixelFormat::I420.plane_shape(index, width, height) else {
            return false;
        };
        for (from, to) in from.bytes.chunks(from.stride_bytes).zip(to.chunks_exact_mut(row_bytes)) {
            to.copy_from_slice(&from[..row_bytes]);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_testkit::h264::{Claim, EncodedPicture, film, sequence_parameter_set, units};
    use bushbaby_testkit::picture::read_stamp;

    fn frame_of(decoded: &Decoded<'_>) -> u32 {
        let view = decoded.view().unwrap();
        let luma = view.planes()[0];
        read_stamp(
            luma.bytes,
            luma.stride_bytes,
            view.width() as usize,
            view.height() as usize,
        )
        .unwrap()
        .frame
    }

    /// The numbers of the pictures that come out.
    fn shown(decoder: &mut Decoder, pictures: &[EncodedPicture]) -> Vec<u32> {
        pictures
            .iter()
            .filter_map(|picture| {
                decoder
                    .decode(&picture.annex_b)
                    .ok()
                    .flatten()
                    .map(|decoded| frame_of(&decoded))
            })
            .collect()
    }

    #[test]
    fn each_access_unit_gives_its_own_picture_at_once() {
        let film = film(640, 360, 30, 10, 25);
        assert_eq!(shown(&mut Decoder::new(), &film), (0..25).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_shown_before_the_first_keyframe() {
        let film = film(320, 240, 30, 10, 25);
        assert_eq!(shown(&mut Decoder::new(), &film[4..]), (10..25).collect::<Vec<_>>());
    }

    #[test]
    fn after_a_loss_it_goes_on_at_the_next_keyframe_and_nothing_is_torn() {
        let film = film(320, 240, 30, 10, 25);
        let mut decoder = Decoder::new();
        assert_eq!(shown(&mut decoder, &film[..14]), (0..14).collect::<Vec<_>>());
        decoder.lost();
        assert!(decoder.needs_keyframe());
        assert_eq!(shown(&mut decoder, &film[15..]), (20..25).collect::<Vec<_>>());
    }

    #[test]
    fn a_damaged_picture_is_no_picture_and_the_next_keyframe_mends_it() {
        let mut film = film(320, 240, 30, 10, 25);
        let length = film[13].annex_b.len();
        film[13].annex_b.truncate(length / 2);
        for byte in film[13].annex_b.iter_mut().skip(8) {
            *byte ^= 0x5a;
        }
        let shown = shown(&mut Decoder::new(), &film);
        assert!(shown.iter().all(|frame| *frame < 13 || *frame >= 20), "{shown:?}");
        assert!(shown.ends_with(&[20, 21, 22, 23, 24]), "{shown:?}");
    }

    #[test]
    fn an_absurd_size_is_refused_before_the_decoder_sees_it_and_a_good_one_mends_it() {
        let film = film(320, 240, 30, 5, 10);
        let lie = sequence_parameter_set(Claim {
            profile: 66,
            width_mbs: 1250,
            height_mbs: 1250,
            crop_px: [0, 0],
            bit_depth: 8,
            interlaced: false,
        });
        let replaced = units(&film[0].annex_b).map(|unit| if unit[0] & 0x1f == 7 { lie.as_slice() } else { unit });
        let liar: Vec<u8> = replaced.flat_map(|unit| [&[0, 0, 1], unit].concat()).collect();
        let mut decoder = Decoder::new();
        assert_eq!(
            decoder.decode(&liar).unwrap_err(),
            DecodeError::Undecodable(Undecodable::Absurd {
                width: 20_000,
                height: 20_000
            })
        );
        assert!(decoder.decoder.is_none());
        assert_eq!(shown(&mut decoder, &film), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn a_picture_may_change_its_size_at_a_keyframe() {
        let mut decoder = Decoder::new();
        let before = film(320, 240, 30, 10, 3);
        let after = film(640, 480, 30, 10, 3);
        assert_eq!(shown(&mut decoder, &before), [0, 1, 2]);
        let sizes: Vec<u32> = after
            .iter()
            .map(|picture| {
                decoder
                    .decode(&picture.annex_b)
                    .unwrap()
                    .unwrap()
                    .view()
                    .unwrap()
                    .width()
            })
            .collect();
        assert_eq!(sizes, [640, 640, 640]);
    }
}
