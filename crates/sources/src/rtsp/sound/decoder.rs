//! Packets of sound to samples.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bushbaby_bus::{CaptureClock, CaptureTime};
use bushbaby_node::NodeContext;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::AacDecoder;

use super::SoundPacket;
use super::aac_config::AacConfig;
use super::access_units::{AccessUnits, Damaged};
use super::child::{ChildDecoder, FirstLost, Waker};
use super::format::{Codec, SoundFormat};
use super::g711::{a_law, mu_law};
use super::pace::moved;
use super::track::{Block, Content};
use crate::rtsp::trouble::Trouble;

/// Decodes the sound of one connection.
#[derive(Debug)]
pub(super) struct Decoder {
    way: Way,
    rate_hz: u32,
    channels: usize,
    ticks_per_second: u32,
    /// Whether something before the next block could not be used.
    has_lost: bool,
    is_first: bool,
}

#[derive(Debug)]
enum Way {
    /// One byte a sample.
    Bytes(fn(u8) -> i16),
    L16,
    Aac(Aac),
    Child(Box<ChildDecoder>),
}

impl Decoder {
    /// A decoder for one connection.
    pub(super) fn new(format: &SoundFormat, context: &NodeContext, waker: &Waker) -> Self {
        let way = match &format.codec {
            Codec::ALaw => Way::Bytes(a_law),
            Codec::MuLaw => Way::Bytes(mu_law),
            Codec::L16 => Way::L16,
            Codec::Aac { config, packing } => match UnitDecoder::new(config) {
                Some(decoder) => Way::Aac(Aac {
                    units: AccessUnits::new(*packing),
                    decoder,
                }),
                None => Way::Child(Box::new(ChildDecoder::aac(
                    context,
                    waker,
                    format.name(),
                    config,
                    *packing,
                ))),
            },
            Codec::Opus => Way::Child(Box::new(ChildDecoder::opus(context, waker, format.channels))),
        };
        Self {
            way,
            rate_hz: format.rate_hz,
            channels: format.channels,
            ticks_per_second: format.ticks_per_second,
            has_lost: false,
            is_first: true,
        }
    }

    /// Why there is no sound, if a person can mend it.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        match &self.way {
            Way::Child(child) => child.trouble(),
            _ => None,
        }
    }

    /// The blocks that are complete with this packet.
    pub(super) fn take(&mut self, packet: &SoundPacket) -> Vec<Block> {
        self.has_lost |= packet.is_behind_loss;
        let mut is_cut = false;
        let contents = match &mut self.way {
            Way::Bytes(law) => vec![Content::Samples(packet.payload.iter().map(|byte| law(*byte)).collect())],
            Way::L16 => {
                let samples = packet
                    .payload
                    .chunks_exact(2)
                    .map(|two| i16::from_be_bytes([two[0], two[1]]));
                vec![Content::Samples(samples.collect())]
            }
            Way::Aac(aac) => aac.take(packet).unwrap_or_else(|Damaged| {
                self.has_lost = true;
                vec![]
            }),
            Way::Child(child) => match child.take(packet) {
                Ok((lengths, is_all)) => {
                    is_cut = !is_all;
                    lengths.into_iter().map(Content::Damaged).collect()
                }
                Err(Damaged) => {
                    self.has_lost = true;
                    vec![]
                }
            },
        };
        let blocks = self.blocks(packet, contents);
        self.has_lost |= is_cut;
        match &mut self.way {
            Way::Child(child) => {
                child.begin(blocks);
                self.finished()
            }
            _ => blocks,
        }
    }

    /// The blocks that were begun before and are complete by now.
    pub(super) fn finished(&mut self) -> Vec<Block> {
        let Way::Child(child) = &mut self.way else {
            return vec![];
        };
        let (blocks, fallen) = child.finished();
        if let Some(FirstLost(is_first_lost)) = fallen {
            self.has_lost = true;
            self.is_first |= is_first_lost;
        }
        blocks
    }

    /// Puts times to what a packet held.
    fn blocks(&mut self, packet: &SoundPacket, contents: Vec<Content>) -> Vec<Block> {
        let lengths = contents.iter().map(|content| content.len(self.channels));
        let total: usize = lengths.sum();
        let mut at = 0;
        let mut blocks = Vec::with_capacity(contents.len());
        for mut content in contents {
            let length = content.len(self.channels);
            if length == 0 {
                self.has_lost = true;
                continue;
            }
            if let Content::Samples(samples) = &mut content {
                // Half a sample at the end of a cut packet.
                samples.truncate(length * self.channels);
            }
            let ticks = at as u64 * u64::from(self.ticks_per_second) / u64::from(self.rate_hz);
            blocks.push(Block {
                ticks: packet.ticks.saturating_add_unsigned(ticks),
                captured: self.captured(packet.captured, at, total),
                is_behind_loss: std::mem::take(&mut self.has_lost),
                is_first: std::mem::take(&mut self.is_first),
                content,
            });
            at += length;
        }
        blocks
    }

    /// When the sample `at` of a packet of `total` was taken.
    fn captured(&self, packet: CaptureTime, at: usize, total: usize) -> CaptureTime {
        // A packet is sent when its last sample was taken; the camera's clock tells of its first.
        let samples = match packet.known_by {
            CaptureClock::CameraClock => at as i64,
            _ => at as i64 - total as i64,
        };
        moved(packet, samples * 1_000_000_000 / i64::from(self.rate_hz))
    }
}

