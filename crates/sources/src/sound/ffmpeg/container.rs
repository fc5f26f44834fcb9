//! Packets in the simplest container that says what they are: Ogg for Opus (RFC 3533, RFC 7845), FLV for AAC of all kinds.
//!
//! Their times are those of a stream without gaps: what is missing is known outside.

/// Wraps packets one by one.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    kind: Kind,
    rate_hz: u32,
    /// Samples of each channel so far.
    samples: u64,
    pages: u32,
}

#[derive(Debug, Clone)]
enum Kind {
    Ogg {
        channels: u8,
    },
    /// With AudioSpecificConfig.
    Flv {
        config: Vec<u8>,
    },
}

/// Segments of a page, of 255 bytes each.
const MOST_SEGMENTS: usize = 255;
const FIRST_PAGE: u8 = 2;

impl Container {
    /// Opus, whose clock is one of 48 kHz.
    pub(crate) fn opus(channels: u8) -> Self {
        Self::new(Kind::Ogg { channels }, 48_000)
    }

    /// AAC that comes out at `rate_hz`.
    pub(crate) fn aac(config: &[u8], rate_hz: u32) -> Self {
        let config = config.to_owned();
        Self::new(Kind::Flv { config }, rate_hz)
    }

    fn new(kind: Kind, rate_hz: u32) -> Self {
        Self {
            kind,
            rate_hz,
            samples: 0,
            pages: 0,
        }
    }

    /// As ffmpeg calls it.
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Ogg { .. } => "ogg",
            Kind::Flv { .. } => "flv",
        }
    }

    /// What comes first.
    pub(super) fn begin(&mut self) -> Vec<u8> {
        match self.kind.clone() {
            Kind::Ogg { channels } => {
                let mut head = b"OpusHead\x01".to_vec();
                head.extend([channels, 0, 0]);
                head.extend(48_000_u32.to_le_bytes());
                head.extend([0, 0, 0]);
                let mut bytes = self.page(&head, FIRST_PAGE).unwrap_or_default();
                bytes.extend(self.page(b"OpusTags\0\0\0\0\0\0\0\0", 0).unwrap_or_default());
                bytes
            }
            Kind::Flv { config } => {
                let mut bytes = b"FLV\x01\x04\0\0\0\x09\0\0\0\0".to_vec();
                bytes.extend(self.tag(0, &config).unwrap_or_default());
                bytes
            }
        }
    }

    /// A packet that will be so many samples of each channel. `None`: it is too long.
    pub(super) fn wrap(&mut self, packet: &[u8], samples: u64) -> Option<Vec<u8>> {
        match self.kind {
            Kind::Ogg { .. } => {
                self.samples += samples;
                self.page(packet, 0)
            }
            Kind::Flv { .. } => {
                let tag = self.tag(1, packet);
                self.samples += samples;
                tag
            }
        }
    }

    /// One page with one packet; its time is that behind the packet.
    fn page(&mut self, packet: &[u8], flags: u8) -> Option<Vec<u8>> {
        let segments = packet.len() / 255 + 1;
        if segments > MOST_SEGMENTS {
            return None;
        }
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.extend(self.samples.to_le_bytes());
        page.extend(1_u32.to_le_bytes());
        page.extend(self.pages.to_le_bytes());
        page.extend([0; 4]);
        page.push(segments as u8);
        page.resize(page.len() + segments - 1, 255);
        page.push((packet.len() % 255) as u8);
        page.extend(packet);
        let sum = checksum(&page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        self.pages = self.pages.wrapping_add(1);
        Some(page)
    }

    /// One tag with one access unit (`kind` 1), or with what is to be known before the first (0).
    fn tag(&self, kind: u8, unit: &[u8]) -> Option<Vec<u8>> {
        const AUDIO: u8 = 8;
        const AAC: u8 = 0xaf;
        let length = u32::try_from(unit.len() + 2).ok().filter(|length| *length < 1 << 24)?;
        let ms = (u128::from(self.samples) * 1_000 / u128::from(self.rate_hz)) as u32;
        let [highest, ms @ ..] = ms.to_be_bytes();
        let mut tag = vec![AUDIO];
        tag.extend(&length.to_be_bytes()[1..]);
        tag.extend(ms);
        tag.push(highest);
        tag.extend([0, 0, 0, AAC, kind]);
        tag.extend(unit);
        tag.extend((length + 11).to_be_bytes());
        Some(tag)
    }
}

/// Ogg's sum: CRC-32 from the left, begun with zero.
fn checksum(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x04c1_1db7;
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            if sum >> 31 == 1 {
                sum << 1 ^ POLYNOMIAL
            } else {
                sum << 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_its_packets_length_and_sum() {
        let mut ogg = Container::opus(2);
        ogg.begin();
        let page = ogg.wrap(&[7; 300], 960).unwrap();
        assert_eq!((&page[..4], page[26], &page[27..29]), (&b"OggS"[..], 2, &[255, 45][..]));
        assert_eq!(page[6..14], 960_u64.to_le_bytes());
        assert_eq!(page.len(), 29 + 300);
        assert_eq!(checksum(b"123456789"), 0x89a1_897f);
    }

    #[test]
    fn a_tag_tells_its_length_and_time() {
        let mut flv = Container::aac(&[0x14, 0x08], 16_000);
        assert!(
            flv.begin()
                .ends_with(&[8, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0xaf, 0, 0x14, 0x08, 0, 0, 0, 15])
        );
        flv.wrap(b"x", 1024).unwrap();
        assert_eq!(
            flv.wrap(b"yz", 1024).unwrap()[..13],
            [8, 0, 0, 4, 0, 0, 64, 0, 0, 0, 0, 0xaf, 1]
        );
    }

    #[test]
    fn what_no_page_holds_is_refused() {
        assert_eq!(Container::opus(1).wrap(&vec![0; 70_000], 960), None);
    }
}
