use super::*;
use crate::scene::GrayImage;

fn detector(settings: &DetectorSettings) -> CDetector {
    CDetector::new(settings).unwrap()
}

/// One tag drawn upright with its left upper cell at `at_px`, `cell_px` a cell.
fn one_tag(family: Family, id: u32, cell_px: usize, at_px: [usize; 2]) -> GrayImage {
    let bitmap = TagBitmap::new(family, id).unwrap();
    let side = bitmap.side_cells() * cell_px;
    let mut image = GrayImage::new(at_px[0] + side + 40, at_px[1] + side + 30, 200);
    image.draw_tag(&bitmap, cell_px, at_px);
    image
}

#[test]
fn every_family_is_found_with_its_id_and_its_corners_in_order() {
    for family in Family::ALL {
        let settings = DetectorSettings {
            max_hamming: Some(0),
            ..DetectorSettings::for_family(family)
        };
        let mut detector = detector(&settings);
        for id in [0, 1, family.count() - 1] {
            let image = one_tag(family, id, 12, [60, 50]);
            let tags = detector.detect(image.view()).unwrap();
            let ids: Vec<u32> = tags.iter().map(|tag| tag.id).collect();
            assert_eq!(ids, [id], "{family}");
            let (first, across, _) = family.reported_square();
            let (left, top) = (60.0 + 12.0 * first as f64, 50.0 + 12.0 * first as f64);
            let side = 12.0 * across as f64;
            let upright = [
                [left, top + side],
                [left + side, top + side],
                [left + side, top],
                [left, top],
            ];
            for (found, wanted) in tags[0].corners_px.iter().zip(upright) {
                let off = (found[0] - wanted[0]).hypot(found[1] - wanted[1]);
                assert!(off < 0.15, "{family} {id}: {found:?} is {off} px from {wanted:?}");
            }
            assert_eq!((tags[0].hamming, tags[0].family), (0, family));
            assert!(tags[0].margin > 20.0);
        }
    }
}

#[test]
fn the_order_of_the_corners_turns_with_the_tag() {
    let mut detector = detector(&DetectorSettings::default());
    let upright = one_tag(Family::Tag36h11, 7, 10, [30, 40]);
    let turned = upright.turned_clockwise();
    let before = detector.detect(upright.view()).unwrap()[0].corners_px;
    let after = detector.detect(turned.view()).unwrap()[0].corners_px;
    for (a, b) in before.iter().zip(after) {
        // Clockwise: (x, y) goes to (height - y, x).
        let expected = [upright.height() as f64 - a[1], a[0]];
        assert!((expected[0] - b[0]).abs() < 0.1 && (expected[1] - b[1]).abs() < 0.1);
    }
}

#[test]
fn wrong_bits_are_counted_and_the_limit_is_kept() {
    let mut image = one_tag(Family::Tag36h11, 12, 12, [60, 50]);
    let (x, y) = (60 + 12 * 3, 50 + 12 * 4);
    for (row, column) in (0..12).flat_map(|row| (0..12).map(move |column| (row, column))) {
        image.invert(x + column, y + row);
    }
    let found = |hamming| {
        let settings = DetectorSettings {
            max_hamming: Some(hamming),
            ..DetectorSettings::default()
        };
        let tags = detector(&settings).detect(image.view()).unwrap();
        tags.iter().map(|tag| (tag.id, tag.hamming)).collect::<Vec<_>>()
    };
    assert_eq!((found(0), found(1), found(2)), (vec![], vec![(12, 1)], vec![(12, 1)]));
}

#[test]
fn small_tags_are_left_out_when_told_to() {
    let image = one_tag(Family::Tag36h11, 3, 5, [30, 30]); // 40 px
    for (min_side_px, found) in [(0.0, 1), (38.0, 1), (42.0, 0)] {
        let settings = DetectorSettings {
            min_side_px,
            ..DetectorSettings::default()
        };
        assert_eq!(
            detector(&settings).detect(image.view()).unwrap().len(),
            found,
            "{min_side_px}"
        );
    }
}

#[test]
fn decimation_and_threads_find_the_same_tag() {
    let image = one_tag(Family::Tag36h11, 99, 16, [100, 90]);
    let expected = detector(&DetectorSettings::default()).detect(image.view()).unwrap()[0];
    for (decimate, threads) in [(1.0, 4), (1.5, 1), (2.0, 1), (2.0, 3), (3.0, 2)] {
        let settings = DetectorSettings {
            decimate,
            threads,
            ..DetectorSettings::default()
        };
        let tags = detector(&settings).detect(image.view()).unwrap();
        assert_eq!(tags.len(), 1, "decimate {decimate}, {threads} threads");
        let off = (tags[0].corners_px[0][0] - expected.corners_px[0][0]).abs();
        assert!(tags[0].id == 99 && off < 0.2, "decimate {decimate}, {threads} threads");
    }
}

