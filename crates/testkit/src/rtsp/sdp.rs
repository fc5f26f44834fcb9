//! The description of what a camera sends (RFC 4566, RFC 6184).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::sound::Encoded;
use super::{CameraOptions, Offer};

/// Writes the description; `[sps, pps]` are the stream's parameter sets.
pub(super) fn describe(options: &CameraOptions, [sps, pps]: &[Vec<u8>; 2], sound: Option<&Encoded>) -> String {
    let sets = if options.parameter_sets_in_description {
        format!(
            ";sprop-parameter-sets={},{}",
            BASE64_STANDARD.encode(sps),
            BASE64_STANDARD.encode(pps)
        )
    } else {
        String::new()
    };
    let level: String = sps.iter().skip(1).take(3).map(|byte| format!("{byte:02X}")).collect();
    let h264 = format!(
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id={level}{sets}\r\na=control:video\r\n"
    );
    let mute = "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=control:audio\r\n";
    let heard = sound.map(Encoded::description).unwrap_or_default();
    let sound = if sound.is_some() { heard.as_str() } else { mute };
    let video = |name: &str| format!("m=video 0 RTP/AVP 97\r\na=rtpmap:97 {name}/90000\r\na=control:video\r\n");
    let media = match options.offer {
        Offer::H264 => format!("{h264}{heard}"),
        Offer::H264AfterSound => format!("{sound}{h264}"),
        Offer::H265 => video("H265"),
        Offer::Vp8 => video("VP8"),
        Offer::SoundOnly => sound.to_owned(),
    };
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=testkit camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n{media}"
    )
}
