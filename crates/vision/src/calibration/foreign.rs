//! Other people's formats. All put the centre of the first pixel at (0, 0); [`Fields::camera_matrix`] adds the half pixel.

use super::{CalibrationError, fields::Fields};
use crate::camera::{CameraModel, Distortion};

/// What OpenCV's users call the camera matrix; its own samples write the first and the third.
pub(super) const OPENCV_MATRIX_KEYS: [&str; 6] = [
    "camera_matrix",
    "cameraMatrix",
    "Camera_Matrix",
    "camera_Matrix",
    "K",
    "mtx",
];
const OPENCV_LENS_KEYS: [&str; 7] = [
    "distortion_coefficients",
    "distCoeffs",
    "Distortion_Coefficients",
    "dist_coeffs",
    "dist_coeff",
    "D",
    "dist",
];
const WIDTH_KEYS: [&str; 3] = ["image_width", "image_Width", "width"];
const HEIGHT_KEYS: [&str; 3] = ["image_height", "image_Height", "height"];

/// OpenCV's `FileStorage`: `image_width`, `image_height`, matrices as `{rows, cols, dt, data}`, `fisheye_model: 1` for the fisheye.
pub(super) fn opencv(fields: &Fields<'_>, picture_px: Option<(u32, u32)>) -> Result<CameraModel, CalibrationError> {
    let size = size(fields)?.or(picture_px).ok_or_else(|| fields.no_size())?;
    let fisheye = fields
        .any(&["fisheye_model", "fisheye"])
        .is_some_and(|(_, value)| value.as_f64().is_some_and(|v| v != 0.0) || value.as_bool() == Some(true));
    let distortion = if fisheye {
        fields.distortion("fisheye", &fields.numbers(&OPENCV_LENS_KEYS)?)?
    } else {
        fields.pinhole(&OPENCV_LENS_KEYS)?
    };
    fields.camera(size, fields.camera_matrix(&OPENCV_MATRIX_KEYS)?, distortion)
}

/// ROS `camera_info`: the calibrator's file, or a message printed by ROS 1 (`K`, `D`) or ROS 2 (`k`, `d`).
pub(super) fn ros(fields: &Fields<'_>) -> Result<CameraModel, CalibrationError> {
    const LENS_KEYS: [&str; 3] = ["distortion_coefficients", "D", "d"];
    let size = size(fields)?.ok_or_else(|| fields.no_size())?;
    let (key, value) = fields.need(&["distortion_model"])?;
    let distortion = match value.as_str() {
        Some("plumb_bob" | "rational_polynomial" | "none" | "") => fields.pinhole(&LENS_KEYS)?,
        Some("equidistant" | "fisheye" | "kannala_brandt") => {
            fields.distortion("fisheye", &fields.numbers(&LENS_KEYS)?)?
        }
        _ => return Err(fields.wrong(key, value, "`plumb_bob`, `rational_polynomial` or `equidistant`")),
    };
    fields.camera(size, fields.camera_matrix(&["camera_matrix", "K", "k"])?, distortion)
}

/// PhotonVision's JSON: `resolution`, `cameraIntrinsics`, `distCoeffs`; OpenCV's pinhole models.
pub(super) fn photonvision(fields: &Fields<'_>) -> Result<CameraModel, CalibrationError> {
    let (key, value) = fields.need(&["resolution"])?;
    let side = |name: &str| {
        let number = value.get(name)?.as_f64()?;
        (number.fract() == 0.0 && (0.0..=1e6).contains(&number)).then_some(number as u32)
    };
    let size = side("width").zip(side("height"));
    let size = size.ok_or_else(|| fields.wrong(key, value, "`width` and `height` in pixels"))?;
    let distortion = fields.pinhole(&["distCoeffs", "cameraExtrinsics"])?;
    fields.camera(size, fields.camera_matrix(&["cameraIntrinsics"])?, distortion)
}

/// WPILib's JSON: `camera_matrix` and `distortion_coefficients` as plain lists, no size.
pub(super) fn wpilib(fields: &Fields<'_>, picture_px: Option<(u32, u32)>) -> Result<CameraModel, CalibrationError> {
    let size = size(fields)?.or(picture_px).ok_or_else(|| fields.no_size())?;
    let distortion = match fields.any(&["distortion_coefficients"]) {
        Some(_) => fields.pinhole(&["distortion_coefficients"])?,
        None => Distortion::None,
    };
    fields.camera(size, fields.camera_matrix(&["camera_matrix"])?, distortion)
}

/// The size of the pictures, if the file says it: two keys, or a list of two.
fn size(fields: &Fields<'_>) -> Result<Option<(u32, u32)>, CalibrationError> {
    if let Some((key, value)) = fields.any(&["image_size", "imageSize", "img_size"]) {
        let side = |i: usize| value.get(i)?.as_u64().and_then(|v| u32::try_from(v).ok());
        let size = side(0).zip(side(1));
        return size
            .map(Some)
            .ok_or_else(|| fields.wrong(key, value, "[width, height] in pixels"));
    }
    match (fields.pixels(&WIDTH_KEYS)?, fields.pixels(&HEIGHT_KEYS)?) {
        (Some(width), Some(height)) => Ok(Some((width, height))),
        (None, None) => Ok(None),
        (Some(_), None) => fields.need(&HEIGHT_KEYS).map(|_| None),
        (None, Some(_)) => fields.need(&WIDTH_KEYS).map(|_| None),
    }
}
