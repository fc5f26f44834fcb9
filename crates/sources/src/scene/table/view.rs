//! One of the two eyes: where it is, and which pixel sees what.

use bushbaby_vision::camera::Intrinsics;

use super::super::geometry::{Rigid, Vec3};
use super::silhouette::Silhouette;

/// An eye that stands still: a pinhole without distortion.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub size: [usize; 2],
    lens: Intrinsics,
    pub camera_from_scene: Rigid,
    pub scene_from_camera: Rigid,
}

impl View {
    pub(super) fn new([width, height]: [u32; 2], lens: Intrinsics, camera_from_scene: Rigid) -> Self {
        Self {
            size: [width as usize, height as usize],
            lens,
            camera_from_scene,
            scene_from_camera: camera_from_scene.inverse(),
        }
    }

    /// The direction of a place in the picture, 1 along the axis; a pixel's centre is at half past its number.
    #[inline(always)]
    pub(super) fn ray(&self, u: f64, v: f64) -> Vec3 {
        let Intrinsics { fx, fy, cx, cy } = self.lens;
        [(u - cx) / fx, (v - cy) / fy, 1.0]
    }

    /// The pixels that a convex thing with these corners may touch.
    pub(super) fn silhouette<const N: usize>(&self, corners: [Vec3; N]) -> Silhouette {
        const NEAR_M: f64 = 0.05;
        let seen = corners.map(|corner| self.camera_from_scene.apply(corner));
        if !seen.iter().all(|corner| corner[2] > NEAR_M) {
            return Silhouette::new(None, self.size);
        }
        let Intrinsics { fx, fy, cx, cy } = self.lens;
        let mut pixels = seen.map(|[x, y, z]| [x / z * fx + cx, y / z * fy + cy]);
        Silhouette::new(Some(&mut pixels), self.size)
    }
}
