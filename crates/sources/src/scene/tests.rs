//! What the scene promises: the same pictures for the same seed, a tag in each, and a truth that is true.

use bushbaby_vision::apriltag::{CDetector, DetectorSettings, Family, GrayView, TagDetection, TagDetector};
use bushbaby_vision::field::{FieldLayout, Method, PoseLimits, RobotLocator, Viewpoint, robot_from_camera};
use bushbaby_vision::pose::{Transform, tag_pose};
use bushbaby_vision::results::{DetectionItem, TagSizes, TransformItem};

use super::geometry::{Vec3, dot, scale, sub};
use super::render::{Plan, Renderer};

/// As the settings stand when nothing is said.
fn plan(size_px: [u32; 2]) -> Plan {
    Plan {
        size_px,
        fps: 30.0,
        noise: 2.0,
        blur_px: 0.5,
        distortion: Vec::new(),
        seed: 0,
        family: Family::Tag36h11,
        tags: (0..6).collect(),
        tag_side_m: 0.165,
    }
}

fn renderer(plan: &Plan) -> Renderer {
    Renderer::new(plan.clone()).unwrap()
}

/// The same with coarse paint, for those who only ask for the truth.
fn teller(plan: &Plan) -> Renderer {
    Renderer::painted(plan.clone(), 8.0).unwrap()
}

/// The planes of one picture, one after the other.
fn draw(renderer: &mut Renderer, size_px: [u32; 2], picture: u64) -> [Vec<u8>; 3] {
    let [width, height] = size_px.map(|side| side as usize);
    let chroma = width.div_ceil(2) * height.div_ceil(2);
    let mut planes = [vec![0; width * height], vec![0; chroma], vec![0; chroma]];
    let [y, u, v] = &mut planes;
    renderer.draw(picture, y, u, v);
    planes
}

