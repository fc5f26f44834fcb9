use super::*;
use crate::{
    camera::{CameraModel, Distortion, Intrinsics},
    noise::Noise,
    pose::{Angles, Transform},
};
use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use proptest::prelude::*;
use std::time::Duration;

const GREEN: [u8; 3] = [60, 250, 140];
const DARK: [u8; 3] = [14, 20, 16];

/// The light of a green ring of LEDs on tape.
const GREEN_LIGHT: Limits = Limits::Hsv(HsvLimits {
    hue: [50, 100],
    saturation: [100, 255],
    value: [120, 255],
});

fn settings(grouping: Grouping) -> TargetSettings {
    TargetSettings {
        limits: GREEN_LIGHT,
        filter: Filter::default(),
        grouping,
        sort: Sort::Largest,
        most: 20,
        corner_count: Some(4),
    }
}

fn picture(width: u32, height: u32, color: [u8; 3]) -> Image {
    let mut image = Image::new(PixelFormat::Rgb8, width, height, ColorSpace::JPEG).unwrap();
    let [rgb, ..] = image.planes_mut();
    rgb.chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&color));
    image
}

/// Paints a convex polygon, its edges smoothed over 4 x 4 places a pixel.
fn paint(image: &mut Image, polygon: &[[f64; 2]], color: [u8; 3]) {
    let clockwise = polygon_area(polygon) > 0.0;
    let contains = |x: f64, y: f64| {
        let next = polygon.iter().cycle().skip(1);
        polygon.iter().zip(next).all(|(a, b)| {
            let cross = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
            if clockwise { cross >= 0.0 } else { cross <= 0.0 }
        })
    };
    let width = image.view().width() as usize;
    let [rgb, ..] = image.planes_mut();
    for (i, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        let (x, y) = ((i % width) as f64, (i / width) as f64);
        let places =
            (0..16).filter(|n| contains(x + 0.125 + 0.25 * f64::from(n % 4), y + 0.125 + 0.25 * f64::from(n / 4)));
        let share = places.count() as f64 / 16.0;
        for (old, new) in pixel.iter_mut().zip(color) {
            *old = (f64::from(*old) * (1.0 - share) + f64::from(new) * share).round() as u8;
        }
    }
}

fn add_noise(image: &mut Image, deviation: f64, noise: &mut Noise) {
    let [rgb, ..] = image.planes_mut();
    for byte in rgb {
        *byte = (f64::from(*byte) + deviation * noise.normal()).clamp(0.0, 255.0) as u8;
    }
}

fn find(image: &Image, settings: TargetSettings) -> Vec<Target> {
    TargetDetector::new(settings).detect(&image.view()).unwrap()
}

