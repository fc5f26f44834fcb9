//! Targets that stand out by colour or brightness: retroreflective tape in the light of a ring of LEDs, say.
//!
//! In: a picture in any format, and what its targets look like. Out: [`Target`]s, best first, and for each its direction and, where its
//! own shape is known, its pose.
//!
//! ```text
//! picture → pixels within limits → connected shapes and their outlines → filter → group → sort → corners → pose
//! ```

mod blobs;
mod corners;
mod filter;
mod group;
mod limits;
mod mask;
mod model;
mod outline;
mod pose;
mod rect;
mod shape;
mod sort;

pub use filter::Filter;
pub use group::{Grouping, Meeting};
pub use limits::{HsvLimits, Limits, LimitsError, hsv};
pub use mask::Mask;
pub use model::{ModelError, Preset, TargetModel};
pub use outline::Outline;
pub use pose::target_pose;
pub use rect::Rect;
pub use shape::Shape;
pub use sort::Sort;

use crate::camera::CameraModel;
use blobs::{Blob, BlobFinder};
use bushbaby_pixels::{ImageView, jpeg::JpegError};
use mask::{Masker, Window};
use shape::polygon_area;

/// What targets look like.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSettings {
    /// Which pixels count.
    pub limits: Limits,
    /// Which shapes count.
    pub filter: Filter,
    /// How many shapes make a target.
    pub grouping: Grouping,
    /// Which target is the best.
    pub sort: Sort,
    /// Targets beyond this many are left out.
    pub most: usize,
    /// How many corners each part of a target has. Absent: as many as stand out.
    pub corner_count: Option<usize>,
}

/// One target in a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// What it is made of, from left to right.
    pub shapes: Vec<Shape>,
    /// The corners of each shape's convex hull, in the order of `shapes`, counter-clockwise as seen.
    pub parts: Vec<Vec<[f64; 2]>>,
    /// The corners of the convex hull around all of it, counter-clockwise as seen.
    pub polygon: Vec<[f64; 2]>,
    /// The smallest rectangle around it.
    pub rect: Rect,
    /// Its share of the picture, percent: of several shapes, what the hull around them encloses.
    pub area: f64,
}

/// The place of a target that is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aim {
    /// The middle of the smallest rectangle around it.
    #[default]
    Middle,
    /// The middle of that rectangle's upper side.
    Top,
    /// Of its lower side.
    Bottom,
    /// Of its left side.
    Left,
    /// Of its right side.
    Right,
}

/// Finds targets; kept between pictures for its memory.
#[derive(Debug)]
pub struct TargetDetector {
    settings: TargetSettings,
    masker: Masker,
    mask: Mask,
    blobs: BlobFinder,
}

/// Shapes that are measured in one picture, the largest: a picture of ten thousand specks takes no longer than one of a hundred.
const MOST_SHAPES: usize = 100;

impl TargetDetector {
    /// A detector for targets that look like this.
    pub fn new(settings: TargetSettings) -> Self {
        Self {
            settings,
            masker: Masker::default(),
            mask: Mask::default(),
            blobs: BlobFinder::default(),
        }
    }

    /// Returns the targets in a picture, best first.
    ///
    /// # Errors
    /// [`JpegError`], only for a JPEG.
    pub fn detect(&mut self, view: &ImageView<'_>) -> Result<Vec<Target>, JpegError> {
        self.detect_in(view, [0, 0, view.width(), view.height()])
    }

    /// The same in a part of the picture: only there pixels count. Places and shares are those of the whole picture.
    ///
    /// - `part_px`: first column, first row, columns, rows; what of it is outside the picture is nothing.
    ///
    /// # Errors
    /// [`JpegError`], only for a JPEG.
    pub fn detect_in(&mut self, view: &ImageView<'_>, part_px: [u32; 4]) -> Result<Vec<Target>, JpegError> {
        let window = Window::of(part_px, view);
        self.masker.mask(view, &self.settings.limits, &window, &mut self.mask)?;
        let picture_px = [f64::from(view.width()), f64::from(view.height())];
        let all_px = picture_px[0] * picture_px[1];
        let shapes = self.shapes(all_px);
        let groups = group::grouped(shapes, self.settings.grouping);
        let mut targets: Vec<Target> = groups.into_iter().map(|shapes| Target::of(shapes, all_px)).collect();
        self.settings.sort.sort(&mut targets, picture_px);
        targets.truncate(self.settings.most);
        for target in &mut targets {
            target.find_corners(self.settings.corner_count);
        }
        Ok(targets)
    }

