//! The distortion of the lens: the straight picture that the painter makes, bent.

use bushbaby_vision::camera::{CameraError, CameraModel};

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

impl Lens {
    /// A lens for pictures of `camera`.
    ///
    /// # Errors
    /// [`CameraError::Model`], when the distortion folds the picture or shows more than twice of it.
    pub(super) fn new(camera: &CameraModel) -> Result<Self, CameraError> {
        let bad = || CameraError::Model {
            model: "lens too strong for the scene".to_owned(),
            count: camera.distortion.coefficients().len(),
        };
        let (width, height, focal) = (camera.width_px, camera.height_px, camera.intrinsics.fx);
        let direction = |x: f64, y: f64| camera.direction([x, y]).ok_or_else(bad);
        let mut reach = [0.0_f64; 2];
        for x in 0..=width {
            for y in [0, height] {
                let [a, b] = direction(f64::from(x), f64::from(y))?;
                reach = [reach[0].max(a.abs()), reach[1].max(b.abs())];
            }
        }
        for y in 0..=height {
            for x in [0, width] {
                let [a, b] = direction(f64::from(x), f64::from(y))?;
                reach = [reach[0].max(a.abs()), reach[1].max(b.abs())];
            }
        }
        let side = |reach: f64| (2.0 * (reach * focal + 4.0)).ceil() as u32 / 4 * 4 + 4;
        let [straight_width, straight_height] = reach.map(side);
        if straight_width > 2 * width + 64 || straight_height > 2 * height + 64 {
            return Err(bad());
        }
        let center = [f64::from(straight_width) / 2.0, f64::from(straight_height) / 2.0];
        let straight = Pinhole {
            width: straight_width,
            height: straight_height,
            focal,
            center,
        };
        let bend = |by: u32| -> Result<Bend, CameraError> {
            let (stride, rows) = (straight_width.div_ceil(by), straight_height.div_ceil(by));
            let scale = f64::from(by);
            let mut from = Vec::new();
            for y in 0..height.div_ceil(by) {
                for x in 0..width.div_ceil(by) {
                    let [a, b] = direction((f64::from(x) + 0.5) * scale, (f64::from(y) + 0.5) * scale)?;
                    // From the middle of the first pixel, where its own value lies.
                    let at = [
                        (a * focal + center[0]) / scale - 0.5,
                        (b * focal + center[1]) / scale - 0.5,
                    ];
                    let x = at[0].clamp(0.0, f64::from(stride) - 1.01);
                    let y = at[1].clamp(0.0, f64::from(rows) - 1.01);
                    let share = |at: f64| (at.fract() * 256.0) as u16;
                    from.push((y as u32 * stride + x as u32, share(x), share(y)));
                }
            }
            Ok(Bend {
                from,
                stride: stride as usize,
            })
        };
        let planes = [1, 2, 2].map(|by| vec![0; (straight_width.div_ceil(by) * straight_height.div_ceil(by)) as usize]);
        Ok(Self {
            luma: bend(1)?,
            chroma: bend(2)?,
            straight,
            planes,
        })
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

impl Bend {
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
