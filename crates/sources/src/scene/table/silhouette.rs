//! Which pixels a convex thing can touch: one run in each row.

/// Pixels: first column and row, and first after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub columns: [usize; 2],
    pub rows: [usize; 2],
}

impl Rect {
    pub(super) fn is_empty(&self) -> bool {
        self.columns[0] >= self.columns[1] || self.rows[0] >= self.rows[1]
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let apart = |a: [usize; 2], b: [usize; 2]| a[1] <= b[0] || b[1] <= a[0];
        !apart(self.columns, other.columns) && !apart(self.rows, other.rows)
    }

    pub(super) fn around(&self, other: &Self) -> Self {
        let hull = |a: [usize; 2], b: [usize; 2]| [a[0].min(b[0]), a[1].max(b[1])];
        Self {
            columns: hull(self.columns, other.columns),
            rows: hull(self.rows, other.rows),
        }
    }
}

/// The pixels that the convex hull of some points touches, and one more on each side.
#[derive(Debug)]
pub(super) struct Silhouette {
    pub rect: Rect,
    /// One a row of `rect`: first column, and first after it.
    runs: Vec<[usize; 2]>,
}

impl Silhouette {
    /// - `points`: in pixels; `None` when one of them cannot be seen from the eye: the whole picture may be touched then.
    pub(super) fn new(points: Option<&mut [[f64; 2]]>, [width, height]: [usize; 2]) -> Self {
        let Some(points) = points else {
            return Self {
                rect: Rect {
                    columns: [0, width],
                    rows: [0, height],
                },
                runs: vec![[0, width]; height],
            };
        };
        let [least, most] = [f64::min, f64::max].map(|choose: fn(f64, f64) -> f64| {
            [0, 1].map(|i| points.iter().map(|point| point[i]).reduce(choose).unwrap_or(0.0))
        });
        let within = |v: f64, side: usize| v.clamp(0.0, side as f64) as usize;
        let span = |i: usize, side: usize| [within(least[i] - 1.0, side), within((most[i] + 1.0).ceil(), side)];
        let rect = Rect {
            columns: span(0, width),
            rows: span(1, height),
        };
        let hull = hull(points);
        let runs = (rect.rows[0]..rect.rows[1])
            .map(|row| {
                let [from, to] = across(&hull, [row as f64 - 1.0, row as f64 + 2.0]);
                [within(from - 1.0, width), within((to + 1.0).ceil(), width)]
            })
            .collect();
        Self { rect, runs }
    }

    /// Its run in row `y`, if any.
    fn run(&self, y: usize) -> Option<[usize; 2]> {
        let run = self.runs.get(y.checked_sub(self.rect.rows[0])?)?;
        (run[0] < run[1]).then_some(*run)
    }
}

/// Silhouettes that lie over each other, and the rectangle around them.
#[derive(Debug)]
pub(super) struct Group {
    pub rect: Rect,
    silhouettes: Vec<Silhouette>,
}

impl Group {
    /// The runs of its silhouettes in row `y`, from left to right; those that meet become one.
    pub(super) fn runs(&self, y: usize, runs: &mut Vec<[usize; 2]>) {
        runs.clear();
        runs.extend(self.silhouettes.iter().filter_map(|silhouette| silhouette.run(y)));
        runs.sort_unstable();
        runs.dedup_by(|next, run| {
            let meets = next[0] <= run[1];
            if meets {
                run[1] = run[1].max(next[1]);
            }
            meets
        });
    }
}

/// Silhouettes whose rectangles overlap come into one group.
pub(super) fn grouped(silhouettes: impl Iterator<Item = Silhouette>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for silhouette in silhouettes.filter(|silhouette| !silhouette.rect.is_empty()) {
        let mut group = Group {
            rect: silhouette.rect,
            silhouettes: vec![silhouette],
        };
        while let Some(index) = groups.iter().position(|other| other.rect.overlaps(&group.rect)) {
            let other = groups.swap_remove(index);
            group.rect = group.rect.around(&other.rect);
            group.silhouettes.extend(other.silhouettes);
        }
        groups.push(group);
    }
    groups
}

