//! The names of camera controls and the kernel's numbers for them.
//!
//! Source: `include/uapi/linux/v4l2-controls.h`; names as `v4l2-ctl -L` prints them, those of older kernels included.

use v4l::v4l_sys as sys;

/// Name and number; what switches an automatism comes before the value that it would overrule.
const CONTROLS: &[(&str, u32)] = &[
    ("auto_exposure", sys::V4L2_CID_EXPOSURE_AUTO),
    ("exposure_auto", sys::V4L2_CID_EXPOSURE_AUTO),
    ("exposure_dynamic_framerate", sys::V4L2_CID_EXPOSURE_AUTO_PRIORITY),
    ("exposure_auto_priority", sys::V4L2_CID_EXPOSURE_AUTO_PRIORITY),
    ("gain_automatic", sys::V4L2_CID_AUTOGAIN),
    ("white_balance_automatic", sys::V4L2_CID_AUTO_WHITE_BALANCE),
    ("white_balance_temperature_auto", sys::V4L2_CID_AUTO_WHITE_BALANCE),
    ("focus_automatic_continuous", sys::V4L2_CID_FOCUS_AUTO),
    ("focus_auto", sys::V4L2_CID_FOCUS_AUTO),
    ("hue_automatic", sys::V4L2_CID_HUE_AUTO),
    ("brightness_automatic", sys::V4L2_CID_AUTOBRIGHTNESS),
    ("exposure_time_absolute", sys::V4L2_CID_EXPOSURE_ABSOLUTE),
    ("exposure_absolute", sys::V4L2_CID_EXPOSURE_ABSOLUTE),
    ("exposure", sys::V4L2_CID_EXPOSURE),
    ("gain", sys::V4L2_CID_GAIN),
    ("brightness", sys::V4L2_CID_BRIGHTNESS),
    ("contrast", sys::V4L2_CID_CONTRAST),
    ("saturation", sys::V4L2_CID_SATURATION),
    ("hue", sys::V4L2_CID_HUE),
    ("gamma", sys::V4L2_CID_GAMMA),
    ("sharpness", sys::V4L2_CID_SHARPNESS),
    ("backlight_compensation", sys::V4L2_CID_BACKLIGHT_COMPENSATION),
    ("power_line_frequency", sys::V4L2_CID_POWER_LINE_FREQUENCY),
    ("white_balance_temperature", sys::V4L2_CID_WHITE_BALANCE_TEMPERATURE),
    ("red_balance", sys::V4L2_CID_RED_BALANCE),
    ("blue_balance", sys::V4L2_CID_BLUE_BALANCE),
    ("horizontal_flip", sys::V4L2_CID_HFLIP),
    ("vertical_flip", sys::V4L2_CID_VFLIP),
    ("focus_absolute", sys::V4L2_CID_FOCUS_ABSOLUTE),
    ("zoom_absolute", sys::V4L2_CID_ZOOM_ABSOLUTE),
    ("pan_absolute", sys::V4L2_CID_PAN_ABSOLUTE),
    ("tilt_absolute", sys::V4L2_CID_TILT_ABSOLUTE),
    ("iris_absolute", sys::V4L2_CID_IRIS_ABSOLUTE),
    ("auto_exposure_bias", sys::V4L2_CID_AUTO_EXPOSURE_BIAS),
    ("privacy", sys::V4L2_CID_PRIVACY),
];

/// All names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CONTROLS.iter().map(|(name, _)| *name)
}

/// The kernel's number of a control.
pub(super) fn number(name: &str) -> Option<u32> {
    CONTROLS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, number)| *number)
}

/// Brings controls into the order in which they take effect.
pub(super) fn in_order<'a>(controls: impl IntoIterator<Item = (&'a String, &'a i64)>) -> Vec<(&'a str, i64)> {
    let mut controls: Vec<(&str, i64)> = controls
        .into_iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    controls.sort_by_key(|(name, _)| names().position(|known| known == *name));
    controls
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn an_automatism_is_switched_before_the_value_it_would_overrule() {
        let controls: BTreeMap<String, i64> = [("exposure_absolute", 80), ("gain", 3), ("exposure_auto", 1)]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        assert_eq!(
            in_order(&controls),
            [("exposure_auto", 1), ("exposure_absolute", 80), ("gain", 3)]
        );
    }

    #[test]
    fn old_and_new_names_mean_the_same() {
        for (old, new) in [
            ("exposure_auto", "auto_exposure"),
            ("focus_auto", "focus_automatic_continuous"),
        ] {
            assert_eq!(number(old), number(new));
        }
        assert_eq!(number("brightness"), Some(0x0098_0900));
        assert_eq!(number("warp"), None);
    }
}
