//! Messages: what becomes of pictures, depth, points, sound, results and health.
//!
//! In: borrowed pixels, arrays and JSON. Out: encoded messages, one function for each row of the crate's table.

pub mod annotations;
pub mod array;
pub mod calibration;
pub mod log;
pub mod picture;
pub mod points;
pub mod poses;
pub mod result;
pub mod sound;
#[cfg(test)]
mod tests;

use foxglove::Encode;
use foxglove::messages::Timestamp;

/// A time on the wall clock as Foxglove's messages want it.
fn timestamp(wall_ns: u64) -> Timestamp {
    Timestamp::new(
        u32::try_from(wall_ns / 1_000_000_000).unwrap_or(u32::MAX),
        (wall_ns % 1_000_000_000) as u32,
    )
}

fn encoded<M: Encode>(message: &M) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.encoded_len().unwrap_or(1024));
    // Fails only when there is no room, and a vector makes room.
    let _ = message.encode(&mut out);
    out
}
