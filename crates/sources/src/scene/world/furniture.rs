//! What stands in the room, the farthest things first.

use bushbaby_vision::apriltag::UnknownTag;

use super::super::art::{self, Rgb, Side};
use super::super::face::Face;
use super::super::geometry::sub;
use super::block::Block;
use super::builder::Builder;
use super::in_scene;

pub(super) fn lower_crate() -> Block {
    Block::standing([0.12, 2.62], [0.33, 0.29], 9.0, [0.0, 0.5])
}

fn upper_crate() -> Block {
    Block::standing([0.12, 2.58], [0.25, 0.25], -9.0, [0.5, 0.99])
}

pub(super) fn hassock() -> Block {
    Block::standing([-1.3, 2.85], [0.27, 0.27], -22.0, [0.0, 0.52])
}

pub(super) fn sideboard() -> Block {
    Block::standing([-1.6, 4.55], [0.9, 0.22], 0.0, [0.12, 0.72])
}

fn sofa() -> [Block; 4] {
    [
        Block::standing([2.68, 4.28], [0.11, 0.45], 0.0, [0.06, 0.6]),
        Block::standing([2.0, 4.6], [0.57, 0.13], 0.0, [0.1, 0.84]),
        Block::standing([2.0, 4.16], [0.57, 0.31], 0.0, [0.1, 0.44]),
        Block::standing([1.32, 4.28], [0.11, 0.45], 0.0, [0.06, 0.6]),
    ]
}

pub(super) fn pot() -> Block {
    Block::standing([1.0, 3.7], [0.14, 0.14], 12.0, [0.0, 0.32])
}

impl Builder {
    pub(super) fn sideboard(&mut self) -> Result<(), UnknownTag> {
        let fine = self.fine;
        let board = sideboard();
        let [right, ahead] = board.middle;
        let plinth = Block::standing([right, ahead + 0.03], [0.84, 0.17], 0.0, [0.0, 0.12]);
        self.block(plinth, |side, size| {
            art::plain_block(size, fine, side, [52.0, 44.0, 40.0], None, 30)
        });
        self.block(board, |side, size| match side {
            Side::Front => art::sideboard_front(size, fine),
            _ => art::wood_block(size, fine, side, 31),
        });
        let books: [(f64, f64, Rgb); 6] = [
            (0.045, 0.25, [196.0, 92.0, 66.0]),
            (0.035, 0.28, [236.0, 226.0, 206.0]),
            (0.05, 0.23, [50.0, 96.0, 102.0]),
            (0.03, 0.26, [232.0, 170.0, 60.0]),
            (0.04, 0.24, [44.0, 54.0, 76.0]),
            (0.035, 0.27, [214.0, 180.0, 150.0]),
        ];
        let mut at = right - 0.78;
        for (i, (thickness, height, color)) in books.into_iter().enumerate() {
            let book = Block::standing([at, ahead], [thickness / 2.0 - 0.001, 0.09], 0.0, [0.72, 0.72 + height]);
            self.block(book, |side, size| {
                art::plain_block(size, fine, side, color, None, 40 + i as u32)
            });
            at += thickness;
        }
        let plate_side = self.paper + 0.03;
        let plate = Block::standing(
            [right + 0.5, ahead + 0.02],
            [plate_side / 2.0, 0.015],
            -6.0,
            [0.72, 0.72 + plate_side],
        );
        if self.ids.len() > 5 {
            self.block(plate, |side, size| art::wood_block(size, fine, side, 50));
        }
        self.tag(5, plate.side(Side::Front), [plate_side / 2.0; 2])
    }

    pub(super) fn sofa(&mut self) {
        const TEAL: Rgb = [58.0, 116.0, 120.0];
        let fine = self.fine;
        let [right_arm, back, seat, left_arm] = sofa();
        self.block(right_arm, |side, size| art::sofa_block(size, fine, side, TEAL, 1, 62));
        self.block(back, |side, size| art::sofa_block(size, fine, side, TEAL, 2, 60));
        self.block(seat, |side, size| {
            let cushions = if matches!(side, Side::Front | Side::Top) { 2 } else { 1 };
            art::sofa_block(size, fine, side, TEAL, cushions, 64)
        });
        let cushions: [(f64, f64, Rgb); 2] = [(1.68, -10.0, [238.0, 172.0, 62.0]), (2.36, 8.0, [226.0, 212.0, 190.0])];
        for (i, (right, turn, color)) in cushions.into_iter().enumerate() {
            let cushion = Block::standing([right, 4.36], [0.19, 0.06], turn, [0.44, 0.8]);
            self.block(cushion, |side, size| {
                art::sofa_block(size, fine, side, color, 1, 66 + i as u32)
            });
        }
        self.block(left_arm, |side, size| art::sofa_block(size, fine, side, TEAL, 1, 63));
    }

