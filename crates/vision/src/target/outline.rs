//! The outer border of connected pixels, as the line between those that count and those that do not.

use super::mask::Mask;

/// The closed line around connected pixels, along the sides of pixels; what is not connected with them inside counts as theirs.
///
/// Its places are in pixels, (0, 0) being the outer corner of the picture's first pixel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Where it turns, clockwise as seen, beginning at the upper left corner of the first pixel; the last joins the first.
    pub turns: Vec<[i32; 2]>,
}

/// Steps to the right, down, left and up.
const STEPS: [[i32; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];
/// From a place where pixel sides meet: the pixel ahead on the left and that on the right, for each direction.
const AHEAD: [[[i32; 2]; 2]; 4] = [
    [[0, -1], [0, 0]],
    [[0, 0], [-1, 0]],
    [[-1, 0], [-1, -1]],
    [[-1, -1], [0, -1]],
];

impl Outline {
    /// Follows the outer border of the pixels that are connected, by sides or corners, with `first`, which must be their first in
    /// reading order.
    ///
    /// # Source
    /// The borders of Suzuki and Abe, "Topological structural analysis of digitized binary images", CVGIP 30(1), 1985, outermost
    /// only, followed along the cracks between pixels as in Kovalevsky, "Finite topology as applied to image analysis", CVGIP 46(2),
    /// 1989: a line of cracks has an area even where it is one pixel wide, and is not half a pixel too small all around.
    pub(super) fn follow(mask: &Mask, [first_x, first_y]: [i32; 2]) -> Self {
        let mut turns = vec![[first_x, first_y]];
        let ([mut x, mut y], mut direction) = ([first_x, first_y], 0);
        loop {
            x += STEPS[direction][0];
            y += STEPS[direction][1];
            let [left, right] = AHEAD[direction].map(|[dx, dy]| mask.is_set(x + dx, y + dy));
            let turned = match (left, right) {
                // Pixels that touch by their corners are connected.
                (true, _) => (direction + 3) % 4,
                (false, true) => direction,
                (false, false) => (direction + 1) % 4,
            };
            if turned == 0 && [x, y] == [first_x, first_y] {
                return Self { turns };
            }
            if turned != direction {
                turns.push([x, y]);
                direction = turned;
            }
        }
    }

    /// The area inside, in pixels.
    pub fn area_px(&self) -> f64 {
        let twice: i64 = self.edges().map(|([ax, ay], [bx, by])| cross(ax, ay, bx, by)).sum();
        twice as f64 / 2.0
    }

    /// Its length in sides of pixels.
    pub fn length_px(&self) -> u64 {
        self.edges()
            .map(|([ax, ay], [bx, by])| u64::from(ax.abs_diff(bx) + ay.abs_diff(by)))
            .sum()
    }

    /// Its straight parts, from turn to turn.
    pub(super) fn edges(&self) -> impl Iterator<Item = ([i32; 2], [i32; 2])> + '_ {
        let next = self.turns.iter().cycle().skip(1);
        self.turns.iter().copied().zip(next.copied())
    }

    /// The middle of each side of a pixel that it goes along.
    pub(super) fn cracks(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        self.edges().flat_map(|(a, b)| {
            let count = a[0].abs_diff(b[0]) + a[1].abs_diff(b[1]);
            let step = [(b[0] - a[0]).signum(), (b[1] - a[1]).signum()];
            (0..count).map(move |i| {
                let along = f64::from(i) + 0.5;
                [0, 1].map(|axis| f64::from(a[axis]) + along * f64::from(step[axis]))
            })
        })
    }

    /// Its convex hull: corners clockwise as seen, none on a line with its neighbours.
    ///
    /// # Source
    /// Andrew, "Another efficient algorithm for convex hulls in two dimensions", Information Processing Letters 9(5), 1979, over the
    /// outermost places of each row.
    pub(super) fn hull(&self) -> Vec<[i32; 2]> {
        let rows = self.turns.iter().map(|turn| turn[1]);
        let (Some(top), Some(bottom)) = (rows.clone().min(), rows.max()) else {
            return Vec::new();
        };
        let mut reach = vec![[i32::MAX, i32::MIN]; (bottom - top + 1) as usize];
        for [x, y] in &self.turns {
            let [left, right] = &mut reach[(y - top) as usize];
            (*left, *right) = ((*left).min(*x), (*right).max(*x));
        }
        let rows = reach.iter().enumerate().filter(|(_, [left, right])| left <= right);
        let rows = rows.map(|(row, [left, right])| (top + row as i32, *left, *right));
        let mut hull = Vec::new();
        // Down the right side, then up the left one.
        for (y, _, right) in rows.clone() {
            keep_convex(&mut hull, [right, y], 0);
        }
        let side = hull.len();
        for (y, left, _) in rows.rev() {
            keep_convex(&mut hull, [left, y], side);
        }
        // Where both sides meet at one place it is there twice.
        hull.dedup();
        while hull.len() > 1 && hull.first() == hull.last() {
            hull.pop();
        }
        hull
    }
}

/// Adds a place to a hull after taking back those behind the first `fixed` that it makes no corners.
fn keep_convex(hull: &mut Vec<[i32; 2]>, [x, y]: [i32; 2], fixed: usize) {
    while let [.., [ax, ay], [bx, by]] = hull[fixed.min(hull.len())..] {
        if cross(bx - ax, by - ay, x - bx, y - by) > 0 {
            break;
        }
        hull.pop();
    }
    hull.push([x, y]);
}

fn cross(ax: i32, ay: i32, bx: i32, by: i32) -> i64 {
    i64::from(ax) * i64::from(by) - i64::from(ay) * i64::from(bx)
}