/// The least and the greatest x of a hull between two heights.
fn across(hull: &[[f64; 2]], [upper, lower]: [f64; 2]) -> [f64; 2] {
    let mut span = [f64::INFINITY, f64::NEG_INFINITY];
    let mut reach = |x: f64| span = [span[0].min(x), span[1].max(x)];
    for (i, a) in hull.iter().enumerate() {
        let b = hull[(i + 1) % hull.len()];
        if (upper..=lower).contains(&a[1]) {
            reach(a[0]);
        }
        for height in [upper, lower] {
            if (a[1] < height) != (b[1] < height) {
                reach(a[0] + (b[0] - a[0]) * (height - a[1]) / (b[1] - a[1]));
            }
        }
    }
    span
}

/// The corners of the convex hull, in order.
///
/// # Source
/// Andrew, "Another efficient algorithm for convex hulls in two dimensions", 1979.
fn hull(points: &mut [[f64; 2]]) -> Vec<[f64; 2]> {
    points.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let turns =
        |a: [f64; 2], b: [f64; 2], c: [f64; 2]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0.0;
    let half = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut chain: Vec<[f64; 2]> = Vec::new();
        for point in points {
            while let [.., a, b] = chain[..]
                && !turns(a, b, point)
            {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut hull = half(&mut points.iter().copied());
    hull.extend(half(&mut points.iter().rev().copied()));
    hull
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triangle_touches_a_run_in_each_row_and_points_within_change_nothing() {
        let mut points = [[10.5, 5.5], [30.5, 5.5], [10.5, 25.5], [14.0, 8.0], [12.0, 11.0]];
        let silhouette = Silhouette::new(Some(&mut points), [40, 40]);
        assert_eq!(silhouette.run(3), None);
        for y in 5..26 {
            let [from, to] = silhouette.run(y).unwrap();
            let right = 36.0 - y as f64;
            assert!((8..=10).contains(&from), "row {y} from {from}");
            assert!(
                (right..=right + 4.0).contains(&(to as f64)),
                "row {y} to {to}, the edge is at {right}"
            );
        }
        assert_eq!(silhouette.run(28), None);
    }

    #[test]
    fn what_lies_beside_the_picture_touches_nothing_and_what_is_behind_the_eye_all() {
        let beside = Silhouette::new(Some(&mut [[-30.0, 5.0], [-9.0, 5.0], [-20.0, 9.0]]), [40, 20]);
        assert!((0..20).all(|y| beside.run(y).is_none()));
        let behind = Silhouette::new(None, [40, 20]);
        assert!((0..20).all(|y| behind.run(y) == Some([0, 40])));
    }

    #[test]
    fn silhouettes_that_lie_over_each_other_share_their_runs() {
        let high = |columns: [usize; 2], rows: [usize; 2]| Silhouette {
            rect: Rect { columns, rows },
            runs: vec![columns; rows[1] - rows[0]],
        };
        let all = [
            high([20, 30], [3, 5]),
            high([2, 8], [3, 4]),
            high([8, 12], [3, 4]),
            high([7, 21], [4, 6]),
            high([40, 50], [3, 6]),
        ];
        let groups = grouped(all.into_iter());
        assert_eq!(groups.len(), 2);
        let mut found = Vec::new();
        let mut in_row = |y: usize| {
            let of_one = |group: &Group| {
                group.runs(y, &mut found);
                found.clone()
            };
            let mut runs: Vec<[usize; 2]> = groups.iter().flat_map(of_one).collect();
            runs.sort_unstable();
            runs
        };
        assert_eq!(in_row(3), [[2, 12], [20, 30], [40, 50]]);
        assert_eq!(in_row(4), [[7, 30], [40, 50]]);
        assert!(in_row(6).is_empty());
    }
}
