//! What goes wrong with a camera over HTTP, in the words that people see. None of them repeats what the camera said, nor anything
//! of its address but host and port: both may hold a password.

use bushbaby_node::Step;

use super::multipart::MultipartError;
use super::picture::Damage;
use crate::pace::Patience;

/// Why there is no picture at the moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("connecting to {host}")]
    Connecting { host: String },
    #[error("no answer from {host}, trying again")]
    NoAnswer { host: String },
    #[error("{host} cannot be reached ({why}), trying again")]
    Unreachable { host: String, why: String },
    #[error("{host} takes the connection but does not answer as a camera does over HTTP, trying again")]
    NotHttp { host: String },
    #[error("{host} answers with a head that does not end, trying again")]
    LongHead { host: String },
    #[error("the certificate of {host} is vouched for by nobody known here ({why}); it is {fingerprint}")]
    UnknownCertificate {
        host: String,
        why: String,
        fingerprint: String,
    },
    #[error("the certificate of {host} is not the one in `certificate`; it is {fingerprint}")]
    OtherCertificate { host: String, fingerprint: String },
    #[error("no encrypted connection to {host} ({why}), trying again")]
    NoTls { host: String, why: String },
    #[error("{host} refuses user and password, trying again every 5 s")]
    WrongLogin { host: String },
    #[error("{host} wants a user and a password, trying again every 5 s")]
    NoLogin { host: String },
    #[error("{host} wants a login of a kind that is not known here (wanted basic or digest)")]
    UnknownLogin { host: String },
    #[error("{host} has nothing at this address (status {status}), trying again every 5 s")]
    NothingThere { host: String, status: u16 },
    #[error("{host} is too busy to answer (status {status}), trying again")]
    Busy { host: String, status: u16 },
    #[error("{host} refuses to send pictures (status {status}), trying again")]
    Refused { host: String, status: u16 },
    #[error("{host} sends us on to {to}, where we do not go")]
    Moved { host: String, to: String },
    #[error("{host} sends us on again and again")]
    MovedTooOften { host: String },
    #[error("{host} answers with a web page, wanted pictures (image/jpeg or multipart/x-mixed-replace)")]
    WebPage { host: String },
    #[error("{host} answers with {what}, wanted pictures (image/jpeg or multipart/x-mixed-replace)")]
    NoPictures { host: String, what: String },
    #[error("the pictures of {host} cannot be told apart ({why}), connecting again")]
    NotCut { host: String, why: MultipartError },
    #[error("the answer of {host} is damaged, connecting again")]
    BadChunk { host: String },
    #[error("the picture of {host} is larger than {limit_mb} MB, trying again every 5 s")]
    LargePicture { host: String, limit_mb: usize },
    #[error("{host} sends nothing but damaged pictures ({why})")]
    Damaged { host: String, why: Damage },
    #[error("{host} sends nothing any more, connecting again soon")]
    Silent { host: String },
    #[error("{host} answers but sends no picture, connecting again")]
    NothingCame { host: String },
    #[error("the picture of {host} does not change any more")]
    Unchanged { host: String },
    #[error("{host} closed the connection, connecting again")]
    Closed { host: String },
    #[error("the connection to {host} broke ({why}), connecting again")]
    Broken { host: String, why: String },
}

impl Trouble {
    /// When to try again.
    pub(super) fn patience(&self) -> Patience {
        match self {
            Self::WrongLogin { .. }
            | Self::NoLogin { .. }
            | Self::UnknownLogin { .. }
            | Self::UnknownCertificate { .. }
            | Self::OtherCertificate { .. }
            | Self::NothingThere { .. }
            | Self::Moved { .. }
            | Self::MovedTooOften { .. }
            | Self::WebPage { .. }
            | Self::NoPictures { .. }
            | Self::LargePicture { .. } => Patience::Long,
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
                | Self::NotCut { .. }
                | Self::BadChunk { .. }
                | Self::Damaged { .. }
        )
    }

    /// What a person can do about it.
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoAnswer { .. } | Self::Unreachable { .. } => {
                "is the camera powered and on this network? try `ping` with its address"
            }
            Self::NotHttp { .. } => {
                "is this the camera's web port, and is it `http://` or `https://`? RTSP cameras are `rtsp://…`"
            }
            Self::UnknownCertificate { fingerprint, .. } => {
                return Some(format!(
                    "if that is your camera, as most have one of their own making: `certificate: {fingerprint}`"
                ));
            }
            Self::OtherCertificate { .. } => {
                "if the camera was replaced or reset, write the new one; if not, somebody may be in between"
            }
            Self::NoTls { .. } => "older cameras know no safe encryption: `http://…`, in a network of your own",
            Self::WrongLogin { .. } => {
                "check `user` and `password`; in an address write `%40` for `@` and `%2F` for `/`"
            }
            Self::NoLogin { .. } => "add the keys `user` and `password`, or write `http://USER:PASSWORD@…`",
            Self::UnknownLogin { .. } => "set the camera's web login to basic or digest",
            Self::NothingThere { .. } => {
                "look up the path behind the host in the camera's manual, such as `/video.mjpg` or `/snapshot.jpg`"
            }
            Self::Busy { .. } => "the camera may have too many viewers",
            Self::Moved { .. } | Self::MovedTooOften { .. } => "write the address where the pictures are",
            Self::WebPage { .. } => {
                "this is the camera's page for people; the address of its pictures is in its manual, such as `/video.mjpg`, `/mjpg/video.mjpg` or `/snapshot.jpg`"
            }
            Self::NoPictures { .. } => {
                "look up the camera's address for MJPEG or for single pictures; H.264 comes by `rtsp://…`"
            }
            Self::LargePicture { .. } => "choose a smaller size on the camera",
            Self::Damaged { .. } => "is this the address of JPEG pictures? a smaller size may help a weak network",
            Self::NothingCame { .. } => "the camera may have too many viewers",
            Self::Unchanged { .. } => "is the camera frozen? a picture that never changes comes once",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// As the node's loop is told it.
    pub(super) fn step(&self) -> Step {
        Step::Waiting {
            reason: self.to_string(),
            hint: self.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_person_can_mend_is_tried_seldom_and_says_what_to_do() {
        let host = || "10.0.0.7:80".to_owned();
        let fingerprint = || "ab".repeat(32);
        for trouble in [
            Trouble::WrongLogin { host: host() },
            Trouble::NoLogin { host: host() },
            Trouble::UnknownLogin { host: host() },
            Trouble::UnknownCertificate {
                host: host(),
                why: "unknown issuer".into(),
                fingerprint: fingerprint(),
            },
            Trouble::OtherCertificate {
                host: host(),
                fingerprint: fingerprint(),
            },
            Trouble::NothingThere {
                host: host(),
                status: 404,
            },
            Trouble::Moved {
                host: host(),
                to: "http://10.0.0.8:80".into(),
            },
            Trouble::MovedTooOften { host: host() },
            Trouble::WebPage { host: host() },
            Trouble::NoPictures {
                host: host(),
                what: "video/mp4".into(),
            },
            Trouble::LargePicture {
                host: host(),
                limit_mb: 16,
            },
        ] {
            assert_eq!(trouble.patience(), Patience::Long, "{trouble}");
            assert!(trouble.hint().is_some(), "{trouble}");
        }
        assert_eq!(Trouble::Closed { host: host() }.patience(), Patience::Short);
    }
}
