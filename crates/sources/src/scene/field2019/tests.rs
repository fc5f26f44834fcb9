use super::*;
use bushbaby_pixels::Image;
use bushbaby_vision::target::{
    Filter, Grouping, HsvLimits, Limits, Meeting, Sort, Target, TargetDetector, TargetSettings,
};

fn plan(size_px: [u32; 2]) -> Plan {
    Plan {
        size_px,
        fps: 30.0,
        seed: 0,
    }
}

fn drawn(field: &mut Field, picture: u64) -> Image {
    let [width, height] = field.plan.size_px;
    let mut image = Image::new(PixelFormat::I420, width, height, ColorSpace::JPEG).unwrap();
    field.draw(picture, image.planes_mut());
    image
}

/// As `colored_target` with `model: tape2019` looks for it when nothing else is said.
fn detector() -> TargetDetector {
    TargetDetector::new(TargetSettings {
        limits: Limits::Hsv(HsvLimits {
            hue: [50, 100],
            saturation: [100, 255],
            value: [120, 255],
        }),
        filter: Filter::default(),
        grouping: Grouping::Pair {
            meeting: Meeting::Up,
            max_gap: 2.5,
        },
        sort: Sort::Largest,
        most: 20,
        corner_count: Some(4),
    })
}

fn found(field: &Field, found: &[Target]) -> Targets {
    let known = KnownTarget {
        camera: &field.camera,
        model: Some(&field.target),
        aim: Aim::Middle,
        label: None,
    };
    targets("ip", found, known)
}

#[test]
fn the_target_is_found_in_each_picture_where_it_really_is() {
    for (size_px, worst_m) in [([1280, 720], 0.05), ([640, 480], 0.05), ([320, 240], 0.15)] {
        let mut field = Field::new(plan(size_px)).unwrap();
        let mut detector = detector();
        // A minute and a half, with every third second looked at.
        for picture in (0..2_700).step_by(90) {
            let image = drawn(&mut field, picture);
            let result = found(&field, &detector.detect(&image.view()).unwrap());
            let truth = field.truth(picture, "ip");
            let [item] = result.items.as_slice() else {
                panic!("{size_px:?}, picture {picture}: {} targets", result.items.len());
            };
            let [real] = truth.items.as_slice() else {
                panic!("{size_px:?}, picture {picture}: not all of it is in the picture");
            };
            assert!(
                (item.yaw - real.yaw).abs() < 0.3 && (item.pitch - real.pitch).abs() < 0.3,
                "{item:?}, {real:?}"
            );
            let [t, real_t] = [item.pose.unwrap().translation, real.pose.unwrap().translation];
            let off_m = [0, 1, 2]
                .map(|i| t[i] - real_t[i])
                .iter()
                .map(|d| d * d)
                .sum::<f64>()
                .sqrt();
            // Farther away a pixel is more metres.
            let allowed_m = worst_m * (real_t[2] / 1.5).powi(2).max(1.0);
            assert!(
                off_m < allowed_m,
                "{size_px:?}, picture {picture}: {off_m:.3} m off at {:.2} m",
                real_t[2]
            );
        }
    }
}

#[test]
fn the_robot_comes_near_and_goes_away_without_jumps() {
    let field = Field::new(plan([640, 480])).unwrap();
    let place = |picture| field.truth(picture, "ip").items[0].pose.unwrap().translation;
    let distances: Vec<f64> = (0..1_800).map(|picture| place(picture)[2]).collect();
    let near = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let far = distances.iter().copied().fold(0.0, f64::max);
    assert!(near < 1.4 && far > 2.4, "{near} to {far} m");
    assert!(distances.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.02));
}

#[test]
fn a_picture_is_the_same_whichever_pictures_came_before() {
    let mut one = Field::new(plan([201, 151])).unwrap();
    let mut other = Field::new(plan([201, 151])).unwrap();
    (0..5).for_each(|picture| drop(drawn(&mut one, picture)));
    assert_eq!(drawn(&mut one, 7).bytes(), drawn(&mut other, 7).bytes());
    let mut elsewhere = Field::new(Plan {
        seed: 1,
        ..plan([201, 151])
    })
    .unwrap();
    assert_ne!(drawn(&mut one, 7).bytes(), drawn(&mut elsewhere, 7).bytes());
}
