//! Decoded again, and measured against what went in.

use bushbaby_pixels::{Image, PixelFormat};
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;

use super::*;

/// A soft pattern that moves with `number`.
fn picture(format: PixelFormat, width: u32, height: u32, number: u32) -> Image {
    let mut image = Image::new(format, width, height, ColorSpace::JPEG).unwrap();
    let row_bytes = format.plane_shape(0, width, height).unwrap()[0];
    let [first, second, third] = image.planes_mut();
    for (n, byte) in first.iter_mut().enumerate() {
        let (x, y) = (n % row_bytes, n / row_bytes);
        *byte = (40 + (x / 2 + y / 2 + number as usize) % 128) as u8;
    }
    second.fill(110);
    third.fill(140);
    image
}

/// With noise, so that there is more to tell than the bit rate allows.
fn noisy_picture(width: u32, height: u32, number: u32) -> Image {
    let mut image = picture(PixelFormat::I420, width, height, number * 5);
    let mut state = number.wrapping_mul(2_654_435_761).max(1);
    for byte in image.planes_mut()[0].iter_mut() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *byte = byte.wrapping_add((state & 31) as u8);
    }
    image
}

fn units(annex_b: &[u8]) -> Vec<u8> {
    openh264::nal_units(annex_b)
        .map(|unit| unit[unit.iter().position(|byte| *byte == 1).unwrap() + 1] & 0x1f)
        .collect()
}

#[test]
fn every_size_even_or_odd_comes_back_with_its_pixels() {
    for [width, height] in [[320, 240], [641, 479], [322, 242], [639, 480]] {
        let mut encoder = VideoEncoder::new(Some(8_000_000));
        let mut decoder = Decoder::new().unwrap();
        for number in 0..5 {
            let image = picture(PixelFormat::I420, width, height, number);
            let encoded = encoder.encode(&image.view(), u64::from(number) * 33_000_000).unwrap();
            let even = [width.next_multiple_of(2), height.next_multiple_of(2)];
            assert_eq!([encoded.width, encoded.height], even);
            let decoded = decoder.decode(&encoded.annex_b).unwrap().expect("a picture for each");
            assert_eq!(decoded.dimensions(), (even[0] as usize, even[1] as usize));
            let (stride, _, _) = decoded.strides();
            let source = image.view().planes()[0];
            let mut difference = 0_u64;
            for y in 0..height as usize {
                for x in 0..width as usize {
                    let [a, b] = [source.bytes[y * source.stride_bytes + x], decoded.y()[y * stride + x]];
                    difference += u64::from(a.abs_diff(b));
                }
            }
            let mean = difference as f64 / f64::from(width * height);
            assert!(mean < 4.0, "{width}x{height}, picture {number}: {mean}");
        }
    }
}

#[test]
fn each_second_has_a_keyframe_with_its_parameter_sets_and_nothing_else_has() {
    let mut encoder = VideoEncoder::new(None);
    let mut keyframes = Vec::new();
    for number in 0..45 {
        let image = picture(PixelFormat::I420, 320, 240, number);
        let encoded = encoder.encode(&image.view(), u64::from(number) * 50_000_000).unwrap();
        if encoded.is_keyframe {
            assert_eq!(units(&encoded.annex_b), [7, 8, 5]);
            keyframes.push(number);
        } else {
            assert_eq!(units(&encoded.annex_b), [1]);
        }
    }
    assert_eq!(keyframes, [0, 20, 40]);
}

#[test]
fn another_size_and_another_file_begin_with_a_keyframe() {
    let mut encoder = VideoEncoder::new(None);
    let mut keyframe = |width, number: u32, anew| {
        if anew {
            encoder.begin_anew();
        }
        let image = picture(PixelFormat::Rgb8, width, 240, number);
        encoder
            .encode(&image.view(), u64::from(number) * 33_000_000)
            .unwrap()
            .is_keyframe
    };
    let got = [
        keyframe(320, 0, false),
        keyframe(320, 1, false),
        keyframe(400, 2, false),
        keyframe(400, 3, false),
        keyframe(400, 4, true),
        keyframe(400, 5, false),
    ];
    assert_eq!(got, [true, false, true, false, true, false]);
}

