//! Lines and words that are seen on any picture: bright, with dark around them, and as thick as the picture is large.

use bushbaby_pixels::draw::{Canvas, Paint};
use bushbaby_text::{Lettering, line_height};

/// Lines are a pixel thick in pictures of this height, and thicker in higher ones.
const UNIT_PX: f64 = 360.0;
const SHADOW: Paint = Paint {
    rgb: [0; 3],
    opacity: 140,
};
const GROUND: Paint = Paint {
    rgb: [16, 16, 15],
    opacity: 200,
};

/// Draws on one picture.
#[derive(Debug)]
pub(super) struct Pen<'c, 'p> {
    canvas: &'c mut Canvas<'p>,
    lettering: &'c mut Lettering,
    unit: f64,
}

/// Where words stand. What would not fit into the picture is moved into it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    /// Above a box (upper left and lower right corner), or below it where there is no room.
    Above([[f64; 2]; 2]),
    /// Their upper left corner.
    Left([f64; 2]),
    /// Their upper right corner.
    Right([f64; 2]),
}

impl<'c, 'p> Pen<'c, 'p> {
    pub(super) fn new(canvas: &'c mut Canvas<'p>, lettering: &'c mut Lettering) -> Self {
        let unit = (f64::from(canvas.height()) / UNIT_PX).max(1.0);
        Self {
            canvas,
            lettering,
            unit,
        }
    }

    /// Width and height of the picture.
    pub(super) fn size(&self) -> [f64; 2] {
        [f64::from(self.canvas.width()), f64::from(self.canvas.height())]
    }

    /// The thickness of a line, in pixels.
    pub(super) fn unit(&self) -> f64 {
        self.unit
    }

    /// Whether any of a box is in the picture.
    pub(super) fn sees(&self, [[left, top], [right, bottom]]: [[f64; 2]; 2]) -> bool {
        let [width, height] = self.size();
        right >= 0.0 && left <= width && bottom >= 0.0 && top <= height
    }

    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], rgb: [u8; 3]) {
        self.canvas.line(from, to, 3.0 * self.unit, SHADOW);
        self.canvas.line(from, to, self.unit, Paint::solid(rgb));
    }

    /// A line around something; nothing for fewer than two corners.
    pub(super) fn outline(&mut self, corners: &[[f64; 2]], rgb: [u8; 3]) {
        if corners.len() > 1 {
            self.canvas.outline(corners, 3.0 * self.unit, SHADOW);
            self.canvas.outline(corners, self.unit, Paint::solid(rgb));
        }
    }

    /// A cross whose arms reach from `inner` to `outer` units from its middle.
    pub(super) fn cross(&mut self, [x, y]: [f64; 2], [outer, inner]: [f64; 2], rgb: [u8; 3]) {
        let [outer, inner] = [outer * self.unit, inner * self.unit];
        for [right, down] in [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]] {
            let at = |far: f64| [x + right * far, y + down * far];
            self.line(at(inner), at(outer), rgb);
        }
    }

    /// Words on a dark ground. `size`: of their letters, in pixels.
    pub(super) fn chip(&mut self, words: &str, anchor: Anchor, size: f64, rgb: [u8; 3]) {
        if words.is_empty() {
            return;
        }
        let mask = self.lettering.line(words, letters(size));
        let pad = (size / 4.0).round();
        let [width, height] = [mask.width() as f64 + 2.0 * pad, mask.height() as f64];
        let gap = 2.0 * self.unit;
        let [x, y] = match anchor {
            Anchor::Left(at) => at,
            Anchor::Right([right, top]) => [right - width, top],
            Anchor::Above([[left, top], _]) if top - gap - height >= 0.0 => [left, top - gap - height],
            Anchor::Above([[left, _], [_, bottom]]) => [left, bottom + gap],
        };
        let [most_x, most_y] = self.size();
        let left = x.min(most_x - width).max(0.0).round();
        let top = y.min(most_y - height).max(0.0).round();
        self.canvas.rectangle([left, top, left + width, top + height], GROUND);
        let at = [(left + pad) as i32, top as i32];
        self.canvas.mask(&mask, at, Paint::solid(rgb));
    }

    /// From one line of words to the next.
    pub(super) fn line_height(&self, size: f64) -> f64 {
        f64::from(line_height(letters(size)))
    }
}

/// Smaller letters could not be read.
fn letters(size: f64) -> u32 {
    size.round().clamp(8.0, 400.0) as u32
}
