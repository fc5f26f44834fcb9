//! What the design has and this version has not: refused by name, so that nobody looks for a slip of the finger.

/// Keys at the top of a file.
pub(crate) const NOUNS: [&str; 6] = ["mics", "record", "alerts", "networktables", "mqtt", "bridges"];

/// Kinds of stages.
pub(crate) const STAGES: [&str; 3] = ["sound_events", "colored_target", "overlay"];

/// Keys of a stage.
pub(crate) const STAGE_KEYS: [&str; 2] = ["run", "python"];

/// Kinds of sources.
pub(crate) const SOURCES: [&str; 3] = ["mjpeg", "microphone", "replay"];

/// Schemes of addresses.
pub(crate) const SCHEMES: [&str; 3] = ["http", "https", "rtsps"];

/// What `scene:` cannot draw.
pub(crate) const SCENES: [&str; 1] = ["rgbd"];

/// Words the refusal.
pub(crate) fn message(what: &str) -> String {
    format!("`{what}` is not there yet in this version")
}
