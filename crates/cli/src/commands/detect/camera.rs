//! The camera that poses are made with: numbers of the command line or a calibration file.

use std::path::PathBuf;

use bushbaby_node::settings::Length;
use bushbaby_vision::calibration::{self, CalibrationError};
use bushbaby_vision::camera::{CameraModel, Distortion, Intrinsics};

/// How the command line says which camera it was.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CameraChoice {
    /// Focal lengths and principal point in pixels, from the outer corner of the first pixel.
    #[arg(long, value_name = "FX,FY,CX,CY", value_parser = intrinsics, conflicts_with = "calibration")]
    camera: Option<Intrinsics>,

    /// A calibration file: ours, OpenCV's, ROS camera_info, PhotonVision's or WPILib's.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
}

/// A camera that may still have to be fitted to the size of a picture.
pub(super) enum KnownCamera {
    /// Holds for pictures of any size.
    Numbers(Intrinsics),
    /// Holds for one size, and scales.
    Measured(Box<CameraModel>),
    /// A file that does not say its size.
    Unsized(Vec<u8>),
}

impl CameraChoice {
    /// Reads the file, if one was named.
    pub(super) fn read(&self) -> Result<Option<KnownCamera>, String> {
        if let Some(intrinsics) = self.camera {
            return Ok(Some(KnownCamera::Numbers(intrinsics)));
        }
        let Some(path) = &self.calibration else {
            return Ok(None);
        };
        let named = |error: &dyn std::fmt::Display| format!("calibration {}: {error}", path.display());
        let bytes = std::fs::read(path).map_err(|error| named(&error))?;
        match calibration::parse(&bytes, None) {
            Ok(read) => Ok(Some(KnownCamera::Measured(Box::new(read.camera)))),
            Err(CalibrationError::NoSize { .. }) => Ok(Some(KnownCamera::Unsized(bytes))),
            Err(error) => Err(named(&error)),
        }
    }
}

impl KnownCamera {
    /// The camera for pictures of this size.
    pub(super) fn for_size(&self, width_px: u32, height_px: u32) -> Result<CameraModel, String> {
        match self {
            Self::Numbers(intrinsics) => {
                CameraModel::new(width_px, height_px, *intrinsics, Distortion::None).map_err(|error| error.to_string())
            }
            Self::Measured(camera) => camera.scaled_to(width_px, height_px).map_err(|error| error.to_string()),
            Self::Unsized(bytes) => calibration::parse(bytes, Some((width_px, height_px)))
                .map(|read| read.camera)
                .map_err(|error| error.to_string()),
        }
    }
}

fn intrinsics(text: &str) -> Result<Intrinsics, String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let Some(&[fx, fy, cx, cy]) = numbers.as_deref() else {
        return Err("wanted four numbers, fx,fy,cx,cy, as in 914,911,640,360".to_owned());
    };
    let intrinsics = Intrinsics { fx, fy, cx, cy };
    CameraModel::new(1, 1, intrinsics, Distortion::None).map_err(|error| error.to_string())?;
    Ok(intrinsics)
}

/// A length with its unit, or metres without.
pub(super) fn metres(text: &str) -> Result<f64, String> {
    let metres = match text.trim().parse::<f64>() {
        Ok(metres) => metres,
        Err(_) => text.parse::<Length>().map_err(|error| error.to_string())?.metres,
    };
    if metres.is_finite() && metres > 0.0 {
        Ok(metres)
    } else {
        Err("a tag's side must be more than 0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_a_unit_or_in_metres() {
        for text in ["165mm", "0.165", "16.5cm", "0.165m"] {
            assert!((metres(text).unwrap() - 0.165).abs() < 1e-12, "{text}");
        }
        for text in ["", "0", "-1", "nan", "inf", "165px"] {
            assert!(metres(text).is_err(), "{text}");
        }
    }

    #[test]
    fn four_numbers_are_a_camera() {
        let read = intrinsics("914, 911.5,640,360").unwrap();
        assert_eq!((read.fx, read.fy, read.cx, read.cy), (914.0, 911.5, 640.0, 360.0));
        for text in ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "0,1,1,1", "nan,1,1,1"] {
            assert!(intrinsics(text).is_err(), "{text}");
        }
    }
}
