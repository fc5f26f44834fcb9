//! From which to which depth the colours go: where almost all of it lies, and slowly enough that colours stand still.

use bushbaby_bus::MonoTime;

use super::numbers::Numbers;

/// How many numbers are looked at.
const SAMPLES: usize = 4096;
/// Of a hundred, so many are left out at either end: single wrong pixels decide nothing.
const LEFT_OUT: usize = 2;
/// Within this time the range goes most of the way to where it should be.
const FOLLOWS_WITHIN_S: f32 = 0.5;
/// While nothing is known.
const NOTHING: [f32; 2] = [0.0, 1.0];

/// The range of the frames so far.
#[derive(Debug, Default)]
pub(crate) struct RangeFollower {
    last: Option<(MonoTime, [f32; 2])>,
}

impl RangeFollower {
    /// The range for a frame that was captured at `now`, nearest first, in metres. The same for every call with one frame.
    pub(super) fn follow(&mut self, depth: &Numbers<'_>, now: MonoTime) -> [f32; 2] {
        if let Some((at, range)) = self.last
            && at == now
        {
            return range;
        }
        let range = match (self.last, robust(depth.samples(SAMPLES))) {
            (last, None) => last.map_or(NOTHING, |(_, range)| range),
            (None, Some(range)) => range,
            (Some((at, before)), Some(range)) => {
                let share = (now.since(at).as_secs_f32() / FOLLOWS_WITHIN_S).min(1.0);
                [0, 1].map(|end| before[end] + (range[end] - before[end]) * share)
            }
        };
        self.last = Some((now, range));
        range
    }
}

/// Where almost all of these numbers lie; `None` when none of them is a depth.
fn robust(numbers: impl Iterator<Item = f32>) -> Option<[f32; 2]> {
    let mut depths: Vec<f32> = numbers
        .filter(|number| number.is_finite() && *number > 0.0)
        .map(|number| number.min(1e6))
        .collect();
    let last = depths.len().checked_sub(1)?;
    depths.sort_by(f32::total_cmp);
    let left_out = depths.len() * LEFT_OUT / 100;
    let (near, far) = (depths[left_out], depths[last - left_out]);
    // A wall straight ahead is one colour, not noise in all of them.
    Some([near, far.max(near * 1.05 + 0.01)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_wrong_pixels_decide_nothing() {
        let depths = (0..1000).map(|n| 1.0 + n as f32 / 1000.0);
        let wrong = [f32::NAN, f32::INFINITY, -3.0, 0.0, 0.001, 900.0];
        let [near, far] = robust(depths.chain(wrong)).unwrap();
        assert!((near - 1.02).abs() < 0.01 && (far - 1.98).abs() < 0.01, "{near} {far}");
    }

    #[test]
    fn a_flat_wall_has_a_range_and_nothing_has_none() {
        let [near, far] = robust([2.0_f32; 50].into_iter()).unwrap();
        assert!(near == 2.0 && far > 2.1, "{near} {far}");
        assert_eq!(robust([f32::NAN, 0.0].into_iter()), None);
    }
}
