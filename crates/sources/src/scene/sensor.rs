//! What lens and sensor do to a picture: a little blur, then noise.

/// Blurs the rows of one plane as they come, and adds noise; kept between pictures for its buffers.
#[derive(Debug)]
pub(super) struct Sensor {
    /// Middle first; with both sides they add up to 256.
    weights: Vec<u16>,
    padded: Vec<u8>,
    /// The last rows, blurred along the row; as many as there are weights on both sides.
    window: Vec<Vec<u8>>,
    sums: Vec<u16>,
}

impl Sensor {
    /// A sensor whose pixels see `sigma_px` around them (standard deviation of a Gauss curve), 0 for none.
    pub(super) fn new(sigma_px: f64) -> Self {
        let weights = weights(sigma_px);
        let window = vec![Vec::new(); 2 * weights.len() - 1];
        Self {
            weights,
            padded: Vec::new(),
            window,
            sums: Vec::new(),
        }
    }

    /// Takes a plane: `draw(y, row)` fills each row of it once, from above; `finish(y, row)` gets each row of `out` blurred.
    pub(super) fn expose(
        &mut self,
        width: usize,
        out: &mut [u8],
        mut draw: impl FnMut(usize, &mut [u8]),
        mut finish: impl FnMut(usize, &mut [u8]),
    ) {
        let reach = self.weights.len() - 1;
        if reach == 0 {
            for (y, row) in out.chunks_exact_mut(width).enumerate() {
                draw(y, row);
                finish(y, row);
            }
            return;
        }
        let height = out.len() / width;
        self.padded.resize(width + 2 * reach, 0);
        self.sums.resize(width, 0);
        self.window.iter_mut().for_each(|row| row.resize(width, 0));
        let rows = self.window.len();
        let mut drawn = 0;
        for (y, out) in out.chunks_exact_mut(width).enumerate() {
            while drawn < height && drawn <= y + reach {
                draw(drawn, &mut self.padded[reach..reach + width]);
                self.blur_along(drawn % rows, width);
                drawn += 1;
            }
            self.blur_down(y, height, out);
            finish(y, out);
        }
    }

    fn blur_along(&mut self, slot: usize, width: usize) {
        let reach = self.weights.len() - 1;
        let (first, last) = (self.padded[reach], self.padded[reach + width - 1]);
        self.padded[..reach].fill(first);
        self.padded[reach + width..].fill(last);
        let rows = (0..=reach).map(|i| [&self.padded[reach - i..][..width], &self.padded[reach + i..][..width]]);
        mix(&self.weights, rows, &mut self.sums, &mut self.window[slot]);
    }

    fn blur_down(&mut self, y: usize, height: usize, out: &mut [u8]) {
        let (reach, rows) = (self.weights.len() - 1, self.window.len());
        let row = |y: usize| &self.window[y % rows][..];
        let pairs = (0..=reach).map(|i| [row(y.saturating_sub(i)), row((y + i).min(height - 1))]);
        mix(&self.weights, pairs, &mut self.sums, out);
    }
}

/// Adds up pairs of rows by their weights, the middle row once.
fn mix<'a>(weights: &[u16], mut pairs: impl Iterator<Item = [&'a [u8]; 2]>, sums: &mut [u16], out: &mut [u8]) {
    // The usual blur reaches one pixel: all in one go.
    if let &[middle, side] = weights {
        if let (Some([row, _]), Some([a, b])) = (pairs.next(), pairs.next()) {
            for (out, (row, (a, b))) in out.iter_mut().zip(row.iter().zip(a.iter().zip(b))) {
                *out = ((u16::from(*row) * middle + (u16::from(*a) + u16::from(*b)) * side + 128) >> 8) as u8;
            }
        }
        return;
    }
    for (i, (weight, [a, b])) in weights.iter().zip(pairs).enumerate() {
        if i == 0 {
            sums.iter_mut()
                .zip(a)
                .for_each(|(sum, a)| *sum = u16::from(*a) * weight + 128);
        } else {
            let both = a.iter().zip(b).map(|(a, b)| u16::from(*a) + u16::from(*b));
            sums.iter_mut().zip(both).for_each(|(sum, both)| *sum += both * weight);
        }
    }
    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = (*sum >> 8) as u8);
}

