//! `scene`: a made camera or microphone, with the truth about each picture or sound.

use std::path::Path;

use bushbaby_bus::{CaptureClock, CaptureTime};
use bushbaby_node::image::{self, ImageMeta};
use bushbaby_node::{Carries, Kind, NodeContext, NodeError, OutputSpec, Outputs, Source, Step, Stop};
use bushbaby_pixels::{ColorSpace, PixelFormat};
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::results::Detections;
use serde::Serialize;

use super::captures::{self, Captures};
use super::field2019::Field;
use super::nursery::{self, Nursery};
use super::pace::Pace;
use super::render::Renderer;
use super::settings::{SceneSettings, Shows};
use super::webcam::Webcam;

/// The kind.
pub const KIND: Kind = Kind::source::<Scene>(
    "scene",
    "A made camera or microphone: a room with AprilTags, a table-top with its depth, the field of 2019, a driver's view, or a nursery to be heard; with the truth about each.",
);

/// What is sent when somebody asks for it: what a picture really shows.
pub(super) const TRUTH: OutputSpec = OutputSpec {
    name: "truth",
    carries: Carries::Truth,
    owes_frames: false,
};

/// The source.
#[derive(Debug)]
pub struct Scene {
    made: Made,
    pace: Pace,
    stop: Stop,
}

#[derive(Debug)]
enum Made {
    Tags(Box<Pictures<Renderer>>),
    Rgbd(Box<Captures>),
    Field2019(Box<Pictures<Field>>),
    Webcam(Box<Pictures<Webcam>>),
    Nursery(Box<Nursery>),
}

impl Source for Scene {
    type Settings = SceneSettings;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "image",
            carries: Carries::Image,
            owes_frames: true,
        },
        TRUTH,
    ];

    fn outputs(settings: &SceneSettings, _: &Path) -> Vec<OutputSpec> {
        match settings.scene {
            Shows::Tags | Shows::Field2019 => Self::OUTPUTS.to_vec(),
            Shows::Webcam => Self::OUTPUTS[..1].to_vec(),
            Shows::Rgbd => captures::OUTPUTS.to_vec(),
            Shows::Nursery => nursery::OUTPUTS.to_vec(),
        }
    }

    fn open(settings: SceneSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let made = match settings.scene {
            Shows::Tags => Made::Tags(Box::new(room(&settings, context)?)),
            Shows::Field2019 => Made::Field2019(Box::new(field(&settings, context)?)),
            Shows::Webcam => Made::Webcam(Box::new(webcam(&settings, context)?)),
            Shows::Rgbd => Made::Rgbd(Box::new(Captures::open(&settings, context)?)),
            Shows::Nursery => Made::Nursery(Box::new(Nursery::open(&settings, context))),
        };
        Ok(Self {
            made,
            pace: Pace::new(settings.fps),
            stop: context.stop.clone(),
        })
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        if let Made::Nursery(nursery) = &mut self.made {
            return nursery.step(&self.stop, out);
        }
        let Some(picture) = self.pace.wait_for_next(&self.stop) else {
            return Ok(Step::Idle);
        };
        match &mut self.made {
            Made::Tags(pictures) => pictures.send(picture, out)?,
            Made::Field2019(pictures) => pictures.send(picture, out)?,
            Made::Webcam(pictures) => pictures.send(picture, out)?,
            Made::Rgbd(captures) => captures.send(picture, out)?,
            Made::Nursery(_) => {}
        }
        Ok(Step::Sent)
    }
}

/// What draws the pictures of a made camera.
pub(super) trait Camera {
    /// What a picture really shows.
    type Truth: Serialize;
    /// Whether there is anything to be known of it.
    const HAS_TRUTH: bool;

    /// Draws one picture into the planes of an I420 picture without padding.
    fn draw(&mut self, picture: u64, planes: [&mut [u8]; 3]);

    /// What that picture shows; `name` is the camera's.
    fn truth(&self, picture: u64, name: &str) -> Self::Truth;
}

impl Camera for Renderer {
    type Truth = Detections;
    const HAS_TRUTH: bool = true;

    fn draw(&mut self, picture: u64, [y, u, v]: [&mut [u8]; 3]) {
        self.draw(picture, y, u, v);
    }

    fn truth(&self, picture: u64, name: &str) -> Detections {
        self.truth(picture, name)
    }
}

fn room(settings: &SceneSettings, context: &NodeContext) -> Result<Pictures<Renderer>, NodeError> {
    let plan = settings.plan();
    let camera = plan.camera().map_err(cannot)?;
    let renderer = Renderer::new(plan).map_err(cannot)?;
    Ok(Pictures::new(renderer, Some(&camera), settings, context))
}

fn field(settings: &SceneSettings, context: &NodeContext) -> Result<Pictures<Field>, NodeError> {
    let plan = settings.field_plan();
    let camera = plan.camera().map_err(cannot)?;
    Ok(Pictures::new(
        Field::new(plan).map_err(cannot)?,
        Some(&camera),
        settings,
        context,
    ))
}

/// Nobody measured this camera, as is usual with a driver's.
fn webcam(settings: &SceneSettings, context: &NodeContext) -> Result<Pictures<Webcam>, NodeError> {
    let size_px = [settings.size.width, settings.size.height];
    let webcam = Webcam::new(size_px, settings.fps, settings.seed).map_err(cannot)?;
    Ok(Pictures::new(webcam, None, settings, context))
}

fn cannot(error: impl std::fmt::Display) -> NodeError {
    NodeError::new(error.to_string()).for_good()
}

/// The pictures of a made camera.
#[derive(Debug)]
struct Pictures<C> {
    camera: C,
    meta: ImageMeta,
    size_px: [u32; 2],
}

impl<C: Camera> Pictures<C> {
    fn new(camera: C, model: Option<&CameraModel>, settings: &SceneSettings, context: &NodeContext) -> Self {
        Self {
            camera,
            meta: ImageMeta::new(context.name(), model),
            size_px: [settings.size.width, settings.size.height],
        }
    }

    fn send(&mut self, picture: u64, out: &mut Outputs) -> Result<(), NodeError> {
        let Self { camera, meta, .. } = self;
        let mut captured = None;
        image::send_once_filled(
            out,
            "image",
            PixelFormat::I420,
            self.size_px,
            ColorSpace::JPEG,
            meta,
            |mut planes| {
                if let [y, u, v] = planes.as_mut_slice() {
                    camera.draw(picture, [y, u, v]);
                }
                // A camera's picture is there once it is complete; drawing stands for the exposure.
                let now = CaptureTime::now(CaptureClock::Rendered);
                captured = Some(now);
                Ok(now)
            },
        )?;
        if C::HAS_TRUTH
            && let Some(captured) = captured
            && out.is_wanted(TRUTH.name)?
        {
            let origin = out.last_sent("image");
            let truth = camera.truth(picture, out.node());
            out.send_result(TRUTH.name, &truth, captured, origin.as_ref())?;
        }
        Ok(())
    }
}
