//! Real cameras, through the `v4l` crate.
//!
//! That crate panics where a driver says something it does not know (a name that is no UTF-8, a colour space of a later
//! kernel, a refusal while closing). Each call is therefore fenced: a panic becomes an error about that one camera.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_pixels::{ColorSpace, Matrix, PixelFormat, Range};
use rustix::io::Errno;
use v4l::buffer::{Flags, Type};
use v4l::capability;
use v4l::control::{Control, Value};
use v4l::format::{Colorspace, FourCC, Quantization};
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::mmap::Stream;
use v4l::io::traits::{CaptureStream, Stream as _};
use v4l::video::Capture as _;
use v4l::video::capture::Parameters;

use super::camera::{Buffer, Capture, Choice, Device, Granted, Host, Listed, Offer, Offers, Sizes};
use super::choose::{USUAL_SIZE_PX, rate};
use super::listing::{self, Folders};
use super::stamp::capture_time;
use super::trouble::errno;

/// One to look at, one that waits, two that are filled.
const BUFFERS: u32 = 4;
/// A wait that must not happen, because a picture was announced; it ends anyway.
const NO_WAIT: Duration = Duration::from_millis(200);
/// The formats that we carry, by the kernel's names.
const FORMATS: [(&[u8; 4], PixelFormat); 8] = [
    (b"MJPG", PixelFormat::Jpeg),
    (b"JPEG", PixelFormat::Jpeg),
    (b"YUYV", PixelFormat::Yuyv),
    (b"NV12", PixelFormat::Nv12),
    (b"YU12", PixelFormat::I420),
    (b"RGB3", PixelFormat::Rgb8),
    (b"BGR3", PixelFormat::Bgr8),
    (b"GREY", PixelFormat::Gray8),
];

/// This machine.
#[derive(Debug, Default)]
pub(super) struct Kernel {
    folders: Folders,
}

impl Host for Kernel {
    fn cameras(&self) -> Vec<Listed> {
        let mut listed = listing::list(&self.folders);
        for camera in &mut listed {
            camera.capture = match self.open(camera).and_then(|_| capabilities(camera)) {
                Ok(flags) => capture(flags),
                Err(error) => Capture::Unknown(error.kind()),
            };
        }
        listed
    }

    fn open(&self, camera: &Listed) -> io::Result<Box<dyn Device>> {
        let device = fenced(|| v4l::Device::with_path(&camera.path))?;
        Ok(Box::new(Camera { device, stream: None }))
    }
}

fn capabilities(camera: &Listed) -> io::Result<capability::Flags> {
    fenced(|| Ok(v4l::Device::with_path(&camera.path)?.query_caps()?.capabilities))
}

fn capture(flags: capability::Flags) -> Capture {
    if flags.contains(capability::Flags::VIDEO_CAPTURE | capability::Flags::STREAMING) {
        Capture::Yes
    } else if flags.contains(capability::Flags::VIDEO_CAPTURE_MPLANE) {
        Capture::PlanesApart
    } else {
        Capture::No
    }
}

struct Camera {
    stream: Option<Stream<'static>>,
    device: v4l::Device,
}

