//! The bytes of `rawBytes`: a `PhotonPipelineResult`, little-endian, without padding.
//!
//! A list is the number of its items (one signed byte) and the items; what may be absent is a 0, or a 1 and the thing.

use bushbaby_vision::pose::Transform;

use crate::networktables::axes::{wpilib_camera, wpilib_target};
use crate::networktables::seen::{MOST_TARGETS, Place, Seen, Target};

/// The type of `rawBytes`, which photonlib compares in full.
pub(crate) const RESULT_TYPE: &str = "photonstruct:PhotonPipelineResult:4b2ff16a964b5e2bf04be0c1454d91c4";
/// The property of that topic that says the same once more.
pub(crate) const RESULT_PROPERTIES: &[(&str, &str)] = &[("message_uuid", "4b2ff16a964b5e2bf04be0c1454d91c4")];
/// The type of `targetPose`.
pub(crate) const TRANSFORM_TYPE: &str = "struct:Transform3d";

/// No such number.
const NONE: i32 = -1;
/// The ambiguity of a target whose pose is not known.
const NO_POSE: f64 = -1.0;

/// Each type with the MD5 of its fields, as dashboards look them up below `/.schema/`.
pub(crate) const SCHEMAS: [(&str, &str); 6] = [
    (
        "photonstruct:PhotonPipelineResult:4b2ff16a964b5e2bf04be0c1454d91c4",
        "PhotonPipelineMetadata:ac0a45f686457856fb30af77699ea356 metadata;PhotonTrackedTarget:cc6dbb5c5c1e0fa808108019b20863f1 targets[?];optional MultiTargetPNPResult:541096947e9f3ca2d3f425ff7b04aa7b multitagResult;",
    ),
    (
        "photonstruct:PhotonPipelineMetadata:ac0a45f686457856fb30af77699ea356",
        "int64 sequenceID;int64 captureTimestampMicros;int64 publishTimestampMicros;int64 timeSinceLastPong;",
    ),
    (
        "photonstruct:PhotonTrackedTarget:cc6dbb5c5c1e0fa808108019b20863f1",
        "float64 yaw;float64 pitch;float64 area;float64 skew;int32 fiducialId;int32 objDetectId;float32 objDetectConf;Transform3d bestCameraToTarget;Transform3d altCameraToTarget;float64 poseAmbiguity;TargetCorner:16f6ac0dedc8eaccb951f4895d9e18b6 minAreaRectCorners[?];TargetCorner:16f6ac0dedc8eaccb951f4895d9e18b6 detectedCorners[?];",
    ),
    (
        "photonstruct:MultiTargetPNPResult:541096947e9f3ca2d3f425ff7b04aa7b",
        "PnpResult:ae4d655c0a3104d88df4f5db144c1e86 estimatedPose;int16 fiducialIDsUsed[?];",
    ),
    (
        "photonstruct:PnpResult:ae4d655c0a3104d88df4f5db144c1e86",
        "Transform3d best;Transform3d alt;float64 bestReprojErr;float64 altReprojErr;float64 ambiguity;",
    ),
    (
        "photonstruct:TargetCorner:16f6ac0dedc8eaccb951f4895d9e18b6",
        "float64 x;float64 y;",
    ),
];
/// The type of WPILib that these are made of, and of which parts it is made itself: [`PARTS`](crate::networktables::schemas::PARTS).
pub(crate) const TRANSFORM_SCHEMA: (&str, &str) = (TRANSFORM_TYPE, "Translation3d translation;Rotation3d rotation");

/// When a result is from, on the time-sync server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Its number.
    pub(crate) sequence_id: i64,
    /// Capture.
    pub(crate) captured_us: i64,
    /// Now.
    pub(crate) published_us: i64,
    /// How long the time-sync server has been silent.
    pub(crate) since_pong_us: i64,
}

/// Packs one result.
pub(crate) fn result(metadata: &Metadata, seen: &Seen) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    for number in [
        metadata.sequence_id,
        metadata.captured_us,
        metadata.published_us,
        metadata.since_pong_us,
    ] {
        out.extend(number.to_le_bytes());
    }
    list(&mut out, &seen.targets, target);
    match seen.place.as_ref().filter(|place| place.tags.len() >= 2) {
        Some(place) => {
            out.push(1);
            multitag(&mut out, place);
        }
        None => out.push(0),
    }
    out
}

/// Packs a transform alone: `x y z` and the quaternion `w x y z`.
pub(crate) fn transform(transform: &Transform) -> Vec<u8> {
    let mut out = Vec::with_capacity(56);
    floats(&mut out, &transform.translation_m());
    floats(&mut out, &transform.quaternion());
    out
}

fn target(out: &mut Vec<u8>, target: &Target) {
    let [yaw, pitch] = target.yaw_pitch_deg;
    floats(out, &[yaw, pitch, target.area_percent, target.skew_deg]);
    let id = target.tag.and_then(|(id, _)| i32::try_from(id).ok()).unwrap_or(NONE);
    out.extend(id.to_le_bytes());
    out.extend(NONE.to_le_bytes());
    out.extend((NONE as f32).to_le_bytes());
    let nowhere = Transform::identity();
    let (best, alt, ambiguity) = target.poses.map_or((nowhere, nowhere, NO_POSE), |poses| {
        (wpilib_target(&poses.best), wpilib_target(&poses.alt), poses.ambiguity)
    });
    out.extend(transform(&best));
    out.extend(transform(&alt));
    floats(out, &[ambiguity]);
    list(out, &target.square_px, |out, corner| floats(out, corner));
    list(out, &target.corners_px, |out, corner| floats(out, corner));
}

/// Where the camera is on the field. There is one answer: it stands for the other, too.
fn multitag(out: &mut Vec<u8>, place: &Place) {
    let camera = transform(&wpilib_camera(&place.field_from_camera));
    out.extend_from_slice(&camera);
    out.extend_from_slice(&camera);
    floats(out, &[place.error_px, place.error_px, 0.0]);
    list(out, &place.tags, |out, id| {
        out.extend(i16::try_from(*id).unwrap_or(NONE as i16).to_le_bytes());
    });
}

fn list<T>(out: &mut Vec<u8>, items: &[T], one: impl Fn(&mut Vec<u8>, &T)) {
    let items = items.get(..MOST_TARGETS).unwrap_or(items);
    out.push(items.len() as u8);
    items.iter().for_each(|item| one(out, item));
}

fn floats(out: &mut Vec<u8>, numbers: &[f64]) {
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
}

#[cfg(test)]
mod tests;
