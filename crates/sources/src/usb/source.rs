//! Keeps a camera open: finds it, asks for a mode, sends its pictures, notices when it is gone, finds it again.

use std::time::{Duration, Instant};

use bushbaby_node::image;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step};
use bushbaby_pixels::PixelFormat;
use bushbaby_pixels::jpeg::with_huffman_tables;
use rustix::io::Errno;

use super::camera::{Buffer, Capture, Choice, Device, Granted, Host, Listed};
use super::choose::{Wish, choices};
use super::pick::Wanted;
use super::settings::UsbSettings;
use super::trouble::{Trouble, errno};
use super::v4l2::Kernel;
use super::{controls, picture};
use crate::calibration::Calibrated;
use crate::decoded::{DECODED, DecodedOutput};

/// A step returns after this long, with or without a picture.
const STEP: Duration = Duration::from_millis(200);

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Between two looks for a camera that is not there.
    pub(super) look_again: Duration,
    /// For a picture, before the camera is opened anew; more for a slow one.
    pub(super) silence: Duration,
    /// For the first picture: some cameras wake up slowly.
    pub(super) first_picture: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            look_again: Duration::from_millis(500),
            silence: Duration::from_secs(3),
            first_picture: Duration::from_secs(10),
        }
    }
}

/// A camera that is kept open.
#[derive(Debug)]
pub struct UsbSource {
    context: NodeContext,
    host: Box<dyn Host>,
    settings: UsbSettings,
    wanted: Wanted,
    limits: Limits,
    calibrated: Calibrated,
    decoded: DecodedOutput,
    /// The camera that was open last.
    before: Option<Listed>,
    /// What went wrong last; told until there is a picture.
    trouble: Option<Trouble>,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(Box<Open>),
    /// Not there; looked for again at `until`.
    Looking {
        until: Instant,
    },
}

#[derive(Debug)]
struct Open {
    camera: Listed,
    device: Box<dyn Device>,
    granted: Granted,
    has_picture: bool,
    last_picture: Instant,
}

impl Source for UsbSource {
    type Settings = UsbSettings;
    const OUTPUTS: &'static [OutputSpec] = &[
        OutputSpec {
            name: "image",
            carries: Carries::Image,
            owes_frames: true,
        },
        DECODED,
    ];

    fn open(settings: UsbSettings, context: &NodeContext) -> Result<Self, NodeError> {
        Ok(Self::with_host(
            Box::new(Kernel::default()),
            settings,
            context,
            Limits::default(),
        ))
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        match &self.state {
            State::Open(_) => self.listen(out),
            State::Looking { until } => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(self.look());
                }
                self.context.stop.wait(left.min(STEP));
                Ok(self.idle())
            }
        }
    }

    fn close(&mut self) {
        self.state = State::Looking { until: Instant::now() };
    }
}

impl UsbSource {
    pub(super) fn with_host(host: Box<dyn Host>, settings: UsbSettings, context: &NodeContext, limits: Limits) -> Self {
        Self {
            context: context.clone(),
            host,
            wanted: Wanted::parse(&settings.usb),
            calibrated: Calibrated::new(context, settings.calibration.as_deref()),
            decoded: DecodedOutput::default(),
            settings,
            limits,
            before: None,
            trouble: None,
            state: State::Looking { until: Instant::now() },
        }
    }

    fn look(&mut self) -> Step {
        match self.find() {
            Ok(open) => {
                self.before = Some(open.camera.clone());
                self.state = State::Open(Box::new(open));
                self.idle()
            }
            Err(trouble) => self.lost(trouble, self.limits.look_again),
        }
    }

    fn lost(&mut self, trouble: Trouble, look_after: Duration) -> Step {
        let step = waiting(&trouble);
        if let State::Open(_) = self.state {
            tracing::warn!("{trouble}");
        }
        self.trouble = Some(trouble);
        self.state = State::Looking {
            until: Instant::now() + look_after,
        };
        step
    }

