//! What of a frame is shown: its picture, or, of an RGB-D capture, its depth, its right view, or how sure the depth is.
//!
//! In: a frame. Out: the pixels of one view of it in the wanted size, and for numbers the legend that tells what the colours
//! mean.

mod colors;
mod numbers;
mod range;

use bushbaby_bus::{DType, Frame};
use bushbaby_node::{image, rgbd};
use bushbaby_pixels::{ColorSpace, Image, ImageView, PixelFormat, Plane, Resizer};
use serde::{Deserialize, Serialize};

use numbers::Numbers;
pub(crate) use range::RangeFollower;

/// One way to look at a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum View {
    /// The picture; of two views the left one.
    #[default]
    Picture,
    /// Metres along the optical axis, in colours.
    Depth,
    /// The right view.
    Right,
    /// How sure the depth is, in colours.
    Confidence,
}

/// What the colours of a view mean.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Legend {
    /// The number of the first colour, and of the last.
    pub(crate) from: f32,
    pub(crate) to: f32,
    /// `m`, or nothing for a share.
    pub(crate) unit: &'static str,
    /// Colours at equal steps, as in `#1a2b3c`.
    pub(crate) colors: &'static [String],
}

impl View {
    const ALL: [Self; 4] = [Self::Picture, Self::Depth, Self::Right, Self::Confidence];

    /// Its name in addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Depth => "depth",
            Self::Right => "right",
            Self::Confidence => "confidence",
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }

    /// The array of a capture that it shows.
    fn array(self) -> &'static str {
        match self {
            Self::Picture => rgbd::RGB,
            Self::Depth => rgbd::DEPTH,
            Self::Right => rgbd::RGB_RIGHT,
            Self::Confidence => rgbd::CONFIDENCE,
        }
    }

    /// The views that a frame has.
    pub(crate) fn of(frame: &Frame) -> Vec<Self> {
        let has = |view: &Self| *view == Self::Picture || frame.array(view.array()).is_some();
        Self::ALL.into_iter().filter(has).collect()
    }
}

/// A view of a frame, not yet in any size.
#[derive(Debug)]
pub(crate) struct Seen<'f> {
    pixels: Pixels<'f>,
    /// Width and height of the picture in whose pixels results are.
    pub(crate) source_px: [u32; 2],
    pub(crate) legend: Option<Legend>,
}

#[derive(Debug)]
enum Pixels<'f> {
    Picture(ImageView<'f>),
    Numbers(Numbers<'f>, [f32; 2]),
}

impl<'f> Seen<'f> {
    /// Looks at a frame. `range` follows the depth from frame to frame.
    ///
    /// # Errors
    /// In words, when the frame has no such view, or a damaged one.
    pub(crate) fn new(frame: &'f Frame, view: View, range: &mut RangeFollower) -> Result<Self, String> {
        let picture = || image::view(frame).map_err(|error| error.to_string());
        let (pixels, legend) = match view {
            View::Picture => (Pixels::Picture(picture()?), None),
            View::Right => (Pixels::Picture(rgb(frame, view.array())?), None),
            View::Depth => {
                let depth = numbers(frame, view)?;
                let [near, far] = range.follow(&depth, frame.captured().mono);
                (Pixels::Numbers(depth, [far, near]), Some(legend([near, far], true)))
            }
            View::Confidence => {
                let ends = [0.0, 1.0];
                (Pixels::Numbers(numbers(frame, view)?, ends), Some(legend(ends, false)))
            }
        };
        let own_px = match &pixels {
            Pixels::Picture(view) => [view.width(), view.height()],
            Pixels::Numbers(numbers, _) => numbers.size_px(),
        };
        let source_px = match view {
            View::Picture | View::Right => own_px,
            View::Depth | View::Confidence => picture().map_or(own_px, |view| [view.width(), view.height()]),
        };
        Ok(Self {
            pixels,
            source_px,
            legend,
        })
    }

    /// Its own width and height.
    pub(crate) fn size_px(&self) -> [u32; 2] {
        match &self.pixels {
            Pixels::Picture(view) => [view.width(), view.height()],
            Pixels::Numbers(numbers, _) => numbers.size_px(),
        }
    }

    /// Whether it is a JPEG already, of this size.
    pub(crate) fn is_jpeg_of(&self, size_px: [u32; 2]) -> bool {
        matches!(&self.pixels, Pixels::Picture(view) if view.jpeg_bytes().is_some()) && size_px == self.size_px()
    }

    /// Returns it in another size: itself, or what was written to `made`.
    ///
    /// - `as_it_is`: whether a JPEG may stay one.
    ///
    /// # Errors
    /// In words, for an absurd size or a damaged JPEG.
    pub(crate) fn sized<'a>(
        &'a self,
        [width, height]: [u32; 2],
        as_it_is: bool,
        resizer: &mut Resizer,
        made: &'a mut Image,
    ) -> Result<ImageView<'a>, String> {
        match &self.pixels {
            Pixels::Picture(view)
                if [view.width(), view.height()] == [width, height] && (as_it_is || view.jpeg_bytes().is_none()) =>
            {
                return Ok(*view);
            }
            Pixels::Picture(view) => resizer
                .resize(view, width, height, made)
                .map_err(|error| error.to_string())?,
            Pixels::Numbers(numbers, [dark, bright]) => {
                made.reset(PixelFormat::Rgb8, width, height, ColorSpace::JPEG)
                    .map_err(|error| error.to_string())?;
                let [pixels, ..] = made.planes_mut();
                numbers.paint([*dark, *bright], [width, height], pixels);
            }
        }
        Ok(made.view())
    }
}

