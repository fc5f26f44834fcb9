//! The shapes that a table-top is made of, and where a line goes through them.

use super::super::geometry::{Rigid, Vec3, add, dot, scale};

/// A convex shape in its own frame, in metres; its middle is the origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Ball {
        radius: f64,
    },
    /// Half of its sides along x, y and z.
    Block {
        half: Vec3,
    },
    /// Its axis is z.
    Cylinder {
        radius: f64,
        half_height: f64,
    },
    /// All that lies below z = 0, without end.
    Ground,
}

impl Shape {
    /// Where the line `from + t * along` enters and leaves, as values of `t`; `None` where it passes by.
    pub(super) fn span(&self, from: Vec3, along: Vec3) -> Option<[f64; 2]> {
        match *self {
            Self::Ball { radius } => round(dot(along, along), dot(from, along), dot(from, from) - radius * radius),
            Self::Block { half } => {
                let mut span = [f64::NEG_INFINITY, f64::INFINITY];
                for i in 0..3 {
                    span = both(span, slab(from[i], along[i], half[i]));
                }
                (span[0] < span[1]).then_some(span)
            }
            Self::Cylinder { radius, half_height } => {
                let ([x, y, z], [dx, dy, dz]) = (from, along);
                let across = round(dx * dx + dy * dy, x * dx + y * dy, x * x + y * y - radius * radius)?;
                let span = both(across, slab(z, dz, half_height));
                (span[0] < span[1]).then_some(span)
            }
            Self::Ground => {
                let at = -from[2] / along[2];
                if along[2] < 0.0 {
                    Some([at, f64::INFINITY])
                } else {
                    (from[2] < 0.0).then_some([f64::NEG_INFINITY, at])
                }
            }
        }
    }

    /// The outward direction, of length 1, at a point of the surface.
    pub(super) fn outward(&self, point: Vec3) -> Vec3 {
        match *self {
            Self::Ball { radius } => scale(point, 1.0 / radius),
            Self::Block { half } => {
                let [x, y, z] = [0, 1, 2].map(|i| point[i].abs() - half[i]);
                let most = if x > y && x > z { 0 } else { 1 + usize::from(z > y) };
                axis(most, point[most])
            }
            Self::Cylinder { radius, half_height } => {
                let [x, y, z] = point;
                if z.abs() - half_height > x.hypot(y) - radius {
                    axis(2, z)
                } else {
                    [x / radius, y / radius, 0.0]
                }
            }
            Self::Ground => [0.0, 0.0, 1.0],
        }
    }

    /// A number from 0 to 6 for the side whose outward direction is `outward`: sides meet in edges that are seen.
    pub(super) fn side(&self, outward: Vec3) -> u8 {
        let [x, y, z] = outward;
        match self {
            Self::Ball { .. } | Self::Ground => 0,
            Self::Cylinder { .. } if z.abs() < 0.5 => 0,
            _ if x.abs() > 0.5 => 1 + u8::from(x > 0.0),
            _ if y.abs() > 0.5 => 3 + u8::from(y > 0.0),
            _ => 5 + u8::from(z > 0.0),
        }
    }

    /// Half of the sides of the box around it.
    pub(super) fn reach(&self) -> Vec3 {
        match *self {
            Self::Ball { radius } => [radius; 3],
            Self::Block { half } => half,
            Self::Cylinder { radius, half_height } => [radius, radius, half_height],
            Self::Ground => [f64::INFINITY; 3],
        }
    }
}

/// Where `a t² + 2 b t + c` is negative.
fn round(a: f64, b: f64, c: f64) -> Option<[f64; 2]> {
    if a < 1e-300 {
        return (c < 0.0).then_some([f64::NEG_INFINITY, f64::INFINITY]);
    }
    let beside = b * b - a * c;
    if beside <= 0.0 {
        return None;
    }
    let half = beside.sqrt();
    Some([(-b - half) / a, (-b + half) / a])
}

/// Where `|from + t * along| < half`.
#[inline(always)]
fn slab(from: f64, along: f64, half: f64) -> [f64; 2] {
    let per = 1.0 / along;
    let (a, b) = ((-half - from) * per, (half - from) * per);
    [a.min(b), a.max(b)]
}

