//! Masks on their way to the page: one bit a pixel, small enough for every frame.
//!
//! In: the arrays of a result's frame that are uint8 or bool of (height, width); 0 is outside. Out: the same mask, no side
//! longer than [`LONGEST_SIDE_PX`], as lengths of runs, or as bits where that is shorter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bushbaby_bus::{ArrayView, DType, Frame};
use serde::Serialize;

use crate::pictures::WantedSize;

/// A mask is shown stretched over its picture: finer edges than these nobody sees.
const LONGEST_SIDE_PX: u32 = 480;
/// No mask is larger before it is made smaller.
const LONGEST_SOURCE_PX: usize = 1 << 14;

/// One mask. `data` is base64 of `form`:
/// `runs`: lengths of outside and inside in turn, beginning with outside, row after row without a break, each as LEB128;
/// `bits`: eight pixels a byte, the first the highest bit, without a gap between rows.
#[derive(Debug, Serialize)]
pub(super) struct Mask<'f> {
    array: &'f str,
    width: u32,
    height: u32,
    form: &'static str,
    data: String,
}

/// The masks on a frame, by the name of their array.
pub(super) fn of(frame: &Frame) -> Vec<Mask<'_>> {
    let arrays = (0..frame.arrays().len()).filter_map(|index| frame.array_at(index));
    arrays.filter_map(mask).collect()
}

fn mask(array: ArrayView<'_>) -> Option<Mask<'_>> {
    if !matches!(array.info.dtype, DType::U8 | DType::Bool) || !array.info.encoding.is_empty() {
        return None;
    }
    let ([rows, columns], [stride, _]) = (&array.info.shape[..], &array.info.strides_bytes[..]) else {
        return None;
    };
    let fits = |side: usize| (1..=LONGEST_SOURCE_PX).contains(&side);
    if !fits(*rows) || !fits(*columns) {
        return None;
    }
    let box_px = [LONGEST_SIDE_PX; 2];
    let [width, height] = WantedSize::Inside(box_px).of([*columns as u32, *rows as u32]);
    let pixels = (0..height as usize).flat_map(|y| {
        let row = (2 * y + 1) * rows / (2 * height as usize) * stride;
        (0..width as usize).map(move |x| {
            let column = (2 * x + 1) * columns / (2 * width as usize);
            array.bytes.get(row + column).is_some_and(|value| *value != 0)
        })
    });
    let bits_bytes = (width as usize * height as usize).div_ceil(8);
    let (form, data) = match runs(pixels.clone(), bits_bytes) {
        Some(runs) => ("runs", runs),
        None => ("bits", bits(pixels)),
    };
    Some(Mask {
        array: &array.info.name,
        width,
        height,
        form,
        data: STANDARD.encode(data),
    })
}

fn bits(pixels: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bits = Vec::new();
    for (index, is_inside) in pixels.enumerate() {
        if index % 8 == 0 {
            bits.push(0);
        }
        if let Some(last) = bits.last_mut() {
            *last |= u8::from(is_inside) << (7 - index % 8);
        }
    }
    bits
}

/// `None` when they would take more than `most` bytes.
fn runs(pixels: impl Iterator<Item = bool>, most: usize) -> Option<Vec<u8>> {
    let mut runs = Vec::new();
    let (mut is_inside, mut length) = (false, 0_u32);
    let mut end = |mut length: u32| {
        while length >= 0x80 {
            runs.push(length as u8 | 0x80);
            length >>= 7;
        }
        runs.push(length as u8);
        runs.len() <= most
    };
    for pixel in pixels {
        if pixel != is_inside {
            if !end(length) {
                return None;
            }
            (is_inside, length) = (pixel, 0);
        }
        length += 1;
    }
    end(length).then_some(runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_bus::{ArrayInfo, ColorTag};

    fn made(shape: [usize; 2], is_inside: impl Fn(usize, usize) -> bool) -> (&'static str, [u32; 2], Vec<u8>) {
        let info = ArrayInfo {
            name: "mask0".into(),
            dtype: DType::U8,
            shape: shape.to_vec(),
            strides_bytes: vec![shape[1], 1],
            encoding: String::new(),
            color: ColorTag::UNSPECIFIED,
        };
        let pixels = (0..shape[0]).flat_map(|y| (0..shape[1]).map(move |x| (x, y)));
        let bytes: Vec<u8> = pixels.map(|(x, y)| u8::from(is_inside(x, y)) * 255).collect();
        let mask = mask(ArrayView {
            info: &info,
            bytes: &bytes,
        })
        .unwrap();
        (
            mask.form,
            [mask.width, mask.height],
            STANDARD.decode(mask.data).unwrap(),
        )
    }

    #[test]
    fn a_region_is_a_few_runs() {
        // Thirty columns of the last two rows: 38 rows of 60 and 10 more are outside before them.
        let (form, size, data) = made([40, 60], |x, y| y >= 38 && (10..40).contains(&x));
        assert_eq!((form, size), ("runs", [60, 40]));
        assert_eq!(data, [0xf2, 0x11, 30, 30, 30, 20]);
        let (_, _, full) = made([100, 300], |_, _| true);
        assert_eq!(full, [0, 0xb0, 0xea, 0x01]);
    }

    #[test]
    fn noise_is_bits_as_runs_would_be_longer() {
        let (form, _, data) = made([2, 8], |x, _| x % 2 == 0);
        assert_eq!((form, &data[..]), ("bits", &[0xaa, 0xaa][..]));
    }

    #[test]
    fn a_mask_of_a_large_picture_is_made_small() {
        let (form, size, data) = made([1080, 1920], |x, y| x < 960 && y < 540);
        assert_eq!((form, size), ("runs", [480, 270]));
        assert!(data.len() < 600, "{}", data.len());
        let noise = |x: usize, y: usize| (x / 4 + y / 4).is_multiple_of(2);
        let (form, _, data) = made([1080, 1920], noise);
        assert_eq!((form, data.len()), ("bits", 480 * 270 / 8));
    }
}
