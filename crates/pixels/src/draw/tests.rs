use super::*;
use crate::image::Image;
use crate::rgb::to_rgb8;

const WHITE: Paint = Paint::solid([255; 3]);

/// What is drawn on a black picture, `.` nothing, `#` all, else the tenth that is covered.
fn drawn([width, height]: [u32; 2], draw: impl FnOnce(&mut Canvas<'_>)) -> Vec<String> {
    let mut pixels = vec![0; (width * height) as usize];
    let planes = [&mut pixels[..]];
    let mut canvas = Canvas::new(PixelFormat::Gray8, width, height, ColorSpace::JPEG, planes).unwrap();
    draw(&mut canvas);
    let dot = |level: &u8| match level {
        0 => '.',
        255 => '#',
        level => char::from(b'0' + level / 26),
    };
    pixels
        .chunks(width as usize)
        .map(|row| row.iter().map(dot).collect())
        .collect()
}

/// A picture of one colour in any format but JPEG, and what is drawn on it, as RGB.
fn drawn_in(format: PixelFormat, [width, height]: [u32; 2], draw: impl FnOnce(&mut Canvas<'_>)) -> Vec<[u8; 3]> {
    let mut image = Image::new(format, width, height, ColorSpace::JPEG).unwrap();
    let count = format.array_names().len();
    let planes = image.planes_mut();
    let mut canvas = Canvas::new(format, width, height, ColorSpace::JPEG, planes.into_iter().take(count)).unwrap();
    canvas.rectangle(
        [0.0, 0.0, f64::from(width), f64::from(height)],
        Paint::solid([40, 40, 40]),
    );
    draw(&mut canvas);
    let rgb = to_rgb8(&image.view()).unwrap();
    rgb.bytes().chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect()
}

const FORMATS: [PixelFormat; 6] = [
    PixelFormat::I420,
    PixelFormat::Nv12,
    PixelFormat::Yuyv,
    PixelFormat::Rgb8,
    PixelFormat::Bgr8,
    PixelFormat::Gray8,
];

#[test]
fn a_rectangle_covers_whole_pixels_wholly_and_half_pixels_by_half() {
    let whole = drawn([6, 4], |canvas| canvas.rectangle([1.0, 1.0, 4.0, 3.0], WHITE));
    assert_eq!(whole, ["......", ".###..", ".###..", "......"]);
    let half = drawn([6, 3], |canvas| canvas.rectangle([0.5, 0.0, 3.0, 1.5], WHITE));
    assert_eq!(half, ["4##...", "244...", "......"]);
}

#[test]
fn lines_are_as_wide_as_said_and_meet_in_whole_corners() {
    let across = drawn([7, 4], |canvas| canvas.line([2.0, 2.0], [5.0, 2.0], 2.0, WHITE));
    assert_eq!(across, [".......", ".#####.", ".#####.", "......."]);
    let square = [[2.0, 2.0], [6.0, 2.0], [6.0, 6.0], [2.0, 6.0]];
    let outline = drawn([8, 8], |canvas| canvas.outline(&square, 2.0, WHITE));
    assert_eq!(
        outline,
        [
            "........", ".######.", ".######.", ".##..##.", ".##..##.", ".######.", ".######.", "........"
        ]
    );
    let dot = drawn([4, 4], |canvas| canvas.line([2.0, 2.0], [2.0, 2.0], 2.0, WHITE));
    assert_eq!(dot, ["....", ".##.", ".##.", "...."]);
}

#[test]
fn a_circle_is_hollow_and_a_disc_is_not() {
    let circle = drawn([9, 9], |canvas| canvas.circle([4.5, 4.5], 3.5, 1.0, WHITE));
    assert_eq!(circle[4].chars().nth(4), Some('.'));
    assert_eq!(circle[4].chars().next(), Some(circle[4].chars().nth(8).unwrap()));
    assert_ne!(circle[4].chars().next(), Some('.'));
    let disc = drawn([9, 9], |canvas| canvas.disc([4.5, 4.5], 3.0, WHITE));
    assert_eq!(disc[4].chars().nth(4), Some('#'));
    assert_eq!(disc[0], ".........");
}

#[test]
fn a_mask_is_laid_where_it_is_told_and_cut_off_at_the_border() {
    let mut mask = Mask::new(3, 2);
    for (x, y) in [(0, 0), (1, 0), (2, 0), (1, 1), (9, 0), (0, 9)] {
        mask.cover(x, y, 255);
    }
    assert_eq!((mask.width(), mask.height()), (3, 2));
    let at = |place: [i32; 2]| drawn([5, 3], |canvas| canvas.mask(&mask, place, WHITE));
    assert_eq!(at([1, 1]), [".....", ".###.", "..#.."]);
    assert_eq!(at([-1, -1]), ["#....", ".....", "....."]);
    assert_eq!(at([4, 2]), [".....", ".....", "....#"]);
    for far in [[i32::MIN, 0], [i32::MAX, i32::MAX], [0, 3], [5, 0], [-3, 0]] {
        assert_eq!(at(far), [".....", ".....", "....."], "{far:?}");
    }
}

#[test]
fn a_colour_is_the_same_in_every_format() {
    let orange = [255, 160, 40];
    for format in FORMATS {
        for size in [[8, 6], [7, 5]] {
            let right = f64::from(size[0]);
            let bottom = f64::from(size[1]);
            let pixels = drawn_in(format, size, |canvas| {
                canvas.rectangle([4.0, 2.0, right, bottom], Paint::solid(orange));
            });
            for (index, pixel) in pixels.iter().enumerate() {
                let (x, y) = (index as u32 % size[0], index as u32 / size[0]);
                let wanted = match (x >= 4 && y >= 2, format) {
                    (false, _) => [40; 3],
                    (true, PixelFormat::Gray8) => [175; 3],
                    (true, _) => orange,
                };
                let is_near = pixel.iter().zip(wanted).all(|(got, wanted)| got.abs_diff(wanted) <= 2);
                assert!(is_near, "{format} {size:?}: ({x}, {y}) is {pixel:?}, wanted {wanted:?}");
            }
        }
    }
}

#[test]
fn paint_that_is_half_opaque_lets_half_of_the_picture_through() {
    let paint = Paint {
        rgb: [240; 3],
        opacity: 128,
    };
    for format in FORMATS {
        let pixels = drawn_in(format, [4, 4], |canvas| canvas.rectangle([0.0, 0.0, 4.0, 4.0], paint));
        assert!(
            pixels.iter().flatten().all(|value| (138..=142).contains(value)),
            "{format}: {pixels:?}"
        );
    }
}

#[test]
fn absurd_coordinates_draw_nothing_or_what_of_them_is_inside_and_end_soon() {
    let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, f64::MAX, 1e7];
    for format in FORMATS {
        drawn_in(format, [33, 17], |canvas| {
            for a in bad {
                canvas.line([a, 1.0], [3.0, a], 2.0, WHITE);
                canvas.line([1.0, 1.0], [3.0, 3.0], a, WHITE);
                canvas.polygon(&[[a, a], [1.0, 2.0], [5.0, 9.0], [2.0, a]], WHITE);
                canvas.circle([a, 3.0], 4.0, 1.0, WHITE);
                canvas.circle([3.0, 3.0], a, a, WHITE);
                canvas.disc([3.0, 3.0], a, WHITE);
                canvas.rectangle([a, 0.0, 5.0, a], WHITE);
            }
            canvas.polygon(&[], WHITE);
            canvas.polygon(&[[1.0, 1.0], [2.0, 2.0]], WHITE);
        });
    }
    let far = drawn([4, 3], |canvas| canvas.line([-9e5, 1.5], [9e5, 1.5], 1.0, WHITE));
    assert_eq!(far, ["....", "####", "...."]);
    let around = drawn([3, 2], |canvas| canvas.rectangle([-5e5, -5e5, 5e5, 5e5], WHITE));
    assert_eq!(around, ["###", "###"]);
}

#[test]
fn planes_that_do_not_fit_the_size_are_refused() {
    let mut bytes = [0; 100];
    let short = Canvas::new(PixelFormat::Gray8, 20, 20, ColorSpace::JPEG, [&mut bytes[..]]);
    assert!(
        matches!(short, Err(ViewError::ShortPlane { needed_bytes: 400, .. })),
        "{short:?}"
    );
    let missing = Canvas::new(PixelFormat::I420, 8, 8, ColorSpace::JPEG, [&mut bytes[..]]);
    assert!(
        matches!(
            missing,
            Err(ViewError::PlaneCount {
                needed: 3,
                given: 1,
                ..
            })
        ),
        "{missing:?}"
    );
    let jpeg = Canvas::new(PixelFormat::Jpeg, 8, 8, ColorSpace::JPEG, [&mut bytes[..]]);
    assert!(matches!(jpeg, Err(ViewError::PlaneCount { .. })), "{jpeg:?}");
}

mod with_any_numbers {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_that_is_drawn_panics(
            size in (1_u32..40, 1_u32..40),
            format in 0..FORMATS.len(),
            corners in proptest::collection::vec([-60.0..100.0_f64, -60.0..100.0_f64], 0..9),
            place in [-50..50_i32, -50..50_i32],
            mask_size in (0_usize..20, 0_usize..20),
        ) {
            drawn_in(FORMATS[format], [size.0, size.1], |canvas| {
                canvas.polygon(&corners, WHITE);
                canvas.outline(&corners, 1.5, Paint { rgb: [9, 200, 3], opacity: 77 });
                let mut mask = Mask::new(mask_size.0, mask_size.1);
                mask.cover(0, 0, 200);
                canvas.mask(&mask, place, WHITE);
            });
        }
    }
}
