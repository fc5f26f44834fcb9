//! `botpose` and its kin: where the robot is, from each corner of the field that people measure from.

use bushbaby_vision::field::{Alliance, robot_from_camera};
use bushbaby_vision::pose::Transform;

use crate::networktables::axes::{across_field, distance_m, six, wpilib_camera, wpilib_from_camera};
use crate::networktables::place::RobotPlace;
use crate::networktables::seen::{Place, Seen, Target};
use crate::networktables::stamp::Stamp;

/// Numbers before those of the tags.
const HEAD: usize = 11;
/// What stands for a pose that is not known: no way to tell it from its mirror.
const NO_POSE: f64 = 1.0;

/// Where the robot is.
///
/// Each is `x y z` in metres, roll, pitch, yaw in degrees, latency in milliseconds, number of tags, their span and mean distance in
/// metres, their mean area in percent; then seven numbers for each tag. Without tags all but the latency are zero.
#[derive(Debug)]
pub(super) struct Fields {
    /// From the middle of the field.
    pub(super) centre: Vec<f64>,
    /// From the blue alliance's right corner, as layouts have it.
    pub(super) blue: Vec<f64>,
    /// From the red alliance's.
    pub(super) red: Vec<f64>,
    /// How the camera sits on the robot, both with x right, y down, z ahead; at its origin where that is not known.
    pub(super) robot_from_camera: Transform,
    latency_ms: f64,
}

impl Fields {
    pub(super) fn of(seen: &Seen, stamp: &Stamp, field_size_m: Option<[f64; 2]>) -> Self {
        let place = seen.place.as_ref().filter(|place| !place.tags.is_empty());
        let mount = place.and_then(Place::robot_from_camera);
        let nothing = Self {
            centre: Vec::new(),
            blue: Vec::new(),
            red: Vec::new(),
            robot_from_camera: mount.map_or_else(Transform::identity, |mount| wpilib_from_camera().inverse() * mount),
            latency_ms: stamp.latency_ms,
        };
        let none = || nothing.nothing();
        let Some(place) = place else {
            return Self {
                centre: none(),
                blue: none(),
                red: none(),
                ..nothing
            };
        };
        // A camera whose place on the robot is not known is taken to be at the robot's origin.
        let robot = place
            .field_from_robot
            .unwrap_or_else(|| wpilib_camera(&place.field_from_camera));
        let tags = those_that_count(seen, &place.tags);
        let of = |robot: Transform| nothing.with(&robot, &tags);
        Self {
            centre: field_size_m.map_or_else(none, |size| of(middle_from_blue(size) * robot)),
            red: field_size_m.map_or_else(none, |size| of(across_field(size) * robot)),
            blue: of(robot),
            ..nothing
        }
    }

    /// The same of a place that `field_pose` found. `seen`: what the picture showed, where that is known; its tags are told only then.
    pub(super) fn of_place(
        place: &RobotPlace,
        seen: Option<&Seen>,
        latency_ms: f64,
        field_size_m: Option<[f64; 2]>,
    ) -> Self {
        let standing = place.robot.as_ref();
        let nothing = Self {
            centre: Vec::new(),
            blue: Vec::new(),
            red: Vec::new(),
            robot_from_camera: standing.map_or_else(Transform::identity, |standing| {
                wpilib_from_camera().inverse() * standing.robot_from_camera
            }),
            latency_ms,
        };
        let none = || nothing.nothing();
        let tags = match (seen, standing) {
            (Some(seen), Some(standing)) => those_that_count(seen, &standing.tags),
            _ => Vec::new(),
        };
        let own = standing.map(|standing| standing.origin_from_robot);
        let other = own.zip(field_size_m).map(|(own, size)| across_field(size) * own);
        let (blue, red) = match place.alliance {
            Alliance::Blue => (own, other),
            Alliance::Red => (other, own),
        };
        let middle = blue.zip(field_size_m).map(|(blue, size)| middle_from_blue(size) * blue);
        let of = |robot: Option<Transform>| robot.map_or_else(none, |robot| nothing.with(&robot, &tags));
        Self {
            centre: of(middle),
            blue: of(blue),
            red: of(red),
            ..nothing
        }
    }

    /// What is said while no place is known.
    pub(super) fn nothing(&self) -> Vec<f64> {
        let mut none = vec![0.0; HEAD];
        none[6] = self.latency_ms;
        none
    }

    fn with(&self, robot: &Transform, tags: &[&Target]) -> Vec<f64> {
        let mut all = six(robot).to_vec();
        let count = tags.len() as f64;
        let mean = |sum: f64| if tags.is_empty() { 0.0 } else { sum / count };
        let places: Vec<Transform> = tags
            .iter()
            .filter_map(|tag| tag.poses)
            .map(|poses| poses.best)
            .collect();
        let distances: f64 = places.iter().map(distance_m).sum();
        let areas: f64 = tags.iter().map(|tag| tag.area_percent).sum();
        all.extend([self.latency_ms, count, span_m(&places), mean(distances), mean(areas)]);
        all.extend(tags.iter().flat_map(|tag| fiducial(tag, &self.robot_from_camera)));
        all
    }
}

fn middle_from_blue([length, width]: [f64; 2]) -> Transform {
    robot_from_camera([-length / 2.0, -width / 2.0, 0.0], 0.0, 0.0, 0.0) * wpilib_from_camera().inverse()
}

/// The tags that a place was found by.
fn those_that_count<'s>(seen: &'s Seen, tags: &[u32]) -> Vec<&'s Target> {
    let counts = |target: &&Target| target.tag.is_some_and(|(id, _)| tags.contains(&id));
    seen.targets.iter().filter(counts).collect()
}

/// The seven numbers of a tag: id, how far right of and above the camera's axis, area, distance to camera and robot, ambiguity.
pub(super) fn fiducial(target: &Target, robot_from_camera: &Transform) -> [f64; 7] {
    let id = target.tag.map_or(-1.0, |(id, _)| f64::from(id));
    let [txnc, tync] = target.yaw_pitch_deg;
    let (to_camera, to_robot, ambiguity) = target.poses.map_or((0.0, 0.0, NO_POSE), |poses| {
        let to_robot = distance_m(&(*robot_from_camera * poses.best));
        (distance_m(&poses.best), to_robot, poses.ambiguity)
    });
    [id, txnc, tync, target.area_percent, to_camera, to_robot, ambiguity]
}

/// The longest way from one to another.
fn span_m(places: &[Transform]) -> f64 {
    let from = |a: &Transform, b: &Transform| {
        let (a, b) = (a.translation_m(), b.translation_m());
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
    };
    let pairs = places
        .iter()
        .enumerate()
        .flat_map(|(i, a)| places[..i].iter().map(move |b| from(a, b)));
    pairs.fold(0.0, f64::max)
}
