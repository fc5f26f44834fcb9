//! Poses of results as transforms.

use std::collections::BTreeMap;

use foxglove::messages::{FrameTransform, FrameTransforms, Quaternion, Vector3};
use serde_json::Value;

use super::{encoded, timestamp};

/// `foxglove.FrameTransforms` of a result's body: a tag's or an object's place in the frame of `camera`.
///
/// The child of a tag is `tag36h11:7`, of a pose of somebody's own its label; a second one of the same name in the same picture is
/// `tag36h11:7#2`. `None` when no item has a pose.
pub fn poses(wall_ns: u64, camera: &str, body: &Value) -> Option<Vec<u8>> {
    let mut transforms = Vec::new();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for item in body.get("items").and_then(Value::as_array).into_iter().flatten() {
        let pose = item.get("pose").filter(|pose| pose.is_object()).unwrap_or(item);
        let Some((rotation, translation)) = placed(pose) else {
            continue;
        };
        let name = child_name(item);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        let child_frame_id = if *count == 1 { name } else { format!("{name}#{count}") };
        transforms.push(FrameTransform {
            timestamp: Some(timestamp(wall_ns)),
            parent_frame_id: camera.to_owned(),
            child_frame_id,
            translation: Some(translation),
            rotation: Some(rotation),
        });
    }
    (!transforms.is_empty()).then(|| encoded(&FrameTransforms { transforms }))
}

fn child_name(item: &Value) -> String {
    let text = |key| item.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("family"), item.get("id").and_then(Value::as_u64)) {
        (Some(family), Some(id)) => format!("{family}:{id}"),
        _ => text("label").unwrap_or("pose").to_owned(),
    }
}

fn placed(pose: &Value) -> Option<(Quaternion, Vector3)> {
    let numbers = |value: &Value| -> Option<[f64; 3]> {
        let numbers: Vec<f64> = value.as_array()?.iter().filter_map(Value::as_f64).collect();
        numbers.try_into().ok()
    };
    let [x, y, z] = numbers(pose.get("t")?)?;
    let rows: Vec<[f64; 3]> = pose.get("R")?.as_array()?.iter().filter_map(numbers).collect();
    let rotation: [[f64; 3]; 3] = rows.try_into().ok()?;
    Some((quaternion(rotation), Vector3 { x, y, z }))
}

/// The unit quaternion of a rotation matrix, given by its rows.
///
/// # Source
/// Shepperd, "Quaternion from rotation matrix", Journal of Guidance and Control 1(3), 1978: the largest component is found first,
/// so that nothing small is divided by.
fn quaternion(r: [[f64; 3]; 3]) -> Quaternion {
    let trace = r[0][0] + r[1][1] + r[2][2];
    let largest = [trace, r[0][0], r[1][1], r[2][2]]
        .into_iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(index, _)| index);
    let [w, x, y, z] = match largest {
        0 => [1.0 + trace, r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]],
        1 => [
            r[2][1] - r[1][2],
            1.0 + 2.0 * r[0][0] - trace,
            r[0][1] + r[1][0],
            r[0][2] + r[2][0],
        ],
        2 => [
            r[0][2] - r[2][0],
            r[0][1] + r[1][0],
            1.0 + 2.0 * r[1][1] - trace,
            r[1][2] + r[2][1],
        ],
        _ => [
            r[1][0] - r[0][1],
            r[0][2] + r[2][0],
            r[1][2] + r[2][1],
            1.0 + 2.0 * r[2][2] - trace,
        ],
    };
    let length = (w * w + x * x + y * y + z * z).sqrt().max(f64::MIN_POSITIVE);
    Quaternion {
        x: x / length,
        y: y / length,
        z: z / length,
        w: w / length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_about_every_axis_become_their_quaternions() {
        let half = std::f64::consts::FRAC_1_SQRT_2;
        let cases = [
            ([[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]], [0., 0., 0., 1.]),
            ([[1., 0., 0.], [0., 0., -1.], [0., 1., 0.]], [half, 0., 0., half]),
            ([[1., 0., 0.], [0., -1., 0.], [0., 0., -1.]], [1., 0., 0., 0.]),
            ([[-1., 0., 0.], [0., 1., 0.], [0., 0., -1.]], [0., 1., 0., 0.]),
            ([[-1., 0., 0.], [0., -1., 0.], [0., 0., 1.]], [0., 0., 1., 0.]),
        ];
        for (rotation, wanted) in cases {
            let q = quaternion(rotation);
            for (got, wanted) in [q.x, q.y, q.z, q.w].into_iter().zip(wanted) {
                assert!((got - wanted).abs() < 1e-12, "{rotation:?}: {q:?}");
            }
        }
    }
}
