//! A wire that hands over windows of sound instead of its pieces.

use std::time::Duration;

use bushbaby_bus::{ArrayLayout, DType, Frame};

use crate::audio::follow::{Follower, PieceInfo};
use crate::audio::windows::{Window, Windows};
use crate::audio::{self, AudioMeta};
use crate::control::WindowSpec;

/// Turns pieces into windows: frames of this process alone, with one channel of float32.
#[derive(Debug)]
pub(super) struct Windowed {
    windows: Windows,
    follower: Follower,
    source: String,
    /// The newest piece.
    last: Option<Frame>,
    /// How many windows there were.
    made: u64,
}

impl Windowed {
    pub(super) fn new(spec: WindowSpec) -> Self {
        Self {
            windows: Windows::new(Duration::from_nanos(spec.length_ns), Duration::from_nanos(spec.hop_ns)),
            follower: Follower::default(),
            source: String::new(),
            last: None,
            made: 0,
        }
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// Why it is no sound that can be read, in words.
    pub(super) fn take(&mut self, frame: &Frame) -> Result<(), String> {
        let view = audio::view(frame).map_err(|error| error.to_string())?;
        let piece = PieceInfo::of(frame, &view);
        let joint = self.follower.next(piece);
        let mut mono = Vec::with_capacity(view.len());
        view.append_mono(&mut mono);
        let filled = usize::try_from(view.meta.filled).unwrap_or(usize::MAX);
        self.windows.take(&piece, joint, frame.captured(), &mono, filled);
        self.source = view.meta.source;
        self.last = Some(frame.clone());
        Ok(())
    }

    /// Returns the next window that is full.
    pub(super) fn next_window(&mut self) -> Option<Frame> {
        let last = self.last.as_ref()?;
        let window = self.windows.next_window()?;
        let frame = frame_of(&window, &self.source, self.made, last);
        self.made += 1;
        frame
    }
}

/// A window as a frame. The settings keep windows to lengths that every frame holds.
fn frame_of(window: &Window, source: &str, seq: u64, last: &Frame) -> Option<Frame> {
    let meta = AudioMeta {
        filled: window.filled,
        ..AudioMeta::new(source, window.sample_rate_hz, window.position)
    };
    let body = serde_json::to_vec(&meta).ok()?;
    let layout = ArrayLayout::new("audio", DType::F32, vec![window.samples.len()]).with_encoding("pcm");
    let bytes = bytemuck::cast_slice(&window.samples);
    Frame::made(last, seq, window.captured, &[(&layout, bytes)], &body).ok()
}

#[cfg(test)]
mod tests {
    use bushbaby_bus::{CaptureClock, CaptureTime, PublisherOptions};

    use crate::audio::AudioMeta;
    use crate::control::{InputSpec, WindowSpec};
    use crate::{Inputs, testing};

    use super::*;

    #[test]
    fn a_reader_of_windows_gets_one_channel_with_its_time_and_the_pieces_counted() {
        let instance = testing::instance("windows");
        let spec = InputSpec {
            stream: "door/audio".parse().unwrap(),
            queue: Some(64),
            every: None,
            max_fps: None,
            window: Some(WindowSpec {
                length_ns: 250_000_000,
                hop_ns: 100_000_000,
            }),
        };
        let context = testing::context(&instance, "own", "python_stage", vec![spec]).unwrap();
        let mut inputs = Inputs::open(&context).unwrap();
        let publisher = context
            .bus
            .publisher(&"door/audio".parse().unwrap(), PublisherOptions::default())
            .unwrap();
        let layout = ArrayLayout::new("audio", DType::I16, vec![800, 2]).with_encoding("pcm");
        let start = CaptureTime::now(CaptureClock::Packet);
        for piece in 0..4_u64 {
            // Left is twice as loud as the mean, right is silent.
            let bytes: Vec<u8> = (0..800)
                .flat_map(|_| [8_192_i16 * piece as i16, 0])
                .flat_map(i16::to_le_bytes)
                .collect();
            let body = serde_json::to_vec(&AudioMeta::new("door", 8_000, piece * 800)).unwrap();
            let captured = CaptureTime {
                mono: start.mono + Duration::from_millis(piece * 100),
                ..start
            };
            publisher.send(&[(&layout, &bytes)], &body, captured, None).unwrap();
        }
        let mut recv = || inputs.recv(Duration::from_secs(10)).unwrap().unwrap();
        let (first, second) = (recv(), recv());
        let array = first.array("audio").unwrap();
        assert_eq!(
            (array.info.dtype, array.info.shape.as_slice()),
            (DType::F32, [2_000].as_slice())
        );
        let samples: &[f32] = bytemuck::cast_slice(array.bytes);
        assert_eq!((samples[799], samples[800], samples[1_999]), (0.0, 0.125, 0.25));
        assert_eq!(first.captured().mono, start.mono);
        assert_eq!((first.seq(), second.seq()), (0, 1));
        assert_eq!(second.captured().mono.since(start.mono), Duration::from_millis(100));
        assert_eq!(second.origin().stream.as_str(), "door/audio");
        let meta: AudioMeta = serde_json::from_slice(second.body()).unwrap();
        assert_eq!(
            (meta.source.as_str(), meta.position, meta.sample_rate_hz),
            ("door", 800, 8_000)
        );
    }
}
