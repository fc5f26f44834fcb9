//! The messages of the protocol: text frames of JSON that rule, binary frames of MessagePack with values. No network here.

mod binary;
mod text;

pub(crate) use binary::{TIME_SYNC_ID, Timed, decode, encode, time_reply, time_request};
pub use text::SubscribeOptions;
pub(crate) use text::{ToClient, ToServer, from_text, to_text};

/// The subprotocols, the best first.
pub(crate) const PROTOCOLS: [&str; 2] = ["v4.1.networktables.first.wpi.edu", "networktables.first.wpi.edu"];

/// Nobody's message is larger: 4 MiB.
pub(crate) const LONGEST_BYTES: usize = 4 << 20;

/// What came is no message of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A text frame that is no list of messages.
    #[error("a text frame that is no list of messages: {0}")]
    Text(String),
    /// A binary frame that is no value.
    #[error("a binary frame that is no value: wanted {wanted} at byte {at}")]
    Binary {
        /// What should have been there.
        wanted: &'static str,
        /// Where.
        at: usize,
    },
    /// A value whose type nobody knows.
    #[error("a value of type {0}, which the protocol does not have")]
    Type(i64),
}
