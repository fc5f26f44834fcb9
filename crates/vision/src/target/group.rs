//! Which shapes together are one target.

use super::shape::Shape;

/// How many shapes make a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Grouping {
    /// Each shape is one.
    Single,
    /// Two, whose long axes meet on the side said. No shape is in two targets; near ones find each other first.
    Pair {
        /// Where their long axes meet.
        meeting: Meeting,
        /// The gap between them is at most this many times their longer side.
        max_gap: f64,
    },
    /// Two or more, each near to another.
    Several {
        /// The gap between neighbours is at most this many times their longer side.
        max_gap: f64,
    },
}

/// Where the long axes of a pair meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    /// Above both: `/ \`.
    Up,
    /// Below both: `\ /`.
    Down,
    /// Left of both.
    Left,
    /// Right of both.
    Right,
    /// Anywhere, or nowhere.
    Anywhere,
}

/// Of two that are a pair, the smaller has at least this share of the larger one's area.
const LEAST_SHARE: f64 = 0.2;
/// Axes closer to parallel than some 2 degrees meet nowhere.
const PARALLEL: f64 = 0.03;

/// Puts shapes together; those of one target stand from left to right. Shapes that find no other are left out.
pub(super) fn grouped(shapes: Vec<Shape>, grouping: Grouping) -> Vec<Vec<Shape>> {
    match grouping {
        Grouping::Single => shapes.into_iter().map(|shape| vec![shape]).collect(),
        Grouping::Pair { meeting, max_gap } => together(pairs(&shapes, meeting, max_gap), shapes),
        Grouping::Several { max_gap } => together(chains(&shapes, max_gap), shapes),
    }
}

/// Pairs as lists of indices, nearest first.
fn pairs(shapes: &[Shape], meeting: Meeting, max_gap: f64) -> Vec<Vec<usize>> {
    let mut possible = Vec::new();
    for (j, b) in shapes.iter().enumerate() {
        for (i, a) in shapes[..j].iter().enumerate() {
            let alike = a.area_px.min(b.area_px) >= LEAST_SHARE * a.area_px.max(b.area_px);
            if alike && gap(a, b) <= max_gap && meet(a, b, meeting) {
                let apart = (a.centre[0] - b.centre[0]).hypot(a.centre[1] - b.centre[1]);
                possible.push((apart, i, j));
            }
        }
    }
    possible.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut is_taken = vec![false; shapes.len()];
    let mut found = Vec::new();
    for (_, i, j) in possible {
        if !is_taken[i] && !is_taken[j] {
            (is_taken[i], is_taken[j]) = (true, true);
            found.push(vec![i, j]);
        }
    }
    found
}

/// Shapes that hang together by neighbours, as lists of indices.
fn chains(shapes: &[Shape], max_gap: f64) -> Vec<Vec<usize>> {
    let mut chain_of: Vec<usize> = (0..shapes.len()).collect();
    for j in 0..shapes.len() {
        for i in 0..j {
            if chain_of[i] != chain_of[j] && gap(&shapes[i], &shapes[j]) <= max_gap {
                let (kept, gone) = (chain_of[i].min(chain_of[j]), chain_of[i].max(chain_of[j]));
                chain_of
                    .iter_mut()
                    .filter(|chain| **chain == gone)
                    .for_each(|chain| *chain = kept);
            }
        }
    }
    let chain = |first| (0..shapes.len()).filter(|i| chain_of[*i] == first).collect::<Vec<_>>();
    (0..shapes.len())
        .map(chain)
        .filter(|members| members.len() > 1)
        .collect()
}

fn together(groups: Vec<Vec<usize>>, shapes: Vec<Shape>) -> Vec<Vec<Shape>> {
    let mut shapes: Vec<Option<Shape>> = shapes.into_iter().map(Some).collect();
    let mut group = |members: Vec<usize>| {
        let mut group: Vec<Shape> = members.into_iter().filter_map(|i| shapes[i].take()).collect();
        group.sort_by(|a, b| a.centre[0].total_cmp(&b.centre[0]));
        group
    };
    groups.into_iter().map(&mut group).collect()
}

/// The gap between the upright boxes around two shapes, divided by the longest side of their rectangles.
fn gap(a: &Shape, b: &Shape) -> f64 {
    let reach = |shape: &Shape, axis: usize| {
        shape
            .hull
            .iter()
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], corner| {
                [low.min(corner[axis]), high.max(corner[axis])]
            })
    };
    let between = |axis| {
        let ([a_low, a_high], [b_low, b_high]) = (reach(a, axis), reach(b, axis));
        (b_low - a_high).max(a_low - b_high).max(0.0)
    };
    let longest = [a, b]
        .iter()
        .map(|shape| shape.rect.width.max(shape.rect.height))
        .fold(1.0, f64::max);
    between(0).hypot(between(1)) / longest
}

fn meet(a: &Shape, b: &Shape, meeting: Meeting) -> bool {
    if meeting == Meeting::Anywhere {
        return true;
    }
    let cross = a.axis[0] * b.axis[1] - a.axis[1] * b.axis[0];
    if cross.abs() < PARALLEL {
        return false;
    }
    let (dx, dy) = (b.centre[0] - a.centre[0], b.centre[1] - a.centre[1]);
    let along = (dx * b.axis[1] - dy * b.axis[0]) / cross;
    let [x, y] = [0, 1].map(|axis| a.centre[axis] + along * a.axis[axis]);
    let [xs, ys] = [0, 1].map(|axis| [a.centre[axis], b.centre[axis]]);
    match meeting {
        Meeting::Up => ys.iter().all(|centre| y < *centre),
        Meeting::Down => ys.iter().all(|centre| y > *centre),
        Meeting::Left => xs.iter().all(|centre| x < *centre),
        Meeting::Right => xs.iter().all(|centre| x > *centre),
        Meeting::Anywhere => true,
    }
}
