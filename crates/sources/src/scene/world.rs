//! The room: what stands where, and in which order it is painted.
//!
//! Places are thought of as `[right, up, ahead]` of the middle of the floor's edge under the camera, in metres, for tags of
//! [`DESIGNED_FOR_M`]; all of it grows with the tags. They are kept in the scene's own frame: x ahead, y left, z up.

use bushbaby_vision::apriltag::{Family, TagBitmap, UnknownTag};

use super::art::{self, Footprint, Rgb, Side};
use super::face::Face;
use super::geometry::{Vec3, add, scale, sub, unit};
use super::tag::TagPrint;
use super::texture::Texture;

/// The side of the tags for which the room's measures are meant, in metres.
pub(super) const DESIGNED_FOR_M: f64 = 0.165;

/// Where the middle of the first tag is, `[right, up, ahead]`: the camera keeps it in view.
pub(super) const FIRST_TAG: Vec3 = [0.16, 0.745, 2.332];

/// Tags that the room has places for.
pub(super) const PLACES: usize = 8;

const HALF_WIDTH: f64 = 3.0;
const HEIGHT: f64 = 2.8;
const BACK: f64 = 4.8;
const BEHIND: f64 = -1.5;
/// Nearer than this the floor is seldom seen, and painted coarsely.
const NEAR_FLOOR: f64 = 1.3;
/// Grey levels of ink and paper.
const PRINT: [f32; 2] = [30.0, 232.0];
const MARGIN_CELLS: f64 = 0.6;

/// What a face shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// Index of a texture.
    Texture(usize),
    /// Index of a tag.
    Tag(usize),
}

/// A face of the room.
#[derive(Debug)]
pub(super) struct Placed {
    pub face: Face,
    pub paint: Paint,
    /// For the left, right, upper and lower edge: the face that meets this one there and is painted over it.
    pub under: [Option<usize>; 4],
}

/// A tag of the room.
#[derive(Debug)]
pub(super) struct PlacedTag {
    pub id: u32,
    /// Exactly the square whose corners a detector reports.
    pub square: Face,
    pub print: TagPrint,
    /// Index of its paper among the faces.
    pub face: usize,
}

/// All that can be seen.
#[derive(Debug)]
pub(super) struct Room {
    /// In the order in which they are painted: what comes later hides what comes before.
    pub faces: Vec<Placed>,
    pub textures: Vec<Texture>,
    pub tags: Vec<PlacedTag>,
    pub family: Family,
}

/// The scene's frame: x ahead, y left, z up.
pub(super) fn in_scene([right, up, ahead]: Vec3) -> Vec3 {
    [ahead, -right, up]
}

impl Room {
    /// Furnishes the room.
    ///
    /// - `ids`: of the tags, at most [`PLACES`]; the first is the one that the camera keeps in view.
    /// - `texels_per_m`: how fine the walls are painted; what stands nearer is painted finer.
    ///
    /// # Errors
    /// [`UnknownTag`], when the family lacks one of the ids.
    pub(super) fn new(family: Family, ids: &[u32], tag_side_m: f64, texels_per_m: f32) -> Result<Self, UnknownTag> {
        let (_, square_cells, cells) = family.reported_square();
        let paper = DESIGNED_FOR_M * (cells as f64 + 2.0 * MARGIN_CELLS) / square_cells as f64;
        let room = Self {
            faces: Vec::new(),
            textures: Vec::new(),
            tags: Vec::new(),
            family,
        };
        let mut builder = Builder {
            room,
            paper,
            ids: ids.to_vec(),
            fine: texels_per_m,
        };
        builder.shell()?;
        builder.sideboard()?;
        builder.sofa();
        builder.plant();
        builder.hassock()?;
        builder.crates()?;
        let mut room = builder.room;
        let grow = tag_side_m / DESIGNED_FOR_M;
        room.faces
            .iter_mut()
            .map(|placed| &mut placed.face)
            .chain(room.tags.iter_mut().map(|tag| &mut tag.square))
            .for_each(|face| {
                for vector in [&mut face.origin, &mut face.right, &mut face.down] {
                    *vector = scale(*vector, grow);
                }
            });
        Ok(room)
    }
}

/// Something with upright sides and a flat top.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Right and ahead.
    middle: [f64; 2],
    /// Half of its width and of its depth.
    half: [f64; 2],
    /// Counter-clockwise as seen from above, in radians.
    turn: f64,
    /// Heights of its lower and upper side.
    heights: [f64; 2],
}

impl Block {
    fn standing(middle: [f64; 2], half: [f64; 2], turn_deg: f64, heights: [f64; 2]) -> Self {
        Self {
            middle,
            half,
            turn: turn_deg.to_radians(),
            heights,
        }
    }

