//! Tags and targets of a made field, projected exactly, with noise: each method finds the robot, as exactly as it says.

use super::tests::camera;
use super::*;
use crate::{
    apriltag::{Family, TagDetection},
    noise::Noise,
    pose::{Transform, tag_corners_m},
    results::{FieldPoseResult, TagSizes},
};

const SIDE_M: f64 = 0.1651;
const SIZE_M: [f64; 2] = [16.0, 8.0];
/// Yaw of the robot in most tests, degrees.
const YAW_DEG: f64 = 6.0;

fn mount() -> Transform {
    robot_from_camera([0.3, 0.1, 0.5], 0.0, -12.0, 5.0)
}

/// Something upright at a place of the field whose face looks towards `yaw_deg`; its own frame is x right, y down, z into it.
fn facing(yaw_deg: f64, place: [f64; 3]) -> Transform {
    let looking_into = robot_from_camera([0.0; 3], 0.0, 0.0, yaw_deg + 180.0);
    Transform::new(looking_into.rotation(), place).unwrap()
}

fn robot(x: f64, y: f64, yaw_deg: f64) -> Transform {
    let upright =
        robot_from_camera([x, y, 0.0], 0.0, 0.0, yaw_deg) * robot_from_camera([0.0; 3], 0.0, 0.0, 0.0).inverse();
    Transform::new(upright.rotation(), [x, y, 0.0]).unwrap()
}

/// Four tags round the middle of a field, all seen from some metres before them.
fn layout() -> FieldLayout {
    let tags = [
        (3, facing(180.0, [9.0, 3.4, 1.1])),
        (4, facing(180.0, [9.0, 4.4, 1.4])),
        (5, facing(215.0, [8.6, 3.9, 0.8])),
        (6, facing(150.0, [9.3, 4.9, 1.0])),
    ];
    let text = serde_json::json!({
        "tags": tags.map(|(id, at)| {
            // WPILib's tag frame is x out of the face, y left as the tag looks, z up.
            let wpilib = at * Transform::new([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]], [0.0; 3]).unwrap();
            let ([w, x, y, z], [tx, ty, tz]) = (wpilib.quaternion(), wpilib.translation_m());
            serde_json::json!({"ID": id, "pose": {
                "translation": {"x": tx, "y": ty, "z": tz},
                "rotation": {"quaternion": {"W": w, "X": x, "Y": y, "Z": z}}}})
        }),
        "field": {"length": SIZE_M[0], "width": SIZE_M[1]},
    });
    FieldLayout::from_json(text.to_string().as_bytes()).unwrap()
}

fn locator() -> RobotLocator {
    RobotLocator {
        layout: Some(layout()),
        tag_sizes: TagSizes::all(SIDE_M),
        targets: Vec::new(),
        methods: vec![
            Method::MultiTag,
            Method::TagAndHeading,
            Method::SingleTag,
            Method::TargetAndHeading,
        ],
        limits: PoseLimits::default(),
        corner_px: 0.3,
        heading_deg: 1.0,
    }
}

fn seen(
    id: u32,
    field_from_tag: Transform,
    field_from_robot: Transform,
    noise: &mut Noise,
    noise_px: f64,
) -> TagDetection {
    let camera_from_tag = (field_from_robot * mount()).inverse() * field_from_tag;
    let corners_px = tag_corners_m(SIDE_M).map(|corner| {
        let [x, y] = camera().project(camera_from_tag.apply(corner)).unwrap();
        [x + noise_px * noise.normal(), y + noise_px * noise.normal()]
    });
    TagDetection {
        id,
        family: Family::Tag36h11,
        corners_px,
        hamming: 0,
        margin: 80.0,
    }
}

fn picture(ids: &[u32], field_from_robot: Transform, noise: &mut Noise, noise_px: f64) -> Vec<TagDetection> {
    let layout = layout();
    let tags = ids.iter().map(|&id| (id, layout.field_from_tag(id).unwrap()));
    tags.map(|(id, at)| seen(id, at, field_from_robot, noise, noise_px))
        .collect()
}

