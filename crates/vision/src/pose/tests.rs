use super::*;
use crate::camera::{Distortion, Intrinsics, tests::lenses};
use crate::noise::Noise;
use proptest::prelude::*;

const SIDE_M: f64 = 0.165;

fn camera(distortion: Distortion) -> CameraModel {
    let intrinsics = Intrinsics {
        fx: 914.0,
        fy: 911.0,
        cx: 642.5,
        cy: 355.5,
    };
    CameraModel::new(1280, 720, intrinsics, distortion).unwrap()
}

fn seen(camera: &CameraModel, camera_from_tag: &Transform) -> [[f64; 2]; 4] {
    tag_corners_m(SIDE_M).map(|corner| camera.project(camera_from_tag.apply(corner)).unwrap())
}

fn pose_of(yaw_deg: f64, pitch_deg: f64, roll_deg: f64, t: [f64; 3]) -> Transform {
    let angles = Angles {
        yaw_deg,
        pitch_deg,
        roll_deg,
    };
    Transform::from_angles(angles, t)
}

#[test]
fn a_tag_that_faces_the_camera_upright_has_no_angles() {
    let camera = camera(Distortion::None);
    // 2 m ahead, 0.5 m to the right, 0.2 m up: 0.165 m are 75.4 px wide there.
    let poses = tag_pose(
        &seen(&camera, &pose_of(0.0, 0.0, 0.0, [0.5, -0.2, 2.0])),
        SIDE_M,
        &camera,
    )
    .unwrap();
    let Angles {
        yaw_deg,
        pitch_deg,
        roll_deg,
    } = poses.best.camera_from_tag.angles();
    assert!([yaw_deg, pitch_deg, roll_deg].iter().all(|angle| angle.abs() < 1e-3));
    let [x, y, z] = poses.best.camera_from_tag.translation_m();
    assert!((x - 0.5).abs() < 1e-6 && (y + 0.2).abs() < 1e-6 && (z - 2.0).abs() < 1e-6);
    assert!(poses.best.error_px < 1e-6);
}

#[test]
fn the_tag_turned_to_its_right_has_positive_yaw_and_its_mirror_is_the_alternative() {
    let camera = camera(Distortion::None);
    let truth = pose_of(35.0, 0.0, 0.0, [0.0, 0.0, 1.5]);
    let poses = tag_pose(&seen(&camera, &truth), SIDE_M, &camera).unwrap();
    assert!((poses.best.camera_from_tag.angles().yaw_deg - 35.0).abs() < 1e-6);
    let other = poses.alternative.unwrap();
    assert!((other.camera_from_tag.angles().yaw_deg + 35.0).abs() < 3.0, "{other:?}");
    assert!(other.error_px > 0.5 && poses.ambiguity < 1e-6);
}

#[test]
fn corners_that_are_no_square_are_an_error() {
    let camera = camera(Distortion::None);
    let good = [[600.0, 400.0], [700.0, 400.0], [700.0, 300.0], [600.0, 300.0]];
    assert!(tag_pose(&good, SIDE_M, &camera).is_ok());
    let on_a_line = [[600.0, 400.0], [650.0, 400.0], [700.0, 400.0], [600.0, 300.0]];
    let one_point = [[600.0, 400.0]; 4];
    let mirrored = [good[1], good[0], good[3], good[2]];
    let crossed = [good[0], good[2], good[1], good[3]];
    let not_a_number = [[f64::NAN, 400.0], good[1], good[2], good[3]];
    let endless = [[f64::INFINITY, 400.0], good[1], good[2], good[3]];
    for corners in [on_a_line, one_point, mirrored, crossed, not_a_number, endless] {
        assert_eq!(
            tag_pose(&corners, SIDE_M, &camera),
            Err(PoseError::Corners),
            "{corners:?}"
        );
    }
    for side_m in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = tag_pose(&good, side_m, &camera).unwrap_err();
        assert!(error.to_string().starts_with("pose: the tag's side is"));
    }
    let folded = self::camera(Distortion::Pinhole5([-0.9, 0.0, 0.0, 0.0, 0.0]));
    let corner = [[1200.0, 700.0], [1270.0, 700.0], [1270.0, 640.0], [1200.0, 640.0]];
    assert!(matches!(
        tag_pose(&corner, SIDE_M, &folded),
        Err(PoseError::OutsideLens { .. })
    ));
}

