//! The stream of sound: what belongs where, and what is missing.
//!
//! In: blocks of samples with the packets' time. Out: pieces with their position and capture time. Pure: times are handed in.
//!
//! What was lost is silence, so that samples stay where they belong, and is counted. Where more than a second is missing, or
//! nobody knows how much (another connection, a counter that jumps), nothing is made up: the position goes on by the time that
//! went by, and no piece is sent for it.

use bushbaby_bus::{CaptureTime, MonoTime};

use super::SoundFormat;
use super::pace::{Pace, difference_ns, moved};

/// Pieces are as long, as long as blocks allow.
const PIECE_MS: u64 = 40;
/// None is longer.
const LONGEST_PIECE_MS: u64 = 200;
/// More silence is not made up.
const MOST_SILENCE_MS: i64 = 1_000;
/// Packets' times may be off by that much, where nothing was lost: some cameras read them from a clock that is in no hurry.
const SLOPPY_MS: i64 = 100;
/// Behind a loss they are taken at their word, but for what rounding does.
const EXACT_MS: i64 = 5;
/// More than that goes by with no connection, and positions say no more.
const LONGEST_BREAK_NS: i64 = 30 * 24 * 3600 * 1_000_000_000;

/// Samples that belong together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    /// The packets' time of the first sample.
    pub(super) ticks: i64,
    /// When the first sample was taken, as far as its packet tells.
    pub(super) captured: CaptureTime,
    /// Whether packets are missing before it.
    pub(super) is_behind_loss: bool,
    /// Whether its times have nothing to do with those before: another connection.
    pub(super) is_first: bool,
    pub(super) content: Content,
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Samples of all channels in turn.
    Samples(Vec<i16>),
    /// That many samples of each channel could not be decoded.
    Damaged(usize),
}

/// What goes out.
#[derive(Debug, PartialEq)]
pub(super) struct Piece<'t> {
    pub(super) position: u64,
    pub(super) filled: u64,
    pub(super) captured: CaptureTime,
    pub(super) samples: &'t [i16],
}

/// One stream of sound of one form.
#[derive(Debug)]
pub(super) struct Track {
    rate_hz: u32,
    channels: usize,
    ticks_per_second: u32,
    pace: Pace,
    /// The packets' time behind the last block.
    expected: Option<i64>,
    /// Of the first sample that waits.
    position: u64,
    waiting: Vec<i16>,
    waiting_since: Option<CaptureTime>,
    filled: u64,
    last_captured: MonoTime,
}

impl Track {
    /// A stream that goes on where the one `before` ended.
    pub(super) fn new(format: &SoundFormat, before: Option<&Self>) -> Self {
        Self {
            rate_hz: format.rate_hz,
            channels: format.channels,
            ticks_per_second: format.ticks_per_second,
            pace: Pace::default(),
            expected: None,
            position: before.map_or(0, |before| before.position),
            waiting: Vec::new(),
            waiting_since: None,
            filled: 0,
            last_captured: before.map_or(MonoTime::default(), |before| before.last_captured),
        }
    }

    /// Whether it is of this form.
    pub(super) fn is_of(&self, format: &SoundFormat) -> bool {
        (self.rate_hz, self.channels, self.ticks_per_second)
            == (format.rate_hz, format.channels, format.ticks_per_second)
    }

    pub(super) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Takes in a block; `send` is handed each piece that is ready.
    ///
    /// # Errors
    /// What `send` returns.
    pub(super) fn take<E>(&mut self, block: &Block, mut send: impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        match self.missing_before(block) {
            Some(0) => {}
            Some(missing) => {
                self.send_ready(&mut send, true)?;
                self.fill(missing);
            }
            None => {
                self.send_ready(&mut send, true)?;
                self.break_off(block.captured);
            }
        }
        if matches!(block.content, Content::Damaged(_)) {
            self.send_ready(&mut send, true)?;
        }
        let captured = self.pace.told(block.captured);
        self.waiting_since.get_or_insert(captured);
        let count = match &block.content {
            Content::Samples(samples) => {
                self.waiting.extend_from_slice(samples);
                let count = samples.len() / self.channels;
                self.pace.came(self.to_ns(count as u64));
                count
            }
            Content::Damaged(count) => {
                self.fill(*count);
                *count
            }
        };
        let ticks = count as u64 * u64::from(self.ticks_per_second) / u64::from(self.rate_hz);
        self.expected = Some(block.ticks.saturating_add_unsigned(ticks));
        self.send_ready(&mut send, false)
    }

