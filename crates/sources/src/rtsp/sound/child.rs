//! Sound that ffmpeg decodes, in a child: packets in, and samples some time later.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bushbaby_node::NodeContext;

use super::SoundPacket;
use super::aac_config::AacConfig;
use super::access_units::{AccessUnits, Damaged, Packing};
use super::opus;
use super::track::{Block, Content};
use crate::rtsp::trouble::Trouble;
use crate::sound::ffmpeg::{Container, Ended, Ffmpeg, program};

/// After a child has fallen, and while there is none to start.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
/// A child that has more seconds of sound to decode does not decode.
const MOST_SECONDS: usize = 5;

/// Wakes whoever waits for what the camera sends.
#[derive(Clone)]
pub(in crate::rtsp) struct Waker(pub(in crate::rtsp) Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

/// Has packets decoded.
#[derive(Debug)]
pub(super) struct ChildDecoder {
    context: NodeContext,
    waker: Waker,
    program: OsString,
    codec: &'static str,
    units: Units,
    container: Container,
    rate_hz: u32,
    channels: usize,
    ffmpeg: Option<Ffmpeg>,
    /// What ffmpeg is at work on: the content says how long it will be.
    begun: VecDeque<Block>,
    next_try: Option<Instant>,
    is_missing: bool,
}

/// What a packet holds.
#[derive(Debug)]
enum Units {
    Opus,
    Aac { units: AccessUnits, samples: usize },
}

impl ChildDecoder {
    pub(super) fn opus(context: &NodeContext, waker: &Waker, channels: usize) -> Self {
        let container = Container::opus(channels as u8);
        Self::new(
            context,
            waker,
            "Opus",
            Units::Opus,
            container,
            [opus::RATE_HZ, channels as u32],
        )
    }

    pub(super) fn aac(
        context: &NodeContext,
        waker: &Waker,
        codec: &'static str,
        config: &AacConfig,
        packing: Packing,
    ) -> Self {
        let units = Units::Aac {
            units: AccessUnits::new(packing),
            samples: config.samples(),
        };
        let container = Container::aac(&config.bytes, config.rate_hz);
        Self::new(
            context,
            waker,
            codec,
            units,
            container,
            [config.rate_hz, config.channels as u32],
        )
    }

    fn new(
        context: &NodeContext,
        waker: &Waker,
        codec: &'static str,
        units: Units,
        container: Container,
        [rate_hz, channels]: [u32; 2],
    ) -> Self {
        Self {
            context: context.clone(),
            waker: waker.clone(),
            program: program(),
            codec,
            units,
            container,
            rate_hz,
            channels: channels as usize,
            ffmpeg: None,
            begun: VecDeque::new(),
            next_try: None,
            is_missing: false,
        }
    }

    /// Hands a packet over. Returns how long each part will be that was taken, and whether that is all of it.
    pub(super) fn take(&mut self, packet: &SoundPacket) -> Result<(Vec<usize>, bool), Damaged> {
        let units: Vec<(Vec<u8>, usize)> = match &mut self.units {
            Units::Opus => {
                let samples = opus::samples(&packet.payload).ok_or(Damaged)?;
                vec![(packet.payload.to_vec(), samples)]
            }
            Units::Aac { units, samples } => {
                if packet.is_behind_loss {
                    units.lost();
                }
                let units = units.take(&packet.payload)?;
                units.into_iter().map(|unit| (unit, *samples)).collect()
            }
        };
        let Some(ffmpeg) = self.running() else {
            return Err(Damaged);
        };
        let taken = units
            .iter()
            .take_while(|(unit, samples)| ffmpeg.push(unit, *samples as u64));
        let lengths: Vec<usize> = taken.map(|(_, samples)| *samples).collect();
        let is_all = lengths.len() == units.len();
        Ok((lengths, is_all))
    }

    /// What was taken, with its times.
    pub(super) fn begin(&mut self, blocks: Vec<Block>) {
        self.begun.extend(blocks);
    }

    /// What is decoded; and, if the child has fallen, what was lost with it.
    pub(super) fn finished(&mut self) -> (Vec<Block>, Option<FirstLost>) {
        let mut blocks = Vec::new();
        let Some(ffmpeg) = &mut self.ffmpeg else {
            return (blocks, None);
        };
        while let Some(block) = self.begun.front_mut()
            && let Some(samples) = ffmpeg.take(block.content.len(self.channels) * self.channels)
        {
            block.content = Content::Samples(samples);
            blocks.extend(self.begun.pop_front());
        }
        let waiting: usize = self.begun.iter().map(|block| block.content.len(self.channels)).sum();
        let fallen = match ffmpeg.ended() {
            Some(Ended { how, last_line }) => format!("ended with {how}: {last_line}"),
            None if waiting > MOST_SECONDS * self.rate_hz as usize => "decodes nothing".to_owned(),
            None => return (blocks, None),
        };
        self.context.reporter.warn(&format!(
            "ffmpeg, which decodes the camera's sound, {fallen}; starting it again"
        ));
        self.ffmpeg = None;
        self.next_try = Some(Instant::now() + BETWEEN_TRIES);
        let lost = self.begun.drain(..).any(|block| block.is_first);
        (blocks, Some(FirstLost(lost)))
    }

    /// Why there is no sound, if a person can mend it.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.is_missing.then_some(Trouble::NoFfmpeg { codec: self.codec })
    }

    fn running(&mut self) -> Option<&mut Ffmpeg> {
        if self.ffmpeg.is_none() && self.next_try.is_none_or(|at| at <= Instant::now()) {
            self.next_try = Some(Instant::now() + BETWEEN_TRIES);
            let waker = self.waker.clone();
            let started = Ffmpeg::start(
                &self.context.spawner,
                &self.program,
                self.container.clone(),
                [self.rate_hz, self.channels as u32],
                move || (waker.0)(),
            );
            self.is_missing = matches!(&started, Err(error) if error.kind() == io::ErrorKind::NotFound);
            let words = match (&started, self.trouble()) {
                (_, Some(trouble)) => Some(trouble.to_string()),
                (Err(error), None) => Some(format!("ffmpeg cannot be started: {error}")),
                (Ok(_), None) => None,
            };
            if let Some(words) = words {
                self.context.reporter.warn(&words);
            }
            self.ffmpeg = started.ok();
        }
        self.ffmpeg.as_mut()
    }
}

/// Whether what was lost with a child was the first of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstLost(pub(super) bool);
