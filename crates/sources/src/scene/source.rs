//! `scene`: a made camera or microphone, with the truth about each picture or sound.

use std::path::Path;

use bushbaby_bus::{CaptureClock, CaptureTime};
use bushbaby_node::image::{self, ImageMeta};
use bushbaby_node::{Carries, Kind, NodeContext, NodeError, OutputSpec, Outputs, Source, Step, Stop};
use bushbaby_pixels::{ColorSpace, PixelFormat};

use super::captures::{self, Captures};
use super::nursery::{self, Nursery};
use super::pace::Pace;
use super::render::Renderer;
use super::settings::{SceneSettings, Shows};

/// The kind.
pub const KIND: Kind = Kind::source::<Scene>(
    "scene",
    "A made camera or microphone: a room with AprilTags, a table-top with its depth, or a nursery to be heard; with the truth about each.",
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
    Tags(Box<Pictures>),
    Rgbd(Box<Captures>),
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
            Shows::Tags => Self::OUTPUTS.to_vec(),
            Shows::Rgbd => captures::OUTPUTS.to_vec(),
            Shows::Nursery => nursery::OUTPUTS.to_vec(),
        }
    }

    fn open(settings: SceneSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let made = match settings.scene {
            Shows::Tags => Made::Tags(Box::new(Pictures::open(&settings, context)?)),
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
            Made::Rgbd(captures) => captures.send(picture, out)?,
            Made::Nursery(_) => {}
        }
        Ok(Step::Sent)
    }
}

/// The pictures of the room with tags.
#[derive(Debug)]
struct Pictures {
    renderer: Renderer,
    meta: ImageMeta,
    size_px: [u32; 2],
}

impl Pictures {
    fn open(settings: &SceneSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let plan = settings.plan();
        let size_px = plan.size_px;
        let camera = plan
            .camera()
            .map_err(|error| NodeError::new(error.to_string()).for_good())?;
        Ok(Self {
            renderer: Renderer::new(plan).map_err(|error| NodeError::new(error.to_string()).for_good())?,
            meta: ImageMeta::new(context.name(), Some(&camera)),
            size_px,
        })
    }

    fn send(&mut self, picture: u64, out: &mut Outputs) -> Result<(), NodeError> {
        let Self { renderer, meta, .. } = self;
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
                    renderer.draw(picture, y, u, v);
                }
                // A camera's picture is there once it is complete; drawing stands for the exposure.
                let now = CaptureTime::now(CaptureClock::Rendered);
                captured = Some(now);
                Ok(now)
            },
        )?;
        if let Some(captured) = captured
            && out.is_wanted(TRUTH.name)?
        {
            let origin = out.last_sent("image");
            let truth = renderer.truth(picture, out.node());
            out.send_result(TRUTH.name, &truth, captured, origin.as_ref())?;
        }
        Ok(())
    }
}
