//! From the tags of one picture to the camera's place on the field.

use super::{FieldLayout, sqpnp::sqpnp};
use crate::{
    apriltag::TagDetection,
    camera::CameraModel,
    pose::{Sighting, TagPoses, Transform, refine, squared_error_px2, tag_corners_m, tag_pose},
};

/// Where the camera is on the field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldPose {
    /// A point of the camera's frame (x right, y down, z ahead) becomes one of the field (x ahead, y left, z up).
    pub field_from_camera: Transform,
    /// Root mean square distance, in pixels, between the corners of the tags that count and where this pose puts them.
    pub error_px: f64,
    /// Every known tag in the picture, smallest id first.
    pub tags: Vec<TagError>,
}

/// How well one tag agrees with the camera's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TagError {
    /// Its id.
    pub id: u32,
    /// Root mean square distance of its four corners in pixels.
    pub error_px: f64,
    /// Whether it counts. A tag that contradicts the others (moved, or misread) does not; it takes three to tell.
    pub counts: bool,
}

/// Why the tags give no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocateError {
    /// None of the tags in the picture is in the layout.
    #[error("place on the field: none of the {seen} tags in the picture is in the field layout")]
    NoKnownTag { seen: usize },
    /// Known tags, but no place explains them.
    #[error("place on the field: no place of the camera explains the corners of the {known} known tags")]
    NoPose { known: usize },
}

impl FieldPose {
    /// The ids of the tags that count.
    pub fn counted_ids(&self) -> Vec<u32> {
        self.tags.iter().filter(|tag| tag.counts).map(|tag| tag.id).collect()
    }

    /// Where the robot is: a point of its frame (x ahead, y left, z up) becomes one of the field.
    pub fn field_from_robot(&self, robot_from_camera: &Transform) -> Transform {
        self.field_from_camera * robot_from_camera.inverse()
    }
}

/// A tag whose disagreement is below this never stops counting, however well the others agree.
const ALWAYS_COUNTS_PX: f64 = 3.0;
/// How often the tags that count are chosen anew.
const ROUNDS: u32 = 4;
/// Most pairs of tags that are asked when not all agree.
const MOST_PAIRS: usize = 66;
/// The error of a tag that a pose puts behind the camera: more than any picture has.
const BEHIND_PX: f64 = 1e6;

/// Estimates where the camera is from all known tags of one picture.
///
/// - `side_m`: the side of a tag by its id, in metres; `None` where it is not known.
///
/// Tags that are not in the layout or have no side are passed over, and so is an id that is in the picture twice.
///
/// # Errors
/// [`LocateError`] when no known tag is in the picture, or none gives a pose.
///
/// # Source
/// SQPnP over all corners (Terzakis and Lourakis, ECCV 2020), then Levenberg-Marquardt. Where not all tags agree, the same over each tag
/// and each pair, the best by an error that stops growing where a tag is plainly wrong, refined over the tags that agree.
pub fn locate_camera(
    detections: &[TagDetection],
    layout: &FieldLayout,
    side_m: impl Fn(u32) -> Option<f64>,
    camera: &CameraModel,
) -> Result<FieldPose, LocateError> {
    let tags = known_tags(detections, layout, side_m, camera);
    if tags.is_empty() {
        return Err(LocateError::NoKnownTag { seen: detections.len() });
    }
    locate(&tags, camera).ok_or(LocateError::NoPose { known: tags.len() })
}

/// Returns where the camera is, with the error of each tag in the order of `tags`; `None` when no place explains the corners.
pub(super) fn locate(tags: &[KnownTag], camera: &CameraModel) -> Option<FieldPose> {
    let camera_from_field = search(tags, camera)?;
    let errors = tag_errors(&camera_from_field, tags, camera);
    let counts = which_count(&errors);
    let squares: Vec<f64> = errors
        .iter()
        .zip(&counts)
        .filter(|(_, counts)| **counts)
        .map(|(e, _)| e * e)
        .collect();
    let tags = tags.iter().zip(errors.iter().zip(counts));
    Some(FieldPose {
        field_from_camera: camera_from_field.inverse(),
        error_px: (squares.iter().sum::<f64>() / squares.len() as f64).sqrt(),
        tags: tags
            .map(|(tag, (&error_px, counts))| TagError {
                id: tag.id,
                error_px,
                counts,
            })
            .collect(),
    })
}

/// A tag of the layout, seen once.
pub(super) struct KnownTag {
    pub(super) id: u32,
    pub(super) sightings: [Sighting; 4],
    directions: [[f64; 2]; 4],
    /// Where it is, by its own corners.
    pub(super) alone: TagPoses,
    /// What this tag alone says: one or two poses, better first.
    pub(super) camera_from_field: Vec<Transform>,
}

