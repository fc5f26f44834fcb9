//! How a point in front of a camera becomes a pixel, and back.
//!
//! In: points in the camera's frame (x right, y down, z ahead; metres) or pixels. Out: pixels or directions.
//! Pixel (0, 0) is the outer corner of the first pixel, its centre is (0.5, 0.5): OpenCV and ROS put that centre at (0, 0), so
//! their `cx` and `cy` are half a pixel smaller than ours.

mod distortion;
mod wire;

pub use distortion::{Distorted, Distortion};

use serde::{Deserialize, Serialize};

/// Focal lengths and principal point of a camera, all in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intrinsics {
    /// Focal length along x, in pixel widths.
    pub fx: f64,
    /// Focal length along y, in pixel heights.
    pub fy: f64,
    /// Where the optical axis meets the picture, from its left edge.
    pub cx: f64,
    /// Where the optical axis meets the picture, from its upper edge.
    pub cy: f64,
}

/// A camera as far as geometry goes: size of its pictures, intrinsics and lens distortion.
///
/// As JSON (the `calibration` that travels beside a frame):
/// `{"width_px":1280,"height_px":720,"fx":…,"fy":…,"cx":…,"cy":…,"model":"pinhole","distortion":[k1,k2,p1,p2,k3],"guessed":false}`;
/// `model` is `pinhole` (0, 5 or 8 coefficients) or `fisheye` (4). What is read is checked like in [`CameraModel::new`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::Wire", into = "wire::Wire")]
pub struct CameraModel {
    /// Width of the pictures that the numbers belong to.
    pub width_px: u32,
    /// Height of the pictures that the numbers belong to.
    pub height_px: u32,
    /// Focal lengths and principal point.
    pub intrinsics: Intrinsics,
    /// What the lens does to directions.
    pub distortion: Distortion,
    /// True when nobody measured this camera (see [`CameraModel::from_fov`]): each pose made with it must say so.
    pub guessed: bool,
}

/// Numbers that no camera can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CameraError {
    /// A side of the picture is zero.
    #[error("camera: picture size is {width_px}x{height_px}, both sides must be at least 1 px")]
    Size { width_px: u32, height_px: u32 },
    /// A focal length is zero, negative or not a number.
    #[error("camera: {name} is {value}, a focal length must be a positive number of pixels")]
    Focal { name: &'static str, value: f64 },
    /// A number is infinite or not a number.
    #[error("camera: {name} is {value}, it must be a finite number")]
    NotFinite { name: &'static str, value: f64 },
    /// A field of view that a flat picture cannot have.
    #[error("camera: horizontal field of view is {degrees} degrees, it must lie between 1 and 179")]
    FieldOfView { degrees: f64 },
    /// The other size has another shape, so pixels cannot be scaled.
    #[error(
        "camera: its calibration is for {from_width_px}x{from_height_px}, which does not scale to {to_width_px}x{to_height_px}: \
         the aspect differs; calibrate at that size, or ask the camera for a size of the same aspect"
    )]
    Aspect {
        from_width_px: u32,
        from_height_px: u32,
        to_width_px: u32,
        to_height_px: u32,
    },
    /// The model's name or the number of its coefficients is unknown.
    #[error(
        "camera: model `{model}` with {count} distortion coefficients is not known; \
         use `pinhole` with 0, 5 or 8, or `fisheye` with 4"
    )]
    Model { model: String, count: usize },
}

impl CameraModel {
    /// Makes a measured camera from its numbers.
    ///
    /// # Errors
    /// [`CameraError`] when a number cannot be: sizes of zero, focal lengths that are not positive, anything not finite.
    pub fn new(
        width_px: u32,
        height_px: u32,
        intrinsics: Intrinsics,
        distortion: Distortion,
    ) -> Result<Self, CameraError> {
        let model = Self {
            width_px,
            height_px,
            intrinsics,
            distortion,
            guessed: false,
        };
        model.check()?;
        Ok(model)
    }

