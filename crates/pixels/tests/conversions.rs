//! Conversions of every format, size and stride, against their definitions in f64.

use bushbaby_pixels::{
    ColorSpace, Image, ImageView, Matrix, PixelFormat, Plane, Range, Resizer, luma, to_i420, to_rgb8,
};
use proptest::prelude::*;

/// Planes with padded rows full of noise, and what they are said to be.
#[derive(Debug, Clone)]
struct Picture {
    format: PixelFormat,
    width: u32,
    height: u32,
    color: ColorSpace,
    planes: Vec<(Vec<u8>, usize)>,
}

impl Picture {
    fn view(&self) -> ImageView<'_> {
        let planes: Vec<Plane<'_>> = self
            .planes
            .iter()
            .map(|(bytes, stride_bytes)| Plane {
                bytes,
                stride_bytes: *stride_bytes,
            })
            .collect();
        ImageView::new(self.format, self.width, self.height, self.color, &planes).unwrap()
    }

    fn at(&self, plane: usize, x: usize, y: usize) -> f64 {
        let (bytes, stride) = &self.planes[plane];
        f64::from(bytes[y * stride + x])
    }

    /// Y, U, V of one pixel, for YUV formats.
    fn yuv(&self, x: usize, y: usize) -> [f64; 3] {
        let (cx, cy) = (x / 2, y / 2);
        match self.format {
            PixelFormat::I420 => [self.at(0, x, y), self.at(1, cx, cy), self.at(2, cx, cy)],
            PixelFormat::Nv12 => [self.at(0, x, y), self.at(1, 2 * cx, cy), self.at(1, 2 * cx + 1, cy)],
            PixelFormat::Yuyv => [
                self.at(0, 2 * x, y),
                self.at(0, 4 * cx + 1, y),
                self.at(0, 4 * cx + 3, y),
            ],
            _ => unreachable!("not YUV"),
        }
    }

    fn rgb(&self, x: usize, y: usize) -> [f64; 3] {
        match self.format {
            PixelFormat::Rgb8 => [0, 1, 2].map(|c| self.at(0, 3 * x + c, y)),
            PixelFormat::Bgr8 => [2, 1, 0].map(|c| self.at(0, 3 * x + c, y)),
            PixelFormat::Gray8 => [self.at(0, x, y); 3],
            _ => rgb_of(self.yuv(x, y), self.color),
        }
    }

    fn luma(&self, x: usize, y: usize) -> f64 {
        match self.format {
            PixelFormat::Rgb8 | PixelFormat::Bgr8 => {
                let [r, g, b] = self.rgb(x, y);
                0.299 * r + 0.587 * g + 0.114 * b
            }
            PixelFormat::Gray8 => self.at(0, x, y),
            _ => self.yuv(x, y)[0],
        }
    }
}

/// BT.601 and BT.709 as they are defined.
fn rgb_of([y, u, v]: [f64; 3], color: ColorSpace) -> [f64; 3] {
    let (y, pb, pr) = match color.range {
        Range::Full => (y, u - 128.0, v - 128.0),
        Range::Limited => (
            (y - 16.0) * 255.0 / 219.0,
            (u - 128.0) * 255.0 / 224.0,
            (v - 128.0) * 255.0 / 224.0,
        ),
    };
    let rgb = match color.matrix {
        Matrix::Bt601 => [y + 1.402 * pr, y - 0.344_136 * pb - 0.714_136 * pr, y + 1.772 * pb],
        Matrix::Bt709 => [y + 1.5748 * pr, y - 0.187_324 * pb - 0.468_124 * pr, y + 1.8556 * pb],
    };
    rgb.map(|c| c.clamp(0.0, 255.0))
}

fn colors() -> impl Strategy<Value = ColorSpace> {
    (
        prop_oneof![Just(Matrix::Bt601), Just(Matrix::Bt709)],
        prop_oneof![Just(Range::Limited), Just(Range::Full)],
    )
        .prop_map(|(matrix, range)| ColorSpace { matrix, range })
}

fn pictures() -> impl Strategy<Value = Picture> {
    let rows: Vec<PixelFormat> = PixelFormat::ALL
        .into_iter()
        .filter(|f| *f != PixelFormat::Jpeg)
        .collect();
    let padding = prop_oneof![Just(0_usize), 0..20_usize];
    (
        prop::sample::select(rows),
        1..40_u32,
        1..24_u32,
        colors(),
        padding,
        any::<bool>(),
        any::<u64>(),
    )
        .prop_map(|(format, width, height, color, padding, whole_last_row, seed)| {
            let mut state = seed | 1;
            let mut noise = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            };
            let planes = (0..format.array_names().len())
                .map(|i| {
                    let [row_bytes, rows] = format.plane_shape(i, width, height).unwrap();
                    let stride = row_bytes + padding;
                    let len = if whole_last_row {
                        stride * rows
                    } else {
                        stride * (rows - 1) + row_bytes
                    };
                    ((0..len).map(|_| noise()).collect(), stride)
                })
                .collect();
            Picture {
                format,
                width,
                height,
                color,
                planes,
            }
        })
}

