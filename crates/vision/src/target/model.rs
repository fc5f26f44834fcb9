//! What a target is made of: the corners of its parts in space.

use serde::Deserialize;
use std::{path::Path, str::FromStr};

/// A target's parts (strips of tape, say), with their corners.
///
/// Corners are metres in the target's own frame: x right and y down as seen from the front, z into the target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetModel {
    parts: Vec<Vec<[f64; 3]>>,
    /// The parts are alike and stand around the y axis at equal angles, so any neighbours of them may be those that are seen.
    is_ring: bool,
}

/// Targets of past seasons of FRC, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// `tape2019`: the pair of strips that lean together. Frame: from the middle between them, at half their height.
    Tape2019,
    /// `port2020`: the outline of the lower half of a hexagon. Frame: from the middle of its upper edge.
    Port2020,
    /// `hub2022`: the strips around the upper hub. Frame: from the middle of the ring they are on, at half their height, turned about
    /// the ring's axis so that the camera is in front of it.
    Hub2022,
}

/// Why something is no model of a target.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("target model {path}: {error}")]
    File {
        /// As given.
        path: String,
        /// What is wrong.
        error: Box<ModelError>,
    },
    /// From the system.
    #[error("{0}")]
    Read(std::io::Error),
    /// It is no YAML or JSON of this form.
    #[error("{message}; wanted `parts: [[[x, y, z], …], …]`, metres, x right, y down, z into the target")]
    Syntax {
        /// In the parser's words, with the place.
        message: String,
    },
    /// Too few or too many of something.
    #[error("it has {got} {what}, wanted {wanted}")]
    Count {
        /// `parts`, `corners in part 2`.
        what: String,
        /// As given.
        got: usize,
        /// Limits in words.
        wanted: &'static str,
    },
    /// A place that is none.
    #[error("part {part} has the corner [{x}, {y}, {z}], wanted numbers within 100 m of the middle")]
    Corner {
        /// From 1.
        part: usize,
        /// As given.
        x: f64,
        /// As given.
        y: f64,
        /// As given.
        z: f64,
    },
    /// A part that has no area as seen from the front.
    #[error(
        "the corners of part {part} go round nothing as seen from the front; list them one after the other around it"
    )]
    Flat {
        /// From 1.
        part: usize,
    },
    /// No such preset.
    #[error("there is no target `{got}`; known are tape2019, port2020 and hub2022")]
    Unknown {
        /// As given.
        got: String,
    },
}

const MOST_PARTS: usize = 16;
const MOST_CORNERS: usize = 12;
const FARTHEST_M: f64 = 100.0;
/// Of a ring fewer say too little of where its middle is, and more cannot face a camera.
const RING_SHOWS: std::ops::RangeInclusive<usize> = 3..=8;
const INCH: f64 = 0.0254;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    parts: Vec<Vec<[f64; 3]>>,
}

impl TargetModel {
    /// A target with these parts, from left to right; corners of a part one after the other around it.
    ///
    /// # Errors
    /// [`ModelError`] when that is no target: no parts, fewer than 3 corners, numbers that are none.
    pub fn new(parts: Vec<Vec<[f64; 3]>>) -> Result<Self, ModelError> {
        if parts.is_empty() || parts.len() > MOST_PARTS {
            return Err(count("parts".to_owned(), parts.len(), "1 to 16"));
        }
        let mut model = Self { parts, is_ring: false };
        for (index, corners) in model.parts.iter_mut().enumerate() {
            let part = index + 1;
            if !(3..=MOST_CORNERS).contains(&corners.len()) {
                return Err(count(format!("corners in part {part}"), corners.len(), "3 to 12"));
            }
            if let Some([x, y, z]) = corners.iter().find(|c| !c.iter().all(|v| v.abs() <= FARTHEST_M)) {
                let (x, y, z) = (*x, *y, *z);
                return Err(ModelError::Corner { part, x, y, z });
            }
            let seen: Vec<[f64; 2]> = corners.iter().map(|[x, y, _]| [*x, *y]).collect();
            let area = super::shape::polygon_area(&seen);
            if area.abs() < 1e-8 {
                return Err(ModelError::Flat { part });
            }
            // Counter-clockwise as seen, y pointing down, is negative.
            if area > 0.0 {
                corners.reverse();
            }
        }
        if model.corners().count() < 4 {
            return Err(count("corners".to_owned(), 3, "4 or more"));
        }
        Ok(model)
    }

    /// Reads YAML or JSON: `parts: [[[x, y, z], …], …]`.
    ///
    /// # Errors
    /// [`ModelError`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let wire: Wire = serde_saphyr::from_str(text).map_err(|error| ModelError::Syntax {
            message: error.without_snippet().to_string(),
        })?;
        Self::new(wire.parts)
    }

    /// Reads a file for [`TargetModel::parse`].
    ///
    /// # Errors
    /// [`ModelError::File`] with the path and what is wrong with it.
    pub fn from_path(path: &Path) -> Result<Self, ModelError> {
        let named = |error| ModelError::File {
            path: path.display().to_string(),
            error: Box::new(error),
        };
        let text = std::fs::read_to_string(path).map_err(|error| named(ModelError::Read(error)))?;
        Self::parse(&text).map_err(named)
    }

    /// Its parts, from left to right; corners counter-clockwise as seen.
    pub fn parts(&self) -> &[Vec<[f64; 3]>] {
        &self.parts
    }

    /// Whether its parts stand around its y axis, alike and at equal angles.
    pub(super) fn is_ring(&self) -> bool {
        self.is_ring
    }

    /// The parts that a picture with so many of them shows: all, or of a ring the middle ones. `None` for any other number.
    pub(super) fn shown(&self, count: usize) -> Option<&[Vec<[f64; 3]>]> {
        if self.is_ring && RING_SHOWS.contains(&count) {
            let first = (self.parts.len() - count) / 2;
            return self.parts.get(first..first + count);
        }
        (count == self.parts.len()).then_some(&self.parts)
    }

    /// All corners.
    pub(super) fn corners(&self) -> impl Iterator<Item = [f64; 3]> + '_ {
        self.parts.iter().flatten().copied()
    }
}