/// Errors over tags of 24 to 240 px, 0 to 65 degrees from the line of sight, 0.1 px of noise: (rotation in degrees, share of distance).
fn errors(lens: Distortion, tags: usize) -> (Vec<f64>, Vec<f64>) {
    let camera = camera(lens);
    let mut noise = Noise::new(5);
    let (mut turned_deg, mut off_share) = (Vec::new(), Vec::new());
    while turned_deg.len() < tags {
        let width_px = 24.0 * 10f64.powf(noise.between(0.0, 1.0));
        let z = camera.intrinsics.fx * SIDE_M / width_px;
        let (u, v) = (noise.between(-0.45, 0.45), noise.between(-0.25, 0.25));
        let tilt = noise.between(0.0, 65.0);
        let round = noise.between(0.0, std::f64::consts::TAU);
        let truth = pose_of(
            tilt * round.cos(),
            tilt * round.sin(),
            noise.between(-180.0, 180.0),
            [u * z, v * z, z],
        );
        let corners = seen(&camera, &truth).map(|[x, y]| [x + 0.1 * noise.normal(), y + 0.1 * noise.normal()]);
        let Ok(poses) = tag_pose(&corners, SIDE_M, &camera) else {
            continue;
        };
        // Which of the two is right is another question: the nearer one is judged here.
        let off = |pose: &TagPose| (truth.inverse() * pose.camera_from_tag).rotation_angle_deg();
        let best = std::iter::once(poses.best)
            .chain(poses.alternative)
            .min_by(|a, b| off(a).total_cmp(&off(b)))
            .unwrap();
        let [x, y, depth] = best.camera_from_tag.translation_m();
        turned_deg.push(off(&best));
        off_share.push((x - u * z).hypot(y - v * z).hypot(depth - z) / z);
    }
    turned_deg.sort_by(f64::total_cmp);
    off_share.sort_by(f64::total_cmp);
    (turned_deg, off_share)
}

#[test]
fn poses_of_noisy_corners_are_near_the_truth_through_every_lens() {
    for lens in lenses() {
        let (turned_deg, off_share) = errors(lens, 400);
        assert!(
            turned_deg[200] < 0.6,
            "{lens:?}: half within {} degrees",
            turned_deg[200]
        );
        assert!(
            turned_deg[360] < 4.0,
            "{lens:?}: nine of ten within {} degrees",
            turned_deg[360]
        );
        assert!(
            off_share[200] < 0.0025,
            "{lens:?}: half within {} of the distance",
            off_share[200]
        );
    }
}

proptest! {
    #[test]
    fn exact_corners_give_the_exact_pose(yaw in -60f64..60.0, pitch in -45f64..45.0, roll in -180f64..180.0,
                                         u in -0.5f64..0.5, v in -0.3f64..0.3, z in 0.3f64..4.0) {
        let truth = pose_of(yaw, pitch, roll, [u * z, v * z, z]);
        // Seen from the front only.
        let facing = truth.rotation()[0][2] * u + truth.rotation()[1][2] * v + truth.rotation()[2][2];
        prop_assume!(facing > 0.3);
        for lens in lenses() {
            let camera = camera(lens);
            let poses = tag_pose(&seen(&camera, &truth), SIDE_M, &camera).unwrap();
            let between = truth.inverse() * poses.best.camera_from_tag;
            prop_assert!(poses.best.error_px < 1e-5, "{} px", poses.best.error_px);
            prop_assert!(between.rotation_angle_deg() < 0.02, "{lens:?}: {} degrees", between.rotation_angle_deg());
            prop_assert!(between.translation_m().iter().all(|v| v.abs() < 1e-4 * z));
        }
    }

    #[test]
    fn any_corners_give_finite_poses_or_an_error(corners in prop::array::uniform4(prop::array::uniform2(-3000f64..3000.0)), k in prop::array::uniform8(-2f64..2.0)) {
        for lens in [Distortion::None, Distortion::Rational8(k), Distortion::Fisheye4([k[0], k[1], k[2], k[3]])] {
            if let Ok(poses) = tag_pose(&corners, SIDE_M, &camera(lens)) {
                for pose in std::iter::once(poses.best).chain(poses.alternative) {
                    prop_assert!(pose.camera_from_tag.is_finite() && pose.error_px.is_finite());
                }
                prop_assert!((0.0..=1.0).contains(&poses.ambiguity));
            }
        }
    }
}
