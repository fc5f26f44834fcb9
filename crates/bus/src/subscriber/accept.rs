//! From a sample to a frame, or to a number in the counts.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::ReaderPort;
use crate::counts::ReadCounts;
use crate::frame::Frame;
use crate::gaps::{Gaps, Verdict};
use crate::header::{FLAG_PACED, Header, HeaderError};
use crate::memory::{self, FrameBytes, Pin};
use crate::names::StreamName;
use crate::odometer::Reading;
use crate::options::{ReadOptions, ReadPolicy};
use crate::thinning::Thinning;
use crate::time::MonoTime;
use crate::transport::Sample;

/// What a reader remembers of the frames that came.
#[derive(Debug)]
pub(super) struct Acceptance {
    policy: ReadPolicy,
    pin_budget: usize,
    /// Frames of this reader that lie in shared memory.
    pinned: Arc<AtomicUsize>,
    gaps: Gaps,
    thinning: Thinning,
    counts: ReadCounts,
}

/// What became of a sample.
#[derive(Debug)]
pub(super) struct Accepted {
    /// Absent: it was left out, and counted.
    pub(super) frame: Option<Frame>,
    /// Generation and seq, when the publisher waits to hear of it.
    pub(super) acknowledge: Option<(u64, u64)>,
}

impl Acceptance {
    pub(super) fn new(options: &ReadOptions, joined_at: MonoTime, at_join: Option<Reading>) -> Self {
        Self {
            policy: options.policy,
            pin_budget: options.pin_budget,
            pinned: Arc::default(),
            gaps: Gaps::new(joined_at, at_join),
            thinning: Thinning::new(options.every, options.max_fps),
            counts: ReadCounts::default(),
        }
    }

    pub(super) fn counts(&self) -> ReadCounts {
        self.counts
    }

    /// Takes a sample, for which the reader itself let `replaced` older ones go.
    pub(super) fn accept(
        &mut self,
        stream: &StreamName,
        port: &Arc<ReaderPort>,
        sample: Sample,
        replaced: u64,
    ) -> Result<Accepted, HeaderError> {
        let received_at = MonoTime::now();
        let header = Header::read(memory::as_bytes(sample.payload())).inspect_err(|_| {
            self.counts.damaged += 1;
            self.gaps.damaged();
        })?;
        let acknowledge = (header.flags & FLAG_PACED != 0).then_some((header.generation, header.seq));
        let frame = self.wants(&header, replaced).then(|| {
            let bytes = self.keep(port, sample, header.frame_bytes);
            Frame::new(stream.clone(), header, received_at, bytes)
        });
        Ok(Accepted { frame, acknowledge })
    }

    fn wants(&mut self, header: &Header, replaced: u64) -> bool {
        match self.gaps.came(header.generation, header.seq) {
            Verdict::Older => {
                self.counts.superseded += 1;
                return false;
            }
            Verdict::Newer { missed } => self.count_missed(missed, replaced),
        }
        let takes = self.thinning.takes(header.generation, header.seq, header.published_at);
        *(if takes {
            &mut self.counts.delivered
        } else {
            &mut self.counts.skipped
        }) += 1;
        takes
    }

    fn count_missed(&mut self, missed: u64, replaced: u64) {
        let superseded = match self.policy {
            ReadPolicy::Latest => missed,
            ReadPolicy::Queue(_) => missed.min(replaced),
        };
        self.counts.superseded += superseded;
        self.counts.overflow += missed - superseded;
    }

    fn keep(&mut self, port: &Arc<ReaderPort>, sample: Sample, frame_bytes: usize) -> FrameBytes {
        match Pin::take(&self.pinned, self.pin_budget) {
            Some(pin) => FrameBytes::pinned(sample, port.clone(), pin),
            None => {
                self.counts.copied += 1;
                FrameBytes::private(sample.payload(), frame_bytes)
            }
        }
    }
}
