//! Pictures in the order in which they were taken, with capture times that only go forward.
//!
//! Cameras send pictures in that order, and then nothing is held back. Films sent over RTSP may have pictures that refer to
//! later ones (B-frames): the first that comes out of order is left out, and from then on one more picture is held.

use bushbaby_bus::{CaptureTime, MonoTime};
use bushbaby_pixels::{Image, ImageView};

use crate::h264::copy_i420;

/// More than this is no order that any encoder makes.
const MOST_HELD: usize = 4;
/// So many late ones in a row are not late: the camera began to count anew.
const MOST_LATE: usize = 8;

/// Sorts pictures.
#[derive(Debug, Default)]
pub(super) struct Order {
    depth: usize,
    held: Vec<Held>,
    spare: Vec<Image>,
    last_ticks: Option<i64>,
    late_in_a_row: usize,
    last_captured: MonoTime,
}

#[derive(Debug)]
struct Held {
    ticks: i64,
    captured: CaptureTime,
    image: Image,
}

impl Order {
    /// A new connection begins: its times have nothing to do with those before.
    pub(super) fn begin_anew(&mut self) {
        self.spare.extend(self.held.drain(..).map(|held| held.image));
        self.last_ticks = None;
    }

    /// Takes a picture of RTP time `ticks`; calls `send` for the one that is next, if that is known. Returns whether it was called.
    pub(super) fn put<E>(
        &mut self,
        ticks: i64,
        captured: CaptureTime,
        picture: &ImageView<'_>,
        send: impl FnOnce(&ImageView<'_>, CaptureTime) -> Result<(), E>,
    ) -> Result<bool, E> {
        if self.last_ticks.is_some_and(|last| ticks < last) {
            self.late_in_a_row += 1;
            if self.late_in_a_row <= MOST_LATE {
                self.depth = (self.depth + 1).min(MOST_HELD);
                return Ok(false);
            }
            self.begin_anew();
            self.depth = 0;
        }
        self.late_in_a_row = 0;
        if self.depth == 0 {
            let captured = self.forward(ticks, captured);
            return send(picture, captured).map(|()| true);
        }
        let mut image = self.spare.pop().unwrap_or_default();
        if !copy_i420(picture, &mut image) {
            return Ok(false);
        }
        self.held.push(Held { ticks, captured, image });
        if self.held.len() <= self.depth {
            return Ok(false);
        }
        let Some(first) = (0..self.held.len()).min_by_key(|at| self.held[*at].ticks) else {
            return Ok(false);
        };
        let next = self.held.swap_remove(first);
        let captured = self.forward(next.ticks, next.captured);
        let sent = send(&next.image.view(), captured).map(|()| true);
        self.spare.push(next.image);
        sent
    }

    /// Later than every one before it.
    fn forward(&mut self, ticks: i64, mut captured: CaptureTime) -> CaptureTime {
        if captured.mono <= self.last_captured {
            captured = CaptureTime::at(MonoTime::from_ns(self.last_captured.as_ns() + 1), captured.known_by);
        }
        self.last_ticks = Some(ticks);
        self.last_captured = captured.mono;
        captured
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bushbaby_bus::{CaptureClock, WallTime};
    use bushbaby_pixels::{ColorSpace, PixelFormat};

    fn captured(ns: u64) -> CaptureTime {
        CaptureTime {
            mono: MonoTime::from_ns(ns),
            wall: WallTime::from_ns(ns as i64),
            known_by: CaptureClock::Packet,
        }
    }

    /// Puts pictures that show their own time; returns those that were sent, with their capture times.
    fn sent(order: &mut Order, arrivals: &[(i64, u64)]) -> Vec<(i64, u64)> {
        let mut sent = Vec::new();
        for (ticks, at) in arrivals {
            let mut image = Image::new(PixelFormat::I420, 4, 4, ColorSpace::JPEG).unwrap();
            image.planes_mut()[0].fill(*ticks as u8);
            let note = |view: &ImageView<'_>, captured: CaptureTime| {
                sent.push((i64::from(view.planes()[0].bytes[0]), captured.mono.as_ns()));
                Ok::<(), ()>(())
            };
            order.put(*ticks, captured(*at), &image.view(), note).unwrap();
        }
        sent
    }

    #[test]
    fn pictures_in_order_pass_at_once() {
        let in_order = [(1, 10), (2, 20), (3, 30)];
        assert_eq!(sent(&mut Order::default(), &in_order), in_order);
    }

    #[test]
    fn pictures_out_of_order_are_sorted_after_the_first_mishap() {
        // I1 P4 B2 B3 P7 B5 B6 P10 B8 B9
        let decoded = [1, 4, 2, 3, 7, 5, 6, 10, 8, 9, 13, 11, 12].map(|ticks| (ticks, 100));
        let shown: Vec<i64> = sent(&mut Order::default(), &decoded)
            .into_iter()
            .map(|(ticks, _)| ticks)
            .collect();
        assert!(shown.is_sorted(), "{shown:?}");
        assert!(
            shown.ends_with(&[5, 6, 7, 8, 9, 10, 11]) || shown.ends_with(&[6, 7, 8, 9, 10, 11]),
            "{shown:?}"
        );
    }

    #[test]
    fn capture_times_only_go_forward() {
        assert_eq!(
            sent(&mut Order::default(), &[(1, 100), (2, 90), (3, 100), (4, 120)]),
            [(1, 100), (2, 101), (3, 102), (4, 120)]
        );
    }

    #[test]
    fn a_counter_that_stands_still_or_jumps_back_does_not_stop_the_picture() {
        assert_eq!(sent(&mut Order::default(), &[(7, 1), (7, 2), (7, 3)]).len(), 3);
        let jumps: Vec<(i64, u64)> = (100..110).chain(0..30).map(|ticks| (ticks, 1)).collect();
        assert_eq!(sent(&mut Order::default(), &jumps).last().unwrap().0, 29);
    }

    #[test]
    fn a_new_connection_may_count_from_zero() {
        let mut order = Order::default();
        sent(&mut order, &[(100, 1)]);
        order.begin_anew();
        assert_eq!(sent(&mut order, &[(5, 10), (6, 20)]), [(5, 10), (6, 20)]);
    }
}
