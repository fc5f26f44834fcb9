//! The Huffman tables that the JPEGs of some webcams lack.
//!
//! USB video leaves out the "typical" tables of the JPEG standard to save bandwidth. libjpeg-turbo puts them in by
//! itself; most other readers (browsers, image viewers, Python libraries) call such a file damaged.
//!
//! Source: ITU-T T.81, annex K.3, tables K.3 to K.6.

use std::borrow::Cow;

use super::header::{DEFINE_HUFFMAN, START_OF_SCAN, segments};

/// Returns the JPEG with the standard's Huffman tables put before its first scan when it has none.
///
/// Whatever has tables, uses other coding than sequential Huffman, or is damaged comes back as it is.
pub fn with_huffman_tables(jpeg: &[u8]) -> Cow<'_, [u8]> {
    let Ok(segments) = segments(jpeg) else {
        return Cow::Borrowed(jpeg);
    };
    let mut sequential = false;
    for segment in segments {
        match segment.marker {
            DEFINE_HUFFMAN => return Cow::Borrowed(jpeg),
            0xC0 | 0xC1 => sequential = true,
            START_OF_SCAN if sequential => {
                let (before, scan) = jpeg.split_at(segment.start);
                return Cow::Owned([before, &standard_tables(), scan].concat());
            }
            _ => {}
        }
    }
    Cow::Borrowed(jpeg)
}

/// One segment that defines all four tables.
fn standard_tables() -> Vec<u8> {
    let tables = [
        (0x00, &DC_LUMA),
        (0x10, &AC_LUMA),
        (0x01, &DC_CHROMA),
        (0x11, &AC_CHROMA),
    ];
    let body_len: usize = tables.iter().map(|(_, t)| 1 + t.counts.len() + t.values.len()).sum();
    let mut segment = vec![0xFF, DEFINE_HUFFMAN];
    segment.extend_from_slice(&(2 + body_len as u16).to_be_bytes());
    for (class_and_id, table) in tables {
        segment.push(class_and_id);
        segment.extend_from_slice(&table.counts);
        segment.extend_from_slice(table.values);
    }
    segment
}

struct Table {
    /// How many codes have 1, 2, … 16 bits.
    counts: [u8; 16],
    values: &'static [u8],
}

const DC_LUMA: Table = Table {
    counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    values: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};

const DC_CHROMA: Table = Table {
    counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    values: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};

#[rustfmt::skip]
const AC_LUMA: Table = Table {
    counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D],
    values: &[
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
        0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
        0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0A, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x25, 0x26, 0x27, 0x28,
        0x29, 0x2A, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
        0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
        0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
        0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7,
        0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3, 0xC4, 0xC5,
        0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xE1, 0xE2,
        0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
        0xF9, 0xFA,
    ],
};

#[rustfmt::skip]
const AC_CHROMA: Table = Table {
    counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
    values: &[
        0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
        0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0,
        0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1, 0x17, 0x18, 0x19, 0x1A, 0x26,
        0x27, 0x28, 0x29, 0x2A, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
        0x49, 0x4A, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
        0x69, 0x6A, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
        0x88, 0x89, 0x8A, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0xA2, 0xA3, 0xA4, 0xA5,
        0xA6, 0xA7, 0xA8, 0xA9, 0xAA, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xC2, 0xC3,
        0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA,
        0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEA, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8,
        0xF9, 0xFA,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::Encoder;
    use crate::{ColorSpace, Image, PixelFormat};

    /// A colour JPEG as libjpeg-turbo writes it: with the standard's own tables.
    fn picture() -> Vec<u8> {
        let mut image = Image::new(PixelFormat::I420, 64, 48, ColorSpace::JPEG).unwrap();
        for plane in image.planes_mut() {
            plane.iter_mut().enumerate().for_each(|(i, v)| *v = (i * i / 7) as u8);
        }
        Encoder::new(80).unwrap().encode(&image.view()).unwrap().into_owned()
    }

    fn without_tables(jpeg: &[u8]) -> Vec<u8> {
        let mut rest = jpeg[..2].to_vec();
        for s in segments(jpeg).unwrap() {
            let end = s.start + 4 + s.body.len();
            match s.marker {
                DEFINE_HUFFMAN => {}
                START_OF_SCAN => rest.extend_from_slice(&jpeg[s.start..]),
                _ => rest.extend_from_slice(&jpeg[s.start..end]),
            }
        }
        rest
    }

    fn tables(jpeg: &[u8]) -> Vec<u8> {
        segments(jpeg)
            .unwrap()
            .filter(|s| s.marker == DEFINE_HUFFMAN)
            .flat_map(|s| s.body.to_vec())
            .collect()
    }

    #[test]
    fn the_tables_put_in_are_those_the_encoder_wrote() {
        let whole = picture();
        let stripped = without_tables(&whole);
        assert!(tables(&stripped).is_empty());
        let mended = with_huffman_tables(&stripped);
        let (mended, written) = (tables(&mended), tables(&whole));
        assert_eq!(mended.len(), written.len());
        for table in [&DC_LUMA, &AC_LUMA, &DC_CHROMA, &AC_CHROMA] {
            let bytes = [&table.counts[..], table.values].concat();
            for tables in [&mended, &written] {
                assert!(tables.windows(bytes.len()).any(|w| w == bytes));
            }
        }
    }

    #[test]
    fn files_with_tables_and_damaged_files_come_back_untouched() {
        let whole = picture();
        for jpeg in [&whole[..], &whole[..100], b"nothing of the kind", &[]] {
            assert!(matches!(with_huffman_tables(jpeg), Cow::Borrowed(same) if same == jpeg));
        }
    }
}
