//! One connected shape in a picture, and what is measured of it.

use super::{outline::Outline, rect::Rect};

/// One connected shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Its border.
    pub outline: Outline,
    /// The corners of its convex hull, clockwise as seen.
    pub hull: Vec<[f64; 2]>,
    /// The smallest rectangle around it.
    pub rect: Rect,
    /// What lies within its border, in pixels.
    pub area_px: f64,
    /// Its centre of gravity.
    pub centre: [f64; 2],
    /// The direction, of length 1, in which it is longest; upwards, or to the right where it lies flat.
    pub axis: [f64; 2],
}

impl Shape {
    /// Measures what an outline encloses.
    pub(super) fn of(outline: Outline) -> Self {
        let hull: Vec<[f64; 2]> = outline
            .hull()
            .into_iter()
            .map(|[x, y]| [f64::from(x), f64::from(y)])
            .collect();
        let Moments { area, centre, axis } = Moments::of(&outline);
        Self {
            rect: Rect::around(&hull),
            outline,
            hull,
            area_px: area,
            centre,
            axis,
        }
    }

    /// Its share of the smallest rectangle around it, percent.
    pub fn fullness(&self) -> f64 {
        percent(self.area_px, self.rect.area_px())
    }

    /// Its share of its convex hull, percent: less than 100 where it is hollow or has notches.
    pub fn convexity(&self) -> f64 {
        percent(self.area_px, polygon_area(&self.hull))
    }

    /// Width of the smallest rectangle around it divided by its height.
    pub fn aspect(&self) -> f64 {
        if self.rect.height > 0.0 {
            self.rect.width / self.rect.height
        } else {
            f64::INFINITY
        }
    }
}

/// The area of a polygon whose corners go round clockwise as seen; negative the other way round.
pub(super) fn polygon_area(corners: &[[f64; 2]]) -> f64 {
    let Some(&[x0, y0]) = corners.first() else { return 0.0 };
    let next = corners.iter().cycle().skip(1);
    let twice = corners
        .iter()
        .zip(next)
        .map(|(a, b)| (a[0] - x0) * (b[1] - y0) - (a[1] - y0) * (b[0] - x0));
    twice.sum::<f64>() / 2.0
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { 100.0 * part / whole } else { 0.0 }
}

struct Moments {
    area: f64,
    centre: [f64; 2],
    axis: [f64; 2],
}

impl Moments {
    /// Area, centre and longest direction of what an outline encloses, by Green's theorem; about its first place, for exactness.
    fn of(outline: &Outline) -> Self {
        let [x0, y0] = outline
            .turns
            .first()
            .map_or([0.0; 2], |[x, y]| [f64::from(*x), f64::from(*y)]);
        let [mut area, mut mx, mut my, mut mxx, mut mxy, mut myy] = [0.0; 6];
        for (a, b) in outline.edges() {
            let [ax, ay, bx, by] = [
                f64::from(a[0]) - x0,
                f64::from(a[1]) - y0,
                f64::from(b[0]) - x0,
                f64::from(b[1]) - y0,
            ];
            let cross = ax * by - ay * bx;
            area += cross / 2.0;
            mx += cross * (ax + bx) / 6.0;
            my += cross * (ay + by) / 6.0;
            mxx += cross * (ax * ax + ax * bx + bx * bx) / 12.0;
            myy += cross * (ay * ay + ay * by + by * by) / 12.0;
            mxy += cross * (ax * by + 2.0 * ax * ay + 2.0 * bx * by + bx * ay) / 24.0;
        }
        if area.is_nan() || area <= 0.0 {
            return Self {
                area: 0.0,
                centre: [x0, y0],
                axis: [0.0, -1.0],
            };
        }
        let (cx, cy) = (mx / area, my / area);
        let (xx, xy, yy) = (mxx / area - cx * cx, mxy / area - cx * cy, myy / area - cy * cy);
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        let (mut x, mut y) = (angle.cos(), angle.sin());
        if y > 1e-9 || (y > -1e-9 && x < 0.0) {
            (x, y) = (-x, -y);
        }
        Self {
            area,
            centre: [x0 + cx, y0 + cy],
            axis: [x, y],
        }
    }
}
