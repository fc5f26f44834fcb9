//! Which target is the best.

use super::Target;

/// What the best target has most of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The largest first.
    #[default]
    Largest,
    /// The smallest first.
    Smallest,
    /// From the top of the picture down.
    Highest,
    /// From the bottom up.
    Lowest,
    /// From left to right.
    Leftmost,
    /// From right to left.
    Rightmost,
    /// From the middle of the picture outwards.
    Central,
}

impl Sort {
    pub(super) fn sort(self, targets: &mut [Target], picture_px: [f64; 2]) {
        let last = |target: &Target| {
            let [x, y] = target.rect.middle;
            match self {
                Self::Largest => -target.area,
                Self::Smallest => target.area,
                Self::Highest => y,
                Self::Lowest => -y,
                Self::Leftmost => x,
                Self::Rightmost => -x,
                Self::Central => (x - picture_px[0] / 2.0).hypot(y - picture_px[1] / 2.0),
            }
        };
        targets.sort_by(|a, b| last(a).total_cmp(&last(b)));
    }
}
