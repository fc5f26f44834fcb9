//! What one picture showed, whichever stage found it: what all dialects are made of.
//!
//! In: the body of a frame, which is from outside. Out: [`Seen`], in which each number is one.

use bushbaby_vision::apriltag::Family;
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::pose::Transform;
use bushbaby_vision::results::{
    DetectionItem, Detections, FieldItem, FieldPoseResult, PoseItem, TargetItem, Targets, TransformItem,
};
use bushbaby_vision::target::yaw_pitch_deg;
use serde::Deserialize;

use super::place::RobotPlace;

/// Longest body that is read.
const LONGEST_BODY_BYTES: usize = 1 << 20;
/// The formats count targets in one signed byte.
pub(crate) const MOST_TARGETS: usize = 127;

/// What a frame tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    /// What one picture showed.
    Seen(Seen),
    /// Where the robot was when it was taken.
    Place(RobotPlace),
}

/// What one picture showed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// What kind of things they are.
    pub(crate) of: Of,
    /// Tags: the largest first. Coloured targets: in the order of their stage, best first.
    pub(crate) targets: Vec<Target>,
    /// The camera, where anything is known of it.
    pub(crate) camera: Option<CameraModel>,
    /// Where the camera is on the field.
    pub(crate) place: Option<Place>,
    /// Why things were left out, in words; empty mostly.
    pub(crate) refused: Vec<String>,
}

/// Kinds of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// AprilTags.
    Tags,
    /// Targets by colour or brightness.
    Colored,
}

/// One thing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// A tag's number.
    pub(crate) tag: Option<(u32, Family)>,
    /// What it is called.
    pub(crate) label: String,
    /// How far right of and above the camera's axis it is.
    pub(crate) yaw_pitch_deg: [f64; 2],
    /// How far right of and above the middle of the picture it is.
    pub(crate) from_middle_deg: [f64; 2],
    /// Its share of the picture.
    pub(crate) area_percent: f64,
    /// How far it is turned counter-clockwise, as seen.
    pub(crate) skew_deg: f64,
    /// Its middle, or where it is aimed at; in pixels like all that follows.
    pub(crate) aim_px: [f64; 2],
    /// Left-bottom, right-bottom, right-top, left-top.
    pub(crate) square_px: [[f64; 2]; 4],
    /// What was seen of its outline: the same four for a tag.
    pub(crate) corners_px: Vec<[f64; 2]>,
    /// Where it is, as far as that is known.
    pub(crate) poses: Option<Poses>,
}

/// Where a target is, seen from the camera, in our axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Poses {
    /// The pose that fits better.
    pub(crate) best: Transform,
    /// The other one; the same where there is none.
    pub(crate) alt: Transform,
    /// 0 to 1: near 1 the two cannot be told apart.
    pub(crate) ambiguity: f64,
}

/// Where the camera is on the field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) field_from_camera: Transform,
    /// Where the robot is; absent when the camera's place on it is not known.
    pub(crate) field_from_robot: Option<Transform>,
    /// The tags that count.
    pub(crate) tags: Vec<u32>,
    pub(crate) error_px: f64,
}

/// Why a frame says nothing of what was seen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("its body has {bytes} bytes, more than any result of one picture")]
    TooLong { bytes: usize },
    #[error("its body is `{found}`, wanted `detections` of `apriltag`, `results` of `colored_target`, or `field_pose`")]
    Foreign { found: String },
    #[error("its body cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Head {
    r#type: String,
}

