//! Camera models read from calibration files; the format shows from the content.
//!
//! In: the bytes of a file. Out: a [`Calibration`], in our pixels: (0, 0) is the outer corner of the first pixel. OpenCV, ROS,
//! PhotonVision and WPILib put the *centre* of that pixel at (0, 0), so half a pixel is added to their `cx` and `cy`.
//!
//! Our own format is YAML:
//!
//! ```yaml
//! model: pinhole                # or fisheye
//! size: 1280x720                # of the pictures it was measured with
//! fx: 914.2
//! fy: 911.8
//! cx: 642.5                     # from the outer corner of the first pixel
//! cy: 355.5
//! distortion: [-0.1, 0.02, 0.0005, -0.0004, 0]   # pinhole: none, 4, 5 or 8 in OpenCV's order; fisheye: 4
//! ```

mod error;
mod fields;
mod foreign;
mod ours;

pub use error::CalibrationError;

use crate::camera::CameraModel;
use fields::Fields;
use serde_json::Value;
use std::{fmt, path::Path};

/// What a calibration file says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The camera, in our pixels and at the size of the file's pictures.
    pub camera: CameraModel,
    /// Which format the file has.
    pub format: Format,
}

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Our own YAML.
    Bushbaby,
    /// OpenCV's `FileStorage`, YAML or JSON, with `!!opencv-matrix`.
    OpenCv,
    /// ROS `camera_info`, as its calibrator writes it or as a message is printed.
    Ros,
    /// PhotonVision's JSON.
    PhotonVision,
    /// WPILib's JSON (`wpical`).
    Wpilib,
}

/// PhotonVision keeps every corner of every board it saw.
const MAX_BYTES: usize = 64 << 20;

/// Reads a calibration file's content.
///
/// - `picture_px`: the size of the pictures it belongs to, used only where the file itself says none (WPILib's never does).
///
/// # Errors
/// [`CalibrationError`] with what is missing or wrong, and in which format.
pub fn parse(bytes: &[u8], picture_px: Option<(u32, u32)>) -> Result<Calibration, CalibrationError> {
    let tree = tree(bytes)?;
    let format = format_of(&tree)?;
    let fields = Fields::new(format, &tree);
    let camera = match format {
        Format::Bushbaby => ours::camera(&fields)?,
        Format::OpenCv => foreign::opencv(&fields, picture_px)?,
        Format::Ros => foreign::ros(&fields)?,
        Format::PhotonVision => foreign::photonvision(&fields)?,
        Format::Wpilib => foreign::wpilib(&fields, picture_px)?,
    };
    Ok(Calibration { camera, format })
}

/// Reads a file for [`parse`].
///
/// # Errors
/// [`CalibrationError::File`] with the path and what is wrong with it.
pub fn from_path(path: &Path, picture_px: Option<(u32, u32)>) -> Result<Calibration, CalibrationError> {
    let named = |error: CalibrationError| CalibrationError::File {
        path: path.display().to_string(),
        error: Box::new(error),
    };
    let bytes = std::fs::read(path).map_err(|error| named(CalibrationError::Read(error)))?;
    parse(&bytes, picture_px).map_err(named)
}

/// The file as a tree, whether JSON, YAML or OpenCV's near-YAML.
fn tree(bytes: &[u8]) -> Result<Value, CalibrationError> {
    if bytes.len() > MAX_BYTES {
        return Err(CalibrationError::TooLarge {
            bytes: bytes.len(),
            most_bytes: MAX_BYTES,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| CalibrationError::NotText)?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let syntax = |message: String| CalibrationError::Syntax { message };
    if text.starts_with('{') {
        return serde_json::from_str(text).map_err(|error| syntax(error.to_string()));
    }
    // OpenCV writes `%YAML:1.0`, which is no YAML directive, with or without `---` behind it.
    let body = match text.strip_prefix("%YAML") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, body)| body),
        None => text,
    };
    serde_saphyr::from_str(body).map_err(|error| syntax(error.without_snippet().to_string()))
}

fn format_of(tree: &Value) -> Result<Format, CalibrationError> {
    let Value::Object(keys) = tree else {
        return Err(CalibrationError::UnknownFormat { keys: String::new() });
    };
    let has = |key: &str| keys.contains_key(key);
    let matrix = foreign::OPENCV_MATRIX_KEYS.iter().find_map(|key| keys.get(*key));
    if has("cameraIntrinsics") {
        Ok(Format::PhotonVision)
    } else if has("distortion_model") {
        Ok(Format::Ros)
    } else if has("camera_matrix") && matrix.is_some_and(Value::is_array) {
        Ok(Format::Wpilib)
    } else if matrix.is_some() {
        Ok(Format::OpenCv)
    } else if has("model") || has("fx") {
        Ok(Format::Bushbaby)
    } else {
        let keys: Vec<&str> = keys.keys().take(8).map(String::as_str).collect();
        Err(CalibrationError::UnknownFormat { keys: keys.join(", ") })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bushbaby => "bushbaby",
            Self::OpenCv => "OpenCV",
            Self::Ros => "ROS camera_info",
            Self::PhotonVision => "PhotonVision",
            Self::Wpilib => "WPILib",
        })
    }
}

#[cfg(test)]
mod tests;
