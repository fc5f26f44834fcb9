//! Results, and what streams say of themselves: JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The frame that a result was found in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginRecord {
    /// Its stream.
    pub stream: String,
    /// Which life of its publisher it came from.
    pub generation: u64,
    /// Its number.
    pub seq: u64,
    /// When it was captured, nanoseconds since 1970.
    pub captured_at_ns: u64,
}

/// `bushbaby.Result`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRecord {
    /// Capture time of the picture, nanoseconds since 1970.
    pub captured_at_ns: u64,
    /// The frame that it was found in.
    pub origin: OriginRecord,
    /// As the stage wrote it.
    pub body: Value,
}

/// One array of a stream's frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayRecord {
    /// Its name.
    pub name: String,
    /// Its type as NumPy names it.
    pub dtype: String,
    /// Its shape; of a JPEG, whose length changes with each frame, empty; of sound `[0, channels]`, for the same reason.
    pub shape: Vec<usize>,
    /// Its pixel format; empty for what is no picture.
    pub encoding: String,
    /// `bt601` or `bt709`, of a picture in YUV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<String>,
    /// `limited` or `full`, of a picture in YUV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
}

/// `bushbaby.Info`: what the frames of a stream say of themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InfoRecord {
    /// Which life of its publisher they come from.
    pub generation: u64,
    /// How their capture times are known: `start_of_exposure`, `rendered`, …
    pub clock: String,
    /// Their arrays.
    pub arrays: Vec<ArrayRecord>,
    /// Their body; null when they have none.
    pub body: Value,
}

impl ResultRecord {
    /// As the bytes of a message.
    pub fn encoded(&self) -> Vec<u8> {
        json(self)
    }
}

impl InfoRecord {
    /// As the bytes of a message.
    pub fn encoded(&self) -> Vec<u8> {
        json(self)
    }
}

fn json(record: &impl Serialize) -> Vec<u8> {
    // Texts and numbers always become JSON.
    serde_json::to_vec(record).unwrap_or_default()
}
