use super::*;
use crate::{
    apriltag::{Family, TagDetection},
    camera::{CameraModel, Distortion, Intrinsics},
    noise::Noise,
    pose::{Angles, Transform, tag_corners_m, tag_pose},
};
use std::collections::BTreeMap;

const SIDE_M: f64 = 0.165;

pub(super) fn camera() -> CameraModel {
    let intrinsics = Intrinsics {
        fx: 914.0,
        fy: 911.0,
        cx: 642.5,
        cy: 355.5,
    };
    let lens = Distortion::Pinhole5([-0.1, 0.02, 0.0005, -0.0004, 0.0]);
    CameraModel::new(1280, 720, intrinsics, lens).unwrap()
}

fn near(found: [f64; 3], wanted: [f64; 3]) -> bool {
    found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9)
}

fn seen(id: u32, field_from_tag: Transform, field_from_camera: Transform) -> TagDetection {
    let camera_from_tag = field_from_camera.inverse() * field_from_tag;
    TagDetection {
        id,
        family: Family::Tag36h11,
        corners_px: tag_corners_m(SIDE_M).map(|corner| camera().project(camera_from_tag.apply(corner)).unwrap()),
        hamming: 0,
        margin: 80.0,
    }
}

/// Tags on a wall at x = 5 m that look back along the field, beside and above each other, some 20 cm nearer.
fn wall(places: &[[f64; 3]]) -> FieldLayout {
    // The tag's z (into it) is the field's x, its x (right) the field's -y, its y (down) the field's -z.
    let facing_back = robot_from_camera([0.0; 3], 0.0, 0.0, 0.0);
    let tags = places.iter().enumerate().map(|(i, &[nearer, left, up])| {
        let at = Transform::new(facing_back.rotation(), [5.0 - nearer, left, up]).unwrap();
        (i as u32 + 1, at)
    });
    FieldLayout::new(tags.collect()).unwrap()
}

const PLACES: [[f64; 3]; 5] = [
    [0.0, 0.8, 1.2],
    [0.2, -0.7, 1.0],
    [0.0, 0.1, 1.6],
    [0.2, 0.5, 0.6],
    [0.0, -0.4, 1.7],
];

fn detections(layout: &FieldLayout, field_from_camera: Transform) -> Vec<TagDetection> {
    let tags = layout.ids().map(|id| (id, layout.field_from_tag(id).unwrap()));
    tags.map(|(id, at)| seen(id, at, field_from_camera)).collect()
}

fn off_m(pose: &FieldPose, truth: &Transform) -> f64 {
    let [x, y, z] = (truth.inverse() * pose.field_from_camera).translation_m();
    x.hypot(y).hypot(z)
}

#[test]
fn wpilibs_tag_frame_becomes_ours() {
    // A tag 1.5 m up on the far wall (x = 16 m) that looks back (turned by 180 degrees about z), one unturned at the origin.
    let json = br#"{"tags":[
        {"ID":3,"pose":{"translation":{"x":16.0,"y":4.0,"z":1.5},"rotation":{"quaternion":{"W":0.0,"X":0.0,"Y":0.0,"Z":1.0}}}},
        {"ID":8,"pose":{"translation":{"x":0.0,"y":0.0,"z":1.0},"rotation":{"quaternion":{"W":1.0,"X":0.0,"Y":0.0,"Z":0.0}}}}],
        "field":{"length":16.54,"width":8.21}}"#;
    let layout = FieldLayout::from_json(json).unwrap();
    assert_eq!(layout.ids().collect::<Vec<_>>(), [3, 8]);
    assert_eq!(layout.size_m(), Some([16.54, 8.21]));
    // Who looks at tag 3 looks along the field's x: right is -y, down is -z, into the tag is +x.
    let far = layout.field_from_tag(3).unwrap();
    assert!(near(far.apply([1.0, 0.0, 0.0]), [16.0, 3.0, 1.5]));
    assert!(near(far.apply([0.0, 1.0, 0.0]), [16.0, 4.0, 0.5]));
    assert!(near(far.apply([0.0, 0.0, 1.0]), [17.0, 4.0, 1.5]));
    // Tag 8 looks ahead along x; who looks at it has the field's left on the right.
    let origin = layout.field_from_tag(8).unwrap();
    assert!(near(origin.apply([1.0, 0.0, 0.0]), [0.0, 1.0, 1.0]));
    assert!(near(origin.apply([0.0, 0.0, 1.0]), [-1.0, 0.0, 1.0]));
}

