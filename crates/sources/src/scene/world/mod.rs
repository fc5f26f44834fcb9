//! The room: what stands where, and in which order it is painted.
//!
//! Places are thought of as `[right, up, ahead]` of the middle of the floor's edge under the camera, in metres, for tags of
//! [`DESIGNED_FOR_M`]; all of it grows with the tags. They are kept in the scene's own frame: x ahead, y left, z up.

mod block;
mod builder;
mod furniture;
mod shell;

use bushbaby_vision::apriltag::{Family, UnknownTag};

use super::face::Face;
use super::geometry::{Vec3, scale};
use super::tag::TagPrint;
use super::texture::Texture;
use builder::Builder;

/// The side of the tags for which the room's measures are meant, in metres.
pub(super) const DESIGNED_FOR_M: f64 = 0.165;

/// Where the middle of the first tag is, `[right, up, ahead]`: the camera keeps it in view.
pub(super) const FIRST_TAG: Vec3 = [0.16, 0.745, 2.332];

/// Tags that the room has places for.
pub(super) const PLACES: usize = 8;

/// From the middle of the room to its left and right walls, and from the camera's edge of the floor to the wall before it.
const HALF_WIDTH: f64 = 3.0;
const BACK: f64 = 4.8;

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
        let mut builder = Builder::new(family, ids, texels_per_m);
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
