//! Takes access units from the receiver, decodes them and sends the pictures.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bushbaby_bus::CaptureTime;
use bushbaby_node::image;
use bushbaby_node::{Carries, NodeContext, NodeError, OutputSpec, Outputs, Source, Step};

use super::RtspSettings;
use super::address::Address;
use super::line::AccessUnit;
use super::order::{OrderWatch, Place};
use super::receiver::Receiver;
use super::trouble::Trouble;
use crate::calibration::Calibrated;
use crate::h264::{DecodeError, Decoder, Order};

/// A step returns after this long, with or without a picture.
const STEP: Duration = Duration::from_millis(200);
/// A picture that waited longer for the decoder is left out, if one to begin anew with is already there.
const LATEST: Duration = Duration::from_millis(500);
/// How long a camera may send before it sends something to begin with.
const KEYFRAME: Duration = Duration::from_secs(2);
/// Access units taken over from the receiver at most.
const MOST_UNITS: usize = 64;

/// A camera on the network.
#[derive(Debug)]
pub struct RtspSource {
    context: NodeContext,
    calibrated: Calibrated,
    receiver: Receiver,
    waiting: VecDeque<AccessUnit>,
    decoder: Decoder<CaptureTime>,
    order: OrderWatch,
    /// What the decoder says of the camera's pictures, while that is the trouble.
    trouble: Option<Trouble>,
    /// Since when units come that cannot be begun with.
    no_keyframe_since: Option<Instant>,
}

impl Source for RtspSource {
    type Settings = RtspSettings;
    const OUTPUTS: &'static [OutputSpec] = &[OutputSpec {
        name: "image",
        carries: Carries::Image,
        owes_frames: true,
    }];

    fn open(settings: RtspSettings, context: &NodeContext) -> Result<Self, NodeError> {
        let address = Address::of(&settings)
            .map_err(|error| NodeError::new(error.to_string()).with_hint(error.hint()).for_good())?;
        let receiver = Receiver::start(address, settings.transport)
            .map_err(|error| NodeError::new(format!("the thread that reads the camera cannot be started: {error}")))?;
        Ok(Self {
            context: context.clone(),
            calibrated: Calibrated::new(context, settings.calibration.as_deref()),
            receiver,
            waiting: VecDeque::new(),
            decoder: Decoder::new(Order::AsSent),
            order: OrderWatch::default(),
            trouble: None,
            no_keyframe_since: None,
        })
    }

    fn step(&mut self, out: &mut Outputs) -> Result<Step, NodeError> {
        match self.next_unit() {
            Some(unit) => self.show(&unit, out),
            // The receiver knows better than the decoder why nothing comes.
            None => Ok(self
                .receiver
                .line
                .trouble()
                .or_else(|| self.trouble.clone())
                .map_or(Step::Idle, |trouble| trouble.step())),
        }
    }

    fn close(&mut self) {
        self.receiver.end();
    }
}

impl RtspSource {
    /// The next access unit; when the decoder is behind, the newest one to begin anew with.
    fn next_unit(&mut self) -> Option<AccessUnit> {
        if self.waiting.is_empty() {
            self.waiting.push_back(self.receiver.line.next(STEP)?);
        }
        while self.waiting.len() < MOST_UNITS
            && let Some(unit) = self.receiver.line.next(Duration::ZERO)
        {
            self.waiting.push_back(unit);
        }
        if self
            .waiting
            .front()
            .is_some_and(|oldest| oldest.arrived.elapsed() > LATEST)
            && let Some(keyframe) = self
                .waiting
                .iter()
                .rposition(|unit| unit.is_keyframe)
                .filter(|at| *at > 0)
        {
            self.context
                .reporter
                .warn("decoding is too slow for the camera's pictures: some are left out");
            let skips_connection = self.waiting.drain(..keyframe).any(|unit| unit.is_first);
            if let Some(next) = self.waiting.front_mut() {
                next.is_behind_loss = true;
                next.is_first |= skips_connection;
            }
        }
        self.waiting.pop_front()
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