    /// There is nothing new: while there was no picture since, the last trouble goes on.
    fn idle(&self) -> Step {
        self.trouble.as_ref().map_or(Step::Idle, waiting)
    }

    /// Finds the camera and starts it.
    fn find(&self) -> Result<Open, Trouble> {
        let listed = self.host.cameras();
        let camera = self.wanted.pick(&listed, self.before.as_ref())?;
        if camera.capture == Capture::PlanesApart {
            return Err(Trouble::PlanesApart(Box::new(camera.clone())));
        }
        let refused = |doing| move |error| Trouble::system(camera, doing, error);
        let mut device = self.host.open(camera).map_err(refused("opening it"))?;
        let offers = device.offers().map_err(refused("asking for its formats"))?;
        let wish = Wish {
            size: self.settings.size,
            fps: self.settings.fps,
            format: self.settings.format,
        };
        let choices = choices(&offers.known, &wish);
        let granted = self.start(camera, device.as_mut(), &choices)?.ok_or_else(|| {
            let mut names: Vec<String> = offers.known.iter().map(|offer| offer.format.to_string()).collect();
            names.dedup();
            names.extend(offers.others);
            Trouble::Format(Box::new(camera.clone()), self.settings.format, names)
        })?;
        self.tell_change(camera);
        self.tell_granted(camera, &granted);
        let camera = camera.clone();
        Ok(Open {
            camera,
            device,
            granted,
            has_picture: false,
            last_picture: Instant::now(),
        })
    }

    /// Starts the first choice that the bus has room for; `None` when there is no choice.
    fn start(&self, camera: &Listed, device: &mut dyn Device, choices: &[Choice]) -> Result<Option<Granted>, Trouble> {
        for (index, choice) in choices.iter().enumerate() {
            let granted = device
                .set(choice)
                .map_err(|error| Trouble::system(camera, "setting its format", error))?;
            for (name, value) in controls::in_order(&self.settings.controls) {
                self.control(camera, device, name, value);
            }
            match device.start() {
                Ok(()) => return Ok(Some(granted)),
                Err(error) if errno(&error) == Some(Errno::NOSPC) && index + 1 < choices.len() => {
                    let other = choices[index + 1].format;
                    self.context.reporter.warn(&format!(
                        "the USB bus has no room left for {} from camera {camera}: taking {other}",
                        granted.format
                    ));
                }
                Err(error) => return Err(Trouble::system(camera, "starting it", error)),
            }
        }
        Ok(None)
    }

    fn control(&self, camera: &Listed, device: &dyn Device, name: &str, value: i64) {
        let Some(number) = controls::number(name) else { return };
        let warning = match device.set_control(number, value) {
            Ok(Some(now)) if now != value => format!("camera {camera} set `{name}` to {now}, not to {value}"),
            Ok(_) => return,
            Err(error) => match errno(&error) {
                Some(Errno::INVAL) => format!("camera {camera} has no control `{name}`, or not with the value {value}"),
                Some(Errno::RANGE) => {
                    format!("camera {camera} cannot set `{name}` to {value}: `v4l2-ctl -L` lists its range")
                }
                _ => format!("camera {camera} did not set `{name}` to {value}: {error}"),
            },
        };
        self.context.reporter.warn(&warning);
    }

    /// Warns when another camera sits in the place of the one that was there before.
    fn tell_change(&self, camera: &Listed) {
        if let Some(before) = self.before.as_ref().filter(|before| !before.is_same_camera(camera)) {
            let serial = |camera: &Listed| {
                camera
                    .serial
                    .as_ref()
                    .map_or_else(String::new, |serial| format!(" with serial number {serial}"))
            };
            self.context.reporter.warn(&format!(
                "another camera sits at {}: `{}`{} instead of `{}`{}; its calibration may not fit",
                self.wanted,
                camera.name,
                serial(camera),
                before.name,
                serial(before)
            ));
        }
    }

