//! Why no points can be made of a depth map.

/// Arrays that do not fit each other or the camera.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DepthError {
    /// An array ends before its last pixel.
    #[error("points: `{array}` holds {got} values, wanted at least {wanted} for a picture of {width_px}x{height_px}")]
    TooShort {
        /// Which one: `depth`, `rgb`, `points` or `colors`.
        array: &'static str,
        /// How many values it has.
        got: usize,
        /// How many it must have.
        wanted: usize,
        /// Width of the camera's pictures.
        width_px: u32,
        /// Height of the camera's pictures.
        height_px: u32,
    },
    /// Rows that would lie over each other.
    #[error("points: `{array}` starts a row every {got} values, but a row has {wanted}")]
    RowStride {
        /// Which one: `depth` or `rgb`.
        array: &'static str,
        /// Values from the start of a row to the start of the next.
        got: usize,
        /// Values of a row.
        wanted: usize,
    },
}
