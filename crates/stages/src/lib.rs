//! What looks at frames and listens to them: AprilTags, coloured targets, sound events; and what draws on pictures what others found.

use bushbaby_node::Kind;

pub mod apriltag;
mod cameras;
pub mod colored_target;
pub mod overlay;
pub mod sound_events;

/// Every kind of stage, one line each.
pub const KINDS: &[Kind] = &[apriltag::KIND, colored_target::KIND, overlay::KIND, sound_events::KIND];
