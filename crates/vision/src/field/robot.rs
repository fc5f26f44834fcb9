//! From what one picture shows to the robot's place on the field, or why it is not told.
//!
//! In: tags or targets of one picture, its camera, how that sits on the robot, and the robot's heading at that moment where it is known.
//! Out: [`Found`]: a [`RobotPose`] with its standard deviations, or a [`Refusal`]; and whatever was seen and did not count.

use super::{
    FieldLayout, PoseLimits, Refusal, deviation,
    heading::place_when_turned,
    locate::{KnownTag, known_tags, locate, tag_errors, which_count},
};
use crate::{
    apriltag::TagDetection,
    camera::CameraModel,
    pose::{Sighting, Transform},
    results::TagSizes,
};
use nalgebra::{Rotation3, Vector3};
use serde::{Deserialize, Serialize};

/// How a place was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// From two tags or more, which tell place and heading.
    MultiTag,
    /// From one tag or more, with the heading known otherwise.
    TagAndHeading,
    /// From one tag that can be seen one way only.
    SingleTag,
    /// From a target at a known place, with the heading known otherwise.
    TargetAndHeading,
}

/// Finds a robot's place.
#[derive(Debug, Clone)]
pub struct RobotLocator {
    /// Where the tags are. Absent: tags tell nothing.
    pub layout: Option<FieldLayout>,
    /// How large the tags are.
    pub tag_sizes: TagSizes,
    /// Where targets are.
    pub targets: Vec<TargetPlace>,
    /// The methods that may be used.
    pub methods: Vec<Method>,
    /// Which places are believed.
    pub limits: PoseLimits,
    /// By how much corners are off in each direction, standard deviation in pixels; where a solution fits worse, that counts.
    pub corner_px: f64,
    /// By how much the heading is off, standard deviation in degrees.
    pub heading_deg: f64,
}

/// A target at a known place.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetPlace {
    /// Only targets with this label are meant. Absent: any.
    pub label: Option<String>,
    /// A point of the target (x right, y down, z into it) becomes one of the field.
    pub field_from_target: Transform,
}

/// From where a picture was taken.
#[derive(Debug, Clone, Copy)]
pub struct Viewpoint<'a> {
    /// The camera, scaled to the picture.
    pub camera: &'a CameraModel,
    /// How it sits on the robot.
    pub robot_from_camera: &'a Transform,
    /// The robot's heading when the picture was taken, degrees counter-clockwise from the field's x. Absent: not known.
    pub heading_deg: Option<f64>,
}

/// What a picture tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The robot's place.
    pub pose: Result<RobotPose, Refusal>,
    /// What was seen and did not count.
    pub outliers: Vec<Outlier>,
}

/// Where a robot is.
#[derive(Debug, Clone, PartialEq)]
pub struct RobotPose {
    /// A point of the robot (x ahead, y left, z up) becomes one of the field.
    pub field_from_robot: Transform,
    /// A point of the camera (x right, y down, z ahead) becomes one of the field.
    pub field_from_camera: Transform,
    /// How it was found.
    pub method: Method,
    /// The tags that count, smallest id first.
    pub tags: Vec<u32>,
    /// Standard deviations of x and y in metres, of the yaw in degrees.
    pub std_devs: [f64; 3],
    /// Root mean square error of the corners, pixels.
    pub error_px: f64,
    /// Of a tag alone: error of its better pose divided by that of the other.
    pub ambiguity: Option<f64>,
}

/// Something that was seen and does not count.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlier {
    /// Of a tag, its id.
    pub id: Option<u32>,
    /// Why, in words.
    pub why: String,
}

/// Detections beyond this many are not looked at: no picture shows so many.
const MOST_TAGS: usize = 500;

impl RobotLocator {
    /// Returns what the tags of a picture tell.
    pub fn by_tags(&self, tags: &[TagDetection], from: &Viewpoint<'_>) -> Found {
        let tags = &tags[..tags.len().min(MOST_TAGS)];
        let mut outliers = Vec::new();
        let known = self.usable(tags, from, &mut outliers);
        let pose = if tags.is_empty() {
            Err(Refusal::Nothing { what: "tag" })
        } else if known.is_empty() {
            let (seen, what) = (tags.len(), "tag");
            Err(Refusal::Unusable { seen, what })
        } else {
            self.by_best_method(&known, from, &mut outliers)
        };
        Found { pose, outliers }
    }

