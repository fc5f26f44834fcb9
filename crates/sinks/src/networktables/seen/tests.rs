use serde_json::json;

use super::*;
use crate::networktables::testing::{calibration, colored, nothing, seen, tag, two_tags};

#[test]
fn the_largest_tag_comes_first() {
    let seen = seen(&two_tags());
    let ids: Vec<u32> = seen.targets.iter().filter_map(|target| Some(target.tag?.0)).collect();
    assert_eq!(ids, [7, 3]);
    assert_eq!(seen.of, Of::Tags);
    assert!(seen.refused.is_empty());
}

#[test]
fn right_and_up_are_positive_and_the_area_is_a_share_of_the_picture() {
    let seen = seen(&two_tags());
    let (middle, right) = (&seen.targets[0], &seen.targets[1]);
    assert!(middle.yaw_pitch_deg.iter().all(|angle| angle.abs() < 1e-9));
    // 160 px right of the axis at a focal length of 320, less the lens.
    assert!(
        (26.0..27.0).contains(&right.yaw_pitch_deg[0]),
        "{:?}",
        right.yaw_pitch_deg
    );
    assert!((middle.area_percent - 100.0 * 64.0 * 64.0 / (640.0 * 480.0)).abs() < 1e-9);
    let above = json!({"type": "detections", "version": 1, "camera": "front", "items": [tag(1, [288.0, 0.0], 64.0, [0.0, -1.0, 2.0])],
                       "calibration": calibration()});
    assert!(crate::networktables::testing::seen(&above).targets[0].yaw_pitch_deg[1] > 30.0);
}

#[test]
fn the_middle_of_a_tag_is_where_its_diagonals_cross() {
    // The right side is nearer, so longer.
    let corners = [[0.0, 8.0], [12.0, 12.0], [12.0, -4.0], [0.0, 0.0]];
    let [x, y] = crossing(&corners);
    assert!((x - 4.0).abs() < 1e-9 && (y - 4.0).abs() < 1e-9, "({x}, {y})");
    assert_eq!(crossing(&[[5.0, 5.0]; 4]), [5.0, 5.0]);
}

#[test]
fn angles_from_the_middle_of_the_picture_differ_where_the_axis_is_elsewhere() {
    let mut body = two_tags();
    body["calibration"]["cx"] = json!(300.0);
    let seen = seen(&body);
    let [yaw, _] = seen.targets[0].yaw_pitch_deg;
    assert!(yaw > 3.0);
    assert!(seen.targets[0].from_middle_deg[0].abs() < 1e-9);
}

#[test]
fn a_coloured_target_keeps_what_its_stage_says() {
    let seen = seen(&colored());
    let target = &seen.targets[0];
    assert_eq!(
        (target.yaw_pitch_deg, target.area_percent, target.skew_deg),
        ([-3.0, 4.0], 1.5, 2.0)
    );
    assert_eq!((target.label.as_str(), target.corners_px.len()), ("port", 5));
    let poses = target.poses.unwrap();
    assert_eq!(poses.best, poses.alt, "without another pose it stands for both");
}

#[test]
fn a_pose_that_is_none_leaves_its_tag_out_and_says_so() {
    let mut body = two_tags();
    body["items"][0]["pose"]["R"] = json!([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
    body["field"]["camera"]["R"] = json!([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]);
    let seen = seen(&body);
    assert_eq!(seen.targets.len(), 1);
    assert_eq!(seen.place, None);
    assert_eq!(
        seen.refused,
        [
            "tag 3 with a pose that is none is left out",
            "a place on the field that is none is left out"
        ]
    );
}

#[test]
fn a_tag_of_an_unknown_camera_is_where_its_pose_says() {
    let mut body = two_tags();
    body.as_object_mut().unwrap().remove("calibration");
    let seen = seen(&body);
    let angle = seen
        .targets
        .iter()
        .find(|t| t.tag.unwrap().0 == 3)
        .unwrap()
        .yaw_pitch_deg[0];
    assert!((angle - 2.0_f64.atan2(4.0).to_degrees()).abs() < 1e-9);
    body["items"][0].as_object_mut().unwrap().remove("pose");
    let left = crate::networktables::testing::seen(&body);
    assert_eq!(
        left.refused,
        ["tag 3 is left out: neither its camera nor its pose is known"]
    );
}

#[test]
fn a_picture_without_anything_is_a_result() {
    let seen = seen(&nothing());
    assert!(seen.targets.is_empty() && seen.place.is_none());
}

#[test]
fn what_is_no_result_of_a_picture_is_refused_in_words() {
    let told = |body: &[u8]| Found::read(body).unwrap_err().to_string();
    assert_eq!(
        told(br#"{"type":"events","version":1}"#),
        "its body is `events`, wanted `detections` of `apriltag`, `results` of `colored_target`, or `field_pose`"
    );
    assert!(told(b"").starts_with("its body cannot be read: "));
    assert!(told(&[0xff; 40]).starts_with("its body cannot be read: "));
    assert!(told(&vec![b' '; 2 << 20]).starts_with("its body has 2097152 bytes"));
    // JSON has no word for what is no number.
    let mut body = colored();
    body["items"][0]["yaw"] = json!(null);
    assert!(told(body.to_string().as_bytes()).starts_with("its body cannot be read: "));
}

#[test]
fn a_number_that_overflows_is_left_out() {
    let mut body = two_tags();
    body["items"] = json!([tag(1, [1e300, 1e300], 1e300, [0.0, 0.0, 1.0])]);
    let seen = seen(&body);
    assert!(seen.targets.is_empty());
    assert_eq!(seen.refused, ["tag 1 with a number that is none is left out"]);
}

#[test]
fn more_targets_than_the_formats_can_count_are_cut() {
    let mut body = nothing();
    body["items"] = (0..200).map(|id| tag(id, [1.0, 1.0], 10.0, [0.0, 0.0, 1.0])).collect();
    assert_eq!(seen(&body).targets.len(), MOST_TARGETS);
}
