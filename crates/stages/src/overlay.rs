//! `overlay`: pictures with what was found in them drawn on, for programs that cannot draw themselves.
//!
//! In: pictures from the first input, results and whatever else has JSON in its body from the others. Out: each picture in its own
//! format (a JPEG as I420), with its capture time and origin, on which results of that very picture and texts with values are drawn. A
//! picture waits a little for its results ([`join`]); nothing is done while nobody reads.

use std::time::Duration;

use bushbaby_bus::{Frame, MonoTime, StreamName};
use bushbaby_node::image::{self, ImageMeta};
use bushbaby_node::{Carries, InputNeed, Kind, NodeContext, NodeError, OutputSpec, Outputs, Stage};
use bushbaby_pixels::draw::Canvas;
use bushbaby_pixels::jpeg::Decoder;
use bushbaby_pixels::{Image, ImageView};
use bushbaby_vision::camera::CameraModel;

use crate::cameras::Cameras;

mod found;
mod items;
mod join;
mod paint;
mod settings;
mod template;

use found::Found;
use join::{Join, Ready};
use paint::Painter;
pub use settings::{Color, ColorError, Corner, Crosshair, CrosshairAt, Settings};

/// The kind.
pub const KIND: Kind = Kind::stage::<Overlay>(
    "overlay",
    "Draws what was found, texts with values and a crosshair into pictures, for programs that cannot draw.",
);

const IMAGE: &str = "image";

/// The stage.
#[derive(Debug)]
pub struct Overlay {
    pictures: StreamName,
    /// The other inputs, in the order of the file.
    others: Vec<StreamName>,
    join: Join<Frame, Found>,
    cameras: Cameras,
    painter: Painter,
    /// Made when the first JPEG comes: cameras that give such decode it for all who want pixels.
    decoder: Option<Decoder>,
    decoded: Image,
    /// What the last picture's body said, and what it became.
    meta: Option<(Vec<u8>, ImageMeta)>,
}

impl Stage for Overlay {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::ImageFirst;
    const OUTPUTS: &'static [OutputSpec] = &[OutputSpec {
        name: IMAGE,
        carries: Carries::Image,
        owes_frames: false,
    }];

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let mut streams = context.spec.inputs.iter().map(|input| input.stream.clone());
        let Some(pictures) = streams.next() else {
            return Err(NodeError::new("it has no input, wanted pictures from the first").for_good());
        };
        let others: Vec<StreamName> = streams.collect();
        let painter = Painter::new(&settings, &others)?;
        Ok(Self {
            join: Join::new(others.len(), settings.hold.0, settings.max_age.0),
            cameras: Cameras::new(
                &context.spec.base_dir,
                settings.calibration.as_deref(),
                settings.field_of_view,
            ),
            painter,
            pictures,
            others,
            decoder: None,
            decoded: Image::default(),
            meta: None,
        })
    }

    fn due_in(&self) -> Option<Duration> {
        self.join.due_in(MonoTime::now())
    }

    fn on_time(&mut self, out: &mut Outputs) -> Result<(), NodeError> {
        self.send_ready(out)
    }

    fn process(&mut self, frame: Frame, out: &mut Outputs) -> Result<(), NodeError> {
        if let Some(input) = self.others.iter().position(|stream| stream == frame.stream()) {
            self.join
                .result(input, frame.origin().clone(), Found::new(frame.body()));
        } else if !out.is_wanted(IMAGE)? {
            self.join.forget_pictures();
        } else if self.is_picture(&frame) {
            let origin = frame.origin().clone();
            self.join.picture(frame, origin, MonoTime::now());
        }
        self.send_ready(out)
    }
}

impl Overlay {
    /// Whether it is one of the pictures: a camera that gives JPEG has them on another stream too, decoded.
    fn is_picture(&self, frame: &Frame) -> bool {
        frame.stream().node() == self.pictures.node()
    }

    fn send_ready(&mut self, out: &mut Outputs) -> Result<(), NodeError> {
        while let Some(ready) = self.join.next(MonoTime::now()) {
            self.send(&ready, out)?;
        }
        Ok(())
    }

    fn send(&mut self, ready: &Ready<Frame, Found>, out: &mut Outputs) -> Result<(), NodeError> {
        let frame = &ready.picture;
        // One damaged picture is no reason to end: the next may be whole.
        let damaged =
            |error: &dyn std::fmt::Display| format!("a picture of `{}` cannot be read: {error}", frame.stream());
        let view = match image::view(frame) {
            Ok(view) => view,
            Err(error) => {
                out.warn(&damaged(&error));
                return Ok(());
            }
        };
        let view = match view.jpeg_bytes() {
            None => view,
            Some(jpeg) => match decode(&mut self.decoder, jpeg, &mut self.decoded) {
                Ok(()) => self.decoded.view(),
                Err(error) => {
                    out.warn(&damaged(&error));
                    return Ok(());
                }
            },
        };
        let camera = self.cameras.of(frame, view.width(), view.height());
        let meta = meta_of(&mut self.meta, frame);
        send_drawn(out, frame, &view, meta, |canvas| {
            self.painter.paint(canvas, ready, camera)
        })
    }
}

fn decode(
    decoder: &mut Option<Decoder>,
    jpeg: &[u8],
    into: &mut Image,
) -> Result<(), bushbaby_pixels::jpeg::JpegError> {
    let decoder = match decoder {
        Some(decoder) => decoder,
        None => decoder.insert(Decoder::new()?),
    };
    decoder.i420(jpeg, into)
}

/// What the camera says of itself is as true of the picture that was drawn on.
fn meta_of<'a>(known: &'a mut Option<(Vec<u8>, ImageMeta)>, frame: &Frame) -> &'a ImageMeta {
    let is_known = known.as_ref().is_some_and(|(body, _)| body == frame.body());
    if !is_known {
        *known = None;
    }
    let (_, meta) = known.get_or_insert_with(|| {
        let calibration = image::calibration(frame).and_then(|value| serde_json::from_value::<CameraModel>(value).ok());
        let meta = ImageMeta::new(frame.origin().stream.node(), calibration.as_ref());
        (frame.body().to_vec(), meta)
    });
    meta
}

/// Copies the picture into shared memory and draws on it there.
fn send_drawn(
    out: &mut Outputs,
    frame: &Frame,
    view: &ImageView<'_>,
    meta: &ImageMeta,
    draw: impl FnOnce(&mut Canvas<'_>),
) -> Result<(), NodeError> {
    let (format, size, color) = (view.format(), [view.width(), view.height()], view.color());
    let fill = |mut planes: Vec<&mut [u8]>| {
        image::copy(view, planes.iter_mut().map(|plane| &mut **plane));
        let mut canvas = Canvas::new(format, size[0], size[1], color, planes)
            .map_err(|error| NodeError::new(format!("the picture cannot be drawn on: {error}")))?;
        draw(&mut canvas);
        Ok(())
    };
    image::send_with(
        out,
        IMAGE,
        format,
        size,
        color,
        frame.captured(),
        Some(frame.origin()),
        meta,
        fill,
    )
}

#[cfg(test)]
mod tests;
