//! The corners of a shape with straight sides, finer than its pixels.

use super::shape::{Shape, polygon_area};

/// A place may be this far from a side to belong to it, in each round.
const NEAR_SIDE_PX: [f64; 3] = [2.5, 1.5, 1.5];
/// Of each side the outer tenths do not count: corners are round in pictures.
const SIDE_END: f64 = 0.1;
/// Most corners of a shape whose number of corners is not known.
const MOST_CORNERS: usize = 12;
/// Longer borders are not gone along again: they are no targets, and time has an end.
const LONGEST_PX: u64 = 40_000;

/// Estimates the corners of a shape's convex hull, counter-clockwise as seen.
///
/// - `count`: how many it has. Absent: as many as stand out.
///
/// A straight line is laid through the border along each side, and the corners are where neighbours meet: many pixels together say
/// better where a side is than its outermost ones.
pub(super) fn corners(shape: &Shape, count: Option<usize>) -> Vec<[f64; 2]> {
    let mut corners = strongest(&shape.hull, count, 0.03 * shape.area_px.max(0.0).sqrt());
    if shape.outline.length_px() <= LONGEST_PX {
        for near_px in NEAR_SIDE_PX {
            corners = through_border(shape, &corners, near_px);
        }
    }
    corners.reverse();
    corners
}

/// The corners of a hull that are left when those that stand out least are taken away, one by one.
fn strongest(hull: &[[f64; 2]], count: Option<usize>, least_height_px: f64) -> Vec<[f64; 2]> {
    let mut kept: Vec<usize> = (0..hull.len()).collect();
    let least_height_px = least_height_px.max(1.2);
    while kept.len() > count.unwrap_or(3).max(3) {
        let n = kept.len();
        let standing_out = (0..n).map(|i| {
            let [before, at, after] = [kept[(i + n - 1) % n], kept[i], kept[(i + 1) % n]].map(|corner| hull[corner]);
            let area = polygon_area(&[before, at, after]).abs();
            (
                i,
                area,
                2.0 * area / (after[0] - before[0]).hypot(after[1] - before[1]).max(1e-9),
            )
        });
        let Some((weakest, _, height)) = standing_out.min_by(|a, b| a.1.total_cmp(&b.1)) else {
            break;
        };
        if count.is_none() && n <= MOST_CORNERS && height > least_height_px {
            break;
        }
        kept.remove(weakest);
    }
    spread(hull, &mut kept);
    kept.into_iter().map(|corner| hull[corner]).collect()
}

/// Moves each corner along the hull, between its neighbours, to where the polygon is largest, until none moves: of a corner that the
/// picture made round, not always the best part was kept.
fn spread(hull: &[[f64; 2]], kept: &mut [usize]) {
    let (n, all) = (kept.len(), hull.len());
    for _ in 0..8 {
        let mut has_moved = false;
        for i in 0..n {
            let (before, after) = (kept[(i + n - 1) % n], kept[(i + 1) % n]);
            let between = (1..(after + all - before) % all.max(1)).map(|step| (before + step) % all);
            let area = |corner: usize| polygon_area(&[hull[before], hull[corner], hull[after]]);
            let best = between.max_by(|a, b| area(*a).total_cmp(&area(*b)));
            if let Some(best) = best.filter(|best| area(*best) > area(kept[i]) + 1e-9) {
                (kept[i], has_moved) = (best, true);
            }
        }
        if !has_moved {
            return;
        }
    }
}

/// Sums over places of a border, about the first corner of the shape.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

/// A place on a line, and its direction.
type Line = ([f64; 2], [f64; 2]);

fn through_border(shape: &Shape, corners: &[[f64; 2]], near_px: f64) -> Vec<[f64; 2]> {
    let n = corners.len();
    if n < 3 {
        return corners.to_vec();
    }
    let origin = corners[0];
    let sides: Vec<([f64; 2], [f64; 2], f64)> = (0..n)
        .map(|i| {
            let (a, b) = (corners[i], corners[(i + 1) % n]);
            let length = (b[0] - a[0]).hypot(b[1] - a[1]).max(1e-9);
            (a, [(b[0] - a[0]) / length, (b[1] - a[1]) / length], length)
        })
        .collect();
    let mut sums = vec![Sums::default(); n];
    for [x, y] in shape.outline.cracks() {
        let distances = sides.iter().enumerate().filter_map(|(i, (a, direction, length))| {
            let (dx, dy) = (x - a[0], y - a[1]);
            let along = (dx * direction[0] + dy * direction[1]) / length;
            let beside = (dx * direction[1] - dy * direction[0]).abs();
            ((SIDE_END..=1.0 - SIDE_END).contains(&along) && beside <= near_px).then_some((i, beside))
        });
        if let Some((side, _)) = distances.min_by(|a, b| a.1.total_cmp(&b.1)) {
            sums[side].add(x - origin[0], y - origin[1]);
        }
    }
    let lines: Vec<Line> = sides
        .iter()
        .zip(&sums)
        .map(|(&(a, direction, _), sums)| sums.line(origin).unwrap_or((a, direction)))
        .collect();
    (0..n)
        .map(|i| {
            let (before, after) = (&lines[(i + n - 1) % n], &lines[i]);
            let shorter = sides[i].2.min(sides[(i + n - 1) % n].2);
            meeting(before, after)
                .filter(|[x, y]| (x - corners[i][0]).hypot(y - corners[i][1]) <= 3.0 + 0.3 * shorter)
                .unwrap_or(corners[i])
        })
        .collect()
}

impl Sums {
    fn add(&mut self, x: f64, y: f64) {
        self.n += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.xy += x * y;
        self.yy += y * y;
    }

    /// The line with the least squared distances. `None` for fewer than three places.
    fn line(&self, origin: [f64; 2]) -> Option<Line> {
        if self.n < 3.0 {
            return None;
        }
        let (x, y) = (self.x / self.n, self.y / self.n);
        let (xx, xy, yy) = (
            self.xx / self.n - x * x,
            self.xy / self.n - x * y,
            self.yy / self.n - y * y,
        );
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        Some(([origin[0] + x, origin[1] + y], [angle.cos(), angle.sin()]))
    }
}

/// Where two lines meet. `None` where they are within some 6 degrees of each other.
fn meeting(([ax, ay], [adx, ady]): &Line, ([bx, by], [bdx, bdy]): &Line) -> Option<[f64; 2]> {
    let cross = adx * bdy - ady * bdx;
    if cross.abs() < 0.1 {
        return None;
    }
    let along = ((bx - ax) * bdy - (by - ay) * bdx) / cross;
    Some([ax + along * adx, ay + along * ady])
}
