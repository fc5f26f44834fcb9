//! Which tags on the table are seen as a whole, and where they are.

use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::results::Detections;

use super::super::face::Face;
use super::super::geometry::Vec3;
use super::super::truth::{Tag, detections};
use super::seen::Seen;
use super::solid::Solid;
use super::things::Still;
use super::view::View;

/// Returns the truth about one picture, in the form of detections; `field` says where the camera is in the scene.
pub(super) fn truth(name: &str, still: &Still, moving: &[Solid], view: &View, camera: &CameraModel) -> Detections {
    let solids = still.solids.iter().chain(moving).enumerate();
    let seen: Vec<Seen<'_>> = solids
        .map(|(index, solid)| Seen::new(index, solid, &[], &[], view))
        .collect();
    let tags = still.decals.iter().map(|(on, decal)| Tag {
        id: decal.id,
        family: still.family,
        square: decal.square.seen_from(&still.solids[*on].scene_from_solid),
    });
    detections(name, tags, &view.camera_from_scene, camera, |tag, whole| {
        let on = still
            .decals
            .iter()
            .find(|(_, decal)| decal.id == tag.id)
            .map(|(on, _)| *on);
        is_hidden(whole, on, &seen)
    })
}

/// Whether anything but the solid that it lies on is before a part of `whole`, given in the camera's frame.
fn is_hidden(whole: &Face, on: Option<usize>, seen: &[Seen<'_>]) -> bool {
    /// Places looked at along each side.
    const FINE: usize = 33;
    let share = |i: usize| i as f64 / (FINE - 1) as f64;
    let mut places = (0..FINE * FINE).map(|i| whole.point([share(i % FINE), share(i / FINE)]));
    places.any(|[x, y, z]: Vec3| {
        let ray = [x / z, y / z, 1.0];
        seen.iter()
            .filter(|seen| Some(seen.index) != on)
            .any(|seen| seen.depth(ray).is_some_and(|depth| depth < z))
    })
}