#[test]
fn wpilibs_newer_names_are_read_too() {
    let pose = r#"{"translation":{"x":3,"y":1,"z":0.5},"rotation":{"quaternion":{"W":1,"X":0,"Y":0,"Z":0}}}"#;
    let older = format!(r#"{{"tags":[{{"ID":7,"pose":{pose}}}],"field":{{"length":9,"width":5}}}}"#);
    let newer = format!(
        r#"{{"name":"A field","program":"frc","field-tags":[{{"ID":7,"pose":{pose}}}],"field-dimensions":{{"length":9,"width":5}}}}"#
    );
    let [older, newer] = [older, newer].map(|text| FieldLayout::from_json(text.as_bytes()).unwrap());
    assert_eq!((&newer, newer.size_m()), (&older, Some([9.0, 5.0])));
}

#[test]
fn a_wrong_layout_says_what_is_wrong() {
    let message = |json: &str| FieldLayout::from_json(json.as_bytes()).unwrap_err().to_string();
    assert!(message("{").starts_with("field layout: EOF"));
    assert!(message(r#"{"field":{}}"#).contains("missing field"));
    assert_eq!(message(r#"{"tags":[]}"#), "field layout: it has no tags");
    let tag = |w| {
        format!(
            r#"{{"ID":5,"pose":{{"translation":{{"x":1,"y":2,"z":3}},"rotation":{{"quaternion":{{"W":{w},"X":0,"Y":0,"Z":0}}}}}}}}"#
        )
    };
    assert_eq!(
        message(&format!(r#"{{"tags":[{},{}]}}"#, tag(1), tag(1))),
        "field layout: tag 5 is there twice; remove one"
    );
    assert!(message(&format!(r#"{{"tags":[{}]}}"#, tag(0))).contains("the pose of tag 5 is not one"));
    let missing = FieldLayout::from_path(std::path::Path::new("no/such.json"))
        .unwrap_err()
        .to_string();
    assert!(missing.starts_with("field layout no/such.json: "));
}

#[test]
fn exact_corners_give_the_exact_place_of_camera_and_robot() {
    let layout = wall(&PLACES);
    let mount = robot_from_camera([0.3, 0.0, 0.5], 0.0, -15.0, 10.0);
    let field_from_robot = Transform::from_quaternion([0.995, 0.0, 0.0, 0.0998], [2.0, 0.4, 0.0]).unwrap();
    let truth = field_from_robot * mount;
    for count in 1..=5 {
        let tags = detections(&layout, truth);
        let pose = locate_camera(&tags[..count], &layout, |_| Some(SIDE_M), &camera()).unwrap();
        assert!(off_m(&pose, &truth) < 1e-4, "{count} tags: {} m", off_m(&pose, &truth));
        let between = field_from_robot.inverse() * pose.field_from_robot(&mount);
        assert!(between.rotation_angle_deg() < 0.01 && pose.error_px < 1e-4);
        assert_eq!(pose.counted_ids(), (1..=count as u32).collect::<Vec<_>>());
    }
}

#[test]
fn a_moved_tag_and_a_misread_one_stop_counting() {
    let layout = wall(&PLACES);
    let truth = robot_from_camera([1.8, 0.2, 1.0], 0.0, 0.0, 3.0);
    for moved_m in [0.08, 0.3, 1.0] {
        let mut tags = detections(&layout, truth);
        let at = layout.field_from_tag(2).unwrap();
        let aside = Transform::new(Transform::identity().rotation(), [0.0, moved_m, 0.0]).unwrap();
        tags[1] = seen(2, aside * at, truth);
        let pose = locate_camera(&tags, &layout, |_| Some(SIDE_M), &camera()).unwrap();
        assert!(off_m(&pose, &truth) < 1e-3, "{moved_m} m: {} m", off_m(&pose, &truth));
        assert_eq!(pose.counted_ids(), [1, 3, 4, 5]);
        assert!(pose.tags[1].error_px > 5.0 && pose.error_px < 0.01);
    }
    // Three tags, two of which changed their numbers with tags elsewhere: at least nothing breaks.
    let mut tags = detections(&layout, truth);
    tags.truncate(3);
    (tags[0].id, tags[1].id) = (4, 5);
    let pose = locate_camera(&tags, &layout, |_| Some(SIDE_M), &camera()).unwrap();
    assert!(pose.error_px.is_finite());
}

#[test]
fn unknown_tags_and_an_id_seen_twice_are_passed_over() {
    let layout = wall(&PLACES[..3]);
    let truth = robot_from_camera([1.8, 0.2, 1.0], 0.0, 0.0, 3.0);
    let mut tags = detections(&layout, truth);
    tags.push(TagDetection { id: 77, ..tags[0] });
    tags.push(TagDetection { id: 2, ..tags[0] });
    let pose = locate_camera(&tags, &layout, |_| Some(SIDE_M), &camera()).unwrap();
    assert_eq!(pose.counted_ids(), [1, 3]);
    assert!(off_m(&pose, &truth) < 1e-4);
    assert_eq!(
        locate_camera(
            &[TagDetection { id: 77, ..tags[0] }],
            &layout,
            |_| Some(SIDE_M),
            &camera()
        ),
        Err(LocateError::NoKnownTag { seen: 1 })
    );
}

/// Errors of the camera's place in millimetres, sorted: from all tags, and from the largest tag alone. 2 to 4 tags, 2 to 6 m, 0.3 px.
fn place_errors_mm() -> (Vec<f64>, Vec<f64>) {
    let mut noise = Noise::new(3);
    let (mut of_all, mut of_one) = (Vec::new(), Vec::new());
    while of_all.len() < 400 {
        let count = 2 + of_all.len() % 3;
        let facing = |noise: &mut Noise| Angles {
            yaw_deg: noise.between(-40.0, 40.0),
            pitch_deg: noise.between(-15.0, 15.0),
            roll_deg: noise.between(-5.0, 5.0),
        };
        // The camera is the field's origin here: only the relation counts.
        let places: BTreeMap<u32, Transform> = (0..count as u32)
            .map(|id| {
                let z = noise.between(2.0, 6.0);
                let (u, v) = (noise.between(-0.55, 0.55), noise.between(-0.3, 0.3));
                (id, Transform::from_angles(facing(&mut noise), [u * z, v * z, z]))
            })
            .collect();
        let layout = FieldLayout::new(places).unwrap();
        let mut tags = detections(&layout, Transform::identity());
        for tag in &mut tags {
            tag.corners_px = tag
                .corners_px
                .map(|[x, y]| [x + 0.3 * noise.normal(), y + 0.3 * noise.normal()]);
        }
        let pose = locate_camera(&tags, &layout, |_| Some(SIDE_M), &camera()).unwrap();
        of_all.push(1e3 * off_m(&pose, &Transform::identity()));
        let largest = tags
            .iter()
            .max_by(|a, b| a.shortest_side_px().total_cmp(&b.shortest_side_px()))
            .unwrap();
        let alone = tag_pose(&largest.corners_px, SIDE_M, &camera()).unwrap();
        let place = layout.field_from_tag(largest.id).unwrap() * alone.best.camera_from_tag.inverse();
        let [x, y, z] = place.translation_m();
        of_one.push(1e3 * x.hypot(y).hypot(z));
    }
    of_all.sort_by(f64::total_cmp);
    of_one.sort_by(f64::total_cmp);
    (of_all, of_one)
}

#[test]
fn several_tags_place_the_camera_far_better_than_one() {
    let (of_all, of_one) = place_errors_mm();
    let figures = format!(
        "all: {:.0} / {:.0} mm, one: {:.0} / {:.0} mm",
        of_all[200], of_all[360], of_one[200], of_one[360]
    );
    assert!(of_all[200] < 30.0 && of_all[360] < 100.0, "{figures}");
    assert!(of_one[200] > 2.0 * of_all[200], "{figures}");
}
