//! `apriltag`: the tags in each picture, with their poses.
//!
//! In: pictures in any format; only their grey plane is looked at. Out: one [`Detections`] for every picture, also for one without
//! tags, with that picture's capture time and origin.

use std::collections::BTreeSet;

use bushbaby_bus::Frame;
use bushbaby_node::{Carries, InputNeed, Kind, NodeContext, NodeError, OutputSpec, Outputs, Stage, image};
use bushbaby_pixels::luma;
use bushbaby_vision::apriltag::{CDetector, GrayView, TagDetector};
use bushbaby_vision::field::FieldLayout;
use bushbaby_vision::pose::Transform;
use bushbaby_vision::results::{Detections, Known, TagSizes, detections};

use crate::Crop;
use crate::cameras::Cameras;

mod settings;

pub use settings::Settings;

/// The kind.
pub const KIND: Kind = Kind::stage::<AprilTag>("apriltag", "Finds AprilTags in pictures and says where they are.");

/// The stage.
#[derive(Debug)]
pub struct AprilTag {
    detector: CDetector,
    /// Empty: all.
    ids: BTreeSet<u32>,
    crop: Crop,
    cameras: Cameras,
    tag_sizes: TagSizes,
    layout: Option<FieldLayout>,
    robot_from_camera: Option<Transform>,
}

impl Stage for AprilTag {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::Images;
    const OUTPUTS: &'static [OutputSpec] = &[OutputSpec {
        name: "detections",
        carries: Carries::Detections,
        owes_frames: false,
    }];

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let base_dir = &context.spec.base_dir;
        let sizes = settings.tag_sizes.iter().map(|(id, side)| (*id, side.metres)).collect();
        let layout = settings.field_layout(base_dir)?;
        let robot_from_camera = settings.on_robot.map(|mount| mount.robot_from_camera());
        let tag_sizes = TagSizes {
            default_m: settings.tag_size.map(|side| side.metres),
            by_id: sizes,
        };
        let detector = CDetector::new(&settings.detector_settings()?);
        Ok(Self {
            detector: detector.map_err(|error| NodeError::new(error.to_string()))?,
            ids: settings.ids,
            crop: settings.crop,
            cameras: Cameras::new(base_dir, settings.calibration.as_deref(), settings.field_of_view),
            tag_sizes,
            layout,
            robot_from_camera,
        })
    }

    fn process(&mut self, frame: Frame, out: &mut Outputs) -> Result<(), NodeError> {
        let found = match self.look_at(&frame) {
            Ok(found) => found,
            // One damaged picture is no reason to end: the next may be whole.
            Err(LookError::Picture(message)) => {
                out.warn(&message);
                return Ok(());
            }
            Err(LookError::Detector(error)) => return Err(error),
        };
        out.send_result("detections", &found, frame.captured(), Some(frame.origin()))
    }
}

/// Why a picture gave no result.
enum LookError {
    /// This picture cannot be read.
    Picture(String),
    /// The detector cannot work at all.
    Detector(NodeError),
}

