//! Corners made exact: each side of a tag fitted once more to the edge in the full picture.
//!
//! In: a picture and a tag's corners, good to a pixel or two. Out: corners good to some hundredths of a pixel.
//!
//! The C library can do this too, but does it to every square before it reads it: that costs time where there is clutter, and where a
//! cell is hardly wider than a pixel it may pull the square off the tag, which is then not read at all.

use super::GrayView;

/// How far from the side an edge is looked for, in pixels; never further than a cell, beyond which lie other edges.
const REACH_PX: f64 = 2.0;
/// Levels are taken this far apart across a side.
const STEP_PX: f64 = 0.25;
/// Steps to either side between the two levels whose difference is the slope: 1 px.
const SLOPE_STEPS: usize = 4;
/// Places along a side: one every second pixel, within these bounds.
const SAMPLES: [usize; 2] = [16, 200];

/// A line through `at` with the unit normal `normal`.
struct Line {
    at: [f64; 2],
    normal: [f64; 2],
}

/// Returns the corners where the fitted sides meet; a corner stays where its sides cannot be fitted.
///
/// - `corners_px`: left-bottom, right-bottom, right-top, left-top.
/// - `cell_px`: size of the tag's cells.
/// - `white_outside`: whether the square is dark inside and bright outside, as in most families.
pub(super) fn refined(
    image: GrayView<'_>,
    corners_px: &[[f64; 2]; 4],
    cell_px: f64,
    white_outside: bool,
) -> [[f64; 2]; 4] {
    let reach_px = REACH_PX.min(cell_px);
    let sides: [Option<Line>; 4] =
        std::array::from_fn(|i| fitted(image, corners_px[i], corners_px[(i + 1) % 4], reach_px, white_outside));
    std::array::from_fn(|i| {
        // Corner i lies between side i - 1, which ends there, and side i.
        let meeting = sides[(i + 3) % 4]
            .as_ref()
            .zip(sides[i].as_ref())
            .and_then(|(a, b)| meeting(a, b));
        let near = meeting.filter(|place| distance(*place, corners_px[i]) < 2.0 * reach_px + 1.0);
        near.unwrap_or(corners_px[i])
    })
}

/// The edge near the line from `a` to `b`, by least squares over places where it is steep.
fn fitted(image: GrayView<'_>, a: [f64; 2], b: [f64; 2], reach_px: f64, white_outside: bool) -> Option<Line> {
    let length = distance(a, b);
    if !(2.0..1e5).contains(&length) {
        return None;
    }
    let along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    // Corners go round counter-clockwise as seen, y points down: the outside is on the right of the way.
    let outwards = [-along[1], along[0]];
    let samples = ((length / 2.0) as usize).clamp(SAMPLES[0], SAMPLES[1]);
    let (mut points, mut sum) = (Vec::with_capacity(samples), [0.0; 2]);
    for i in 0..samples {
        // The corners themselves are rounded off: stay away from them.
        let way = length * (1.0 + i as f64) / (samples + 1) as f64;
        let start = [a[0] + way * along[0], a[1] + way * along[1]];
        if let Some(off) = edge_offset(image, start, outwards, reach_px, white_outside) {
            let point = [start[0] + off * outwards[0], start[1] + off * outwards[1]];
            sum = [sum[0] + point[0], sum[1] + point[1]];
            points.push(point);
        }
    }
    if points.len() < samples / 2 {
        return None;
    }
    let middle = sum.map(|v| v / points.len() as f64);
    // About the middle, so that far from the picture's origin nothing is lost.
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for [x, y] in points {
        let (dx, dy) = (x - middle[0], y - middle[1]);
        (xx, xy, yy) = (xx + dx * dx, xy + dx * dy, yy + dy * dy);
    }
    let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
    Some(Line {
        at: middle,
        normal: [-angle.sin(), angle.cos()],
    })
}

/// How far outwards of `start` the edge is: the mean over the reach, weighted with the squared slope.
fn edge_offset(
    image: GrayView<'_>,
    start: [f64; 2],
    outwards: [f64; 2],
    reach_px: f64,
    white_outside: bool,
) -> Option<f64> {
    let steps = (reach_px / STEP_PX).round() as usize;
    let off = |step: usize| (step as f64 - (steps + SLOPE_STEPS) as f64) * STEP_PX;
    let level_at = |step| {
        level(
            image,
            start[0] + off(step) * outwards[0],
            start[1] + off(step) * outwards[1],
        )
    };
    let mut levels = [None; 2 * ((REACH_PX / STEP_PX) as usize + SLOPE_STEPS) + 1];
    for (step, level) in levels.iter_mut().enumerate().take(2 * (steps + SLOPE_STEPS) + 1) {
        *level = level_at(step);
    }
    let (mut weighted, mut weights) = (0.0, 0.0);
    for (step, pair) in levels.windows(2 * SLOPE_STEPS + 1).enumerate() {
        if let (Some(inside), Some(outside)) = (pair[0], pair[2 * SLOPE_STEPS]) {
            let rise: f64 = if white_outside {
                outside - inside
            } else {
                inside - outside
            };
            let weight = rise.max(0.0).powi(2);
            weighted += weight * off(step + SLOPE_STEPS);
            weights += weight;
        }
    }
    (weights > 0.0).then(|| weighted / weights)
}

/// Grey level at a place, between the centres of the four pixels around it.
fn level(image: GrayView<'_>, x: f64, y: f64) -> Option<f64> {
    let (x, y) = (x - 0.5, y - 0.5);
    let inside = x >= 0.0 && y >= 0.0 && x < f64::from(image.width_px) - 1.0 && y < f64::from(image.height_px) - 1.0;
    if !inside {
        return None;
    }
    let (column, row) = (x as usize, y as usize);
    let (right, down) = (x - column as f64, y - row as f64);
    let first = row * image.stride_bytes + column;
    let at = |index: usize| image.bytes.get(index).map(|level| f64::from(*level));
    let upper = at(first)? * (1.0 - right) + at(first + 1)? * right;
    let next = first + image.stride_bytes;
    let lower = at(next)? * (1.0 - right) + at(next + 1)? * right;
    Some(upper * (1.0 - down) + lower * down)
}

fn meeting(a: &Line, b: &Line) -> Option<[f64; 2]> {
    let determinant = a.normal[0] * b.normal[1] - a.normal[1] * b.normal[0];
    if determinant.abs() < 0.01 {
        return None;
    }
    let reach = |line: &Line| line.normal[0] * line.at[0] + line.normal[1] * line.at[1];
    let (p, q) = (reach(a), reach(b));
    let x = (p * b.normal[1] - q * a.normal[1]) / determinant;
    let y = (q * a.normal[0] - p * b.normal[0]) / determinant;
    (x.is_finite() && y.is_finite()).then_some([x, y])
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
