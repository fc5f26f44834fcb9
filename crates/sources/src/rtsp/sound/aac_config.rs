//! What kind of AAC it is: AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).

/// Rates by their index.
const RATES_HZ: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
/// Channels by their configuration.
const CHANNELS: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 8];

const LOW_COMPLEXITY: u32 = 2;
const SPECTRAL_BAND_REPLICATION: u32 = 5;
const PARAMETRIC_STEREO: u32 = 29;

/// A stream of AAC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AacConfig {
    /// As the description has it.
    pub(super) bytes: Vec<u8>,
    /// The rate at which it is encoded.
    pub(super) core_rate_hz: u32,
    /// The rate at which it is heard: with HE-AAC twice as high.
    pub(super) rate_hz: u32,
    pub(super) channels: usize,
    /// Samples of an access unit at the core rate.
    pub(super) core_samples: u32,
    /// Whether it is the plain kind that is decoded in this process.
    pub(super) is_plain: bool,
}

impl AacConfig {
    /// Reads it. `None`: it is damaged, or a kind that no camera sends.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut bits = Bits { bytes, at: 0 };
        let mut object = bits.object()?;
        let core_rate_hz = bits.rate()?;
        let channel_config = bits.take(4)? as usize;
        let mut rate_hz = core_rate_hz;
        let is_extended = object == SPECTRAL_BAND_REPLICATION || object == PARAMETRIC_STEREO;
        let is_from_one_channel = object == PARAMETRIC_STEREO;
        if is_extended {
            rate_hz = bits.rate()?;
            object = bits.object()?;
        }
        // The first bit of what the general kinds say of themselves.
        let is_short = bits.take(1)? == 1;
        let is_extended = is_extended || bits.has_extension();
        if is_extended && rate_hz == core_rate_hz {
            rate_hz = core_rate_hz.checked_mul(2)?;
        }
        let channels = match channel_config {
            1 if is_from_one_channel => 2,
            config => *CHANNELS.get(config)?,
        };
        (channels > 0 && object != 0).then(|| Self {
            bytes: bytes.to_owned(),
            core_rate_hz,
            rate_hz,
            channels,
            core_samples: if is_short { 960 } else { 1024 },
            is_plain: object == LOW_COMPLEXITY && !is_extended && !is_short && channels <= 2,
        })
    }

    /// Samples of an access unit at the rate at which it is heard.
    pub(super) fn samples(&self) -> usize {
        (u64::from(self.core_samples) * u64::from(self.rate_hz) / u64::from(self.core_rate_hz)) as usize
    }
}

/// Bits from the left.
struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for at in self.at..self.at + count {
            let bit = self.bytes.get(at / 8)? >> (7 - at % 8) & 1;
            value = value << 1 | u32::from(bit);
        }
        self.at += count;
        Some(value)
    }

    fn object(&mut self) -> Option<u32> {
        match self.take(5)? {
            31 => Some(32 + self.take(6)?),
            object => Some(object),
        }
    }

    fn rate(&mut self) -> Option<u32> {
        match self.take(4)? {
            15 => self.take(24).filter(|rate_hz| *rate_hz > 0),
            index => RATES_HZ.get(index as usize).copied(),
        }
    }

    /// Whether HE-AAC is told behind the end, where older decoders do not look.
    fn has_extension(&mut self) -> bool {
        const SIGN: u32 = 0x2b7;
        // Neither depends on a core coder nor has an extension, as nearly all: two bits of zero.
        self.take(2) == Some(0)
            && self.take(11) == Some(SIGN)
            && self.object() == Some(SPECTRAL_BAND_REPLICATION)
            && self.take(1) == Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8]) -> (u32, usize, usize, bool) {
        let config = AacConfig::read(bytes).unwrap();
        (config.rate_hz, config.channels, config.samples(), config.is_plain)
    }

    #[test]
    fn plain_aac_tells_rate_and_channels() {
        assert_eq!(read(&[0x14, 0x08]), (16_000, 1, 1024, true));
        assert_eq!(read(&[0x11, 0x90]), (48_000, 2, 1024, true));
    }

    #[test]
    fn he_aac_is_heard_at_twice_its_rate_however_it_is_told() {
        // 24 kHz and one channel, told at the front, behind the end, and with parametric stereo.
        assert_eq!(read(&[0x2b, 0x09, 0x88, 0x00]), (48_000, 1, 2048, false));
        assert_eq!(read(&[0x13, 0x08, 0x56, 0xe5, 0x98]), (48_000, 1, 2048, false));
        assert_eq!(read(&[0xeb, 0x09, 0x88, 0x00]), (48_000, 2, 2048, false));
    }

    #[test]
    fn nonsense_is_no_kind_of_aac() {
        for bytes in [
            &[][..],
            &[0x14],
            &[0xff; 8],
            &[0x17, 0xff],
            &[0x14, 0x00],
            &[0x14, 0x78],
        ] {
            assert_eq!(AacConfig::read(bytes), None, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            if let Some(config) = AacConfig::read(&bytes) {
                config.samples();
            }
        }
    }
}
