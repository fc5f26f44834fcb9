//! H.264 to pictures: shared by what comes over the network and what lies in a file.
//!
//! In: access units, each one whole picture, in Annex B form. Out: I420 pictures, or a word why there is none. Every parameter
//! set is read here first, so that a picture that is absurd, or that the decoder does not know, is refused by name before any
//! memory is taken for it.

mod bits;
mod decoder;
mod nal;
mod sps;

pub(crate) use decoder::{DecodeError, Decoded, Decoder, Order, copy_i420};
pub(crate) use nal::{UnitKind, annex_b_from_lengths, annex_b_units};
pub(crate) use sps::{SequenceParameters, Undecodable};
