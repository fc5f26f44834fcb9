//! What can be wrong with a calibration file.

use super::Format;
use crate::camera::CameraError;

/// Why a calibration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// Something is wrong with this file.
    #[error("calibration {path}: {error}")]
    File { path: String, error: Box<CalibrationError> },
    /// The file could not be read.
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    /// No calibration is that large.
    #[error("{bytes} bytes; no calibration has more than {most_bytes}")]
    TooLarge { bytes: usize, most_bytes: usize },
    /// Not UTF-8.
    #[error("this is no text; wanted YAML or JSON")]
    NotText,
    /// Neither YAML nor JSON.
    #[error("{message}")]
    Syntax { message: String },
    /// No known format has these keys.
    #[error(
        "not a calibration that is known here (its keys: {keys}); \
         wanted ours (`model`, `size`, `fx` …), OpenCV's or WPILib's (`camera_matrix`), \
         ROS camera_info (`distortion_model`) or PhotonVision's (`cameraIntrinsics`)"
    )]
    UnknownFormat { keys: String },
    /// A key that the format must have.
    #[error("read as {format}: `{key}` is missing")]
    Missing { format: Format, key: &'static str },
    /// A key that our own format does not have.
    #[error("read as {format}: the key `{key}` is not known; did you mean `{nearest}`?")]
    UnknownKey {
        format: Format,
        key: String,
        nearest: String,
    },
    /// A value that cannot be.
    #[error("read as {format}: `{key}` is {got}, wanted {wanted}")]
    Wrong {
        format: Format,
        key: &'static str,
        got: String,
        wanted: &'static str,
    },
    /// The file does not say for which picture size it holds, and nobody else did.
    #[error(
        "read as {format}: it does not say the size of its pictures, and none was given; say the size beside the file"
    )]
    NoSize { format: Format },
    /// The numbers are no camera's.
    #[error("read as {format}: {error}")]
    Camera { format: Format, error: CameraError },
}
