//! A second reading of a tag whose bits the library read partly wrong: do they part into black and white by themselves?
//!
//! In: a picture, a detection with its corners and id. Out: yes or no. Two things spoil the library's reading of a tag that anybody
//! could read. It compares each bit with the middle between the white around the tag and its black border, so grey bits on a bright
//! wall lie on the edge; here bits are compared with each other. And a tag printed to the rim of a thick plate shows the plate's side
//! too, so the square found is longer than the tag and the places of the bits are off; here each side is also tried a little further in.

use super::{GrayView, TagDetection, c_library::Layout};
use nalgebra::{Matrix3, SMatrix, SVector, Vector3};

/// Part of the step between black and white that must lie between the darkest white and the brightest black.
const CLEAR_GAP: f64 = 0.6;
/// Places in a cell that are averaged: its middle and around.
const SPREAD: [f64; 3] = [-0.2, 0.0, 0.2];

/// How far a side is moved in, as a part of the way to the opposite one: thick plates seen from aside.
const FURTHER_IN: [f64; 3] = [0.05, 0.1, 0.15];

/// Whether every white bit of the tag's code is clearly brighter than every black one and than the whole black border.
pub(super) fn parts_clearly(image: GrayView<'_>, tag: &TagDetection, layout: &Layout, contrast: u8) -> bool {
    let Some(&code) = usize::try_from(tag.id).ok().and_then(|id| layout.codes.get(id)) else {
        return false;
    };
    let moved = FURTHER_IN
        .iter()
        .flat_map(|part| (0..4).map(|side| side_moved_in(&tag.corners_px, side, *part)));
    std::iter::once(tag.corners_px).chain(moved).any(|corners_px| {
        cells_to_pixels(&corners_px, layout)
            .and_then(|cells| levels(image, layout, code, &cells))
            .is_some_and(|(white, black)| part(&white, &black, contrast))
    })
}

fn part(white: &[f64], black: &[f64], contrast: u8) -> bool {
    let mean = |levels: &[f64]| levels.iter().sum::<f64>() / levels.len() as f64;
    let step = mean(white) - mean(black);
    let gap = white.iter().copied().fold(f64::INFINITY, f64::min) - black.iter().copied().fold(0.0, f64::max);
    step >= f64::from(contrast) && gap >= CLEAR_GAP * step
}

/// The corners with the side from corner `side` to the next moved towards the opposite one.
fn side_moved_in(corners_px: &[[f64; 2]; 4], side: usize, part: f64) -> [[f64; 2]; 4] {
    let mut moved = *corners_px;
    for (from, to) in [(side, side + 3), (side + 1, side + 2)] {
        let ([ax, ay], [bx, by]) = (corners_px[from % 4], corners_px[to % 4]);
        moved[from % 4] = [ax + part * (bx - ax), ay + part * (by - ay)];
    }
    moved
}

/// Grey levels of the cells that should be white, and of those that should be black. `None` when one lies outside the picture.
fn levels(image: GrayView<'_>, layout: &Layout, code: u64, cells: &Matrix3<f64>) -> Option<(Vec<f64>, Vec<f64>)> {
    let (mut white, mut black) = (Vec::new(), Vec::new());
    for (&cell, shift) in layout.bit_cells.iter().zip((0..layout.bit_cells.len()).rev()) {
        let level = level(image, cells, cell)?;
        if code >> shift & 1 == 1 {
            white.push(level);
        } else {
            black.push(level);
        }
    }
    for cell in layout.black_ring() {
        black.push(level(image, cells, cell)?);
    }
    (!white.is_empty()).then_some((white, black))
}

/// Mean grey level around the middle of a cell.
fn level(image: GrayView<'_>, cells: &Matrix3<f64>, (x, y): (usize, usize)) -> Option<f64> {
    let mut sum = 0.0;
    for (dx, dy) in SPREAD.iter().flat_map(|dy| SPREAD.map(|dx| (dx, *dy))) {
        let place = cells * Vector3::new(x as f64 + 0.5 + dx, y as f64 + 0.5 + dy, 1.0);
        let (u, v) = (place.x / place.z, place.y / place.z);
        let inside = u >= 0.0 && v >= 0.0 && u < f64::from(image.width_px) && v < f64::from(image.height_px);
        if !inside {
            return None;
        }
        sum += f64::from(*image.bytes.get(v as usize * image.stride_bytes + u as usize)?);
    }
    Some(sum / (SPREAD.len() * SPREAD.len()) as f64)
}

/// The homography from places in cells (of the whole tag, from its left top) to pixels.
fn cells_to_pixels(corners_px: &[[f64; 2]; 4], layout: &Layout) -> Option<Matrix3<f64>> {
    let first = ((layout.total_width - layout.border_width) / 2) as f64;
    let last = first + layout.border_width as f64;
    let corners = [[first, last], [last, last], [last, first], [first, first]];
    let mut a = SMatrix::<f64, 8, 8>::zeros();
    let mut b = SVector::<f64, 8>::zeros();
    for (i, ([x, y], &[u, v])) in corners.into_iter().zip(corners_px).enumerate() {
        a.set_row(2 * i, &[x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y].into());
        a.set_row(2 * i + 1, &[0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y].into());
        (b[2 * i], b[2 * i + 1]) = (u, v);
    }
    let h = a.lu().solve(&b)?;
    Some(Matrix3::new(h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1.0))
}
