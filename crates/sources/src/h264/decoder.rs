//! Access units in, pictures out; nothing that is built on a loss.

use bushbaby_pixels::{ColorSpace, Image, ImageView, PixelFormat, Plane, ViewError};
use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, DecoderConfig, Flush};
use openh264::formats::YUVSource;

use super::nal::{UnitKind, annex_b_units};
use super::sps::{SequenceParameters, Undecodable};

/// No encoder puts more pictures out of order.
const MOST_OUT_OF_ORDER: usize = 20;

/// Decodes one stream whose pictures are tagged with a `T`.
///
/// It begins at a keyframe and, after a loss or a damaged unit, goes on at the next one: what lies between would be shown torn.
pub(crate) struct Decoder<T> {
    decoder: Option<openh264::decoder::Decoder>,
    order: Order,
    /// When the pictures that are in the decoder are shown, and their tags.
    inside: Vec<(i64, T)>,
    needs_keyframe: bool,
    refusal: Option<Undecodable>,
    color: ColorSpace,
}

/// In which order pictures come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Each with its own access unit: what a camera's pictures need. With pictures that refer to later ones (B-frames) the
    /// decoder runs out of memory in this mode and says that they are damaged.
    AsSent,
    /// As they are shown, some access units later.
    AsShown,
}

impl<T> std::fmt::Debug for Decoder<T> {
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
    #[error("a picture is damaged (openh264 says {0:#x})")]
    Damaged(i64),
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

impl<T> Decoder<T> {
    /// A decoder that waits for its first keyframe.
    pub(crate) fn new(order: Order) -> Self {
        Self {
            decoder: None,
            order,
            inside: Vec::new(),
            needs_keyframe: true,
            refusal: None,
            color: ColorSpace::JPEG,
        }
    }

    /// Changes the order from the next keyframe on; nothing comes out before it.
    pub(crate) fn set_order(&mut self, order: Order) {
        self.order = order;
        self.lost();
    }

    /// The order in which pictures come out.
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// Something was lost before the next access unit.
    pub(crate) fn lost(&mut self) {
        self.needs_keyframe = true;
    }

    /// Whether nothing can be decoded before a keyframe comes.
    pub(crate) fn needs_keyframe(&self) -> bool {
        self.needs_keyframe
    }