fn square(x: f64, y: f64, side: f64) -> [[f64; 2]; 4] {
    [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
}

#[test]
fn a_square_has_its_own_corners_and_area() {
    let mut image = picture(200, 100, DARK);
    paint(&mut image, &square(60.0, 20.0, 40.0), GREEN);
    let found = find(&image, settings(Grouping::Single));
    assert_eq!(found.len(), 1);
    let target = &found[0];
    assert!((target.area - 8.0).abs() < 1e-9, "{} %", target.area);
    assert_eq!(
        (target.rect.width, target.rect.height, target.rect.skew_deg),
        (40.0, 40.0, 0.0)
    );
    assert_eq!(
        target.rect.corners(),
        [[60.0, 60.0], [100.0, 60.0], [100.0, 20.0], [60.0, 20.0]]
    );
    assert_eq!(target.aim_px(Aim::Middle), [80.0, 40.0]);
    assert_eq!(target.aim_px(Aim::Top), [80.0, 20.0]);
    assert_eq!(
        (target.shapes[0].fullness(), target.shapes[0].convexity()),
        (100.0, 100.0)
    );
    for corner in square(60.0, 20.0, 40.0) {
        let nearest = target.polygon.iter().map(|[x, y]| (x - corner[0]).hypot(y - corner[1]));
        assert!(nearest.fold(f64::MAX, f64::min) < 0.01, "{:?}", target.polygon);
    }
}

#[test]
fn corners_of_turned_and_noisy_squares_are_finer_than_their_pixels() {
    let mut noise = Noise::new(5);
    let mut errors = Vec::new();
    for _ in 0..60 {
        let mut image = picture(160, 120, DARK);
        let (middle, turn) = (
            [noise.between(60.0, 100.0), noise.between(50.0, 70.0)],
            noise.between(0.0, 1.57),
        );
        let (sin, cos) = turn.sin_cos();
        let corners = [[-30.0, -20.0], [30.0, -20.0], [30.0, 20.0], [-30.0, 20.0]]
            .map(|[x, y]: [f64; 2]| [middle[0] + x * cos - y * sin, middle[1] + x * sin + y * cos]);
        paint(&mut image, &corners, GREEN);
        add_noise(&mut image, 5.0, &mut noise);
        let found = find(&image, settings(Grouping::Single));
        for [x, y] in corners {
            let nearest = found[0]
                .polygon
                .iter()
                .map(|corner| (corner[0] - x).hypot(corner[1] - y));
            errors.push(nearest.fold(f64::MAX, f64::min));
        }
    }
    errors.sort_by(f64::total_cmp);
    let (median, most) = (errors[errors.len() / 2], errors[errors.len() * 95 / 100]);
    assert!(median < 0.2 && most < 0.6, "median {median:.3} px, 95 % {most:.3} px");
}

#[test]
fn red_is_found_on_both_sides_of_hue_0() {
    let mut image = picture(200, 100, DARK);
    paint(&mut image, &square(20.0, 20.0, 30.0), [250, 40, 10]);
    paint(&mut image, &square(70.0, 20.0, 30.0), [250, 10, 40]);
    paint(&mut image, &square(120.0, 20.0, 30.0), GREEN);
    let red = TargetSettings {
        limits: Limits::Hsv(HsvLimits {
            hue: [170, 10],
            saturation: [150, 255],
            value: [100, 255],
        }),
        sort: Sort::Leftmost,
        ..settings(Grouping::Single)
    };
    let places: Vec<f64> = find(&image, red).iter().map(|target| target.rect.middle[0]).collect();
    assert_eq!(places, [35.0, 85.0]);
}

#[test]
fn nothing_and_everything_are_no_targets_and_one() {
    let dark = picture(160, 120, DARK);
    assert_eq!(find(&dark, settings(Grouping::Single)), []);
    let lit = picture(160, 120, GREEN);
    let found = find(&lit, settings(Grouping::Single));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].area, found[0].rect.middle), (100.0, [80.0, 60.0]));
    let tiny = picture(1, 1, GREEN);
    assert_eq!(find(&tiny, settings(Grouping::Single)).len(), 1);
    let small_only = TargetSettings {
        filter: Filter {
            area: [0.1, 50.0],
            ..Filter::default()
        },
        ..settings(Grouping::Single)
    };
    assert_eq!(find(&lit, small_only), []);
}

/// What this thread has worked: a busy machine changes little about it.
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Pictures that give the most work: 10,000 specks, noise of every pixel, and one line that fills everything.
#[test]
fn a_picture_full_of_rubbish_ends_soon() {
    let mut noise = Noise::new(9);
    let mut specks = picture(1280, 720, DARK);
    let mut snow = picture(1280, 720, DARK);
    let mut comb = picture(1280, 720, DARK);
    let [rgb, ..] = specks.planes_mut();
    for n in 0..10_000 {
        let at = 3 * ((n / 125) * 9 * 1280 + (n % 125) * 10);
        rgb[at..at + 3].copy_from_slice(&GREEN);
    }
    let [rgb, ..] = snow.planes_mut();
    rgb.chunks_exact_mut(3)
        .filter(|_| noise.between(0.0, 1.0) < 0.45)
        .for_each(|p| p.copy_from_slice(&GREEN));
    let [rgb, ..] = comb.planes_mut();
    for (i, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        if (i % 1280) % 2 == 0 || i / 1280 == 719 {
            pixel.copy_from_slice(&GREEN);
        }
    }
    let every_speck = Filter {
        area: [0.0, 100.0],
        ..Filter::default()
    };
    for (name, image) in [("specks", specks), ("snow", snow), ("comb", comb)] {
        for grouping in [
            Grouping::Single,
            Grouping::Pair {
                meeting: Meeting::Anywhere,
                max_gap: 100.0,
            },
            Grouping::Several { max_gap: 100.0 },
        ] {
            let mut detector = TargetDetector::new(TargetSettings {
                filter: every_speck,
                ..settings(grouping)
            });
            let started = processor_time();
            let found = detector.detect(&image.view()).unwrap();
            let took = processor_time() - started;
            // Some 50 ms on the machine this was written on; many times that says that work grows with its square.
            assert!(took < Duration::from_secs(2), "{name} {grouping:?}: {took:?}");
            assert!(found.len() <= 20);
        }
    }
}

