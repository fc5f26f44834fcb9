//! What stands still, as one eye sees it: drawn once.

use super::super::art::Rgb;
use super::super::geometry::Vec3;
use super::seen::{Seen, Shaded};
use super::sun::Caster;
use super::things::Still;
use super::view::View;

/// All that stands still, as one eye sees it.
pub(super) fn standing<'a>(still: &'a Still, view: &View) -> Vec<Seen<'a>> {
    let casters = casters(still);
    let solids = still.solids.iter().enumerate();
    solids
        .map(|(index, solid)| Seen::new(index, solid, &still.decals, &casters, view))
        .collect()
}

/// All that stands still, as the sun sees it.
pub(super) fn casters(still: &Still) -> Vec<Caster> {
    let solids = still.solids.iter().enumerate();
    solids.filter_map(|(index, solid)| Caster::new(index, solid)).collect()
}

/// What a ray through pixel `(x, y)` meets first, and how far away along the axis.
#[inline(always)]
pub(super) fn nearest<'s, 'a>(seen: &'s [Seen<'a>], [x, y]: [usize; 2], ray: Vec3) -> Option<(&'s Seen<'a>, f64)> {
    let mut first: Option<(&Seen<'_>, f64)> = None;
    for seen in seen {
        let inside = |[from, to]: [usize; 2], at: usize| from <= at && at < to;
        if !inside(seen.rect.rows, y) || !inside(seen.rect.columns, x) {
            continue;
        }
        if let Some(depth) = seen.depth(ray)
            && first.is_none_or(|(_, nearer)| depth < nearer)
        {
            first = Some((seen, depth));
        }
    }
    first
}

/// The picture of what stands still, pixel by pixel.
#[derive(Debug)]
pub(super) struct Background {
    pub rgb: Vec<u8>,
    /// Which part of a pixel's brightness is sunlight, of 255.
    pub sun_share: Vec<u8>,
    /// Metres along the axis at the pixel's very centre; NaN where it has none.
    pub depth: Vec<f32>,
}

/// Places within a pixel, so that no two share a row or a column.
pub(super) fn places<const N: usize>(stride: usize) -> [[f64; 2]; N] {
    let part = |i: usize| (i as f64 + 0.5) / N as f64;
    std::array::from_fn(|i| [part(i), part((i * stride + 1) % N)])
}

/// How different two colours must be to count as an edge, in grey levels.
pub(super) const EDGE: f32 = 10.0;

pub(super) fn is_edge(a: Rgb, b: Rgb) -> bool {
    (0..3).any(|i| (a[i] - b[i]).abs() > EDGE)
}

pub(super) fn to_u8(v: f32) -> u8 {
    (v + 0.5) as u8
}

/// One pixel's centre.
#[derive(Debug, Clone, Copy)]
struct Centre {
    shaded: Shaded,
    side: u8,
}

const NOTHING: Shaded = Shaded {
    rgb: [0.0; 3],
    sun_share: 0.0,
};

impl Background {
    pub(super) fn new(view: &View, standing: &[Seen<'_>]) -> Self {
        let [width, height] = view.size;
        let mut drawn = Self {
            rgb: vec![0; 3 * width * height],
            sun_share: vec![0; width * height],
            depth: vec![f32::NAN; width * height],
        };
        let mut rows: [Vec<Centre>; 3] = Default::default();
        for y in 0..height + 1 {
            // Drawn one row ahead, so that a pixel knows its neighbours.
            rows.rotate_left(1);
            if y < height {
                rows[2] = (0..width).map(|x| drawn.centre(view, standing, [x, y])).collect();
            }
            if let Some(row) = y.checked_sub(1) {
                let above = if row == 0 { &rows[1] } else { &rows[0] };
                let below = if y < height { &rows[2] } else { &rows[1] };
                drawn.finish(view, standing, row, [above, &rows[1], below]);
            }
        }
        drawn
    }

    fn centre(&mut self, view: &View, standing: &[Seen<'_>], [x, y]: [usize; 2]) -> Centre {
        let ray = view.ray(x as f64 + 0.5, y as f64 + 0.5);
        let Some((seen, depth)) = nearest(standing, [x, y], ray) else {
            return Centre {
                shaded: NOTHING,
                side: 0,
            };
        };
        if !seen.has_no_depth() {
            self.depth[y * view.size[0] + x] = depth as f32;
        }
        let (shaded, side) = seen.look(ray, depth);
        Centre { shaded, side }
    }

    /// Writes the colours of a row: the centre's, or along edges the mean of many places in the pixel.
    fn finish(&mut self, view: &View, standing: &[Seen<'_>], y: usize, [above, row, below]: [&[Centre]; 3]) {
        let width = row.len();
        for x in 0..width {
            let here = row[x];
            let around = [
                &above[x],
                &below[x],
                &row[x.saturating_sub(1)],
                &row[(x + 1).min(width - 1)],
            ];
            let is_even = around
                .iter()
                .all(|other| other.side == here.side && !is_edge(other.shaded.rgb, here.shaded.rgb));
            let shaded = if is_even {
                here.shaded
            } else {
                mean(standing, view, [x, y])
            };
            let at = y * width + x;
            self.rgb[3 * at..3 * at + 3].copy_from_slice(&shaded.rgb.map(to_u8));
            self.sun_share[at] = to_u8(shaded.sun_share * 255.0);
        }
    }
}

/// The mean of many places in a pixel.
fn mean(standing: &[Seen<'_>], view: &View, [x, y]: [usize; 2]) -> Shaded {
    const PLACES: usize = 16;
    let (mut rgb, mut sun_share) = ([0.0; 3], 0.0);
    for [dx, dy] in places::<PLACES>(7) {
        let ray = view.ray(x as f64 + dx, y as f64 + dy);
        if let Some((seen, depth)) = nearest(standing, [x, y], ray) {
            let (shaded, _) = seen.look(ray, depth);
            rgb = [0, 1, 2].map(|i| rgb[i] + shaded.rgb[i].clamp(0.0, 255.0) / PLACES as f32);
            sun_share += shaded.sun_share / PLACES as f32;
        }
    }
    Shaded { rgb, sun_share }
}
