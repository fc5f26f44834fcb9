//! RTP packets and RTCP sender reports (RFC 3550); pictures in packets (RFC 6184, single units and FU-A).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::h264::units;

/// The payload type of pictures.
pub(super) const PICTURES: u8 = 96;
/// Most bytes of a packet behind its header.
const MOST_PAYLOAD_BYTES: usize = 1400;
/// Seconds from 1900, where NTP's clock begins, to 1970.
const NTP_TO_UNIX_S: u64 = 2_208_988_800;

/// One stream of packets.
#[derive(Debug)]
pub(super) struct Packetizer {
    sequence: u16,
    ssrc: u32,
    payload_type: u8,
}

impl Packetizer {
    pub(super) fn new(ssrc: u32, payload_type: u8) -> Self {
        Self {
            sequence: 1000,
            ssrc,
            payload_type,
        }
    }

    /// Cuts an access unit into packets, the last one marked.
    pub(super) fn packets(&mut self, annex_b: &[u8], rtp_time: u32) -> Vec<Vec<u8>> {
        let mut payloads: Vec<Vec<u8>> = Vec::new();
        for unit in units(annex_b) {
            if unit.len() <= MOST_PAYLOAD_BYTES {
                payloads.push(unit.to_vec());
                continue;
            }
            let (header, body) = (unit[0], &unit[1..]);
            let pieces = body.chunks(MOST_PAYLOAD_BYTES - 2);
            let last = pieces.len() - 1;
            for (index, piece) in pieces.enumerate() {
                let ends = u8::from(index == 0) << 7 | u8::from(index == last) << 6;
                payloads.push([&[header & 0xe0 | 28, ends | header & 0x1f], piece].concat());
            }
        }
        let last = payloads.len().saturating_sub(1);
        payloads
            .iter()
            .enumerate()
            .map(|(index, payload)| self.packet(payload, rtp_time, index == last))
            .collect()
    }

    /// One packet, marked if it is the last of what belongs together.
    pub(super) fn packet(&mut self, payload: &[u8], rtp_time: u32, is_last: bool) -> Vec<u8> {
        let mut packet = vec![0x80, self.payload_type | u8::from(is_last) << 7];
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&rtp_time.to_be_bytes());
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }

    /// A sender report: `rtp_time` was at `wall`.
    pub(super) fn sender_report(&self, rtp_time: u32, wall: SystemTime) -> Vec<u8> {
        let since_1970 = wall.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let seconds = (since_1970.as_secs() + NTP_TO_UNIX_S) as u32;
        let fraction = ((u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000) as u32;
        let mut report = vec![0x80, 200, 0, 6];
        for word in [self.ssrc, seconds, fraction, rtp_time, 0, 0] {
            report.extend_from_slice(&word.to_be_bytes());
        }
        report
    }
}

/// 90 kHz, from the monotonic clock.
pub(super) fn rtp_time(drawn_ns: u64) -> u32 {
    (u128::from(drawn_ns) * 90_000 / 1_000_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_unit_is_cut_and_only_the_last_packet_is_marked() {
        let unit: Vec<u8> = std::iter::once(0x65)
            .chain((0..4000_u32).map(|n| n as u8 | 1))
            .collect();
        let packets = Packetizer::new(7, PICTURES).packets(&[&[0, 0, 0, 1], unit.as_slice()].concat(), 900);
        let marks: Vec<bool> = packets.iter().map(|packet| packet[1] & 0x80 != 0).collect();
        assert_eq!(marks, [false, false, true]);
        let body: Vec<u8> = packets.iter().flat_map(|packet| packet[14..].to_vec()).collect();
        assert_eq!(body, unit[1..]);
        assert_eq!([packets[0][13], packets[1][13], packets[2][13]], [0x85, 0x05, 0x45]);
    }

    #[test]
    fn a_sender_report_tells_the_wall_time_in_ntp_form() {
        let report = Packetizer::new(7, PICTURES).sender_report(5, UNIX_EPOCH + Duration::from_millis(1500));
        assert_eq!(report[8..12], (NTP_TO_UNIX_S as u32 + 1).to_be_bytes());
        assert_eq!(report[12..16], (1_u32 << 31).to_be_bytes());
        assert_eq!(report.len(), 28);
    }
}