fn camera() -> CameraModel {
    let intrinsics = Intrinsics {
        fx: 600.0,
        fy: 600.0,
        cx: 322.0,
        cy: 238.0,
    };
    CameraModel::new(640, 480, intrinsics, Distortion::Pinhole5([0.05, -0.1, 0.0, 0.0, 0.0])).unwrap()
}

fn paint_target(image: &mut Image, model: &TargetModel, camera_from_target: &Transform) {
    for part in model.parts() {
        let seen: Vec<[f64; 2]> = part
            .iter()
            .map(|corner| camera().project(camera_from_target.apply(*corner)).unwrap())
            .collect();
        paint(image, &seen, GREEN);
    }
}

fn at(yaw_deg: f64, pitch_deg: f64, place_m: [f64; 3]) -> Transform {
    let angles = Angles {
        yaw_deg,
        pitch_deg,
        roll_deg: 2.0,
    };
    Transform::from_angles(angles, place_m)
}

const LEANING: Grouping = Grouping::Pair {
    meeting: Meeting::Up,
    max_gap: 3.0,
};

#[test]
fn the_pose_of_a_tape_pair_comes_back() {
    let model = Preset::Tape2019.model();
    let mut noise = Noise::new(2);
    for truth in [
        at(0.0, 0.0, [0.0, 0.0, 1.2]),
        at(30.0, 5.0, [-0.2, 0.1, 1.5]),
        at(-35.0, -10.0, [0.3, -0.2, 1.8]),
        at(20.0, -15.0, [0.0, 0.1, 2.5]),
    ] {
        let mut image = picture(640, 480, DARK);
        paint_target(&mut image, &model, &truth);
        add_noise(&mut image, 4.0, &mut noise);
        let found = find(&image, settings(LEANING));
        assert_eq!(found.len(), 1);
        let poses = target_pose(&found[0].parts, &model, &camera()).unwrap();
        let [x, y, z] = poses.best.camera_from_tag.translation_m();
        let [wx, wy, wz] = truth.translation_m();
        let off_m = (x - wx).hypot(y - wy).hypot(z - wz);
        assert!(off_m < 0.02 * wz, "{off_m} m off at {wz} m");
        let turned = |pose: &crate::pose::TagPose| (truth.inverse() * pose.camera_from_tag).rotation_angle_deg();
        let nearer = poses
            .alternative
            .as_ref()
            .map_or(f64::MAX, turned)
            .min(turned(&poses.best));
        assert!(nearer < 6.0, "{nearer} degrees off");
    }
}

#[test]
fn the_pose_of_a_port_comes_back_from_its_outline() {
    let model = Preset::Port2020.model();
    let truth = at(15.0, 25.0, [0.3, -0.8, 3.5]);
    let mut image = picture(640, 480, DARK);
    paint_target(&mut image, &model, &truth);
    // The outline is tape: inside it is dark.
    let inside: Vec<[f64; 2]> = [[-0.34, -0.01], [-0.21, 0.38], [0.21, 0.38], [0.34, -0.01]]
        .map(|[x, y]| camera().project(truth.apply([1.25 * x, y, 0.0])).unwrap())
        .to_vec();
    paint(&mut image, &inside, DARK);
    let found = find(&image, settings(Grouping::Single));
    assert!(found[0].shapes[0].convexity() < 50.0);
    let poses = target_pose(&found[0].parts, &model, &camera()).unwrap();
    let off = (truth.inverse() * poses.best.camera_from_tag).translation_m();
    assert!(off.iter().all(|v| v.abs() < 0.07), "{off:?}");
}

