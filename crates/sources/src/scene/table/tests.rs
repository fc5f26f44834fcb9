//! What the table-top promises: depth that is exact, two eyes that agree, and a truth that is true.

use bushbaby_vision::apriltag::{CDetector, DetectorSettings, Family, GrayView, TagDetector};
use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::pose::tag_pose;

use super::super::geometry::{Rigid, Vec3, add, dot, scale, sub};
use super::background::{Background, standing};
use super::eyes::{Capture, Eyes, TablePlan, left_from_scene};
use super::foreground::{Canvas, Painter, confidence};
use super::paint::has_no_depth;
use super::solid::{Shape, Solid};
use super::sun::light;
use super::things::{Moving, Still, TABLE_HALF};
use super::truth::truth;
use super::view::View;

fn plan(size_px: [u32; 2]) -> TablePlan {
    TablePlan {
        size_px,
        fps: 15.0,
        seed: 0,
        family: Family::Tag36h11,
        tags: vec![0, 1],
        tag_side_m: 0.165,
        baseline_m: 0.12,
        with_right: true,
        with_gaps: true,
    }
}

/// One capture with all that it may hold.
#[derive(Debug, PartialEq)]
struct Taken {
    rgb: Vec<u8>,
    right: Vec<u8>,
    depth: Vec<f32>,
    confidence: Vec<f32>,
}

fn take(eyes: &mut Eyes, [width, height]: [u32; 2], picture: u64) -> Taken {
    let pixels = (width * height) as usize;
    let mut taken = Taken {
        rgb: vec![0; 3 * pixels],
        right: vec![0; 3 * pixels],
        depth: vec![0.0; pixels],
        confidence: vec![0.0; pixels],
    };
    let mut capture = Capture {
        rgb: &mut taken.rgb,
        rgb_right: &mut taken.right,
        depth: &mut taken.depth,
        confidence: &mut taken.confidence,
    };
    eyes.draw(picture, &mut capture);
    taken
}

/// How far a point is from the surface of a solid; negative within.
fn distance(solid: &Solid, point: Vec3) -> f64 {
    let from = sub(point, solid.scene_from_solid.translation);
    // A rotation's columns are the solid's own axes.
    let own = [0, 1, 2].map(|i| dot(from, solid.scene_from_solid.rotation.map(|row| row[i])));
    let length = |v: Vec3| dot(v, v).sqrt();
    match solid.shape {
        Shape::Ball { radius } => length(own) - radius,
        Shape::Ground => own[2],
        Shape::Block { half } => {
            let beyond = [0, 1, 2].map(|i| own[i].abs() - half[i]);
            let outside = length(beyond.map(|v| v.max(0.0)));
            outside + beyond.into_iter().fold(f64::NEG_INFINITY, f64::max).min(0.0)
        }
        Shape::Cylinder { radius, half_height } => {
            let beyond = [own[0].hypot(own[1]) - radius, own[2].abs() - half_height];
            beyond[0].max(0.0).hypot(beyond[1].max(0.0)) + beyond[0].max(beyond[1]).min(0.0)
        }
    }
}

/// Walks along the ray of a pixel's centre until a surface is reached: how far along the axis that is, and on which solid.
fn walked(solids: &[Solid], camera: &CameraModel, scene_from_camera: &Rigid, pixel: [f64; 2]) -> (f64, usize) {
    let [x, y] = camera.direction(pixel).unwrap();
    let ray = [x, y, 1.0];
    let mut depth = 0.05;
    loop {
        let place = scene_from_camera.apply(scale(ray, depth));
        let (nearest, solid) = solids
            .iter()
            .enumerate()
            .map(|(i, solid)| (distance(solid, place), i))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        if nearest < 1e-9 {
            return (depth, solid);
        }
        depth += nearest / dot(ray, ray).sqrt();
    }
}

#[test]
fn the_depth_of_every_pixel_is_the_way_along_the_axis_to_the_first_surface() {
    for (size_px, seed) in [([320, 180], 0), ([201, 151], 5), ([160, 240], 9)] {
        let plan = TablePlan { seed, ..plan(size_px) };
        let camera = plan.camera().unwrap();
        let still = Still::new(plan.family, &plan.tags, plan.tag_side_m, true).unwrap();
        let moving = Moving::new(seed);
        let mut eyes = Eyes::new(plan).unwrap();
        for picture in [0, 31, 77] {
            let taken = take(&mut eyes, size_px, picture);
            let mut solids = still.solids.clone();
            solids.extend(moving.at(picture as f64 / 15.0));
            let field = eyes.truth(picture, "table").field.unwrap().camera;
            let scene_from_camera = Rigid {
                rotation: field.rotation,
                translation: field.translation,
            };
            let mut without = 0;
            for (i, depth) in taken.depth.iter().enumerate() {
                let (x, y) = (i as u32 % size_px[0], i as u32 / size_px[0]);
                let pixel = [f64::from(x) + 0.5, f64::from(y) + 0.5];
                let (wanted, on) = walked(&solids, &camera, &scene_from_camera, pixel);
                if has_no_depth(solids[on].paint) {
                    without += 1;
                    assert!(depth.is_nan() && taken.confidence[i] == 0.0, "{pixel:?}: {depth}");
                    continue;
                }
                assert!(
                    (f64::from(*depth) - wanted).abs() < 1e-6 * wanted,
                    "{size_px:?}, picture {picture}, {pixel:?}: {depth} for {wanted} on solid {on}"
                );
                assert!((0.5..1.0).contains(&taken.confidence[i]));
            }
            assert!(without > 20, "{size_px:?}: {without} pixels without depth");
        }
    }
}

