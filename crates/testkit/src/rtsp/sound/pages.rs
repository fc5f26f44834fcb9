//! The packets of an Ogg file (RFC 3533) and the frames of an ADTS stream (ISO/IEC 13818-7), as ffmpeg writes them.

/// The packets of the one stream of an Ogg file, its headers included.
pub(super) fn ogg_packets(mut file: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut packet = Vec::new();
    while let Some(segments) = file.strip_prefix(b"OggS").and_then(|page| page.get(22)).copied() {
        let body = 27 + usize::from(segments);
        let (Some(lengths), Some(mut rest)) = (file.get(27..body), file.get(body..)) else {
            break;
        };
        for length in lengths {
            let Some((piece, behind)) = rest.split_at_checked(usize::from(*length)) else {
                return packets;
            };
            packet.extend_from_slice(piece);
            rest = behind;
            // A shorter piece ends a packet.
            if *length < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
        file = rest;
    }
    packets
}

/// The access units of an ADTS stream, without their headers.
pub(super) fn adts_units(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut units = Vec::new();
    while let Some(header) = stream
        .get(..7)
        .filter(|header| header[0] == 0xff && header[1] & 0xf0 == 0xf0)
    {
        let length = usize::from(header[3] & 3) << 11 | usize::from(header[4]) << 3 | usize::from(header[5] >> 5);
        let header_length = if header[1] & 1 == 1 { 7 } else { 9 };
        let Some(unit) = stream.get(header_length..length) else {
            break;
        };
        units.push(unit.to_owned());
        stream = &stream[length..];
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_go_over_pieces_and_pages() {
        let page = |lengths: &[u8], body: &[u8]| {
            let mut page = b"OggS".to_vec();
            page.extend([0; 22]);
            page.push(lengths.len() as u8);
            page.extend_from_slice(lengths);
            page.extend_from_slice(body);
            page
        };
        let file = [
            page(&[2, 255], &[b"ab".as_slice(), &[7; 255]].concat()),
            page(&[1, 0], b"c"),
        ]
        .concat();
        let lengths: Vec<usize> = ogg_packets(&file).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 256, 0]);
    }

    #[test]
    fn units_come_without_their_headers() {
        let stream = [
            0xff, 0xf1, 0x50, 0x80, 0x01, 0x3f, 0xfc, b'a', b'b', 0xff, 0xf1, 0x50, 0x80, 0x01, 0x1f, 0xfc, b'c',
        ];
        assert_eq!(adts_units(&stream), [b"ab".to_vec(), b"c".to_vec()]);
    }
}
