//! AAC out of packets (RFC 3640): several access units in one, or one in several.

use crate::rtsp::description::parameter;

/// The longest access unit there is: 6144 bits for each of eight channels.
const LONGEST_BYTES: usize = 6144;

/// How many bits say what of each access unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packing {
    size_bits: usize,
    index_bits: usize,
    index_delta_bits: usize,
}

impl Packing {
    /// Reads the format parameters of a description. `None`: a way of packing that cameras do not use.
    pub(super) fn read(parameters: &str) -> Option<Self> {
        let bits = |name: &str| match parameter(parameters, name) {
            None => Some(0),
            Some(value) => value.parse::<usize>().ok().filter(|bits| *bits <= 16),
        };
        let is_zero = |name: &str| bits(name) == Some(0);
        let others = [
            "ctsdeltalength",
            "dtsdeltalength",
            "randomaccessindication",
            "streamstateindication",
            "auxiliarydatasizelength",
            "constantsize",
        ];
        others.iter().all(|name| is_zero(name)).then_some(())?;
        Some(Self {
            size_bits: bits("sizelength").filter(|bits| *bits > 0)?,
            index_bits: bits("indexlength")?,
            index_delta_bits: bits("indexdeltalength")?,
        })
    }
}

/// A packet that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// Takes packets apart and puts access units together.
#[derive(Debug)]
pub(super) struct AccessUnits {
    packing: Packing,
    /// The beginning of an access unit that comes in several packets, and how long it will be.
    begun: Option<(Vec<u8>, usize)>,
}

impl AccessUnits {
    pub(super) fn new(packing: Packing) -> Self {
        Self { packing, begun: None }
    }

    /// Something was lost before the next packet.
    pub(super) fn lost(&mut self) {
        self.begun = None;
    }

    /// The access units that are complete with this packet, in their order.
    ///
    /// # Errors
    /// [`Damaged`], when sizes and bytes do not agree.
    pub(super) fn take(&mut self, packet: &[u8]) -> Result<Vec<Vec<u8>>, Damaged> {
        let (sizes, mut data) = self.sizes(packet).ok_or(Damaged).inspect_err(|_| self.begun = None)?;
        if let Some((mut unit, size)) = self.begun.take() {
            if sizes != [size] || unit.len() + data.len() > size {
                return Err(Damaged);
            }
            unit.extend_from_slice(data);
            if unit.len() == size {
                return Ok(vec![unit]);
            }
            self.begun = Some((unit, size));
            return Ok(vec![]);
        }
        if let [size] = *sizes.as_slice()
            && size > data.len()
        {
            if data.is_empty() || size > LONGEST_BYTES {
                return Err(Damaged);
            }
            self.begun = Some((data.to_owned(), size));
            return Ok(vec![]);
        }
        let mut units = Vec::with_capacity(sizes.len());
        for size in sizes {
            let (unit, rest) = data.split_at_checked(size).ok_or(Damaged)?;
            units.push(unit.to_owned());
            data = rest;
        }
        Ok(units)
    }

    /// The sizes of the access units, and their bytes.
    fn sizes<'p>(&self, packet: &'p [u8]) -> Option<(Vec<usize>, &'p [u8])> {
        let (length, rest) = packet.split_first_chunk::<2>()?;
        let bits = usize::from(u16::from_be_bytes(*length));
        let (headers, data) = rest.split_at_checked(bits.div_ceil(8))?;
        let mut at = 0;
        let mut take = |count: usize| {
            let value = (at..at + count).fold(0, |value, at| {
                value << 1 | usize::from(headers[at / 8] >> (7 - at % 8) & 1)
            });
            at += count;
            value
        };
        let mut left = bits;
        let mut sizes = Vec::new();
        while left > 0 {
            let index_bits = if sizes.is_empty() {
                self.packing.index_bits
            } else {
                self.packing.index_delta_bits
            };
            left = left.checked_sub(self.packing.size_bits + index_bits)?;
            let size = take(self.packing.size_bits);
            // Access units that are not in their order are sent by no camera.
            (size > 0 && take(index_bits) == 0).then_some(())?;
            sizes.push(size);
        }
        (!sizes.is_empty()).then_some((sizes, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HBR: &str = "mode=AAC-hbr;sizeLength=13;indexLength=3;indexDeltaLength=3;config=1408";

    fn units() -> AccessUnits {
        AccessUnits::new(Packing::read(HBR).unwrap())
    }

    /// A packet that announces access units of these sizes.
    fn packet(sizes: &[u16], data: &[u8]) -> Vec<u8> {
        let mut packet = ((sizes.len() * 16) as u16).to_be_bytes().to_vec();
        sizes.iter().for_each(|size| packet.extend((size << 3).to_be_bytes()));
        packet.extend(data);
        packet
    }

    #[test]
    fn a_packet_may_hold_several() {
        let taken = units().take(&packet(&[2, 1, 3], b"aabccc"));
        assert_eq!(taken, Ok(vec![b"aa".to_vec(), b"b".to_vec(), b"ccc".to_vec()]));
    }

    #[test]
    fn one_may_come_in_several_packets() {
        let mut units = units();
        assert_eq!(units.take(&packet(&[5], b"ab")), Ok(vec![]));
        assert_eq!(units.take(&packet(&[5], b"cd")), Ok(vec![]));
        assert_eq!(units.take(&packet(&[5], b"e")), Ok(vec![b"abcde".to_vec()]));
        assert_eq!(units.take(&packet(&[1], b"f")), Ok(vec![b"f".to_vec()]));
    }

    #[test]
    fn what_is_begun_ends_with_a_loss() {
        let mut units = units();
        units.take(&packet(&[5], b"ab")).unwrap();
        units.lost();
        assert_eq!(units.take(&packet(&[2], b"cd")), Ok(vec![b"cd".to_vec()]));
    }

    #[test]
    fn cut_empty_and_contradictory_packets_are_damaged_and_the_next_is_not() {
        let mut units = units();
        for bytes in [
            &[][..],
            &[0],
            &[0, 0],
            &[0, 16],
            &[0xff, 0xff, 1, 2],
            &packet(&[0], b""),
            &packet(&[3, 3], b"abcde"),
            &packet(&[8191], b"a"),
            &packet(&[2], b""),
        ] {
            assert_eq!(units.take(bytes), Err(Damaged), "{bytes:02x?}");
            assert_eq!(units.take(&packet(&[1], b"a")), Ok(vec![b"a".to_vec()]));
        }
    }

    #[test]
    fn ways_of_packing_that_no_camera_uses_are_refused() {
        for parameters in [
            "",
            "constantsize=40",
            "sizelength=13;ctsdeltalength=4",
            "sizelength=99",
            "sizelength=x",
        ] {
            assert_eq!(Packing::read(parameters), None, "{parameters}");
        }
    }

    proptest! {
        #[test]
        fn no_packets_make_it_panic_or_keep_more_than_one_unit(packets: Vec<Vec<u8>>) {
            let mut units = units();
            for packet in packets {
                let _ = units.take(&packet);
                prop_assert!(units.begun.as_ref().is_none_or(|(unit, _)| unit.len() <= LONGEST_BYTES));
            }
        }
    }
}
