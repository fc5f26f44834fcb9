//! Where a target is, from the corners of its parts.

use super::{model::TargetModel, shape::polygon_area};
use crate::{
    camera::CameraModel,
    field::sqpnp,
    pose::{Sighting, TagPose, TagPoses, Transform, refine, squared_error_px2},
};
use nalgebra::{Rotation3, Unit, Vector3};

/// A pose that puts the corners further away than this share of the target's size in the picture explains nothing.
const WORST_SHARE: f64 = 0.1;
/// The same for a ring: when one between its strips is hidden, those on either side of it are taken for neighbours.
const WORST_SHARE_OF_RING: f64 = 0.01;
/// The strips of a ring beyond so many are those at its sides: seen so steeply, or half behind it, they say less than they mislead.
const MOST_OF_RING: usize = 6;

/// Estimates where a target is.
///
/// - `parts`: the corners of each part in pixels, counter-clockwise as seen, parts in the model's order; of a ring those that are seen.
///
/// Returns `camera_from_target`, for a flat target also the other pose that explains the corners as well as a flat thing seen from
/// afar allows. `None` when parts and model do not match, or no pose explains the corners.
///
/// # Source
/// SQPnP (Terzakis and Lourakis, ECCV 2020), then Levenberg-Marquardt; the other pose of a flat target begins with its normal mirrored
/// at the line of sight, as in Schweighofer and Pinz, "Robust pose estimation from a planar target", PAMI 28(12), 2006.
pub fn target_pose(parts: &[Vec<[f64; 2]>], model: &TargetModel, camera: &CameraModel) -> Option<TagPoses> {
    let sides = match model.is_ring() {
        true => parts.len().saturating_sub(MOST_OF_RING).div_ceil(2),
        false => 0,
    };
    let parts = &parts[sides..parts.len() - sides];
    let shown = model.shown(parts.len())?;
    let pixels = in_order(parts, shown)?;
    let points_m: Vec<[f64; 3]> = shown.iter().flatten().copied().collect();
    let directions: Vec<[f64; 2]> = pixels
        .iter()
        .map(|pixel| camera.direction(*pixel))
        .collect::<Option<_>>()?;
    let sightings: Vec<Sighting> = points_m
        .iter()
        .zip(&pixels)
        .map(|(&point_m, &pixel)| Sighting {
            point_m,
            pixel,
            weight: 1.0,
        })
        .collect();
    let start = sqpnp(&points_m, &directions)?;
    let middle = points_m.iter().map(|p| Vector3::from(*p)).sum::<Vector3<f64>>() / points_m.len() as f64;
    let starts = [
        Some(start),
        is_flat(&points_m).then(|| mirrored(&start, &middle)).flatten(),
    ];
    let mut poses: Vec<TagPose> = starts
        .into_iter()
        .flatten()
        .filter_map(|start| refine(start, &sightings, camera))
        .filter_map(|camera_from_tag| {
            let squares = squared_error_px2(&camera_from_tag, &sightings, camera)?;
            let error_px = (squares / sightings.len() as f64).sqrt();
            Some(TagPose {
                camera_from_tag,
                error_px,
            })
        })
        .collect();
    poses.sort_by(|a, b| a.error_px.total_cmp(&b.error_px));
    let best = *poses.first()?;
    let [[left, right], [top, bottom]] = [0, 1].map(|axis| reach(&pixels, axis));
    let worst_share = if model.is_ring() {
        WORST_SHARE_OF_RING
    } else {
        WORST_SHARE
    };
    if best.error_px > worst_share * (right - left).hypot(bottom - top) {
        return None;
    }
    if model.is_ring() {
        let best = TagPose {
            camera_from_tag: facing(&best.camera_from_tag),
            ..best
        };
        return Some(TagPoses {
            best,
            alternative: None,
            ambiguity: 0.0,
        });
    }
    let is_other = |pose: &TagPose| {
        let between = best.camera_from_tag.inverse() * pose.camera_from_tag;
        between.rotation_angle_deg() > 0.01
    };
    let alternative = poses.get(1).copied().filter(is_other);
    let ambiguity = alternative.map_or(0.0, |other| match other.error_px < 1e-9 {
        true => 1.0,
        false => best.error_px / other.error_px,
    });
    Some(TagPoses {
        best,
        alternative,
        ambiguity,
    })
}

