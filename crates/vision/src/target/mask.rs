//! Which pixels of a picture count, one bit each.

use super::limits::{HsvTest, LANES, Limits, packed};
use bushbaby_pixels::jpeg::{Decoder, JpegError};
use bushbaby_pixels::{ImageView, PixelFormat, Range, RgbRows, luma};
use std::ops;

/// One bit for each pixel of a picture, kept between pictures for its memory.
#[derive(Debug, Default)]
pub struct Mask {
    width: usize,
    height: usize,
    /// Rows of `stride` words, the first pixel in the lowest bit of the second word. A row above, a row below, and a word left and
    /// right of each row are empty, so that neighbours of any pixel can be asked for.
    words: Vec<u64>,
    stride: usize,
}

impl Mask {
    /// An empty mask of that size.
    pub fn new(width: usize, height: usize) -> Self {
        let mut mask = Self::default();
        mask.reset(width, height);
        mask
    }

    /// In pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Whether a pixel counts; false outside the picture.
    pub fn has(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.is_set(x as i32, y as i32)
    }

    /// Makes a pixel count. Outside the picture nothing happens.
    pub fn set(&mut self, x: usize, y: usize) {
        if x < self.width && y < self.height {
            self.words[(y + 1) * self.stride + 1 + x / LANES] |= 1 << (x % LANES);
        }
    }

    /// How many pixels count.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Writes a byte for each pixel, row after row: 255 where it counts, else 0.
    ///
    /// - `bytes`: `width × height` of them; what is missing is left out, what is too many stays as it is.
    pub fn write_bytes(&self, bytes: &mut [u8]) {
        if self.width == 0 {
            return;
        }
        for (y, row) in bytes.chunks_exact_mut(self.width).take(self.height).enumerate() {
            for (pixels, word) in row.chunks_mut(LANES).zip(self.row(y)) {
                for (x, pixel) in pixels.iter_mut().enumerate() {
                    *pixel = 0_u8.wrapping_sub((word >> x & 1) as u8);
                }
            }
        }
    }

    /// Like [`Mask::has`], for places up to one pixel outside.
    #[inline]
    pub(super) fn is_set(&self, x: i32, y: i32) -> bool {
        let column = (x + LANES as i32) as usize;
        self.words[(y + 1) as usize * self.stride + column / LANES] >> (column % LANES) & 1 == 1
    }

    /// The words of a row.
    pub(super) fn row(&self, y: usize) -> &[u64] {
        &self.words[(y + 1) * self.stride + 1..][..self.stride - 2]
    }

    fn row_mut(&mut self, y: usize) -> &mut [u64] {
        let stride = self.stride;
        &mut self.words[(y + 1) * stride + 1..][..stride - 2]
    }

    fn reset(&mut self, width: usize, height: usize) {
        (self.width, self.height, self.stride) = (width, height, width.div_ceil(LANES) + 2);
        self.words.clear();
        self.words.resize(self.stride * (height + 2), 0);
    }
}

/// The part of a picture in which pixels may count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    columns: ops::Range<usize>,
    rows: ops::Range<usize>,
}

impl Window {
    /// What of a part (first column, first row, columns, rows) is in the picture.
    pub(super) fn of([x, y, columns, rows]: [u32; 4], view: &ImageView<'_>) -> Self {
        let part =
            |first: u32, count: u32, all: u32| first.min(all) as usize..first.saturating_add(count).min(all) as usize;
        Self {
            columns: part(x, columns, view.width()),
            rows: part(y, rows, view.height()),
        }
    }

    /// The words of each row that have columns of it.
    fn words(&self) -> ops::Range<usize> {
        match self.columns.is_empty() {
            true => 0..0,
            false => self.columns.start / LANES..self.columns.end.div_ceil(LANES),
        }
    }

    /// The bits of one of these words that are columns of it.
    fn bits(&self, word: usize) -> u64 {
        let first = word * LANES;
        let from = self.columns.start.saturating_sub(first);
        let to = (self.columns.end - first).min(LANES);
        (u64::MAX >> (LANES - (to - from))) << from
    }
}

/// Makes masks; kept between pictures for its buffers.
#[derive(Debug, Default)]
pub(super) struct Masker {
    decoder: Option<Decoder>,
    decoded: bushbaby_pixels::Image,
    row: Vec<u8>,
}

impl Masker {
    /// Makes `mask` that of all pixels of the window within the limits.
    ///
    /// # Errors
    /// [`JpegError`], only for a JPEG.
    pub(super) fn mask(
        &mut self,
        view: &ImageView<'_>,
        limits: &Limits,
        window: &Window,
        mask: &mut Mask,
    ) -> Result<(), JpegError> {
        let Some(jpeg) = view.jpeg_bytes() else {
            return self.mask_rows(view, limits, window, mask);
        };
        let mut decoder = self.decoder.take().map_or_else(Decoder::new, Ok)?;
        let mut decoded = std::mem::take(&mut self.decoded);
        let masked = match limits {
            Limits::Hsv(_) => decoder.i420(jpeg, &mut decoded),
            Limits::Brightness(_) => decoder.gray8(jpeg, &mut decoded),
        }
        .and_then(|()| self.mask_rows(&decoded.view(), limits, window, mask));
        // One that met a damaged picture is not asked again.
        self.decoder = masked.is_ok().then_some(decoder);
        self.decoded = decoded;
        masked
    }

