//! Takes access units and packets of sound from the receiver, decodes them and sends pictures and sound.

use std::path::Path;
use std::time::{Duration, Instant};

use bushbaby_bus::CaptureTime;
use bushbaby_node::image;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step};

use super::address::Address;
use super::line::{AccessUnit, Arrived};
use super::order::{OrderWatch, Place};
use super::receiver::Receiver;
use super::sound::Sound;
use super::trouble::Trouble;
use super::{RtspSettings, SoundWish};
use crate::calibration::Calibrated;
use crate::h264::{DecodeError, Decoder, Order};

/// A step returns after this long, with or without a picture.
const STEP: Duration = Duration::from_millis(200);
/// A picture that waited longer for the decoder is left out, if one to begin anew with is already there.
const LATEST: Duration = Duration::from_millis(500);
/// How long a camera may send before it sends something to begin with.
const KEYFRAME: Duration = Duration::from_secs(2);

const IMAGE: OutputSpec = OutputSpec {
    name: "image",
    carries: Carries::Image,
    owes_frames: true,
};
/// Whether a camera has sound is known once it plays. From then on the receiver watches that it comes.
const AUDIO: OutputSpec = OutputSpec {
    name: "audio",
    carries: Carries::Audio,
    owes_frames: true,
};

/// A camera on the network.
#[derive(Debug)]
pub struct RtspSource {
    context: NodeContext,
    calibrated: Calibrated,
    receiver: Receiver,
    sound: Sound,
    wish: SoundWish,
    /// Whether pictures came.
    has_pictures: bool,
    decoder: Decoder<CaptureTime>,
    order: OrderWatch,
    /// What the decoder says of the camera's pictures, while that is the trouble.
    trouble: Option<Trouble>,
    /// Since when units come that cannot be begun with.
    no_keyframe_since: Option<Instant>,
}

impl Source for RtspSource {
    type Settings = RtspSettings;
    const OUTPUTS: &'static [OutputSpec] = &[IMAGE, AUDIO];

    fn outputs(settings: &RtspSettings, _base_dir: &Path) -> Vec<OutputSpec> {
        match settings.audio {
            SoundWish::Auto | SoundWish::Needed => vec![IMAGE, AUDIO],
            SoundWish::Only => vec![AUDIO],
            SoundWish::Off => vec![IMAGE],
        }
    }

    fn open(settings: RtspSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let address = Address::of(&settings)
            .map_err(|error| NodeError::new(error.to_string()).with_hint(error.hint()).for_good())?;
        let receiver = Receiver::start(address, settings.transport, settings.audio)
            .map_err(|error| NodeError::new(format!("the thread that reads the camera cannot be started: {error}")))?;
        Ok(Self {
            context: context.clone(),
            calibrated: Calibrated::new(context, settings.calibration.as_deref()),
            sound: Sound::new(context, receiver.line.waker()),
            wish: settings.audio,
            has_pictures: false,
            receiver,
            decoder: Decoder::new(Order::AsSent),
            order: OrderWatch::default(),
            trouble: None,
            no_keyframe_since: None,
        })
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        let step = match self.receiver.line.next(STEP) {
            Some(Arrived::Picture(unit)) => {
                self.has_pictures = true;
                let unit = self.or_newer(unit);
                self.show(&unit, out)?
            }
            Some(Arrived::Sound(packet)) => sent(self.sound.take(&packet, out)?),
            None => sent(self.sound.finish(out)?),
        };
        // While one of both does not come, the other is no reason to say that all is well. The receiver knows better than the
        // decoders why nothing comes.
        let trouble = self.receiver.line.trouble().or_else(|| self.trouble.clone());
        let trouble = trouble.or_else(|| self.sound.trouble().filter(|_| self.needs_sound()));
        Ok(trouble.map_or(step, |trouble| trouble.step()))
    }

    fn close(&mut self) {
        self.sound.close();
        self.receiver.end();
    }
}

impl RtspSource {
    /// Whether a camera whose sound cannot be decoded is worth nothing.
    fn needs_sound(&self) -> bool {
        self.wish == SoundWish::Needed || !self.has_pictures
    }

    /// This access unit; or, when the decoder is behind, the newest one to begin anew with.
    fn or_newer(&self, mut unit: AccessUnit) -> AccessUnit {
        if unit.arrived.elapsed() > LATEST
            && let Some(mut newer) = self.receiver.line.newest_keyframe()
        {
            self.context
                .reporter
                .warn("decoding is too slow for the camera's pictures: some are left out");
            newer.is_first |= unit.is_first;
            unit = newer;
        }
        unit
    }

    fn show(&mut self, unit: &AccessUnit, out: &mut Outputs) -> Result<Step, NodeError> {
        if unit.is_first {
            self.order.begin_anew();
            self.no_keyframe_since = None;
        }
        if unit.is_behind_loss {
            self.decoder.lost();
        }
        let place = self.order.look(unit.rtp.ticks);
        if place == Place::EarlierAgain && self.decoder.order() == Order::AsSent {
            tracing::info!(
                "the pictures refer to later ones (B-frames): putting them in order, which takes some frame times"
            );
            self.decoder.set_order(Order::AsShown);
        }
        let is_out_of_order = place != Place::InOrder && self.decoder.order() == Order::AsSent;
        match self.decoder.decode(&unit.data, unit.rtp.ticks, unit.captured) {
            Ok(Some(_)) if is_out_of_order => {}
            Ok(Some((picture, captured))) => {
                let view = picture
                    .view()
                    .map_err(|error| NodeError::new(format!("the decoder made an impossible picture: {error}")))?;
                let captured = self.order.forward(captured);
                let meta = self.calibrated.meta([view.width(), view.height()]);
                image::send(out, "image", &view, captured, None, meta)?;
                (self.trouble, self.no_keyframe_since) = (None, None);
                return Ok(Step::Sent);
            }
            Ok(None) => return Ok(self.without_keyframe()),
            Err(DecodeError::Undecodable(why)) => {
                let trouble = Trouble::Undecodable(why);
                let step = trouble.step();
                self.trouble = Some(trouble);
                return Ok(step);
            }
            Err(error @ DecodeError::Damaged(_)) => {
                self.context
                    .reporter
                    .warn(&format!("{error}: left out, up to the next keyframe"));
                return Ok(Step::Idle);
            }
            Err(error @ DecodeError::Codec(_)) => return Err(NodeError::new(error.to_string())),
        }
        Ok(Step::Idle)
    }

    /// What to say of a unit that gave no picture.
    fn without_keyframe(&mut self) -> Step {
        if !self.decoder.needs_keyframe() {
            return Step::Idle;
        }
        let since = *self.no_keyframe_since.get_or_insert_with(Instant::now);
        if since.elapsed() < KEYFRAME {
            return Step::Idle;
        }
        self.trouble = Some(Trouble::NoKeyframe);
        Trouble::NoKeyframe.step()
    }
}

fn sent(has_sent: bool) -> Step {
    if has_sent { Step::Sent } else { Step::Idle }
}