    /// The tags at known places that are near enough; the others are told.
    fn usable(&self, tags: &[TagDetection], from: &Viewpoint<'_>, outliers: &mut Vec<Outlier>) -> Vec<KnownTag> {
        let mut out = |id: u32, why: String| {
            if !outliers.iter().any(|outlier| outlier.id == Some(id)) {
                outliers.push(Outlier { id: Some(id), why });
            }
        };
        let Some(layout) = &self.layout else {
            tags.iter()
                .for_each(|tag| out(tag.id, "there is no `layout`".to_owned()));
            return Vec::new();
        };
        let mut known = known_tags(tags, layout, |id| self.tag_sizes.of(id), from.camera);
        for tag in tags.iter().filter(|tag| !known.iter().any(|known| known.id == tag.id)) {
            let is_twice = tags.iter().filter(|other| other.id == tag.id).count() > 1;
            let why = if layout.field_from_tag(tag.id).is_none() {
                "it is not in the layout"
            } else if is_twice {
                "it is in the picture twice"
            } else {
                "its corners or its size give no pose"
            };
            out(tag.id, why.to_owned());
        }
        let limit = self.limits.distance_m;
        known.retain(|tag| {
            let [x, y, z] = tag.alone.best.camera_from_tag.translation_m();
            let distance = x.hypot(y).hypot(z);
            let is_far = distance.is_nan() || distance > limit;
            if is_far {
                out(tag.id, format!("it is {distance:.1} m away, limit {limit}"));
            }
            !is_far
        });
        known
    }

    fn by_best_method(
        &self,
        known: &[KnownTag],
        from: &Viewpoint<'_>,
        outliers: &mut Vec<Outlier>,
    ) -> Result<RobotPose, Refusal> {
        let mut refused = None;
        for method in [Method::MultiTag, Method::TagAndHeading, Method::SingleTag] {
            let mut doubted = Vec::new();
            let tried = match method {
                _ if !self.methods.contains(&method) => continue,
                Method::MultiTag if known.len() > 1 => self.by_tags_alone(method, known, from, &mut doubted),
                Method::SingleTag if known.len() == 1 => self.by_tags_alone(method, known, from, &mut doubted),
                Method::TagAndHeading => match from.heading_deg {
                    Some(heading_deg) => self.by_heading(heading_deg, known, from, &mut doubted),
                    None => continue,
                },
                _ => continue,
            };
            match tried {
                Ok(pose) => {
                    outliers.append(&mut doubted);
                    return Ok(pose);
                }
                // What the better method says comes first.
                Err(why) => refused = refused.or(Some((why, doubted))),
            }
        }
        let (why, mut doubted) = refused.unwrap_or_else(|| {
            let (tags, heading) = (known.len(), if from.heading_deg.is_some() { "a" } else { "no" });
            (Refusal::Method { tags, heading }, Vec::new())
        });
        outliers.append(&mut doubted);
        Err(why)
    }

    /// Several tags, or one that can be seen one way only.
    fn by_tags_alone(
        &self,
        method: Method,
        known: &[KnownTag],
        from: &Viewpoint<'_>,
        outliers: &mut Vec<Outlier>,
    ) -> Result<RobotPose, Refusal> {
        let alone = match known {
            [only] => Some(only),
            _ => None,
        };
        if let Some(only) = alone {
            let (ambiguity, limit) = (only.alone.ambiguity, self.limits.ambiguity);
            if ambiguity.is_nan() || ambiguity > limit {
                let id = only.id;
                return Err(Refusal::Ambiguous { id, ambiguity, limit });
            }
        }
        let located = locate(known, from.camera).ok_or(Refusal::NoPose { tags: known.len() })?;
        let counts: Vec<bool> = located.tags.iter().map(|tag| tag.counts).collect();
        let errors: Vec<f64> = located.tags.iter().map(|tag| tag.error_px).collect();
        let sightings = counted(known, &counts, &errors, outliers);
        let camera_from_field = located.field_from_camera.inverse();
        let corner_px = self.corner_error(located.error_px, sightings.len(), 6);
        let camera_from_robot = from.robot_from_camera.inverse();
        let std_devs = deviation::free(
            &camera_from_field,
            &camera_from_robot,
            &sightings,
            from.camera,
            corner_px,
        );
        self.told(RobotPose {
            field_from_robot: located.field_from_camera * camera_from_robot,
            field_from_camera: located.field_from_camera,
            method,
            tags: located.counted_ids(),
            std_devs: std_devs.ok_or(Refusal::NotFinite)?,
            error_px: located.error_px,
            ambiguity: alone.map(|tag| tag.alone.ambiguity),
        })
    }