    pub(super) fn plant(&mut self) {
        let fine = self.fine;
        let pot = pot();
        self.block(pot, |side, size| art::pot(size, fine, side));
        // Direction from straight up (degrees, to the right), length, half width, height of the stem's end, colour.
        let leaves: [(f64, f64, f64, f64, Rgb); 11] = [
            (-62.0, 0.48, 0.085, 0.34, [66.0, 108.0, 76.0]),
            (60.0, 0.49, 0.085, 0.36, [62.0, 104.0, 72.0]),
            (-38.0, 0.60, 0.095, 0.38, [78.0, 122.0, 84.0]),
            (40.0, 0.61, 0.095, 0.40, [74.0, 118.0, 80.0]),
            (-14.0, 0.73, 0.095, 0.40, [84.0, 130.0, 88.0]),
            (17.0, 0.76, 0.095, 0.42, [80.0, 126.0, 86.0]),
            (-50.0, 0.36, 0.075, 0.335, [96.0, 142.0, 96.0]),
            (49.0, 0.37, 0.075, 0.335, [92.0, 138.0, 92.0]),
            (-26.0, 0.44, 0.08, 0.33, [104.0, 150.0, 102.0]),
            (29.0, 0.46, 0.08, 0.33, [100.0, 146.0, 98.0]),
            (2.0, 0.51, 0.085, 0.33, [110.0, 156.0, 106.0]),
        ];
        let [right, ahead] = pot.middle;
        for (i, (direction, length, half_width, up, color)) in leaves.into_iter().enumerate() {
            let (sin, cos) = f64::to_radians(direction).sin_cos();
            // In the upright plane that faces the camera, each a little nearer than the one before.
            let depth = ahead + 0.05 - 0.012 * i as f64;
            let place = |along: f64, across: f64| {
                in_scene([
                    right + along * sin + across * cos,
                    up + along * cos - across * sin,
                    depth,
                ])
            };
            let origin = place(0.0, 0.0);
            let [one, other] = [place(0.55 * length, -half_width), place(0.55 * length, half_width)];
            let face = Face {
                origin,
                right: sub(one, origin),
                down: sub(other, origin),
            };
            self.put(face, art::leaf(2.0 * fine, color, 80 + i as u32), [None; 4]);
        }
    }

    pub(super) fn hassock(&mut self) -> Result<(), UnknownTag> {
        const TERRACOTTA: Rgb = [204.0, 112.0, 80.0];
        let (fine, block) = (1.5 * self.fine, hassock());
        let middle = [0.27, 0.25];
        let paper = self.paper_area(2, middle);
        self.block(block, |side, size| {
            art::plain_block(size, fine, side, TERRACOTTA, paper.filter(|_| side == Side::Front), 70)
        });
        self.tag(2, block.side(Side::Front), middle)
    }

    pub(super) fn crates(&mut self) -> Result<(), UnknownTag> {
        const BIRCH: Rgb = [222.0, 186.0, 138.0];
        const PINE: Rgb = [202.0, 158.0, 108.0];
        let fine = 1.8 * self.fine;
        for (block, color, place, seed) in [(lower_crate(), PINE, 6, 90), (upper_crate(), BIRCH, 0, 95)] {
            let [width, height] = block.size(Side::Front).map(f64::from);
            let middle = [width / 2.0, height / 2.0];
            let paper = self.paper_area(place, middle);
            self.block(block, |side, size| {
                art::crate_face(
                    size,
                    fine,
                    side,
                    color,
                    paper.filter(|_| side == Side::Front),
                    seed + side as u32,
                )
            });
            self.tag(place, block.side(Side::Front), middle)?;
        }
        Ok(())
    }
}