    /// Decodes an access unit whose picture is shown at `shown_at`, in any units. Returns the picture that is next, with its
    /// tag. `None`: there is none yet, or this one needs a keyframe that is not there.
    ///
    /// # Errors
    /// [`DecodeError`]; after [`DecodeError::Damaged`] the next keyframe mends it.
    pub(crate) fn decode(
        &mut self,
        access_unit: &[u8],
        shown_at: i64,
        tag: T,
    ) -> Result<Option<(Decoded<'_>, T)>, DecodeError> {
        let mut is_keyframe = false;
        let mut has_picture = false;
        for unit in annex_b_units(access_unit) {
            match UnitKind::of(unit) {
                Some(UnitKind::SequenceParameters) => self.look_at(unit),
                Some(UnitKind::KeyframeSlice) => (is_keyframe, has_picture) = (true, true),
                Some(UnitKind::Slice) => has_picture = true,
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
        if self.needs_keyframe {
            self.begin_anew()?;
        }
        if has_picture {
            self.inside.push((shown_at, tag));
        }
        let Some(decoder) = self.decoder.as_mut() else {
            return Ok(None);
        };
        match decoder.decode(access_unit) {
            Ok(None) => Ok(None),
            Ok(Some(yuv)) => {
                let tag = next(&mut self.inside);
                Ok(tag.map(|tag| (Decoded { yuv, color: self.color }, tag)))
            }
            Err(error) => {
                self.needs_keyframe = true;
                Err(DecodeError::Damaged(error.native_code()))
            }
        }
    }

    /// Hands out the pictures that are still inside, in their order, and forgets everything.
    pub(crate) fn finish(&mut self, mut each: impl FnMut(&Decoded<'_>, T)) {
        self.needs_keyframe = true;
        let Some(mut decoder) = self.decoder.take() else { return };
        for _ in 0..MOST_OUT_OF_ORDER {
            let Ok(rest) = decoder.flush_remaining() else { break };
            if rest.is_empty() {
                break;
            }
            for yuv in rest {
                if let Some(tag) = next(&mut self.inside) {
                    each(&Decoded { yuv, color: self.color }, tag);
                }
            }
        }
        self.inside.clear();
    }

    /// A fresh decoder knows nothing of the pictures before a loss.
    fn begin_anew(&mut self) -> Result<(), DecodeError> {
        let flush = match self.order {
            Order::AsSent => Flush::Flush,
            Order::AsShown => Flush::NoFlush,
        };
        let config = DecoderConfig::new().flush_after_decode(flush);
        let decoder = openh264::decoder::Decoder::with_api_config(OpenH264API::from_source(), config)
            .map_err(|error| DecodeError::Codec(error.to_string()))?;
        self.decoder = Some(decoder);
        self.inside.clear();
        self.needs_keyframe = false;
        Ok(())
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

/// Takes the tag of the picture that is shown first.
fn next<T>(inside: &mut Vec<(i64, T)>) -> Option<T> {
    while inside.len() > MOST_OUT_OF_ORDER {
        // The decoder made no picture of it and did not say so.
        take_first(inside);
    }
    take_first(inside)
}

fn take_first<T>(inside: &mut Vec<(i64, T)>) -> Option<T> {
    let first = (0..inside.len()).min_by_key(|at| inside[*at].0)?;
    Some(inside.swap_remove(first).1)
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

    fn camera() -> Decoder<u32> {
        Decoder::new(Order::AsSent)
    }

    /// The numbers of the pictures that come out; each must come with its own tag.
    fn shown(decoder: &mut Decoder<u32>, pictures: &[EncodedPicture]) -> Vec<u32> {
        let mut shown = Vec::new();
        for picture in pictures {
            let frame = picture.stamp.frame;
            if let Ok(Some((decoded, tag))) = decoder.decode(&picture.annex_b, frame.into(), frame) {
                assert_eq!(frame_of(&decoded), tag);
                shown.push(tag);
            }
        }
        shown
    }

    #[test]
    fn each_access_unit_gives_its_own_picture_at_once() {
        let film = film(640, 360, 30, 10, 25);
        assert_eq!(shown(&mut camera(), &film), (0..25).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_shown_before_the_first_keyframe() {
        let film = film(320, 240, 30, 10, 25);
        assert_eq!(shown(&mut camera(), &film[4..]), (10..25).collect::<Vec<_>>());
    }

    #[test]
    fn after_a_loss_it_goes_on_at_the_next_keyframe_and_nothing_is_torn() {
        let film = film(320, 240, 30, 10, 25);
        let mut decoder = camera();
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
        let shown = shown(&mut camera(), &film);
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
        let mut decoder = camera();
        assert_eq!(
            decoder.decode(&liar, 0, 0).unwrap_err(),
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
        let mut decoder = camera();
        let before = film(320, 240, 30, 10, 3);
        let after = film(640, 480, 30, 10, 3);
        assert_eq!(shown(&mut decoder, &before), [0, 1, 2]);
        assert_eq!(shown(&mut decoder, &after), [0, 1, 2]);
    }

    #[test]
    fn pictures_that_wait_inside_keep_their_tags_and_come_out_at_the_end() {
        let film = film(320, 240, 30, 10, 25);
        let mut decoder = Decoder::new(Order::AsShown);
        let mut all = shown(&mut decoder, &film);
        decoder.finish(|decoded, tag| {
            assert_eq!(frame_of(decoded), tag);
            all.push(tag);
        });
        assert_eq!(all, (0..25).collect::<Vec<_>>());
        assert!(decoder.needs_keyframe());
    }

    #[test]
    fn the_order_may_change_at_a_keyframe() {
        let film = film(320, 240, 30, 10, 25);
        let mut decoder = camera();
        assert_eq!(shown(&mut decoder, &film[..5]), [0, 1, 2, 3, 4]);
        decoder.set_order(Order::AsShown);
        assert!(shown(&mut decoder, &film[5..]).starts_with(&[10, 11, 12]));
        assert_eq!(decoder.order(), Order::AsShown);
    }
}
