//! The top keys of one file, read with errors that name them.

use super::{CalibrationError, Format};
use crate::camera::{CameraModel, Distortion, Intrinsics};
use serde_json::{Map, Value};

pub(super) struct Fields<'a> {
    format: Format,
    keys: Option<&'a Map<String, Value>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(format: Format, tree: &'a Value) -> Self {
        Self {
            format,
            keys: tree.as_object(),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.keys.into_iter().flat_map(|keys| keys.keys().map(String::as_str))
    }

    /// The first of these keys that is there, with its value.
    pub(super) fn any(&self, names: &[&'static str]) -> Option<(&'static str, &'a Value)> {
        names.iter().find_map(|name| Some((*name, self.keys?.get(*name)?)))
    }

    /// Like [`Fields::any`]; the first name is the one that is missed.
    pub(super) fn need(&self, names: &[&'static str]) -> Result<(&'static str, &'a Value), CalibrationError> {
        self.any(names).ok_or(CalibrationError::Missing {
            format: self.format,
            key: names.first().copied().unwrap_or_default(),
        })
    }

    pub(super) fn wrong(&self, key: &'static str, got: &Value, wanted: &'static str) -> CalibrationError {
        let mut got = got.to_string();
        if let Some((end, _)) = got.char_indices().nth(60) {
            got.truncate(end);
            got.push('…');
        }
        CalibrationError::Wrong {
            format: self.format,
            key,
            got,
            wanted,
        }
    }

    pub(super) fn number(&self, names: &[&'static str]) -> Result<f64, CalibrationError> {
        let (key, value) = self.need(names)?;
        value.as_f64().ok_or_else(|| self.wrong(key, value, "a number"))
    }

    /// A whole number of pixels, if one of the keys is there.
    pub(super) fn pixels(&self, names: &[&'static str]) -> Result<Option<u32>, CalibrationError> {
        let Some((key, value)) = self.any(names) else {
            return Ok(None);
        };
        // OpenCV writes some of them as `640.`.
        let number = value.as_f64().filter(|v| v.fract() == 0.0 && (0.0..=1e6).contains(v));
        match number {
            Some(number) => Ok(Some(number as u32)),
            None => Err(self.wrong(key, value, "a whole number of pixels")),
        }
    }

    /// Numbers of a list, of a list of lists, or of an object's `data`, row by row.
    pub(super) fn numbers(&self, names: &[&'static str]) -> Result<Vec<f64>, CalibrationError> {
        let (key, value) = self.need(names)?;
        let mut list = Vec::new();
        let data = value.get("data").unwrap_or(value);
        match flatten(data, &mut list, 2) {
            Some(()) => Ok(list),
            None => Err(self.wrong(key, data, "a list of numbers")),
        }
    }

    /// Focal lengths and principal point of a 3x3 camera matrix in OpenCV's pixels, brought to ours.
    pub(super) fn camera_matrix(&self, names: &[&'static str]) -> Result<Intrinsics, CalibrationError> {
        let (key, value) = self.need(names)?;
        let numbers = self.numbers(names)?;
        let &[fx, skew, cx, zero_a, fy, cy, zero_b, zero_c, one] = numbers.as_slice() else {
            return Err(self.wrong(key, value, "the 9 numbers of a 3x3 matrix"));
        };
        if skew != 0.0 || zero_a != 0.0 || zero_b != 0.0 || zero_c != 0.0 || one != 1.0 {
            return Err(self.wrong(key, value, "fx 0 cx, 0 fy cy, 0 0 1"));
        }
        Ok(Intrinsics {
            fx,
            fy,
            cx: cx + 0.5,
            cy: cy + 0.5,
        })
    }

    /// Coefficients of OpenCV's pinhole models. Those of thin prisms and tilted sensors (12 and 14) may be there if they are 0.
    pub(super) fn pinhole(&self, names: &[&'static str]) -> Result<Distortion, CalibrationError> {
        let (key, value) = self.need(names)?;
        let mut k = self.numbers(names)?;
        if k.len() == 12 || k.len() == 14 {
            if k[8..].iter().any(|v| *v != 0.0) {
                return Err(self.wrong(key, value, "at most 8 coefficients that are not 0"));
            }
            k.truncate(8);
        }
        self.distortion("pinhole", &k)
    }

    pub(super) fn distortion(&self, model: &str, coefficients: &[f64]) -> Result<Distortion, CalibrationError> {
        Distortion::from_model(model, coefficients).map_err(|error| self.camera_error(error))
    }

    pub(super) fn camera(
        &self,
        (width_px, height_px): (u32, u32),
        intrinsics: Intrinsics,
        distortion: Distortion,
    ) -> Result<CameraModel, CalibrationError> {
        CameraModel::new(width_px, height_px, intrinsics, distortion).map_err(|error| self.camera_error(error))
    }

    pub(super) fn no_size(&self) -> CalibrationError {
        CalibrationError::NoSize { format: self.format }
    }

    pub(super) fn unknown_key(&self, key: &str, nearest: &str) -> CalibrationError {
        CalibrationError::UnknownKey {
            format: self.format,
            key: key.to_owned(),
            nearest: nearest.to_owned(),
        }
    }

    fn camera_error(&self, error: crate::camera::CameraError) -> CalibrationError {
        CalibrationError::Camera {
            format: self.format,
            error,
        }
    }
}

/// Appends all numbers, up to `depth` lists deep; `None` for anything else.
fn flatten(value: &Value, list: &mut Vec<f64>, depth: u32) -> Option<()> {
    match value {
        Value::Array(entries) if depth > 0 => entries.iter().try_for_each(|entry| flatten(entry, list, depth - 1)),
        Value::Number(number) => {
            list.push(number.as_f64()?);
            Some(())
        }
        _ => None,
    }
}