impl fmt::Debug for Camera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Camera")
            .field("is_streaming", &self.stream.is_some())
            .finish_non_exhaustive()
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Camera {
    fn stop(&mut self) {
        let stream = self.stream.take();
        // Of a camera that was unplugged nothing is left to be stopped.
        let _ = fenced(|| {
            drop(stream);
            Ok(())
        });
    }

    fn sizes(&self, fourcc: FourCC) -> Vec<Sizes> {
        let Ok(sizes) = fenced(|| self.device.enum_framesizes(fourcc)) else {
            return vec![Sizes::Untold];
        };
        let sizes = sizes.into_iter().map(|size| match size.size {
            FrameSizeEnum::Discrete(size) => Sizes::One([size.width, size.height]),
            FrameSizeEnum::Stepwise(range) => Sizes::Range {
                min: [range.min_width, range.min_height],
                max: [range.max_width, range.max_height],
                step: [range.step_width, range.step_height],
            },
        });
        sizes.collect()
    }

    fn intervals(&self, fourcc: FourCC, sizes: Sizes) -> Vec<(u32, u32)> {
        let [width, height] = match sizes {
            Sizes::One(size) => size,
            Sizes::Range { min, max, .. } => {
                [0, 1].map(|side| USUAL_SIZE_PX[side].clamp(min[side], max[side].max(min[side])))
            }
            Sizes::Untold => return Vec::new(),
        };
        let listed = fenced(|| self.device.enum_frameintervals(fourcc, width, height)).unwrap_or_default();
        let fractions = listed.into_iter().flat_map(|interval| match interval.interval {
            FrameIntervalEnum::Discrete(interval) => vec![interval],
            // Between its ends any rate goes; those that people ask for stand for it.
            FrameIntervalEnum::Stepwise(range) => {
                let (fastest, slowest) = (
                    rate((range.min.numerator, range.min.denominator)),
                    rate((range.max.numerator, range.max.denominator)),
                );
                let usual = [5, 10, 15, 20, 25, 30, 50, 60, 90, 120]
                    .into_iter()
                    .filter(|fps| (slowest..=fastest).contains(&f64::from(*fps)));
                usual.map(|fps| v4l::Fraction::new(1, fps)).chain([range.min]).collect()
            }
        });
        fractions
            .map(|interval| (interval.numerator, interval.denominator))
            .filter(|(n, d)| *n > 0 && *d > 0)
            .collect()
    }
}

impl Device for Camera {
    fn offers(&self) -> io::Result<Offers> {
        let mut offers = Offers::default();
        for described in fenced(|| self.device.enum_formats())? {
            let fourcc = described.fourcc;
            let Some((_, format)) = FORMATS.iter().find(|(known, _)| **known == fourcc.repr) else {
                offers.others.push(format_name(fourcc.repr));
                continue;
            };
            for sizes in self.sizes(fourcc) {
                offers.known.push(Offer {
                    format: *format,
                    fourcc: fourcc.repr,
                    sizes,
                    intervals: self.intervals(fourcc, sizes),
                });
            }
        }
        Ok(offers)
    }

    fn set(&mut self, choice: &Choice) -> io::Result<Granted> {
        self.stop();
        let [width, height] = choice.size_px;
        let wanted = v4l::Format::new(width, height, FourCC::new(&choice.fourcc));
        let granted = fenced(|| self.device.set_format(&wanted))?;
        let interval = choice.interval.and_then(|(numerator, denominator)| {
            let parameters = Parameters::new(v4l::Fraction::new(numerator, denominator));
            // A driver that knows no rates refuses; then the rate is its own affair.
            fenced(|| self.device.set_params(&parameters))
                .ok()
                .map(|granted| granted.interval)
        });
        let format = FORMATS
            .iter()
            .find(|(known, _)| **known == granted.fourcc.repr)
            .map(|(_, format)| *format);
        let fps = interval.filter(|interval| interval.numerator > 0 && interval.denominator > 0);
        Ok(Granted {
            format: format.ok_or(Errno::INVAL)?,
            size_px: [granted.width, granted.height],
            stride_bytes: granted.stride as usize,
            color: color(granted.colorspace, granted.quantization),
            fps: fps.map(|interval| rate((interval.numerator, interval.denominator))),
        })
    }

    fn set_control(&self, id: u32, value: i64) -> io::Result<Option<i64>> {
        fenced(|| {
            self.device.set_control(Control {
                id,
                value: Value::Integer(value),
            })
        })?;
        let now = fenced(|| self.device.control(id)).ok().map(|control| control.value);
        Ok(match now {
            Some(Value::Integer(value)) => Some(value),
            Some(Value::Boolean(value)) => Some(i64::from(value)),
            _ => None,
        })
    }

    fn start(&mut self) -> io::Result<()> {
        self.stream = Some(fenced(|| {
            let mut stream = Stream::with_buffers(&self.device, Type::VideoCapture, BUFFERS)?;
            stream.set_timeout(NO_WAIT);
            // The first buffer counts as looked at; all others are filled from the start. The driver says how many there are
            // by refusing the one behind the last.
            for index in 1..64 {
                match CaptureStream::queue(&mut stream, index) {
                    Ok(()) => {}
                    Err(error) if errno(&error) == Some(Errno::INVAL) => break,
                    Err(error) => return Err(error),
                }
            }
            stream.start()?;
            Ok(stream)
        })?);
        Ok(())
    }

