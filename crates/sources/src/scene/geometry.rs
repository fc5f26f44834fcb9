//! Points, directions and rigid transforms, in metres.

/// A point or a direction.
pub(super) type Vec3 = [f64; 3];

pub(super) fn add(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn scale(a: Vec3, by: f64) -> Vec3 {
    a.map(|c| c * by)
}

pub(super) fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

pub(super) fn unit(a: Vec3) -> Vec3 {
    scale(a, 1.0 / dot(a, a).sqrt())
}

/// Takes a point of one frame to another: `rotation * point + translation`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rigid {
    /// Row-major.
    pub rotation: [Vec3; 3],
    pub translation: Vec3,
}

impl Rigid {
    pub(super) fn turn(&self, direction: Vec3) -> Vec3 {
        self.rotation.map(|row| dot(row, direction))
    }

    pub(super) fn apply(&self, point: Vec3) -> Vec3 {
        add(self.turn(point), self.translation)
    }

    pub(super) fn inverse(&self) -> Self {
        let [a, b, c] = self.rotation;
        let rotation = [[a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]]];
        let turned = rotation.map(|row| dot(row, self.translation));
        Self {
            rotation,
            translation: scale(turned, -1.0),
        }
    }

    /// First `first`, then this.
    pub(super) fn after(&self, first: &Self) -> Self {
        let columns = [0, 1, 2].map(|j| self.turn([first.rotation[0][j], first.rotation[1][j], first.rotation[2][j]]));
        let rotation = [0, 1, 2].map(|i| [columns[0][i], columns[1][i], columns[2][i]]);
        Self {
            rotation,
            translation: self.apply(first.translation),
        }
    }
}

/// A camera at `place` with its axis through `at`, upright where `up` is up; `roll` turns it clockwise, in radians.
pub(super) fn looking(place: Vec3, at: Vec3, up: Vec3, roll: f64) -> Rigid {
    let ahead = unit(sub(at, place));
    let level = unit(cross(ahead, up));
    let below = cross(ahead, level);
    let (sin, cos) = roll.sin_cos();
    let right = add(scale(level, cos), scale(below, sin));
    let down = sub(scale(below, cos), scale(level, sin));
    let turned = Rigid {
        rotation: [right, down, ahead],
        translation: [0.0; 3],
    };
    Rigid {
        translation: scale(turned.turn(place), -1.0),
        ..turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_where_one_was() {
        let (sin, cos) = 0.7_f64.sin_cos();
        let turn = Rigid {
            rotation: [[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]],
            translation: [1.0, 2.0, 3.0],
        };
        let both = turn.inverse().after(&turn);
        let point = both.apply([4.0, -5.0, 6.0]);
        assert!(
            sub(point, [4.0, -5.0, 6.0]).iter().all(|e| e.abs() < 1e-12),
            "{point:?}"
        );
    }
}
