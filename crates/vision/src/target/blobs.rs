//! Connected pixels of a mask, found row by row as runs.
//!
//! # Source
//! Runs with union-find, as in He, Chao and Suzuki, "A run-based two-scan labeling algorithm", IEEE Transactions on Image
//! Processing 17(5), 2008.

use super::mask::Mask;

/// Pixels that touch each other, also by their corners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blob {
    /// How many.
    pub(super) pixels: u32,
    /// The first in reading order: of the topmost, the leftmost.
    pub(super) first: [i32; 2],
    /// Columns and rows that they lie in: left, top, and one past right and bottom.
    pub(super) bounds: [i32; 4],
}

/// Pixels `from..to` of one row.
#[derive(Debug, Clone, Copy)]
struct Run {
    from: i32,
    to: i32,
    y: i32,
}

/// Finds blobs; kept between pictures for its memory.
#[derive(Debug, Default)]
pub(super) struct BlobFinder {
    runs: Vec<Run>,
    /// Of each run one that belongs to the same blob, an earlier one or itself.
    parents: Vec<u32>,
    blob_of: Vec<u32>,
    blobs: Vec<Blob>,
}

impl BlobFinder {
    /// Returns every blob of a mask, in reading order of their first pixels.
    pub(super) fn find(&mut self, mask: &Mask) -> &[Blob] {
        self.runs.clear();
        self.parents.clear();
        let mut above = 0..0;
        for y in 0..mask.height() {
            let begin = self.runs.len();
            runs_of_row(mask.row(y), y as i32, &mut self.runs);
            let row = begin..self.runs.len();
            self.parents.extend(row.clone().map(|run| run as u32));
            self.join(above, row.clone());
            above = row;
        }
        self.gather();
        &self.blobs
    }

    /// Joins the runs of one row with those of the row above that touch them.
    fn join(&mut self, above: std::ops::Range<usize>, row: std::ops::Range<usize>) {
        let mut first = above.start;
        for run in row {
            let Run { from, to, y } = self.runs[run];
            // One pixel further on either side touches by a corner.
            while first < above.end && self.runs[first].to < from {
                first += 1;
            }
            let mut touching = first;
            while touching < above.end && self.runs[touching].from <= to && self.runs[touching].y == y - 1 {
                self.unite(touching as u32, run as u32);
                touching += 1;
            }
        }
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        // The earlier run stays: it has the first pixel.
        let (early, late) = (a.min(b), a.max(b));
        self.parents[late as usize] = early;
    }

    fn root(&mut self, mut run: u32) -> u32 {
        loop {
            let parent = self.parents[run as usize];
            if parent == run {
                return run;
            }
            let grandparent = self.parents[parent as usize];
            self.parents[run as usize] = grandparent;
            run = grandparent;
        }
    }

    fn gather(&mut self) {
        self.blobs.clear();
        self.blob_of.clear();
        self.blob_of.resize(self.runs.len(), 0);
        for run in 0..self.runs.len() {
            let root = self.root(run as u32) as usize;
            let Run { from, to, y } = self.runs[run];
            if root == run {
                self.blob_of[run] = self.blobs.len() as u32;
                self.blobs.push(Blob {
                    pixels: 0,
                    first: [from, y],
                    bounds: [from, y, to, y + 1],
                });
            }
            let blob = &mut self.blobs[self.blob_of[root] as usize];
            blob.pixels += (to - from) as u32;
            let [left, _, right, bottom] = &mut blob.bounds;
            (*left, *right, *bottom) = (from.min(*left), to.max(*right), y + 1);
        }
    }
}

fn runs_of_row(words: &[u64], y: i32, runs: &mut Vec<Run>) {
    let mut open: Option<i32> = None;
    for (index, &word) in words.iter().enumerate() {
        let base = 64 * index as i32;
        let mut bits = word;
        if let Some(from) = open {
            if bits == u64::MAX {
                continue;
            }
            let ones = bits.trailing_ones();
            runs.push(Run {
                from,
                to: base + ones as i32,
                y,
            });
            bits &= u64::MAX << ones;
            open = None;
        }
        while bits != 0 {
            let zeros = bits.trailing_zeros();
            let end = zeros + (bits >> zeros).trailing_ones();
            if end >= 64 {
                open = Some(base + zeros as i32);
                break;
            }
            runs.push(Run {
                from: base + zeros as i32,
                to: base + end as i32,
                y,
            });
            bits &= u64::MAX << end;
        }
    }
    if let Some(from) = open {
        let to = 64 * words.len() as i32;
        runs.push(Run { from, to, y });
    }
}