/// A picture of the strips of a ring that face the camera, but for one, counted from the left.
fn ring_picture(model: &TargetModel, camera_from_ring: &Transform, hidden: Option<usize>) -> Image {
    let camera_m = camera_from_ring.inverse().translation_m();
    let faces = |part: &&Vec<[f64; 3]>| {
        let [x, _, z] = [0, 1, 2].map(|axis| part.iter().map(|corner| corner[axis]).sum::<f64>() / 4.0);
        x * (camera_m[0] - x) + z * (camera_m[2] - z) > 0.0
    };
    let mut parts: Vec<_> = model.parts().iter().filter(faces).cloned().collect();
    if let Some(hidden) = hidden {
        parts.remove(hidden);
    }
    let mut image = picture(640, 480, DARK);
    paint_target(&mut image, &TargetModel::new(parts).unwrap(), camera_from_ring);
    image
}

const RING: Grouping = Grouping::Several { max_gap: 2.5 };

#[test]
fn the_middle_of_a_ring_comes_back_from_whichever_strips_are_seen() {
    let model = Preset::Hub2022.model();
    let mut noise = Noise::new(4);
    for (turned_deg, pitch_deg, place_m) in [
        (0.0, -25.0, [0.0, -0.4, 3.0]),
        (7.0, -30.0, [-0.3, 0.1, 3.6]),
        (11.25, -20.0, [0.5, -0.6, 4.2]),
        (-9.0, -35.0, [0.2, 0.2, 2.4]),
    ] {
        let truth = at(0.0, pitch_deg, place_m) * at_rest(turned_deg);
        let mut image = ring_picture(&model, &truth, None);
        add_noise(&mut image, 4.0, &mut noise);
        let found = find(&image, settings(RING));
        assert_eq!(found.len(), 1);
        let pose = target_pose(&found[0].parts, &model, &camera()).unwrap().best;
        let [x, y, z] = pose.camera_from_tag.translation_m();
        let [wx, wy, wz] = place_m;
        let off_m = (x - wx).hypot(y - wy).hypot(z - wz);
        assert!(
            off_m < 0.02 * wz,
            "{off_m} m off at {wz} m, {} strips",
            found[0].parts.len()
        );
        // However the ring is turned, its frame looks away from the camera.
        let [camera_x, _, camera_z] = pose.camera_from_tag.inverse().translation_m();
        assert!(camera_x.abs() < 1e-9 && camera_z < 0.0);
        let axis = |pose: &Transform| pose.apply([0.0, 1.0, 0.0]);
        let (seen, wanted) = (axis(&pose.camera_from_tag), axis(&truth));
        let across = (0..3)
            .map(|i| (seen[i] - [x, y, z][i]) * (wanted[i] - place_m[i]))
            .sum::<f64>();
        assert!(across.clamp(-1.0, 1.0).acos().to_degrees() < 4.0, "its axis leans");
    }
}

#[test]
fn a_ring_with_a_strip_hidden_has_no_pose_rather_than_a_wrong_one() {
    let model = Preset::Hub2022.model();
    let truth = at(0.0, -25.0, [0.0, -0.3, 3.0]);
    for hidden in 0..6 {
        let image = ring_picture(&model, &truth, Some(hidden));
        for target in find(&image, settings(Grouping::Several { max_gap: 20.0 })) {
            let Some(poses) = target_pose(&target.parts, &model, &camera()) else {
                continue;
            };
            let off = (truth.inverse() * poses.best.camera_from_tag).translation_m();
            assert!(off.iter().all(|v| v.abs() < 0.1), "{off:?} without strip {hidden}");
        }
    }
    let few = find(&ring_picture(&model, &truth, None), settings(RING))[0].parts[..2].to_vec();
    assert!(target_pose(&few, &model, &camera()).is_none());
}

fn at_rest(yaw_deg: f64) -> Transform {
    let angles = Angles {
        yaw_deg,
        pitch_deg: 0.0,
        roll_deg: 0.0,
    };
    Transform::from_angles(angles, [0.0; 3])
}

#[test]
fn strips_find_the_one_they_lean_to() {
    let mut image = picture(640, 480, DARK);
    let model = Preset::Tape2019.model();
    // Two pairs: between them the strips are as near, but lean apart.
    for x in [-0.35, 0.35] {
        paint_target(&mut image, &model, &at(0.0, 0.0, [x, 0.0, 1.6]));
    }
    let left_to_right = |meeting| TargetSettings {
        sort: Sort::Leftmost,
        ..settings(Grouping::Pair { meeting, max_gap: 3.0 })
    };
    let yaws = |targets: &[Target]| -> Vec<i64> {
        let yaw = |target: &Target| yaw_pitch_deg(target.aim_px(Aim::Middle), &camera())[0].round() as i64;
        targets.iter().map(yaw).collect()
    };
    assert_eq!(yaws(&find(&image, left_to_right(Meeting::Up))), [-12, 12]);
    assert_eq!(yaws(&find(&image, left_to_right(Meeting::Down))), [0]);
    let all = find(&image, settings(Grouping::Several { max_gap: 3.0 }));
    assert_eq!((all.len(), all[0].shapes.len()), (1, 4));
    assert_eq!(find(&image, settings(Grouping::Several { max_gap: 0.1 })), []);
}

