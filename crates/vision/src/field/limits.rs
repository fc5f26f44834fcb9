//! Which places of a robot are believed.

use crate::pose::Transform;
use nalgebra::Vector3;

/// What a place of the robot must keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoseLimits {
    /// Largest ambiguity of a tag that stands alone, 0 to 1.
    pub ambiguity: f64,
    /// Largest root mean square error of the corners, pixels.
    pub error_px: f64,
    /// Tags and targets further away than this are passed over, metres.
    pub distance_m: f64,
    /// How far the robot may lean from upright, degrees.
    pub tilt_deg: f64,
    /// How far the robot's middle may be above or below the floor, metres.
    pub height_m: f64,
    /// How far outside of the field's border its middle may be, metres.
    pub outside_m: f64,
}

impl Default for PoseLimits {
    fn default() -> Self {
        Self {
            ambiguity: 0.2,
            error_px: 2.0,
            distance_m: 8.0,
            tilt_deg: 15.0,
            height_m: 0.5,
            outside_m: 0.3,
        }
    }
}

/// Why the robot's place is not told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Nothing to see.
    #[error("there is no {what} in the picture")]
    Nothing { what: &'static str },
    /// Nothing that is known.
    #[error("none of the {seen} {what}s in the picture can be used")]
    Unusable { seen: usize, what: &'static str },
    /// No method that is wanted fits what is there.
    #[error("{tags} known tag(s) and {heading} heading are not enough for any of the `methods`")]
    Method { tags: usize, heading: &'static str },
    /// No place explains the corners.
    #[error("no place explains the corners of the {tags} known tag(s)")]
    NoPose { tags: usize },
    /// A tag that can be seen two ways.
    #[error(
        "tag {id} alone can be seen two ways (ambiguity {ambiguity:.2}, limit {limit}): a second tag or a heading would tell"
    )]
    Ambiguous { id: u32, ambiguity: f64, limit: f64 },
    /// A target without its pose.
    #[error("the targets have no pose: give their stage a `model`")]
    NoTargetPose,
    /// A target tells no heading.
    #[error("a target tells the place only with the robot's heading, and there is none of that moment")]
    NoHeading,
    /// Several known places look like this target.
    #[error("{places} known places look like this target from here")]
    WhichTarget { places: usize },
    /// No known place looks like it.
    #[error("no known target looks like this one from a place on the field")]
    NoSuchTarget,
    /// Too far for a size in pixels to tell much.
    #[error("the target is {distance_m:.1} m away, limit {limit}")]
    TooFar { distance_m: f64, limit: f64 },
    /// The corners contradict the place.
    #[error("the corners are off by {error_px:.1} px, limit {limit}")]
    Error { error_px: f64, limit: f64 },
    /// Robots stand upright.
    #[error("the robot would lean by {tilt_deg:.0} degrees, limit {limit}")]
    Tilt { tilt_deg: f64, limit: f64 },
    /// Robots stand on the floor.
    #[error("the robot would be {height_m:.2} m above the floor, limit {limit}")]
    Height { height_m: f64, limit: f64 },
    /// Robots stay on the field.
    #[error("the robot would be outside of the field, at x {x:.2} m, y {y:.2} m")]
    Outside { x: f64, y: f64 },
    /// Numbers that are none.
    #[error("the place has no finite numbers")]
    NotFinite,
}

impl PoseLimits {
    /// Checks a place of the robot on a field of this size, if that is known.
    ///
    /// # Errors
    /// What it does not keep to.
    pub fn check(&self, field_from_robot: &Transform, size_m: Option<[f64; 2]>) -> Result<(), Refusal> {
        if !field_from_robot.is_finite() {
            return Err(Refusal::NotFinite);
        }
        let up = field_from_robot.rotation * Vector3::z();
        let tilt_deg = up.z.clamp(-1.0, 1.0).acos().to_degrees();
        if tilt_deg > self.tilt_deg {
            let limit = self.tilt_deg;
            return Err(Refusal::Tilt { tilt_deg, limit });
        }
        let [x, y, height_m] = field_from_robot.translation_m();
        if height_m.abs() > self.height_m {
            let limit = self.height_m;
            return Err(Refusal::Height { height_m, limit });
        }
        let is_on = |place: f64, side: f64| (-self.outside_m..=side + self.outside_m).contains(&place);
        match size_m {
            Some([length, width]) if !(is_on(x, length) && is_on(y, width)) => Err(Refusal::Outside { x, y }),
            _ => Ok(()),
        }
    }
}