    fn next(&mut self, timeout: Duration, show: &mut dyn FnMut(Buffer<'_>)) -> io::Result<bool> {
        let stream = self.stream.as_mut().ok_or(Errno::BADF)?;
        let handle = stream.handle();
        let is_ready =
            |timeout: Duration| match handle.poll(READABLE, i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
                other => other.map(|ready| ready > 0),
            };
        if !is_ready(timeout)? {
            return Ok(false);
        }
        loop {
            let (memory, said) = fenced(|| stream.next())?;
            // A newer one is there already: this one is not worth the while.
            if is_ready(Duration::ZERO)? {
                continue;
            }
            let used = memory.get(..said.bytesused as usize).unwrap_or(memory);
            show(Buffer {
                bytes: used,
                is_damaged: said.flags.contains(Flags::ERROR),
                captured: capture_time(said, MonoTime::now()),
            });
            return Ok(true);
        }
    }
}

/// A format's name by the kernel's code: `H264`; the highest bit says that the bytes of a number are swapped.
fn format_name(fourcc: [u8; 4]) -> String {
    let [a, b, c, d] = fourcc;
    let readable = |byte: u8| {
        if byte.is_ascii_graphic() || byte == b' ' {
            char::from(byte)
        } else {
            '?'
        }
    };
    let name: String = [a, b, c, d & 0x7f].map(readable).iter().collect();
    let swapped = if d & 0x80 == 0 { "" } else { "-BE" };
    format!("{}{swapped}", name.trim_end())
}

/// `POLLIN`
const READABLE: i16 = 1;

/// What YUV numbers mean, by the kernel's rules for what a driver leaves open.
fn color(colorspace: Colorspace, quantization: Quantization) -> ColorSpace {
    let matrix = match colorspace {
        Colorspace::Rec709 | Colorspace::DCIP3 => Matrix::Bt709,
        _ => Matrix::Bt601,
    };
    let range = match (quantization, colorspace) {
        (Quantization::FullRange, _) | (Quantization::Default, Colorspace::JPEG) => Range::Full,
        _ => Range::Limited,
    };
    ColorSpace { matrix, range }
}

/// Turns a panic of the `v4l` crate into an error.
fn fenced<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    // Whatever was half done is dropped with the camera.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(io::Error::other(format!(
            "its driver says something that is not understood ({})",
            words.unwrap_or("no words")
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_formats_can_be_read() {
        assert_eq!(format_name(*b"H264"), "H264");
        assert_eq!(format_name(*b"Y10 "), "Y10");
        assert_eq!(format_name([b'Y', b'1', b'6', b' ' | 0x80]), "Y16-BE");
        assert_eq!(format_name([0, 1, 2, 3]), "????");
    }

    #[test]
    fn webcams_are_bt601_limited_unless_they_say_otherwise() {
        let of = |colorspace, quantization| color(colorspace, quantization);
        assert_eq!(
            of(Colorspace::SRGB, Quantization::Default),
            ColorSpace {
                matrix: Matrix::Bt601,
                range: Range::Limited
            }
        );
        assert_eq!(
            of(Colorspace::Rec709, Quantization::FullRange),
            ColorSpace {
                matrix: Matrix::Bt709,
                range: Range::Full
            }
        );
        assert_eq!(of(Colorspace::JPEG, Quantization::Default), ColorSpace::JPEG);
    }

    #[test]
    fn a_panic_of_the_library_is_an_error_of_one_camera() {
        let error = fenced::<()>(|| panic!("Invalid colorspace")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "its driver says something that is not understood (Invalid colorspace)"
        );
    }

    #[test]
    fn a_file_that_is_no_camera_is_an_error_and_no_camera() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let camera = Listed {
            path: file.path().to_owned(),
            index: 0,
            name: "file".into(),
            by_id: None,
            by_path: None,
            usb_id: None,
            serial: None,
            capture: Capture::Yes,
        };
        assert!(capabilities(&camera).is_err());
        let mut device = Kernel::default().open(&camera).unwrap();
        assert_eq!(device.offers().unwrap(), Offers::default());
        assert!(device.start().is_err());
        assert!(device.next(Duration::ZERO, &mut |_| {}).is_err());
    }
}