fn pixels(picture: &Picture) -> impl Iterator<Item = (usize, usize)> + use<> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn luma_is_within_a_level_of_its_definition(picture in pictures()) {
        let view = picture.view();
        let gray = luma(&view).unwrap();
        for (x, y) in pixels(&picture) {
            let error = f64::from(gray.row(y)[x]) - picture.luma(x, y);
            prop_assert!(error.abs() < 1.0, "{x} {y}: {error}");
        }
    }

    #[test]
    fn rgb_is_within_a_level_of_its_definition(picture in pictures()) {
        let rgb = to_rgb8(&picture.view()).unwrap();
        let width = picture.width as usize;
        for (x, y) in pixels(&picture) {
            let got = &rgb.bytes()[3 * (y * width + x)..][..3];
            for (got, wanted) in got.iter().zip(picture.rgb(x, y)) {
                prop_assert!((f64::from(*got) - wanted).abs() < 1.0, "{x} {y}: {got} for {wanted}");
            }
        }
    }

    #[test]
    fn i420_has_the_same_y_and_the_mean_chroma_of_each_block(picture in pictures()) {
        let i420 = to_i420(&picture.view()).unwrap();
        let view = i420.view();
        let out = Picture {
            format: PixelFormat::I420,
            planes: view.planes().iter().map(|p| (p.bytes.to_vec(), p.stride_bytes)).collect(),
            color: view.color(),
            ..picture.clone()
        };
        let yuv = !matches!(picture.format, PixelFormat::Rgb8 | PixelFormat::Bgr8 | PixelFormat::Gray8);
        prop_assert_eq!(view.color(), if yuv { picture.color } else { ColorSpace::JPEG });
        for (x, y) in pixels(&picture) {
            prop_assert!((out.at(0, x, y) - picture.luma(x, y)).abs() < 1.0);
            let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| {
                let x = (x / 2 * 2 + dx).min(picture.width as usize - 1);
                let y = (y / 2 * 2 + dy).min(picture.height as usize - 1);
                if yuv {
                    let [_, u, v] = picture.yuv(x, y);
                    [u, v]
                } else {
                    let [r, g, b] = picture.rgb(x, y);
                    [128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b, 128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b]
                }
            });
            for (plane, i) in [(1, 0), (2, 1)] {
                let mean = corners.iter().map(|c| c[i]).sum::<f64>() / 4.0;
                prop_assert!((out.at(plane, x / 2, y / 2) - mean).abs() < 1.0);
            }
        }
    }

    #[test]
    fn resizing_never_fails_and_never_leaves_the_range_of_the_picture(
        picture in pictures(), width in 1..60_u32, height in 1..60_u32,
    ) {
        let mut out = Image::default();
        Resizer::new().resize(&picture.view(), width, height, &mut out).unwrap();
        let view = out.view();
        prop_assert_eq!([view.width(), view.height()], [width, height]);
        if picture.format == PixelFormat::Gray8 {
            let all = pixels(&picture).map(|(x, y)| picture.at(0, x, y) as u8);
            let (darkest, brightest) = all.fold((255, 0), |(low, high), v| (v.min(low), v.max(high)));
            prop_assert!(out.bytes().iter().all(|v| (darkest..=brightest).contains(v)));
        }
    }

    #[test]
    fn any_size_and_any_planes_are_a_view_or_an_error(
        format in prop::sample::select(PixelFormat::ALL.to_vec()),
        width in prop_oneof![0..70_u32, any::<u32>()],
        height in prop_oneof![0..70_u32, any::<u32>()],
        strides in prop::collection::vec(prop_oneof![0..300_usize, any::<usize>()], 0..5),
        len in 0..6_000_usize,
    ) {
        let bytes = vec![77; len];
        let planes: Vec<_> = strides.iter().map(|s| Plane { bytes: &bytes, stride_bytes: *s }).collect();
        if let Ok(view) = ImageView::new(format, width, height, ColorSpace::JPEG, &planes) {
            prop_assert!(luma(&view).is_ok() && to_rgb8(&view).is_ok() && to_i420(&view).is_ok());
        }
    }
}
