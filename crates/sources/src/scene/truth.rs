//! What a picture really shows: each whole tag with its exact corners and pose, and where the camera is.

use bushbaby_vision::apriltag::Family;
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::pose::{TagPose, Transform};
use bushbaby_vision::results::{
    DETECTIONS_VERSION, DetectionItem, Detections, DetectionsKind, FieldItem, PoseItem, TransformItem,
};

use super::face::Face;
use super::geometry::{Rigid, Vec3, add, cross, dot, scale, sub, unit};
use super::world::{PlacedTag, Room};

/// A point counts as hidden when something is nearer to the camera by more than this share of the way: a tag's own paper is not.
const NEARER: f64 = 1e-3;

/// Returns the truth about one picture, in the form of detections; `field` says where the camera is in the scene.
pub(super) fn truth(name: &str, room: &Room, camera_from_scene: &Rigid, camera: &CameraModel) -> Detections {
    let mut items: Vec<DetectionItem> = room
        .tags
        .iter()
        .filter_map(|tag| item(tag, room, camera_from_scene, camera))
        .collect();
    items.sort_by_key(|item| item.id);
    let field = transform(&camera_from_scene.inverse()).map(|scene_from_camera| FieldItem {
        camera: TransformItem::from(&scene_from_camera),
        robot: None,
        tags: items.iter().map(|item| item.id).collect(),
        error: 0.0,
    });
    Detections {
        kind: DetectionsKind::Detections,
        version: DETECTIONS_VERSION,
        camera: name.to_owned(),
        items,
        field,
    }
}

fn item(tag: &PlacedTag, room: &Room, camera_from_scene: &Rigid, camera: &CameraModel) -> Option<DetectionItem> {
    let camera_from_tag = camera_from_scene.after(&scene_from_tag(&tag.square));
    let faces_camera = dot(camera_from_tag.turn([0.0, 0.0, 1.0]), camera_from_tag.translation) > 0.0;
    if !faces_camera || is_hidden(tag, room, &camera_from_scene.inverse().translation) {
        return None;
    }
    let corners = corners(&tag.square).map(|corner| camera.project(camera_from_scene.apply(corner)));
    let [Some(a), Some(b), Some(c), Some(d)] = corners else {
        return None;
    };
    let corners = [a, b, c, d];
    let (width, height) = (f64::from(camera.width_px), f64::from(camera.height_px));
    if !corners
        .iter()
        .all(|[x, y]| (0.0..=width).contains(x) && (0.0..=height).contains(y))
    {
        return None;
    }
    let pose = TagPose {
        camera_from_tag: transform(&camera_from_tag)?,
        error_px: 0.0,
    };
    Some(DetectionItem {
        id: tag.id,
        family: room.family,
        corners,
        hamming: 0,
        margin: 255.0,
        pose: Some(PoseItem::from(&pose)),
        pose_alt: None,
        ambiguity: Some(0.0),
        calibrated: true,
    })
}

/// Left-bottom, right-bottom, right-top, left-top, as a detector gives them.
fn corners(square: &Face) -> [Vec3; 4] {
    let Face { origin, right, down } = *square;
    let left_bottom = add(origin, down);
    [left_bottom, add(left_bottom, right), add(origin, right), origin]
}

/// The tag's frame: its middle, x right, y down, z into it.
fn scene_from_tag(square: &Face) -> Rigid {
    let (x, y) = (unit(square.right), unit(square.down));
    let z = cross(x, y);
    let middle = add(square.origin, scale(add(square.right, square.down), 0.5));
    Rigid {
        rotation: [[x[0], y[0], z[0]], [x[1], y[1], z[1]], [x[2], y[2], z[2]]],
        translation: middle,
    }
}

fn transform(rigid: &Rigid) -> Option<Transform> {
    Transform::new(rigid.rotation, rigid.translation).ok()
}

/// Whether anything of the room stands between the camera and a corner, an edge's middle, or the middle of the tag.
fn is_hidden(tag: &PlacedTag, room: &Room, eye: &Vec3) -> bool {
    let others = || {
        room.faces
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != tag.face)
            .map(|(_, placed)| &placed.face)
    };
    let steps = [0.0, 0.25, 0.5, 0.75, 1.0];
    steps.iter().any(|s| {
        steps.iter().any(|t| {
            let point = add(
                tag.square.origin,
                add(scale(tag.square.right, *s), scale(tag.square.down, *t)),
            );
            others().any(|face| is_between(face, eye, &point))
        })
    })
}

/// Whether the way from `eye` to `point` passes through a face.
fn is_between(face: &Face, eye: &Vec3, point: &Vec3) -> bool {
    let (way, normal) = (sub(*point, *eye), cross(face.right, face.down));
    let slope = dot(way, normal);
    if slope.abs() < 1e-12 {
        return false;
    }
    let share = dot(sub(face.origin, *eye), normal) / slope;
    if !(NEARER..1.0 - NEARER).contains(&share) {
        return false;
    }
    let at = sub(add(*eye, scale(way, share)), face.origin);
    let along = |side: Vec3| dot(at, side) / dot(side, side);
    (0.0..=1.0).contains(&along(face.right)) && (0.0..=1.0).contains(&along(face.down))
}

/// The family whose tags hang in the room.
pub(super) const FAMILY: Family = Family::Tag36h11;