#[test]
fn right_of_the_axis_and_above_it_are_positive() {
    let camera = CameraModel::from_fov(640, 480, 90.0).unwrap();
    let near = |[a, b]: [f64; 2], [c, d]: [f64; 2]| (a - c).abs() < 1e-9 && (b - d).abs() < 1e-9;
    assert!(near(yaw_pitch_deg([320.0, 240.0], &camera), [0.0, 0.0]));
    assert!(near(yaw_pitch_deg([640.0, 240.0], &camera), [45.0, 0.0]));
    let [yaw, pitch] = yaw_pitch_deg([0.0, 0.0], &camera);
    assert!((yaw + 45.0).abs() < 1e-9);
    // What is up by 0.75 and aside by 1 is up by less than what is straight ahead.
    assert!((pitch - (0.75_f64 / 2.0_f64.sqrt()).atan().to_degrees()).abs() < 1e-9);
}

#[test]
fn a_model_is_refused_in_words() {
    let refused = |text: &str| TargetModel::parse(text).unwrap_err().to_string();
    assert!(refused("[").contains("wanted `parts:"));
    assert_eq!(refused("parts: []"), "it has 0 parts, wanted 1 to 16");
    assert_eq!(
        refused("parts: [[[0, 0, 0], [1, 0, 0]]]"),
        "it has 2 corners in part 1, wanted 3 to 12"
    );
    assert!(refused("parts: [[[0, 0, 0], [.nan, 0, 0], [0, 1, 0], [1, 1, 0]]]").contains("corner [NaN, 0, 0]"));
    assert!(refused("parts: [[[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]]]").contains("go round nothing"));
    assert!(refused("parts: [[[0, 0, 0], [1, 0, 0], [0, 1, 0]]]").contains("4 or more"));
    assert!("tape".parse::<Preset>().unwrap_err().to_string().contains("tape2019"));
    let square = TargetModel::parse("parts: [[[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]]").unwrap();
    // Listed clockwise, kept counter-clockwise.
    assert_eq!(square.parts()[0][0], [0.0, 1.0, 0.0]);
}

#[test]
fn presets_have_the_manuals_dimensions() {
    let inches = |preset: Preset, axis: usize| {
        let values: Vec<f64> = preset.model().corners().map(|corner| corner[axis] / 0.0254).collect();
        [
            values.iter().copied().fold(f64::MAX, f64::min),
            values.iter().copied().fold(f64::MIN, f64::max),
        ]
    };
    let model = Preset::Tape2019.model();
    let [left, right] = [&model.parts()[0], &model.parts()[1]];
    assert!(
        (right[3][0] - left[2][0] - 8.0 * 0.0254).abs() < 1e-12,
        "8 in apart at the closest"
    );
    let length = |a: [f64; 3], b: [f64; 3]| (a[0] - b[0]).hypot(a[1] - b[1]) / 0.0254;
    assert!((length(left[1], left[2]) - 5.5).abs() < 1e-9 && (length(left[0], left[1]) - 2.0).abs() < 1e-9);
    assert_eq!(inches(Preset::Port2020, 0), [-19.625, 19.625]);
    assert_eq!(inches(Preset::Port2020, 1), [0.0, 17.0]);
    let hub = Preset::Hub2022.model();
    let [first, second] = [&hub.parts()[7], &hub.parts()[8]];
    let across = |[x, _, z]: [f64; 3]| 2.0 * x.hypot(z) / 0.0254;
    assert!(hub.corners().all(|corner| (across(corner) - 53.375).abs() < 1e-9) && hub.parts().len() == 16);
    let along = |a: [f64; 3], b: [f64; 3]| (a[0].atan2(-a[2]) - b[0].atan2(-b[2])).abs() * 53.375 / 2.0;
    assert!((along(first[0], first[1]) - 5.0).abs() < 1e-9 && (along(first[1], second[0]) - 5.5).abs() < 0.05);
    assert_eq!(inches(Preset::Hub2022, 1), [-1.0, 1.0]);
}