    /// How many samples are missing before a block; `None`: too many, or nobody knows.
    fn missing_before(&self, block: &Block) -> Option<usize> {
        let expected = self.expected.filter(|_| !block.is_first)?;
        let late_ticks = i128::from(block.ticks) - i128::from(expected);
        let to_samples = |ms: i64| i128::from(ms) * i128::from(self.rate_hz) / 1_000;
        let late = late_ticks * i128::from(self.rate_hz) / i128::from(self.ticks_per_second);
        let near = to_samples(if block.is_behind_loss { EXACT_MS } else { SLOPPY_MS });
        if late.abs() <= near {
            Some(0)
        } else if (0..=to_samples(MOST_SILENCE_MS)).contains(&late) {
            usize::try_from(late).ok()
        } else {
            None
        }
    }

    /// Puts silence in the place of what is missing. Nothing waits before it, so that silence always comes first in a piece.
    fn fill(&mut self, count: usize) {
        if self.waiting_since.is_none() {
            self.waiting_since = self.pace.next();
        }
        self.waiting.resize(self.waiting.len() + count * self.channels, 0);
        self.filled += count as u64;
        self.pace.came(self.to_ns(count as u64));
    }

    /// The next sample was taken at `captured`, whatever was before.
    fn break_off(&mut self, captured: CaptureTime) {
        if let Some(end) = self.pace.next() {
            let gone_ns = difference_ns(captured.mono, end.mono).clamp(0, LONGEST_BREAK_NS);
            let missed = i128::from(gone_ns) * i128::from(self.rate_hz) / 1_000_000_000;
            self.position = self.position.saturating_add(u64::try_from(missed).unwrap_or(0));
        }
        self.pace.begin_anew();
        self.expected = None;
    }

