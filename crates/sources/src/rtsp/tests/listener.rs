//! Somebody who listens to a source, and measures what is heard.

use super::*;
use bushbaby_bus::Subscriber;
use bushbaby_node::audio::{self, AudioMeta};

/// A source at work, and somebody who listens.
pub(super) struct Listener {
    pub(super) node: TestNode,
    pub(super) source: RtspSource,
    pieces: Subscriber,
}

/// A piece of sound as it came over the bus.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) meta: AudioMeta,
    pub(super) channels: usize,
    pub(super) captured_ns: u64,
    pub(super) clock: CaptureClock,
    /// All channels mixed to one.
    pub(super) samples: Vec<f32>,
}

impl Listener {
    pub(super) fn of(camera: &RtspCamera) -> Self {
        Self::with(settings(camera.url(), Transport::Auto))
    }

    pub(super) fn with(settings: RtspSettings) -> Self {
        let node = TestNode::new::<RtspSource>();
        let source = RtspSource::open(settings, &node.context).unwrap();
        let pieces = node.patient_reader("audio");
        Self { node, source, pieces }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Heard {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(frame) = self.pieces.try_recv().unwrap() {
                let view = audio::view(&frame).unwrap();
                let mut samples = Vec::new();
                view.append_mono(&mut samples);
                return Heard {
                    channels: view.channels,
                    captured_ns: frame.captured().mono.as_ns(),
                    clock: frame.captured().known_by,
                    samples,
                    meta: view.meta,
                };
            }
            assert!(Instant::now() < until, "no sound comes over the bus");
            self.source.step(&mut self.node.outputs).unwrap();
        }
    }

    /// Pieces until there are so many seconds of sound.
    pub(super) fn seconds(&mut self, seconds: f64) -> Vec<Heard> {
        let mut heard = vec![self.next()];
        let rate_hz = f64::from(heard[0].meta.sample_rate_hz);
        let mut samples = heard[0].samples.len();
        while (samples as f64) < seconds * rate_hz {
            let piece = self.next();
            samples += piece.samples.len();
            heard.push(piece);
        }
        heard
    }

    /// Pieces until `done` says so of one, that one included.
    pub(super) fn until(&mut self, done: impl Fn(&Heard) -> bool) -> Vec<Heard> {
        let until = Instant::now() + LIMIT;
        let mut heard = vec![self.next()];
        while !heard.last().is_some_and(&done) {
            assert!(Instant::now() < until, "it did not come to that");
            heard.push(self.next());
        }
        heard
    }
}

/// All samples of pieces that follow each other.
pub(super) fn joined(heard: &[Heard]) -> Vec<f32> {
    heard.iter().flat_map(|piece| piece.samples.iter().copied()).collect()
}

/// Panics unless each piece begins where the one before ended.
pub(super) fn assert_continuous(heard: &[Heard]) {
    for pair in heard.windows(2) {
        assert_eq!(
            pair[1].meta.position,
            pair[0].meta.position + pair[0].samples.len() as u64
        );
    }
}

/// Frequency in Hz (from the moments at which it rises through zero) and level in dB of full scale.
pub(super) fn tone(samples: &[f32], rate_hz: u32) -> (f64, f64) {
    let rises: Vec<f64> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(at, pair)| at as f64 + f64::from(pair[0] / (pair[0] - pair[1])))
        .collect();
    let periods = (rises.len() - 1) as f64;
    let hz = periods * f64::from(rate_hz) / (rises[rises.len() - 1] - rises[0]);
    let power = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64;
    (hz, 10.0 * power.log10())
}
