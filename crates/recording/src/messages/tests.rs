//! What comes out is decoded again with Foxglove's own types.

use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use foxglove::Decode;
use foxglove::messages as fox;
use serde_json::json;

use super::*;

const TIME_NS: u64 = 1_795_255_444_123_456_789;

fn tag_result() -> serde_json::Value {
    json!({"type": "detections", "version": 1, "camera": "front", "items": [
        {"id": 7, "family": "tag36h11", "corners": [[1.0, 4.0], [3.0, 4.0], [3.0, 2.0], [1.0, 2.0]], "hamming": 0, "margin": 80.0,
         "pose": {"R": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "t": [0.1, 0.2, 1.5]}, "calibrated": true},
        {"id": 8, "family": "tag36h11", "corners": [[9.0, 9.0], [10.0, 9.0], [10.0, 8.0], [9.0, 8.0]], "calibrated": false}]})
}

#[test]
fn a_tag_is_a_square_with_its_id_and_a_transform_under_its_camera() {
    let drawn = fox::ImageAnnotations::decode(&annotations::annotations(TIME_NS, &tag_result())[..]).unwrap();
    assert_eq!(drawn.points.len(), 2);
    let corners: Vec<[f64; 2]> = drawn.points[0].points.iter().map(|p| [p.x, p.y]).collect();
    assert_eq!(corners, [[1.0, 4.0], [3.0, 4.0], [3.0, 2.0], [1.0, 2.0]]);
    let texts: Vec<&str> = drawn.texts.iter().map(|text| text.text.as_str()).collect();
    assert_eq!(texts, ["7", "8"]);
    let poses = poses::poses(TIME_NS, "front", &tag_result()).unwrap();
    let transforms = fox::FrameTransforms::decode(&poses[..]).unwrap().transforms;
    assert_eq!(transforms.len(), 1, "tag 8 has no pose");
    assert_eq!(
        (
            transforms[0].parent_frame_id.as_str(),
            transforms[0].child_frame_id.as_str()
        ),
        ("front", "tag36h11:7")
    );
    assert_eq!(transforms[0].translation.unwrap().z, 1.5);
    assert_eq!(transforms[0].timestamp.unwrap().total_nanos(), TIME_NS);
}

#[test]
fn boxes_texts_and_poses_of_somebodys_own_are_drawn_and_strange_items_passed_over() {
    let body = json!({"type": "results", "items": [
        {"type": "box", "x": 10, "y": 20, "width": 30, "height": 40, "label": "cup", "score": 0.876, "id": null},
        {"type": "text", "text": "hello"},
        {"type": "pose", "R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t": [0, 0, 1], "label": "cup"},
        {"type": "pose", "R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t": [0, 0, 2], "label": "cup"},
        {"type": "Strange", "corners": "none", "t": [1], "R": 3}, 5, null]});
    let drawn = fox::ImageAnnotations::decode(&annotations::annotations(TIME_NS, &body)[..]).unwrap();
    assert_eq!(drawn.points[0].points[2], fox::Point2 { x: 40.0, y: 60.0 });
    let texts: Vec<&str> = drawn.texts.iter().map(|text| text.text.as_str()).collect();
    assert_eq!(texts, ["cup 0.88", "hello"]);
    let poses = poses::poses(TIME_NS, "front", &body).unwrap();
    let transforms = fox::FrameTransforms::decode(&poses[..]).unwrap().transforms;
    let children: Vec<&str> = transforms.iter().map(|one| one.child_frame_id.as_str()).collect();
    assert_eq!(children, ["cup", "cup#2"]);
}

#[test]
fn the_principal_point_counts_from_the_centre_of_the_first_pixel() {
    let model = json!({"width_px": 1280, "height_px": 720, "fx": 900.0, "fy": 901.0, "cx": 640.0, "cy": 360.0,
                       "model": "pinhole", "distortion": [0.1, 0.2, 0.3, 0.4, 0.5], "guessed": false});
    let message = calibration::calibration("front", TIME_NS, &model).unwrap();
    let message = fox::CameraCalibration::decode(&message[..]).unwrap();
    assert_eq!(message.k, [900.0, 0.0, 639.5, 0.0, 901.0, 359.5, 0.0, 0.0, 1.0]);
    assert_eq!((message.distortion_model.as_str(), message.d.len()), ("plumb_bob", 5));
    assert_eq!(
        (message.width, message.height, message.frame_id.as_str()),
        (1280, 720, "front")
    );
    assert_eq!(calibration::calibration("front", TIME_NS, &json!({"fx": "wide"})), None);
}

