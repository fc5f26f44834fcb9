//! What a camera says of its sound, checked before anything is asked of it.

use std::num::NonZeroU32;

use bushbaby_node::audio::{MOST_CHANNELS, SAMPLE_RATES_HZ};

use super::aac_config::AacConfig;
use super::access_units::Packing;
use crate::rtsp::clock::RtpTime;
use crate::rtsp::description::parameter;

/// Sound that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rtsp) struct SoundFormat {
    pub(super) codec: Codec,
    /// Samples a second of each channel, as they come out.
    pub(super) rate_hz: u32,
    pub(super) channels: usize,
    /// How fast the packets' time goes.
    pub(super) ticks_per_second: u32,
}

/// How it is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Codec {
    /// G.711, A law.
    ALaw,
    /// G.711, µ law.
    MuLaw,
    /// 16 bits a sample, big-endian.
    L16,
    Aac {
        config: AacConfig,
        packing: Packing,
    },
    Opus,
}

/// Why sound cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::rtsp) enum Unreadable {
    #[error("its sound is {0}, which this source cannot read")]
    Codec(String),
    #[error("its sound claims to have {channels} channels of {rate_hz} Hz, wanted 1 to {MOST_CHANNELS} channels of {} to {} Hz", SAMPLE_RATES_HZ.start(), SAMPLE_RATES_HZ.end())]
    Unlikely { rate_hz: u32, channels: usize },
    #[error("what it says of its AAC makes no sense ({0})")]
    Aac(String),
}

impl SoundFormat {
    /// Reads what a description says: the codec's name in small letters, `a=rtpmap`'s rate and channels, and `a=fmtp`.
    ///
    /// # Errors
    /// [`Unreadable`], in words for people.
    pub(in crate::rtsp) fn read(
        encoding: &str,
        ticks_per_second: u32,
        channels: Option<u16>,
        parameters: Option<&str>,
    ) -> Result<Self, Unreadable> {
        // The library has this slip: both fixed payload types of L16 are of 44.1 kHz.
        let ticks_per_second = match (encoding, ticks_per_second) {
            ("l16", 441_000) => 44_100,
            (_, told) => told,
        };
        let told = (ticks_per_second, usize::from(channels.unwrap_or(1)));
        let (codec, (rate_hz, channels)) = match encoding {
            "pcma" => (Codec::ALaw, told),
            "pcmu" => (Codec::MuLaw, told),
            "l16" => (Codec::L16, told),
            // Whatever is encoded comes out as these (RFC 7587).
            "opus" => (Codec::Opus, (48_000, 2)),
            "mpeg4-generic" => aac(parameters.unwrap_or_default())?,
            other => return Err(Unreadable::Codec(name(other))),
        };
        let is_likely = (1..=MOST_CHANNELS).contains(&channels)
            && SAMPLE_RATES_HZ.contains(&rate_hz)
            && SAMPLE_RATES_HZ.contains(&ticks_per_second);
        if !is_likely {
            let rate_hz = if SAMPLE_RATES_HZ.contains(&rate_hz) {
                ticks_per_second
            } else {
                rate_hz
            };
            return Err(Unreadable::Unlikely { rate_hz, channels });
        }
        Ok(Self {
            codec,
            rate_hz,
            channels,
            ticks_per_second,
        })
    }

    /// A moment on the packets' clock.
    pub(in crate::rtsp) fn rtp(&self, ticks: i64) -> RtpTime {
        RtpTime {
            ticks,
            ticks_per_second: NonZeroU32::new(self.ticks_per_second).unwrap_or(NonZeroU32::MIN),
        }
    }

    /// Its codec, as people call it.
    pub(in crate::rtsp) fn name(&self) -> &'static str {
        match &self.codec {
            Codec::ALaw => "G.711 A-law",
            Codec::MuLaw => "G.711 µ-law",
            Codec::L16 => "PCM",
            Codec::Aac { config, .. } if config.rate_hz > config.core_rate_hz => "HE-AAC",
            Codec::Aac { .. } => "AAC",
            Codec::Opus => "Opus",
        }
    }
}

fn aac(parameters: &str) -> Result<(Codec, (u32, usize)), Unreadable> {
    let damaged = |what: &str| Unreadable::Aac(what.to_owned());
    let config = parameter(parameters, "config").ok_or_else(|| damaged("no `config`"))?;
    let bytes = hex(config).ok_or_else(|| damaged(&format!("`config` is `{config:.40}`")))?;
    let config = AacConfig::read(&bytes).ok_or_else(|| damaged(&format!("`config` is `{config:.40}`")))?;
    let packing = Packing::read(parameters).ok_or_else(|| damaged("its way of packing is unknown"))?;
    let form = (config.rate_hz, config.channels);
    Ok((Codec::Aac { config, packing }, form))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then_some(())?;
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

/// As the camera's menu calls it.
fn name(encoding: &str) -> String {
    match encoding {
        "mp4a-latm" => "AAC as LATM".into(),
        encoding => encoding.chars().take(40).collect::<String>().to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HBR: &str = "streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=";

    fn read(encoding: &str, rate_hz: u32, channels: Option<u16>, parameters: &str) -> Result<SoundFormat, String> {
        SoundFormat::read(encoding, rate_hz, channels, Some(parameters)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cameras_send_is_read() {
        for (encoding, rate_hz, channels, parameters, name, form) in [
            ("pcmu", 8_000, None, "", "G.711 µ-law", (8_000, 1)),
            ("pcma", 8_000, Some(1), "", "G.711 A-law", (8_000, 1)),
            ("l16", 441_000, Some(2), "", "PCM", (44_100, 2)),
            ("l16", 16_000, None, "", "PCM", (16_000, 1)),
            ("opus", 48_000, Some(2), "sprop-stereo=0", "Opus", (48_000, 2)),
            (
                "mpeg4-generic",
                16_000,
                Some(1),
                &format!("{HBR}1408"),
                "AAC",
                (16_000, 1),
            ),
            (
                "mpeg4-generic",
                48_000,
                Some(1),
                &format!("{HBR}2B098800"),
                "HE-AAC",
                (48_000, 1),
            ),
        ] {
            let format = read(encoding, rate_hz, channels, parameters).unwrap();
            assert_eq!((format.name(), (format.rate_hz, format.channels)), (name, form));
        }
    }

    #[test]
    fn nonsense_is_refused_in_words() {
        for (encoding, rate_hz, channels, parameters, words) in [
            ("pcmu", 8, None, "", "1 channels of 8 Hz"),
            ("pcmu", 0, None, "", "1 channels of 0 Hz"),
            ("l16", 384_001, Some(2), "", "2 channels of 384001 Hz"),
            ("l16", 48_000, Some(65), "", "65 channels"),
            ("mpeg4-generic", 16_000, None, "", "no `config`"),
            ("mpeg4-generic", 16_000, None, &format!("{HBR}zz"), "`config` is `zz`"),
            (
                "mpeg4-generic",
                16_000,
                None,
                &format!("{HBR}ffffffff"),
                "`config` is `ffffffff`",
            ),
            ("mpeg4-generic", 16_000, None, "config=1408", "packing is unknown"),
            ("mpeg4-generic", 1, None, &format!("{HBR}1408"), "1 channels of 1 Hz"),
            ("g726-32", 8_000, None, "", "G726-32"),
            ("mp4a-latm", 16_000, None, "", "AAC as LATM"),
        ] {
            let error = read(encoding, rate_hz, channels, parameters).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
