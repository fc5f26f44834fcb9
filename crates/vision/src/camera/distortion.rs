//! What a lens does to directions, forwards and backwards.
//!
//! In and out: directions `[x / z, y / z]`, ideal or as the lens bends them. Coefficients stand in OpenCV's order.

use super::CameraError;

/// A lens model with its coefficients, in OpenCV's order.
///
/// # Source
/// Brown, "Decentering distortion of lenses", 1966; Kannala and Brandt, "A generic camera model", PAMI 28(8), 2006; the formulas as
/// OpenCV's `calib3d` documentation states them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distortion {
    /// Straight lines stay straight.
    None,
    /// `k1 k2 p1 p2 k3`: radial and tangential (`plumb_bob`).
    Pinhole5([f64; 5]),
    /// `k1 k2 p1 p2 k3 k4 k5 k6`: radial as a fraction, and tangential (`rational_polynomial`).
    Rational8([f64; 8]),
    /// `k1 k2 k3 k4` over the angle to the axis (`equidistant`).
    Fisheye4([f64; 4]),
}

/// A bent direction and how it changes with the ideal one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distorted {
    /// The direction after the lens.
    pub point: [f64; 2],
    /// `jacobian[i][j]`: change of `point[i]` with the ideal direction's component `j`.
    pub jacobian: [[f64; 2]; 2],
}

/// Steps from the axis outwards when a direction is bent back, so that the solution stays on the branch the lens is on.
const CONTINUATION_STEPS: u32 = 8;
const NEWTON_LIMIT: u32 = 12;
const CONVERGED: f64 = 1e-11;

impl Distortion {
    /// Returns the model of that name with those coefficients: `pinhole` with 0, 4, 5 or 8, `fisheye` with 4 (or none, for all zero).
    ///
    /// # Errors
    /// [`CameraError::Model`] for any other name or count.
    pub fn from_model(model: &str, coefficients: &[f64]) -> Result<Self, CameraError> {
        match (model, coefficients) {
            ("pinhole", []) => Ok(Self::None),
            ("pinhole", &[k1, k2, p1, p2]) => Ok(Self::Pinhole5([k1, k2, p1, p2, 0.0])),
            ("pinhole", &[k1, k2, p1, p2, k3]) => Ok(Self::Pinhole5([k1, k2, p1, p2, k3])),
            ("pinhole", &[k1, k2, p1, p2, k3, k4, k5, k6]) => Ok(Self::Rational8([k1, k2, p1, p2, k3, k4, k5, k6])),
            ("fisheye", []) => Ok(Self::Fisheye4([0.0; 4])),
            ("fisheye", &[k1, k2, k3, k4]) => Ok(Self::Fisheye4([k1, k2, k3, k4])),
            _ => Err(CameraError::Model {
                model: model.to_owned(),
                count: coefficients.len(),
            }),
        }
    }

    /// `pinhole` or `fisheye`.
    pub fn model_name(&self) -> &'static str {
        match self {
            Self::None | Self::Pinhole5(_) | Self::Rational8(_) => "pinhole",
            Self::Fisheye4(_) => "fisheye",
        }
    }

    /// The coefficients in OpenCV's order; empty without distortion.
    pub fn coefficients(&self) -> &[f64] {
        match self {
            Self::None => &[],
            Self::Pinhole5(k) => k,
            Self::Rational8(k) => k,
            Self::Fisheye4(k) => k,
        }
    }

    /// Bends an ideal direction as the lens does.
    pub fn distort(&self, ideal: [f64; 2]) -> [f64; 2] {
        self.distort_with_jacobian(ideal).point
    }

    /// Bends an ideal direction and says how the result changes with it.
    pub fn distort_with_jacobian(&self, ideal: [f64; 2]) -> Distorted {
        match *self {
            Self::None => Distorted {
                point: ideal,
                jacobian: [[1.0, 0.0], [0.0, 1.0]],
            },
            Self::Pinhole5([k1, k2, p1, p2, k3]) => polynomial(ideal, [k1, k2, k3], [0.0; 3], [p1, p2]),
            Self::Rational8([k1, k2, p1, p2, k3, k4, k5, k6]) => {
                polynomial(ideal, [k1, k2, k3], [k4, k5, k6], [p1, p2])
            }
            Self::Fisheye4(k) => fisheye(ideal, k),
        }
    }

    /// Returns the ideal direction that the lens bends to `bent`.
    ///
    /// `None` where there is none, or where the lens model folds over before it gets there.
    pub fn undistort(&self, bent: [f64; 2]) -> Option<[f64; 2]> {
        if !bent.iter().all(|v| v.is_finite()) {
            return None;
        }
        match self {
            Self::None => Some(bent),
            Self::Fisheye4(k) => fisheye_back(bent, k),
            Self::Pinhole5(_) | Self::Rational8(_) => {
                let mut ideal = [0.0, 0.0];
                for step in 1..=CONTINUATION_STEPS {
                    let share = f64::from(step) / f64::from(CONTINUATION_STEPS);
                    ideal = self.newton(ideal, [bent[0] * share, bent[1] * share])?;
                }
                Some(ideal)
            }
        }
    }

    /// As [`Distortion::undistort`], found sooner from what a place close by is bent back to.
    pub(crate) fn undistort_near(&self, bent: [f64; 2], near: Option<[f64; 2]>) -> Option<[f64; 2]> {
        match (self, near) {
            (Self::Pinhole5(_) | Self::Rational8(_), Some(near)) => {
                self.newton(near, bent).or_else(|| self.undistort(bent))
            }
            _ => self.undistort(bent),
        }
    }

    fn newton(&self, start: [f64; 2], wanted: [f64; 2]) -> Option<[f64; 2]> {
        let [mut x, mut y] = start;
        for _ in 0..NEWTON_LIMIT {
            let Distorted {
                point,
                jacobian: [[a, b], [c, d]],
            } = self.distort_with_jacobian([x, y]);
            let determinant = a * d - b * c;
            // Past a fold the picture is mirrored: no lens does that.
            if determinant.is_nan() || determinant <= 1e-6 {
                return None;
            }
            let (ex, ey) = (wanted[0] - point[0], wanted[1] - point[1]);
            if ex.hypot(ey) < CONVERGED {
                return Some([x, y]);
            }
            x += (d * ex - b * ey) / determinant;
            y += (a * ey - c * ex) / determinant;
        }
        None
    }
}

