//! All cameras of this machine and what they can give, for people to choose from.

use std::path::PathBuf;

use serde::Serialize;

use super::camera::{Capture, Host, Listed, Offer, Sizes};
use super::choose::rate;
use super::pick::line_for;
use super::trouble::Trouble;
use super::v4l2::Kernel;

/// One camera.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CameraInfo {
    /// What it calls itself.
    pub name: String,
    /// What to write behind `usb:`; stays with the camera where that is possible.
    pub id: String,
    /// Where it is now.
    pub path: PathBuf,
    /// Its serial number, where it has one.
    pub serial: Option<String>,
    /// USB vendor and product, `046d:082d`.
    pub usb_id: Option<String>,
    /// What it can give, the largest pictures first.
    pub modes: Vec<ModeInfo>,
    /// Formats that only GStreamer can read.
    pub other_formats: Vec<String>,
    /// Why nothing can be had from it.
    pub problem: Option<String>,
    /// What to do about that.
    pub hint: Option<String>,
}

/// One format and size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModeInfo {
    /// By its name on the bus: `jpeg`, `yuyv`.
    pub format: &'static str,
    /// In pixels; the largest, where any up to it can be had. Zero when the driver does not tell.
    pub width: u32,
    /// In pixels, as `width`.
    pub height: u32,
    /// Whether smaller ones can be had, too.
    pub is_largest_of_many: bool,
    /// Pictures a second, the most first; empty when the driver does not tell.
    pub fps: Vec<f64>,
}

/// Lists the cameras of this machine. Devices that give no pictures (metadata, encoders) are left out.
pub fn survey() -> Vec<CameraInfo> {
    survey_of(&Kernel::default())
}

pub(super) fn survey_of(host: &dyn Host) -> Vec<CameraInfo> {
    let listed = host.cameras();
    let cameras = listed.iter().filter(|camera| camera.capture != Capture::No);
    cameras.map(|camera| info(host, camera, &listed)).collect()
}

fn info(host: &dyn Host, camera: &Listed, listed: &[Listed]) -> CameraInfo {
    let asked = match camera.capture {
        Capture::PlanesApart => Err(Trouble::PlanesApart(Box::new(camera.clone()))),
        _ => host
            .open(camera)
            .and_then(|device| device.offers())
            .map_err(|error| Trouble::system(camera, "asking for its formats", error)),
    };
    let (offers, trouble) = match asked {
        Ok(offers) if offers.known.is_empty() => {
            let trouble = Trouble::Format(Box::new(camera.clone()), super::Format::Auto, offers.others.clone());
            (offers, Some(trouble))
        }
        Ok(offers) => (offers, None),
        Err(trouble) => (Default::default(), Some(trouble)),
    };
    let mut modes: Vec<ModeInfo> = offers.known.iter().map(mode).collect();
    modes.sort_by_key(|mode| std::cmp::Reverse(u64::from(mode.width) * u64::from(mode.height)));
    CameraInfo {
        name: camera.name.clone(),
        id: line_for(camera, listed),
        path: camera.path.clone(),
        serial: camera.serial.clone(),
        usb_id: camera.usb_id.clone(),
        modes,
        other_formats: offers.others,
        problem: trouble.as_ref().map(ToString::to_string),
        hint: trouble.as_ref().and_then(Trouble::hint),
    }
}

fn mode(offer: &Offer) -> ModeInfo {
    let ([width, height], is_largest_of_many) = match offer.sizes {
        Sizes::One(size) => (size, false),
        Sizes::Range { min, max, .. } => (max, min != max),
        Sizes::Untold => ([0, 0], true),
    };
    let mut fps: Vec<f64> = offer
        .intervals
        .iter()
        .map(|interval| (rate(*interval) * 100.0).round() / 100.0)
        .collect();
    fps.sort_by(|a, b| b.total_cmp(a));
    fps.dedup();
    ModeInfo {
        format: offer.format.name(),
        width,
        height,
        is_largest_of_many,
        fps,
    }
}