    /// Sends what waits, in pieces, as long as it makes up a piece; all of it if it is the end of something.
    fn send_ready<E>(&mut self, send: &mut impl FnMut(Piece<'_>) -> Result<(), E>, is_end: bool) -> Result<(), E> {
        let [least, most] =
            [PIECE_MS, LONGEST_PIECE_MS].map(|ms| (ms * u64::from(self.rate_hz) / 1_000).max(1) as usize);
        let mut sent = 0;
        let mut result = Ok(());
        let all = self.waiting.len() / self.channels;
        while result.is_ok() && all > sent && (is_end || all - sent >= least) {
            let Some(since) = self.waiting_since else { break };
            let count = if all - sent > most {
                most.min((all - sent) / 2)
            } else {
                all - sent
            };
            let filled = self.filled.min(count as u64);
            let captured = forward(since, self.last_captured);
            self.last_captured = captured.mono;
            result = send(Piece {
                position: self.position,
                filled,
                captured,
                samples: &self.waiting[sent * self.channels..(sent + count) * self.channels],
            });
            self.filled -= filled;
            self.position += count as u64;
            self.waiting_since = Some(moved(since, self.to_ns(count as u64)));
            sent += count;
        }
        self.waiting.drain(..sent * self.channels);
        if self.waiting.is_empty() {
            (self.waiting_since, self.filled) = (None, 0);
        }
        result
    }

    fn to_ns(&self, samples: u64) -> i64 {
        i64::try_from(u128::from(samples) * 1_000_000_000 / u128::from(self.rate_hz)).unwrap_or(i64::MAX)
    }
}

/// The capture time, or the next possible moment behind `last`.
fn forward(captured: CaptureTime, last: MonoTime) -> CaptureTime {
    if captured.mono > last {
        return captured;
    }
    CaptureTime::at(MonoTime::from_ns(last.as_ns().saturating_add(1)), captured.known_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_bus::{CaptureClock, WallTime};
    use proptest::prelude::*;

    const RATE_HZ: u32 = 8_000;

    fn format() -> SoundFormat {
        SoundFormat::read("pcmu", RATE_HZ, None, None).unwrap()
    }

    fn at(ms: i64) -> CaptureTime {
        CaptureTime {
            mono: MonoTime::from_ns((10_000 + ms) as u64 * 1_000_000),
            wall: WallTime::from_ns(0),
            known_by: CaptureClock::CameraClock,
        }
    }

    /// 20 ms of ones, the first sample at `ticks`, taken at `ms`.
    fn block(ticks: i64, ms: i64) -> Block {
        Block {
            ticks,
            captured: at(ms),
            is_behind_loss: false,
            is_first: false,
            content: Content::Samples(vec![1; 160]),
        }
    }

    fn behind_loss(block: Block) -> Block {
        Block {
            is_behind_loss: true,
            ..block
        }
    }

    /// Position, filled, capture time in ms, length, and silent samples of what goes out.
    type Out = (u64, u64, u64, usize, usize);

    fn out(blocks: &[Block]) -> Vec<Out> {
        let mut track = Track::new(&format(), None);
        let mut out = Vec::new();
        for block in blocks {
            let sent: Result<(), ()> = track.take(block, |piece| {
                let silent = piece.samples.iter().filter(|sample| **sample == 0).count();
                let ms = piece.captured.mono.as_ns() / 1_000_000 - 10_000;
                out.push((piece.position, piece.filled, ms, piece.samples.len(), silent));
                Ok(())
            });
            sent.unwrap();
        }
        out
    }

    #[test]
    fn blocks_become_pieces_of_two() {
        let blocks: Vec<Block> = (0..5).map(|n| block(n * 160, n * 20)).collect();
        assert_eq!(out(&blocks), [(0, 0, 0, 320, 0), (320, 0, 40, 320, 0)]);
    }

    #[test]
    fn what_was_lost_is_silence_of_its_length() {
        let blocks = [block(0, 0), behind_loss(block(640, 80)), block(800, 100)];
        // What waits goes out before the silence, which comes first in its piece.
        assert_eq!(out(&blocks), [(0, 0, 0, 160, 0), (160, 480, 20, 640, 480)]);
    }

    #[test]
    fn long_pieces_are_cut() {
        let blocks = [block(0, 0), behind_loss(block(8_000, 1_000))];
        let out = out(&blocks);
        assert!(out.iter().all(|piece| piece.3 <= 1_600), "{out:?}");
        assert_eq!(out.iter().map(|piece| piece.1).sum::<u64>(), 8_000 - 160);
        assert_eq!(out.iter().map(|piece| piece.4 as u64).sum::<u64>(), 8_000 - 160);
        assert!(out.windows(2).all(|pair| pair[1].0 == pair[0].0 + pair[0].3 as u64));
    }

    #[test]
    fn a_camera_whose_counter_is_in_no_hurry_has_lost_nothing() {
        let late_ticks = [0, 240, -240, 480, -240, 0, 720, 0];
        let blocks = late_ticks
            .iter()
            .zip(0..)
            .map(|(late, n)| block(n * 160 + late, n * 20));
        let blocks: Vec<Block> = blocks.collect();
        let out = out(&blocks);
        assert_eq!(
            out.iter().map(|piece| (piece.1, piece.3)).collect::<Vec<_>>(),
            [(0, 320); 4]
        );
    }

    #[test]
    fn where_too_much_is_missing_the_position_goes_on_by_the_time_that_went_by() {
        // An hour by the packets' counter, but three seconds by the clock.
        let blocks = [
            block(0, 0),
            block(160, 20),
            behind_loss(block(28_800_000, 3_040)),
            block(28_800_160, 3_060),
        ];
        assert_eq!(out(&blocks), [(0, 0, 0, 320, 0), (320 + 24_000, 0, 3_040, 320, 0)]);
    }

    #[test]
    fn another_connection_goes_on_by_the_clock_too() {
        let first = Block {
            is_first: true,
            ..block(77, 540)
        };
        let blocks = [block(0, 0), block(160, 20), first, block(237, 560)];
        assert_eq!(out(&blocks), [(0, 0, 0, 320, 0), (320 + 4_000, 0, 540, 320, 0)]);
    }

    #[test]
    fn a_counter_that_jumps_back_loses_nothing() {
        let blocks = [block(90_000, 0), block(90_160, 20), block(0, 40), block(160, 60)];
        assert_eq!(out(&blocks), [(0, 0, 0, 320, 0), (320, 0, 40, 320, 0)]);
    }

    #[test]
    fn what_cannot_be_decoded_is_silence_that_is_counted() {
        let damaged = Block {
            content: Content::Damaged(160),
            ..block(160, 20)
        };
        let blocks = [block(0, 0), damaged, block(320, 40)];
        assert_eq!(out(&blocks), [(0, 0, 0, 160, 0), (160, 160, 20, 320, 160)]);
    }

    proptest! {
        #[test]
        fn whatever_the_packets_say_silence_is_bounded_and_times_and_positions_go_forward(
            packets in proptest::collection::vec((any::<i64>(), any::<u64>(), any::<bool>(), 0..2_000_usize), 1..20)
        ) {
            let mut track = Track::new(&format(), None);
            let (mut end, mut last_ns, mut sent) = (0, 0, 0);
            for (ticks, ns, is_behind_loss, length) in &packets {
                let block = Block {
                    ticks: *ticks,
                    captured: CaptureTime { mono: MonoTime::from_ns(*ns), ..at(0) },
                    is_behind_loss: *is_behind_loss,
                    is_first: false,
                    content: Content::Samples(vec![1; *length]),
                };
                track.take(&block, |piece| {
                    prop_assert!(piece.position >= end && piece.filled <= piece.samples.len() as u64);
                    end = piece.position + piece.samples.len() as u64;
                    let ns = piece.captured.mono.as_ns();
                    prop_assert!(ns > last_ns || ns == u64::MAX);
                    last_ns = ns;
                    sent += piece.samples.len();
                    Ok(())
                })?;
            }
            let came: usize = packets.iter().map(|packet| packet.3).sum();
            prop_assert!(sent <= came + packets.len() * RATE_HZ as usize);
        }
    }
}
