//! The posters on the walls.

use super::canvas::{Area, Canvas, Rgb};

const NAVY: Rgb = [34.0, 46.0, 66.0];
const CREAM: Rgb = [244.0, 236.0, 220.0];
const AMBER: Rgb = [240.0, 168.0, 36.0];
const TERRACOTTA: Rgb = [201.0, 103.0, 70.0];
const TEAL: Rgb = [52.0, 112.0, 116.0];
const FUR: Rgb = [150.0, 134.0, 122.0];
const PALE_FUR: Rgb = [214.0, 203.0, 190.0];
const DARK: Rgb = [30.0, 26.0, 28.0];

/// A frame with its shadow on the wall; returns what is inside.
fn framed(canvas: &mut Canvas, area: Area, frame: Rgb, paper: Rgb) -> Area {
    canvas.shadow(area, 0.05, 0.38);
    canvas.rect(area, 0.004, frame);
    let inner = area.grown(-0.018);
    canvas.rect(inner, 0.0, paper);
    inner
}

/// A bushbaby on a branch before the moon.
pub(super) fn bushbaby(canvas: &mut Canvas, area: Area) {
    let inner = framed(canvas, area, [46.0, 38.0, 32.0], NAVY);
    let Area(x, y, width, height) = inner;
    let unit = width;
    let at = |u: f32, v: f32| [x + u * unit, y + v * unit];
    // Stars, moon, branch.
    for (i, (u, v)) in [
        (0.1, 0.12),
        (0.88, 0.09),
        (0.2, 0.34),
        (0.93, 0.4),
        (0.07, 0.66),
        (0.8, 0.22),
        (0.5, 0.07),
    ]
    .into_iter()
    .enumerate()
    {
        canvas.circle(at(u, v), unit * (0.006 + 0.003 * (i % 3) as f32), CREAM);
    }
    canvas.circle(at(0.5, 0.56), unit * 0.4, [248.0, 226.0, 178.0]);
    let branch = y + height - 0.17 * unit;
    canvas.rect(Area(x, branch, width, 0.05 * unit), 0.02 * unit, [88.0, 62.0, 48.0]);
    // Body and tail.
    canvas.ellipse(
        at(0.77, 1.12),
        [0.055 * unit, 0.3 * unit],
        0.25,
        0.0,
        [124.0, 108.0, 98.0],
    );
    canvas.rect(Area(x, branch, width, 0.05 * unit), 0.02 * unit, [88.0, 62.0, 48.0]);
    canvas.ellipse(at(0.5, 0.98), [0.2 * unit, 0.24 * unit], 0.0, 0.0, FUR);
    canvas.ellipse(at(0.5, 1.02), [0.12 * unit, 0.18 * unit], 0.0, 0.0, PALE_FUR);
    for u in [0.42, 0.58] {
        canvas.ellipse(
            at(u, (branch - y) / unit),
            [0.05 * unit, 0.032 * unit],
            0.0,
            0.0,
            [112.0, 96.0, 88.0],
        );
    }
    // Ears.
    for (side, turn) in [(-1.0, -0.5), (1.0, 0.5)] {
        let ear = at(0.5 + 0.27 * side, 0.4);
        canvas.ellipse(ear, [0.13 * unit, 0.2 * unit], turn, 0.0, FUR);
        canvas.ellipse(ear, [0.085 * unit, 0.15 * unit], turn, 0.0, [222.0, 168.0, 150.0]);
    }
    // Head.
    canvas.ellipse(at(0.5, 0.62), [0.29 * unit, 0.25 * unit], 0.0, 0.0, FUR);
    canvas.ellipse(at(0.5, 0.68), [0.2 * unit, 0.17 * unit], 0.0, 0.0, PALE_FUR);
    canvas.ellipse(at(0.5, 0.54), [0.035 * unit, 0.13 * unit], 0.0, 0.0, PALE_FUR);
    for side in [-1.0, 1.0] {
        let eye = at(0.5 + 0.135 * side, 0.6);
        canvas.circle(eye, 0.125 * unit, DARK);
        canvas.circle(eye, 0.108 * unit, AMBER);
        canvas.circle(eye, 0.072 * unit, [196.0, 116.0, 22.0]);
        canvas.circle(eye, 0.06 * unit, DARK);
        canvas.circle([eye[0] - 0.035 * unit, eye[1] - 0.035 * unit], 0.022 * unit, CREAM);
    }
    canvas.ellipse(at(0.5, 0.735), [0.04 * unit, 0.03 * unit], 0.0, 0.0, DARK);
    canvas.ellipse(
        at(0.5, 0.79),
        [0.045 * unit, 0.009 * unit],
        0.0,
        0.0,
        [120.0, 100.0, 92.0],
    );
    gloss(canvas, inner);
}

/// Quarter circles in a grid.
pub(super) fn arcs(canvas: &mut Canvas, area: Area) {
    let inner = framed(canvas, area, [214.0, 184.0, 142.0], CREAM);
    let Area(x, y, width, height) = inner.grown(-0.035);
    let columns = 3;
    let cell = width / columns as f32;
    let rows = (height / cell) as usize;
    let colors = [TERRACOTTA, TEAL, AMBER, NAVY, [226.0, 178.0, 150.0]];
    for (row, column) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
        let cell_area = Area(x + column as f32 * cell, y + row as f32 * cell, cell, cell);
        let kind = row * 7 + column * 3;
        canvas.rect(cell_area, 0.0, [CREAM, [236.0, 220.0, 196.0]][(row + column) % 2]);
        let corner = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)][(row * 3 + column * 5) % 4];
        let (cx, cy) = (cell_area.0 + corner.0 * cell, cell_area.1 + corner.1 * cell);
        for (ring, radius) in [1.0, 0.66, 0.33].into_iter().enumerate() {
            let color = if ring == 1 && kind % 2 == 0 {
                CREAM
            } else {
                colors[(kind + ring * 2) % colors.len()]
            };
            canvas.blob(
                cell_area.grown(-0.0005),
                0.0,
                move |px, py| (px - cx).hypot(py - cy) - radius * cell,
                color,
                1.0,
            );
        }
    }
    gloss(canvas, inner);
}

/// Hills at sunrise.
pub(super) fn hills(canvas: &mut Canvas, area: Area) {
    let inner = framed(canvas, area, [240.0, 236.0, 228.0], [247.0, 214.0, 170.0]);
    let Area(x, y, width, height) = inner;
    canvas.circle(
        [x + 0.64 * width, y + 0.36 * height],
        0.17 * width,
        [232.0, 116.0, 72.0],
    );
    let layers = [
        (0.5, [226.0, 150.0, 108.0]),
        (0.62, [186.0, 108.0, 92.0]),
        (0.74, [112.0, 84.0, 96.0]),
        (0.86, [52.0, 62.0, 84.0]),
    ];
    for (i, (level, color)) in layers.into_iter().enumerate() {
        let phase = i as f32 * 2.1;
        let top = move |px: f32| {
            let u = (px - x) / width * std::f32::consts::TAU;
            y + height * (level + 0.05 * (u * 1.1 + phase).sin() + 0.025 * (u * 2.7 + 2.0 * phase).sin())
        };
        canvas.blob(inner.grown(-0.001), 0.0, move |px, py| top(px) - py, color, 1.0);
    }
    gloss(canvas, inner);
}

/// A soft reflection from the upper left.
fn gloss(canvas: &mut Canvas, inner: Area) {
    let Area(x, y, width, height) = inner;
    canvas.light(inner, move |px, py| {
        let along = (px - x) / width + (py - y) / height;
        1.05 - 0.07 * along
    });
}