#[inline(always)]
fn both(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0].max(b[0]), a[1].min(b[1])]
}

fn axis(i: usize, toward: f64) -> Vec3 {
    let mut axis = [0.0; 3];
    axis[i] = 1.0_f64.copysign(toward);
    axis
}

/// A shape at its place, with its paint.
#[derive(Debug, Clone)]
pub(super) struct Solid {
    pub shape: Shape,
    /// Scene: x ahead, y left, z up; its origin is the middle of the table's top.
    pub scene_from_solid: Rigid,
    pub paint: super::paint::Paint,
}

impl Solid {
    /// The corners of the box around it, in the scene.
    pub(super) fn corners(&self) -> [Vec3; 8] {
        let reach = self.shape.reach();
        std::array::from_fn(|corner| {
            let signed = |i: usize| if corner >> i & 1 == 1 { reach[i] } else { -reach[i] };
            self.scene_from_solid.apply([signed(0), signed(1), signed(2)])
        })
    }
}

/// Upright at `place`, turned counter-clockwise as seen from above.
pub(super) fn standing(place: Vec3, turn_rad: f64) -> Rigid {
    let (sin, cos) = turn_rad.sin_cos();
    Rigid {
        rotation: [[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]],
        translation: place,
    }
}

/// The point at `t` of a line.
#[inline(always)]
pub(super) fn along(from: Vec3, direction: Vec3, t: f64) -> Vec3 {
    add(from, scale(direction, t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_each_shape_where_hand_and_ruler_say() {
        let through = |shape: Shape, from, along| shape.span(from, along);
        let block = Shape::Block { half: [1.0, 2.0, 3.0] };
        assert_eq!(through(block, [-5.0, 0.0, 0.0], [2.0, 0.0, 0.0]), Some([2.0, 3.0]));
        assert_eq!(through(block, [-5.0, 2.5, 0.0], [1.0, 0.0, 0.0]), None);
        assert_eq!(through(block, [-3.0, -2.0, 0.0], [1.0, 1.0, 0.0]), Some([2.0, 4.0]));
        let ball = Shape::Ball { radius: 5.0 };
        assert_eq!(through(ball, [-10.0, 3.0, 0.0], [1.0, 0.0, 0.0]), Some([6.0, 14.0]));
        assert_eq!(through(ball, [-10.0, 5.5, 0.0], [1.0, 0.0, 0.0]), None);
        let cylinder = Shape::Cylinder {
            radius: 5.0,
            half_height: 2.0,
        };
        assert_eq!(through(cylinder, [-10.0, 3.0, 1.0], [1.0, 0.0, 0.0]), Some([6.0, 14.0]));
        assert_eq!(through(cylinder, [1.0, 1.0, 9.0], [0.0, 0.0, -1.0]), Some([7.0, 11.0]));
        assert_eq!(through(cylinder, [6.0, 1.0, 9.0], [0.0, 0.0, -1.0]), None);
        assert_eq!(
            through(Shape::Ground, [0.0, 0.0, 3.0], [1.0, 0.0, -2.0]),
            Some([1.5, f64::INFINITY])
        );
        assert_eq!(through(Shape::Ground, [0.0, 0.0, 3.0], [1.0, 0.0, 2.0]), None);
    }

    #[test]
    fn outward_is_away_from_the_middle_on_every_side() {
        let block = Shape::Block { half: [1.0, 2.0, 3.0] };
        assert_eq!(block.outward([0.2, -2.0, 2.9]), [0.0, -1.0, 0.0]);
        assert_eq!(block.outward([0.2, 1.9, 3.0]), [0.0, 0.0, 1.0]);
        let cylinder = Shape::Cylinder {
            radius: 5.0,
            half_height: 2.0,
        };
        assert_eq!(cylinder.outward([3.0, 4.0, 1.0]), [0.6, 0.8, 0.0]);
        assert_eq!(cylinder.outward([1.0, 1.0, -2.0]), [0.0, 0.0, -1.0]);
    }
}
