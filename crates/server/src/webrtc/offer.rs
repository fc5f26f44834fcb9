//! A browser's offer, and the answer to it: one video that is only sent, H.264 of the kind that every browser has.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use str0m::bwe::Bitrate;
use str0m::change::SdpOffer;
use str0m::format::Codec;
use str0m::media::{Media, MediaKind, Mid, Pt};
use str0m::rtp::Extension;
use str0m::{Candidate, Output, Rtc, RtcError};

/// Constrained baseline, level 3.1: what browsers offer. Larger pictures say so themselves, and are decoded all the same.
const CONSTRAINED_BASELINE: u32 = 0x42_e0_1f;
/// The same as some offer it.
const BASELINE: u32 = 0x42_00_1f;
/// Any number that no other extension has here: the browser's own counts.
const PLAYOUT_DELAY_ID: u8 = 12;
/// What a connection is taken to carry until it is known.
const FIRST_ESTIMATE: Bitrate = Bitrate::mbps(10);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OfferError {
    #[error("that is no offer of a browser: {0}")]
    Unreadable(String),
    #[error("the offer cannot be accepted: {0}")]
    Unacceptable(#[from] RtcError),
    #[error("the offer is for {0} things, wanted one video")]
    Things(usize),
    #[error("the offer is not for a video that is sent to the browser")]
    NotSent,
    #[error("the browser offers no H.264 that it could be sent")]
    NoH264,
    #[error("this address cannot be connected to: {0}")]
    Address(String),
    #[error("there are as many connections as there may be")]
    Full,
    #[error("the connections are busy")]
    Busy,
}

/// What is sent, and as what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Track {
    pub(super) mid: Mid,
    pub(super) pt: Pt,
}

#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) rtc: Rtc,
    pub(super) track: Track,
    /// SDP, for the browser.
    pub(super) answer: String,
}

/// Accepts an offer. `here`: where the browser is to connect to.
pub(super) fn accept(offer: &str, here: SocketAddr) -> Result<Accepted, OfferError> {
    let offer = SdpOffer::from_sdp_string(offer).map_err(|error| OfferError::Unreadable(error.to_string()))?;
    let mut rtc = rtc();
    let candidate = Candidate::host(here, "udp").map_err(|error| OfferError::Address(error.to_string()))?;
    rtc.add_local_candidate(candidate);
    let answer = rtc.sdp_api().accept_offer(offer)?.to_sdp_string();
    let mid = only_video(&answer)?;
    drain(&mut rtc)?;
    let is_sent = |media: &Media| media.kind() == MediaKind::Video && media.direction().is_sending();
    if !rtc.media(mid).is_some_and(is_sent) {
        return Err(OfferError::NotSent);
    }
    let writer = rtc.writer(mid).ok_or(OfferError::NoH264)?;
    let pt = writer
        .payload_params()
        .find(|params| params.spec().codec == Codec::H264)
        .map(str0m::format::PayloadParams::pt)
        .ok_or(OfferError::NoH264)?;
    Ok(Accepted {
        rtc,
        track: Track { mid, pt },
        answer,
    })
}

/// The name of the one medium that an answer is about.
fn only_video(answer: &str) -> Result<Mid, OfferError> {
    let media: Vec<_> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    let mids: Vec<_> = answer.lines().filter_map(|line| line.strip_prefix("a=mid:")).collect();
    match (&media[..], &mids[..]) {
        ([video], [mid]) if video.starts_with("m=video ") => Ok(Mid::from(*mid)),
        ([_], _) => Err(OfferError::NotSent),
        _ => Err(OfferError::Things(media.len())),
    }
}

/// Takes out what there is, as after every call: nothing yet, as nobody to send to is known.
fn drain(rtc: &mut Rtc) -> Result<(), RtcError> {
    loop {
        if let Output::Timeout(_) = rtc.poll_output()? {
            return Ok(());
        }
    }
}

/// The browser connects to us, at the one address that it knows to be ours.
fn rtc() -> Rtc {
    let mut config = Rtc::builder()
        .set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()))
        .set_ice_lite(true)
        .enable_bwe(Some(FIRST_ESTIMATE))
        .clear_codecs()
        .set_extension(PLAYOUT_DELAY_ID, Extension::PlayoutDelay);
    let codecs = config.codec_config();
    codecs.add_h264(108.into(), Some(109.into()), true, CONSTRAINED_BASELINE);
    codecs.add_h264(127.into(), Some(121.into()), true, BASELINE);
    config.build(Instant::now())
}
