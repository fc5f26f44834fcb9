//! One flat parallelogram of the room, as it lies in space and as it lies in a picture.

use super::geometry::{Rigid, Vec3, cross, dot};

/// A parallelogram in the room, seen from its front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Face {
    /// The corner that is top left when one stands before it.
    pub origin: Vec3,
    /// From there to the top right corner.
    pub right: Vec3,
    /// From there to the bottom left corner.
    pub down: Vec3,
}

/// How a picture is taken: a pinhole without distortion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pinhole {
    pub width: u32,
    pub height: u32,
    pub focal: f64,
    pub center: [f64; 2],
}

impl Pinhole {
    /// The same picture with half as many columns and rows, rounded up: its chroma.
    pub(super) fn halved(&self) -> Self {
        Self {
            width: self.width.div_ceil(2),
            height: self.height.div_ceil(2),
            focal: self.focal / 2.0,
            center: self.center.map(|c| c / 2.0),
        }
    }
}

/// `a * x + b * y + c` over the pixels of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Linear {
    pub a: f64,
    pub b: f64,
    pub c: f64,
}

impl Linear {
    /// How far the ray of a pixel goes along `normal`.
    fn along(normal: Vec3, pinhole: &Pinhole) -> Self {
        let [a, b] = [normal[0] / pinhole.focal, normal[1] / pinhole.focal];
        Self {
            a,
            b,
            c: normal[2] - a * pinhole.center[0] - b * pinhole.center[1],
        }
    }

    pub(super) fn at(&self, x: f64, y: f64) -> f64 {
        self.a * x + self.b * y + self.c
    }

    fn minus(&self, other: &Self) -> Self {
        Self {
            a: self.a - other.a,
            b: self.b - other.b,
            c: self.c - other.c,
        }
    }

    /// The same line as a distance in pixels.
    fn distance(&self) -> Self {
        let per_pixel = self.a.hypot(self.b).max(1e-12);
        Self {
            a: self.a / per_pixel,
            b: self.b / per_pixel,
            c: self.c / per_pixel,
        }
    }

    /// Sine of the angle between two lines that are distances.
    fn sine(&self, other: &Self) -> f64 {
        (self.a * other.b - self.b * other.a).abs()
    }
}

/// Where a face lies in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Projected {
    /// Place on the face is `[s / w, t / w]`, 0 to 1 to the right and down.
    pub s: Linear,
    pub t: Linear,
    pub w: Linear,
    /// Distances to the left, right, upper and lower edge, in pixels, positive inside.
    pub edges: [Linear; 4],
    /// Where each row crosses the edges.
    pub crossings: [Crossing; 4],
    /// First row, and first row after it, that the face may touch.
    pub rows: [u32; 2],
}

/// Where the pixels of a row begin, or end, to lie on the inner side of an edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Crossing {
    /// Pixels from `at + per_row * y` on are touched, those `soft` pixels further on are filled.
    Begins { at: f64, per_row: f64, soft: f64 },
    /// Pixels before that are touched, those `soft` pixels before it are filled.
    Ends { at: f64, per_row: f64, soft: f64 },
    /// The edge lies along the row; its distance is `at + per_row * y`.
    Along { at: f64, per_row: f64 },
}

impl Crossing {
    fn of(edge: &Linear) -> Self {
        // Distance of the row's first pixel, at its centre.
        let (at, per_row) = (edge.at(0.5, 0.5), edge.b);
        if edge.a.abs() < 1e-6 {
            return Self::Along { at, per_row };
        }
        let (at, per_row, soft) = ((-0.5 - at) / edge.a, -per_row / edge.a, 1.0 / edge.a.abs());
        if edge.a > 0.0 {
            Self::Begins { at, per_row, soft }
        } else {
            Self::Ends { at, per_row, soft }
        }
    }
}

impl Face {
    pub(super) fn seen_from(&self, camera_from_room: &Rigid) -> Self {
        Self {
            origin: camera_from_room.apply(self.origin),
            right: camera_from_room.turn(self.right),
            down: camera_from_room.turn(self.down),
        }
    }

    /// The point at `[s, t]`, 0 to 1 to the right and down.
    pub(super) fn point(&self, [s, t]: [f64; 2]) -> Vec3 {
        [0, 1, 2].map(|i| self.origin[i] + s * self.right[i] + t * self.down[i])
    }

    /// Top left, top right, bottom right, bottom left.
    pub(super) fn corners(&self) -> [Vec3; 4] {
        [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(|st| self.point(st))
    }

    /// Points away from whoever sees the front.
    pub(super) fn inward(&self) -> Vec3 {
        cross(self.right, self.down)
    }

    /// Projects a face given in the camera's frame. `None` when its back is turned, or all of it is outside.
    ///
    /// `under`: at which edges another face meets this one and is painted over it. There this one goes on for a pixel,
    /// lest what is behind both shines through.
    pub(super) fn project(&self, pinhole: &Pinhole, under: [bool; 4]) -> Option<Projected> {
        if dot(self.origin, self.inward()) <= 0.0 {
            return None;
        }
        let s = Linear::along(cross(self.down, self.origin), pinhole);
        let t = Linear::along(cross(self.origin, self.right), pinhole);
        let w = Linear::along(self.inward(), pinhole);
        let edges = [s, w.minus(&s), t, w.minus(&t)].map(|edge| edge.distance());
        let edges = [0, 1, 2, 3].map(|i| {
            // At a sharp corner an edge that was moved outwards would show as a thorn.
            let sharp = |other: usize| {
                if under[other] {
                    1.0
                } else {
                    edges[i].sine(&edges[other])
                }
            };
            let next = if i < 2 { [2, 3] } else { [0, 1] };
            let outset = if under[i] {
                sharp(next[0]).min(sharp(next[1]))
            } else {
                0.0
            };
            Linear {
                c: edges[i].c + outset,
                ..edges[i]
            }
        });
        let crossings = edges.map(|edge| Crossing::of(&edge));
        let rows = self.rows(pinhole)?;
        Some(Projected {
            s,
            t,
            w,
            edges,
            crossings,
            rows,
        })
    }

    fn rows(&self, pinhole: &Pinhole) -> Option<[u32; 2]> {
        /// What is nearer than this, in metres, may be projected anywhere.
        const NEAR: f64 = 0.02;
        let corners = self.corners();
        if corners.iter().all(|c| c[2] < NEAR) {
            return None;
        }
        if corners.iter().any(|c| c[2] < NEAR) {
            return Some([0, pinhole.height]);
        }
        let ys = corners.map(|c| pinhole.focal * c[1] / c[2] + pinhole.center[1]);
        let [low, high] = [
            ys.iter().copied().fold(f64::MAX, f64::min),
            ys.iter().copied().fold(f64::MIN, f64::max),
        ];
        // Two rows more on each side for soft and outset edges.
        let first = (low - 2.0).clamp(0.0, f64::from(pinhole.height)) as u32;
        let last = (high + 3.0).clamp(0.0, f64::from(pinhole.height)) as u32;
        (first < last).then_some([first, last])
    }
}
