//! Cameras that are plugged in, pulled out and broken by a test.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bushbaby_bus::{CaptureClock, CaptureTime};
use bushbaby_pixels::{ColorSpace, PixelFormat};
use rustix::io::Errno;

use super::camera::{Buffer, Capture, Choice, Device, Granted, Host, Listed, Offer, Offers, Sizes};

/// A machine whose cameras a test holds in its hands.
#[derive(Debug, Clone, Default)]
pub(super) struct Bench(Arc<Mutex<Vec<FakeCamera>>>);

/// A camera and how it behaves.
#[derive(Debug, Clone)]
pub(super) struct FakeCamera {
    pub(super) listed: Listed,
    pub(super) offers: Offers,
    /// What opening, setting and starting it say.
    pub(super) open: Result<(), Errno>,
    pub(super) set: Result<(), Errno>,
    /// Formats that the bus has no room for.
    pub(super) no_room_for: Vec<PixelFormat>,
    pub(super) is_silent: bool,
    /// What comes instead of a whole picture.
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) is_damaged: bool,
    /// The most that it gives, whatever it is asked for.
    pub(super) largest: Option<[u32; 2]>,
    /// Controls that were set, and the largest value that one takes.
    pub(super) controls: Vec<(u32, i64)>,
    pub(super) control_limit: i64,
    /// How often it was started.
    pub(super) starts: u32,
}

impl FakeCamera {
    /// A camera with 64x48 pixels of YUYV.
    pub(super) fn new(index: u32, name: &str, serial: &str) -> Self {
        let listed = Listed {
            path: format!("/dev/video{index}").into(),
            index,
            name: name.to_owned(),
            by_id: Some(format!("usb-{name}_{serial}-video-index0")),
            by_path: Some(format!("pci-usb-0:{index}-video-index0")),
            usb_id: Some("1234:5678".to_owned()),
            serial: Some(serial.to_owned()),
            capture: Capture::Yes,
        };
        Self {
            listed,
            offers: Offers {
                known: vec![offer(PixelFormat::Yuyv)],
                others: Vec::new(),
            },
            open: Ok(()),
            set: Ok(()),
            no_room_for: Vec::new(),
            is_silent: false,
            bytes: None,
            is_damaged: false,
            largest: None,
            controls: Vec::new(),
            control_limit: 100,
            starts: 0,
        }
    }

    pub(super) fn with_formats(mut self, formats: &[PixelFormat]) -> Self {
        self.offers.known = formats.iter().copied().map(offer).collect();
        self
    }
}

fn offer(format: PixelFormat) -> Offer {
    let fourcc = if format == PixelFormat::Jpeg {
        *b"MJPG"
    } else {
        *b"YUYV"
    };
    Offer {
        format,
        fourcc,
        sizes: Sizes::One([64, 48]),
        intervals: vec![(1, 30)],
    }
}

impl Bench {
    pub(super) fn with(cameras: impl IntoIterator<Item = FakeCamera>) -> Self {
        Self(Arc::new(Mutex::new(cameras.into_iter().collect())))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<FakeCamera>> {
        self.0.lock().unwrap()
    }

    pub(super) fn plug(&self, camera: FakeCamera) {
        self.lock().push(camera);
    }

    pub(super) fn unplug_all(&self) {
        self.lock().clear();
    }

    /// Changes the camera that was plugged in first.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut FakeCamera) -> T) -> T {
        change(&mut self.lock()[0])
    }
}

impl Host for Bench {
    fn cameras(&self) -> Vec<Listed> {
        self.lock().iter().map(|camera| camera.listed.clone()).collect()
    }

    fn open(&self, camera: &Listed) -> io::Result<Box<dyn Device>> {
        let device = FakeDevice {
            bench: self.clone(),
            listed: camera.clone(),
            granted: None,
        };
        device.with(|camera| Ok(camera.open?))?;
        Ok(Box::new(device))
    }
}

#[derive(Debug)]
struct FakeDevice {
    bench: Bench,
    listed: Listed,
    granted: Option<Granted>,
}

impl FakeDevice {
    fn with<T>(&self, ask: impl FnOnce(&mut FakeCamera) -> io::Result<T>) -> io::Result<T> {
        let mut cameras = self.bench.lock();
        let camera = cameras.iter_mut().find(|camera| camera.listed == self.listed);
        ask(camera.ok_or(Errno::NODEV)?)
    }
}

impl Device for FakeDevice {
    fn offers(&self) -> io::Result<Offers> {
        self.with(|camera| Ok(camera.offers.clone()))
    }

    fn set(&mut self, choice: &Choice) -> io::Result<Granted> {
        let granted = self.with(|camera| {
            camera.set?;
            let size_px = camera.largest.unwrap_or(choice.size_px);
            let stride_bytes = if choice.format == PixelFormat::Yuyv {
                size_px[0] as usize * 2
            } else {
                0
            };
            let fps = choice
                .interval
                .map(|(numerator, denominator)| f64::from(denominator) / f64::from(numerator));
            Ok(Granted {
                format: choice.format,
                size_px,
                stride_bytes,
                color: ColorSpace::JPEG,
                fps,
            })
        })?;
        self.granted = Some(granted);
        Ok(granted)
    }

    fn set_control(&self, id: u32, value: i64) -> io::Result<Option<i64>> {
        self.with(|camera| {
            let value = value.min(camera.control_limit);
            camera.controls.push((id, value));
            Ok(Some(value))
        })
    }

    fn start(&mut self) -> io::Result<()> {
        let format = self.granted.ok_or(Errno::INVAL)?.format;
        self.with(|camera| {
            camera.starts += 1;
            if camera.no_room_for.contains(&format) {
                Err(Errno::NOSPC.into())
            } else {
                Ok(())
            }
        })
    }

    fn next(&mut self, _: Duration, show: &mut dyn FnMut(Buffer<'_>)) -> io::Result<bool> {
        let granted = self.granted.ok_or(Errno::INVAL)?;
        let camera = self.with(|camera| Ok(camera.clone()))?;
        if camera.is_silent {
            return Ok(false);
        }
        let [width, height] = granted.size_px;
        let bytes = camera.bytes.unwrap_or_else(|| vec![90; (width * height * 2) as usize]);
        let captured = CaptureTime::now(CaptureClock::StartOfExposure);
        show(Buffer {
            bytes: &bytes,
            is_damaged: camera.is_damaged,
            captured,
        });
        Ok(true)
    }
}
