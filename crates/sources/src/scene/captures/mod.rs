//! The captures of the table-top, and the points that are made of them.

use bushbaby_bus::{ArrayLayout, CaptureClock, CaptureTime, DType, FrameLayout, Origin};
use bushbaby_node::rgbd::{COLORS, CONFIDENCE, DEPTH, POINTS, RGB, RGB_RIGHT, RgbdBody};
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, turns};
use bushbaby_vision::depth::{Rows, Unprojection};
use serde_json::{Value, json};

use super::settings::{CaptureArray, SceneSettings};
use super::source::TRUTH;
use super::table::{Capture, Eyes};

/// What `scene: rgbd` writes.
pub(super) const OUTPUTS: &[OutputSpec] = &[
    OutputSpec {
        name: "rgbd",
        carries: Carries::Rgbd,
        owes_frames: true,
    },
    OutputSpec {
        name: "points",
        carries: Carries::Points,
        owes_frames: false,
    },
    TRUTH,
];

const CAPTURE: &str = OUTPUTS[0].name;
const CLOUD: &str = OUTPUTS[1].name;

/// The camera before the table, with what it says of itself.
#[derive(Debug)]
pub(super) struct Captures {
    eyes: Eyes,
    arrays: Vec<CaptureArray>,
    layout: FrameLayout,
    body: Vec<u8>,
    points: Cloud,
}

/// How points are made of a capture.
#[derive(Debug)]
struct Cloud {
    layout: FrameLayout,
    body: Vec<u8>,
    width: usize,
    unprojection: Unprojection,
    /// The capture that was sent last, while somebody wants its points.
    depth: Vec<f32>,
    rgb: Vec<u8>,
}

impl Captures {
    pub(super) fn open(settings: &SceneSettings, context: &NodeContext) -> Result<Self, NodeError> {
        // Drawing stands for what a camera does in its own hardware: it should hold up nobody who wakes up beside it.
        if let Err(error) = turns::take_long_turns() {
            tracing::debug!("no long turns on the processor: {error}");
        }
        let cannot = |error: &dyn std::error::Error| NodeError::new(error.to_string()).for_good();
        let plan = settings.table_plan();
        let camera = plan.camera().map_err(|error| cannot(&error))?;
        let body = {
            let model = serde_json::to_value(camera).map_err(|error| cannot(&error))?;
            let right = plan.with_right.then(|| model.clone());
            RgbdBody {
                calibration: Some(model),
                left_from_right: right.as_ref().map(|_| beside(plan.baseline_m)),
                baseline_m: right.as_ref().map(|_| plan.baseline_m),
                calibration_right: right,
                ..RgbdBody::capture(context.name())
            }
        };
        let [width, height] = plan.size_px.map(|side| side as usize);
        let mut arrays = settings.arrays().to_vec();
        arrays.sort_by_key(|array| *array != CaptureArray::Rgb);
        let layouts: Vec<ArrayLayout> = arrays.iter().map(|array| layout(*array, [width, height])).collect();
        let (capture_body, points_body) = (body.to_bytes(), body.points().to_bytes());
        Ok(Self {
            eyes: Eyes::new(plan).map_err(|error| cannot(&error))?,
            arrays,
            layout: FrameLayout {
                arrays: layouts,
                body_capacity_bytes: capture_body.len(),
            },
            body: capture_body,
            points: Cloud {
                layout: FrameLayout {
                    arrays: vec![
                        ArrayLayout::new(POINTS, DType::F32, [width * height, 3]),
                        ArrayLayout::new(COLORS, DType::U8, [width * height, 3]),
                    ],
                    body_capacity_bytes: points_body.len(),
                },
                body: points_body,
                width,
                unprojection: Unprojection::new(&camera),
                depth: Vec::new(),
                rgb: Vec::new(),
            },
        })
    }

