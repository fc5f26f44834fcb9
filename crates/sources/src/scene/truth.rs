//! What a picture really shows: each whole tag with its exact corners and pose, and where the camera is.

use bushbaby_vision::apriltag::Family;
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::pose::{TagPose, Transform};
use bushbaby_vision::results::{
    DETECTIONS_VERSION, DetectionItem, Detections, DetectionsKind, FieldItem, PoseItem, TransformItem,
};

use super::face::Face;
use super::geometry::{Rigid, Vec3, add, cross, dot, scale, unit};
use super::world::{PlacedTag, Room};

/// What is nearer than this, in metres, is not projected.
const NEAR_M: f64 = 0.02;

/// A tag in a scene.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub id: u32,
    pub family: Family,
    /// Exactly the square whose corners a detector reports, in the scene.
    pub square: Face,
}

/// Returns the truth about one picture of the room, in the form of detections; `field` says where the camera is in the scene.
pub(super) fn truth(name: &str, room: &Room, camera_from_scene: &Rigid, camera: &CameraModel) -> Detections {
    let tags = room.tags.iter().map(|tag| Tag {
        id: tag.id,
        family: room.family,
        square: tag.square,
    });
    detections(name, tags, camera_from_scene, camera, |tag, whole| {
        let placed = room.tags.iter().find(|placed| placed.id == tag.id);
        placed.is_some_and(|placed| is_hidden(whole, placed, room, camera_from_scene))
    })
}

/// Returns the truth about `tags` in one picture: those that are in it as a whole and seen from their front. `is_hidden` says
/// whether anything is before a tag, whose square with the white ring it gets in the camera's frame.
pub(super) fn detections(
    name: &str,
    tags: impl Iterator<Item = Tag>,
    camera_from_scene: &Rigid,
    camera: &CameraModel,
    is_hidden: impl Fn(&Tag, &Face) -> bool,
) -> Detections {
    let mut items: Vec<DetectionItem> = tags
        .filter(|tag| {
            let whole = with_ring(&tag.square, tag.family).seen_from(camera_from_scene);
            is_seen(&whole, camera) && !is_hidden(tag, &whole)
        })
        .filter_map(|tag| item(&tag, camera_from_scene, camera))
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
        calibration: Some(*camera),
        field,
    }
}

fn item(tag: &Tag, camera_from_scene: &Rigid, camera: &CameraModel) -> Option<DetectionItem> {
    let camera_from_tag = camera_from_scene.after(&scene_from_tag(&tag.square));
    let corners = corners(&tag.square).map(|corner| camera.project(camera_from_scene.apply(corner)));
    let [Some(a), Some(b), Some(c), Some(d)] = corners else {
        return None;
    };
    let corners = [a, b, c, d];
    let pose = TagPose {
        camera_from_tag: transform(&camera_from_tag)?,
        error_px: 0.0,
    };
    Some(DetectionItem {
        id: tag.id,
        family: tag.family,
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

/// The tag with the white ring around it, one cell wide, without which no detector finds it.
fn with_ring(square: &Face, family: Family) -> Face {
    let (_, cells, _) = family.reported_square();
    let cell = 1.0 / cells as f64;
    let [right, down] = [square.right, square.down].map(|side| scale(side, 1.0 + 2.0 * cell));
    Face {
        origin: square.point([-cell, -cell]),
        right,
        down,
    }
}

/// Whether a face, given in the camera's frame, shows its front and lies in the picture as a whole.
fn is_seen(face: &Face, camera: &CameraModel) -> bool {
    let (width, height) = (f64::from(camera.width_px), f64::from(camera.height_px));
    let in_picture = |corner: Vec3| {
        corner[2] > NEAR_M
            && camera
                .project(corner)
                .is_some_and(|[x, y]| (0.0..=width).contains(&x) && (0.0..=height).contains(&y))
    };
    dot(face.origin, face.inward()) > 0.0 && face.corners().into_iter().all(in_picture)
}

/// Whether anything that is painted after a tag, and so before it in the room, covers a part of `whole`.
fn is_hidden(whole: &Face, tag: &PlacedTag, room: &Room, camera_from_scene: &Rigid) -> bool {
    room.faces[tag.face + 1..]
        .iter()
        .map(|placed| placed.face.seen_from(camera_from_scene))
        .filter(|face| dot(face.origin, face.inward()) > 0.0)
        .any(|face| overlap(whole, &face))
}

/// Whether two faces that show the camera their fronts lie over each other in its picture.
fn overlap(one: &Face, other: &Face) -> bool {
    let [one, other] = [one, other].map(Face::corners);
    if other.iter().all(|corner| corner[2] < NEAR_M) {
        return false;
    }
    // Convex shapes are apart exactly if an edge of one has all of the other on its outer side. The plane through the camera
    // and an edge tells the sides without projecting anything.
    let parted = |edges: &[Vec3; 4], others: &[Vec3; 4]| {
        (0..4).any(|i| {
            let side = cross(edges[i], edges[(i + 1) % 4]);
            others.iter().all(|corner| dot(side, *corner) <= 0.0)
        })
    };
    !parted(&one, &other) && !parted(&other, &one)
}

/// The family whose tags hang in the room.
pub(super) const FAMILY: Family = Family::Tag36h11;