    /// A point by its place along width and depth, -1.0 to 1.0, and its height.
    fn at(&self, [along, deep]: [f64; 2], up: f64) -> Vec3 {
        let (sin, cos) = self.turn.sin_cos();
        let (x, y) = (along * self.half[0], deep * self.half[1]);
        in_scene([
            self.middle[0] + x * cos - y * sin,
            up,
            self.middle[1] + x * sin + y * cos,
        ])
    }

    fn side(&self, side: Side) -> Face {
        let [low, high] = self.heights;
        let (origin, right, down) = match side {
            Side::Front => ([-1.0, -1.0], self.at([1.0, -1.0], high), self.at([-1.0, -1.0], low)),
            Side::Left => ([-1.0, 1.0], self.at([-1.0, -1.0], high), self.at([-1.0, 1.0], low)),
            Side::Right => ([1.0, -1.0], self.at([1.0, 1.0], high), self.at([1.0, -1.0], low)),
            Side::Top => ([-1.0, 1.0], self.at([1.0, 1.0], high), self.at([-1.0, -1.0], high)),
        };
        let origin = self.at(origin, high);
        Face {
            origin,
            right: sub(right, origin),
            down: sub(down, origin),
        }
    }

    fn size(&self, side: Side) -> [f32; 2] {
        let [width, depth] = self.half.map(|h| 2.0 * h as f32);
        let height = (self.heights[1] - self.heights[0]) as f32;
        match side {
            Side::Front => [width, height],
            Side::Left | Side::Right => [depth, height],
            Side::Top => [width, depth],
        }
    }

    /// As the painter of the floor sees it.
    fn footprint(&self) -> Footprint {
        let [right, ahead] = self.middle;
        (
            [(right + HALF_WIDTH) as f32, (BACK - ahead) as f32],
            self.half.map(|h| h as f32),
            -self.turn as f32,
        )
    }
}

fn lower_crate() -> Block {
    Block::standing([0.12, 2.62], [0.33, 0.29], 9.0, [0.0, 0.5])
}

fn upper_crate() -> Block {
    Block::standing([0.12, 2.58], [0.25, 0.25], -9.0, [0.5, 0.99])
}

fn hassock() -> Block {
    Block::standing([-1.3, 2.85], [0.27, 0.27], -22.0, [0.0, 0.52])
}

fn sideboard() -> Block {
    Block::standing([-1.6, 4.55], [0.9, 0.22], 0.0, [0.12, 0.72])
}

fn sofa() -> [Block; 4] {
    [
        Block::standing([2.0, 4.6], [0.78, 0.13], 0.0, [0.1, 0.82]),
        Block::standing([2.68, 4.28], [0.11, 0.45], 0.0, [0.06, 0.6]),
        Block::standing([2.0, 4.16], [0.57, 0.31], 0.0, [0.1, 0.44]),
        Block::standing([1.32, 4.28], [0.11, 0.45], 0.0, [0.06, 0.6]),
    ]
}

fn pot() -> Block {
    Block::standing([0.78, 4.42], [0.15, 0.15], 12.0, [0.0, 0.34])
}

struct Builder {
    room: Room,
    /// Side of the paper that a tag is printed on.
    paper: f64,
    ids: Vec<u32>,
    fine: f32,
}

impl Builder {
    fn put(&mut self, face: Face, texture: Texture, under: [Option<usize>; 4]) {
        let paint = Paint::Texture(self.room.textures.len());
        self.room.textures.push(texture);
        self.room.faces.push(Placed { face, paint, under });
    }

    /// Puts a block with all sides that can ever be seen; `paint` gets the side and its size.
    fn block(&mut self, block: Block, mut paint: impl FnMut(Side, [f32; 2]) -> Texture) {
        let top = self.room.faces.len();
        let [left, right, front] = [top + 1, top + 2, top + 3].map(Some);
        let sides = [
            (Side::Top, [left, right, None, front]),
            (Side::Left, [None, front, None, None]),
            (Side::Right, [front, None, None, None]),
            (Side::Front, [None; 4]),
        ];
        for (side, under) in sides {
            self.put(block.side(side), paint(side, block.size(side)), under);
        }
    }

    /// Hangs the tag of `place`, if there is one, before a face, its middle at `[right, down]` metres from the corner.
    fn tag(&mut self, place: usize, on: Face, middle: [f64; 2]) -> Result<(), UnknownTag> {
        let Some(&id) = self.ids.get(place) else { return Ok(()) };
        let (right, down) = (unit(on.right), unit(on.down));
        let square_around = |side: f64| {
            let corner = middle.map(|m| m - side / 2.0);
            let origin = add(on.origin, add(scale(right, corner[0]), scale(down, corner[1])));
            Face {
                origin,
                right: scale(right, side),
                down: scale(down, side),
            }
        };
        let print = TagPrint::new(&TagBitmap::new(self.room.family, id)?, MARGIN_CELLS, PRINT);
        let face = self.room.faces.len();
        let paint = Paint::Tag(self.room.tags.len());
        self.room.faces.push(Placed {
            face: square_around(self.paper),
            paint,
            under: [None; 4],
        });
        self.room.tags.push(PlacedTag {
            id,
            square: square_around(DESIGNED_FOR_M),
            print,
            face,
        });
        Ok(())
    }

