//! What moves, drawn over a copy of the background: first its shadows, then itself. Only the pixels that it may touch are
//! looked at.

use super::super::art::Rgb;
use super::super::geometry::{Vec3, scale, sub};
use super::background::{self, Background, is_edge, nearest, places, to_u8};
use super::seen::Seen;
use super::silhouette::{Group, Silhouette, grouped};
use super::solid::{Solid, along};
use super::sun::{Caster, light};
use super::things::Still;
use super::view::View;

/// Where one eye's capture is written; depth and confidence may be empty, which means that they are not wanted.
#[derive(Debug, Default)]
pub(super) struct Canvas<'a> {
    pub rgb: &'a mut [u8],
    pub depth: &'a mut [f32],
    pub confidence: &'a mut [f32],
}

/// How sure a camera is of a depth in metres; 0 where there is none.
pub(super) fn confidence(depth: f32) -> f32 {
    if depth.is_nan() {
        0.0
    } else {
        1.0 / (1.0 + 0.05 * depth * depth)
    }
}

/// Draws what moves; kept for its buffers.
#[derive(Debug, Default)]
pub(super) struct Painter {
    hits: Vec<Hit>,
    runs: Vec<[usize; 2]>,
}

/// What moves and is seen at a pixel's centre.
#[derive(Debug, Clone, Copy, Default)]
struct Hit {
    /// 0 where it is not seen.
    side: u8,
    rgb: Rgb,
}

/// All that the pixels of one eye depend on at one moment.
struct Moment<'a> {
    view: &'a View,
    background: &'a Background,
    standing: Vec<Seen<'a>>,
    moving: Vec<Seen<'a>>,
    /// What moves, as the sun sees it.
    casters: Vec<Caster>,
}

impl Painter {
    /// Draws `solids` over the background that `canvas` gets a copy of.
    pub(super) fn draw(
        &mut self,
        view: &View,
        background: &Background,
        still: &Still,
        solids: &[Solid],
        mut canvas: Canvas<'_>,
    ) {
        let first = still.solids.len();
        let each = || solids.iter().enumerate().map(|(i, solid)| (first + i, solid));
        let casters: Vec<Caster> = each().filter_map(|(i, solid)| Caster::new(i, solid)).collect();
        let all: Vec<Caster> = background::casters(still)
            .into_iter()
            .chain(casters.iter().copied())
            .collect();
        let moment = Moment {
            view,
            background,
            standing: background::standing(still, view),
            moving: each().map(|(i, solid)| Seen::new(i, solid, &[], &all, view)).collect(),
            casters,
        };
        let shadows = solids.iter().map(|solid| shadow(view, solid));
        for group in grouped(shadows) {
            moment.shadows(&group, &mut self.runs, &mut canvas);
        }
        let bodies = solids.iter().map(|solid| view.silhouette(solid.corners()));
        for group in grouped(bodies) {
            self.bodies(&moment, &group, &mut canvas);
        }
    }
}

impl Moment<'_> {
    /// Darkens what the sun does not reach any more.
    fn shadows(&self, group: &Group, row_runs: &mut Vec<[usize; 2]>, canvas: &mut Canvas<'_>) {
        let width = self.view.size[0];
        let eye = self.view.scene_from_camera.translation;
        for y in group.rect.rows[0]..group.rect.rows[1] {
            group.runs(y, row_runs);
            let direction = |x: f64| {
                let ray = self.view.ray(x, y as f64 + 0.5);
                self.view.scene_from_camera.turn(ray)
            };
            // Directions change evenly along a row.
            let (first, step) = (direction(0.5), sub(direction(1.5), direction(0.5)));
            for x in row_runs.iter().flat_map(|[from, to]| *from..*to) {
                let at = y * width + x;
                let sun_share = self.background.sun_share[at];
                let depth = self.background.depth[at];
                if sun_share == 0 || depth.is_nan() {
                    continue;
                }
                let place = along(eye, along(first, step, x as f64), f64::from(depth));
                let sunny: f64 = self.casters.iter().map(|caster| caster.lets_through(place)).product();
                if sunny < 1.0 {
                    let light = 1.0 - f32::from(sun_share) / 255.0 * (1.0 - sunny as f32);
                    for channel in &mut canvas.rgb[3 * at..3 * at + 3] {
                        *channel = to_u8(f32::from(*channel) * light);
                    }
                }
            }
        }
    }

    /// How far away what stands still is, also where a depth camera does not see it.
    fn depth_behind(&self, [x, y]: [usize; 2], ray: Vec3) -> f64 {
        let known = f64::from(self.background.depth[y * self.view.size[0] + x]);
        if known.is_nan() {
            nearest(&self.standing, [x, y], ray).map_or(f64::INFINITY, |(_, depth)| depth)
        } else {
            known
        }
    }

    /// Whether what stands still has an edge in or beside a pixel.
    fn has_edge_behind(&self, [x, y]: [usize; 2]) -> bool {
        let [width, height] = self.view.size;
        let depth = |x: usize, y: usize| self.background.depth[y * width + x];
        let here = depth(x, y);
        let around = [
            depth(x.saturating_sub(1), y),
            depth((x + 1).min(width - 1), y),
            depth(x, y.saturating_sub(1)),
            depth(x, (y + 1).min(height - 1)),
        ];
        // NaN is an edge too.
        !around.iter().all(|other| (other - here).abs() < 0.02 * here)
    }

    /// The mean of many places in a pixel.
    ///
    /// - `even`: what its centre shows, where all of that side looks like it.
    /// - `behind`: what is seen where nothing moves.
    fn mean(&self, [x, y]: [usize; 2], even: Option<Hit>, behind: Rgb) -> Rgb {
        const PLACES: usize = 8;
        let traced = self.has_edge_behind([x, y]);
        let mut rgb = [0.0; 3];
        for [dx, dy] in places::<PLACES>(3) {
            let ray = self.view.ray(x as f64 + dx, y as f64 + dy);
            let mover = nearest(&self.moving, [x, y], ray);
            let still = if traced {
                nearest(&self.standing, [x, y], ray)
            } else {
                None
            };
            let in_front = match (mover, still) {
                (Some((_, depth)), Some((_, other))) if depth < other => mover,
                (_, Some(_)) => still,
                (Some((_, depth)), None) if depth < self.depth_behind([x, y], ray) => mover,
                _ => None,
            };
            let color = match (in_front, even) {
                (None, _) => behind,
                (Some((seen, depth)), Some(even)) if seen.side(ray, depth) == even.side => even.rgb,
                (Some((seen, depth)), _) => seen.look(ray, depth).0.rgb,
            };
            rgb = [0, 1, 2].map(|i| rgb[i] + color[i].clamp(0.0, 255.0) / PLACES as f32);
        }
        rgb
    }
}

