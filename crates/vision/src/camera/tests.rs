use super::*;
use proptest::prelude::*;

/// One lens of each model, with coefficients of real cameras' size.
pub(crate) fn lenses() -> [Distortion; 4] {
    [
        Distortion::None,
        Distortion::Pinhole5([-0.31, 0.11, 0.0008, -0.0012, -0.02]),
        Distortion::Rational8([0.9, 0.3, 0.0004, -0.0007, 0.02, 1.2, 0.5, 0.05]),
        Distortion::Fisheye4([-0.02, 0.006, -0.003, 0.0005]),
    ]
}

fn camera(distortion: Distortion) -> CameraModel {
    let intrinsics = Intrinsics {
        fx: 910.0,
        fy: 905.0,
        cx: 642.5,
        cy: 355.5,
    };
    CameraModel::new(1280, 720, intrinsics, distortion).unwrap()
}

#[test]
fn a_point_on_the_axis_is_the_principal_point() {
    for lens in lenses() {
        assert_eq!(camera(lens).project([0.0, 0.0, 2.0]), Some([642.5, 355.5]), "{lens:?}");
    }
}

#[test]
fn a_point_beside_or_behind_the_camera_has_no_pixel() {
    for z in [0.0, -1.0, f64::NAN] {
        assert_eq!(camera(Distortion::None).project([0.1, 0.1, z]), None);
    }
}

#[test]
fn the_five_coefficients_stand_in_opencvs_order() {
    // By hand: x = 0.2, y = -0.1, r² = 0.05.
    let radial = 1.0 + 0.1 * 0.05 + 0.01 * 0.05 * 0.05 + 0.001 * 0.05_f64.powi(3);
    let expected_x = 0.2 * radial + 2.0 * 0.003 * 0.2 * -0.1 + 0.004 * (0.05 + 2.0 * 0.04);
    let expected_y = -0.1 * radial + 0.003 * (0.05 + 2.0 * 0.01) + 2.0 * 0.004 * 0.2 * -0.1;
    let [x, y] = Distortion::Pinhole5([0.1, 0.01, 0.003, 0.004, 0.001]).distort([0.2, -0.1]);
    assert!((x - expected_x).abs() < 1e-15 && (y - expected_y).abs() < 1e-15);
}

#[test]
fn a_folded_lens_gives_no_direction_beyond_its_fold() {
    // x (1 - 0.5 x²) never exceeds 0.5443.
    let lens = Distortion::Pinhole5([-0.5, 0.0, 0.0, 0.0, 0.0]);
    assert!(lens.undistort([0.54, 0.0]).is_some());
    assert_eq!(lens.undistort([0.55, 0.0]), None);
    assert_eq!(lens.undistort([f64::NAN, 0.0]), None);
    assert_eq!(
        Distortion::Fisheye4([0.0; 4]).undistort([1.6, 0.0]),
        None,
        "more than a right angle from the axis"
    );
}

#[test]
fn scaling_keeps_directions_and_refuses_another_aspect() {
    let full = camera(lenses()[1]);
    let half = full.scaled_to(640, 360).unwrap();
    let point = [0.3, -0.2, 1.5];
    let ([u, v], [half_u, half_v]) = (full.project(point).unwrap(), half.project(point).unwrap());
    assert!((u / 2.0 - half_u).abs() < 1e-12 && (v / 2.0 - half_v).abs() < 1e-12);
    let error = full.scaled_to(640, 480).unwrap_err().to_string();
    assert_eq!(
        error,
        "camera: its calibration is for 1280x720, which does not scale to 640x480: the aspect differs; \
         calibrate at that size, or ask the camera for a size of the same aspect"
    );
    assert!(full.scaled_to(854, 480).is_ok(), "480p is a pixel wider than 16:9");
}