impl Content {
    /// Samples of each channel.
    pub(super) fn len(&self, channels: usize) -> usize {
        match self {
            Self::Samples(samples) => samples.len() / channels,
            Self::Damaged(count) => *count,
        }
    }
}

#[derive(Debug)]
struct Aac {
    units: AccessUnits,
    decoder: UnitDecoder,
}

impl Aac {
    fn take(&mut self, packet: &SoundPacket) -> Result<Vec<Content>, Damaged> {
        if packet.is_behind_loss {
            self.units.lost();
        }
        let units = self.units.take(&packet.payload)?;
        Ok(units.iter().map(|unit| self.decoder.decode(unit)).collect())
    }
}

/// Decodes access units of plain AAC.
struct UnitDecoder {
    decoder: Box<dyn AudioDecoder>,
    config: AacConfig,
}

impl fmt::Debug for UnitDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitDecoder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl UnitDecoder {
    /// `None`: the library does not decode this kind.
    fn new(config: &AacConfig) -> Option<Self> {
        let decoder = config.is_plain.then(|| library_decoder(config)).flatten()?;
        Some(Self {
            decoder,
            config: config.clone(),
        })
    }

    fn decode(&mut self, unit: &[u8]) -> Content {
        let wanted = self.config.samples();
        let decode = || {
            let packet = PacketRef::new(0, Timestamp::new(0), Duration::new(wanted as u64), unit);
            let sound = self.decoder.decode_ref(&packet).ok()?;
            let mut samples: Vec<i16> = Vec::new();
            sound.copy_to_vec_interleaved(&mut samples);
            (samples.len() == wanted * self.config.channels).then_some(samples)
        };
        // Bytes from a network have made decoders panic before.
        match catch_unwind(AssertUnwindSafe(decode)) {
            Ok(Some(samples)) => Content::Samples(samples),
            Ok(None) => Content::Damaged(wanted),
            Err(_) => {
                if let Some(anew) = library_decoder(&self.config) {
                    self.decoder = anew;
                }
                Content::Damaged(wanted)
            }
        }
    }
}

fn library_decoder(config: &AacConfig) -> Option<Box<dyn AudioDecoder>> {
    let mut parameters = AudioCodecParameters::new();
    parameters
        .for_codec(CODEC_ID_AAC)
        .with_extra_data(config.bytes.clone().into_boxed_slice());
    let decoder = AacDecoder::try_new(&parameters, &AudioDecoderOptions::default()).ok()?;
    Some(Box::new(decoder))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bushbaby_bus::{MonoTime, WallTime};
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::rtsp::RtspSource;
    use crate::test_node::TestNode;

    const AAC: &str = "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408";

    fn packet(format: &Arc<SoundFormat>, known_by: CaptureClock, payload: &[u8]) -> SoundPacket {
        SoundPacket {
            format: format.clone(),
            ticks: 1_000,
            captured: CaptureTime {
                mono: MonoTime::from_ns(1_000_000_000),
                wall: WallTime::from_ns(0),
                known_by,
            },
            is_behind_loss: false,
            is_first: false,
            payload: Bytes::copy_from_slice(payload),
        }
    }

    fn decoder(encoding: &str, channels: Option<u16>, parameters: &str) -> (Decoder, Arc<SoundFormat>) {
        let node = TestNode::new::<RtspSource>();
        let format = SoundFormat::read(encoding, 16_000, channels, Some(parameters)).unwrap();
        let decoder = Decoder::new(&format, &node.context, &Waker(Arc::new(|| {})));
        (decoder, Arc::new(format))
    }

    #[test]
    fn a_packet_that_arrives_ended_then_and_one_that_the_camera_dates_began_then() {
        for (known_by, ms) in [(CaptureClock::Packet, 980), (CaptureClock::CameraClock, 1_000)] {
            let (mut decoder, format) = decoder("pcmu", None, "");
            let blocks = decoder.take(&packet(&format, known_by, &[0xff; 320]));
            assert_eq!(blocks[0].captured.mono.as_ns(), ms * 1_000_000);
        }
    }

    #[test]
    fn what_is_left_of_a_cut_packet_is_whole_samples_of_all_channels() {
        let (mut decoder, format) = decoder("l16", Some(2), "");
        let blocks = decoder.take(&packet(&format, CaptureClock::Packet, &[0, 1, 0, 2, 0, 3, 9]));
        assert_eq!(blocks[0].content, Content::Samples(vec![1, 2]));
    }

    #[test]
    fn what_is_behind_an_empty_or_senseless_packet_is_behind_a_loss() {
        for (encoding, parameters, good) in [
            ("pcmu", "", &[0xff; 8][..]),
            ("mpeg4-generic", AAC, &[0, 16, 0, 8, 7][..]),
        ] {
            let (mut decoder, format) = decoder(encoding, None, parameters);
            decoder.take(&packet(&format, CaptureClock::Packet, good));
            assert_eq!(decoder.take(&packet(&format, CaptureClock::Packet, &[])), []);
            let blocks = decoder.take(&packet(&format, CaptureClock::Packet, good));
            assert!(blocks[0].is_behind_loss && !blocks[0].is_first, "{encoding}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_access_unit_or_silence_of_its_length(units in proptest::collection::vec(any::<Vec<u8>>(), 1..20)) {
            let config = AacConfig::read(&[0x14, 0x08]).unwrap();
            let mut decoder = UnitDecoder::new(&config).unwrap();
            for unit in &units {
                prop_assert_eq!(decoder.decode(unit).len(1), 1_024);
            }
        }
    }
}