impl Painter {
    /// Draws all that moves within a group.
    fn bodies(&mut self, moment: &Moment<'_>, group: &Group, canvas: &mut Canvas<'_>) {
        let width = moment.view.size[0];
        let [left, right] = group.rect.columns;
        let [top, bottom] = group.rect.rows;
        let columns = right - left;
        self.hits.clear();
        self.hits.resize(columns * (bottom - top), Hit::default());
        for y in top..bottom {
            group.runs(y, &mut self.runs);
            for x in self.runs.iter().flat_map(|[from, to]| *from..*to) {
                let ray = moment.view.ray(x as f64 + 0.5, y as f64 + 0.5);
                let Some((seen, depth)) =
                    nearest(&moment.moving, [x, y], ray).filter(|(_, depth)| *depth < moment.depth_behind([x, y], ray))
                else {
                    continue;
                };
                let at = y * width + x;
                let depth_m = depth as f32;
                if let Some(place) = canvas.depth.get_mut(at) {
                    *place = depth_m;
                }
                if let Some(place) = canvas.confidence.get_mut(at) {
                    *place = confidence(depth_m);
                }
                let (shaded, side) = seen.look(ray, depth);
                self.hits[(y - top) * columns + x - left] = Hit { side, rgb: shaded.rgb };
            }
        }
        for y in top..bottom {
            group.runs(y, &mut self.runs);
            for x in self.runs.iter().flat_map(|[from, to]| *from..*to) {
                let i = (y - top) * columns + x - left;
                let here = self.hits[i];
                let around = [
                    (x > left).then(|| i - 1),
                    (x + 1 < right).then_some(i + 1),
                    (y > top).then(|| i - columns),
                    (y + 1 < bottom).then_some(i + columns),
                ];
                let (mut edge, mut even) = (false, here.side > 0);
                for other in around.into_iter().flatten().map(|other| self.hits[other]) {
                    if other.side != here.side {
                        edge = true;
                    } else if here.side > 0 && is_edge(other.rgb, here.rgb) {
                        (edge, even) = (true, false);
                    }
                }
                if !edge && here.side == 0 {
                    continue;
                }
                let pixel = &mut canvas.rgb[3 * (y * width + x)..][..3];
                let rgb = if edge {
                    let behind = [pixel[0], pixel[1], pixel[2]].map(f32::from);
                    moment.mean([x, y], even.then_some(here), behind)
                } else {
                    here.rgb
                };
                pixel.copy_from_slice(&rgb.map(to_u8));
            }
        }
    }
}

/// The pixels on which a solid's shadow may fall, for shadows that fall on the table or on what stands there.
fn shadow(view: &View, solid: &Solid) -> Silhouette {
    let corners = solid.corners();
    let on_table = |corner: Vec3| sub(corner, scale(light(), corner[2] / light()[2]));
    view.silhouette::<16>(std::array::from_fn(|i| {
        let corner = corners[i % 8];
        if i < 8 { corner } else { on_table(corner) }
    }))
}