/// The tags of a picture that are in the layout, smallest id first.
pub(super) fn known_tags(
    detections: &[TagDetection],
    layout: &FieldLayout,
    side_m: impl Fn(u32) -> Option<f64>,
    camera: &CameraModel,
) -> Vec<KnownTag> {
    let seen_once = |id: u32| detections.iter().filter(|tag| tag.id == id).count() == 1;
    let known = |tag: &TagDetection| {
        let field_from_tag = layout.field_from_tag(tag.id).filter(|_| seen_once(tag.id))?;
        let side_m = side_m(tag.id)?;
        let alone = tag_pose(&tag.corners_px, side_m, camera).ok()?;
        let mut directions = [[0.0; 2]; 4];
        for (direction, &corner) in directions.iter_mut().zip(&tag.corners_px) {
            *direction = camera.direction(corner)?;
        }
        let corners = tag_corners_m(side_m);
        Some(KnownTag {
            id: tag.id,
            sightings: std::array::from_fn(|i| Sighting {
                point_m: field_from_tag.apply(corners[i]),
                pixel: tag.corners_px[i],
                weight: 1.0,
            }),
            directions,
            alone,
            camera_from_field: std::iter::once(alone.best)
                .chain(alone.alternative)
                .map(|pose| pose.camera_from_tag * field_from_tag.inverse())
                .collect(),
        })
    };
    let mut tags: Vec<KnownTag> = detections.iter().filter_map(known).collect();
    tags.sort_by_key(|tag| tag.id);
    tags
}

/// Returns `camera_from_field`, refined over the tags that agree.
fn search(tags: &[KnownTag], camera: &CameraModel) -> Option<Transform> {
    let everything: Vec<&KnownTag> = tags.iter().collect();
    let of_all = if tags.len() > 1 { pose_of(&everything) } else { None };
    if let Some(pose) = of_all.and_then(|start| refined_over_agreeing(start, tags, camera)) {
        let errors = tag_errors(&pose, tags, camera);
        if errors.iter().all(|error| *error <= ALWAYS_COUNTS_PX) {
            return Some(pose);
        }
    }
    // Somebody is wrong, or there is only one tag: ask each alone, and each two together.
    let alone = tags.iter().flat_map(|tag| tag.camera_from_field.iter().copied());
    let mut starts: Vec<(f64, Transform)> = of_all
        .into_iter()
        .chain(alone)
        .chain(pairs(tags).filter_map(|pair| pose_of(&pair)))
        .map(|pose| (disagreement(&pose, tags, camera), pose))
        .collect();
    starts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let refined = starts.into_iter().take(3).filter_map(|(_, start)| {
        let pose = refined_over_agreeing(start, tags, camera)?;
        Some((disagreement(&pose, tags, camera), pose))
    });
    refined.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, pose)| pose)
}

/// Two tags each, neighbours first; none of two tags, who cannot outvote each other.
fn pairs(tags: &[KnownTag]) -> impl Iterator<Item = [&KnownTag; 2]> {
    let distances = if tags.len() < 3 { 1..1 } else { 1..tags.len() };
    distances
        .flat_map(move |apart| (apart..tags.len()).map(move |i| [&tags[i - apart], &tags[i]]))
        .take(MOST_PAIRS)
}

fn pose_of(tags: &[&KnownTag]) -> Option<Transform> {
    let points: Vec<[f64; 3]> = tags.iter().flat_map(|tag| tag.sightings.map(|s| s.point_m)).collect();
    let directions: Vec<[f64; 2]> = tags.iter().flat_map(|tag| tag.directions).collect();
    sqpnp(&points, &directions)
}

fn refined_over_agreeing(start: Transform, tags: &[KnownTag], camera: &CameraModel) -> Option<Transform> {
    let mut pose = start;
    let mut counted_before = Vec::new();
    for _ in 0..ROUNDS {
        let counts = which_count(&tag_errors(&pose, tags, camera));
        if counts == counted_before {
            break;
        }
        let agreeing = tags.iter().zip(&counts).filter(|(_, counts)| **counts);
        let sightings: Vec<Sighting> = agreeing.flat_map(|(tag, _)| tag.sightings).collect();
        pose = refine(pose, &sightings, camera)?;
        counted_before = counts;
    }
    Some(pose)
}

/// How badly the tags agree with a pose: for one or two the sum of squared errors; for more a sum that hardly grows any further where
/// a tag is plainly wrong, so that a wrong one cannot rule.
fn disagreement(pose: &Transform, tags: &[KnownTag], camera: &CameraModel) -> f64 {
    let squares = tag_errors(pose, tags, camera).into_iter().map(|error| error * error);
    if tags.len() < 3 {
        squares.sum()
    } else {
        squares.map(f64::ln_1p).sum()
    }
}

/// Root mean square error of each tag in pixels.
pub(super) fn tag_errors(pose: &Transform, tags: &[KnownTag], camera: &CameraModel) -> Vec<f64> {
    let error =
        |tag: &KnownTag| squared_error_px2(pose, &tag.sightings, camera).map_or(BEHIND_PX, |sum| (sum / 4.0).sqrt());
    tags.iter().map(error).collect()
}

/// Which tags count: all of one or two; of more, those not far worse than the middle one.
pub(super) fn which_count(errors: &[f64]) -> Vec<bool> {
    if errors.len() < 3 {
        return vec![true; errors.len()];
    }
    let mut sorted = errors.to_vec();
    sorted.sort_by(f64::total_cmp);
    let limit = ALWAYS_COUNTS_PX.max(3.0 * sorted[(sorted.len() - 1) / 2]);
    errors.iter().map(|error| *error <= limit).collect()
}
