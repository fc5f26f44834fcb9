//! What there is to know of cameras, and what the source asks of one: the seam where tests put cameras of their own.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bushbaby_bus::CaptureTime;
use bushbaby_pixels::{ColorSpace, PixelFormat};

/// A video device of the kernel, as far as it is known without streaming from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its place, `/dev/video0`: given in the order of plugging in.
    pub(crate) path: PathBuf,
    /// The number in its place.
    pub(crate) index: u32,
    /// What it calls itself.
    pub(crate) name: String,
    /// Its name by maker, model and serial number, as in `/dev/v4l/by-id`.
    pub(crate) by_id: Option<String>,
    /// Its name by the socket it is plugged into, as in `/dev/v4l/by-path`.
    pub(crate) by_path: Option<String>,
    /// USB vendor and product, `046d:082d`.
    pub(crate) usb_id: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) capture: Capture,
}

impl Listed {
    /// Whether this is the same camera as `other` was, wherever it is plugged in now.
    ///
    /// Cameras of one make without serial numbers cannot be told apart by this.
    pub(crate) fn is_same_camera(&self, other: &Self) -> bool {
        (&self.name, &self.usb_id, &self.serial) == (&other.name, &other.usb_id, &other.serial)
    }
}

/// `C920 (/dev/video0)`
impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.name, self.path.display())
    }
}

/// Whether pictures can be had from a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Capture {
    Yes,
    /// It is there for something else: metadata beside a camera's pictures, an encoder.
    No,
    /// A camera of a system on a chip, whose planes are apart: only GStreamer's elements know how to set it up.
    PlanesApart,
    /// It could not be asked.
    Unknown(io::ErrorKind),
}

/// One way in which a camera gives pictures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Offer {
    pub(crate) format: PixelFormat,
    /// The kernel's name of the format.
    pub(crate) fourcc: [u8; 4],
    pub(crate) sizes: Sizes,
    /// Times between two pictures, each a fraction of a second (numerator, denominator); empty when the driver tells none.
    pub(crate) intervals: Vec<(u32, u32)>,
}

/// Which sizes an offer is for, in pixels, width first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sizes {
    One([u32; 2]),
    Range {
        min: [u32; 2],
        max: [u32; 2],
        step: [u32; 2],
    },
    /// The driver does not tell.
    Untold,
}

/// What to ask of a camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    pub(crate) format: PixelFormat,
    pub(crate) fourcc: [u8; 4],
    pub(crate) size_px: [u32; 2],
    /// Time between two pictures as a fraction of a second; absent: the driver's own.
    pub(crate) interval: Option<(u32, u32)>,
}

/// What a camera gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Granted {
    pub(crate) format: PixelFormat,
    pub(crate) size_px: [u32; 2],
    /// Distance of two rows of the first plane; zero for JPEG.
    pub(crate) stride_bytes: usize,
    pub(crate) color: ColorSpace,
    pub(crate) fps: Option<f64>,
}

/// One picture, in memory that the camera shares with us.
#[derive(Debug)]
pub(crate) struct Buffer<'a> {
    pub(crate) bytes: &'a [u8],
    /// The driver says that something of it was lost.
    pub(crate) is_damaged: bool,
    pub(crate) captured: CaptureTime,
}

/// All cameras of a machine.
pub(crate) trait Host: fmt::Debug + Send {
    /// Lists the video devices, by number.
    fn cameras(&self) -> Vec<Listed>;

    /// Opens one; this neither changes nor stops it.
    fn open(&self, camera: &Listed) -> io::Result<Box<dyn Device>>;
}

/// An open camera. Dropping it stops and closes it.
pub(crate) trait Device: fmt::Debug {
    /// Lists what it can give; formats that we do not carry by name alone.
    fn offers(&self) -> io::Result<Offers>;

    /// Asks for format, size and rate; returns what it took.
    fn set(&mut self, choice: &Choice) -> io::Result<Granted>;

    /// Sets a control by its number; returns the value that it has then, where that can be read.
    fn set_control(&self, id: u32, value: i64) -> io::Result<Option<i64>>;

    /// Starts the pictures.
    fn start(&mut self) -> io::Result<()>;

    /// Waits for a picture and shows the newest that is there; false when none came in that time.
    ///
    /// An error means that the camera must be closed ([`io::ErrorKind`] of `ENODEV`: it was unplugged).
    fn next(&mut self, timeout: Duration, show: &mut dyn FnMut(Buffer<'_>)) -> io::Result<bool>;
}

/// What a camera can give.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Offers {
    pub(crate) known: Vec<Offer>,
    /// Names of formats that we do not carry, as `H264`.
    pub(crate) others: Vec<String>,
}