    /// Says what the camera gives, and warns when that is not what was asked for.
    fn tell_granted(&self, camera: &Listed, granted: &Granted) {
        let given = in_words(granted.size_px, granted.fps);
        tracing::info!("camera {camera} gives {given}, {}", granted.format);
        let is_size = self
            .settings
            .size
            .is_none_or(|size| [size.width, size.height] == granted.size_px);
        let is_rate = self
            .settings
            .fps
            .zip(granted.fps)
            .is_none_or(|(asked, given)| (asked - given).abs() < 0.05 * asked);
        if !(is_size && is_rate) {
            let size = self
                .settings
                .size
                .map_or(granted.size_px, |size| [size.width, size.height]);
            let asked = in_words(size, self.settings.fps);
            self.context
                .reporter
                .warn(&format!("asked for {asked}, camera {camera} gives {given}"));
        }
    }

    fn listen(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        let State::Open(open) = &mut self.state else {
            return Ok(Step::Idle);
        };
        let (granted, calibrated, decoded) = (&open.granted, &mut self.calibrated, &mut self.decoded);
        let reporter = &self.context.reporter;
        let mut result = Ok(Step::Idle);
        let shown = open.device.next(STEP, &mut |buffer: Buffer<'_>| {
            result = send(out, granted, &buffer, calibrated, decoded, reporter);
        });
        match shown {
            Ok(true) => {
                let sent = result?;
                if sent == Step::Sent {
                    open.has_picture = true;
                    self.trouble = None;
                    open.last_picture = Instant::now();
                    return Ok(sent);
                }
                Ok(self.while_silent())
            }
            Ok(false) => Ok(self.while_silent()),
            Err(error) => {
                let trouble = Trouble::system(&open.camera, "reading from it", error);
                Ok(self.lost(trouble, Duration::ZERO))
            }
        }
    }

    fn while_silent(&mut self) -> Step {
        let State::Open(open) = &self.state else {
            return Step::Idle;
        };
        let silence = open.last_picture.elapsed();
        let frame_time = open
            .granted
            .fps
            .map_or(Duration::ZERO, |fps| Duration::from_secs_f64(1.0 / fps.max(0.01)));
        let least = if open.has_picture {
            self.limits.silence
        } else {
            self.limits.first_picture
        };
        if silence < least.max(frame_time * 5) {
            return self.idle();
        }
        let trouble = Trouble::Silent {
            camera: Box::new(open.camera.clone()),
            seconds: silence.as_secs(),
        };
        self.lost(trouble, Duration::ZERO)
    }
}

/// Sends one picture; a damaged one is left out and told.
fn send(
    out: &mut Outputs,
    granted: &Granted,
    buffer: &Buffer<'_>,
    calibrated: &mut Calibrated,
    decoded: &mut DecodedOutput,
    reporter: &bushbaby_node::reporter::Reporter,
) -> Result<Step, NodeError> {
    let bytes = if granted.format == PixelFormat::Jpeg {
        with_huffman_tables(buffer.bytes)
    } else {
        buffer.bytes.into()
    };
    let view = match picture::view(granted, &bytes) {
        Ok(view) if !buffer.is_damaged => view,
        Ok(_) => {
            reporter.warn("a picture was damaged on its way from the camera and is left out");
            return Ok(Step::Idle);
        }
        Err(error) => {
            reporter.warn(&format!(
                "a picture was damaged on its way from the camera and is left out: {error}"
            ));
            return Ok(Step::Idle);
        }
    };
    let meta = calibrated.meta([view.width(), view.height()]);
    image::send(out, "image", &view, buffer.captured, None, meta)?;
    if let Some(jpeg) = view.jpeg_bytes() {
        decoded.send_if_wanted(out, jpeg, meta, reporter)?;
    }
    Ok(Step::Sent)
}

fn waiting(trouble: &Trouble) -> Step {
    Step::Waiting {
        reason: trouble.to_string(),
        hint: trouble.hint(),
    }
}

fn in_words([width, height]: [u32; 2], fps: Option<f64>) -> String {
    let fps = fps.map_or_else(String::new, |fps| format!(" at {} fps", (fps * 100.0).round() / 100.0));
    format!("{width}x{height}{fps}")
}