#[test]
fn without_gaps_every_pixel_has_a_depth() {
    let size_px = [160, 120];
    let mut eyes = Eyes::new(TablePlan {
        with_gaps: false,
        ..plan(size_px)
    })
    .unwrap();
    let taken = take(&mut eyes, size_px, 3);
    assert!(taken.depth.iter().all(|depth| *depth > 0.2 && *depth < 4.0));
    assert!(taken.confidence.iter().all(|sure| *sure > 0.5 && *sure < 1.0));
}

#[test]
fn confidence_falls_with_the_square_of_the_distance_and_is_nothing_where_there_is_no_depth() {
    assert_eq!(confidence(0.0), 1.0);
    assert_eq!(confidence(2.0), 1.0 / 1.2);
    assert_eq!(confidence(f32::NAN), 0.0);
}

#[test]
fn drawing_only_what_moves_is_as_good_as_drawing_all() {
    let size_px = [640, 360];
    let plan = plan(size_px);
    let still = Still::new(plan.family, &plan.tags, plan.tag_side_m, true).unwrap();
    let view = View::new(size_px, plan.camera().unwrap().intrinsics, left_from_scene());
    let background = Background::new(&view, &standing(&still, &view));
    let mut painter = Painter::default();
    for second in [0.0, 1.7, 3.9, 5.0, 8.3] {
        let solids = Moving::new(0).at(second);
        let (mut rgb, mut depth) = (background.rgb.clone(), background.depth.clone());
        let canvas = Canvas {
            rgb: &mut rgb,
            depth: &mut depth,
            confidence: &mut [],
        };
        painter.draw(&view, &background, &still, &solids, canvas);
        let mut everything = Still::new(plan.family, &plan.tags, plan.tag_side_m, true).unwrap();
        everything.solids.extend(solids);
        let whole = Background::new(&view, &standing(&everything, &view));
        let bits = |depth: &[f32]| depth.iter().map(|z| z.to_bits()).collect::<Vec<u32>>();
        assert!(bits(&depth) == bits(&whole.depth), "depth after {second} s");
        assert!(bits(&depth) != bits(&background.depth), "something moves at {second} s");
        // Edges are the mean of fewer places here.
        let off = |limit: u8| {
            rgb.iter()
                .zip(&whole.rgb)
                .filter(|(a, b)| a.abs_diff(**b) > limit)
                .count()
        };
        assert!(off(2) < rgb.len() / 200, "{} values after {second} s", off(2));
        assert!(off(60) < 20, "{} values after {second} s are far off", off(60));
    }
}

#[test]
fn shadows_of_what_moves_stay_on_the_table() {
    for tenth in 0..1000 {
        for solid in Moving::new(3).at(f64::from(tenth) / 10.0) {
            for corner in solid.corners() {
                let down = sub(corner, scale(light(), corner[2] / light()[2]));
                assert!(
                    down[0].abs() < TABLE_HALF[0] && down[1].abs() < TABLE_HALF[1],
                    "{down:?}"
                );
            }
        }
    }
}

#[test]
fn what_moves_touches_nothing_and_stays_in_the_picture() {
    let plan = plan([320, 180]);
    let still = Still::new(plan.family, &[0, 1, 2, 3], super::LARGEST_TAG_M, true).unwrap();
    let camera = plan.camera().unwrap();
    for tenth in 0..800 {
        let solids = Moving::new(1).at(f64::from(tenth) / 10.0);
        for solid in &solids {
            let middle = solid.scene_from_solid.translation;
            let [u, v] = camera.project(left_from_scene().apply(middle)).unwrap();
            assert!((0.0..320.0).contains(&u) && (0.0..180.0).contains(&v), "{u} {v}");
            for corner in solid.corners() {
                // All but the table that they stand on.
                let least = still.solids[1..]
                    .iter()
                    .map(|other| distance(other, corner))
                    .fold(f64::INFINITY, f64::min);
                assert!(least > 0.01, "{least} m at {tenth}");
            }
        }
    }
}

