//! From which corner of the field places are counted.

use crate::pose::Transform;
use nalgebra::{Matrix3, Vector3};
use serde::{Deserialize, Serialize};

/// Whose wall the field's origin is at. Layouts and WPILib's estimators count from blue's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alliance {
    /// The right end of the blue wall: x ahead from it, y to the left.
    #[default]
    Blue,
    /// The right end of the red wall, likewise: the field turned by half a turn.
    Red,
}

impl Alliance {
    /// Returns `origin_from_field`: what is counted from blue's wall becomes what is counted from this one's.
    ///
    /// - `size_m`: length and width of the field.
    pub fn origin_from_field(self, [length, width]: [f64; 2]) -> Transform {
        match self {
            Self::Blue => Transform::identity(),
            Self::Red => Transform {
                rotation: Matrix3::from_diagonal(&Vector3::new(-1.0, -1.0, 1.0)),
                translation: Vector3::new(length, width, 0.0),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn red_counts_from_the_corner_across_and_looks_back() {
        let red = Alliance::Red.origin_from_field([16.5, 8.0]);
        assert_eq!(red.apply([16.5, 8.0, 0.0]), [0.0, 0.0, 0.0]);
        assert_eq!(red.apply([2.0, 1.0, 0.5]), [14.5, 7.0, 0.5]);
        assert!((red.rotation_angle_deg() - 180.0).abs() < 1e-9);
        assert_eq!(
            Alliance::Blue.origin_from_field([16.5, 8.0]).apply([2.0, 1.0, 0.5]),
            [2.0, 1.0, 0.5]
        );
    }
}
