//! What the file says about a USB camera.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bushbaby_node::settings::{SizePx, nearest};
use bushbaby_node::{Problem, Settings};
use bushbaby_pixels::PixelFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::controls;
use crate::calibration;

/// Settings of the `usb` source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsbSettings {
    /// Which camera. The name that `bushbaby cameras` prints stays with the camera, wherever it is plugged in; its serial number
    /// or a part of its name will do where only one camera has it. A number `0` means `/dev/video0`, which is whatever was
    /// plugged in first.
    pub usb: String,
    /// Size asked of the camera, as in `1280x720`. Absent: 1280x720, or what is nearest to it at the wished rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<SizePx>,
    /// Pictures a second asked of the camera. Absent: 30, or what is nearest to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Format asked of the camera. `auto`: pixels where they come as fast as wished, else JPEG.
    #[serde(default)]
    pub format: Format,
    /// Controls of the camera by their V4L2 names, as in `{auto_exposure: 1, exposure_time_absolute: 80}`; `v4l2-ctl -L` lists
    /// them with their ranges. What is not named keeps the value it has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub controls: BTreeMap<String, i64>,
    /// The camera's calibration file, whose numbers travel with every picture. Absent: poses rest on a guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
}

/// In which form a camera gives pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Pixels where they come as fast as wished, else JPEG.
    #[default]
    Auto,
    /// JPEG: most pictures through a USB 2 cable.
    Mjpeg,
    /// Pixels, two bytes each.
    Yuyv,
    /// Pixels, one and a half bytes each.
    Nv12,
    /// Grey pixels.
    Gray8,
}

impl Format {
    /// Whether a camera's format is the one that is meant.
    pub(super) fn allows(self, format: PixelFormat) -> bool {
        match self {
            Self::Auto => true,
            Self::Mjpeg => format == PixelFormat::Jpeg,
            Self::Yuyv => format == PixelFormat::Yuyv,
            Self::Nv12 => format == PixelFormat::Nv12,
            Self::Gray8 => format == PixelFormat::Gray8,
        }
    }

    /// Its name in the file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Mjpeg => "mjpeg",
            Self::Yuyv => "yuyv",
            Self::Nv12 => "nv12",
            Self::Gray8 => "gray8",
        }
    }
}

impl Settings for UsbSettings {
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.usb.trim().is_empty() {
            problems.push(
                Problem::new("usb", "it names no camera")
                    .with_hint("`bushbaby cameras` lists what is plugged in; `usb: 0` is /dev/video0"),
            );
        }
        if let Some(fps) = self.fps.filter(|fps| !(0.1..=1000.0).contains(fps)) {
            problems.push(Problem::new(
                "fps",
                format!("got {fps}, wanted 0.1 to 1000 pictures a second"),
            ));
        }
        for name in self.controls.keys().filter(|name| controls::number(name).is_none()) {
            let problem = Problem::new(format!("controls.{name}"), format!("no control is called `{name}`"));
            let hint = match nearest(name, controls::names()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`v4l2-ctl -L` lists the controls of a camera".to_owned(),
            };
            problems.push(problem.with_hint(hint));
        }
        problems.extend(calibration::check(self.calibration.as_deref(), base_dir));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(json: serde_json::Value) -> Vec<String> {
        let settings: UsbSettings = serde_json::from_value(json).unwrap();
        let told = |problem: Problem| {
            format!(
                "{}: {} [{}]",
                problem.path,
                problem.message,
                problem.hint.unwrap_or_default()
            )
        };
        settings.check(Path::new(".")).into_iter().map(told).collect()
    }

    #[test]
    fn good_settings_have_no_problem() {
        let json = serde_json::json!({
            "usb": "0", "size": "1920x1080", "fps": 30, "format": "mjpeg",
            "controls": {"auto_exposure": 1, "exposure_auto": 1, "gain": 0}
        });
        assert_eq!(problems(json), Vec::<String>::new());
    }

    #[test]
    fn each_mistake_names_its_key() {
        let json = serde_json::json!({ "usb": " ", "fps": 0, "controls": {"exposure_atuo": 1, "warp": 9} });
        assert_eq!(
            problems(json),
            [
                "usb: it names no camera [`bushbaby cameras` lists what is plugged in; `usb: 0` is /dev/video0]",
                "fps: got 0, wanted 0.1 to 1000 pictures a second []",
                "controls.exposure_atuo: no control is called `exposure_atuo` [did you mean `exposure_auto`?]",
                "controls.warp: no control is called `warp` [`v4l2-ctl -L` lists the controls of a camera]",
            ]
        );
    }
}
