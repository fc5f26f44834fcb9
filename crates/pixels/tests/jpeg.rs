//! JPEG there and back, and JPEGs that are damaged.

use std::borrow::Cow;

use bushbaby_pixels::jpeg::{Decoder, Encoder, Header, JpegError, MAX_DECODED_PX, with_huffman_tables};
use bushbaby_pixels::{ColorSpace, Image, ImageView, Matrix, PixelFormat, Range, luma, to_i420, to_rgb8};
use proptest::prelude::*;
use turbojpeg::{Compressor, Subsamp};

const LIMITED: ColorSpace = ColorSpace {
    matrix: Matrix::Bt601,
    range: Range::Limited,
};

/// A soft gradient of brightness and colour, which JPEG hardly changes.
fn soft_rgb(width: u32, height: u32) -> Image {
    let mut image = Image::new(PixelFormat::Rgb8, width, height, ColorSpace::JPEG).unwrap();
    let [rgb, _, _] = image.planes_mut();
    for (i, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        let (x, y) = (i as u32 % width, i as u32 / width);
        let across = (x * 200 / width) as u8;
        pixel.copy_from_slice(&[40 + across, 60 + (y * 120 / height) as u8, 200 - across / 2]);
    }
    image
}

fn encoded(view: &ImageView<'_>) -> Vec<u8> {
    Encoder::new(95).unwrap().encode(view).unwrap().into_owned()
}

