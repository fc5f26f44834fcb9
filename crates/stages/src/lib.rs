//! What looks at frames and listens to them: AprilTags, sound events.

use bushbaby_node::Kind;

pub mod apriltag;
pub mod sound_events;

/// Every kind of stage, one line each.
pub const KINDS: &[Kind] = &[apriltag::KIND, sound_events::KIND];