impl AprilTag {
    fn look_at(&mut self, frame: &Frame) -> Result<Detections, LookError> {
        let picture = |error: &dyn std::fmt::Display| {
            LookError::Picture(format!("a picture of `{}` cannot be read: {error}", frame.stream()))
        };
        let view = image::view(frame).map_err(|error| picture(&error))?;
        let gray = luma(&view).map_err(|error| picture(&error))?;
        let camera = self.cameras.of(frame, gray.width, gray.height);
        let [x, y, width_px, height_px] = self.crop.pixels(gray.width, gray.height);
        let first = y as usize * gray.stride_bytes + x as usize;
        let gray = GrayView {
            bytes: gray.bytes.get(first..).unwrap_or_default(),
            width_px,
            height_px,
            stride_bytes: gray.stride_bytes,
        };
        let mut tags = self
            .detector
            .detect(gray)
            .map_err(|error| LookError::Detector(NodeError::new(error.to_string())))?;
        tags.retain(|tag| self.ids.is_empty() || self.ids.contains(&tag.id));
        for corner in tags.iter_mut().flat_map(|tag| &mut tag.corners_px) {
            *corner = [corner[0] + f64::from(x), corner[1] + f64::from(y)];
        }
        let known = Known {
            camera,
            tag_sizes: Some(&self.tag_sizes),
            layout: self.layout.as_ref(),
            robot_from_camera: self.robot_from_camera.as_ref(),
        };
        Ok(detections(frame.origin().stream.node(), &tags, known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use bushbaby_bus::{CaptureClock, CaptureTime, ReadOptions, StreamName};
    use bushbaby_node::Inputs;
    use bushbaby_node::control::InputSpec;
    use bushbaby_node::image::ImageMeta;
    use bushbaby_node::testing;
    use bushbaby_pixels::{ColorSpace, ImageView, PixelFormat, Plane};
    use bushbaby_vision::apriltag::{Family, TagBitmap};
    use bushbaby_vision::camera::CameraModel;

    const CELL_PX: usize = 12;
    const WIDTH: usize = 320;
    const HEIGHT: usize = 240;

    /// A grey picture of one tag whose black border has its outer corner at (100, 60).
    fn picture_of_tag(id: u32) -> Vec<u8> {
        let bitmap = TagBitmap::new(Family::Tag36h11, id).unwrap();
        let mut pixels = vec![255; WIDTH * HEIGHT];
        for y in 0..bitmap.side_cells() * CELL_PX {
            for x in 0..bitmap.side_cells() * CELL_PX {
                let is_white = bitmap.is_white(x / CELL_PX, y / CELL_PX);
                pixels[(60 - CELL_PX + y) * WIDTH + 100 - CELL_PX + x] = if is_white { 255 } else { 0 };
            }
        }
        pixels
    }

    fn settings(text: &str) -> Settings {
        serde_json::from_str(text).unwrap()
    }

    const CAMERA: OutputSpec = OutputSpec {
        name: "image",
        carries: Carries::Image,
        owes_frames: true,
    };

    /// Sends pictures through the stage on a real bus and returns its results.
    fn results(test: &str, settings: Settings, pictures: &[Vec<u8>], meta: &ImageMeta) -> Vec<Detections> {
        let instance = testing::instance(test);
        let stream = StreamName::new("front", "image").unwrap();
        let input = InputSpec {
            stream,
            queue: Some(8),
            every: None,
            max_fps: None,
            window: None,
        };
        let context = testing::context(&instance, "tags", "apriltag", vec![input]).unwrap();
        let mut stage = AprilTag::open(settings, &context).unwrap();
        let mut outputs = Outputs::open(&context, AprilTag::OUTPUTS).unwrap();
        let mut inputs = Inputs::open(&context).unwrap();
        let reader = context
            .bus
            .subscriber(
                &StreamName::new("tags", "detections").unwrap(),
                ReadOptions {
                    policy: bushbaby_bus::ReadPolicy::Queue(8),
                    ..ReadOptions::default()
                },
            )
            .unwrap();
        let camera = testing::context(&instance, "front", "scene", vec![]).unwrap();
        let mut camera_outputs = Outputs::open(&camera, const { &[CAMERA] }).unwrap();
        let mut found = Vec::new();
        for pixels in pictures {
            let plane = Plane {
                bytes: pixels,
                stride_bytes: WIDTH,
            };
            let view = ImageView::new(
                PixelFormat::Gray8,
                WIDTH as u32,
                HEIGHT as u32,
                ColorSpace::JPEG,
                &[plane],
            )
            .unwrap();
            let captured = CaptureTime::now(CaptureClock::Rendered);
            image::send(&mut camera_outputs, "image", &view, captured, None, meta).unwrap();
            let frame = inputs
                .recv(Duration::from_secs(10))
                .unwrap()
                .expect("the picture arrives");
            stage.process(frame, &mut outputs).unwrap();
            let result = reader
                .recv(Duration::from_secs(10))
                .unwrap()
                .expect("its result arrives");
            assert_eq!(result.origin().stream.as_str(), "front/image");
            assert_eq!(result.captured(), captured);
            found.push(serde_json::from_slice(result.body()).unwrap());
        }
        found
    }

    #[test]
    fn each_picture_gives_one_result_also_without_tags() {
        let blank = vec![200; WIDTH * HEIGHT];
        let pictures = [picture_of_tag(7), blank, picture_of_tag(20)];
        let found = results(
            "each",
            settings(r#"{"tag_size":"165mm"}"#),
            &pictures,
            &ImageMeta::new::<CameraModel>("front", None),
        );
        let ids: Vec<Vec<u32>> = found
            .iter()
            .map(|found| found.items.iter().map(|item| item.id).collect())
            .collect();
        assert_eq!(ids, [vec![7], vec![], vec![20]]);
        assert!(found.iter().all(|found| found.camera == "front"));
        let corner = found[0].items[0].corners[3];
        assert!(
            (corner[0] - 100.0).abs() < 0.2 && (corner[1] - 60.0).abs() < 0.2,
            "left-top of tag 7: {corner:?}"
        );
    }

    #[test]
    fn only_tags_that_are_wanted_in_the_part_that_is_looked_at_count() {
        let pictures = [picture_of_tag(7), picture_of_tag(20)];
        let ids = |test: &str, text: &str| {
            let found = results(
                test,
                settings(text),
                &pictures,
                &ImageMeta::new::<CameraModel>("front", None),
            );
            let ids: Vec<u32> = found
                .iter()
                .flat_map(|found| &found.items)
                .map(|item| item.id)
                .collect();
            (ids, found)
        };
        assert_eq!(ids("ids", r#"{"ids":[20,3]}"#).0, [20]);
        // The tag, with a white edge around it, is from 88 to 208 pixels across and from 48 to 168 down.
        let (all, found) = ids("crop", r#"{"crop":{"left":"20%","top":"15%","right":"75%"}}"#);
        assert_eq!(all, [7, 20]);
        let corner = found[0].items[0].corners[3];
        assert!(
            (corner[0] - 100.0).abs() < 0.2 && (corner[1] - 60.0).abs() < 0.2,
            "{corner:?}"
        );
        assert_eq!(ids("cropped", r#"{"crop":{"left":"50%"}}"#).0, [0; 0]);
    }

    #[test]
    fn a_part_that_is_none_is_a_mistake() {
        let wrong = settings(r#"{"crop":{"left":"60%","right":"40%"}}"#);
        let problems = bushbaby_node::Settings::check(&wrong, std::path::Path::new("."));
        assert_eq!(
            problems[0].message,
            "got `60%` to `40%`, wanted a part of the picture: from less to more, at most `100%`"
        );
    }

    #[test]
    fn a_guessed_camera_is_marked_and_a_cameras_own_model_is_not() {
        let pictures = [picture_of_tag(7)];
        let guessed = results(
            "guess",
            settings(r#"{"tag_size":"165mm"}"#),
            &pictures,
            &ImageMeta::new::<CameraModel>("front", None),
        );
        assert!(guessed[0].items[0].pose.is_some() && !guessed[0].items[0].calibrated);
        let model = CameraModel {
            guessed: false,
            ..CameraModel::from_fov(WIDTH as u32, HEIGHT as u32, 60.0).unwrap()
        };
        let measured = results(
            "model",
            settings(r#"{"tag_size":"165mm"}"#),
            &pictures,
            &ImageMeta::new("front", Some(&model)),
        );
        assert!(measured[0].items[0].calibrated);
    }

    #[test]
    fn without_a_tag_size_there_is_no_pose() {
        let found = results(
            "nosize",
            settings("{}"),
            &[picture_of_tag(7)],
            &ImageMeta::new::<CameraModel>("front", None),
        );
        assert!(found[0].items[0].pose.is_none());
    }
}
