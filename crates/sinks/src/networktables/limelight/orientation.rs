//! Where robot code says that the robot looks: `robot_orientation_set` of a camera's table.

use super::requests::numbers;
use super::table;
use crate::networktables::entry::Content;
use crate::networktables::wish::NoWish;

const KEY: &str = "robot_orientation_set";

/// The topic of a camera.
pub(crate) fn topic(camera: &str) -> String {
    format!("/{}/{KEY}", table(camera))
}

/// Yaw in degrees and its rate in degrees a second, both counter-clockwise. The other four numbers, pitch and roll, tell no heading.
///
/// # Errors
/// [`NoWish`], when the value is none.
pub(crate) fn orientation(topic: &str, value: &Content) -> Result<[f64; 2], NoWish> {
    let [yaw_deg, rate_deg_per_s, ..] = numbers::<6>(value).ok_or_else(|| NoWish {
        topic: topic.to_owned(),
        got: format!("{value:?}"),
        wanted: "six numbers",
    })?;
    Ok([yaw_deg, rate_deg_per_s])
}
