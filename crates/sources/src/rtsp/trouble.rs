//! What goes wrong with a camera on the network, in the words that people see.

use bushbaby_node::Step;

use super::sound::Unreadable;
use crate::h264::Undecodable;
use crate::pace::Patience;

/// Why there is no picture or no sound at the moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("connecting to {host}")]
    Connecting { host: String },
    #[error("no answer from {host}, trying again")]
    NoAnswer { host: String },
    #[error("{host} cannot be reached ({why}), trying again")]
    Unreachable { host: String, why: String },
    #[error("{host} takes the connection but does not answer as a camera does ({said}), trying again")]
    NotRtsp { host: String, said: String },
    #[error("{host} refuses user and password, trying again every 5 s")]
    WrongLogin { host: String },
    #[error("{host} wants a user and a password, trying again every 5 s")]
    NoLogin { host: String },
    #[error("{host} has no stream at this address (status 404), trying again every 5 s")]
    NoStream { host: String },
    #[error("{host} refuses to {what} (status {status}), trying again")]
    Refused {
        host: String,
        what: &'static str,
        status: u16,
    },
    #[error("{host} sends no video, only {offered}")]
    NoVideo { host: String, offered: String },
    #[error("{host} sends no sound, only {offered}")]
    NoSound { host: String, offered: String },
    #[error("{host}: {why}")]
    UnreadableSound { host: String, why: Unreadable },
    #[error("{host} sends {codec}, which this source cannot read")]
    UnknownCodec { host: String, codec: String },
    #[error("the camera's sound is {codec}, which ffmpeg decodes, and ffmpeg is not installed")]
    NoFfmpeg { codec: &'static str },
    #[error("the camera's H.264 cannot be decoded: {0}")]
    Undecodable(Undecodable),
    #[error("{host} sends nothing any more, connecting again soon")]
    Silent { host: String },
    #[error("{host} sends sound but no pictures any more, connecting again soon")]
    PicturesSilent { host: String },
    #[error("{host} sends pictures but no sound any more")]
    SoundSilent { host: String },
    #[error("{host} plays but sends no {what}, connecting again")]
    NothingPlayed { host: String, what: &'static str },
    #[error("{host} closed the connection, connecting again")]
    Closed { host: String },
    #[error("the connection to {host} broke ({said}), connecting again")]
    Broken { host: String, said: String },
    #[error("what {host} says of its stream cannot be understood ({said}), trying again")]
    Garbage { host: String, said: String },
    #[error("the camera sends, but no picture to begin with (keyframe) so far")]
    NoKeyframe,
}

impl Trouble {
    /// When to try again.
    pub(super) fn patience(&self) -> Patience {
        match self {
            Self::WrongLogin { .. }
            | Self::NoLogin { .. }
            | Self::NoStream { .. }
            | Self::NoVideo { .. }
            | Self::NoSound { .. }
            | Self::UnreadableSound { .. }
            | Self::UnknownCodec { .. } => Patience::Long,
            _ => Patience::Short,
        }
    }

    /// Whether it ends a connection that pictures came over.
    pub(super) fn ends_pictures(&self) -> bool {
        matches!(
            self,
            Self::Closed { .. }
                | Self::Broken { .. }
                | Self::Silent { .. }
                | Self::PicturesSilent { .. }
                | Self::SoundSilent { .. }
        )
    }

    /// What a person can do about it.
    pub(super) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoAnswer { .. } | Self::Unreachable { .. } => {
                "is the camera powered and on this network? try `ping` with its address"
            }
            Self::NotRtsp { .. } => "is this the camera's RTSP port? most listen on 554",
            Self::WrongLogin { .. } => {
                "check `user` and `password`; in an address write `%40` for `@` and `%2F` for `/`. Some cameras have a separate login for RTSP or ONVIF"
            }
            Self::NoLogin { .. } => "add the keys `user` and `password`, or write `rtsp://USER:PASSWORD@…`",
            Self::NoStream { .. } => {
                "look up the path behind the host in the camera's manual, such as `/stream1` or `/h264Preview_01_main`"
            }
            Self::NoVideo { .. } => "choose the camera's video stream: its address is in the manual",
            Self::NoSound { .. } => {
                "switch the camera's microphone on in its settings; some streams of a camera carry no sound"
            }
            Self::UnreadableSound { .. } => "set the camera's sound to AAC or G.711",
            Self::NoFfmpeg { .. } => "`sudo apt install ffmpeg`, or set the camera's sound to AAC or G.711",
            Self::SoundSilent { .. } => "was the camera's microphone switched off?",
            Self::UnknownCodec { .. } => {
                "set the camera (often its second stream) to H.264, or let GStreamer decode it: `gst: \"rtspsrc location=rtsp://… latency=0 ! decodebin\"`"
            }
            Self::Undecodable(_) => {
                "choose another size or profile (Main or High) on the camera, or let GStreamer decode it with `gst:`"
            }
            Self::NoKeyframe => {
                "set the camera's keyframe interval (also called I-frame interval or GOP) to one second"
            }
            Self::NothingPlayed { .. } => {
                "try `transport: udp` or `transport: tcp`; the camera may also have too many viewers"
            }
            _ => return None,
        })
    }

    /// As the node's loop is told it.
    pub(super) fn step(&self) -> Step {
        Step::Waiting {
            reason: self.to_string(),
            hint: self.hint().map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_person_can_mend_is_tried_seldom_and_says_what_to_do() {
        let host = || "10.0.0.7:554".to_owned();
        for trouble in [
            Trouble::WrongLogin { host: host() },
            Trouble::NoLogin { host: host() },
            Trouble::NoStream { host: host() },
            Trouble::NoVideo {
                host: host(),
                offered: "audio (pcmu)".into(),
            },
            Trouble::NoSound {
                host: host(),
                offered: "video (h264)".into(),
            },
            Trouble::UnreadableSound {
                host: host(),
                why: Unreadable::Codec("G726-32".into()),
            },
            Trouble::UnknownCodec {
                host: host(),
                codec: "H265".into(),
            },
        ] {
            assert_eq!(trouble.patience(), Patience::Long, "{trouble}");
            assert!(trouble.hint().is_some(), "{trouble}");
        }
        assert_eq!(Trouble::Closed { host: host() }.patience(), Patience::Short);
    }
}
