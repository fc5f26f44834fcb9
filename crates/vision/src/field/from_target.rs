//! The robot's place from a target at a known place and the heading of a gyroscope: what teams did before there were tags.
//!
//! In: targets with their poses. Out: [`Found`]. Of a pose only the target's place is used, and from which side it is seen where several
//! targets look alike: how a small target is tilted, nobody sees well.

use super::{
    Found, Method, Outlier, Refusal, RobotLocator, RobotPose, TargetPlace, Viewpoint, deviation, robot::upright,
};
use crate::{
    camera::CameraModel,
    pose::{Sighting, Transform},
};
use nalgebra::{Matrix3, Vector3};

/// A target as one picture shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenTarget {
    /// What it is called.
    pub label: Option<String>,
    /// Its poses, better first: a point of the target (x right, y down, z into it) becomes one of the camera. Empty: not known.
    pub camera_from_target: Vec<Transform>,
    /// Root mean square error of the better pose, pixels.
    pub error_px: f64,
    /// The corners of its outline, pixels.
    pub outline_px: Vec<[f64; 2]>,
}

/// Targets beyond this many are not looked at.
const MOST_TARGETS: usize = 50;
/// A target whose face looks elsewhere by more than this is another one.
const FACING_DEG: f64 = 40.0;

impl RobotLocator {
    /// Returns what the targets of a picture tell: the first of them that tells a place.
    ///
    /// - `last_m`: where the robot was a moment ago, x and y. It decides between targets that look alike.
    pub fn by_targets(&self, targets: &[SeenTarget], from: &Viewpoint<'_>, last_m: Option<[f64; 2]>) -> Found {
        let mut outliers = Vec::new();
        let mut refused = None;
        let seen = targets.len();
        if !self.methods.contains(&Method::TargetAndHeading) {
            let heading = if from.heading_deg.is_some() { "a" } else { "no" };
            let pose = Err(Refusal::Method { tags: 0, heading });
            return Found { pose, outliers };
        }
        for target in targets.iter().take(MOST_TARGETS) {
            match self.by_target(target, from, last_m) {
                Ok(pose) => {
                    return Found {
                        pose: Ok(pose),
                        outliers,
                    };
                }
                Err(why) => {
                    outliers.push(Outlier {
                        id: None,
                        why: why.to_string(),
                    });
                    refused = refused.or(Some(why));
                }
            }
        }
        let pose = match refused {
            None => Err(Refusal::Nothing { what: "target" }),
            // The outliers say why, one by one.
            Some(_) if seen > 1 => Err(Refusal::Unusable { seen, what: "target" }),
            Some(why) => Err(why),
        };
        Found { pose, outliers }
    }

    fn by_target(
        &self,
        target: &SeenTarget,
        from: &Viewpoint<'_>,
        last_m: Option<[f64; 2]>,
    ) -> Result<RobotPose, Refusal> {
        let best = target.camera_from_target.first().ok_or(Refusal::NoTargetPose)?;
        let heading_deg = from.heading_deg.ok_or(Refusal::NoHeading)?;
        let (distance_m, limit) = (best.translation.norm(), self.limits.distance_m);
        if distance_m.is_nan() || distance_m > limit {
            return Err(Refusal::TooFar { distance_m, limit });
        }
        let field_from_robot = upright(heading_deg);
        let turn = field_from_robot * from.robot_from_camera.rotation;
        // From the robot's middle to the target, in the field's axes.
        let way = field_from_robot * Vector3::from(from.robot_from_camera.apply(best.translation_m()));
        let robot_at = |place: &TargetPlace| Transform {
            rotation: field_from_robot,
            translation: place.field_from_target.translation - way,
        };
        let is_meant = |place: &&TargetPlace| {
            let is_called_so = place.label.is_none() || place.label == target.label;
            is_called_so
                && target
                    .camera_from_target
                    .iter()
                    .any(|pose| is_faced(pose, &turn, place))
        };
        let named: Vec<Transform> = self.targets.iter().filter(is_meant).map(robot_at).collect();
        let on_field = |robot: &&Transform| self.limits.check(robot, self.size_m()).is_ok();
        let mut places: Vec<&Transform> = named.iter().filter(on_field).collect();
        if let (Some(last_m), 2..) = (last_m, places.len()) {
            let from_last =
                |place: &Transform| (place.translation.x - last_m[0]).hypot(place.translation.y - last_m[1]);
            places.sort_by(|a, b| from_last(a).total_cmp(&from_last(b)));
            if 2.0 * from_last(places[0]) < from_last(places[1]) {
                places.truncate(1);
            }
        }
        let field_from_robot = match (places.as_slice(), named.as_slice()) {
            ([only], _) => **only,
            // Said of the one place it could be: why it cannot.
            ([], [only]) => *only,
            ([], _) => return Err(Refusal::NoSuchTarget),
            (several, _) => return Err(Refusal::WhichTarget { places: several.len() }),
        };
        self.told(RobotPose {
            field_from_robot,
            field_from_camera: field_from_robot * *from.robot_from_camera,
            method: Method::TargetAndHeading,
            tags: Vec::new(),
            std_devs: self
                .deviations(target, best, &turn, &way, from)
                .ok_or(Refusal::NotFinite)?,
            error_px: target.error_px,
            ambiguity: None,
        })
    }

    /// Standard deviations: of the target's place as its outline tells it, nothing being known of how it is tilted; and the heading swings
    /// the robot round the target.
    fn deviations(
        &self,
        target: &SeenTarget,
        camera_from_target: &Transform,
        turn: &Matrix3<f64>,
        way: &Vector3<f64>,
        from: &Viewpoint<'_>,
    ) -> Option<[f64; 3]> {
        let sightings = outline(target, camera_from_target, from.camera)?;
        let corner_px = self.corner_error(target.error_px, sightings.len(), 6);
        let by_place = deviation::of_target(camera_from_target, &sightings, from.camera, corner_px)?;
        let swing = Vector3::z().cross(way) * self.heading_deg.to_radians();
        let covariance = turn * by_place * turn.transpose() + swing * swing.transpose();
        let deviations = [covariance[(0, 0)].sqrt(), covariance[(1, 1)].sqrt(), self.heading_deg];
        deviations
            .iter()
            .all(|deviation| deviation.is_finite())
            .then_some(deviations)
    }
}

/// The corners of a target's outline, and where they are on its plane in this pose.
fn outline(target: &SeenTarget, camera_from_target: &Transform, camera: &CameraModel) -> Option<Vec<Sighting>> {
    let target_from_camera = camera_from_target.inverse();
    let eye = target_from_camera.translation;
    let on_plane = |&pixel: &[f64; 2]| {
        let [x, y] = camera.direction(pixel)?;
        let ray = target_from_camera.rotation * Vector3::new(x, y, 1.0);
        let point = eye - ray * (eye.z / ray.z);
        point.iter().all(|value| value.is_finite()).then(|| Sighting {
            point_m: point.into(),
            pixel,
            weight: 1.0,
        })
    };
    target.outline_px.iter().map(on_plane).collect()
}

/// Whether a target, seen in this pose by a camera that is turned so, looks the way that the one at `place` looks.
fn is_faced(camera_from_target: &Transform, field_from_camera: &Matrix3<f64>, place: &TargetPlace) -> bool {
    let inward = field_from_camera * camera_from_target.rotation.column(2);
    let known = place.field_from_target.rotation.column(2).into_owned();
    let apart_deg = (inward.y.atan2(inward.x) - known.y.atan2(known.x)).to_degrees();
    ((apart_deg + 180.0).rem_euclid(360.0) - 180.0).abs() <= FACING_DEG
}
