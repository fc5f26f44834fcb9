//! The dialect of Limelight: what `LimelightHelpers` reads below `/limelight-CAMERA/`.
//!
//! In: what was seen, and when. Out: topics with their values: every scalar a `double`, every array a `double[]`, whatever the number
//! means, because robot code reads them so.

mod botpose;
mod json;
mod orientation;
mod requests;

use super::axes::six;
use super::entry::{Content, Entry};
use super::place::RobotPlace;
use super::seen::{Of, Seen, Target};
use super::stamp::Stamp;
use botpose::{Fields, fiducial};
use bushbaby_vision::pose::Transform;

pub(crate) use orientation::{orientation, topic as orientation_topic};
pub(crate) use requests::{topics, wish};

/// The heartbeat begins again here.
const HEARTBEAT_WRAPS: i64 = 2_000_000_000;
/// Most targets of `rawtargets`.
const MOST_RAW_TARGETS: usize = 3;
/// What a standard deviation is that nobody knows: no filter then gives the pose any weight, whereas nought would give it all.
const UNKNOWN_STDDEV: f64 = 1e6;
/// No such number.
const NONE: f64 = -1.0;

/// The name of a camera's table.
pub(crate) fn table(camera: &str) -> String {
    format!("limelight-{camera}")
}

/// What is said of the robot's place that `field_pose` found from one picture: what Limelight's second way to a place is told by.
pub(crate) fn robot_place(
    camera: &str,
    place: &RobotPlace,
    seen: Option<&Seen>,
    latency_ms: f64,
    field_size_m: Option<[f64; 2]>,
) -> Vec<Entry> {
    let table = table(camera);
    let entry = |name: &str, content: Content| Entry::new(format!("/{table}/{name}"), content);
    let fields = Fields::of_place(place, seen, latency_ms, field_size_m);
    let mut std_devs = [UNKNOWN_STDDEV; 12];
    if let Some(standing) = &place.robot {
        let [x, y, yaw] = standing.std_devs;
        (std_devs[6], std_devs[7], std_devs[11]) = (x, y, yaw);
    }
    vec![
        entry("botpose_orb", fields.centre.into()),
        entry("botpose_orb_wpiblue", fields.blue.into()),
        entry("botpose_orb_wpired", fields.red.into()),
        entry("stddevs", std_devs.into()),
    ]
}

/// Whether [`robot_place`] says this topic.
pub(crate) fn is_of_place(topic: &str) -> bool {
    let key = topic.rsplit('/').next().unwrap_or_default();
    key == "stddevs" || key.starts_with("botpose_orb")
}

/// What is said of one picture.
///
/// - `field_size_m`: length and width of the field, where they are known; without them only `botpose_wpiblue` says a place.
pub(crate) fn result(camera: &str, seen: &Seen, stamp: &Stamp, field_size_m: Option<[f64; 2]>) -> Vec<Entry> {
    let table = table(camera);
    let entry = |name: &str, content: Content| Entry::new(format!("/{table}/{name}"), content);
    let first = seen.targets.first();
    let of_first = |value: fn(&Target) -> f64| first.map_or(0.0, value);
    let fields = Fields::of(seen, stamp, field_size_m);
    let nothing = fields.nothing();
    let mut entries = vec![
        entry("tv", is(first.is_some()).into()),
        entry("tx", of_first(|target| target.from_middle_deg[0]).into()),
        entry("ty", of_first(|target| target.from_middle_deg[1]).into()),
        entry("txnc", of_first(|target| target.yaw_pitch_deg[0]).into()),
        entry("tync", of_first(|target| target.yaw_pitch_deg[1]).into()),
        entry("ta", of_first(|target| target.area_percent).into()),
        entry("tl", stamp.latency_ms.into()),
        entry("cl", 0.0.into()),
        entry("t2d", t2d(seen, stamp).into()),
        entry("getpipe", f64::from(stamp.pipeline).into()),
        entry("tid", id(first).into()),
        entry("hb", ((stamp.number % HEARTBEAT_WRAPS) as f64).into()),
        entry("getpipetype", pipe_type(seen.of).into()),
        entry("json", json::results(seen, stamp, &fields).into()),
        entry("tclass", first.map_or("", |target| target.label.as_str()).into()),
        entry("tcclass", "".into()),
        entry("tdclass", "".into()),
        entry("tc", [0.0; 3].into()),
        entry("hw", [stamp.fps, 0.0, 0.0, 0.0].into()),
        entry("botpose", fields.centre.clone().into()),
        entry("botpose_wpiblue", fields.blue.clone().into()),
        entry("botpose_wpired", fields.red.clone().into()),
        entry("botpose_orb", nothing.clone().into()),
        entry("botpose_orb_wpiblue", nothing.clone().into()),
        entry("botpose_orb_wpired", nothing.into()),
        entry("stddevs", [UNKNOWN_STDDEV; 12].into()),
        entry("rawfiducials", raw_fiducials(seen, &fields).into()),
        entry("rawtargets", raw_targets(seen).into()),
        entry("rawdetections", Content::Doubles(Vec::new())),
        entry("tcornxy", corners(first).into()),
        entry("rawbarcodes", Content::Texts(Vec::new())),
        entry("llpython", Content::Doubles(Vec::new())),
        entry("imu", [0.0; 10].into()),
    ];
    let spaces = Spaces::of(first, &fields);
    entries.extend(spaces.named().map(|(name, six)| entry(name, six.into())));
    entries
}