fn weights(sigma_px: f64) -> Vec<u16> {
    if sigma_px < 0.05 {
        return vec![256];
    }
    if sigma_px < 0.7 {
        // So narrow a curve is not met by its values at whole pixels; three weights of the same deviation are.
        let side = (128.0 * sigma_px * sigma_px).round() as u16;
        return vec![256 - 2 * side, side];
    }
    let reach = (3.0 * sigma_px).ceil() as usize;
    let curve: Vec<f64> = (0..=reach)
        .map(|i| (-0.5 * (i as f64 / sigma_px).powi(2)).exp())
        .collect();
    let total = curve[0] + 2.0 * curve[1..].iter().sum::<f64>();
    let mut weights: Vec<u16> = curve.iter().map(|w| (w / total * 256.0).round() as u16).collect();
    while weights.len() > 1 && weights.last() == Some(&0) {
        weights.pop();
    }
    // What rounding took or gave goes to the middle, so that flat areas keep their level.
    weights[0] = 256 - 2 * weights[1..].iter().sum::<u16>();
    weights
}

/// Sensor noise: the same for the same seed, picture and row.
#[derive(Debug)]
pub(super) struct Noise {
    seed: u64,
    table: Vec<i8>,
    width: usize,
}

impl Noise {
    /// Noise of standard deviation `sigma` grey levels for rows of `width` pixels, 0 for none.
    pub(super) fn new(seed: u64, sigma: f64, width: usize) -> Self {
        /// Rows begin at this many places of the table.
        const STARTS: usize = 1 << 16;
        let mut random = Random::new(seed);
        let mut table = Vec::new();
        if sigma > 0.0 {
            table.extend((0..STARTS + width).map(|_| (random.gauss() * sigma).round().clamp(-127.0, 127.0) as i8));
        }
        Self { seed, table, width }
    }

    /// Adds the noise of row `y` of picture `picture`.
    pub(super) fn add(&self, picture: u64, y: usize, row: &mut [u8]) {
        if self.table.is_empty() {
            return;
        }
        let starts = self.table.len() - self.width;
        let start = mixed(self.seed ^ mixed(picture ^ mixed(y as u64))) as usize % starts;
        for (pixel, noise) in row.iter_mut().zip(&self.table[start..]) {
            *pixel = (i16::from(*pixel) + i16::from(*noise)).clamp(0, 255) as u8;
        }
    }
}

/// How far the state of SplitMix64 goes with each number.
pub(super) const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of numbers that follows from its seed alone.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 0.0 up to, but not, 1.0.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(STEP);
        (mixed(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Mean 0, standard deviation 1, by Box and Muller.
    pub(super) fn gauss(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Scatters the bits of a number: the finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
pub(super) fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposed(sigma_px: f64, picture: &[u8], width: usize) -> Vec<u8> {
        let mut out = vec![0; picture.len()];
        let rows = |y: usize, row: &mut [u8]| row.copy_from_slice(&picture[y * width..][..width]);
        Sensor::new(sigma_px).expose(width, &mut out, rows, |_, _| {});
        out
    }

    #[test]
    fn flat_areas_keep_their_level_up_to_the_border() {
        for sigma_px in [0.0, 0.3, 0.5, 1.0, 2.5, 5.0] {
            for level in [0, 1, 100, 255] {
                assert_eq!(
                    exposed(sigma_px, &[level; 15 * 9], 15),
                    [level; 15 * 9],
                    "{sigma_px} px"
                );
            }
        }
    }

    #[test]
    fn a_line_is_spread_as_widely_as_asked_for_and_not_moved() {
        let (width, middle) = (41, 20);
        for sigma_px in [0.3, 0.5, 1.0, 3.0] {
            let mut picture = vec![0; width * width];
            // A bright line along the rows spreads down only.
            picture[middle * width..][..width].fill(250);
            let out = exposed(sigma_px, &picture, width);
            let column: Vec<f64> = (0..width).map(|y| f64::from(out[y * width + 5])).collect();
            let total: f64 = column.iter().sum();
            let moment = |power: i32| {
                let at = |y: usize| (y as f64 - middle as f64).powi(power);
                column.iter().enumerate().map(|(y, v)| v * at(y)).sum::<f64>() / total
            };
            assert!(moment(1).abs() < 1e-9, "moved by {}", moment(1));
            assert!(
                (moment(2).sqrt() / sigma_px - 1.0).abs() < 0.06,
                "{} for {sigma_px}",
                moment(2).sqrt()
            );
        }
    }
}