#[test]
fn a_guess_from_the_field_of_view_says_that_it_is_one() {
    let guess = CameraModel::from_fov(1280, 720, 90.0).unwrap();
    assert!(guess.guessed);
    assert!((guess.intrinsics.fx - 640.0).abs() < 1e-9);
    assert_eq!((guess.intrinsics.cx, guess.intrinsics.cy), (640.0, 360.0));
    for degrees in [0.0, 180.0, -70.0, f64::NAN] {
        assert!(CameraModel::from_fov(1280, 720, degrees).is_err());
    }
}

#[test]
fn impossible_numbers_are_refused_by_name() {
    let good = camera(Distortion::None).intrinsics;
    let bad = |intrinsics, distortion| {
        CameraModel::new(1280, 720, intrinsics, distortion)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        bad(Intrinsics { fy: -1.0, ..good }, Distortion::None),
        "camera: fy is -1, a focal length must be a positive number of pixels"
    );
    assert_eq!(
        bad(
            Intrinsics {
                cx: f64::INFINITY,
                ..good
            },
            Distortion::None
        ),
        "camera: cx is inf, it must be a finite number"
    );
    assert!(bad(good, Distortion::Fisheye4([f64::NAN; 4])).contains("distortion coefficient"));
    assert!(CameraModel::new(0, 720, good, Distortion::None).is_err());
}

#[test]
fn the_wire_form_is_flat_and_comes_back() {
    for lens in lenses() {
        let sent = camera(lens);
        let text = serde_json::to_string(&sent).unwrap();
        assert_eq!(serde_json::from_str::<CameraModel>(&text).unwrap(), sent);
    }
    assert_eq!(
        serde_json::to_string(&camera(Distortion::Fisheye4([0.1, 0.0, 0.0, 0.0]))).unwrap(),
        r#"{"width_px":1280,"height_px":720,"fx":910.0,"fy":905.0,"cx":642.5,"cy":355.5,"model":"fisheye","distortion":[0.1,0.0,0.0,0.0],"guessed":false}"#
    );
    let wrong = r#"{"width_px":1280,"height_px":720,"fx":0,"fy":1,"cx":1,"cy":1,"model":"pinhole"}"#;
    assert!(
        serde_json::from_str::<CameraModel>(wrong)
            .unwrap_err()
            .to_string()
            .contains("fx is 0")
    );
}

proptest! {
    #[test]
    fn what_the_lens_bends_is_bent_back(x in -0.6f64..0.6, y in -0.4f64..0.4) {
        for lens in lenses() {
            let [back_x, back_y] = lens.undistort(lens.distort([x, y])).unwrap();
            prop_assert!((back_x - x).abs() < 1e-9 && (back_y - y).abs() < 1e-9, "{lens:?}");
        }
    }

    #[test]
    fn the_jacobian_is_the_slope(x in -0.6f64..0.6, y in -0.4f64..0.4) {
        let step = 1e-6;
        for lens in lenses() {
            let found = lens.distort_with_jacobian([x, y]).jacobian;
            for j in 0..2 {
                let (mut ahead, mut behind) = ([x, y], [x, y]);
                ahead[j] += step;
                behind[j] -= step;
                let (a, b) = (lens.distort(ahead), lens.distort(behind));
                for i in 0..2 {
                    let slope = (a[i] - b[i]) / (2.0 * step);
                    prop_assert!((found[i][j] - slope).abs() < 1e-6, "{lens:?} {i} {j}: {} or {slope}", found[i][j]);
                }
            }
        }
    }

    #[test]
    fn any_lens_gives_a_finite_direction_or_none(k in prop::array::uniform8(-50f64..50.0), x in -3f64..3.0, y in -3f64..3.0) {
        for lens in [Distortion::Rational8(k), Distortion::Fisheye4([k[0], k[1], k[2], k[3]])] {
            if let Some(ideal) = lens.undistort([x, y]) {
                let [again_x, again_y] = lens.distort(ideal);
                prop_assert!((again_x - x).abs() < 1e-6 && (again_y - y).abs() < 1e-6);
            }
        }
    }
}
