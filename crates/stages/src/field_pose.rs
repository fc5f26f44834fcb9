//! `field_pose`: where the robot stands on the field.
//!
//! In: detections of tags, coloured targets, and headings, of one camera or several, each known by the `type` in its body. Out: one
//! [`FieldPoseResult`] for every result of a camera, also where it tells no place, with its capture time and origin.

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::{Frame, MonoTime};
use bushbaby_node::{Carries, InputNeed, Kind, NodeContext, NodeError, OutputSpec, Outputs, Stage};
use bushbaby_vision::apriltag::TagDetection;
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::field::{Alliance, Found, RobotLocator, Viewpoint};
use bushbaby_vision::pose::Transform;
use bushbaby_vision::results::{FieldMap, FieldPoseResult, map_of, refused};

mod headings;
mod message;
mod settings;
#[cfg(test)]
mod tests;

use headings::Headings;
use message::{Message, Seen};
pub use settings::{By, Settings, TargetOnField, Wall};

/// The kind.
pub const KIND: Kind = Kind::stage::<FieldPose>(
    "field_pose",
    "Says where the robot stands on the field, from tags, targets and its heading.",
);

/// The map of the field comes so often: who begins to listen late gets it too.
const MAP_EVERY: Duration = Duration::from_secs(1);
/// So long the robot's last place tells which of several targets it sees.
const LAST_COUNTS_FOR: Duration = Duration::from_secs(1);

/// The stage.
#[derive(Debug)]
pub struct FieldPose {
    locator: RobotLocator,
    /// By camera.
    robot_from_camera: BTreeMap<String, Transform>,
    alliance: Alliance,
    origin_from_field: Transform,
    map: Option<FieldMap>,
    /// By camera: the capture time of the result that had the map last.
    mapped: BTreeMap<String, MonoTime>,
    headings: Headings,
    /// When the robot's place was last known, and x and y of it, from blue's wall.
    last: Option<(MonoTime, [f64; 2])>,
}

impl Stage for FieldPose {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::Anything;
    const OUTPUTS: &'static [OutputSpec] = &[OutputSpec {
        name: "pose",
        carries: Carries::Results,
        owes_frames: false,
    }];

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let locator = settings.locator(&context.spec.base_dir)?;
        let alliance = Alliance::from(settings.alliance);
        let size_m = locator.layout.as_ref().and_then(|layout| layout.size_m());
        let origin_from_field = alliance.origin_from_field(size_m.unwrap_or_default());
        Ok(Self {
            map: locator.layout.as_ref().map(|layout| map_of(layout, &origin_from_field)),
            robot_from_camera: settings.mountings(),
            alliance,
            origin_from_field,
            mapped: BTreeMap::new(),
            headings: Headings::new(settings.heading_age.0),
            last: None,
            locator,
        })
    }

    fn process(&mut self, frame: Frame, out: &mut Outputs) -> Result<(), NodeError> {
        match Message::read(frame.body()) {
            Ok(Message::Heading {
                yaw_deg,
                rate_deg_per_s,
            }) => {
                if !self.headings.take(frame.captured().mono, yaw_deg, rate_deg_per_s) {
                    let stream = frame.stream();
                    out.warn(&format!(
                        "a heading of `{stream}` is no robot's: {yaw_deg} deg, {rate_deg_per_s} deg/s"
                    ));
                }
                Ok(())
            }
            Ok(Message::Seen {
                camera,
                calibration,
                seen,
            }) => {
                let mut result = self.result(&frame, &camera, calibration.as_ref(), seen);
                result.field = self.map_if_due(&camera, frame.captured().mono);
                out.send_result("pose", &result, frame.captured(), Some(frame.origin()))
            }
            // One damaged message is no reason to end: the next may be whole.
            Err(why) => {
                out.warn(&format!("`{}` tells nothing about a place: {why}", frame.stream()));
                Ok(())
            }
        }
    }
}

impl FieldPose {
    fn result(&mut self, frame: &Frame, camera: &str, lens: Option<&CameraModel>, seen: Seen) -> FieldPoseResult {
        let Some(robot_from_camera) = self.robot_from_camera.get(camera) else {
            let why = format!("`camera_on_robot` does not say how the camera `{camera}` sits on the robot");
            return refused(camera, self.alliance, why);
        };
        let Some(lens) = lens else {
            let why = format!("nothing is known of the lens of `{camera}`: its results have no `calibration`");
            return refused(camera, self.alliance, why);
        };
        let at = frame.captured().mono;
        let from = Viewpoint {
            camera: lens,
            robot_from_camera,
            heading_deg: self.headings.at(at),
        };
        let found: Found = match seen {
            Seen::Tags(tags) => self
                .locator
                .by_tags(&tags.iter().map(TagDetection::from).collect::<Vec<_>>(), &from),
            Seen::Targets(targets) => {
                let is_fresh = |then: MonoTime| at.since(then).max(then.since(at)) <= LAST_COUNTS_FOR;
                let last_m = self.last.filter(|(then, _)| is_fresh(*then)).map(|(_, place)| place);
                self.locator.by_targets(&targets, &from, last_m)
            }
        };
        if let Ok(pose) = &found.pose {
            let [x, y, _] = pose.field_from_robot.translation_m();
            self.last = Some((at, [x, y]));
        }
        FieldPoseResult::new(camera, &found, self.alliance, &self.origin_from_field, !lens.guessed)
    }

    /// The map, in a camera's first result and in one each second.
    fn map_if_due(&mut self, camera: &str, at: MonoTime) -> Option<FieldMap> {
        let map = self.map.as_ref()?;
        // Only of cameras that the settings name: their number has an end.
        if !self.robot_from_camera.contains_key(camera) {
            return None;
        }
        let before = self.mapped.get(camera).copied();
        let is_due = before.is_none_or(|before| at < before || at.since(before) >= MAP_EVERY);
        is_due.then(|| {
            self.mapped.insert(camera.to_owned(), at);
            map.clone()
        })
    }
}
