//! The form of binary messages: four bytes with the length of a header (little endian), the header (JSON), the content.

use serde::Serialize;

/// Puts a message together; also returns where its content begins.
pub(crate) fn message(header: &impl Serialize, content: &[u8]) -> (Vec<u8>, usize) {
    // Headers are made of names and numbers: they always become JSON.
    let header = serde_json::to_vec(header).unwrap_or_default();
    let mut message = Vec::with_capacity(4 + header.len() + content.len());
    message.extend((header.len() as u32).to_le_bytes());
    message.extend(&header);
    message.extend(content);
    (message, 4 + header.len())
}
