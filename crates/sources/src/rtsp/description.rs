//! What a camera's description (SDP, RFC 8866) says of a stream beside what the library tells: its format parameters.

/// The format parameters (`a=fmtp`) of the `nth` stream of this medium and payload type.
pub(super) fn format_parameters(description: &str, media: &str, payload_type: u8, nth: usize) -> Option<String> {
    let payload_type = payload_type.to_string();
    let is_wanted = |line: &str| {
        // `m=audio 0 RTP/AVP 97`
        let mut words = line.strip_prefix("m=").unwrap_or_default().split_ascii_whitespace();
        words.next() == Some(media) && words.nth(2) == Some(payload_type.as_str())
    };
    let mut lines = description.lines();
    for _ in 0..=nth {
        lines.find(|line| is_wanted(line))?;
    }
    let mut of_stream = lines.take_while(|line| !line.starts_with("m="));
    of_stream.find_map(|line| {
        let (of, parameters) = line.strip_prefix("a=fmtp:")?.trim().split_once(' ')?;
        (of == payload_type).then(|| parameters.trim().to_owned())
    })
}

/// The value of one of the format parameters, whatever the case of its name.
pub(super) fn parameter<'p>(parameters: &'p str, name: &str) -> Option<&'p str> {
    let mut pairs = parameters.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(known, value)| known.trim().eq_ignore_ascii_case(name).then_some(value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: &str = "v=0\r\ns=a camera\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
        a=fmtp:96 packetization-mode=1;vendor-param=1;sprop-parameter-sets=Z0I=,aM4=\r\n\
        m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\na=fmtp:97 mode=AAC-hbr; SizeLength=13;config=1408; \r\n\
        m=audio 0 RTP/AVP 0\r\n";

    #[test]
    fn each_stream_has_its_own_parameters() {
        let video = format_parameters(DESCRIPTION, "video", 96, 0).unwrap();
        assert_eq!(parameter(&video, "sprop-parameter-sets"), Some("Z0I=,aM4="));
        let sound = format_parameters(DESCRIPTION, "audio", 97, 0).unwrap();
        assert_eq!(
            (parameter(&sound, "sizelength"), parameter(&sound, "config")),
            (Some("13"), Some("1408"))
        );
        assert_eq!(parameter(&sound, "indexlength"), None);
    }

    #[test]
    fn a_stream_without_parameters_or_that_is_not_there_has_none() {
        for (media, payload_type, nth) in [("audio", 0, 0), ("audio", 97, 1), ("video", 97, 0)] {
            assert_eq!(format_parameters(DESCRIPTION, media, payload_type, nth), None);
        }
        assert_eq!(format_parameters("m=", "audio", 0, 0), None);
    }
}
