//! What the surfaces of the room look like: painted once, when the scene is made.
//!
//! In: the size of a surface and how fine it must be. Out: a [`Texture`](super::texture::Texture). Light is painted in: the sun comes through a
//! window in the left wall, so shadows fall to the right.

mod canvas;
mod furniture;
mod poster;
mod shell;

pub(super) use canvas::{Rgb, chance, mix, noise, ramp};
pub(super) use furniture::{Side, crate_face, leaf, plain_block, pot, sideboard_front, sofa_block, wood_block};
pub(super) use shell::{Footprint, back_wall, ceiling, floor, left_wall, near_floor, right_wall};
