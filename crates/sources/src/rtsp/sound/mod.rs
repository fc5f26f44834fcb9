//! The sound of a camera: packets in, pieces of sound on the bus.
//!
//! ```text
//! packets → decoder (samples; of some codecs by ffmpeg, later) → track (what belongs where, what is missing, when it was) → bus
//! ```

mod aac_config;
mod access_units;
mod child;
mod decoder;
mod format;
mod g711;
mod opus;
mod pace;
mod track;

use std::sync::Arc;

use bushbaby_bus::CaptureTime;
use bushbaby_node::audio::{self, AudioMeta, Samples};
use bushbaby_node::{NodeContext, NodeError, Outputs};
use bytes::Bytes;

use super::trouble::Trouble;
pub(super) use child::Waker;
use decoder::Decoder;
pub(super) use format::{SoundFormat, Unreadable};
use track::{Block, Content, Track};

/// One packet of sound.
#[derive(Debug)]
pub(super) struct SoundPacket {
    pub(super) format: Arc<SoundFormat>,
    /// The packets' time, not wrapped.
    pub(super) ticks: i64,
    /// When it arrived, or when its first sample was taken if the camera's clock tells.
    pub(super) captured: CaptureTime,
    /// Whether packets before it are missing.
    pub(super) is_behind_loss: bool,
    /// Whether it is the first of a connection.
    pub(super) is_first: bool,
    pub(super) payload: Bytes,
}

/// Decodes a camera's sound and sends it.
#[derive(Debug)]
pub(super) struct Sound {
    context: NodeContext,
    waker: Waker,
    decoder: Option<Decoder>,
    track: Option<Track>,
}

impl Sound {
    /// `waker` is called when there is something to [finish](Sound::finish).
    pub(super) fn new(context: &NodeContext, waker: Waker) -> Self {
        Self {
            context: context.clone(),
            waker,
            decoder: None,
            track: None,
        }
    }

    /// Takes in a packet. Returns whether a piece was sent.
    ///
    /// # Errors
    /// When the bus takes nothing.
    pub(super) fn take(&mut self, packet: &SoundPacket, out: &mut Outputs) -> Result<bool, NodeError> {
        if packet.is_first {
            self.begin(&packet.format);
        }
        let blocks = self.decoder.as_mut().map(|decoder| decoder.take(packet));
        self.send(&blocks.unwrap_or_default(), out)
    }

    /// Sends what was begun before and is decoded by now. Returns whether a piece was sent.
    ///
    /// # Errors
    /// When the bus takes nothing.
    pub(super) fn finish(&mut self, out: &mut Outputs) -> Result<bool, NodeError> {
        let blocks = self.decoder.as_mut().map(Decoder::finished);
        self.send(&blocks.unwrap_or_default(), out)
    }

    /// Why there is no sound although it comes, if a person can mend it.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.decoder.as_ref().and_then(Decoder::trouble)
    }

    /// Ends what was started for it.
    pub(super) fn close(&mut self) {
        self.decoder = None;
    }

    fn send(&mut self, blocks: &[Block], out: &mut Outputs) -> Result<bool, NodeError> {
        let Some(track) = &mut self.track else {
            return Ok(false);
        };
        let mut has_sent = false;
        for block in blocks {
            if matches!(block.content, Content::Damaged(_)) {
                self.context
                    .reporter
                    .warn("some of the camera's sound is damaged: silence in its place");
            }
            let (rate_hz, channels) = (track.rate_hz(), track.channels());
            track.take(block, |piece| {
                let meta = AudioMeta {
                    filled: piece.filled,
                    ..AudioMeta::new(self.context.name(), rate_hz, piece.position)
                };
                has_sent = true;
                let samples = Samples::I16(piece.samples);
                audio::send(out, "audio", samples, channels, &meta, piece.captured, None)
            })?;
        }
        Ok(has_sent)
    }

    /// Another connection begins.
    fn begin(&mut self, format: &SoundFormat) {
        self.decoder = Some(Decoder::new(format, &self.context, &self.waker));
        self.track = match self.track.take() {
            Some(track) if track.is_of(format) => Some(track),
            before => Some(Track::new(format, before.as_ref())),
        };
    }
}