    /// The robot stands upright and looks where it is known to look: only its place is asked.
    fn by_heading(
        &self,
        heading_deg: f64,
        known: &[KnownTag],
        from: &Viewpoint<'_>,
        outliers: &mut Vec<Outlier>,
    ) -> Result<RobotPose, Refusal> {
        let no_pose = Refusal::NoPose { tags: known.len() };
        let turn = upright(heading_deg) * from.robot_from_camera.rotation;
        let placed = |counts: &[bool]| {
            let counted = known.iter().zip(counts).filter(|(_, counts)| **counts);
            let sightings: Vec<Sighting> = counted.flat_map(|(tag, _)| tag.sightings).collect();
            place_when_turned(&turn.transpose(), &sightings, from.camera)
        };
        let first = placed(&vec![true; known.len()]).ok_or_else(|| no_pose.clone())?;
        let counts = which_count(&tag_errors(&first, known, from.camera));
        let camera_from_field = placed(&counts).ok_or(no_pose)?;
        let errors = tag_errors(&camera_from_field, known, from.camera);
        let sightings = counted(known, &counts, &errors, outliers);
        let of_counted = || errors.iter().zip(&counts).filter(|(_, counts)| **counts);
        let error_px = (of_counted().map(|(e, _)| e * e).sum::<f64>() / of_counted().count() as f64).sqrt();
        let corner_px = self.corner_error(error_px, sightings.len(), 3);
        let camera_from_robot = from.robot_from_camera.inverse();
        let std_devs = deviation::with_heading(
            &camera_from_field,
            &camera_from_robot,
            &sightings,
            from.camera,
            corner_px,
            self.heading_deg,
        );
        let field_from_camera = camera_from_field.inverse();
        let ids = known.iter().zip(&counts).filter(|(_, counts)| **counts);
        self.told(RobotPose {
            field_from_robot: field_from_camera * camera_from_robot,
            field_from_camera,
            method: Method::TagAndHeading,
            tags: ids.map(|(tag, _)| tag.id).collect(),
            std_devs: std_devs.ok_or(Refusal::NotFinite)?,
            error_px,
            ambiguity: None,
        })
    }

    /// The pose, if it keeps to the limits.
    pub(super) fn told(&self, pose: RobotPose) -> Result<RobotPose, Refusal> {
        let RobotPose { error_px, std_devs, .. } = pose;
        let limit = self.limits.error_px;
        if !(error_px.is_finite() && std_devs.iter().all(|deviation| deviation.is_finite())) {
            return Err(Refusal::NotFinite);
        }
        if error_px > limit {
            return Err(Refusal::Error { error_px, limit });
        }
        self.limits.check(&pose.field_from_robot, self.size_m())?;
        Ok(pose)
    }

    pub(super) fn size_m(&self) -> Option<[f64; 2]> {
        self.layout.as_ref().and_then(FieldLayout::size_m)
    }

    /// By how much each coordinate of the corners is off: as stated, or as they show where that is more.
    pub(super) fn corner_error(&self, error_px: f64, corners: usize, parameters: usize) -> f64 {
        let spare = (2 * corners).saturating_sub(parameters).max(1);
        let shown = error_px * (corners as f64 / spare as f64).sqrt();
        self.corner_px.max(shown)
    }
}

/// The rotation of a robot that stands upright and looks this far left of the field's x.
pub(super) fn upright(heading_deg: f64) -> nalgebra::Matrix3<f64> {
    Rotation3::from_axis_angle(&Vector3::z_axis(), heading_deg.to_radians()).into_inner()
}

/// The corners of the tags that count; the other tags are told.
fn counted(known: &[KnownTag], counts: &[bool], errors: &[f64], outliers: &mut Vec<Outlier>) -> Vec<Sighting> {
    let mut sightings = Vec::new();
    for ((tag, counts), error_px) in known.iter().zip(counts).zip(errors) {
        if *counts {
            sightings.extend(tag.sightings);
        } else {
            let why = format!("it contradicts the other tags: {error_px:.1} px off, moved or misread");
            outliers.push(Outlier { id: Some(tag.id), why });
        }
    }
    sightings
}