    /// Where the paper of a tag lies, if there is one, for its shadow.
    fn paper(&self, place: usize, middle: [f64; 2]) -> Option<[f32; 4]> {
        let side = self.paper;
        let corner = middle.map(|m| (m - side / 2.0) as f32);
        (place < self.ids.len()).then_some([corner[0], corner[1], side as f32, side as f32])
    }

    fn shell(&mut self) -> Result<(), UnknownTag> {
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
        let left_paint = art::left_wall(size(depth, HEIGHT), 0.7 * fine, &papers(&[self.paper(4, on_left)]));
        self.put(left, left_paint, [None, back_wall, None, None]);
        let right_papers = papers(&[self.paper(3, on_right[0]), self.paper(7, on_right[1])]);
        self.put(
            right,
            art::right_wall(size(depth, HEIGHT), 0.7 * fine, &right_papers),
            [back_wall, None, None, None],
        );
        let back_paint = art::back_wall(size(width, HEIGHT), fine, &papers(&[self.paper(1, on_back)]));
        self.put(back, back_paint, [None; 4]);
        self.tag(4, left, on_left)?;
        self.tag(3, right, on_right[0])?;
        self.tag(7, right, on_right[1])?;
        self.tag(1, back, on_back)
    }

    fn sideboard(&mut self) -> Result<(), UnknownTag> {
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

    fn sofa(&mut self) {
        const TEAL: Rgb = [58.0, 116.0, 120.0];
        let fine = self.fine;
        let [back, right_arm, seat, left_arm] = sofa();
        self.block(back, |side, size| art::sofa_block(size, fine, side, TEAL, 2, 60));
        self.block(right_arm, |side, size| art::sofa_block(size, fine, side, TEAL, 1, 62));
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

    fn plant(&mut self) {
        let fine = self.fine;
        let pot = pot();
        // Direction from straight up (degrees, to the right), length, half width, height of the stem's end, colour.
        let leaves: [(f64, f64, f64, f64, Rgb); 11] = [
            (-62.0, 0.56, 0.10, 0.36, [66.0, 108.0, 76.0]),
            (60.0, 0.58, 0.10, 0.38, [62.0, 104.0, 72.0]),
            (-38.0, 0.70, 0.11, 0.40, [78.0, 122.0, 84.0]),
            (40.0, 0.72, 0.11, 0.42, [74.0, 118.0, 80.0]),
            (-14.0, 0.86, 0.11, 0.42, [84.0, 130.0, 88.0]),
            (17.0, 0.90, 0.11, 0.44, [80.0, 126.0, 86.0]),
            (-50.0, 0.42, 0.085, 0.34, [96.0, 142.0, 96.0]),
            (49.0, 0.44, 0.085, 0.34, [92.0, 138.0, 92.0]),
            (-26.0, 0.52, 0.09, 0.33, [104.0, 150.0, 102.0]),
            (29.0, 0.54, 0.09, 0.33, [100.0, 146.0, 98.0]),
            (2.0, 0.60, 0.095, 0.33, [110.0, 156.0, 106.0]),
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
        self.block(pot, |side, size| art::pot(size, fine, side));
    }

    fn hassock(&mut self) -> Result<(), UnknownTag> {
        const TERRACOTTA: Rgb = [204.0, 112.0, 80.0];
        let (fine, block) = (1.5 * self.fine, hassock());
        let middle = [0.27, 0.25];
        let paper = self.paper(2, middle);
        self.block(block, |side, size| {
            art::plain_block(size, fine, side, TERRACOTTA, paper.filter(|_| side == Side::Front), 70)
        });
        self.tag(2, block.side(Side::Front), middle)
    }

    fn crates(&mut self) -> Result<(), UnknownTag> {
        const BIRCH: Rgb = [222.0, 186.0, 138.0];
        const PINE: Rgb = [202.0, 158.0, 108.0];
        let fine = 1.8 * self.fine;
        for (block, color, place, seed) in [(lower_crate(), PINE, 6, 90), (upper_crate(), BIRCH, 0, 95)] {
            let [width, height] = block.size(Side::Front).map(f64::from);
            let middle = [width / 2.0, height / 2.0];
            let paper = self.paper(place, middle);
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
