//! Where the robot stands, for robot code that knows neither dialect: `/bushbaby/NODE/…`, NODE being the stage that found it.
//!
//! In: a place and its moment. Out: topics as WPILib's pose estimators and dashboards take them, counted from blue's right corner.

use bushbaby_vision::field::Alliance;
use bushbaby_vision::pose::Transform;

use super::axes::{across_field, six};
use super::entry::{Content, Entry};
use super::photonvision::packed;
use super::place::{RobotPlace, Standing};
use super::schemas;

/// The type of `pose`, and its fields.
const POSE_SCHEMA: (&str, &str) = ("struct:Pose3d", "Translation3d translation;Rotation3d rotation");

/// The topic that says what a pose is, and with it all that is said once, before the first place.
pub(crate) fn schema_topic() -> String {
    schemas::topic(POSE_SCHEMA.0)
}

/// What is said once.
pub(crate) fn schemas() -> Vec<Entry> {
    let parts = schemas::PARTS.into_iter().map(schemas::wpilib);
    [schemas::wpilib(POSE_SCHEMA)].into_iter().chain(parts).collect()
}

/// What is said of one place.
///
/// - `estimate`: x and y in metres, yaw in radians, when the picture was taken in seconds of the robot's clock, then the standard
///   deviations of x, y and yaw: what `addVisionMeasurement` takes. Empty where no place is told: robot code that asks for its length
///   never takes an old one for a new one.
/// - `pose`: the last one that was told, for dashboards.
/// - `captured_us`: by the robot's clock.
pub(crate) fn place(node: &str, place: &RobotPlace, captured_us: i64, field_size_m: Option<[f64; 2]>) -> Vec<Entry> {
    let entry = |name: &str, content: Content| Entry::new(format!("/bushbaby/{node}/{name}"), content);
    let Some((standing, robot)) = place
        .robot
        .as_ref()
        .and_then(|standing| Some((standing, from_blue(place.alliance, standing, field_size_m)?)))
    else {
        return vec![entry("estimate", Content::Doubles(Vec::new()))];
    };
    let [x, y, _, _, _, yaw_deg] = six(&robot);
    let [std_x, std_y, std_yaw_deg] = standing.std_devs;
    let captured_s = captured_us as f64 / 1e6;
    let estimate = [
        x,
        y,
        yaw_deg.to_radians(),
        captured_s,
        std_x,
        std_y,
        std_yaw_deg.to_radians(),
    ];
    vec![
        entry("estimate", estimate.into()),
        entry(
            "pose",
            Content::Bytes {
                of: POSE_SCHEMA.0,
                bytes: packed::transform(&robot),
            },
        ),
    ]
}

/// The robot, counted from blue's corner. Absent where only red's is known.
fn from_blue(alliance: Alliance, standing: &Standing, field_size_m: Option<[f64; 2]>) -> Option<Transform> {
    match alliance {
        Alliance::Blue => Some(standing.origin_from_robot),
        Alliance::Red => Some(across_field(field_size_m?) * standing.origin_from_robot),
    }
}
