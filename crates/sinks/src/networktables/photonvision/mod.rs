//! The dialect of PhotonVision: what photonlib reads below `/photonvision/CAMERA/`.
//!
//! In: what was seen, and when. Out: topics with their values. Its names and layouts are those of v2026.

pub(crate) mod packed;
mod requests;

use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::pose::Transform;

use super::axes::wpilib_target;
use super::entry::{Content, Entry};
use super::schemas;
use super::seen::Seen;
use super::stamp::Stamp;
use super::wish::Leds;
use packed::{Metadata, RESULT_PROPERTIES, RESULT_TYPE, SCHEMAS, TRANSFORM_SCHEMA, TRANSFORM_TYPE};

pub(crate) use requests::{topics, wish};

/// What photonlib was tested with: it compares its own version with `version` and complains aloud when they differ.
pub(crate) const TESTED_VERSION: &str = "v2026.3.4";

/// Where everything of this dialect is.
const ROOT: &str = "/photonvision";

/// What is said of one picture.
pub(crate) fn result(camera: &str, seen: &Seen, stamp: &Stamp) -> Vec<Entry> {
    let metadata = Metadata {
        sequence_id: stamp.number,
        captured_us: stamp.captured_us,
        published_us: stamp.now_us,
        since_pong_us: stamp.since_pong_us,
    };
    let best = seen.targets.first();
    let [yaw, pitch] = best.map_or([0.0; 2], |target| target.yaw_pitch_deg);
    let [x, y] = best.map_or([0.0; 2], |target| target.aim_px);
    let pose = best
        .and_then(|target| target.poses)
        .map(|poses| wpilib_target(&poses.best));
    let entry = |name: &str, content: Content| Entry::new(format!("{ROOT}/{camera}/{name}"), content);
    let packed = Content::Bytes {
        of: RESULT_TYPE,
        bytes: packed::result(&metadata, seen),
    };
    vec![
        Entry {
            each_counts: true,
            properties: RESULT_PROPERTIES,
            ..entry("rawBytes", packed)
        },
        entry("latencyMillis", stamp.latency_ms.into()),
        entry("fps", stamp.fps.into()),
        entry("hasTarget", best.is_some().into()),
        entry("targetPitch", pitch.into()),
        entry("targetYaw", yaw.into()),
        entry("targetArea", best.map_or(0.0, |target| target.area_percent).into()),
        entry("targetSkew", best.map_or(0.0, |target| target.skew_deg).into()),
        entry(
            "targetPose",
            Content::Bytes {
                of: TRANSFORM_TYPE,
                bytes: packed::transform(&pose.unwrap_or_else(Transform::identity)),
            },
        ),
        entry("targetPixelsX", x.into()),
        entry("targetPixelsY", y.into()),
        entry("heartbeat", stamp.number.into()),
        entry("cameraIntrinsics", intrinsics(seen.camera.as_ref()).into()),
        entry("cameraDistortion", distortion(seen.camera.as_ref()).into()),
    ]
}

/// Which pipeline of a camera is in force.
pub(crate) fn pipeline(camera: &str, number: u32) -> Entry {
    Entry::new(format!("{ROOT}/{camera}/pipelineIndexState"), i64::from(number))
}

/// Whether nobody looks for targets in a camera's pictures.
pub(crate) fn driver_mode(camera: &str, is_on: bool) -> Entry {
    Entry::new(format!("{ROOT}/{camera}/driverMode"), is_on)
}

/// What is said of a camera whatever it sees.
pub(crate) fn camera(camera: &str) -> Vec<Entry> {
    let entry = |name: &str, content: Content| Entry::new(format!("{ROOT}/{camera}/{name}"), content);
    vec![
        pipeline(camera, 0),
        driver_mode(camera, false),
        entry("fpsLimit", (-1_i64).into()),
    ]
}

/// Who publishes: this machine and its cameras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) hostname: String,
    /// Of its network card, `aa-bb-cc-dd-ee-ff`.
    pub(crate) mac: String,
}

/// What is said once.
///
/// - `version`: what photonlib compares with its own.
/// - `leds`: what was done with them last.
pub(crate) fn global(version: &str, machine: &Machine, cameras: &[String], leds: Leds) -> Vec<Entry> {
    let Machine { hostname, mac } = machine;
    let mut entries = vec![
        Entry::new(format!("{ROOT}/version"), version),
        Entry::new(format!("{ROOT}/buildDate"), ""),
        led_mode(leds),
        Entry::new(format!("{ROOT}/coprocessors/{mac}/hostname"), hostname.as_str()),
        Entry::new(format!("{ROOT}/coprocessors/{mac}/cameraNames"), cameras.to_vec()),
    ];
    entries.extend(SCHEMAS.map(|one| schemas::entry("photonstructschema", one)));
    entries.push(schemas::wpilib(TRANSFORM_SCHEMA));
    entries.extend(schemas::PARTS.map(schemas::wpilib));
    entries
}

/// What was done with the LEDs last.
pub(crate) fn led_mode(leds: Leds) -> Entry {
    let mode = match leds {
        Leds::AsThePipeline => -1_i64,
        Leds::Off => 0,
        Leds::On => 1,
        Leds::Blink => 2,
    };
    Entry::new(format!("{ROOT}/ledModeState"), mode)
}

/// How it goes with the time of `hostname`, as PhotonVision's own page tells it.
pub(crate) fn time_sync(hostname: &str, sync: &TimeSync) -> Vec<Entry> {
    let entry = |name: &str, value: i64| Entry::new(format!("{ROOT}/.timesync/{hostname}/{name}"), value);
    vec![
        entry("offset_us", sync.offset_us),
        entry("rtt2_us", sync.round_trip_us),
        entry("ping_tx_count", sync.pings),
        entry("pong_rx_count", sync.pongs),
        entry("pong_rx_time_us", sync.last_pong_us),
    ]
}

/// What is known of the robot's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeSync {
    pub(crate) offset_us: i64,
    pub(crate) round_trip_us: i64,
    pub(crate) pings: i64,
    pub(crate) pongs: i64,
    pub(crate) last_pong_us: i64,
}

/// Rows of the camera matrix, in OpenCV's pixels; empty for a camera that nobody measured.
fn intrinsics(camera: Option<&CameraModel>) -> Vec<f64> {
    let Some(camera) = camera.filter(|camera| !camera.guessed) else {
        return Vec::new();
    };
    let i = &camera.intrinsics;
    // The centre of OpenCV's first pixel is (0, 0), that of ours (0.5, 0.5).
    vec![i.fx, 0.0, i.cx - 0.5, 0.0, i.fy, i.cy - 0.5, 0.0, 0.0, 1.0]
}

/// OpenCV's eight coefficients; empty for a camera that nobody measured, or whose lens is none of that model.
fn distortion(camera: Option<&CameraModel>) -> Vec<f64> {
    let Some(camera) = camera.filter(|camera| !camera.guessed && camera.distortion.model_name() == "pinhole") else {
        return Vec::new();
    };
    let mut eight = camera.distortion.coefficients().to_vec();
    eight.resize(8, 0.0);
    eight
}

#[cfg(test)]
mod tests;
