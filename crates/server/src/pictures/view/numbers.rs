//! An array of numbers, one a pixel, as colours.

use bushbaby_bus::{ArrayView, DType};

use super::colors::TABLE;

/// Where nothing is known.
const UNKNOWN: [u8; 3] = [0, 0, 0];

/// Numbers in rows. Whatever they are, NaN included, reading them is safe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers<'f> {
    bytes: &'f [u8],
    form: Form,
    width: usize,
    height: usize,
    row_stride_bytes: usize,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    F32,
    F64,
    /// Millimetres, 0 where nothing is known: what depth cameras themselves give.
    Millimetres,
}

impl<'f> Numbers<'f> {
    /// `None` when the array is none of (height, width) in a form that is understood.
    pub(super) fn new(array: ArrayView<'f>) -> Option<Self> {
        let form = match array.info.dtype {
            DType::F32 => Form::F32,
            DType::F64 => Form::F64,
            DType::U16 => Form::Millimetres,
            _ => return None,
        };
        let ([height, width], [row_stride_bytes, _]) = (&array.info.shape[..], &array.info.strides_bytes[..]) else {
            return None;
        };
        let fits = |side: &usize| (1..=1 << 15).contains(side);
        (fits(width) && fits(height)).then_some(Self {
            bytes: array.bytes,
            form,
            width: *width,
            height: *height,
            row_stride_bytes: *row_stride_bytes,
        })
    }

    pub(super) fn size_px(&self) -> [u32; 2] {
        [self.width as u32, self.height as u32]
    }

    /// NaN outside and where it is not known.
    pub(super) fn get(&self, x: usize, y: usize) -> f32 {
        let of = |size: usize| {
            let start = y * self.row_stride_bytes + x * size;
            self.bytes.get(start..start + size)
        };
        let read = match self.form {
            Form::F32 => of(4).and_then(|bytes| bytes.try_into().ok()).map(f32::from_le_bytes),
            Form::F64 => of(8)
                .and_then(|bytes| bytes.try_into().ok())
                .map(|bytes| f64::from_le_bytes(bytes) as f32),
            Form::Millimetres => of(2)
                .and_then(|bytes| bytes.try_into().ok())
                .map(u16::from_le_bytes)
                .filter(|millimetres| *millimetres > 0)
                .map(|millimetres| f32::from(millimetres) / 1000.0),
        };
        read.unwrap_or(f32::NAN)
    }

    /// The number at a place, given as shares of width and height.
    pub(super) fn at(&self, share: [f64; 2]) -> Option<f32> {
        let [x, y] = [share[0] * self.width as f64, share[1] * self.height as f64];
        let is_inside = x >= 0.0 && y >= 0.0 && x < self.width as f64 && y < self.height as f64;
        is_inside.then(|| self.get(x as usize, y as usize))
    }

    /// Numbers of a grid over all of it, about `count` of them.
    pub(super) fn samples(&self, count: usize) -> impl Iterator<Item = f32> {
        let step = ((self.width * self.height) as f64 / count as f64)
            .sqrt()
            .ceil()
            .max(1.0) as usize;
        let rows = (step / 2..self.height).step_by(step);
        rows.flat_map(move |y| (step / 2..self.width).step_by(step).map(move |x| self.get(x, y)))
    }

    /// Writes them as RGB into a picture of `width` by `height` pixels: each pixel is the number at its middle, as means over
    /// an edge would be depths that are nowhere.
    pub(super) fn paint(&self, [dark, bright]: [f32; 2], [width, height]: [u32; 2], pixels: &mut [u8]) {
        let (width, height) = (width as usize, height as usize);
        let columns: Vec<usize> = (0..width).map(|x| (2 * x + 1) * self.width / (2 * width)).collect();
        let scale = 255.0 / (bright - dark);
        for (y, row) in pixels.chunks_exact_mut(3 * width).take(height).enumerate() {
            let from = (2 * y + 1) * self.height / (2 * height);
            for (pixel, x) in row.chunks_exact_mut(3).zip(&columns) {
                let number = self.get(*x, from);
                let color = if number.is_finite() {
                    // A cast to u8 keeps within 0 and 255.
                    TABLE[usize::from(((number - dark) * scale) as u8)]
                } else {
                    UNKNOWN
                };
                pixel.copy_from_slice(&color);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_bus::{ArrayInfo, ColorTag};

    fn info(dtype: DType, shape: [usize; 2]) -> ArrayInfo {
        ArrayInfo {
            name: "depth".into(),
            dtype,
            shape: shape.to_vec(),
            strides_bytes: vec![shape[1] * dtype.size_bytes(), dtype.size_bytes()],
            encoding: String::new(),
            color: ColorTag::UNSPECIFIED,
        }
    }

    #[test]
    fn near_is_bright_far_is_dark_and_the_unknown_is_black() {
        let depth = [1.0_f32, 3.0, f32::NAN, f32::INFINITY, 0.2, 9.0];
        let bytes: Vec<u8> = depth.iter().flat_map(|metres| metres.to_le_bytes()).collect();
        let info = info(DType::F32, [2, 3]);
        let numbers = Numbers::new(ArrayView {
            info: &info,
            bytes: &bytes,
        })
        .unwrap();
        let mut pixels = [9; 18];
        numbers.paint([3.0, 1.0], [3, 2], &mut pixels);
        let expected = [TABLE[255], TABLE[0], UNKNOWN, UNKNOWN, TABLE[255], TABLE[0]];
        assert_eq!(pixels, expected.concat()[..]);
    }

    #[test]
    fn a_smaller_picture_takes_the_number_at_the_middle_of_each_pixel() {
        let millimetres: Vec<u8> = (0..16_u16).flat_map(|n| (n * 100).to_le_bytes()).collect();
        let info = info(DType::U16, [4, 4]);
        let numbers = Numbers::new(ArrayView {
            info: &info,
            bytes: &millimetres,
        })
        .unwrap();
        assert!(numbers.get(0, 0).is_nan() && (numbers.get(1, 0) - 0.1).abs() < 1e-6);
        assert_eq!(numbers.at([0.5, 0.5]), Some(1.0));
        assert_eq!(numbers.at([1.0, 0.5]), None);
        let mut pixels = [0; 12];
        numbers.paint([0.0, 1.5], [2, 2], &mut pixels);
        let color = |metres: f32| TABLE[usize::from((metres * 170.0) as u8)];
        assert_eq!(pixels, [color(0.5), color(0.7), color(1.3), color(1.5)].concat()[..]);
    }

    #[test]
    fn an_array_that_is_shorter_than_it_says_is_unknown_past_its_end() {
        let info = info(DType::F32, [2, 2]);
        let numbers = Numbers::new(ArrayView {
            info: &info,
            bytes: &[0; 7],
        })
        .unwrap();
        assert_eq!(numbers.get(0, 0), 0.0);
        assert!(numbers.get(1, 0).is_nan() && numbers.get(1, 1).is_nan());
    }
}
