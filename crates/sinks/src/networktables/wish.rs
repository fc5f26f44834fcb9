//! What robot code asks of a camera, whichever dialect it speaks.

use std::fmt;

/// A wish of the robot's.
#[derive(Debug, Clone, PartialEq)]
pub struct RobotWish {
    /// Of which camera; absent: of all.
    pub camera: Option<String>,
    /// What it is.
    pub what: Wish,
}

/// What is wished for.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// Another pipeline, by its number.
    Pipeline(u32),
    /// Pictures for the driver, without looking for targets.
    DriverMode(bool),
    /// At most so many pictures a second; absent: as many as there are.
    FpsLimit(Option<u32>),
    /// What the LEDs are to do.
    Leds(Leds),
    /// A picture to be kept.
    Snapshot {
        /// Grows with each.
        count: u64,
        /// Which one.
        of: Picture,
    },
    /// How two cameras share a stream.
    StreamLayout(u32),
    /// The part of the picture that is looked at: left, right, bottom, top, from -1 to 1.
    Crop([f64; 4]),
    /// The tag that comes first; absent: the largest.
    PriorityTag(Option<u32>),
    /// The only tags that count; empty: all.
    Tags(Vec<u32>),
    /// Where the camera is on the robot: `x y z` in metres, then degrees.
    OnRobot([f64; 6]),
    /// How much smaller a picture is looked at: 0 is the pipeline's own, 1 not at all.
    Downscale(u32),
    /// Where tags are: WPILib's JSON.
    FieldLayout(String),
    /// Anything else that the dialect knows, with its numbers.
    Other {
        /// The topic's last part.
        name: &'static str,
        /// Its numbers.
        values: Vec<f64>,
    },
}

/// LEDs beside a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leds {
    /// As the pipeline has them.
    AsThePipeline,
    /// Dark.
    Off,
    /// On and off.
    Blink,
    /// Bright.
    On,
}

impl Leds {
    /// In a word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AsThePipeline => "pipeline",
            Self::Off => "off",
            Self::Blink => "blink",
            Self::On => "on",
        }
    }
}

/// Which picture is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// As the camera sees it.
    Raw,
    /// With what was found drawn into it.
    Drawn,
}

/// A value that says nothing that could be wished for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the robot wrote {got} to `{topic}`, wanted {wanted}")]
pub(crate) struct NoWish {
    pub(crate) topic: String,
    pub(crate) got: String,
    pub(crate) wanted: &'static str,
}

impl RobotWish {
    /// Whether it is how things are anyway. What can be changed is not asked here: it may have been changed before.
    pub(crate) fn is_so_already(&self) -> bool {
        matches!(
            self.what,
            Wish::FpsLimit(None) | Wish::StreamLayout(0) | Wish::PriorityTag(None) | Wish::Downscale(0 | 1)
        )
    }
}

impl fmt::Display for RobotWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Wish::Pipeline(index) => write!(f, "pipeline {index}"),
            Wish::DriverMode(true) => f.write_str("driver mode"),
            Wish::DriverMode(false) => f.write_str("the end of driver mode"),
            Wish::FpsLimit(Some(fps)) => write!(f, "at most {fps} pictures a second"),
            Wish::FpsLimit(None) => f.write_str("as many pictures a second as there are"),
            Wish::Leds(Leds::AsThePipeline) => f.write_str("LEDs as the pipeline has them"),
            Wish::Leds(Leds::Off) => f.write_str("LEDs off"),
            Wish::Leds(Leds::Blink) => f.write_str("LEDs that blink"),
            Wish::Leds(Leds::On) => f.write_str("LEDs on"),
            Wish::Snapshot { .. } => f.write_str("a snapshot"),
            Wish::StreamLayout(layout) => write!(f, "stream layout {layout}"),
            Wish::Crop([left, right, bottom, top]) => {
                write!(f, "the part of the picture from ({left}, {bottom}) to ({right}, {top})")
            }
            Wish::PriorityTag(Some(id)) => write!(f, "tag {id} before all others"),
            Wish::PriorityTag(None) => f.write_str("no tag before the others"),
            Wish::Tags(tags) => write!(f, "only the tags {tags:?}"),
            Wish::OnRobot(_) => f.write_str("another place of the camera on the robot"),
            Wish::Downscale(factor) => write!(f, "a search in pictures made {factor} times smaller"),
            Wish::FieldLayout(_) => f.write_str("another field layout"),
            Wish::Other { name, .. } => write!(f, "`{name}`"),
        }?;
        match &self.camera {
            Some(camera) => write!(f, " of `{camera}`"),
            None => Ok(()),
        }
    }
}
