//! How faces, blocks and tags are put into the room.

use bushbaby_vision::apriltag::{Family, TagBitmap, UnknownTag};

use super::super::art::Side;
use super::super::face::Face;
use super::super::geometry::{add, scale, unit};
use super::super::tag::TagPrint;
use super::super::texture::Texture;
use super::block::Block;
use super::{DESIGNED_FOR_M, Paint, Placed, PlacedTag, Room};

/// Grey levels of ink and paper.
const PRINT: [f32; 2] = [30.0, 232.0];
/// Paper around a tag and its white ring, in cells of the tag.
const MARGIN_CELLS: f64 = 0.6;

/// A room that is being furnished, the farthest things first.
pub(super) struct Builder {
    pub(super) room: Room,
    /// Side of the paper that a tag is printed on.
    pub(super) paper: f64,
    pub(super) ids: Vec<u32>,
    /// Texels a metre of the walls.
    pub(super) fine: f32,
}

impl Builder {
    pub(super) fn new(family: Family, ids: &[u32], fine: f32) -> Self {
        let (_, square_cells, cells) = family.reported_square();
        let paper = DESIGNED_FOR_M * (cells as f64 + 2.0 * MARGIN_CELLS) / square_cells as f64;
        let room = Room {
            faces: Vec::new(),
            textures: Vec::new(),
            tags: Vec::new(),
            family,
        };
        Self {
            room,
            paper,
            ids: ids.to_vec(),
            fine,
        }
    }

    pub(super) fn put(&mut self, face: Face, texture: Texture, under: [Option<usize>; 4]) {
        let paint = Paint::Texture(self.room.textures.len());
        self.room.textures.push(texture);
        self.room.faces.push(Placed { face, paint, under });
    }

    /// Puts a block with all sides that can ever be seen; `paint` gets the side and its size.
    pub(super) fn block(&mut self, block: Block, mut paint: impl FnMut(Side, [f32; 2]) -> Texture) {
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
    pub(super) fn tag(&mut self, place: usize, on: Face, middle: [f64; 2]) -> Result<(), UnknownTag> {
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
    pub(super) fn paper_area(&self, place: usize, middle: [f64; 2]) -> Option<[f32; 4]> {
        let side = self.paper;
        let corner = middle.map(|m| (m - side / 2.0) as f32);
        (place < self.ids.len()).then_some([corner[0], corner[1], side as f32, side as f32])
    }
}