    /// Guesses a camera from its horizontal field of view: square pixels, axis in the middle, no distortion.
    ///
    /// The result is marked [`guessed`](CameraModel::guessed).
    ///
    /// # Errors
    /// [`CameraError::FieldOfView`] outside 1 to 179 degrees, [`CameraError::Size`] for an empty picture.
    pub fn from_fov(width_px: u32, height_px: u32, horizontal_fov_deg: f64) -> Result<Self, CameraError> {
        if !(1.0..=179.0).contains(&horizontal_fov_deg) {
            return Err(CameraError::FieldOfView {
                degrees: horizontal_fov_deg,
            });
        }
        let (width, height) = (f64::from(width_px), f64::from(height_px));
        let focal = width / 2.0 / (horizontal_fov_deg.to_radians() / 2.0).tan();
        let intrinsics = Intrinsics {
            fx: focal,
            fy: focal,
            cx: width / 2.0,
            cy: height / 2.0,
        };
        let guessed = Self {
            width_px,
            height_px,
            intrinsics,
            distortion: Distortion::None,
            guessed: true,
        };
        guessed.check()?;
        Ok(guessed)
    }

    /// Returns the same camera for pictures of another size and the same aspect (to within one pixel).
    ///
    /// # Errors
    /// [`CameraError::Aspect`] when the shapes differ, [`CameraError::Size`] for an empty picture.
    pub fn scaled_to(&self, width_px: u32, height_px: u32) -> Result<Self, CameraError> {
        if width_px == 0 || height_px == 0 {
            return Err(CameraError::Size { width_px, height_px });
        }
        let scale_x = f64::from(width_px) / f64::from(self.width_px);
        let scale_y = f64::from(height_px) / f64::from(self.height_px);
        let off_by_px = (scale_x * f64::from(self.height_px) - f64::from(height_px)).abs();
        if off_by_px >= 1.0 {
            return Err(CameraError::Aspect {
                from_width_px: self.width_px,
                from_height_px: self.height_px,
                to_width_px: width_px,
                to_height_px: height_px,
            });
        }
        let Intrinsics { fx, fy, cx, cy } = self.intrinsics;
        let intrinsics = Intrinsics {
            fx: fx * scale_x,
            fy: fy * scale_y,
            cx: cx * scale_x,
            cy: cy * scale_y,
        };
        Ok(Self {
            width_px,
            height_px,
            intrinsics,
            ..*self
        })
    }

    /// Returns the pixel of a point in the camera's frame (metres; x right, y down, z ahead).
    ///
    /// `None` for a point that is not in front of the camera. The pixel may lie outside the picture.
    pub fn project(&self, [x, y, z]: [f64; 3]) -> Option<[f64; 2]> {
        if z.is_nan() || z <= 1e-9 {
            return None;
        }
        let pixel = self.pixel_of(self.distortion.distort([x / z, y / z]));
        pixel.iter().all(|v| v.is_finite()).then_some(pixel)
    }

    /// Returns the direction of a pixel as `[x / z, y / z]` without distortion.
    ///
    /// `None` where the lens model cannot be turned round (outside what it describes).
    pub fn direction(&self, [u, v]: [f64; 2]) -> Option<[f64; 2]> {
        let Intrinsics { fx, fy, cx, cy } = self.intrinsics;
        self.distortion.undistort([(u - cx) / fx, (v - cy) / fy])
    }

    /// As [`CameraModel::direction`], found sooner from the direction of a pixel close by.
    pub(crate) fn direction_near(&self, [u, v]: [f64; 2], near: Option<[f64; 2]>) -> Option<[f64; 2]> {
        let Intrinsics { fx, fy, cx, cy } = self.intrinsics;
        self.distortion.undistort_near([(u - cx) / fx, (v - cy) / fy], near)
    }

    /// Returns the pixel of a distorted direction.
    pub(crate) fn pixel_of(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let Intrinsics { fx, fy, cx, cy } = self.intrinsics;
        [fx * x + cx, fy * y + cy]
    }

    fn check(&self) -> Result<(), CameraError> {
        let (width_px, height_px) = (self.width_px, self.height_px);
        if width_px == 0 || height_px == 0 {
            return Err(CameraError::Size { width_px, height_px });
        }
        let Intrinsics { fx, fy, cx, cy } = self.intrinsics;
        for (name, value) in [("fx", fx), ("fy", fy)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(CameraError::Focal { name, value });
            }
        }
        let centre = [("cx", cx), ("cy", cy)];
        let lens = self
            .distortion
            .coefficients()
            .iter()
            .map(|&k| ("a distortion coefficient", k));
        for (name, value) in centre.into_iter().chain(lens) {
            if !value.is_finite() {
                return Err(CameraError::NotFinite { name, value });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
