//! Walls, floor and ceiling, and the tags that hang on them.

use bushbaby_vision::apriltag::UnknownTag;

use super::super::art::{self, Footprint};
use super::super::face::Face;
use super::super::geometry::{Vec3, sub};
use super::block::Block;
use super::builder::Builder;
use super::furniture::{hassock, lower_crate, pot, sideboard};
use super::{BACK, HALF_WIDTH, in_scene};

const HEIGHT: f64 = 2.8;
const BEHIND: f64 = -1.5;
/// Nearer than this the floor is seldom seen, and painted coarsely.
const NEAR_FLOOR: f64 = 1.3;

impl Builder {
    pub(super) fn shell(&mut self) -> Result<(), UnknownTag> {
        let (width, depth) = (2.0 * HALF_WIDTH, BACK - BEHIND);
        let at = |right: f64, up: f64, ahead: f64| in_scene([right, up, ahead]);
        let face = |origin: Vec3, right: Vec3, down: Vec3| Face {
            origin,
            right: sub(right, origin),
            down: sub(down, origin),
        };
        let (l, r) = (-HALF_WIDTH, HALF_WIDTH);
        let ceiling = face(at(l, HEIGHT, BEHIND), at(r, HEIGHT, BEHIND), at(l, HEIGHT, BACK));
        let floor = face(at(l, 0.0, BACK), at(r, 0.0, BACK), at(l, 0.0, NEAR_FLOOR));
        let floor_before = face(at(l, 0.0, NEAR_FLOOR), at(r, 0.0, NEAR_FLOOR), at(l, 0.0, BEHIND));
        let left = face(at(l, HEIGHT, BEHIND), at(l, HEIGHT, BACK), at(l, 0.0, BEHIND));
        let right = face(at(r, HEIGHT, BACK), at(r, HEIGHT, BEHIND), at(r, 0.0, BACK));
        let back = face(at(l, HEIGHT, BACK), at(r, HEIGHT, BACK), at(l, 0.0, BACK));
        let size = |w: f64, h: f64| [w as f32, h as f32];
        let on_back = [3.34, 1.16];
        let on_right = [[1.3, 1.32], [2.35, 1.6]];
        let on_left = [depth - 0.56, 1.38];
        let papers = |list: &[Option<[f32; 4]>]| list.iter().flatten().copied().collect::<Vec<_>>();

        let [near_floor, left_wall, right_wall, back_wall] = [2, 3, 4, 5].map(Some);
        let fine = self.fine;
        self.put(
            ceiling,
            art::ceiling(size(width, depth), fine),
            [left_wall, right_wall, None, back_wall],
        );
        let mut standing: Vec<Footprint> = [lower_crate(), hassock(), sideboard(), pot()]
            .map(|b| b.footprint())
            .to_vec();
        standing.push(Block::standing([2.0, 4.28], [0.79, 0.45], 0.0, [0.0, 0.1]).footprint());
        let rug = [(0.12 + HALF_WIDTH) as f32, (BACK - 2.75) as f32];
        let floor_paint = art::floor(size(width, BACK - NEAR_FLOOR), fine * 1.2, rug, &standing);
        self.put(floor, floor_paint, [left_wall, right_wall, back_wall, near_floor]);
        let before_paint = art::near_floor(size(width, NEAR_FLOOR - BEHIND), 0.4 * fine, (BACK - NEAR_FLOOR) as f32);
        self.put(floor_before, before_paint, [left_wall, right_wall, None, None]);
        let left_paint = art::left_wall(size(depth, HEIGHT), 0.7 * fine, &papers(&[self.paper_area(4, on_left)]));
        self.put(left, left_paint, [None, back_wall, None, None]);
        let right_papers = papers(&[self.paper_area(3, on_right[0]), self.paper_area(7, on_right[1])]);
        self.put(
            right,
            art::right_wall(size(depth, HEIGHT), 0.7 * fine, &right_papers),
            [back_wall, None, None, None],
        );
        let back_paint = art::back_wall(size(width, HEIGHT), fine, &papers(&[self.paper_area(1, on_back)]));
        self.put(back, back_paint, [None; 4]);
        self.tag(4, left, on_left)?;
        self.tag(3, right, on_right[0])?;
        self.tag(7, right, on_right[1])?;
        self.tag(1, back, on_back)
    }
}
