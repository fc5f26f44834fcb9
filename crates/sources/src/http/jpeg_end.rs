//! Where a JPEG ends, found while its bytes still come in.
//!
//! Many cameras tell no length and send the line behind a picture with the next one: who waits for that line shows every picture
//! one picture later. So the end is looked for in the picture itself. Pure.

/// Follows the segments of one JPEG. What is none has no end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct JpegEnd {
    place: Place,
    /// How many bytes were looked at.
    seen: usize,
}

#[derive(Debug, Clone, Copy, Default)]
enum Place {
    /// At the first two bytes.
    #[default]
    Start,
    /// Before a marker, outside of a scan.
    Marker,
    /// Within a segment that ends at this offset.
    Segment { end: usize },
    /// Within compressed data.
    Scan,
    /// It is no JPEG.
    Lost,
}

const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

impl JpegEnd {
    /// Looks on in the picture as far as it came, from its first byte; returns its length once its end is there.
    pub(super) fn find(&mut self, picture: &[u8]) -> Option<usize> {
        loop {
            let rest = picture.get(self.seen..)?;
            match self.place {
                Place::Start => {
                    let start = rest.get(..2)?;
                    self.place = if start == START_OF_IMAGE {
                        Place::Marker
                    } else {
                        Place::Lost
                    };
                    self.seen += 2;
                }
                Place::Marker => {
                    let [prefix, marker] = rest.get(..2)?.try_into().ok()?;
                    match (prefix, marker) {
                        // Any number of these may stand before a marker.
                        (0xff, 0xff) => self.seen += 1,
                        (0xff, END_OF_IMAGE) => return Some(self.seen + 2),
                        (0xff, 0x01 | 0xd0..=0xd7) => self.seen += 2,
                        (0xff, marker) => {
                            let length = rest.get(2..4)?;
                            let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
                            let end = self.seen + 2 + length;
                            self.seen += 4;
                            self.place = Place::Segment { end };
                            if marker == START_OF_SCAN {
                                // What its header says does not matter here, and holds no marker.
                                self.seen = end;
                                self.place = Place::Scan;
                            }
                        }
                        _ => self.place = Place::Lost,
                    }
                }
                Place::Segment { end } => {
                    if picture.len() < end {
                        return None;
                    }
                    self.seen = end;
                    self.place = Place::Marker;
                }
                Place::Scan => match rest.iter().position(|byte| *byte == 0xff) {
                    None => {
                        self.seen = picture.len();
                        return None;
                    }
                    Some(at) => {
                        self.seen += at;
                        match rest.get(at + 1)? {
                            // A stuffed zero, or a marker to begin anew after a loss.
                            0x00 | 0xd0..=0xd7 => self.seen += 2,
                            _ => self.place = Place::Marker,
                        }
                    }
                },
                Place::Lost => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_pixels::jpeg::Encoder;
    use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
    use proptest::prelude::*;

    fn picture() -> Vec<u8> {
        let mut image = Image::new(PixelFormat::I420, 64, 48, ColorSpace::JPEG).unwrap();
        for plane in image.planes_mut() {
            plane
                .iter_mut()
                .enumerate()
                .for_each(|(at, byte)| *byte = (at * 37 % 251) as u8);
        }
        Encoder::new(80).unwrap().encode(&image.view()).unwrap().into_owned()
    }

    #[test]
    fn the_end_is_found_as_soon_as_it_is_there_however_the_bytes_come() {
        let picture = picture();
        let behind = [picture.as_slice(), b"\r\n--next\r\n"].concat();
        for step in [1, 2, 3, 7, 1000] {
            let mut end = JpegEnd::default();
            let mut found = None;
            for length in (0..behind.len()).step_by(step).chain([behind.len()]) {
                found = end.find(&behind[..length]);
                if found.is_some() {
                    assert!(length < picture.len() + step, "{length}");
                    break;
                }
            }
            assert_eq!(found, Some(picture.len()), "{step}");
        }
    }

    #[test]
    fn the_end_of_a_thumbnail_within_is_not_the_end() {
        let inner = picture();
        let length = (inner.len() as u16 + 2).to_be_bytes();
        let outer = [&[0xff, 0xd8, 0xff, 0xe1], &length[..], &inner, &inner[2..]].concat();
        assert_eq!(JpegEnd::default().find(&outer), Some(outer.len()));
    }

    proptest! {
        #[test]
        fn bytes_of_any_kind_end_or_do_not_without_a_crash(
            head in prop::bool::ANY, bytes in prop::collection::vec(prop_oneof![Just(0xff_u8), any::<u8>()], 0..400)
        ) {
            let bytes = if head { [&START_OF_IMAGE[..], &bytes].concat() } else { bytes };
            let mut whole = JpegEnd::default();
            let mut pieces = JpegEnd::default();
            let found = (0..=bytes.len()).find_map(|length| pieces.find(&bytes[..length]));
            prop_assert_eq!(whole.find(&bytes), found);
            prop_assert!(found.is_none_or(|end| end <= bytes.len()));
        }
    }
}