#[test]
fn a_stride_wider_than_the_picture_changes_nothing() {
    let image = one_tag(Family::Tag36h11, 5, 10, [30, 30]);
    let (width, height) = (image.width(), image.height());
    let mut wide = Vec::new();
    for row in image.view().bytes.chunks(width) {
        wide.extend_from_slice(row);
        wide.resize(wide.len() + 37, 255);
    }
    wide.truncate((width + 37) * (height - 1) + width);
    let view = GrayView {
        bytes: &wide,
        stride_bytes: width + 37,
        ..image.view()
    };
    let mut detector = detector(&DetectorSettings::default());
    assert_eq!(detector.detect(view).unwrap(), detector.detect(image.view()).unwrap());
}

#[test]
fn every_small_size_gives_an_empty_list() {
    for (decimate, threads) in [(1.0, 1), (2.0, 3), (1.5, 2), (8.0, 1)] {
        let settings = DetectorSettings {
            decimate,
            threads,
            ..DetectorSettings::default()
        };
        let mut detector = detector(&settings);
        let stripes: Vec<u8> = (0..40 * 40).map(|i| if i % 2 == 0 { 255 } else { 0 }).collect();
        for (width_px, height_px) in (1..=24).flat_map(|w| (1..=24).map(move |h| (w, h))) {
            let view = GrayView {
                bytes: &stripes,
                width_px,
                height_px,
                stride_bytes: width_px as usize,
            };
            assert_eq!(detector.detect(view), Ok(vec![]), "{width_px}x{height_px}");
        }
    }
}

#[test]
fn fine_stripes_in_a_flat_picture_do_no_harm() {
    let settings = DetectorSettings {
        threads: 4,
        ..DetectorSettings::default()
    };
    let mut detector = detector(&settings);
    let (width, height) = (6000, 32);
    let stripes: Vec<u8> = (0..width * height)
        .map(|i| if i % width % 2 == 0 { 255 } else { 0 })
        .collect();
    let view = GrayView {
        bytes: &stripes,
        width_px: width as u32,
        height_px: height as u32,
        stride_bytes: width,
    };
    for _ in 0..3 {
        assert_eq!(detector.detect(view), Ok(vec![]));
    }
}

#[test]
fn impossible_pictures_are_typed_errors() {
    let mut detector = detector(&DetectorSettings::default());
    let mut message = |width_px, height_px, stride_bytes, len| {
        let bytes = vec![0; len];
        let view = GrayView {
            bytes: &bytes,
            width_px,
            height_px,
            stride_bytes,
        };
        detector.detect(view).unwrap_err().to_string()
    };
    assert_eq!(
        message(0, 10, 0, 0),
        "tag detector: the picture is 0x10, both sides must be at least 1 px"
    );
    assert_eq!(
        message(40_000, 10, 40_000, 0),
        "tag detector: the picture is 40000x10; at most 32767 px a side and 134217728 px in all are looked at: make it smaller"
    );
    assert!(message(u32::MAX, u32::MAX, usize::MAX, 0).contains("make it smaller"));
    assert!(message(30_000, 30_000, 30_000, 0).contains("make it smaller"));
    assert!(message(100, 100, usize::MAX, 0).contains("make it smaller"));
    assert_eq!(
        message(100, 100, 99, 10_000),
        "tag detector: the rows are 99 bytes apart but 100 px wide; the stride must be at least the width"
    );
    assert_eq!(
        message(100, 100, 110, 109 * 100),
        "tag detector: the picture has 10900 bytes, its size and stride ask for 10990"
    );
}

#[test]
fn a_detector_may_move_to_another_thread() {
    let image = one_tag(Family::Tag36h11, 5, 10, [30, 30]);
    let settings = DetectorSettings {
        threads: 2,
        ..DetectorSettings::default()
    };
    let mut detector = detector(&settings);
    detector.detect(image.view()).unwrap();
    let found = std::thread::spawn(move || detector.detect(image.view()).unwrap().len());
    assert_eq!(found.join().unwrap(), 1);
}

