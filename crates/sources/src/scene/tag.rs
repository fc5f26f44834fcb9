//! A tag printed on paper, drawn exactly at any size.
//!
//! Each pixel is the mean of the cells under it: the edges of the cells are straight in the picture, so the share of the pixel
//! on either side follows from its distance to the nearest edge. Nothing is sampled, so no edge is moved.

use bushbaby_vision::apriltag::TagBitmap;

use super::face::{Linear, Projected};

/// A tag on its paper.
#[derive(Debug)]
pub(super) struct TagPrint {
    /// Cells along one side of the paper, white ring and all.
    paper_cells: f64,
    /// Cells of paper before the first cell of the tag.
    margin_cells: f64,
    /// Cells along one side of the tag, its white ring included.
    cells: usize,
    /// For each crossing of cell edges, `cells + 1` a row: how white the four around it are, as
    /// `[left above, right above - left above, left below - left above, the rest]`.
    crossings: Vec<[f32; 4]>,
    /// Grey levels of ink and paper.
    levels: [f32; 2],
}

impl TagPrint {
    /// Prints `bitmap` on paper that leaves `margin_cells` around it.
    pub(super) fn new(bitmap: &TagBitmap, margin_cells: f64, levels: [f32; 2]) -> Self {
        let cells = bitmap.side_cells();
        let white = |x: Option<usize>, y: Option<usize>| match (x, y) {
            (Some(x), Some(y)) if !bitmap.is_white(x, y) => 0.0_f32,
            _ => 1.0,
        };
        let crossing = |x: usize, y: usize| {
            let (left, above) = (x.checked_sub(1), y.checked_sub(1));
            let (right, below) = (Some(x), Some(y));
            let [a, b, c, d] = [
                white(left, above),
                white(right, above),
                white(left, below),
                white(right, below),
            ];
            [a, b - a, c - a, a - b - c + d]
        };
        let crossings = (0..=cells)
            .flat_map(|y| (0..=cells).map(move |x| crossing(x, y)))
            .collect();
        Self {
            paper_cells: cells as f64 + 2.0 * margin_cells,
            margin_cells,
            cells,
            crossings,
            levels,
        }
    }

    /// Writes the brightness along `out.len()` pixels of a row, the first centred at `(x, y)`.
    pub(super) fn luma_row(&self, place: &Projected, [x, y]: [f64; 2], out: &mut [u8]) {
        /// Pixels for which the width of an edge is taken to be the same.
        const BLOCK: usize = 16;
        let in_cells = |l: &Linear| {
            let paper = self.paper_cells;
            let (w, margin) = (&place.w, self.margin_cells);
            Linear {
                a: l.a * paper - w.a * margin,
                b: l.b * paper - w.b * margin,
                c: l.c * paper - w.c * margin,
            }
        };
        let (s, t) = (in_cells(&place.s), in_cells(&place.t));
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let x = x + (block * BLOCK) as f64;
            let middle = x + out.len() as f64 / 2.0;
            let sharpness = [&s, &t].map(|l| pixels_per_cell(l, &place.w, middle, y));
            let from = [s.at(x, y) as f32, t.at(x, y) as f32, place.w.at(x, y) as f32];
            let step = [s.a as f32, t.a as f32, place.w.a as f32];
            for (i, pixel) in out.iter_mut().enumerate() {
                let n = i as f32;
                let per_w = 1.0 / (from[2] + n * step[2]);
                let across = self.nearest_edge((from[0] + n * step[0]) * per_w, sharpness[0]);
                let down = self.nearest_edge((from[1] + n * step[1]) * per_w, sharpness[1]);
                *pixel = self.level(across, down);
            }
        }
    }

    /// Which edge is nearest to a place in cells, and how much of the pixel lies beyond it.
    #[inline(always)]
    fn nearest_edge(&self, cells: f32, pixels_per_cell: f32) -> (usize, f32) {
        let edge = (cells + 0.5).clamp(0.0, self.cells as f32 + 0.5) as u32;
        let beyond = (cells - edge as f32) * pixels_per_cell + 0.5;
        (edge as usize, beyond.clamp(0.0, 1.0))
    }

    #[inline(always)]
    fn level(&self, (x, right): (usize, f32), (y, below): (usize, f32)) -> u8 {
        let [a, b, c, d] = self.crossings[y * (self.cells + 1) + x];
        let white = a + right * b + below * c + right * below * d;
        let [ink, paper] = self.levels;
        (ink + (paper - ink) * white + 0.5) as u8
    }
}

/// How many pixels one cell is wide, across its edges, at `(x, y)`.
fn pixels_per_cell(l: &Linear, w: &Linear, x: f64, y: f64) -> f32 {
    let at = l.at(x, y) / w.at(x, y);
    let cells_per_pixel = (l.a - at * w.a).hypot(l.b - at * w.b) / w.at(x, y).abs();
    (1.0 / cells_per_pixel.max(1e-9)) as f32
}

#[cfg(test)]
mod tests {
    use bushbaby_vision::apriltag::Family;

    use super::super::face::{Face, Pinhole};
    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_the_cells_under_it() {
        let bitmap = TagBitmap::new(Family::Tag36h11, 3).unwrap();
        let print = TagPrint::new(&bitmap, 0.0, [0.0, 200.0]);
        // Ten cells over 31 pixels and a quarter, seen straight.
        let side = 31.25;
        let pinhole = Pinhole {
            width: 40,
            height: 40,
            focal: 40.0,
            center: [0.0, 0.0],
        };
        let metres = |pixels: f64| pixels / pinhole.focal;
        let face = Face {
            origin: [metres(2.0), metres(3.0), 1.0],
            right: [metres(side), 0.0, 0.0],
            down: [0.0, metres(side), 0.0],
        };
        let place = face.project(&pinhole, [false; 4]).unwrap();
        // The share of white under a pixel, by counting a fine grid.
        let counted = |x: usize, y: usize| {
            const FINE: usize = 40;
            let white = |i: usize| {
                let at = |pixel: usize, start: f64, part: usize| {
                    let inside = pixel as f64 + (part as f64 + 0.5) / FINE as f64 - start;
                    (inside / side * 10.0) as usize
                };
                bitmap.is_white(at(x, 2.0, i % FINE), at(y, 3.0, i / FINE))
            };
            (0..FINE * FINE).filter(|i| white(*i)).count() as f64 / (FINE * FINE) as f64
        };
        let mut row = vec![0; 29];
        for y in 4..33 {
            print.luma_row(&place, [3.5, y as f64 + 0.5], &mut row);
            for (x, level) in row.iter().enumerate() {
                let wanted = 200.0 * counted(x + 3, y);
                assert!(
                    (f64::from(*level) - wanted).abs() < 8.0,
                    "({x}, {y}): {level} for {wanted}"
                );
            }
        }
    }
}