/// Puts the corners of each part into the model's order: of all ways round the one that looks most like the model seen upright.
fn in_order(parts: &[Vec<[f64; 2]>], model: &[Vec<[f64; 3]>]) -> Option<Vec<[f64; 2]>> {
    let matches = parts.len() == model.len() && parts.iter().zip(model).all(|(seen, known)| seen.len() == known.len());
    if !matches {
        return None;
    }
    let seen: Vec<[f64; 2]> = parts.iter().flatten().copied().collect();
    let known: Vec<[f64; 2]> = model.iter().flatten().map(|[x, y, _]| [*x, *y]).collect();
    let (seen_box, known_box) = (
        [0, 1].map(|axis| reach(&seen, axis)),
        [0, 1].map(|axis| reach(&known, axis)),
    );
    // One scale for both axes: the strips of a ring seen from below stand far apart in height, and lean.
    let within = |at: &[f64; 2], reach: &[[f64; 2]; 2]| {
        let size = reach.iter().map(|[low, high]| high - low).fold(1e-9, f64::max);
        [0, 1].map(|axis| (at[axis] - reach[axis][0]) / size)
    };
    let mut ordered = Vec::new();
    for (seen, known) in parts.iter().zip(model) {
        // Negative is counter-clockwise as seen.
        let mut seen = seen.clone();
        if polygon_area(&seen) > 0.0 {
            seen.reverse();
        }
        let n = seen.len();
        let apart = |shift: usize| -> f64 {
            let pairs = (0..n).map(|i| {
                let a = within(&seen[(i + shift) % n], &seen_box);
                let b = within(&[known[i][0], known[i][1]], &known_box);
                (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
            });
            pairs.sum()
        };
        let shift = (0..n).min_by(|a, b| apart(*a).total_cmp(&apart(*b)))?;
        ordered.extend((0..n).map(|i| seen[(i + shift) % n]));
    }
    Some(ordered)
}

fn reach(points: &[[f64; 2]], axis: usize) -> [f64; 2] {
    points
        .iter()
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], point| {
            [low.min(point[axis]), high.max(point[axis])]
        })
}

/// Whether all places lie in one plane that faces the front.
fn is_flat(points_m: &[[f64; 3]]) -> bool {
    let first = points_m.first().map_or(0.0, |point| point[2]);
    points_m.iter().all(|point| (point[2] - first).abs() < 1e-6)
}

/// The pose of a ring turned about its axis so that the camera is straight in front of it: which of its strips are seen, none can tell.
fn facing(pose: &Transform) -> Transform {
    let camera = pose.inverse().translation;
    let turn = Rotation3::from_axis_angle(&Vector3::y_axis(), (-camera.x).atan2(-camera.z));
    Transform {
        rotation: pose.rotation * turn.matrix(),
        translation: pose.translation,
    }
}

/// The pose whose normal is mirrored at the line of sight to the target's middle. `None` where the target is seen straight on.
fn mirrored(pose: &Transform, middle: &Vector3<f64>) -> Option<Transform> {
    let place = pose.rotation * middle + pose.translation;
    let sight = Unit::try_new(place, 1e-9)?;
    let normal: Vector3<f64> = pose.rotation.column(2).into_owned();
    let other = sight.into_inner() * (2.0 * sight.dot(&normal)) - normal;
    let turn = Rotation3::rotation_between(&normal, &other)?;
    let rotation = turn.matrix() * pose.rotation;
    Some(Transform {
        rotation,
        translation: place - rotation * middle,
    })
}