    /// Sends one capture, and what is wanted beside it.
    pub(super) fn send(&mut self, picture: u64, out: &mut Outputs) -> Result<(), NodeError> {
        let wants_points = out.is_wanted(CLOUD)?;
        let mut captured = None;
        out.send_once_filled(CAPTURE, &self.layout, None, |loan| {
            loan.set_body(&self.body)?;
            let mut capture = Capture::default();
            for (array, bytes) in self.arrays.iter().zip(loan.arrays_mut()) {
                match array {
                    CaptureArray::Rgb => capture.rgb = bytes,
                    CaptureArray::RgbRight => capture.rgb_right = bytes,
                    CaptureArray::Depth => capture.depth = floats(bytes)?,
                    CaptureArray::Confidence => capture.confidence = floats(bytes)?,
                }
            }
            if wants_points {
                self.points.take(picture, &mut self.eyes, &mut capture);
            } else {
                self.eyes.draw(picture, &mut capture);
            }
            // A capture is there once it is complete; drawing stands for the exposure.
            let now = CaptureTime::now(CaptureClock::Rendered);
            captured = Some(now);
            Ok(now)
        })?;
        let Some(captured) = captured else {
            return Ok(());
        };
        let origin = out.last_sent(CAPTURE);
        if wants_points {
            self.points.send(out, captured, origin.as_ref())?;
        }
        if out.is_wanted(TRUTH.name)? {
            let truth = self.eyes.truth(picture, out.node());
            out.send_result(TRUTH.name, &truth, captured, origin.as_ref())?;
        }
        Ok(())
    }
}

impl Cloud {
    /// Draws a capture and keeps of it what points are made of.
    fn take<'a>(&'a mut self, picture: u64, eyes: &mut Eyes, capture: &mut Capture<'a>) {
        if capture.depth.is_empty() {
            self.depth.resize(capture.rgb.len() / 3, f32::NAN);
            capture.depth = &mut self.depth;
            eyes.draw(picture, capture);
            self.rgb.clear();
            self.rgb.extend_from_slice(capture.rgb);
            return;
        }
        eyes.draw(picture, capture);
        self.depth.clear();
        self.depth.extend_from_slice(capture.depth);
        self.rgb.clear();
        self.rgb.extend_from_slice(capture.rgb);
    }

    fn send(&self, out: &mut Outputs, captured: CaptureTime, origin: Option<&Origin>) -> Result<(), NodeError> {
        out.send_with(CLOUD, &self.layout, captured, origin, |loan| {
            loan.set_body(&self.body)?;
            if let [points, colors] = loan.arrays_mut().as_mut_slice() {
                let (depth, rgb) = (Rows::new(&self.depth, self.width), Rows::new(&self.rgb, 3 * self.width));
                self.unprojection
                    .colored_points(depth, rgb, floats(points)?, colors)
                    .map_err(|error| NodeError::new(error.to_string()))?;
            }
            Ok(())
        })
    }
}

fn layout(array: CaptureArray, [width, height]: [usize; 2]) -> ArrayLayout {
    let colors = |name| ArrayLayout::new(name, DType::U8, [height, width, 3]).with_encoding("rgb8");
    let numbers = |name| ArrayLayout::new(name, DType::F32, [height, width]);
    match array {
        CaptureArray::Rgb => colors(RGB),
        CaptureArray::RgbRight => colors(RGB_RIGHT),
        CaptureArray::Depth => numbers(DEPTH),
        CaptureArray::Confidence => numbers(CONFIDENCE),
    }
}

/// The pose of a view that is `right_m` beside another.
fn beside(right_m: f64) -> Value {
    json!({"R": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "t": [right_m, 0.0, 0.0]})
}

/// An array of the bus as the numbers that it holds: it is aligned for any of them.
fn floats(bytes: &mut [u8]) -> Result<&mut [f32], NodeError> {
    bytemuck::try_cast_slice_mut(bytes).map_err(|error| NodeError::new(format!("an array of float32: {error}")))
}

#[cfg(test)]
mod tests;
