//! Points in space with their colours.

use foxglove::messages::packed_element_field::NumericType;
use foxglove::messages::{PackedElementField, PointCloud, Pose, Quaternion, Vector3};

use super::{encoded, timestamp};

/// `foxglove.PointCloud` of points in the camera's frame.
///
/// - `points`: `float32` x, y, z in metres, little-endian, one after the other.
/// - `colors`: `uint8` red, green, blue of each; used when there are as many.
pub fn cloud(frame_id: &str, wall_ns: u64, points: &[u8], colors: Option<&[u8]>) -> Vec<u8> {
    let field = |name: &str, offset, numbers: NumericType| PackedElementField {
        name: name.to_owned(),
        offset,
        r#type: numbers as i32,
    };
    let mut fields = vec![
        field("x", 0, NumericType::Float32),
        field("y", 4, NumericType::Float32),
        field("z", 8, NumericType::Float32),
    ];
    let count = points.len() / 12;
    let colors = colors.filter(|colors| colors.len() == count * 3);
    let (point_stride, data) = match colors {
        None => (12, points[..count * 12].to_vec()),
        Some(colors) => {
            for (n, name) in ["red", "green", "blue", "alpha"].into_iter().enumerate() {
                fields.push(field(name, 12 + n as u32, NumericType::Uint8));
            }
            let mut data = Vec::with_capacity(count * 16);
            for (point, color) in points.chunks_exact(12).zip(colors.chunks_exact(3)) {
                data.extend_from_slice(point);
                data.extend_from_slice(&[color[0], color[1], color[2], 255]);
            }
            (16, data)
        }
    };
    encoded(&PointCloud {
        timestamp: Some(timestamp(wall_ns)),
        frame_id: frame_id.to_owned(),
        pose: Some(Pose {
            position: Some(Vector3 { x: 0.0, y: 0.0, z: 0.0 }),
            orientation: Some(Quaternion {
                x: 0.0,
                y: 0.0,
                z: 0.0,
                w: 1.0,
            }),
        }),
        point_stride,
        fields,
        data: data.into(),
    })
}