fn side_px(corners: &[[f64; 2]; 4]) -> f64 {
    let side = |i: usize| {
        let ([ax, ay], [bx, by]) = (corners[i], corners[(i + 1) % 4]);
        (ax - bx).hypot(ay - by)
    };
    (0..4).map(side).fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn a_picture_is_the_same_whichever_pictures_came_before() {
    for size_px in [[320, 240], [201, 151]] {
        let plan = plan(size_px);
        let (mut one, mut other) = (renderer(&plan), renderer(&plan));
        for picture in 0..12 {
            draw(&mut one, size_px, picture);
        }
        let again = draw(&mut one, size_px, 7);
        assert!(again == draw(&mut other, size_px, 7), "{size_px:?}");
        let mut elsewhere = renderer(&Plan { seed: 1, ..plan });
        assert!(again != draw(&mut elsewhere, size_px, 7), "{size_px:?}");
    }
}

#[test]
fn the_camera_is_elsewhere_a_second_later_but_never_jumps() {
    let renderer = teller(&plan([160, 120]));
    let place = |picture| renderer.truth(picture, "scene").field.unwrap().camera.translation;
    for second in 0..600 {
        let step = sub(place(30 * second + 1), place(30 * second));
        assert!(dot(step, step).sqrt() < 0.02, "{step:?} m from one picture to the next");
    }
    let second = sub(place(30), place(0));
    assert!(dot(second, second).sqrt() > 1e-3);
}

#[test]
fn every_picture_shows_a_whole_tag_of_40_px_or_more() {
    let sizes = [
        [160, 120],
        [320, 240],
        [640, 480],
        [1280, 720],
        [480, 640],
        [1920, 1080],
        [3840, 2160],
    ];
    for (seed, size_px) in sizes.into_iter().enumerate() {
        let renderer = teller(&Plan {
            seed: seed as u64,
            tags: vec![3],
            ..plan(size_px)
        });
        // Ten minutes, with every third of a second looked at.
        let largest = |picture| {
            let items = renderer.truth(picture, "scene").items;
            items.iter().map(|tag| side_px(&tag.corners)).fold(0.0, f64::max)
        };
        let (smallest, picture) = (0..18_000)
            .step_by(10)
            .map(|picture| (largest(picture), picture))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        assert!(smallest >= 40.0, "{size_px:?}, picture {picture}: {smallest:.1} px");
    }
}

#[test]
fn what_is_nearest_is_what_one_sees() {
    for (seed, size_px) in [(0, [64, 36]), (1, [160, 120]), (2, [1280, 720])] {
        let mut renderer = teller(&Plan {
            seed,
            tags: (0..8).collect(),
            ..plan(size_px)
        });
        for picture in (0..18_000).step_by(450) {
            let wrong = renderer.hidden_but_drawn(picture);
            assert_eq!(wrong, None, "seed {seed}, picture {picture}");
        }
    }
}

#[test]
fn the_room_grows_with_its_tags_and_looks_the_same() {
    let size_px = [320, 240];
    let plan = Plan {
        noise: 0.0,
        ..plan(size_px)
    };
    let large = Plan {
        tag_side_m: 1.65,
        ..plan.clone()
    };
    let (mut one, mut ten) = (renderer(&plan), renderer(&large));
    let (a, b) = (draw(&mut one, size_px, 40), draw(&mut ten, size_px, 40));
    let differing = a[0].iter().zip(&b[0]).filter(|(a, b)| a.abs_diff(**b) > 2).count();
    assert!(differing < a[0].len() / 1000, "{differing} pixels differ");
    let z = |renderer: &Renderer| renderer.truth(40, "scene").items[0].pose.unwrap().translation[2];
    assert!((z(&ten) / z(&one) - 10.0).abs() < 1e-9);
}

#[test]
fn noise_is_as_strong_as_asked_for_and_another_in_each_picture() {
    let size_px = [320, 240];
    let drawn = |noise: f64, picture: u64| draw(&mut renderer(&Plan { noise, ..plan(size_px) }), size_px, picture);
    let (clean, noisy) = (drawn(0.0, 3), drawn(4.0, 3));
    let errors: Vec<f64> = clean[0]
        .iter()
        .zip(&noisy[0])
        .map(|(a, b)| f64::from(*b) - f64::from(*a))
        .collect();
    let deviation = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
    assert!((3.8..4.2).contains(&deviation), "{deviation}");
    // Rows do not repeat each other's noise.
    assert_ne!(errors[..320], errors[320..640]);
}

/// All that the C detector finds in one picture.
fn detect(detector: &mut CDetector, luma: &[u8], [width_px, height_px]: [u32; 2]) -> Vec<TagDetection> {
    let stride_bytes = width_px as usize;
    detector
        .detect(GrayView {
            bytes: luma,
            width_px,
            height_px,
            stride_bytes,
        })
        .unwrap()
}

/// Each true tag of 40 px or more with what was detected of it, over a stretch of the way.
fn sightings(plan: &Plan) -> Vec<(DetectionItem, TagDetection)> {
    let mut renderer = renderer(plan);
    let mut detector = CDetector::new(&DetectorSettings::default()).unwrap();
    let mut pairs = Vec::new();
    for picture in (0..2_000).step_by(137) {
        let [luma, _, _] = draw(&mut renderer, plan.size_px, picture);
        let found = detect(&mut detector, &luma, plan.size_px);
        for item in renderer
            .truth(picture, "scene")
            .items
            .into_iter()
            .filter(|tag| side_px(&tag.corners) >= 40.0)
        {
            let detected = found.iter().find(|tag| tag.id == item.id);
            let detected = detected.unwrap_or_else(|| panic!("tag {} of picture {picture} is not found", item.id));
            pairs.push((item, *detected));
        }
    }
    assert!(pairs.len() >= 15, "{} tags", pairs.len());
    pairs
}

fn corner_errors_px(plan: &Plan) -> Vec<f64> {
    let error = |([ax, ay], [bx, by]): ([f64; 2], [f64; 2])| (ax - bx).hypot(ay - by);
    sightings(plan)
        .into_iter()
        .flat_map(|(truth, found)| truth.corners.into_iter().zip(found.corners_px).map(error))
        .collect()
}

#[test]
fn the_detector_finds_the_true_corners() {
    let clean = Plan {
        noise: 0.0,
        ..plan([1280, 720])
    };
    let plans = [
        ("blurred", 0.05, clean.clone()),
        (
            "sharp",
            0.05,
            Plan {
                blur_px: 0.0,
                ..clean.clone()
            },
        ),
        (
            "small",
            0.05,
            Plan {
                size_px: [640, 480],
                ..clean.clone()
            },
        ),
        // A detector lays straight lines along what the lens made curves.
        (
            "bent by the lens",
            0.1,
            Plan {
                distortion: vec![-0.28, 0.09, 0.001, -0.0005, 0.0],
                ..clean
            },
        ),
    ];
    for (name, limit, plan) in plans {
        let error = median(corner_errors_px(&plan));
        assert!(error <= limit, "{name}: median {error:.3} px");
    }
}

#[test]
fn poses_from_default_pictures_are_within_1_percent_and_half_a_degree() {
    let plan = plan([1280, 720]);
    let camera = plan.camera().unwrap();
    let (mut distances, mut turns) = (Vec::new(), Vec::new());
    for (truth, found) in sightings(&plan) {
        let pose = tag_pose(&found.corners_px, plan.tag_side_m, &camera)
            .unwrap()
            .best
            .camera_from_tag;
        let truth = truth.pose.unwrap();
        let off: Vec3 = sub(pose.translation_m(), truth.translation);
        let far = dot(truth.translation, truth.translation).sqrt();
        distances.push(dot(off, off).sqrt() / far);
        turns.push(turn_deg(pose.rotation(), truth.rotation));
    }
    let (distance, turn) = (median(distances), median(turns));
    assert!(
        distance <= 0.01 && turn <= 0.5,
        "median {:.2} % and {turn:.2} degrees",
        100.0 * distance
    );
}

/// The angle between two rotations.
fn turn_deg(a: [Vec3; 3], b: [Vec3; 3]) -> f64 {
    let apart: f64 = (0..3).map(|i| dot(sub(a[i], b[i]), sub(a[i], b[i]))).sum();
    // The Frobenius norm of the difference is 2 sqrt 2 times the sine of half the angle.
    2.0 * (apart.sqrt() / 8.0_f64.sqrt()).clamp(0.0, 1.0).asin().to_degrees()
}

#[test]
fn the_truth_about_pose_corners_and_camera_fits_together() {
    let plan = Plan {
        distortion: vec![-0.2, 0.05, 0.0, 0.0, 0.0],
        ..plan([640, 480])
    };
    let (renderer, camera) = (teller(&plan), plan.camera().unwrap());
    for picture in (0..3_000).step_by(100) {
        let truth = renderer.truth(picture, "front");
        assert_eq!(truth.camera, "front");
        let eye = truth.field.unwrap().camera.translation;
        assert!(eye[2] > 0.5, "the camera is above the floor: {eye:?}");
        for tag in truth.items {
            let pose = tag.pose.unwrap();
            let half = plan.tag_side_m / 2.0;
            let of_tag = [[-half, half], [half, half], [half, -half], [-half, -half]];
            for (corner, [x, y]) in tag.corners.into_iter().zip(of_tag) {
                let point = [0, 1, 2].map(|i| dot(pose.rotation[i], [x, y, 0.0]) + pose.translation[i]);
                let [px, py] = camera.project(point).unwrap();
                assert!((px - corner[0]).hypot(py - corner[1]) < 1e-9);
            }
            assert!(
                dot(scale(pose.rotation.map(|row| row[2]), 1.0), pose.translation) > 0.0,
                "its front is seen"
            );
        }
    }
}

/// The room as a field: its origin is the corner to the right of where the camera begins, as on a field of FRC.
fn field_from_scene() -> Transform {
    Transform::new(
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [0.0, HALF_WIDTH_M, 0.0],
    )
    .unwrap()
}

/// From the middle of the room to its right wall.
const HALF_WIDTH_M: f64 = 3.0;

fn layout_of_the_example() -> FieldLayout {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/layouts/scene-room.json");
    FieldLayout::from_path(&path).unwrap()
}

fn transform(item: &TransformItem) -> Transform {
    Transform::new(item.rotation, item.translation).unwrap()
}

#[test]
fn the_layout_beside_the_example_is_this_room() {
    let (renderer, layout) = (teller(&plan([1280, 720])), layout_of_the_example());
    let mut seen = std::collections::BTreeSet::new();
    for picture in (0..18_000).step_by(30) {
        let truth = renderer.truth(picture, "front");
        let scene_from_camera = transform(&truth.field.unwrap().camera);
        for tag in truth.items {
            let truly = field_from_scene() * scene_from_camera * tag.pose.unwrap().transform().unwrap();
            let told = layout.field_from_tag(tag.id).unwrap();
            let between = told.inverse() * truly;
            let off = between.translation_m();
            let is_there = dot(off, off).sqrt() < 1e-4 && between.rotation_angle_deg() < 0.01;
            assert!(is_there, "tag {}: told {told:?}, truly {truly:?}", tag.id);
            seen.insert(tag.id);
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), layout.ids().collect::<Vec<_>>());
}

#[test]
fn the_place_found_in_drawn_pictures_is_the_true_one_within_what_is_told() {
    let plan = plan([1280, 720]);
    let (mut renderer, camera) = (renderer(&plan), plan.camera().unwrap());
    let mut detector = CDetector::new(&DetectorSettings::default()).unwrap();
    let locator = RobotLocator {
        layout: Some(layout_of_the_example()),
        tag_sizes: TagSizes::all(plan.tag_side_m),
        targets: Vec::new(),
        methods: vec![Method::MultiTag, Method::TagAndHeading],
        limits: PoseLimits {
            tilt_deg: 60.0,
            height_m: 3.0,
            ..PoseLimits::default()
        },
        corner_px: 0.1,
        heading_deg: 1.0,
    };
    // The robot is the camera, its axes turned to x ahead, y left, z up.
    let robot_from_camera = robot_from_camera([0.0; 3], 0.0, 0.0, 0.0);
    let (mut errors_mm, mut within) = (Vec::new(), 0);
    for picture in (0..3_000).step_by(75) {
        let [luma, _, _] = draw(&mut renderer, plan.size_px, picture);
        let tags = detect(&mut detector, &luma, plan.size_px);
        let truth = transform(&renderer.truth(picture, "front").field.unwrap().camera);
        let from = Viewpoint {
            camera: &camera,
            robot_from_camera: &robot_from_camera,
            heading_deg: None,
        };
        let found = locator.by_tags(&tags, &from);
        assert_eq!(found.outliers, [], "picture {picture}");
        let Ok(pose) = found.pose else {
            assert!(tags.len() < 2, "picture {picture}: {:?}", found.pose);
            continue;
        };
        let off = sub(
            pose.field_from_robot.translation_m(),
            (field_from_scene() * truth).translation_m(),
        );
        errors_mm.push(1e3 * dot(off, off).sqrt());
        within += usize::from(off[0].abs() < 3.0 * pose.std_devs[0] && off[1].abs() < 3.0 * pose.std_devs[1]);
    }
    let places = errors_mm.len();
    assert!(places >= 20, "{places} places");
    assert!(
        within * 10 >= places * 9,
        "{within} of {places} within three standard deviations"
    );
    let error_mm = median(errors_mm);
    assert!(error_mm < 15.0, "median {error_mm:.1} mm");
}