fn mask_of(rows: &[Vec<bool>]) -> Mask {
    let mut mask = Mask::new(rows[0].len(), rows.len());
    for (y, row) in rows.iter().enumerate() {
        row.iter()
            .enumerate()
            .filter(|(_, set)| **set)
            .for_each(|(x, _)| mask.set(x, y));
    }
    mask
}

/// How many pixels are connected with `start` through those that are `wanted`, by sides or also by corners.
fn flooded(rows: &[Vec<bool>], start: (usize, usize), wanted: bool, corners_too: bool) -> Vec<(usize, usize)> {
    let mut seen = vec![vec![false; rows[0].len()]; rows.len()];
    let (mut open, mut found) = (vec![start], Vec::new());
    while let Some((x, y)) = open.pop() {
        if seen[y][x] || rows[y][x] != wanted {
            continue;
        }
        seen[y][x] = true;
        found.push((x, y));
        for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1_i32)] {
            let (nx, ny) = (x as i32 + dx, y as i32 + dy);
            let is_inside = (0..rows[0].len() as i32).contains(&nx) && (0..rows.len() as i32).contains(&ny);
            if is_inside && (corners_too || dx == 0 || dy == 0) {
                open.push((nx as usize, ny as usize));
            }
        }
    }
    found
}

fn any_mask() -> impl Strategy<Value = Vec<Vec<bool>>> {
    (1..90_usize, 1..12_usize)
        .prop_flat_map(|(width, height)| prop::collection::vec(prop::collection::vec(any::<bool>(), width), height))
}

proptest! {
    #[test]
    fn blobs_are_what_hangs_together(rows in any_mask()) {
        let mask = mask_of(&rows);
        let mut finder = BlobFinder::default();
        let blobs = finder.find(&mask).to_vec();
        prop_assert_eq!(blobs.iter().map(|blob| u64::from(blob.pixels)).sum::<u64>(), mask.count());
        for blob in blobs {
            let [x, y] = blob.first.map(|v| v as usize);
            let pixels = flooded(&rows, (x, y), true, true);
            prop_assert_eq!(pixels.len() as u32, blob.pixels);
            let [left, top, right, bottom] = blob.bounds.map(|v| v as usize);
            prop_assert_eq!(pixels.iter().map(|p| p.0).min(), Some(left));
            prop_assert_eq!(pixels.iter().map(|p| p.0 + 1).max(), Some(right));
            prop_assert_eq!(pixels.iter().map(|p| p.1).min(), Some(top));
            prop_assert_eq!(pixels.iter().map(|p| p.1 + 1).max(), Some(bottom));
        }
    }

    /// The area inside an outline is that of all pixels which cannot be reached from outside without crossing the blob.
    #[test]
    fn an_outline_encloses_its_pixels_and_its_holes(rows in any_mask()) {
        let mask = mask_of(&rows);
        let mut finder = BlobFinder::default();
        for blob in finder.find(&mask).to_vec() {
            let [x, y] = blob.first.map(|v| v as usize);
            let (width, height) = (rows[0].len() + 2, rows.len() + 2);
            let mut alone = vec![vec![false; width]; height];
            flooded(&rows, (x, y), true, true).into_iter().for_each(|(x, y)| alone[y + 1][x + 1] = true);
            let outside = flooded(&alone, (0, 0), false, false).len();
            let outline = Outline::follow(&mask, blob.first);
            prop_assert_eq!(outline.area_px(), (width * height - outside) as f64);
            prop_assert_eq!(outline.cracks().count() as u64, outline.length_px());
            let shape = Shape::of(outline);
            prop_assert!((shape.area_px - (width * height - outside) as f64).abs() < 1e-6);
            prop_assert!(shape.convexity() <= 100.0 + 1e-6 && shape.fullness() <= 100.0 + 1e-6);
            for turn in &shape.outline.turns {
                let (px, py) = (f64::from(turn[0]), f64::from(turn[1]));
                let next = shape.hull.iter().cycle().skip(1);
                for (a, b) in shape.hull.iter().zip(next) {
                    prop_assert!((b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0]) >= 0.0);
                }
            }
        }
    }
}