#[test]
fn raw_pictures_keep_their_pixels() {
    let mut image = Image::new(PixelFormat::I420, 4, 2, ColorSpace::JPEG).unwrap();
    let [y, u, v] = image.planes_mut();
    y.copy_from_slice(&[0, 1, 2, 3, 4, 5, 6, 7]);
    u.copy_from_slice(&[10, 11]);
    v.copy_from_slice(&[20, 21]);
    let message = picture::raw("front", TIME_NS, &image.view()).unwrap();
    let message = fox::RawImage::decode(&message[..]).unwrap();
    assert_eq!((message.encoding.as_str(), message.step), ("nv12", 4));
    assert_eq!(&message.data[..], [0, 1, 2, 3, 4, 5, 6, 7, 10, 20, 11, 21]);
    let odd = Image::new(PixelFormat::I420, 3, 3, ColorSpace::JPEG).unwrap();
    let message = fox::RawImage::decode(&picture::raw("front", 0, &odd.view()).unwrap()[..]).unwrap();
    assert_eq!((message.encoding.as_str(), message.data.len()), ("rgb8", 27));
    for (format, encoding) in [
        (PixelFormat::Gray8, "mono8"),
        (PixelFormat::Yuyv, "yuyv"),
        (PixelFormat::Bgr8, "bgr8"),
    ] {
        let image = Image::new(format, 4, 2, ColorSpace::JPEG).unwrap();
        let message = fox::RawImage::decode(&picture::raw("front", 0, &image.view()).unwrap()[..]).unwrap();
        assert_eq!(message.encoding, encoding);
        assert_eq!(message.data.len(), message.step as usize * 2);
    }
}

#[test]
fn depth_is_kept_as_asked() {
    let metres: Vec<u8> = [1.5_f32, f32::NAN, 0.25, 3.0]
        .iter()
        .flat_map(|m| m.to_le_bytes())
        .collect();
    let rows = array::Rows {
        dtype: "float32",
        width: 2,
        height: 2,
        stride_bytes: 8,
        bytes: &metres,
    };
    let message = array::depth("table", TIME_NS, rows, array::Depth::Millimetres16).unwrap();
    let message = fox::RawImage::decode(&message[..]).unwrap();
    assert_eq!((message.encoding.as_str(), message.step), ("16UC1", 4));
    let numbers: Vec<u16> = message
        .data
        .chunks(2)
        .map(|b| u16::from_le_bytes([b[0], b[1]]))
        .collect();
    assert_eq!(numbers, [1500, 0, 250, 3000]);
    let message = array::depth("table", TIME_NS, rows, array::Depth::Metres32).unwrap();
    let message = fox::RawImage::decode(&message[..]).unwrap();
    assert_eq!((message.encoding.as_str(), &message.data[..]), ("32FC1", &metres[..]));
}

#[test]
fn points_carry_their_colours_when_there_is_one_for_each() {
    let points: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]
        .iter()
        .flat_map(|m| m.to_le_bytes())
        .collect();
    let cloud = fox::PointCloud::decode(&points::cloud("table", 0, &points, Some(&[9, 8, 7, 6, 5, 4]))[..]).unwrap();
    assert_eq!((cloud.point_stride, cloud.fields.len()), (16, 7));
    assert_eq!(&cloud.data[..16], [&points[..12], &[9, 8, 7, 255]].concat());
    let cloud = fox::PointCloud::decode(&points::cloud("table", 0, &points, Some(&[9]))[..]).unwrap();
    assert_eq!((cloud.point_stride, cloud.fields.len(), cloud.data.len()), (12, 3, 24));
}

#[test]
fn sound_is_rounded_cut_off_where_it_is_too_loud_and_silent_where_it_is_no_number() {
    let samples = [0.0, 0.5, -1.0, 1.0, 7.5, -7.5, f32::NAN, f32::INFINITY, 0.6 / 32_768.0].map(sound::to_i16);
    assert_eq!(samples, [0, 16_384, -32_768, 32_767, 32_767, -32_768, 0, 32_767, 1]);
    let message = fox::RawAudio::decode(&sound::sound(TIME_NS, 48_000, 2, [1, -2, 3, -4])[..]).unwrap();
    assert_eq!(
        (message.format.as_str(), message.sample_rate, message.number_of_channels),
        ("pcm-s16", 48_000, 2)
    );
    assert_eq!(&message.data[..], [1, 0, 254, 255, 3, 0, 252, 255]);
    assert_eq!(message.timestamp.unwrap().total_nanos(), TIME_NS);
}

#[test]
fn a_sound_that_is_heard_is_a_line() {
    let item = json!({"id": "x", "sound": "baby_cry", "state": "began", "score": 0.9123});
    let line = fox::Log::decode(&log::event(TIME_NS, "door", &item).unwrap()[..]).unwrap();
    assert_eq!(
        (line.name.as_str(), line.message.as_str()),
        ("door", "baby_cry 0.91 began")
    );
    assert_eq!(log::event(TIME_NS, "door", &json!({"sound": 7})), None);
}

#[test]
fn a_stalled_node_is_a_warning_with_its_reason() {
    let body = json!({"type": "health", "node": "front", "state": "stalled", "reason": "no frame for 2 s", "hint": "plug it in"});
    let log = fox::Log::decode(&log::health(TIME_NS, "front", &body)[..]).unwrap();
    assert_eq!(log.level, fox::log::Level::Warning as i32);
    assert_eq!(log.message, "front is stalled: no frame for 2 s (hint: plug it in)");
}
