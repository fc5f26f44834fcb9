//! From letters and their places to a mask.

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use bushbaby_pixels::draw::Mask;
use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};

use crate::MOST_LETTERS;
use crate::fonts::Fonts;
use crate::shape::Letter;

/// How far letters of the own font reach above and below the base line, in sizes.
const ASCENT: f32 = 0.93;
const DESCENT: f32 = 0.24;

/// Draws letters side by side; the mask is as wide as they are.
pub(crate) fn drawn(fonts: &Fonts, letters: &[Letter], size_px: f32, line_height: u32) -> Mask {
    let base = ((line_height as f32 - (ASCENT + DESCENT) * size_px) / 2.0 + ASCENT * size_px).round();
    let outlines: Vec<Outline> = letters
        .iter()
        .map(|letter| outline(fonts, letter, size_px, base))
        .collect();
    let [left, right] = outlines
        .iter()
        .flat_map(Outline::across)
        .fold([f32::INFINITY, f32::NEG_INFINITY], |[left, right], x| {
            [left.min(x), right.max(x)]
        });
    let left = left.floor();
    // As much as that many letters may take; what is wider comes from a broken font.
    let most = (MOST_LETTERS as f32 * size_px * 2.0).min(16_000.0);
    let width = (right.ceil() - left).clamp(0.0, most);
    if width.is_nan() || width < 1.0 {
        return Mask::new(0, line_height as usize);
    }
    let mut mask = Mask::new(width as usize, line_height as usize);
    for outline in &outlines {
        outline.draw(&mut mask, left);
    }
    mask
}

fn outline(fonts: &Fonts, letter: &Letter, size_px: f32, base: f32) -> Outline {
    let mut outline = Outline {
        at: [letter.x, base - letter.y],
        ..Outline::default()
    };
    fonts.with(letter.font, |face| {
        outline.scale = size_px / face.units_per_em().max(1) as f32;
        face.outline_glyph(GlyphId(letter.glyph), &mut outline)
    });
    outline
}

/// The outline of one letter, in pixels of the line.
#[derive(Debug, Default)]
struct Outline {
    at: [f32; 2],
    scale: f32,
    begin: Point,
    last: Point,
    curves: Vec<Curve>,
}

/// From its first point to its last; those between pull it towards them.
#[derive(Debug, Clone, Copy)]
enum Curve {
    Line([Point; 2]),
    Quad([Point; 3]),
    Cubic([Point; 4]),
}

impl Curve {
    fn points(&self) -> &[Point] {
        match self {
            Self::Line(points) => points,
            Self::Quad(points) => points,
            Self::Cubic(points) => points,
        }
    }
}

impl Outline {
    fn point(&self, x: f32, y: f32) -> Point {
        point(self.at[0] + x * self.scale, self.at[1] - y * self.scale)
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.curves.iter().flat_map(Curve::points)
    }

    fn across(&self) -> impl Iterator<Item = f32> {
        self.points().map(|point| point.x)
    }

    /// Draws the letter into a mask that begins at `left`. Curves stay within their points, so the box around those is large enough.
    fn draw(&self, mask: &mut Mask, left: f32) {
        let reach = |along: fn(&Point) -> f32| {
            self.points()
                .map(along)
                .fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], at| {
                    [low.min(at), high.max(at)]
                })
        };
        let ([x0, x1], [y0, y1]) = (reach(|point| point.x), reach(|point| point.y));
        let (x0, y0) = (x0.floor() - 1.0, y0.floor() - 1.0);
        let [width, height] = [x1.ceil() - x0 + 2.0, y1.ceil() - y0 + 2.0];
        if !(1.0..=4096.0).contains(&width) || !(1.0..=4096.0).contains(&height) {
            return;
        }
        let mut raster = Rasterizer::new(width as usize, height as usize);
        let moved = |at: Point| point(at.x - x0, at.y - y0);
        for curve in &self.curves {
            match *curve {
                Curve::Line(points) => {
                    let [a, b] = points.map(moved);
                    raster.draw_line(a, b);
                }
                Curve::Quad(points) => {
                    let [a, b, c] = points.map(moved);
                    raster.draw_quad(a, b, c);
                }
                Curve::Cubic(points) => {
                    let [a, b, c, d] = points.map(moved);
                    raster.draw_cubic(a, b, c, d);
                }
            }
        }
        raster.for_each_pixel_2d(|x, y, covered| {
            let [x, y] = [x as f32 + x0 - left, y as f32 + y0];
            if x >= 0.0 && y >= 0.0 {
                mask.cover(x as usize, y as usize, (covered.min(1.0) * 255.0).round() as u8);
            }
        });
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.begin = self.point(x, y);
        self.last = self.begin;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.curves.push(Curve::Line([self.last, to]));
        self.last = to;
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (middle, to) = (self.point(x1, y1), self.point(x, y));
        self.curves.push(Curve::Quad([self.last, middle, to]));
        self.last = to;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b, to) = (self.point(x1, y1), self.point(x2, y2), self.point(x, y));
        self.curves.push(Curve::Cubic([self.last, a, b, to]));
        self.last = to;
    }

    fn close(&mut self) {
        self.curves.push(Curve::Line([self.last, self.begin]));
        self.last = self.begin;
    }
}
