use super::*;
use crate::camera::{Distortion, Intrinsics, tests::lenses};
use proptest::prelude::*;

fn camera(size_px: [u32; 2], distortion: Distortion) -> CameraModel {
    let [width, height] = size_px;
    let intrinsics = Intrinsics {
        fx: 0.7 * f64::from(width),
        fy: 0.72 * f64::from(width),
        cx: 0.51 * f64::from(width),
        cy: 0.48 * f64::from(height),
    };
    CameraModel::new(width, height, intrinsics, distortion).unwrap()
}

#[test]
fn points_are_where_hand_and_ruler_put_them() {
    // The axis goes through the corner that all four pixels share, so their centres are half a pixel off it.
    let intrinsics = Intrinsics {
        fx: 2.0,
        fy: 4.0,
        cx: 1.0,
        cy: 1.0,
    };
    let camera = CameraModel::new(2, 2, intrinsics, Distortion::None).unwrap();
    let mut points = [0.0; 12];
    points_from_depth(&[1.0, 2.0, 4.0, 8.0], 2, &camera, &mut points).unwrap();
    assert_eq!(
        points,
        [-0.25, -0.125, 1.0, 0.5, -0.25, 2.0, -1.0, 0.5, 4.0, 2.0, 1.0, 8.0]
    );
}

#[test]
fn padding_between_rows_is_left_out() {
    let unprojection = Unprojection::new(&camera([3, 2], Distortion::None));
    let (depth, rgb) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (0..18).collect::<Vec<u8>>());
    let (padded, padded_rgb) = (
        [1.0, 2.0, 3.0, -9.0, -9.0, 4.0, 5.0, 6.0],
        [&rgb[..9], &[99, 99], &rgb[9..]].concat(),
    );
    let (mut points, mut colors) = ([[0.0; 18]; 2], [[0; 18]; 2]);
    unprojection
        .colored_points(Rows::new(&depth, 3), Rows::new(&rgb, 9), &mut points[0], &mut colors[0])
        .unwrap();
    unprojection
        .colored_points(
            Rows::new(&padded, 5),
            Rows::new(&padded_rgb, 11),
            &mut points[1],
            &mut colors[1],
        )
        .unwrap();
    assert_eq!(points[0], points[1]);
    assert_eq!(colors[0], colors[1]);
    assert_eq!(colors[0][..], rgb);
}

#[test]
fn where_the_depth_is_not_known_the_point_is_not_or_is_left_out() {
    for lens in lenses() {
        let unprojection = Unprojection::new(&camera([4, 1], lens));
        let depth = [f32::NAN, 2.0, f32::INFINITY, 0.0];
        let rgb = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        let mut points = [0.0; 12];
        unprojection.points(Rows::new(&depth, 4), &mut points).unwrap();
        assert!(points[..3].iter().all(|v| v.is_nan()), "{lens:?}");
        let known = unprojection
            .known_points(Rows::new(&depth, 4), Some(Rows::new(&rgb, 12)))
            .unwrap();
        assert_eq!(known.points, points[3..6], "{lens:?}");
        assert_eq!(known.colors, [4, 5, 6], "{lens:?}");
        let without = unprojection.known_points(Rows::new(&depth, 4), None).unwrap();
        assert_eq!((without.points, without.colors), (known.points, Vec::new()));
    }
}

#[test]
fn a_pixel_to_which_the_lens_gives_no_direction_has_no_point() {
    // Folds at 0.54 of the focal length; the corners are at 0.7.
    let folded = Distortion::Pinhole5([-0.5, 0.0, 0.0, 0.0, 0.0]);
    let unprojection = Unprojection::new(&camera([32, 32], folded));
    let mut points = vec![0.0; 3 * 32 * 32];
    unprojection
        .points(Rows::new(&[1.0; 32 * 32], 32), &mut points)
        .unwrap();
    assert!(points[..3].iter().all(|v| v.is_nan()));
    let middle = 3 * (16 * 32 + 16);
    assert!(points[middle..middle + 3].iter().all(|v| v.is_finite()));
    let known = unprojection.known_points(Rows::new(&[1.0; 32 * 32], 32), None).unwrap();
    assert_eq!(
        known.points.len(),
        points.iter().filter(|v| !v.is_nan()).count(),
        "all others are there"
    );
}

#[test]
fn arrays_that_are_too_short_are_named_with_what_was_wanted() {
    let unprojection = Unprojection::new(&camera([4, 3], Distortion::None));
    let mut out = [0.0; 36];
    let told = |result: Result<(), DepthError>| result.unwrap_err().to_string();
    assert_eq!(
        told(unprojection.points(Rows::new(&[1.0; 11], 4), &mut out)),
        "points: `depth` holds 11 values, wanted at least 12 for a picture of 4x3"
    );
    assert_eq!(
        told(unprojection.points(Rows::new(&[1.0; 12], 3), &mut out)),
        "points: `depth` starts a row every 3 values, but a row has 4"
    );
    assert_eq!(
        told(unprojection.points(Rows::new(&[1.0; 12], 4), &mut out[..35])),
        "points: `points` holds 35 values, wanted at least 36 for a picture of 4x3"
    );
    let colors = |rgb: &[u8], colors: &mut [u8]| {
        let rgb = Rows::new(rgb, 12);
        unprojection.colored_points(Rows::new(&[1.0; 12], 4), rgb, &mut [0.0; 36], colors)
    };
    assert!(told(colors(&[0; 35], &mut [0; 36])).contains("`rgb` holds 35"));
    assert!(told(colors(&[0; 36], &mut [0; 35])).contains("`colors` holds 35"));
}

#[test]
fn a_direction_found_from_the_pixel_beside_it_is_the_same() {
    for lens in lenses() {
        let camera = camera([160, 90], lens);
        let unprojection = Unprojection::new(&camera);
        let mut points = vec![0.0; 3 * unprojection.pixels()];
        let depth = vec![1.0; unprojection.pixels()];
        unprojection.points(Rows::new(&depth, 160), &mut points).unwrap();
        for (i, point) in points.chunks_exact(3).enumerate() {
            let pixel = [(i % 160) as f64 + 0.5, (i / 160) as f64 + 0.5];
            let [x, y] = camera.direction(pixel).unwrap();
            assert!(
                (f64::from(point[0]) - x).abs() < 1e-6 && (f64::from(point[1]) - y).abs() < 1e-6,
                "{lens:?} at {pixel:?}"
            );
        }
    }
}

proptest! {
    #[test]
    fn each_point_is_seen_in_its_own_pixel(z in 0.05f32..30.0, width in 2u32..40, height in 2u32..40) {
        for lens in lenses() {
            let camera = camera([width, height], lens);
            let depth = vec![z; (width * height) as usize];
            let mut points = vec![0.0; 3 * depth.len()];
            points_from_depth(&depth, width as usize, &camera, &mut points).unwrap();
            for (i, point) in points.chunks_exact(3).enumerate() {
                if point[0].is_nan() {
                    continue;
                }
                let [u, v] = camera.project([point[0], point[1], point[2]].map(f64::from)).unwrap();
                let i = i as u32;
                let (x, y) = (f64::from(i % width) + 0.5, f64::from(i / width) + 0.5);
                prop_assert!((u - x).abs() < 1e-3 && (v - y).abs() < 1e-3, "{lens:?}: {u} {v} for {x} {y}");
                prop_assert_eq!(point[2], z);
            }
        }
    }
}