#[test]
fn a_jpeg_camera_becomes_video_too_and_a_damaged_picture_stops_nothing() {
    let image = picture(PixelFormat::I420, 320, 240, 0);
    let jpeg = bushbaby_pixels::jpeg::Encoder::new(90)
        .unwrap()
        .encode(&image.view())
        .unwrap()
        .into_owned();
    let mut encoder = VideoEncoder::new(None);
    assert!(encoder.encode(&ImageView::jpeg(&jpeg).unwrap(), 0).unwrap().is_keyframe);
    let mut damaged = jpeg.clone();
    damaged.truncate(jpeg.len() / 2);
    if let Ok(view) = ImageView::jpeg(&damaged) {
        // Some decoders fill the rest with grey, which is as well.
        let _ = encoder.encode(&view, 33_000_000);
    }
    assert!(
        !encoder
            .encode(&ImageView::jpeg(&jpeg).unwrap(), 66_000_000)
            .unwrap()
            .is_keyframe
    );
}

#[test]
fn what_the_encoder_cannot_take_is_told_with_its_size() {
    let image = picture(PixelFormat::Gray8, 4000, 2200, 0);
    let error = VideoEncoder::new(None).encode(&image.view(), 0).unwrap_err();
    assert!(error.to_string().contains("4000x2200"), "{error}");
    let image = picture(PixelFormat::Gray8, 8, 8, 0);
    assert!(VideoEncoder::new(None).encode(&image.view(), 0).is_err());
}

#[test]
fn the_bit_rate_is_kept_at_a_frame_rate_that_was_learnt() {
    let mut encoder = VideoEncoder::new(Some(1_000_000));
    let mut bytes_after_2s = 0;
    for number in 0..80_u32 {
        let image = noisy_picture(640, 480, number);
        let encoded = encoder.encode(&image.view(), u64::from(number) * 100_000_000).unwrap();
        if number >= 20 {
            bytes_after_2s += encoded.annex_b.len();
        }
    }
    let bits_per_second = bytes_after_2s as f64 * 8.0 / 6.0;
    assert!((600_000.0..1_400_000.0).contains(&bits_per_second), "{bits_per_second}");
}

#[test]
fn live_video_has_a_keyframe_only_when_it_is_asked_for() {
    let mut encoder = VideoEncoder::live();
    let mut keyframes = Vec::new();
    for number in 0..90 {
        if number == 60 {
            encoder.begin_anew();
        }
        let image = picture(PixelFormat::I420, 320, 240, number);
        match encoder.encode(&image.view(), u64::from(number) * 33_333_333) {
            Ok(encoded) if encoded.is_keyframe => keyframes.push(number),
            Ok(_) | Err(VideoError::Refused) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(keyframes, [0, 60]);
}

#[test]
fn live_video_keeps_to_its_bit_rate_and_to_a_share_of_it() {
    let mut encoder = VideoEncoder::live();
    let mut bits_of_second = [0.0; 12];
    for number in 0..360_u32 {
        let second = (number / 30) as usize;
        encoder.set_percent(if second < 6 { 100 } else { 40 });
        let image = noisy_picture(640, 360, number);
        match encoder.encode(&image.view(), u64::from(number) * 33_333_333) {
            Ok(encoded) => bits_of_second[second] += encoded.annex_b.len() as f64 * 8.0,
            Err(VideoError::Refused) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let mean = |seconds: &[f64]| seconds.iter().sum::<f64>() / seconds.len() as f64;
    let [whole, share] = [mean(&bits_of_second[1..6]), mean(&bits_of_second[7..])];
    assert!((500_000.0..1_250_000.0).contains(&whole), "{bits_of_second:?}");
    assert!((200_000.0..500_000.0).contains(&share), "{bits_of_second:?}");
}
