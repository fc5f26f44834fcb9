//! The smallest rectangle around a convex shape.

/// A rectangle of any turn, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Where its diagonals cross.
    pub middle: [f64; 2],
    /// Along the side that lies nearer to the horizontal.
    pub width: f64,
    /// Along the other.
    pub height: f64,
    /// How far it is turned counter-clockwise as seen, -45 to 45 degrees.
    pub skew_deg: f64,
}

impl Rect {
    /// The rectangle of least area around the corners of a convex shape. All zero without corners.
    ///
    /// # Source
    /// Freeman and Shapira, "Determining the minimum-area encasing rectangle for an arbitrary closed curve", CACM 18(7), 1975: one
    /// of its sides lies along a side of the shape.
    pub fn around(hull: &[[f64; 2]]) -> Self {
        let nothing = Self {
            middle: hull.first().copied().unwrap_or_default(),
            width: 0.0,
            height: 0.0,
            skew_deg: 0.0,
        };
        let sides = hull.iter().zip(hull.iter().cycle().skip(1));
        let turned = sides.filter_map(|(a, b)| {
            let across = upright([b[0] - a[0], b[1] - a[1]])?;
            Some(Self::turned(hull, across))
        });
        turned
            .min_by(|a, b| (a.width * a.height).total_cmp(&(b.width * b.height)))
            .unwrap_or(nothing)
    }

    /// Left-bottom, right-bottom, right-top, left-top.
    pub fn corners(&self) -> [[f64; 2]; 4] {
        let [across, down] = self.axes();
        let at = |right: f64, below: f64| {
            let (x, y) = (right * self.width / 2.0, below * self.height / 2.0);
            [0, 1].map(|axis| self.middle[axis] + x * across[axis] + y * down[axis])
        };
        [at(-1.0, 1.0), at(1.0, 1.0), at(1.0, -1.0), at(-1.0, -1.0)]
    }

    /// Its area in pixels.
    pub fn area_px(&self) -> f64 {
        self.width * self.height
    }

    /// Directions of length 1 along its width and its height.
    pub(super) fn axes(&self) -> [[f64; 2]; 2] {
        let (sin, cos) = self.skew_deg.to_radians().sin_cos();
        [[cos, -sin], [sin, cos]]
    }

    fn turned(hull: &[[f64; 2]], across: [f64; 2]) -> Self {
        let down = [-across[1], across[0]];
        let reach = |axis: [f64; 2]| {
            hull.iter()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], [x, y]| {
                    let along = x * axis[0] + y * axis[1];
                    [low.min(along), high.max(along)]
                })
        };
        let ([left, right], [top, bottom]) = (reach(across), reach(down));
        let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        Self {
            middle: [0, 1].map(|axis| x * across[axis] + y * down[axis]),
            width: right - left,
            height: bottom - top,
            skew_deg: (-across[1]).atan2(across[0]).to_degrees(),
        }
    }
}

/// Turns a direction by quarters until it points to the right, give or take 45 degrees, and makes its length 1.
fn upright([x, y]: [f64; 2]) -> Option<[f64; 2]> {
    let length = x.hypot(y);
    if length.is_nan() || length <= 0.0 {
        return None;
    }
    let (x, y) = (x / length, y / length);
    let quarters = [[x, y], [-y, x], [-x, -y], [y, -x]];
    quarters.into_iter().max_by(|a, b| a[0].total_cmp(&b[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_turned_rectangle_is_found_again() {
        for skew_deg in [-44.0, -14.5, 0.0, 7.0, 30.0, 44.0] {
            let rect = Rect {
                middle: [200.0, 100.0],
                width: 40.0,
                height: 110.0,
                skew_deg,
            };
            let found = Rect::around(&rect.corners());
            assert!((found.skew_deg - skew_deg).abs() < 1e-9, "{skew_deg}: {found:?}");
            assert!((found.width - 40.0).abs() < 1e-9 && (found.height - 110.0).abs() < 1e-9);
            for (a, b) in found.corners().iter().zip(rect.corners()) {
                assert!((a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn what_leans_to_the_left_is_turned_counter_clockwise() {
        // The top of an upright strip, further left than its foot.
        let rect = Rect::around(&[[10.0, 50.0], [20.0, 50.0], [14.0, 10.0], [4.0, 10.0]]);
        assert!(rect.skew_deg > 0.0, "{rect:?}");
        let [left_bottom, right_bottom, right_top, left_top] = rect.corners();
        assert!(left_bottom[0] < right_bottom[0] && left_top[0] < right_top[0] && left_top[1] < left_bottom[1]);
        assert!(right_top[1] < right_bottom[1]);
    }

    #[test]
    fn nothing_and_a_point_have_no_area() {
        assert_eq!(Rect::around(&[]).area_px(), 0.0);
        assert_eq!(Rect::around(&[[3.0, 4.0]]).middle, [3.0, 4.0]);
    }

    proptest! {
        #[test]
        fn every_corner_of_the_shape_lies_inside(points in prop::collection::vec((0.0..300.0, 0.0..200.0), 1..20)) {
            let points: Vec<[f64; 2]> = points.into_iter().map(|(x, y)| [x, y]).collect();
            let rect = Rect::around(&points);
            let [across, down] = rect.axes();
            for [x, y] in &points {
                let (x, y) = (x - rect.middle[0], y - rect.middle[1]);
                prop_assert!((x * across[0] + y * across[1]).abs() <= rect.width / 2.0 + 1e-6);
                prop_assert!((x * down[0] + y * down[1]).abs() <= rect.height / 2.0 + 1e-6);
            }
        }
    }
}