    fn mask_rows(
        &mut self,
        view: &ImageView<'_>,
        limits: &Limits,
        window: &Window,
        mask: &mut Mask,
    ) -> Result<(), JpegError> {
        mask.reset(view.width() as usize, view.height() as usize);
        match limits {
            Limits::Hsv(limits) => Self::by_color(view, &HsvTest::new(limits), window, mask),
            Limits::Brightness(limits) => self.by_brightness(view, *limits, window, mask)?,
        }
        Ok(())
    }

    fn by_color(view: &ImageView<'_>, test: &HsvTest, window: &Window, mask: &mut Mask) {
        let Some(mut rows) = RgbRows::new(view) else { return };
        let mut rgb = [[0; LANES]; 3];
        let words = window.words();
        for y in window.rows.clone() {
            let width = mask.width;
            for (index, word) in words.clone().zip(&mut mask.row_mut(y)[words.clone()]) {
                let columns = index * LANES..width.min((index + 1) * LANES);
                // Most of a picture that was taken for its targets is dark.
                if rows.brightest(y, columns.clone()) < test.least_value() {
                    continue;
                }
                let [r, g, b] = &mut rgb;
                rows.read(y, columns, [r, g, b]);
                *word = test.bits(r, g, b) & window.bits(index);
            }
        }
    }

    fn by_brightness(
        &mut self,
        view: &ImageView<'_>,
        limits: [u8; 2],
        window: &Window,
        mask: &mut Mask,
    ) -> Result<(), JpegError> {
        let gray = luma(view)?;
        let is_limited = view.color().range == Range::Limited
            && matches!(view.format(), PixelFormat::I420 | PixelFormat::Nv12 | PixelFormat::Yuyv);
        let [from, to] = if is_limited { as_limited(limits) } else { limits };
        let words = window.words();
        let row = &mut self.row;
        row.resize(mask.width.next_multiple_of(LANES), 0);
        for y in window.rows.clone() {
            row[..mask.width].copy_from_slice(gray.row(y));
            let pixels = &row.as_chunks::<LANES>().0[words.clone()];
            for ((index, word), pixels) in words.clone().zip(&mut mask.row_mut(y)[words.clone()]).zip(pixels) {
                let counts = pixels.map(|level| u8::from((level >= from) & (level <= to)));
                *word = packed(&counts) & window.bits(index);
            }
        }
        Ok(())
    }
}

/// Limits of full-range brightness in the numbers of limited range, where black is 16 and white 235.
fn as_limited([from, to]: [u8; 2]) -> [u8; 2] {
    let level = |full: u8| 16.0 + f64::from(full) * 219.0 / 255.0;
    let lowest = if from == 0 { 0 } else { level(from).ceil() as u8 };
    let highest = if to == 255 { 255 } else { level(to).floor() as u8 };
    [lowest, highest]
}

#[cfg(test)]
mod tests {
    use super::super::limits::HsvLimits;
    use super::*;
    use bushbaby_pixels::jpeg::Encoder;
    use bushbaby_pixels::{ColorSpace, Image, Matrix, to_rgb8};

    fn whole(view: &ImageView<'_>) -> Window {
        Window::of([0, 0, view.width(), view.height()], view)
    }

    #[test]
    fn in_every_format_and_width_a_pixel_counts_when_its_colour_does() {
        let limits = HsvLimits {
            hue: [40, 110],
            saturation: [60, 255],
            value: [80, 255],
        };
        for format in PixelFormat::ALL.into_iter().filter(|f| *f != PixelFormat::Jpeg) {
            for width in [1, 37, 64, 65, 130] {
                let color = ColorSpace {
                    matrix: Matrix::Bt601,
                    range: Range::Limited,
                };
                let mut image = Image::new(format, width, 9, color).unwrap();
                for (p, plane) in image.planes_mut().into_iter().enumerate() {
                    plane
                        .iter_mut()
                        .enumerate()
                        .for_each(|(i, byte)| *byte = (i * 71 + p * 40) as u8);
                }
                let rgb = to_rgb8(&image.view()).unwrap();
                let (mut masker, mut mask) = (Masker::default(), Mask::default());
                let view = image.view();
                masker
                    .mask(&view, &Limits::Hsv(limits), &whole(&view), &mut mask)
                    .unwrap();
                for (i, pixel) in rgb.bytes().chunks_exact(3).enumerate() {
                    let (x, y) = (i % width as usize, i / width as usize);
                    let wanted = limits.contains([pixel[0], pixel[1], pixel[2]]);
                    assert_eq!(mask.has(x, y), wanted, "{format} {width} ({x}, {y})");
                }
                assert!(!mask.has(width as usize, 0) && !mask.has(0, 9));
            }
        }
    }

