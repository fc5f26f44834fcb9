//! `colored_target`: what stands out by colour or brightness in each picture, and where it is.
//!
//! In: pictures in any format. Out: one [`Targets`] for every picture, also for one without targets, with that picture's capture time
//! and origin; and, while somebody reads it, which of its pixels were within the limits: an array `mask` of uint8, (height, width), 255
//! where they were.

use bushbaby_bus::{ArrayLayout, DType, Frame, FrameLayout};
use bushbaby_node::{Carries, InputNeed, Kind, NodeContext, NodeError, OutputSpec, Outputs, Stage, image};
use bushbaby_vision::results::{KnownTarget, Targets, targets};
use bushbaby_vision::target::{Aim, TargetDetector, TargetModel};

use crate::Crop;
use crate::cameras::Cameras;

mod settings;

pub use settings::{AimAt, Group, MeetingSide, Settings, SortBy};

/// The kind.
pub const KIND: Kind = Kind::stage::<ColoredTarget>(
    "colored_target",
    "Finds targets that stand out by colour or brightness, such as retroreflective tape, and says where they are.",
);

/// The output, and the array in it.
const MASK: &str = "mask";

/// The stage.
#[derive(Debug)]
pub struct ColoredTarget {
    detector: TargetDetector,
    crop: Crop,
    cameras: Cameras,
    model: Option<TargetModel>,
    aim: Aim,
    label: Option<String>,
}

impl Stage for ColoredTarget {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::Images;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "targets",
            carries: Carries::Results,
            owes_frames: false,
        },
        OutputSpec {
            name: MASK,
            carries: Carries::Mask,
            owes_frames: false,
        },
    ];

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let base_dir = &context.spec.base_dir;
        let model = settings.target_model(base_dir)?;
        Ok(Self {
            detector: TargetDetector::new(settings.detector_settings(model.as_ref())),
            crop: settings.crop,
            cameras: Cameras::new(base_dir, settings.calibration.as_deref(), settings.field_of_view),
            model,
            aim: settings.aim.into(),
            label: settings.label,
        })
    }

    fn process(&mut self, frame: Frame, out: &mut Outputs) -> Result<(), NodeError> {
        match self.look_at(&frame) {
            Ok(found) => {
                out.send_result("targets", &found, frame.captured(), Some(frame.origin()))?;
                self.show_mask(&frame, out)
            }
            // One damaged picture is no reason to end: the next may be whole.
            Err(message) => {
                out.warn(&format!("a picture of `{}` cannot be read: {message}", frame.stream()));
                Ok(())
            }
        }
    }
}

impl ColoredTarget {
    /// Sends which pixels of the picture looked at last counted, if anybody wants to know.
    fn show_mask(&self, frame: &Frame, out: &mut Outputs) -> Result<(), NodeError> {
        if !out.is_wanted(MASK)? {
            return Ok(());
        }
        let mask = self.detector.mask();
        // Nothing was found by it: the page takes its masks as those of results.
        let body = b"[]";
        let layout = FrameLayout {
            arrays: vec![ArrayLayout::new(MASK, DType::U8, [mask.height(), mask.width()])],
            body_capacity_bytes: body.len(),
        };
        out.send_with(MASK, &layout, frame.captured(), Some(frame.origin()), |loan| {
            mask.write_bytes(loan.array_mut(0));
            Ok(loan.set_body(body)?)
        })
    }

    fn look_at(&mut self, frame: &Frame) -> Result<Targets, String> {
        let view = image::view(frame).map_err(|error| error.to_string())?;
        let part_px = self.crop.pixels(view.width(), view.height());
        let found = self
            .detector
            .detect_in(&view, part_px)
            .map_err(|error| error.to_string())?;
        let camera = self.cameras.of(frame, view.width(), view.height());
        let known = KnownTarget {
            // The field of view was checked: there is always one, if only a guess.
            camera: camera.ok_or_else(|| "it is too small for a camera".to_owned())?,
            model: self.model.as_ref(),
            aim: self.aim,
            label: self.label.as_deref(),
        };
        Ok(targets(frame.origin().stream.node(), &found, known))
    }
}

#[cfg(test)]
mod tests;
