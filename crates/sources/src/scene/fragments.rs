//! Which face is seen where in one row of a picture.

use super::face::{Crossing, Projected};

/// A run of pixels in one row that shows one face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    /// Index of the face.
    pub face: usize,
    /// First pixel that the face touches, and first after it.
    pub touched: [u32; 2],
    /// The part of it that the face fills; empty when the two are equal.
    pub filled: [u32; 2],
}

/// Finds the fragments of row after row; kept for its buffers.
#[derive(Debug, Default)]
pub(super) struct Finder {
    free: Vec<[u32; 2]>,
    still_free: Vec<[u32; 2]>,
}

impl Finder {
    /// Finds what is seen in row `y` of `width` pixels.
    ///
    /// - `faces`: the nearest first, with their indices.
    /// - `found`: is emptied, then filled, the nearest first. Drawn from the last to the first, each over those behind,
    ///   they make up the row; nothing that a nearer face fills is drawn.
    pub(super) fn find<'a>(
        &mut self,
        faces: impl Iterator<Item = (usize, &'a Projected)>,
        y: u32,
        width: u32,
        found: &mut Vec<Fragment>,
    ) {
        found.clear();
        self.free.clear();
        self.free.push([0, width]);
        for (face, projected) in faces {
            if !(projected.rows[0]..projected.rows[1]).contains(&y) {
                continue;
            }
            let Some([touched, filled]) = projected.runs(y, width) else {
                continue;
            };
            self.still_free.clear();
            for &[from, to] in &self.free {
                let part = [from.max(touched[0]), to.min(touched[1])];
                if part[0] >= part[1] {
                    self.still_free.push([from, to]);
                    continue;
                }
                let solid = [filled[0].clamp(part[0], part[1]), filled[1].clamp(part[0], part[1])];
                found.push(Fragment {
                    face,
                    touched: part,
                    filled: solid,
                });
                let rest = if solid[0] < solid[1] {
                    [[from, solid[0]], [solid[1], to]]
                } else {
                    [[from, to], [to, to]]
                };
                self.still_free.extend(rest.into_iter().filter(|[from, to]| from < to));
            }
            std::mem::swap(&mut self.free, &mut self.still_free);
            if self.free.is_empty() {
                return;
            }
        }
    }
}

impl Projected {
    /// The run of pixels that the face touches in row `y`, and the run that it fills.
    fn runs(&self, y: u32, width: u32) -> Option<[[u32; 2]; 2]> {
        let row = f64::from(y);
        let mut touched = [0.0, f64::from(width)];
        let mut filled = touched;
        for crossing in &self.crossings {
            match *crossing {
                Crossing::Begins { at, per_row, soft } => {
                    let at = at + per_row * row;
                    touched[0] = at.max(touched[0]);
                    filled[0] = (at + soft).max(filled[0]);
                }
                Crossing::Ends { at, per_row, soft } => {
                    let at = at + per_row * row;
                    touched[1] = at.min(touched[1]);
                    filled[1] = (at - soft).min(filled[1]);
                }
                Crossing::Along { at, per_row } => {
                    let distance = at + per_row * row;
                    if distance <= -0.5 {
                        return None;
                    }
                    if distance < 0.5 {
                        filled[1] = f64::MIN;
                    }
                }
            }
        }
        // The upper ends are the first pixel after the run; what is touched may be one pixel too many.
        let touched = [touched[0] as u32, ((touched[1] + 1.0) as u32).min(width)];
        if touched[0] >= touched[1] {
            return None;
        }
        let whole = filled[0] as u32;
        let filled = [
            if f64::from(whole) < filled[0] { whole + 1 } else { whole },
            (filled[1] + 1.0) as u32,
        ];
        Some([touched, if filled[0] < filled[1] { filled } else { [touched[0]; 2] }])
    }

    /// How much of pixel `(x, y)` the face covers, 0.0 to 1.0: exact where edges run along rows or columns.
    pub(super) fn coverage(&self, x: u32, y: u32) -> f32 {
        let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
        let [left, right, upper, lower] = self.edges.map(|edge| (edge.at(x, y) as f32 + 0.5).clamp(0.0, 1.0));
        (left + right - 1.0).max(0.0) * (upper + lower - 1.0).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::face::{Face, Pinhole};
    use super::*;

    const PINHOLE: Pinhole = Pinhole {
        width: 20,
        height: 10,
        focal: 10.0,
        center: [10.0, 5.0],
    };

    /// An upright rectangle `depth` metres away that covers the pixels from `left` to `right` and `top` to `bottom`.
    fn upright([left, right]: [f64; 2], [top, bottom]: [f64; 2], depth: f64) -> Projected {
        let metres = |pixels: f64| pixels * depth / PINHOLE.focal;
        let face = Face {
            origin: [metres(left - 10.0), metres(top - 5.0), depth],
            right: [metres(right - left), 0.0, 0.0],
            down: [0.0, metres(bottom - top), 0.0],
        };
        face.project(&PINHOLE, [false; 4]).unwrap()
    }

    fn found(faces: &[Projected], y: u32) -> Vec<Fragment> {
        let mut fragments = Vec::new();
        Finder::default().find(faces.iter().enumerate(), y, PINHOLE.width, &mut fragments);
        fragments
    }

    #[test]
    fn what_a_nearer_face_fills_is_not_drawn_again() {
        let faces = [
            upright([5.0, 9.0], [2.0, 8.0], 1.0),
            upright([-5.0, 25.0], [-5.0, 15.0], 3.0),
        ];
        let fragment = |face, touched, filled| Fragment { face, touched, filled };
        assert_eq!(found(&faces, 0), [fragment(1, [0, 20], [0, 20])]);
        assert_eq!(
            found(&faces, 4),
            [
                fragment(0, [4, 10], [5, 9]),
                fragment(1, [0, 5], [0, 5]),
                fragment(1, [9, 20], [9, 20]),
            ]
        );
    }

    #[test]
    fn an_edge_within_a_pixel_covers_its_share_of_it() {
        let face = upright([5.25, 9.5], [2.0, 7.75], 2.0);
        let share = |x, y| face.coverage(x, y);
        assert_eq!(
            [share(4, 4), share(5, 4), share(6, 4), share(9, 4)],
            [0.0, 0.75, 1.0, 0.5]
        );
        assert_eq!([share(6, 7), share(5, 7), share(6, 8)], [0.75, 0.5625, 0.0]);
    }

    #[test]
    fn a_face_thinner_than_a_pixel_covers_its_width() {
        let face = upright([5.25, 5.5], [2.0, 8.0], 2.0);
        assert!((face.coverage(5, 4) - 0.25).abs() < 1e-6);
        let [fragment] = found(&[face], 4)[..] else {
            panic!("one fragment")
        };
        assert_eq!(fragment.filled[0], fragment.filled[1]);
    }
}
