//! What looks at frames: AprilTags.

use bushbaby_node::Kind;

pub mod apriltag;

/// Every kind of stage, one line each.
pub const KINDS: &[Kind] = &[apriltag::KIND];