fn look(locator: &RobotLocator, tags: &[TagDetection], heading_deg: Option<f64>) -> Found {
    let (camera, mount) = (camera(), mount());
    locator.by_tags(
        tags,
        &Viewpoint {
            camera: &camera,
            robot_from_camera: &mount,
            heading_deg,
        },
    )
}

/// Errors of x, y (metres) and yaw (degrees).
fn off(pose: &RobotPose, truth: &Transform) -> [f64; 3] {
    let [x, y, _] = pose.field_from_robot.translation_m();
    let [true_x, true_y, _] = truth.translation_m();
    let between = truth.inverse() * pose.field_from_robot;
    let yaw = between.rotation[(1, 0)].atan2(between.rotation[(0, 0)]).to_degrees();
    [x - true_x, y - true_y, yaw]
}

fn rms(values: impl Iterator<Item = f64>) -> f64 {
    let squares: Vec<f64> = values.map(|value| value * value).collect();
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

/// True errors and told standard deviations of 400 places before the tags, each the root mean square: `[[x, y, yaw]; 2]`.
fn errors_and_deviations(mut one: impl FnMut(&mut Noise, Transform) -> Option<RobotPose>) -> [[f64; 3]; 2] {
    let mut noise = Noise::new(17);
    let (mut errors, mut told) = (Vec::new(), Vec::new());
    for _ in 0..400 {
        let truth = robot(
            noise.between(5.5, 6.5),
            noise.between(3.2, 4.2),
            noise.between(-4.0, 10.0),
        );
        if let Some(pose) = one(&mut noise, truth) {
            errors.push(off(&pose, &truth));
            told.push(pose.std_devs);
        }
    }
    assert!(errors.len() > 200, "only {} of 400 told a place", errors.len());
    [errors, told].map(|rows| [0, 1, 2].map(|axis| rms(rows.iter().map(|row| row[axis]))))
}

#[test]
fn exact_corners_give_the_exact_place_by_each_method() {
    let truth = robot(6.2, 3.8, YAW_DEG);
    let mut noise = Noise::new(1);
    for (ids, heading, method) in [
        (&[3, 4, 5, 6][..], None, Method::MultiTag),
        (&[3, 5][..], Some(YAW_DEG), Method::MultiTag),
        (&[5][..], Some(YAW_DEG), Method::TagAndHeading),
        (&[5][..], None, Method::SingleTag),
    ] {
        let pose = look(&locator(), &picture(ids, truth, &mut noise, 0.0), heading)
            .pose
            .unwrap();
        assert_eq!((pose.method, pose.tags.as_slice()), (method, ids));
        assert!(
            off(&pose, &truth).iter().all(|error| error.abs() < 1e-3),
            "{method:?}: {:?}",
            off(&pose, &truth)
        );
        let camera = pose.field_from_robot * mount();
        assert!((camera.inverse() * pose.field_from_camera).rotation_angle_deg() < 1e-6);
    }
}

#[test]
fn each_method_is_as_exact_as_it_says() {
    const NOISE_PX: f64 = 0.3;
    let locator = locator();
    let several = errors_and_deviations(|noise, truth| {
        look(&locator, &picture(&[3, 4, 5], truth, noise, NOISE_PX), None)
            .pose
            .ok()
    });
    let with_heading = errors_and_deviations(|noise, truth| {
        let [.., yaw_deg] = off_zero(&truth);
        let heading = yaw_deg + locator.heading_deg * noise.normal();
        look(&locator, &picture(&[4], truth, noise, NOISE_PX), Some(heading))
            .pose
            .ok()
    });
    // Near and from the side: one tag alone is seen well enough only so.
    let single = errors_and_deviations(|noise, truth| {
        let nearer = robot_moved(&truth, 0.8);
        let pose = look(&locator, &picture(&[5], nearer, noise, NOISE_PX), None)
            .pose
            .ok()?;
        Some(RobotPose {
            field_from_robot: robot_moved(&pose.field_from_robot, -0.8),
            ..pose
        })
    });
    for (name, [errors, told]) in [("several", several), ("heading", with_heading), ("single", single)] {
        for axis in 0..3 {
            let ratio = errors[axis] / told[axis];
            // What is told is a little too large: noise that shows more than the stated one counts, less does not.
            assert!(
                (0.55..1.3).contains(&ratio),
                "{name}, axis {axis}: {errors:?} m, m, deg, told {told:?}"
            );
        }
    }
    assert!(
        several[0][0] < 0.04 && several[0][1] < 0.04 && several[0][2] < 0.6,
        "{several:?}"
    );
    assert!(
        with_heading[0][0] < 0.08 && with_heading[0][1] < 0.08,
        "{with_heading:?}"
    );
}

/// x, y and yaw of a robot that stands upright.
fn off_zero(robot: &Transform) -> [f64; 3] {
    let [x, y, _] = robot.translation_m();
    [x, y, robot.rotation[(1, 0)].atan2(robot.rotation[(0, 0)]).to_degrees()]
}

fn robot_moved(robot: &Transform, ahead_m: f64) -> Transform {
    let mut moved = *robot;
    moved.translation.x += ahead_m;
    moved
}

#[test]
fn a_tenth_of_a_pixel_and_one_degree_of_heading_stay_within_centimetres() {
    let truth = robot(6.2, 3.8, YAW_DEG);
    let mut noise = Noise::new(5);
    for _ in 0..50 {
        for (ids, heading, most_m, most_deg) in [
            (&[3, 4, 5, 6][..], None, 0.03, 0.5),
            (&[3, 4][..], None, 0.06, 1.0),
            (&[4][..], Some(YAW_DEG), 0.04, 0.01),
            (&[4][..], Some(YAW_DEG + 1.0), 0.10, 1.01),
        ] {
            let pose = look(&locator(), &picture(ids, truth, &mut noise, 0.1), heading)
                .pose
                .unwrap();
            let [x, y, yaw] = off(&pose, &truth);
            assert!(
                x.hypot(y) < most_m && yaw.abs() < most_deg,
                "{ids:?}, {heading:?}: {x} {y} {yaw}"
            );
            let [std_x, std_y, _] = pose.std_devs;
            assert!(
                x.abs() < 5.0 * std_x && y.abs() < 5.0 * std_y,
                "{ids:?}: {x} {y}, told {std_x} {std_y}"
            );
        }
    }
}

#[test]
fn a_moved_tag_is_named_and_does_not_count() {
    let truth = robot(6.2, 3.8, YAW_DEG);
    let mut noise = Noise::new(2);
    let mut tags = picture(&[3, 4, 5], truth, &mut noise, 0.1);
    tags.push(seen(6, facing(150.0, [9.3, 4.6, 1.2]), truth, &mut noise, 0.1));
    tags.push(TagDetection { id: 30, ..tags[0] });
    for heading in [None, Some(YAW_DEG)] {
        let found = look(&locator(), &tags, heading);
        let pose = found.pose.unwrap();
        assert_eq!(pose.tags, [3, 4, 5]);
        assert!(off(&pose, &truth).iter().all(|error| error.abs() < 0.5));
        assert_eq!(
            found.outliers.iter().map(|outlier| outlier.id).collect::<Vec<_>>(),
            [Some(30), Some(6)]
        );
        assert_eq!(found.outliers[0].why, "it is not in the layout");
        assert!(
            found.outliers[1].why.starts_with("it contradicts the other tags: "),
            "{}",
            found.outliers[1].why
        );
    }
}

#[test]
fn what_cannot_be_believed_is_refused_in_words() {
    let truth = robot(6.2, 3.8, YAW_DEG);
    let mut noise = Noise::new(3);
    let one = picture(&[4], truth, &mut noise, 0.3);
    let two = picture(&[3, 4], truth, &mut noise, 0.1);
    let refused = |change: &dyn Fn(&mut RobotLocator), tags: &[TagDetection], heading| {
        let mut locator = locator();
        change(&mut locator);
        look(&locator, tags, heading).pose.unwrap_err().to_string()
    };
    let same = |_: &mut RobotLocator| {};
    assert_eq!(refused(&same, &[], None), "there is no tag in the picture");
    let stranger = TagDetection { id: 77, ..one[0] };
    assert_eq!(
        refused(&same, &[stranger], None),
        "none of the 1 tags in the picture can be used"
    );
    let strict = |locator: &mut RobotLocator| locator.limits.ambiguity = 1e-6;
    let ambiguous = refused(&strict, &one, None);
    assert!(
        ambiguous.starts_with("tag 4 alone can be seen two ways (ambiguity 0."),
        "{ambiguous}"
    );
    let never = |locator: &mut RobotLocator| locator.methods = vec![Method::TagAndHeading];
    assert_eq!(
        refused(&never, &one, None),
        "1 known tag(s) and no heading are not enough for any of the `methods`"
    );
    let near = |locator: &mut RobotLocator| locator.limits.distance_m = 1.0;
    assert_eq!(
        refused(&near, &two, None),
        "none of the 2 tags in the picture can be used"
    );
    let small = |locator: &mut RobotLocator| locator.limits.outside_m = -6.5;
    assert!(refused(&small, &two, None).starts_with("the robot would be outside of the field, at x 6."));
    // Seen by a robot that leans, or that is lifted, by 20 degrees or a metre.
    let leaning = Transform::new(
        (truth * robot_from_camera([0.0; 3], 0.0, 20.0, 0.0) * robot_from_camera([0.0; 3], 0.0, 0.0, 0.0).inverse())
            .rotation(),
        truth.translation_m(),
    )
    .unwrap();
    assert!(
        refused(&same, &picture(&[3, 4, 5], leaning, &mut noise, 0.1), None).starts_with("the robot would lean by 2")
    );
    let lifted = Transform::new(truth.rotation(), [6.2, 3.8, 0.7]).unwrap();
    assert!(refused(&same, &picture(&[3, 4, 5], lifted, &mut noise, 0.1), None).starts_with("the robot would be 0."));
    // Two tags of which one was moved by a hand: nobody can tell which.
    let mut moved = two.clone();
    moved[0] = seen(3, facing(180.0, [9.0, 3.2, 1.1]), truth, &mut noise, 0.1);
    let error = refused(&same, &moved, None);
    assert!(
        error.starts_with("the corners are off by ") || error.starts_with("the robot would "),
        "{error}"
    );
}

/// What a detector of targets would say of one at `at`.
fn target(at: Transform, field_from_robot: Transform, noise: &mut Noise, noise_px: f64) -> SeenTarget {
    let camera_from_target = (field_from_robot * mount()).inverse() * at;
    let corners = [
        [-0.18, 0.07, 0.0],
        [0.18, 0.07, 0.0],
        [0.18, -0.07, 0.0],
        [-0.18, -0.07, 0.0],
    ];
    let outline_px = corners.map(|corner| {
        let [x, y] = camera().project(camera_from_target.apply(corner)).unwrap();
        [x + noise_px * noise.normal(), y + noise_px * noise.normal()]
    });
    let model = crate::target::TargetModel::new(vec![corners.to_vec()]).unwrap();
    let poses = crate::target::target_pose(&[outline_px.to_vec()], &model, &camera()).unwrap();
    SeenTarget {
        label: Some("bay".to_owned()),
        camera_from_target: std::iter::once(poses.best)
            .chain(poses.alternative)
            .map(|pose| pose.camera_from_tag)
            .collect(),
        error_px: poses.best.error_px,
        outline_px: outline_px.to_vec(),
    }
}

fn look_at_targets(
    locator: &RobotLocator,
    targets: &[SeenTarget],
    heading_deg: Option<f64>,
    last_m: Option<[f64; 2]>,
) -> Found {
    let (camera, mount) = (camera(), mount());
    let from = Viewpoint {
        camera: &camera,
        robot_from_camera: &mount,
        heading_deg,
    };
    locator.by_targets(targets, &from, last_m)
}

fn with_bays(bays: &[Transform]) -> RobotLocator {
    let places = bays.iter().map(|&field_from_target| TargetPlace {
        label: Some("bay".to_owned()),
        field_from_target,
    });
    RobotLocator {
        targets: places.collect(),
        ..locator()
    }
}

#[test]
fn a_target_at_a_known_place_and_the_heading_tell_where_the_robot_is() {
    let bay = facing(180.0, [9.0, 4.2, 0.8]);
    let locator = with_bays(&[bay]);
    let [errors, told] = errors_and_deviations(|noise, truth| {
        let [.., yaw_deg] = off_zero(&truth);
        let heading = yaw_deg + noise.normal();
        let seen = [target(bay, truth, noise, 0.3)];
        look_at_targets(&locator, &seen, Some(heading), None).pose.ok()
    });
    for axis in 0..2 {
        let ratio = errors[axis] / told[axis];
        assert!((0.5..1.4).contains(&ratio), "axis {axis}: {errors:?}, told {told:?}");
    }
    assert!(errors[0] < 0.08 && errors[1] < 0.08, "{errors:?}");
}

#[test]
fn of_targets_that_look_alike_the_side_and_the_last_place_decide() {
    let truth = robot(6.2, 3.8, YAW_DEG);
    let mut noise = Noise::new(8);
    let bays = [
        facing(180.0, [9.0, 4.2, 0.8]),
        facing(90.0, [8.0, 5.0, 0.8]),
        facing(180.0, [9.0, 2.2, 0.8]),
    ];
    let seen = [target(bays[0], truth, &mut noise, 0.1)];
    let two_sides = with_bays(&bays[..2]);
    let found = look_at_targets(&two_sides, &seen, Some(YAW_DEG), None).pose.unwrap();
    assert!(off(&found, &truth)[..2].iter().all(|error| error.abs() < 0.1));
    let all = with_bays(&bays);
    assert_eq!(
        look_at_targets(&all, &seen, Some(YAW_DEG), None).pose,
        Err(Refusal::WhichTarget { places: 2 })
    );
    let near_last = look_at_targets(&all, &seen, Some(YAW_DEG), Some([6.0, 3.9]))
        .pose
        .unwrap();
    assert!(off(&near_last, &truth)[..2].iter().all(|error| error.abs() < 0.1));
    assert_eq!(look_at_targets(&all, &seen, None, None).pose, Err(Refusal::NoHeading));
    let other = [SeenTarget {
        label: Some("port".to_owned()),
        ..seen[0].clone()
    }];
    assert_eq!(
        look_at_targets(&all, &other, Some(YAW_DEG), None).pose,
        Err(Refusal::NoSuchTarget)
    );
    let flat = [SeenTarget {
        camera_from_target: Vec::new(),
        ..seen[0].clone()
    }];
    assert_eq!(
        look_at_targets(&all, &flat, Some(YAW_DEG), None).pose,
        Err(Refusal::NoTargetPose)
    );
    assert_eq!(
        look_at_targets(&all, &[], Some(YAW_DEG), None).pose,
        Err(Refusal::Nothing { what: "target" })
    );
}

#[test]
fn no_number_that_is_none_leaves_whatever_comes_in() {
    let truth = robot(6.2, 3.8, YAW_DEG);
    let mut noise = Noise::new(4);
    let wild = [f64::NAN, f64::INFINITY, 1e300, -1e300, 0.0, -5e5, 640.0];
    let origin = Alliance::Red.origin_from_field(SIZE_M);
    for round in 0..400 {
        let mut tags = picture(&[3, 4, 5, 6], truth, &mut noise, 0.1);
        tags.truncate(1 + round % 4);
        for tag in &mut tags {
            for corner in &mut tag.corners_px {
                for value in corner {
                    if noise.between(0.0, 1.0) < 0.15 {
                        *value = wild[(noise.between(0.0, 0.999) * wild.len() as f64) as usize];
                    }
                }
            }
        }
        let heading = [None, Some(0.0), Some(1e300), Some(f64::NAN)][round % 4];
        let found = look(&locator(), &tags, heading);
        let text = serde_json::to_string(&FieldPoseResult::new("front", &found, Alliance::Red, &origin, true)).unwrap();
        assert!(!text.contains("null"), "{text}");
        if let Ok(pose) = found.pose {
            assert!(pose.std_devs.iter().all(|deviation| deviation.is_finite()));
        }
    }
}
