use super::*;
use crate::{field::robot_from_camera, pose::tag_corners_m};

fn camera() -> CameraModel {
    CameraModel::from_fov(1280, 720, 90.0).unwrap()
}

/// Tag 7, 0.2 m wide, 2 m straight ahead.
fn tag() -> TagDetection {
    TagDetection {
        id: 7,
        family: Family::Tag36h11,
        corners_px: tag_corners_m(0.2).map(|[x, y, _]| camera().project([x, y, 2.0]).unwrap()),
        hamming: 1,
        margin: 64.5,
    }
}

#[test]
fn without_a_camera_there_is_no_pose_and_nothing_that_looks_like_one() {
    let text = serde_json::to_string(&detections("front", &[tag()], Known::default())).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"type":"detections","version":1,"camera":"front","items":[{"id":7,"family":"tag36h11","#,
            r#""corners":[[608.0,392.0],[672.0,392.0],[672.0,328.0],[608.0,328.0]],"hamming":1,"margin":64.5,"calibrated":false}]}"#
        )
    );
    let none = serde_json::to_string(&detections("front", &[], Known::default())).unwrap();
    assert_eq!(none, r#"{"type":"detections","version":1,"camera":"front","items":[]}"#);
}

#[test]
fn a_pose_says_whether_its_camera_was_measured() {
    let measured = CameraModel {
        guessed: false,
        ..camera()
    };
    let sizes = TagSizes::all(0.2);
    for (camera, calibrated) in [(camera(), false), (measured, true)] {
        let known = Known {
            camera: Some(&camera),
            tag_sizes: Some(&sizes),
            ..Known::default()
        };
        let found = detections("front", &[tag()], known);
        let item = &found.items[0];
        let pose = item.pose.unwrap();
        assert_eq!(item.calibrated, calibrated);
        assert_eq!(found.calibration, Some(camera));
        assert!((pose.translation[2] - 2.0).abs() < 1e-6 && pose.yaw.abs() < 0.01);
        let value = serde_json::to_value(&found).unwrap();
        let keys: Vec<_> = value["items"][0]["pose"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["R", "t", "yaw", "pitch", "roll", "error"]);
        assert_eq!(value["items"][0]["pose"]["R"].as_array().unwrap().len(), 3);
        assert_eq!(serde_json::from_value::<Detections>(value).unwrap(), found);
    }
}

#[test]
fn a_tag_of_unknown_size_has_no_pose_beside_one_of_known_size() {
    let camera = camera();
    let sizes = TagSizes {
        default_m: None,
        by_id: BTreeMap::from([(7, 0.2)]),
    };
    let known = Known {
        camera: Some(&camera),
        tag_sizes: Some(&sizes),
        ..Known::default()
    };
    let found = detections("front", &[tag(), TagDetection { id: 8, ..tag() }], known);
    assert!(found.items[0].pose.is_some() && found.items[1].pose.is_none());
    assert!(found.items[1].ambiguity.is_none());
}

#[test]
fn with_a_layout_the_place_of_camera_and_robot_is_there() {
    let camera = camera();
    let sizes = TagSizes::all(0.2);
    // The tag at x = 5 m, 1 m up, looks back along the field; the camera sits 0.5 m up and 0.2 m ahead on the robot.
    let at = Transform::new(robot_from_camera([0.0; 3], 0.0, 0.0, 0.0).rotation(), [5.0, 0.0, 1.0]).unwrap();
    let layout = FieldLayout::new(BTreeMap::from([(7, at)])).unwrap();
    let mount = robot_from_camera([0.2, 0.0, 0.5], 0.0, 0.0, 0.0);
    let known = Known {
        camera: Some(&camera),
        tag_sizes: Some(&sizes),
        layout: Some(&layout),
        robot_from_camera: Some(&mount),
    };
    let field = detections("front", &[tag()], known).field.unwrap();
    let near = |found: [f64; 3], wanted: [f64; 3]| found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(near(field.camera.translation, [3.0, 0.0, 1.0]));
    assert!(near(field.robot.unwrap().translation, [2.8, 0.0, 0.5]));
    assert_eq!(field.tags, [7]);
    let elsewhere = TagDetection { id: 9, ..tag() };
    assert_eq!(detections("front", &[elsewhere], known).field, None);
}