/// The largest difference, in levels.
fn worst(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[test]
fn every_format_comes_back_as_the_same_picture_at_odd_sizes_too() {
    for [width, height] in [[64, 48], [65, 47], [17, 1], [1, 1], [2, 31]] {
        let rgb = soft_rgb(width, height);
        let i420 = to_i420(&rgb.view()).unwrap();
        for view in [rgb.view(), i420.view()] {
            let jpeg = encoded(&view);
            assert_eq!(Header::read(&jpeg), Ok(Header { width, height }));
            let mut back = Image::default();
            Decoder::new().unwrap().i420(&jpeg, &mut back).unwrap();
            let y_len = (width * height) as usize;
            assert!(
                worst(&back.bytes()[..y_len], &i420.bytes()[..y_len]) <= 4,
                "{width}x{height}"
            );
            assert!(worst(back.bytes(), i420.bytes()) <= 14, "{width}x{height}");
            let view = ImageView::jpeg(&jpeg).unwrap();
            assert!(worst(&luma(&view).unwrap().bytes, &i420.bytes()[..y_len]) <= 4);
        }
    }
}

#[test]
fn nv12_yuyv_and_bgr_become_the_same_jpeg_as_their_i420() {
    let rgb = soft_rgb(32, 16);
    let i420 = to_i420(&rgb.view()).unwrap();
    let [y, u, v] = [0, 1, 2].map(|i| i420.view().planes()[i].bytes);

    let mut nv12 = Image::new(PixelFormat::Nv12, 32, 16, ColorSpace::JPEG).unwrap();
    let [luma, chroma, _] = nv12.planes_mut();
    luma.copy_from_slice(y);
    chroma
        .chunks_exact_mut(2)
        .zip(u.iter().zip(v))
        .for_each(|(o, (u, v))| (o[0], o[1]) = (*u, *v));

    let mut yuyv = Image::new(PixelFormat::Yuyv, 32, 16, ColorSpace::JPEG).unwrap();
    for (i, quad) in yuyv.planes_mut()[0].chunks_exact_mut(4).enumerate() {
        let (x, row) = (i % 16, i / 16);
        let at = 16 * (row / 2) + x;
        quad.copy_from_slice(&[y[32 * row + 2 * x], u[at], y[32 * row + 2 * x + 1], v[at]]);
    }

    let jpeg = encoded(&i420.view());
    assert_eq!(encoded(&nv12.view()), jpeg);
    assert_eq!(encoded(&yuyv.view()), jpeg);

    let mut bgr = Image::new(PixelFormat::Bgr8, 32, 16, ColorSpace::JPEG).unwrap();
    bgr.planes_mut()[0]
        .chunks_exact_mut(3)
        .zip(rgb.bytes().chunks_exact(3))
        .for_each(|(o, i)| o.copy_from_slice(&[i[2], i[1], i[0]]));
    assert_eq!(encoded(&bgr.view()), encoded(&rgb.view()));
}

#[test]
fn limited_range_is_expanded_so_that_black_is_black_and_white_is_white() {
    for [width, height] in [[16, 16], [17, 15]] {
        let mut image = Image::new(PixelFormat::I420, width, height, LIMITED).unwrap();
        let [_, u, v] = image.planes_mut();
        u.fill(128);
        v.fill(128);
        for (written, wanted) in [(16, 0), (235, 255), (126, 128)] {
            let [y, _, _] = image.planes_mut();
            y.fill(written);
            let jpeg = encoded(&image.view());
            let gray = luma(&ImageView::jpeg(&jpeg).unwrap()).unwrap();
            assert!(
                gray.bytes.iter().all(|v| v.abs_diff(wanted) <= 1),
                "{written}: {:?}",
                gray.bytes
            );
        }
    }
}

#[test]
fn a_jpeg_passes_through_untouched() {
    let jpeg = encoded(&soft_rgb(40, 30).view());
    let view = ImageView::jpeg(&jpeg).unwrap();
    let mut encoder = Encoder::new(10).unwrap();
    assert!(matches!(encoder.encode(&view).unwrap(), Cow::Borrowed(same) if std::ptr::eq(same, &jpeg[..])));
}

#[test]
fn a_lower_quality_makes_a_smaller_file_from_the_next_picture_on() {
    let rgb = soft_rgb(320, 240);
    let mut encoder = Encoder::new(90).unwrap();
    let fine = encoder.encode(&rgb.view()).unwrap().len();
    encoder.set_quality(0).unwrap();
    assert!(encoder.encode(&rgb.view()).unwrap().len() < fine / 2);
}

#[test]
fn every_chroma_sampling_becomes_i420() {
    for [width, height] in [[64, 48], [37, 23]] {
        let rgb = soft_rgb(width, height);
        let wanted = to_i420(&rgb.view()).unwrap();
        let samplings = [
            Subsamp::None,
            Subsamp::Sub2x1,
            Subsamp::Sub2x2,
            Subsamp::Sub1x2,
            Subsamp::Sub4x1,
            Subsamp::Sub1x4,
            Subsamp::Gray,
        ];
        for subsamp in samplings {
            let image = turbojpeg::Image {
                pixels: rgb.bytes(),
                width: width as usize,
                pitch: 3 * width as usize,
                height: height as usize,
                format: turbojpeg::PixelFormat::RGB,
            };
            let jpeg = turbojpeg::compress(image, 98, subsamp).unwrap();
            let mut back = Image::default();
            Decoder::new().unwrap().i420(&jpeg, &mut back).unwrap();
            let y_len = (width * height) as usize;
            assert!(
                worst(&back.bytes()[..y_len], &wanted.bytes()[..y_len]) <= 4,
                "{subsamp:?}"
            );
            if subsamp == Subsamp::Gray {
                assert!(back.bytes()[y_len..].iter().all(|v| *v == 128));
            } else {
                assert!(
                    worst(&back.bytes()[y_len..], &wanted.bytes()[y_len..]) <= 12,
                    "{subsamp:?}"
                );
            }
        }
    }
}

#[test]
fn a_jpeg_of_rgb_planes_becomes_i420_too() {
    let rgb = soft_rgb(24, 24);
    let mut compressor = Compressor::new().unwrap();
    compressor.set_colorspace(turbojpeg::Colorspace::RGB).unwrap();
    let image = turbojpeg::Image {
        pixels: rgb.bytes(),
        width: 24,
        pitch: 72,
        height: 24,
        format: turbojpeg::PixelFormat::RGB,
    };
    let jpeg = compressor.compress_to_vec(image).unwrap();
    let i420 = to_i420(&ImageView::jpeg(&jpeg).unwrap()).unwrap();
    assert!(worst(i420.bytes(), to_i420(&rgb.view()).unwrap().bytes()) <= 3);
    assert!(worst(to_rgb8(&ImageView::jpeg(&jpeg).unwrap()).unwrap().bytes(), rgb.bytes()) <= 3);
}

#[test]
fn a_jpeg_that_was_cut_off_is_an_error_and_no_half_picture() {
    let jpeg = encoded(&soft_rgb(160, 120).view());
    let mut decoder = Decoder::new().unwrap();
    let mut out = Image::default();
    for part in [jpeg.len() / 2, jpeg.len() - 30] {
        assert!(matches!(
            decoder.gray8(&jpeg[..part], &mut out),
            Err(JpegError::Damaged { .. })
        ));
        assert!(matches!(
            decoder.i420(&jpeg[..part], &mut out),
            Err(JpegError::Damaged { .. })
        ));
    }
    decoder
        .gray8(&jpeg, &mut out)
        .expect("the decoder serves on after a damaged picture");
}

#[test]
fn stray_bytes_before_the_end_do_no_harm() {
    let whole = encoded(&soft_rgb(160, 120).view());
    let mut stray = whole[..whole.len() - 2].to_vec();
    stray.extend_from_slice(&[0, 1, 2, 3, 0xFF, 0xD9]);
    let mut decoder = Decoder::new().unwrap();
    let (mut clean, mut littered) = (Image::default(), Image::default());
    decoder.i420(&whole, &mut clean).unwrap();
    decoder.i420(&stray, &mut littered).unwrap();
    assert_eq!(clean.bytes(), littered.bytes());
}

#[test]
fn a_huge_picture_is_refused_before_memory_is_taken_for_it() {
    let mut jpeg = encoded(&soft_rgb(16, 16).view());
    let frame = jpeg.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x30, 0, 0x30, 0]);
    let refused = Decoder::new().unwrap().gray8(&jpeg, &mut Image::default());
    assert!(matches!(
        refused,
        Err(JpegError::TooLarge {
            width: 0x3000,
            height: 0x3000,
            limit_px: MAX_DECODED_PX
        })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_are_a_picture_or_an_error(
        width in 1..70_u32,
        height in 1..50_u32,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        keep in prop_oneof![Just(1.0), 0.0..1.0],
    ) {
        let mut jpeg = encoded(&soft_rgb(width, height).view());
        for (at, value) in changes {
            let at = at.index(jpeg.len());
            jpeg[at] = value;
        }
        jpeg.truncate((jpeg.len() as f64 * keep) as usize);
        let mended = with_huffman_tables(&jpeg);
        // A change of the header may ask for a picture that is large but allowed, which would only take long.
        if let Ok(header) = Header::read(&mended) && header.width * header.height < 1_000_000 {
            let mut decoder = Decoder::new().unwrap();
            let mut out = Image::default();
            let _ = decoder.gray8(&mended, &mut out);
            let _ = decoder.i420(&mended, &mut out);
            let _ = decoder.rgb8(&mended, &mut out);
        }
    }

    #[test]
    fn any_bytes_are_a_picture_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), start in any::<bool>()) {
        let mut bytes = bytes;
        if start {
            bytes.splice(0..0, [0xFF, 0xD8]);
        }
        let _ = with_huffman_tables(&bytes);
        if let Ok(view) = ImageView::jpeg(&bytes) {
            let _ = luma(&view);
        }
    }
}
