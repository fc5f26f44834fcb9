//! How long a packet of Opus is (RFC 6716, 3.1).

/// Opus counts in samples of this rate, whatever was encoded.
pub(super) const RATE_HZ: u32 = 48_000;
/// 120 ms.
const MOST_SAMPLES: usize = 5_760;

/// Samples of a packet. `None`: it is none.
pub(super) fn samples(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let kind = usize::from(first >> 3);
    let frame = match kind {
        0..=11 => [480, 960, 1_920, 2_880][kind % 4],
        12..=15 => [480, 960][kind % 2],
        _ => [120, 240, 480, 960][kind % 4],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(packet.get(1)? & 0x3f),
    };
    Some(frames * frame).filter(|samples| (1..=MOST_SAMPLES).contains(samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_tells_how_long_it_is() {
        // 20 ms of each kind, and what the last two bits add.
        for first in [0x08, 0x48, 0x68, 0xf8] {
            assert_eq!(samples(&[first]), Some(960), "{first:02x}");
        }
        assert_eq!((samples(&[0xf9]), samples(&[0xfb, 3])), (Some(1_920), Some(2_880)));
        assert_eq!(samples(&[0xe0]), Some(120));
    }

    #[test]
    fn what_is_no_packet_has_no_length() {
        for packet in [&[][..], &[0xfb], &[0xfb, 0], &[0xfb, 63]] {
            assert_eq!(samples(packet), None, "{packet:02x?}");
        }
    }
}
