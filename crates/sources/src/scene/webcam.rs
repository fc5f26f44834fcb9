//! A driver's view, cheap to make: a hall, a ball that rolls through it, the time and the number of the picture.
//!
//! In: settings and a picture's number. Out: the picture, the same for the same seed.

use std::f64::consts::TAU;

use bushbaby_pixels::draw::{Canvas, Paint};
use bushbaby_pixels::{ColorSpace, Image, PixelFormat, ViewError};

use super::sensor::Random;
use super::source::Camera;

const WALL: Paint = Paint::solid([96, 108, 120]);
const FLOOR: Paint = Paint::solid([72, 66, 60]);
const STRIPE: Paint = Paint::solid([150, 142, 128]);
const BALL: Paint = Paint::solid([232, 120, 40]);
const SHADOW: Paint = Paint {
    rgb: [0; 3],
    opacity: 90,
};
const DIGITS: Paint = Paint::solid([240, 240, 232]);

/// Which of the seven bars of a digit are lit: upper, upper right, lower right, lower, lower left, upper left, middle.
const BARS: [u8; 10] = [
    0b0111111, 0b0000110, 0b1011011, 0b1001111, 0b1100110, 0b1101101, 0b1111101, 0b0000111, 0b1111111, 0b1101111,
];

/// Draws the pictures.
#[derive(Debug)]
pub(super) struct Webcam {
    fps: f64,
    /// What does not move, drawn once.
    hall: Image,
    /// Where the ball is at the beginning, in turns of its way.
    phase: f64,
}

impl Webcam {
    /// Builds the hall.
    ///
    /// # Errors
    /// When the size is none.
    pub(super) fn new(size_px: [u32; 2], fps: f64, seed: u64) -> Result<Self, ViewError> {
        let [width, height] = size_px;
        let mut hall = Image::new(PixelFormat::I420, width, height, ColorSpace::JPEG)?;
        let mut canvas = Canvas::new(PixelFormat::I420, width, height, ColorSpace::JPEG, hall.planes_mut())?;
        let [w, h] = size_px.map(f64::from);
        let horizon = 0.45 * h;
        canvas.rectangle([0.0, 0.0, w, horizon], WALL);
        canvas.rectangle([0.0, horizon, w, h], FLOOR);
        // Lines on the floor that meet behind the wall.
        for lane in -4..=4 {
            let [far, near] = [0.06, 0.42].map(|step| w * (0.5 + step * f64::from(lane)));
            canvas.line([far, horizon], [near, h], h / 240.0, STRIPE);
        }
        Ok(Self {
            fps,
            hall,
            phase: Random::new(seed ^ 0xCA3).uniform(),
        })
    }

    fn paint(&self, canvas: &mut Canvas<'_>, picture: u64) {
        let [w, h] = [f64::from(canvas.width()), f64::from(canvas.height())];
        let seconds = picture as f64 / self.fps;
        let turn = TAU * (self.phase + seconds / 6.0);
        // Near balls are large and low.
        let near = 0.5 + 0.5 * (0.7 * turn).sin();
        let radius = h * (0.04 + 0.06 * near);
        let [x, y] = [w * (0.5 + 0.36 * turn.cos()), h * (0.52 + 0.3 * near)];
        canvas.disc([x + 0.3 * radius, y + 0.9 * radius], 0.8 * radius, SHADOW);
        canvas.disc([x, y], radius, BALL);
        let angle = x / radius;
        canvas.disc(
            [x + 0.5 * radius * angle.cos(), y + 0.5 * radius * angle.sin()],
            0.2 * radius,
            DIGITS,
        );
        let size = h / 14.0;
        let [left, top] = [w - 6.0 * size, 0.05 * h];
        let whole = seconds as u64;
        number(
            canvas,
            [left, top],
            size,
            &[whole / 60 / 10 % 6, whole / 60 % 10, whole % 60 / 10, whole % 10],
        );
        let digits: Vec<u64> = (0..6).rev().map(|place| picture / 10_u64.pow(place) % 10).collect();
        number(canvas, [left, top + 1.4 * size], 0.6 * size, &digits);
    }
}

impl Camera for Webcam {
    type Truth = ();
    const HAS_TRUTH: bool = false;

    fn draw(&mut self, picture: u64, planes: [&mut [u8]; 3]) {
        let [y, u, v] = planes;
        for (to, from) in [&mut *y, &mut *u, &mut *v].into_iter().zip(self.hall.view().planes()) {
            let bytes = to.len().min(from.bytes.len());
            to[..bytes].copy_from_slice(&from.bytes[..bytes]);
        }
        let view = self.hall.view();
        let (width, height) = (view.width(), view.height());
        // The planes were made for this size.
        if let Ok(mut canvas) = Canvas::new(PixelFormat::I420, width, height, ColorSpace::JPEG, [y, u, v]) {
            self.paint(&mut canvas, picture);
        }
    }

    fn truth(&self, _: u64, _: &str) {}
}

/// Digits side by side, `size` high; of four the first two are parted from the others, as minutes from seconds.
fn number(canvas: &mut Canvas<'_>, [left, top]: [f64; 2], size: f64, digits: &[u64]) {
    let mut x = left;
    for (index, digit) in digits.iter().enumerate() {
        if digits.len() == 4 && index == 2 {
            for y in [0.3, 0.7] {
                canvas.disc([x + 0.1 * size, top + y * size], 0.07 * size, DIGITS);
            }
            x += 0.35 * size;
        }
        glow(canvas, [x, top], size, *digit as usize % 10);
        x += 0.75 * size;
    }
}

fn glow(canvas: &mut Canvas<'_>, [x, y]: [f64; 2], size: f64, digit: usize) {
    let [right, middle, bottom, thick] = [x + 0.5 * size, y + 0.5 * size, y + size, 0.1 * size];
    let bars = [
        ([x, y], [right, y]),
        ([right, y], [right, middle]),
        ([right, middle], [right, bottom]),
        ([x, bottom], [right, bottom]),
        ([x, middle], [x, bottom]),
        ([x, y], [x, middle]),
        ([x, middle], [right, middle]),
    ];
    for (index, (from, to)) in bars.into_iter().enumerate() {
        if BARS[digit] >> index & 1 == 1 {
            canvas.line(from, to, thick, DIGITS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(webcam: &mut Webcam, picture: u64) -> Image {
        let mut image = webcam.hall.clone();
        webcam.draw(picture, image.planes_mut());
        image
    }

    #[test]
    fn each_picture_is_another_and_the_same_whenever_it_is_drawn() {
        for size_px in [[320, 240], [161, 121], [640, 360]] {
            let mut one = Webcam::new(size_px, 30.0, 0).unwrap();
            let mut other = Webcam::new(size_px, 30.0, 0).unwrap();
            let pictures: Vec<Image> = (0..40).map(|picture| drawn(&mut one, picture)).collect();
            assert!(
                pictures.windows(2).all(|pair| pair[0].bytes() != pair[1].bytes()),
                "{size_px:?}"
            );
            assert_eq!(drawn(&mut other, 17).bytes(), pictures[17].bytes());
            let mut elsewhere = Webcam::new(size_px, 30.0, 1).unwrap();
            assert_ne!(drawn(&mut elsewhere, 17).bytes(), pictures[17].bytes());
        }
    }

    #[test]
    fn every_digit_looks_different() {
        for (index, bars) in BARS.iter().enumerate() {
            assert!(BARS[..index].iter().all(|other| other != bars), "{index}");
        }
    }
}
