//! What looks at frames: AprilTags.
