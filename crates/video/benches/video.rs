//! One picture of a 2K RGB-D camera (2208x1242 RGB) to H.264. Budget: 40 ms, so that 15 a second take 60 % of one core.
//!
//! `cargo bench -p bushbaby-video`

#![allow(clippy::print_stdout)] // a benchmark's figures are its output

use std::time::{Duration, Instant};

use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use bushbaby_video::VideoEncoder;

const PICTURES: u64 = 90;
const BUDGET: Duration = Duration::from_millis(40);

fn main() {
    for (format, width, height) in [
        (PixelFormat::Rgb8, 2208, 1242),
        (PixelFormat::I420, 2208, 1242),
        (PixelFormat::I420, 1280, 720),
    ] {
        let pictures: Vec<Image> = (0..8).map(|number| picture(format, width, height, number)).collect();
        let mut encoder = VideoEncoder::new(None);
        let mut bytes = 0;
        let mut slowest = Duration::ZERO;
        let (began, worked) = (Instant::now(), worked());
        for number in 0..PICTURES {
            // There and back, so that the last is followed by its neighbour.
            let at = (number % 14) as usize;
            let image = &pictures[at.min(14 - at)];
            let one = Instant::now();
            match encoder.encode(&image.view(), number * 66_666_667) {
                Ok(encoded) => bytes += encoded.annex_b.len(),
                Err(error) => println!("{error}"),
            }
            slowest = slowest.max(one.elapsed());
        }
        // On a machine that does other things, too, only the time on a processor counts.
        let taken = match (worked, self::worked()) {
            (Some(before), Some(after)) => after - before,
            _ => began.elapsed(),
        };
        let each = taken / PICTURES as u32;
        let bits = bytes as f64 * 8.0 / (PICTURES as f64 / 15.0) / 1e6;
        println!(
            "{width}x{height} {format}: {:.1} ms a picture (budget {} ms at 2208x1242), slowest {:.1} ms, {bits:.1} Mbit/s at 15 a second",
            each.as_secs_f64() * 1e3,
            BUDGET.as_millis(),
            slowest.as_secs_f64() * 1e3,
        );
    }
}

/// Shapes of every size with a sensor's noise, moved by a few pixels from picture to picture.
fn picture(format: PixelFormat, width: u32, height: u32, number: u32) -> Image {
    let mut rgb = Image::new(PixelFormat::Rgb8, width, height, ColorSpace::JPEG).unwrap_or_default();
    let mut noise = number + 1;
    let [pixels, _, _] = rgb.planes_mut();
    for (n, pixel) in pixels.chunks_exact_mut(3).enumerate() {
        let (x, y) = (n as u32 % width + number * 3, n as u32 / width + number);
        let shape = ((x / 37) ^ (y / 53)).wrapping_mul(2_654_435_761) >> 25;
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let grain = (noise & 7) as u8;
        pixel[0] = (shape as u8 + (x / 16) as u8 % 64).saturating_add(grain);
        pixel[1] = (shape as u8 + (y / 16) as u8 % 64).saturating_add(grain);
        pixel[2] = (shape as u8 / 2 + 60).saturating_add(grain);
    }
    match format {
        PixelFormat::Rgb8 => rgb,
        _ => bushbaby_pixels::to_i420(&rgb.view()).unwrap_or_default(),
    }
}

/// How long this thread has been on a processor; `None` where the kernel does not say.
fn worked() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let ns = told.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(ns))
}
