//! The distortion of the lens: the straight picture that the painter makes, bent.

use bushbaby_vision::camera::CameraModel;

use super::face::Pinhole;

/// Where each pixel of the bent picture looks in the straight one, and the straight one's size.
#[derive(Debug)]
pub(super) struct Lens {
    straight: Pinhole,
    luma: Bend,
    chroma: Bend,
    planes: [Vec<u8>; 3],
}

/// For one plane: index of the pixel left above, and the shares of its right and lower neighbours in 256ths.
#[derive(Debug)]
struct Bend {
    from: Vec<(u32, u16, u16)>,
    stride: usize,
}

/// A distortion that the scene cannot make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lens bends too much: its picture folds over itself, or would need more than twice the straight one")]
pub(super) struct TooStrong;

impl Lens {
    /// A lens for pictures of `camera`.
    ///
    /// # Errors
    /// [`TooStrong`], when the distortion folds the picture, or shows more than twice as much of it across or down.
    pub(super) fn new(camera: &CameraModel) -> Result<Self, TooStrong> {
        let straight = straight(camera)?;
        let grid = Grid::new(camera)?;
        let [luma, chroma] = [1, 2].map(|by| Bend::new(camera, &straight, &grid, by));
        let planes = [1, 2, 2].map(|by| vec![0; (straight.width.div_ceil(by) * straight.height.div_ceil(by)) as usize]);
        Ok(Self {
            straight,
            luma,
            chroma,
            planes,
        })
    }

    /// Says whether there is such a lens, without making it.
    ///
    /// # Errors
    /// As [`Lens::new`].
    pub(super) fn check(camera: &CameraModel) -> Result<(), TooStrong> {
        straight(camera).map(|_| ())
    }

    /// The picture that the painter is to make, and where.
    pub(super) fn straight(&self) -> &Pinhole {
        &self.straight
    }

    /// Takes the planes out, to be painted on; [`Lens::bend`] takes them back.
    pub(super) fn take_planes(&mut self) -> [Vec<u8>; 3] {
        std::mem::take(&mut self.planes)
    }

    /// Bends the painted planes into the picture's own.
    pub(super) fn bend(&mut self, painted: [Vec<u8>; 3], [y, u, v]: [&mut [u8]; 3]) {
        self.luma.apply(&painted[0], y);
        self.chroma.apply(&painted[1], u);
        self.chroma.apply(&painted[2], v);
        self.planes = painted;
    }
}

/// The picture without distortion that holds all that the lens shows.
fn straight(camera: &CameraModel) -> Result<Pinhole, TooStrong> {
    let (width, height, focal) = (camera.width_px, camera.height_px, camera.intrinsics.fx);
    let along = |y: u32| (0..=width).map(move |x| [x, y]);
    let down = |x: u32| (0..=height).map(move |y| [x, y]);
    let mut reach = [0.0_f64; 2];
    for border in along(0).chain(along(height)).chain(down(0)).chain(down(width)) {
        let [x, y] = direction(camera, border.map(f64::from))?;
        reach = [reach[0].max(x.abs()), reach[1].max(y.abs())];
    }
    // A few pixels more than are needed to mix neighbours.
    let [straight_width, straight_height] = reach.map(|reach| (2.0 * (reach * focal + 4.0)).ceil() as u32 / 4 * 4 + 4);
    if straight_width > 2 * width + 64 || straight_height > 2 * height + 64 {
        return Err(TooStrong);
    }
    let center = [f64::from(straight_width) / 2.0, f64::from(straight_height) / 2.0];
    Ok(Pinhole {
        width: straight_width,
        height: straight_height,
        focal,
        center,
    })
}

fn direction(camera: &CameraModel, pixel: [f64; 2]) -> Result<[f64; 2], TooStrong> {
    camera.direction(pixel).ok_or(TooStrong)
}

/// The straight directions of every few pixels; to ask for each one would take seconds.
struct Grid {
    columns: usize,
    directions: Vec<[f64; 2]>,
}

impl Grid {
    /// Between places so near a lens bends by less than a hundredth of a pixel.
    const EVERY: u32 = 4;

    fn new(camera: &CameraModel) -> Result<Self, TooStrong> {
        let [columns, rows] = [camera.width_px, camera.height_px].map(|side| side.div_ceil(Self::EVERY) + 1);
        let last = [f64::from(camera.width_px), f64::from(camera.height_px)];
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| [column, row]));
        let directions = places.map(|place| {
            let pixel = [0, 1].map(|i| f64::from(place[i] * Self::EVERY).min(last[i]));
            direction(camera, pixel)
        });
        Ok(Self {
            columns: columns as usize,
            directions: directions.collect::<Result<_, _>>()?,
        })
    }

    fn at(&self, pixel: [f64; 2], size: [u32; 2]) -> [f64; 2] {
        let every = f64::from(Self::EVERY);
        let cell = pixel.map(|at| (at / every) as usize);
        // The last column and row lie nearer, at the picture's own border.
        let share = [0, 1].map(|i| {
            let from = cell[i] as f64 * every;
            (pixel[i] - from) / (f64::from(size[i]) - from).min(every)
        });
        let node = |right: usize, below: usize| self.directions[(cell[1] + below) * self.columns + cell[0] + right];
        [0, 1].map(|i| {
            let upper = node(0, 0)[i] + (node(1, 0)[i] - node(0, 0)[i]) * share[0];
            let lower = node(0, 1)[i] + (node(1, 1)[i] - node(0, 1)[i]) * share[0];
            upper + (lower - upper) * share[1]
        })
    }
}

impl Bend {
    fn new(camera: &CameraModel, straight: &Pinhole, grid: &Grid, by: u32) -> Self {
        let size = [camera.width_px, camera.height_px];
        let [stride, rows] = [straight.width, straight.height].map(|side| side.div_ceil(by));
        let scale = f64::from(by);
        let share = |at: f64| (at.fract() * 256.0) as u16;
        let pixels = (0..size[1].div_ceil(by)).flat_map(|y| (0..size[0].div_ceil(by)).map(move |x| [x, y]));
        let from = pixels.map(|pixel| {
            let place = [0, 1].map(|i| ((f64::from(pixel[i]) + 0.5) * scale).min(f64::from(size[i]) - 0.5));
            let direction = grid.at(place, size);
            // From the middle of the first pixel, where its own value lies.
            let at = [0, 1].map(|i| (direction[i] * straight.focal + straight.center[i]) / scale - 0.5);
            let [x, y] = [
                at[0].clamp(0.0, f64::from(stride) - 1.01),
                at[1].clamp(0.0, f64::from(rows) - 1.01),
            ];
            (y as u32 * stride + x as u32, share(x), share(y))
        });
        Self {
            from: from.collect(),
            stride: stride as usize,
        }
    }

    fn apply(&self, straight: &[u8], bent: &mut [u8]) {
        for (pixel, &(index, right, below)) in bent.iter_mut().zip(&self.from) {
            let at = |offset: usize| u32::from(straight[index as usize + offset]);
            let (right, below) = (u32::from(right), u32::from(below));
            let above_row = at(0) * (256 - right) + at(1) * right;
            let below_row = at(self.stride) * (256 - right) + at(self.stride + 1) * right;
            *pixel = ((above_row * (256 - below) + below_row * below + 32768) >> 16) as u8;
        }
    }
}