/// The depth of a frame at a pixel of its picture, in metres; `None` where it is not known or outside.
pub(crate) fn depth_at(frame: &Frame, [x, y]: [f64; 2]) -> Option<f32> {
    let depth = numbers(frame, View::Depth).ok()?;
    let picture = image::view(frame).ok()?;
    let share = [x / f64::from(picture.width()), y / f64::from(picture.height())];
    depth.at(share).filter(|metres| metres.is_finite() && *metres > 0.0)
}

fn legend([from, to]: [f32; 2], is_depth: bool) -> Legend {
    Legend {
        from,
        to,
        unit: if is_depth { "m" } else { "" },
        colors: if is_depth {
            colors::bright_to_dark()
        } else {
            colors::dark_to_bright()
        },
    }
}

fn numbers(frame: &Frame, view: View) -> Result<Numbers<'_>, String> {
    let array = frame.array(view.array()).ok_or_else(|| missing(frame, view.array()))?;
    Numbers::new(array).ok_or_else(|| wrong(frame, view.array(), "float32 of (height, width)"))
}

fn rgb<'f>(frame: &'f Frame, name: &str) -> Result<ImageView<'f>, String> {
    let array = frame.array(name).ok_or_else(|| missing(frame, name))?;
    let wanted = || wrong(frame, name, "uint8 of (height, width, 3)");
    let [height, width, 3] = array.info.shape[..] else {
        return Err(wanted());
    };
    if array.info.dtype != DType::U8 {
        return Err(wanted());
    }
    let plane = Plane {
        bytes: array.bytes,
        stride_bytes: array.info.strides_bytes.first().copied().unwrap_or_default(),
    };
    let side = |side: usize| u32::try_from(side).map_err(|_| wanted());
    ImageView::new(
        PixelFormat::Rgb8,
        side(width)?,
        side(height)?,
        ColorSpace::JPEG,
        &[plane],
    )
    .map_err(|error| format!("stream `{}`: `{name}`: {error}", frame.stream()))
}

fn missing(frame: &Frame, name: &str) -> String {
    let there: Vec<_> = frame.arrays().iter().map(|array| format!("`{}`", array.name)).collect();
    format!(
        "stream `{}` has no array `{name}`, it has {}",
        frame.stream(),
        there.join(", ")
    )
}

fn wrong(frame: &Frame, name: &str, wanted: &str) -> String {
    let got = frame.array(name).map_or_else(String::new, |array| {
        format!("{} of {:?}", array.info.dtype.name(), array.info.shape)
    });
    format!("stream `{}`: `{name}` is {got}, wanted {wanted}", frame.stream())
}