fn count(what: String, got: usize, wanted: &'static str) -> ModelError {
    ModelError::Count { what, got, wanted }
}

impl FromStr for Preset {
    type Err = ModelError;

    fn from_str(name: &str) -> Result<Self, ModelError> {
        match name {
            "tape2019" => Ok(Self::Tape2019),
            "port2020" => Ok(Self::Port2020),
            "hub2022" => Ok(Self::Hub2022),
            _ => Err(ModelError::Unknown { got: name.to_owned() }),
        }
    }
}

impl Preset {
    /// Its parts and corners.
    ///
    /// # Source
    /// FIRST Robotics Competition game manuals. 2019 (Destination: Deep Space), 4.10 Vision Targets: strips 5½ in long and 2 in wide,
    /// leaning towards each other by 14.5 degrees, 8 in apart where they are closest. 2020 (Infinite Recharge), 3.11: outline of half
    /// a hexagon, 3 ft 3¼ in wide and 1 ft 5 in tall, of tape 2 in wide. 2022 (Rapid React), 5.4: strips 5 in long and 2 in tall, some
    /// 5½ in apart, around the upper hub, where it is 4 ft 5⅜ in across: that is 16 of them.
    pub fn model(self) -> TargetModel {
        let parts = match self {
            Self::Tape2019 => flat(tape_2019()),
            Self::Port2020 => flat(vec![port_2020()]),
            Self::Hub2022 => hub_2022(),
        };
        let in_metres = |corners: Vec<[f64; 3]>| corners.into_iter().map(|corner| corner.map(|v| v * INCH)).collect();
        TargetModel {
            parts: parts.into_iter().map(in_metres).collect(),
            is_ring: self == Self::Hub2022,
        }
    }
}

fn flat(parts: Vec<Vec<[f64; 2]>>) -> Vec<Vec<[f64; 3]>> {
    let at_front = |corners: Vec<[f64; 2]>| corners.into_iter().map(|[x, y]| [x, y, 0.0]).collect();
    parts.into_iter().map(at_front).collect()
}

/// In inches: left-bottom, right-bottom, right-top, left-top of the left strip, then of the right one.
fn tape_2019() -> Vec<Vec<[f64; 2]>> {
    const LENGTH: f64 = 5.5;
    const WIDTH: f64 = 2.0;
    const CLOSEST: f64 = 8.0;
    let (sin, cos) = 14.5_f64.to_radians().sin_cos();
    // Half their height, from the lowest corner to the highest.
    let half = (LENGTH * cos + WIDTH * sin) / 2.0;
    let right_top = [-CLOSEST / 2.0, -half + WIDTH * sin];
    let left_top = [right_top[0] - WIDTH * cos, -half];
    let foot = |[x, y]: [f64; 2]| [x - LENGTH * sin, y + LENGTH * cos];
    let left = vec![foot(left_top), foot(right_top), right_top, left_top];
    let mirrored = |[x, y]: [f64; 2]| [-x, y];
    let right = [left[1], left[0], left[3], left[2]].map(mirrored).to_vec();
    vec![left, right]
}

/// In inches: left-bottom, right-bottom, right-top, left-top of the outline.
fn port_2020() -> Vec<[f64; 2]> {
    const WIDTH: f64 = 39.25;
    const HEIGHT: f64 = 17.0;
    // Half of a regular hexagon: its lower side is half as long as its diameter.
    let (upper, lower) = (WIDTH / 2.0, WIDTH / 4.0);
    vec![[-lower, HEIGHT], [lower, HEIGHT], [upper, 0.0], [-upper, 0.0]]
}

/// In inches: left-bottom, right-bottom, right-top, left-top of each strip, all the way round from behind, from left to right in front.
fn hub_2022() -> Vec<Vec<[f64; 3]>> {
    const STRIPS: u32 = 16;
    const RADIUS: f64 = 53.375 / 2.0;
    const LENGTH: f64 = 5.0;
    const HEIGHT: f64 = 2.0;
    let half = LENGTH / RADIUS / 2.0;
    let corner = |angle: f64, y: f64| [RADIUS * angle.sin(), y, -RADIUS * angle.cos()];
    let strip = |index: u32| {
        let middle = (f64::from(index) + 0.5 - f64::from(STRIPS) / 2.0) * std::f64::consts::TAU / f64::from(STRIPS);
        let (left, right, bottom, top) = (middle - half, middle + half, HEIGHT / 2.0, -HEIGHT / 2.0);
        vec![
            corner(left, bottom),
            corner(right, bottom),
            corner(right, top),
            corner(left, top),
        ]
    };
    (0..STRIPS).map(strip).collect()
}
