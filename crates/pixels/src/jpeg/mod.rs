//! JPEG: reading its header, decoding what a reader needs, encoding what the page shows.
//!
//! JPEG is full-range BT.601; so is everything decoded here.

mod decoder;
mod encoder;
mod header;
mod huffman;

pub use decoder::{Decoder, MAX_DECODED_PX};
pub use encoder::Encoder;
pub use header::{Header, HeaderError};
pub use huffman::with_huffman_tables;

/// Why a JPEG was not decoded or encoded.
#[derive(Debug, thiserror::Error)]
pub enum JpegError {
    /// The header is damaged.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// More pixels than we are willing to make room for.
    #[error("a JPEG of {width}x{height} pixels is larger than the limit of {limit_px} pixels")]
    TooLarge {
        /// As the header says.
        width: u32,
        /// As the header says.
        height: u32,
        /// Width times height at most.
        limit_px: u64,
    },
    /// Damaged or cut off; what could be decoded of it is not to be trusted.
    #[error("damaged JPEG of {bytes} bytes: {reason}")]
    Damaged {
        /// Length of the file.
        bytes: usize,
        /// In the words of libjpeg.
        reason: String,
    },
    /// The size is zero or absurd.
    #[error(transparent)]
    View(#[from] crate::ViewError),
    /// The codec could not be set up, or refused its settings.
    #[error("libjpeg-turbo: {reason}")]
    Codec {
        /// In the words of libjpeg.
        reason: String,
    },
}

impl JpegError {
    fn codec(error: turbojpeg::Error) -> Self {
        Self::Codec {
            reason: error.to_string(),
        }
    }
}