impl Found {
    /// Reads the body of a frame.
    ///
    /// # Errors
    /// [`ReadError`], when it is not the result of one picture.
    pub(crate) fn read(body: &[u8]) -> Result<Self, ReadError> {
        if body.len() > LONGEST_BODY_BYTES {
            return Err(ReadError::TooLong { bytes: body.len() });
        }
        let Head { r#type } = serde_json::from_slice(body)?;
        match r#type.as_str() {
            "detections" => Ok(Self::Seen(Seen::of_tags(&serde_json::from_slice(body)?))),
            "results" => Ok(Self::Seen(Seen::of_targets(&serde_json::from_slice(body)?))),
            "field_pose" => {
                let found: FieldPoseResult = serde_json::from_slice(body)?;
                Ok(Self::Place(RobotPlace::from(&found)))
            }
            _ => Err(ReadError::Foreign { found: r#type }),
        }
    }
}

impl Seen {
    /// A picture in which nobody looked for anything.
    pub(crate) fn nothing(of: Of, camera: Option<CameraModel>) -> Self {
        Self {
            of,
            targets: Vec::new(),
            camera,
            place: None,
            refused: Vec::new(),
        }
    }

    /// Things with a number that is none, or of which it is not known where they are, are left out.
    fn of_tags(found: &Detections) -> Self {
        let mut refused = Vec::new();
        let camera = found.calibration;
        let mut targets = kept(&found.items, &mut refused, |item| tag(item, camera.as_ref()));
        targets.sort_by(|a, b| b.area_percent.total_cmp(&a.area_percent));
        targets.truncate(MOST_TARGETS);
        let place = found.field.as_ref().and_then(|field| {
            let place = place(field);
            if place.is_none() {
                refused.push("a place on the field that is none is left out".to_owned());
            }
            place
        });
        Self {
            of: Of::Tags,
            targets,
            camera,
            place,
            refused,
        }
    }

    fn of_targets(found: &Targets) -> Self {
        let mut refused = Vec::new();
        let camera = found.calibration;
        let mut targets = kept(&found.items, &mut refused, |item| colored(item, camera.as_ref()));
        targets.truncate(MOST_TARGETS);
        Self {
            of: Of::Colored,
            targets,
            camera,
            place: None,
            refused,
        }
    }
}

impl Place {
    /// How the camera sits on the robot, where both are known.
    pub(crate) fn robot_from_camera(&self) -> Option<Transform> {
        Some(self.field_from_robot?.inverse() * self.field_from_camera)
    }
}

/// The things that can be told, and why the others cannot.
fn kept<T>(items: &[T], refused: &mut Vec<String>, read: impl Fn(&T) -> Result<Target, String>) -> Vec<Target> {
    let mut targets = Vec::new();
    for item in items {
        match read(item) {
            Ok(target) if target.is_finite() => targets.push(target),
            Ok(target) => refused.push(format!("{} with a number that is none is left out", target.called())),
            Err(why) => refused.push(why),
        }
    }
    targets
}

impl Target {
    fn called(&self) -> String {
        match self.tag {
            Some((id, _)) => format!("tag {id}"),
            None => "a target".to_owned(),
        }
    }

    fn is_finite(&self) -> bool {
        let points = self.square_px.iter().chain(&self.corners_px).chain([&self.aim_px]);
        let mut numbers = points
            .flatten()
            .chain(&self.yaw_pitch_deg)
            .chain(&self.from_middle_deg)
            .chain([&self.area_percent, &self.skew_deg])
            .chain(self.poses.iter().map(|poses| &poses.ambiguity));
        numbers.all(|number| number.is_finite())
    }
}

fn tag(item: &DetectionItem, camera: Option<&CameraModel>) -> Result<Target, String> {
    let who = format!("tag {}", item.id);
    let middle = crossing(&item.corners);
    let poses = poses(&who, item.pose.as_ref(), item.pose_alt.as_ref(), item.ambiguity)?;
    let of_pose = |poses: &Poses| {
        let [x, y, z] = poses.best.translation_m();
        [x.atan2(z).to_degrees(), (-y).atan2(x.hypot(z)).to_degrees()]
    };
    let direction = camera
        .map(|camera| yaw_pitch_deg(middle, camera))
        .or_else(|| poses.as_ref().map(of_pose))
        .ok_or_else(|| format!("{who} is left out: neither its camera nor its pose is known"))?;
    let [left, right, ..] = item.corners;
    Ok(Target {
        tag: Some((item.id, item.family)),
        label: item.family.name().to_owned(),
        yaw_pitch_deg: direction,
        from_middle_deg: from_middle(direction, camera),
        area_percent: camera.map_or(0.0, |camera| share_percent(&item.corners, camera)),
        skew_deg: (left[1] - right[1]).atan2(right[0] - left[0]).to_degrees(),
        aim_px: middle,
        square_px: item.corners,
        corners_px: item.corners.to_vec(),
        poses,
    })
}

fn colored(item: &TargetItem, camera: Option<&CameraModel>) -> Result<Target, String> {
    let direction = [item.yaw, item.pitch];
    Ok(Target {
        tag: None,
        label: item.label.clone().unwrap_or_default(),
        yaw_pitch_deg: direction,
        from_middle_deg: from_middle(direction, camera),
        area_percent: item.area,
        skew_deg: item.skew,
        aim_px: item.aim,
        square_px: item.corners,
        corners_px: item.polygon.iter().copied().take(MOST_TARGETS).collect(),
        poses: poses("a target", item.pose.as_ref(), item.pose_alt.as_ref(), item.ambiguity)?,
    })
}

fn poses(
    who: &str,
    best: Option<&PoseItem>,
    alt: Option<&PoseItem>,
    ambiguity: Option<f64>,
) -> Result<Option<Poses>, String> {
    let Some(best) = best else { return Ok(None) };
    let read = |pose: &PoseItem| {
        Transform::new(pose.rotation, pose.translation)
            .map_err(|_| format!("{who} with a pose that is none is left out"))
    };
    let best = read(best)?;
    Ok(Some(Poses {
        best,
        alt: alt.map(read).transpose()?.unwrap_or(best),
        ambiguity: ambiguity.unwrap_or(0.0),
    }))
}

fn place(field: &FieldItem) -> Option<Place> {
    let read = |item: &TransformItem| Transform::new(item.rotation, item.translation).ok();
    Some(Place {
        field_from_camera: read(&field.camera)?,
        field_from_robot: match &field.robot {
            Some(robot) => Some(read(robot)?),
            None => None,
        },
        tags: field.tags.iter().copied().take(MOST_TARGETS).collect(),
        error_px: Some(field.error).filter(|error| error.is_finite())?,
    })
}

/// Where the diagonals of a square cross, which is its middle from whatever side it is seen.
fn crossing(corners: &[[f64; 2]; 4]) -> [f64; 2] {
    let [[ax, ay], [bx, by], [cx, cy], [dx, dy]] = *corners;
    let (acx, acy, bdx, bdy) = (cx - ax, cy - ay, dx - bx, dy - by);
    let across = acx * bdy - acy * bdx;
    if across.abs() < 1e-9 {
        return [(ax + bx + cx + dx) / 4.0, (ay + by + cy + dy) / 4.0];
    }
    let along = ((bx - ax) * bdy - (by - ay) * bdx) / across;
    [ax + along * acx, ay + along * acy]
}

/// The same direction, but measured from the middle of the picture; the camera's axis where the camera is not known.
fn from_middle([yaw, pitch]: [f64; 2], camera: Option<&CameraModel>) -> [f64; 2] {
    let middle = |camera: &CameraModel| [f64::from(camera.width_px) / 2.0, f64::from(camera.height_px) / 2.0];
    let [yaw_0, pitch_0] = camera.map_or([0.0; 2], |camera| yaw_pitch_deg(middle(camera), camera));
    [yaw - yaw_0, pitch - pitch_0]
}

/// A polygon's share of the camera's pictures.
fn share_percent(corners: &[[f64; 2]; 4], camera: &CameraModel) -> f64 {
    let next = corners.iter().cycle().skip(1);
    let twice: f64 = corners
        .iter()
        .zip(next)
        .map(|([ax, ay], [bx, by])| ax * by - bx * ay)
        .sum();
    let picture = f64::from(camera.width_px) * f64::from(camera.height_px);
    50.0 * twice.abs() / picture
}

#[cfg(test)]
mod tests;