    #[test]
    fn in_a_part_of_a_picture_the_same_pixels_count_and_outside_none() {
        let by_color = Limits::Hsv(HsvLimits {
            hue: [0, 179],
            saturation: [0, 255],
            value: [60, 255],
        });
        for (format, limits) in [
            (PixelFormat::I420, by_color),
            (PixelFormat::Rgb8, by_color),
            (PixelFormat::Nv12, Limits::Brightness([60, 200])),
        ] {
            let mut image = Image::new(format, 150, 9, ColorSpace::JPEG).unwrap();
            for plane in image.planes_mut() {
                plane
                    .iter_mut()
                    .enumerate()
                    .for_each(|(i, byte)| *byte = (i * 71) as u8);
            }
            let view = image.view();
            let (mut masker, mut all, mut mask) = (Masker::default(), Mask::default(), Mask::default());
            masker.mask(&view, &limits, &whole(&view), &mut all).unwrap();
            assert!(all.count() > 100);
            for [left, top, columns, rows] in [
                [0, 0, 150, 9],
                [5, 2, 1, 1],
                [63, 1, 3, 7],
                [64, 0, 64, 9],
                [70, 3, 500, 500],
                [128, 8, 22, 1],
                [150, 9, 5, 5],
                [9, 0, 0, 9],
            ] {
                let part = [left, top, columns, rows];
                masker
                    .mask(&view, &limits, &Window::of(part, &view), &mut mask)
                    .unwrap();
                for (x, y) in (0..9).flat_map(|y| (0..150).map(move |x| (x, y))) {
                    let is_in = (left..left.saturating_add(columns)).contains(&x) && (top..top + rows).contains(&y);
                    let (x, y) = (x as usize, y as usize);
                    assert_eq!(mask.has(x, y), is_in && all.has(x, y), "{format} {part:?} ({x}, {y})");
                }
            }
        }
    }

    #[test]
    fn written_as_bytes_it_is_the_same() {
        for (width, height) in [(1, 1), (64, 2), (65, 3), (150, 4)] {
            let mut mask = Mask::new(width, height);
            let counts = |x: usize, y: usize| (x * 7 + y * 3).is_multiple_of(5);
            for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                if counts(x, y) {
                    mask.set(x, y);
                }
            }
            let mut bytes = vec![9; width * height + 3];
            mask.write_bytes(&mut bytes);
            for (at, byte) in bytes[..width * height].iter().enumerate() {
                let wanted = if counts(at % width, at / width) { 255 } else { 0 };
                assert_eq!(*byte, wanted, "{width} {at}");
            }
            assert_eq!(bytes[width * height..], [9, 9, 9]);
        }
    }

    #[test]
    fn brightness_means_the_same_in_both_ranges() {
        for (range, levels) in [
            (Range::Full, [0, 127, 128, 200, 201, 255]),
            (Range::Limited, [16, 125, 126, 187, 189, 235]),
        ] {
            let color = ColorSpace {
                matrix: Matrix::Bt601,
                range,
            };
            let mut image = Image::new(PixelFormat::I420, 6, 1, color).unwrap();
            let [luma, ..] = image.planes_mut();
            luma.copy_from_slice(&levels);
            let (mut masker, mut mask) = (Masker::default(), Mask::default());
            let view = image.view();
            masker
                .mask(&view, &Limits::Brightness([128, 200]), &whole(&view), &mut mask)
                .unwrap();
            let found: Vec<usize> = (0..6).filter(|x| mask.has(*x, 0)).collect();
            assert_eq!(found, [2, 3], "{range:?}");
        }
    }

    #[test]
    fn a_damaged_jpeg_is_an_error_and_the_next_picture_is_fine() {
        let mut image = Image::new(PixelFormat::Rgb8, 32, 16, ColorSpace::JPEG).unwrap();
        let [rgb, ..] = image.planes_mut();
        rgb.chunks_exact_mut(3)
            .for_each(|pixel| pixel.copy_from_slice(&[20, 220, 40]));
        let jpeg = Encoder::new(90).unwrap().encode(&image.view()).unwrap().into_owned();
        let green = Limits::Hsv(HsvLimits {
            hue: [50, 75],
            saturation: [150, 255],
            value: [150, 255],
        });
        let (mut masker, mut mask) = (Masker::default(), Mask::default());
        let cut = ImageView::jpeg(&jpeg[..jpeg.len() - 30]).unwrap();
        assert!(masker.mask(&cut, &green, &whole(&cut), &mut mask).is_err());
        let good = ImageView::jpeg(&jpeg).unwrap();
        for limits in [green, Limits::Brightness([100, 200])] {
            masker.mask(&good, &limits, &whole(&good), &mut mask).unwrap();
            assert_eq!(mask.count(), 32 * 16);
        }
    }
}
