//! The sound of a camera: made or read from a file, encoded once, sent again and again at its own pace.

mod clip;
mod encode;
mod g711;
mod pages;

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a camera lets hear, and how it travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoundOptions {
    /// How it is encoded.
    pub codec: SoundCodec,
    /// What is heard.
    pub heard: Heard,
    /// Samples a second of each channel; with HE-AAC at the end of it all, with Opus always 48,000.
    pub sample_rate_hz: u32,
    /// How many channels.
    pub channels: usize,
    /// AAC: access units in a packet.
    pub units_per_packet: usize,
    /// Replaces what the description says of name, rate and channels, such as `PCMU/8`: it may claim anything.
    pub rtpmap: Option<String>,
    /// Replaces the format parameters of the description.
    pub fmtp: Option<String>,
}

impl SoundOptions {
    /// What is heard, in the codec's usual form.
    pub fn new(codec: SoundCodec, heard: Heard) -> Self {
        let sample_rate_hz = match codec {
            SoundCodec::Pcmu | SoundCodec::Pcma => 8_000,
            SoundCodec::L16 | SoundCodec::Aac => 16_000,
            SoundCodec::HeAac | SoundCodec::Opus => 48_000,
        };
        Self {
            codec,
            heard,
            sample_rate_hz,
            channels: 1,
            units_per_packet: 1,
            rtpmap: None,
            fmtp: None,
        }
    }
}

/// A codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SoundCodec {
    /// G.711, µ law.
    Pcmu,
    /// G.711, A law.
    Pcma,
    /// 16 bits a sample.
    L16,
    /// AAC-LC; wants ffmpeg.
    Aac,
    /// AAC-LC at half the rate that announces HE-AAC: a decoder must double the rate, and finds no upper half to add. (No encoder
    /// of HE-AAC is free.) Wants ffmpeg.
    HeAac,
    /// Opus; wants ffmpeg.
    Opus,
}

/// What is heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// A sine.
    Tone {
        /// Its frequency, a whole number.
        hz: u32,
        /// Its level: the root mean square, of which a square wave of full scale has 0.
        dbfs: f64,
    },
    /// Silence, and at the beginning of each second of the sound's time 50 ms of 1 kHz.
    Ticks,
    /// A sound file, again and again: WAV, or what ffmpeg reads.
    File(PathBuf),
}

/// How a camera's sound is at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoundMood {
    /// As it should be.
    Well,
    /// Nothing comes, while pictures do.
    Frozen,
    /// Packets lack their second half, RTP header included if they are short.
    Cut,
    /// Packets hold nothing.
    Empty,
    /// Noise in place of what packets hold.
    Noise,
    /// Packets without even a header.
    Headless,
}

impl SoundMood {
    pub(super) const ALL: [Self; 6] = [
        Self::Well,
        Self::Frozen,
        Self::Cut,
        Self::Empty,
        Self::Noise,
        Self::Headless,
    ];
}

/// Encoded sound, packet by packet.
#[derive(Debug)]
pub(super) struct Encoded {
    /// What packets hold.
    pub(super) packets: Vec<Vec<u8>>,
    /// How much time one takes, on the packets' clock.
    pub(super) ticks_per_packet: u32,
    pub(super) ticks_per_second: u32,
    pub(super) payload_type: u8,
    rtpmap: String,
    fmtp: Option<String>,
}

impl Encoded {
    /// Makes or reads the sound and encodes it.
    ///
    /// # Errors
    /// When the file cannot be read, or ffmpeg is wanted and not there.
    pub(super) fn of(options: &SoundOptions) -> io::Result<Self> {
        let mut encoded = encode::encode(options)?;
        if encoded.packets.is_empty() {
            return Err(io::Error::other("there is less sound than a packet holds"));
        }
        if let Some(rtpmap) = &options.rtpmap {
            encoded.rtpmap.clone_from(rtpmap);
        }
        if options.fmtp.is_some() {
            encoded.fmtp.clone_from(&options.fmtp);
        }
        Ok(encoded)
    }

    /// What a description says of it.
    pub(super) fn description(&self) -> String {
        let (number, rtpmap) = (self.payload_type, &self.rtpmap);
        let fmtp = self
            .fmtp
            .as_ref()
            .map_or(String::new(), |fmtp| format!("a=fmtp:{number} {fmtp}\r\n"));
        format!("m=audio 0 RTP/AVP {number}\r\na=rtpmap:{number} {rtpmap}\r\n{fmtp}a=control:audio\r\n")
    }

    /// The time that one packet takes.
    pub(super) fn packet_time_ns(&self) -> u64 {
        u64::from(self.ticks_per_packet) * 1_000_000_000 / u64::from(self.ticks_per_second)
    }
}
