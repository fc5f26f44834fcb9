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
    /// Those of the polygon at hand.
    edges: Vec<Edge>,
    /// What it covers of these two rows, and of the two before.
    spans: Vec<Span>,
    spans_before: Vec<Span>,
    crossings: Vec<f64>,
}

/// A side of a polygon.
#[derive(Debug)]
struct Edge {
    begin: [f64; 2],
    end_y: f64,
    /// Columns for each row down.
    slope: f64,
}

impl Edge {
    fn new([x0, y0]: [f64; 2], [x1, y1]: [f64; 2]) -> Self {
        let down = y1 - y0;
        Self {
            begin: [x0, y0],
            end_y: y1,
            // One that is as good as level crosses a slice anywhere; divided by next to nothing it would cross it nowhere.
            slope: if down.abs() < 1e-9 { 0.0 } else { (x1 - x0) / down },
        }
    }

    /// Where it crosses the middle of a slice.
    fn crossing(&self, y: f64) -> Option<f64> {
        let [x0, y0] = self.begin;
        ((y0 <= y) != (self.end_y <= y)).then_some(x0 + (y - y0) * self.slope)
    }
}

/// A part of a slice: of which of the two rows, from where to where.
#[derive(Debug, PartialEq)]
struct Span {
    row: usize,
    from: f64,
    to: f64,
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

    /// Begins a polygon.
    pub(super) fn begin_polygon(&mut self, corners: &[[f64; 2]]) {
        let ends = corners.iter().cycle().skip(1);
        self.edges.clear();
        self.edges
            .extend(corners.iter().zip(ends).map(|(begin, end)| Edge::new(*begin, *end)));
        self.spans.clear();
        self.begin(0, 0);
        self.rows(0);
    }

    /// What the polygon covers of rows `y` and `y + 1` from column `left` to before `right`.
    pub(super) fn polygon(&mut self, y: usize, [left, right]: [usize; 2], opacity: u8) -> [&[u8]; 2] {
        std::mem::swap(&mut self.spans, &mut self.spans_before);
        self.slice(y);
        // Between upright sides, as of the ground of a text, all rows are alike.
        if self.spans != self.spans_before {
            self.begin(left, right);
            for span in &self.spans {
                let [from, to] = [span.from, span.to].map(|at| at - self.left as f64);
                add_span(&mut self.sums[span.row], from, to);
            }
            self.rows(opacity);
        }
        let [upper, lower] = &self.rows;
        [upper, lower]
    }

    /// Finds the spans of both rows.
    fn slice(&mut self, y: usize) {
        self.spans.clear();
        for slice in 0..2 * SLICES {
            let at = y as f64 + (slice as f64 + 0.5) / SLICES as f64;
            self.crossings.clear();
            self.crossings
                .extend(self.edges.iter().filter_map(|edge| edge.crossing(at)));
            self.crossings.sort_by(f64::total_cmp);
            self.spans.extend(self.crossings.chunks_exact(2).map(|pair| Span {
                row: slice / SLICES,
                from: pair[0],
                to: pair[1],
            }));
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
    // Rounded: shares are not negative. `f64::round` is a call where the processor's own may not be used.
    let part = |share: f64| (share * WHOLE + 0.5) as u16;
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
