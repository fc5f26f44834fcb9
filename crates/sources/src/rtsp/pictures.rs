//! Puts pictures together from packets.
//!
//! The library's own way of doing that for all streams at once would end the connection for one damaged packet of sound, and
//! knows nothing of Opus. Its part for H.264 alone is public but not stable: hence its exact version in the workspace.

use retina::codec::{CodecItem, Depacketizer, FrameFormat, VideoFrame};
use retina::rtp::{PacketMeta, ReceivedPacket};
use retina::testutil::DepacketizeBuf;

/// Room for a packet or two at first; a picture takes what it needs.
const ROOM_BYTES: usize = 64 * 1024;

/// Puts pictures together.
pub(super) struct Pictures {
    depacketizer: Depacketizer,
    packets: DepacketizeBuf,
}

impl Pictures {
    /// `parameters` are the format parameters of the description.
    ///
    /// # Errors
    /// When the parameters are damaged; in the library's words.
    pub(super) fn new(ticks_per_second: u32, parameters: Option<&str>) -> Result<Self, String> {
        let mut depacketizer = Depacketizer::new("video", "h264", ticks_per_second, None, parameters)?;
        depacketizer.set_frame_format(FrameFormat::SIMPLE);
        Ok(Self {
            depacketizer,
            packets: DepacketizeBuf::new(ROOM_BYTES),
        })
    }

    /// Takes in a packet; `each` is handed what is complete with it.
    ///
    /// # Errors
    /// When it makes no sense; in the library's words.
    pub(super) fn push(&mut self, packet: &ReceivedPacket, mut each: impl FnMut(VideoFrame)) -> Result<(), String> {
        let meta = PacketMeta::from_received(packet);
        self.packets.push(&mut self.depacketizer, meta, packet.payload())?;
        while let Some(item) = self.depacketizer.pull() {
            match item {
                Ok(CodecItem::VideoFrame(frame)) => each(frame),
                Ok(_) => {}
                Err(error) => return Err(format!("{error:?}")),
            }
        }
        Ok(())
    }
}
