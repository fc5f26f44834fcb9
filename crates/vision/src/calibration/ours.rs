//! Our own YAML: `model`, `size`, `fx`, `fy`, `cx`, `cy`, `distortion`, in our pixels.

use super::{CalibrationError, fields::Fields};
use crate::{
    camera::{CameraModel, Intrinsics},
    nearest::nearest,
};

const KEYS: [&str; 7] = ["model", "size", "fx", "fy", "cx", "cy", "distortion"];

pub(super) fn camera(fields: &Fields<'_>) -> Result<CameraModel, CalibrationError> {
    if let Some(unknown) = fields.names().find(|name| !KEYS.contains(name)) {
        return Err(fields.unknown_key(unknown, nearest(unknown, KEYS).unwrap_or_default()));
    }
    let (key, value) = fields.need(&["model"])?;
    let model = value
        .as_str()
        .ok_or_else(|| fields.wrong(key, value, "`pinhole` or `fisheye`"))?;
    let (key, value) = fields.need(&["size"])?;
    let size = value
        .as_str()
        .and_then(size_px)
        .ok_or_else(|| fields.wrong(key, value, "a size like 1280x720"))?;
    let coefficients = match fields.any(&["distortion"]) {
        Some(_) => fields.numbers(&["distortion"])?,
        None => Vec::new(),
    };
    let intrinsics = Intrinsics {
        fx: fields.number(&["fx"])?,
        fy: fields.number(&["fy"])?,
        cx: fields.number(&["cx"])?,
        cy: fields.number(&["cy"])?,
    };
    let distortion = fields.distortion(model, &coefficients)?;
    fields.camera(size, intrinsics, distortion)
}

fn size_px(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once('x')?;
    Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
}