/// The six numbers of each pair of frames, zero where they are not known; frames beside the target and the robot have the camera's
/// axes: x right, y down, z ahead.
struct Spaces {
    robot_of_target: [f64; 6],
    camera_of_target: [f64; 6],
    target_of_camera: [f64; 6],
    target_of_robot: [f64; 6],
    camera_of_robot: [f64; 6],
}

impl Spaces {
    fn of(target: Option<&Target>, fields: &Fields) -> Self {
        let pose = target.and_then(|target| target.poses).map(|poses| poses.best);
        let robot = fields.robot_from_camera;
        let or_zero = |transform: Option<Transform>| transform.as_ref().map_or([0.0; 6], six);
        let target_of_robot = pose.map(|camera_from_target| robot * camera_from_target);
        Self {
            robot_of_target: or_zero(target_of_robot.map(|transform| transform.inverse())),
            camera_of_target: or_zero(pose.map(|transform| transform.inverse())),
            target_of_camera: or_zero(pose),
            target_of_robot: or_zero(target_of_robot),
            camera_of_robot: six(&robot),
        }
    }

    fn named(&self) -> [(&'static str, [f64; 6]); 5] {
        [
            ("botpose_targetspace", self.robot_of_target),
            ("camerapose_targetspace", self.camera_of_target),
            ("targetpose_cameraspace", self.target_of_camera),
            ("targetpose_robotspace", self.target_of_robot),
            ("camerapose_robotspace", self.camera_of_robot),
        ]
    }
}

fn is(so: bool) -> f64 {
    f64::from(u8::from(so))
}

fn id(target: Option<&Target>) -> f64 {
    target
        .and_then(|target| target.tag)
        .map_or(NONE, |(id, _)| f64::from(id))
}

fn pipe_type(of: Of) -> &'static str {
    match of {
        Of::Tags => "pipe_fiducial",
        Of::Colored => "pipe_color",
    }
}

/// The seventeen numbers of the first target.
fn t2d(seen: &Seen, stamp: &Stamp) -> [f64; 17] {
    let count = seen.targets.len() as f64;
    let Some(first) = seen.targets.first() else {
        let mut none = [0.0; 17];
        (none[2], none[9], none[10], none[11]) = (stamp.latency_ms, NONE, NONE, NONE);
        return none;
    };
    let [tx, ty] = first.from_middle_deg;
    let [txnc, tync] = first.yaw_pitch_deg;
    let [long, short] = sides_px(&first.square_px);
    let [wide, high] = extent_px(&first.corners_px);
    [
        1.0,
        count,
        stamp.latency_ms,
        0.0,
        tx,
        ty,
        txnc,
        tync,
        first.area_percent,
        id(Some(first)),
        NONE,
        NONE,
        long,
        short,
        wide,
        high,
        first.skew_deg,
    ]
}

fn raw_fiducials(seen: &Seen, fields: &Fields) -> Vec<f64> {
    let tags = seen.targets.iter().filter(|target| target.tag.is_some());
    tags.flat_map(|tag| fiducial(tag, &fields.robot_from_camera)).collect()
}

fn raw_targets(seen: &Seen) -> Vec<f64> {
    let targets = seen.targets.iter().take(MOST_RAW_TARGETS);
    let three = |target: &Target| {
        let [txnc, tync] = target.yaw_pitch_deg;
        [txnc, tync, target.area_percent]
    };
    targets.flat_map(three).collect()
}

fn corners(target: Option<&Target>) -> Vec<f64> {
    let corners = target.into_iter().flat_map(|target| &target.corners_px);
    corners.flatten().copied().collect()
}

/// The longer and the shorter side of a square, each the mean of two that face each other.
fn sides_px(square: &[[f64; 2]; 4]) -> [f64; 2] {
    let side = |i: usize| {
        let ([ax, ay], [bx, by]) = (square[i], square[(i + 1) % 4]);
        (ax - bx).hypot(ay - by)
    };
    let (wide, high) = ((side(0) + side(2)) / 2.0, (side(1) + side(3)) / 2.0);
    [wide.max(high), wide.min(high)]
}

/// Width and height of the upright rectangle around all.
fn extent_px(corners: &[[f64; 2]]) -> [f64; 2] {
    let extent = |axis: usize| {
        let all = || corners.iter().map(|corner| corner[axis]);
        let (least, most) = (
            all().fold(f64::INFINITY, f64::min),
            all().fold(f64::NEG_INFINITY, f64::max),
        );
        if least <= most { most - least } else { 0.0 }
    };
    [extent(0), extent(1)]
}

#[cfg(test)]
mod tests;
