//! How much of each pixel a shape covers, for two rows at a time.

/// Parts of a row that are looked at apart.
const SLICES: usize = 4;
/// What a slice of a pixel counts for when it is covered as a whole.
const WHOLE: f64 = 64.0;

/// Two rows of a picture, from an even column on, as far as a shape reaches.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    left: usize,
    /// Sums of slices: 256 is a whole pixel.
    sums: [Vec<u16>; 2],
    rows: [Vec<u8>; 2],
    crossings: Vec<f64>,
}

/// The columns (from an even one on) and rows (likewise) of a picture that a polygon may touch: left, right, first, last; the ends
/// are not among them. `None` where it touches nothing.
pub(super) fn reach(corners: &[[f64; 2]], [width, height]: [usize; 2]) -> Option<[usize; 4]> {
    let along = |axis: usize, side: usize| {
        let low = corners.iter().map(|corner| corner[axis]).fold(f64::INFINITY, f64::min);
        let high = corners
            .iter()
            .map(|corner| corner[axis])
            .fold(f64::NEG_INFINITY, f64::max);
        let from = low.floor().clamp(0.0, side as f64) as usize & !1;
        let to = high.ceil().clamp(0.0, side as f64) as usize;
        (from < to).then_some([from, to])
    };
    let [left, right] = along(0, width)?;
    let [first, last] = along(1, height)?;
    Some([left, right, first, last])
}

impl Coverage {
    /// Begins two rows from column `left` to before `right`; nothing is covered yet.
    pub(super) fn begin(&mut self, left: usize, right: usize) {
        self.left = left & !1;
        let columns = (right - self.left).next_multiple_of(2);
        for sums in &mut self.sums {
            sums.clear();
            sums.resize(columns, 0);
        }
    }

    /// The first column.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Adds what a polygon covers of row `y + row`.
    pub(super) fn add_polygon(&mut self, corners: &[[f64; 2]], y: usize, row: usize) {
        for slice in 0..SLICES {
            let at = (y + row) as f64 + (slice as f64 + 0.5) / SLICES as f64;
            self.crossings.clear();
            for (index, [x0, y0]) in corners.iter().enumerate() {
                let [x1, y1] = corners[(index + 1) % corners.len()];
                if (*y0 <= at) != (y1 <= at) {
                    self.crossings.push(x0 + (at - y0) / (y1 - y0) * (x1 - x0));
                }
            }
            self.crossings.sort_by(f64::total_cmp);
            for pair in self.crossings.chunks_exact(2) {
                add_span(
                    &mut self.sums[row],
                    pair[0] - self.left as f64,
                    pair[1] - self.left as f64,
                );
            }
        }
    }

    /// Adds coverage as it is, its first pixel in column `from`.
    pub(super) fn add_row(&mut self, covered: &[u8], from: usize, row: usize) {
        let sums = self.sums[row].iter_mut().skip(from - self.left);
        for (sum, covered) in sums.zip(covered) {
            // 255 is a whole pixel here, 256 there.
            *sum += u16::from(*covered) + u16::from(*covered >> 7);
        }
    }

    /// The rows as they are to be laid on the picture.
    pub(super) fn rows(&mut self, opacity: u8) -> [&[u8]; 2] {
        let opacity = u32::from(opacity);
        for (row, sums) in self.rows.iter_mut().zip(&self.sums) {
            row.clear();
            row.extend(sums.iter().map(|sum| {
                let covered = u32::from((*sum).min(256));
                ((covered * opacity + 128) >> 8) as u8
            }));
        }
        let [upper, lower] = &self.rows;
        [upper, lower]
    }
}

/// Adds one slice that is covered from `from` to `to`, in pixels from the first of `sums`.
fn add_span(sums: &mut [u16], from: f64, to: f64) {
    let end = sums.len() as f64;
    let (from, to) = (from.clamp(0.0, end), to.clamp(0.0, end));
    if from >= to {
        return;
    }
    let (first, last) = (from as usize, to as usize);
    let part = |share: f64| (share * WHOLE).round() as u16;
    if first == last {
        sums[first] += part(to - from);
        return;
    }
    sums[first] += part(first as f64 + 1.0 - from);
    sums[first + 1..last].iter_mut().for_each(|sum| *sum += WHOLE as u16);
    if let Some(sum) = sums.get_mut(last) {
        *sum += part(to - last as f64);
    }
}