#[test]
fn a_point_seen_by_one_eye_has_the_same_colour_in_the_other() {
    let size_px = [640, 360];
    let plan = plan(size_px);
    let (focal, baseline_m) = (plan.camera().unwrap().intrinsics.fx, plan.baseline_m);
    let taken = take(&mut Eyes::new(plan).unwrap(), size_px, 20);
    let mut differences = Vec::new();
    for (i, depth) in taken.depth.iter().enumerate().filter(|(_, depth)| !depth.is_nan()) {
        let (x, y) = (i % 640, i / 640);
        // A rectified pair: only the column changes.
        let in_right = x as f64 + 0.5 - focal * baseline_m / f64::from(*depth);
        if in_right >= 0.0 {
            let other = y * 640 + in_right as usize;
            differences.push(taken.rgb[3 * i + 1].abs_diff(taken.right[3 * other + 1]));
        }
    }
    assert!(differences.len() > 150_000);
    differences.sort_unstable();
    let share = |part: f64| differences[(part * differences.len() as f64) as usize];
    assert!(share(0.5) <= 4 && share(0.85) <= 25, "{} {}", share(0.5), share(0.85));
}

#[test]
fn a_capture_is_the_same_whichever_came_before_and_whatever_else_is_wanted() {
    let size_px = [201, 151];
    let (mut one, mut other) = (Eyes::new(plan(size_px)).unwrap(), Eyes::new(plan(size_px)).unwrap());
    for picture in 0..6 {
        take(&mut one, size_px, picture);
    }
    let (a, b) = (take(&mut one, size_px, 4), take(&mut other, size_px, 4));
    assert!(a.rgb == b.rgb && a.right == b.right);
    let mut alone = vec![0; 3 * 201 * 151];
    let mut capture = Capture {
        rgb: &mut alone,
        ..Capture::default()
    };
    other.draw(4, &mut capture);
    assert!(alone == a.rgb);
    let mut elsewhere = Eyes::new(TablePlan {
        seed: 1,
        ..plan(size_px)
    })
    .unwrap();
    assert!(take(&mut elsewhere, size_px, 4).rgb != a.rgb);
}

#[test]
fn the_detector_finds_the_true_tags_and_depth_agrees_with_their_poses() {
    let size_px = [1280, 720];
    let plan = plan(size_px);
    let (camera, side_m) = (plan.camera().unwrap(), plan.tag_side_m);
    let mut eyes = Eyes::new(plan).unwrap();
    let taken = take(&mut eyes, size_px, 11);
    let truth = eyes.truth(11, "table");
    let green: Vec<u8> = taken.rgb.chunks_exact(3).map(|pixel| pixel[1]).collect();
    let view = GrayView {
        bytes: &green,
        width_px: 1280,
        height_px: 720,
        stride_bytes: 1280,
    };
    let found = CDetector::new(&DetectorSettings::default())
        .unwrap()
        .detect(view)
        .unwrap();
    assert_eq!(truth.items.iter().map(|tag| tag.id).collect::<Vec<_>>(), [0, 1]);
    for tag in &truth.items {
        let detected = found.iter().find(|found| found.id == tag.id).unwrap();
        for ([ax, ay], [bx, by]) in tag.corners.iter().zip(detected.corners_px) {
            assert!(
                (ax - bx).hypot(ay - by) < 0.3,
                "tag {}: {ax} {ay} for {bx} {by}",
                tag.id
            );
        }
        let pose = tag_pose(&detected.corners_px, side_m, &camera)
            .unwrap()
            .best
            .camera_from_tag;
        let [u, v] = camera.project(pose.translation_m()).unwrap();
        let depth = f64::from(taken.depth[v as usize * 1280 + u as usize]);
        let z = pose.translation_m()[2];
        assert!(
            (z / depth - 1.0).abs() < 0.01,
            "tag {}: {z} m by its pose, {depth} m by depth",
            tag.id
        );
        let exact = tag.pose.unwrap().translation[2];
        assert!(
            (exact / depth - 1.0).abs() < 0.002,
            "tag {}: {exact} m is true, {depth} m by depth",
            tag.id
        );
    }
}

#[test]
fn a_tag_behind_something_is_not_in_the_truth() {
    let plan = plan([640, 360]);
    let camera = plan.camera().unwrap();
    let still = Still::new(plan.family, &plan.tags, plan.tag_side_m, false).unwrap();
    let view = View::new(plan.size_px, camera.intrinsics, left_from_scene());
    let ids = |solids: &[Solid]| -> Vec<u32> {
        let items = truth("table", &still, solids, &view, &camera).items;
        items.iter().map(|tag| tag.id).collect()
    };
    assert_eq!(ids(&[]), [0, 1]);
    let (_, flat) = &still.decals[1];
    let above = add(flat.square.point([0.5, 0.5]), [0.0, 0.0, 0.05]);
    let [_, _, mut ball] = Moving::new(0).at(0.0);
    ball.scene_from_solid.translation = above;
    assert_eq!(ids(&[ball]), [0]);
}