    /// The pixels of the last picture that were within the limits.
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    fn shapes(&mut self, picture_px: f64) -> Vec<Shape> {
        let Filter { area: [least, _], .. } = self.settings.filter;
        // A shape is never larger than the upright box around it.
        let box_px = |blob: &Blob| {
            let [left, top, right, bottom] = blob.bounds;
            f64::from(right - left) * f64::from(bottom - top)
        };
        let blobs = self.blobs.find(&self.mask).iter();
        let mut large: Vec<&Blob> = blobs
            .filter(|blob| 100.0 * box_px(blob) >= least * picture_px)
            .collect();
        if large.len() > MOST_SHAPES {
            large.select_nth_unstable_by(MOST_SHAPES, |a, b| box_px(b).total_cmp(&box_px(a)));
            large.truncate(MOST_SHAPES);
        }
        let shapes = large
            .iter()
            .map(|blob| Shape::of(Outline::follow(&self.mask, blob.first)));
        shapes
            .filter(|shape| self.settings.filter.passes(shape, picture_px))
            .collect()
    }
}

impl Target {
    fn of(shapes: Vec<Shape>, picture_px: f64) -> Self {
        let (polygon, rect, area_px) = match shapes.as_slice() {
            [one] => (one.hull.clone(), one.rect, one.area_px),
            several => {
                let hull = hull_of(several.iter().flat_map(|shape| &shape.hull).copied().collect());
                let rect = Rect::around(&hull);
                let area_px = polygon_area(&hull);
                (hull, rect, area_px)
            }
        };
        Self {
            parts: Vec::new(),
            polygon,
            rect,
            area: 100.0 * area_px / picture_px,
            shapes,
        }
    }

    fn find_corners(&mut self, count: Option<usize>) {
        self.parts = self.shapes.iter().map(|shape| corners::corners(shape, count)).collect();
        self.polygon = match self.parts.as_slice() {
            [one] => one.clone(),
            several => hull_of(several.iter().flatten().copied().collect()),
        };
        if self.shapes.len() > 1 {
            self.polygon.reverse();
        }
    }

    /// The place that is aimed at, in pixels.
    pub fn aim_px(&self, aim: Aim) -> [f64; 2] {
        let [left_bottom, right_bottom, right_top, left_top] = self.rect.corners();
        let between = |a: [f64; 2], b: [f64; 2]| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
        match aim {
            Aim::Middle => self.rect.middle,
            Aim::Top => between(left_top, right_top),
            Aim::Bottom => between(left_bottom, right_bottom),
            Aim::Left => between(left_bottom, left_top),
            Aim::Right => between(right_bottom, right_top),
        }
    }
}

/// Returns yaw and pitch of a pixel, degrees: how far right of the camera's axis, and how far above the plane through that axis and
/// the camera's x.
///
/// Where the lens model does not reach, its distortion is left out.
pub fn yaw_pitch_deg(pixel: [f64; 2], camera: &CameraModel) -> [f64; 2] {
    let intrinsics = &camera.intrinsics;
    let [x, y] = camera.direction(pixel).unwrap_or([
        (pixel[0] - intrinsics.cx) / intrinsics.fx,
        (pixel[1] - intrinsics.cy) / intrinsics.fy,
    ]);
    [x.atan().to_degrees(), (-y).atan2(x.hypot(1.0)).to_degrees()]
}

/// The convex hull of any places, clockwise as seen.
///
/// # Source
/// Andrew, "Another efficient algorithm for convex hulls in two dimensions", Information Processing Letters 9(5), 1979.
fn hull_of(mut places: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    places.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    places.dedup();
    if places.len() < 3 {
        return places;
    }
    let half = |places: &mut dyn Iterator<Item = &[f64; 2]>| {
        let mut side: Vec<[f64; 2]> = Vec::new();
        for &[x, y] in places {
            while let [.., [ax, ay], [bx, by]] = side[..] {
                if (bx - ax) * (y - by) - (by - ay) * (x - bx) > 0.0 {
                    break;
                }
                side.pop();
            }
            side.push([x, y]);
        }
        side.pop();
        side
    };
    let mut hull = half(&mut places.iter());
    hull.extend(half(&mut places.iter().rev()));
    hull
}

#[cfg(test)]
mod tests;