/// The tag's corners in a picture that is sampled like a sensor: exact to 1/8 px, turned by 20 degrees, `cell_px` a cell.
fn turned_tag(cell_px: f64, white: u8) -> (GrayImage, [[f64; 2]; 4]) {
    let bitmap = TagBitmap::new(Family::Tag36h11, 30).unwrap();
    let (sin, cos) = 20f64.to_radians().sin_cos();
    let size = (16.0 * cell_px) as usize;
    let middle = size as f64 / 2.0 + 0.31;
    let mut image = GrayImage::new(size, size, white);
    image.fill_by(8, |x, y| {
        let (dx, dy) = ((x - middle) / cell_px, (y - middle) / cell_px);
        let (column, row) = (cos * dx + sin * dy + 5.0, cos * dy - sin * dx + 5.0);
        let on_tag = column >= 0.0 && row >= 0.0;
        let is_white = !on_tag || bitmap.is_white(column as usize, row as usize);
        if is_white { f64::from(white) } else { 30.0 }
    });
    let corner = |column: f64, row: f64| {
        let (dx, dy) = (column * cell_px, row * cell_px);
        [middle + cos * dx - sin * dy, middle + sin * dx + cos * dy]
    };
    (
        image,
        [
            corner(-4.0, 4.0),
            corner(4.0, 4.0),
            corner(4.0, -4.0),
            corner(-4.0, -4.0),
        ],
    )
}

#[test]
fn corners_are_exact_to_a_few_hundredths_of_a_pixel_and_worse_without_the_last_fit() {
    for cell_px in [3.0, 5.0, 9.0] {
        let (image, truth) = turned_tag(cell_px, 220);
        let worst = |refine_edges| {
            let settings = DetectorSettings {
                refine_edges,
                ..DetectorSettings::default()
            };
            let found = detector(&settings).detect(image.view()).unwrap()[0].corners_px;
            let off = found.iter().zip(truth).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]));
            off.fold(0.0, f64::max)
        };
        assert!(worst(true) < 0.06, "{cell_px}: {} px", worst(true));
        assert!(worst(false) > 2.0 * worst(true));
    }
}

#[test]
fn a_tag_at_the_picture_s_edge_keeps_its_corners() {
    let (image, truth) = turned_tag(6.0, 220);
    // Cut so that the left corner lies 0.6 px inside: half its sides' samples have no pixels to the left.
    let left = truth[0][0].min(truth[3][0]) - 0.6;
    let view = image.view();
    let cut = GrayView {
        bytes: &view.bytes[left as usize..],
        width_px: view.width_px - left as u32,
        ..view
    };
    let found = detector(&DetectorSettings::default()).detect(cut).unwrap();
    assert_eq!(found.len(), 1);
    for tag in found {
        for ([x, y], [wanted_x, wanted_y]) in tag.corners_px.into_iter().zip(truth) {
            assert!((x - wanted_x + left.floor()).hypot(y - wanted_y) < 0.5);
        }
    }
}

/// `tag16h5` with grey instead of white in its cells, on white, its right side longer by `plate_px` of plate as dark as its border.
fn grey_tag(plate_px: usize, spoilt: Option<(usize, usize)>) -> GrayImage {
    let bitmap = TagBitmap::new(Family::Tag16h5, 0).unwrap();
    let cell = 20;
    let mut image = GrayImage::new(260, 240, 255);
    for (x, y) in (0..120 + plate_px).flat_map(|x| (0..120).map(move |y| (x, y))) {
        let (column, row) = (1 + x / cell, 1 + y / cell);
        let mut white = x < 120 && bitmap.is_white(column, row);
        if spoilt == Some((column, row)) {
            white = !white;
        }
        image.set(60 + x, 60 + y, if white { 124 } else { 0 });
    }
    image
}

#[test]
fn grey_bits_on_a_white_wall_and_a_thick_plate_are_read_without_allowing_wrong_bits() {
    let mut detector = detector(&DetectorSettings::for_family(Family::Tag16h5));
    for plate_px in [0, 6, 12] {
        let tags = detector.detect(grey_tag(plate_px, None).view()).unwrap();
        let found: Vec<_> = tags.iter().map(|tag| (tag.id, tag.hamming)).collect();
        assert_eq!(found, [(0, 0)], "{plate_px} px of plate");
    }
    let (column, row) = (3, 3);
    let spoilt = grey_tag(0, Some((column, row)));
    assert_eq!(
        detector.detect(spoilt.view()),
        Ok(vec![]),
        "one wrong bit is another tag or none"
    );
}