fn polynomial([x, y]: [f64; 2], above: [f64; 3], below: [f64; 3], [p1, p2]: [f64; 2]) -> Distorted {
    let r2 = x * x + y * y;
    let series = |[a, b, c]: [f64; 3]| 1.0 + r2 * (a + r2 * (b + r2 * c));
    let slope = |[a, b, c]: [f64; 3]| a + r2 * (2.0 * b + r2 * 3.0 * c);
    let (n, d) = (series(above), series(below));
    let radial = n / d;
    // Change of the radial factor with r².
    let radial_slope = (slope(above) - radial * slope(below)) / d;
    let cross = 2.0 * (x * y * radial_slope + p1 * x + p2 * y);
    Distorted {
        point: [
            x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
            y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
        ],
        jacobian: [
            [radial + 2.0 * x * x * radial_slope + 2.0 * p1 * y + 6.0 * p2 * x, cross],
            [cross, radial + 2.0 * y * y * radial_slope + 6.0 * p1 * y + 2.0 * p2 * x],
        ],
    }
}

/// Bent angle and its slope for an angle to the axis.
fn bent_angle(angle: f64, [k1, k2, k3, k4]: [f64; 4]) -> (f64, f64) {
    let a2 = angle * angle;
    let bent = angle * (1.0 + a2 * (k1 + a2 * (k2 + a2 * (k3 + a2 * k4))));
    let slope = 1.0 + a2 * (3.0 * k1 + a2 * (5.0 * k2 + a2 * (7.0 * k3 + a2 * 9.0 * k4)));
    (bent, slope)
}

fn fisheye([x, y]: [f64; 2], k: [f64; 4]) -> Distorted {
    let r = x.hypot(y);
    let (bent, slope) = bent_angle(r.atan(), k);
    // scale = bent / r; `twist` is its change with r, divided by r. Near the axis both follow from the series.
    let (scale, twist) = if r < 1e-6 {
        (1.0, 2.0 * (k[0] - 1.0 / 3.0))
    } else {
        (bent / r, (slope / (1.0 + r * r) - bent / r) / (r * r))
    };
    Distorted {
        point: [x * scale, y * scale],
        jacobian: [
            [scale + twist * x * x, twist * x * y],
            [twist * x * y, scale + twist * y * y],
        ],
    }
}

fn fisheye_back([x, y]: [f64; 2], k: &[f64; 4]) -> Option<[f64; 2]> {
    let wanted = x.hypot(y);
    if wanted < 1e-12 {
        return Some([x, y]);
    }
    let mut angle = 0.0;
    for step in 1..=CONTINUATION_STEPS {
        let part = wanted * f64::from(step) / f64::from(CONTINUATION_STEPS);
        let mut converged = false;
        for _ in 0..NEWTON_LIMIT {
            let (bent, slope) = bent_angle(angle, *k);
            if slope.is_nan() || slope <= 1e-6 {
                return None;
            }
            if (part - bent).abs() < CONVERGED {
                converged = true;
                break;
            }
            angle += (part - bent) / slope;
        }
        if !converged {
            return None;
        }
    }
    // A direction at a right angle or behind has no place on the plane in front of the camera.
    if !(0.0..1.57).contains(&angle) {
        return None;
    }
    let scale = angle.tan() / wanted;
    Some([x * scale, y * scale])
}
