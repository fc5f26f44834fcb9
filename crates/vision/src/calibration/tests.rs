use super::*;
use crate::camera::{Distortion, Intrinsics};
use proptest::prelude::*;

const OURS: &str = "model: pinhole\nsize: 1280x720\nfx: 914.2\nfy: 911.8\ncx: 642.5\ncy: 355.5\ndistortion: [-0.1, 0.02, 0.0005, -0.0004, 0]\n";

const OPENCV: &str = "%YAML:1.0\n---\ncalibration_time: \"Mon 02 Mar 2026 10:00:00\"\nimage_width: 1280\nimage_height: 720\n\
    flags: 0\ncamera_matrix: !!opencv-matrix\n   rows: 3\n   cols: 3\n   dt: d\n   data: [ 9.1420000000000005e+02, 0., 642., 0.,\n\
    \x20      9.1180e+02, 355., 0., 0., 1. ]\ndistortion_coefficients: !!opencv-matrix\n   rows: 5\n   cols: 1\n   dt: d\n\
    \x20  data: [ -0.1, 0.02, 5e-4, -4e-4, 0. ]\navg_reprojection_error: 3.1e-01\n";

const ROS: &str = "image_width: 1280\nimage_height: 720\ncamera_name: front\ncamera_matrix:\n  rows: 3\n  cols: 3\n\
    \x20 data: [914.2, 0, 642, 0, 911.8, 355, 0, 0, 1]\ndistortion_model: plumb_bob\ndistortion_coefficients:\n  rows: 1\n  cols: 5\n\
    \x20 data: [-0.1, 0.02, 0.0005, -0.0004, 0]\nrectification_matrix:\n  rows: 3\n  cols: 3\n  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]\n";

const PHOTONVISION: &str = r#"{"resolution":{"width":1280.0,"height":720.0},
    "cameraIntrinsics":{"rows":3,"cols":3,"type":6,"data":[914.2,0.0,642.0,0.0,911.8,355.0,0.0,0.0,1.0]},
    "distCoeffs":{"rows":1,"cols":5,"type":6,"data":[-0.1,0.02,0.0005,-0.0004,0.0]},"observations":[],"lensmodel":"LENSMODEL_OPENCV"}"#;

const WPILIB: &str = r#"{"avg_reprojection_error":0.4,"camera_matrix":[914.2,0.0,642.0,0.0,911.8,355.0,0.0,0.0,1.0],
    "distortion_coefficients":[-0.1,0.02,0.0005,-0.0004,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0]}"#;

const ALL: [(&str, Format); 5] = [
    (OURS, Format::Bushbaby),
    (OPENCV, Format::OpenCv),
    (ROS, Format::Ros),
    (PHOTONVISION, Format::PhotonVision),
    (WPILIB, Format::Wpilib),
];

fn message(text: &str) -> String {
    parse(text.as_bytes(), None).unwrap_err().to_string()
}

fn lens(text: &str) -> Distortion {
    parse(text.as_bytes(), None).unwrap().camera.distortion
}

#[test]
fn every_format_gives_the_same_camera_in_our_pixels() {
    let intrinsics = Intrinsics {
        fx: 914.2,
        fy: 911.8,
        cx: 642.5,
        cy: 355.5,
    };
    for (text, format) in ALL {
        let read = parse(text.as_bytes(), Some((1280, 720))).unwrap();
        assert_eq!(read.format, format);
        let camera = read.camera;
        assert_eq!(
            (camera.width_px, camera.height_px, camera.intrinsics),
            (1280, 720, intrinsics),
            "{format}"
        );
        assert!(!camera.guessed);
        // Eight coefficients of which three are 0 bend like five.
        let bent = camera.distortion.distort([0.3, -0.2]);
        let five = Distortion::Pinhole5([-0.1, 0.02, 0.0005, -0.0004, 0.0]).distort([0.3, -0.2]);
        assert_eq!(bent, five, "{format}");
    }
}

#[test]
fn a_byte_order_mark_windows_lines_and_opencv_without_dashes_are_read() {
    for (text, format) in ALL {
        let changed = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(parse(changed.as_bytes(), Some((1280, 720))).unwrap().format, format);
    }
    assert_eq!(
        parse(OPENCV.replace("---\n", "").as_bytes(), None).unwrap().format,
        Format::OpenCv
    );
}

#[test]
fn the_other_lens_models_are_read() {
    let eight = "[0.1, 0.2, 0.001, 0.002, 0.3, 0.4, 0.5, 0.6]";
    let rational = Distortion::Rational8([0.1, 0.2, 0.001, 0.002, 0.3, 0.4, 0.5, 0.6]);
    let fisheye = Distortion::Fisheye4([0.1, 0.2, 0.3, 0.4]);
    let five = "[-0.1, 0.02, 0.0005, -0.0004, 0]";
    assert_eq!(lens(&OURS.replace(five, eight)), rational);
    assert_eq!(
        lens(&ROS.replace(five, eight).replace("plumb_bob", "rational_polynomial")),
        rational
    );
    let four = "[0.1, 0.2, 0.3, 0.4]";
    assert_eq!(lens(&OURS.replace(five, four).replace("pinhole", "fisheye")), fisheye);
    assert_eq!(
        lens(&ROS.replace(five, four).replace("plumb_bob", "equidistant")),
        fisheye
    );
    let opencv = OPENCV
        .replace("[ -0.1, 0.02, 5e-4, -4e-4, 0. ]", four)
        .replace("flags: 0", "fisheye_model: 1");
    assert_eq!(lens(&opencv), fisheye);
    assert_eq!(
        lens(&OURS.replace(&format!("distortion: {five}\n"), "")),
        Distortion::None
    );
}

#[test]
fn a_printed_ros_message_is_read() {
    for (k, d) in [("K", "D"), ("k", "d")] {
        let text = format!(
            "header:\n  frame_id: front\nheight: 480\nwidth: 640\ndistortion_model: plumb_bob\n{d}: [0, 0, 0, 0, 0]\n\
             {k}: [500, 0, 319.5, 0, 500, 239.5, 0, 0, 1]\n"
        );
        let camera = parse(text.as_bytes(), None).unwrap().camera;
        assert_eq!((camera.width_px, camera.intrinsics.cx), (640, 320.0));
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    assert_eq!(
        message(&OURS.replace("fy: 911.8\n", "")),
        "read as bushbaby: `fy` is missing"
    );
    assert_eq!(
        message(&OURS.replace("fy: 911.8", "fy: wide")),
        "read as bushbaby: `fy` is \"wide\", wanted a number"
    );
    assert_eq!(
        message(&OURS.replace("size: 1280x720", "size: 1280")),
        "read as bushbaby: `size` is 1280, wanted a size like 1280x720"
    );
    assert_eq!(
        message(&OURS.replace("distortion:", "distorsion:")),
        "read as bushbaby: the key `distorsion` is not known; did you mean `distortion`?"
    );
    assert!(
        message(&OURS.replace("pinhole", "pinhall"))
            .contains("model `pinhall` with 5 distortion coefficients is not known")
    );
    assert!(message(&OURS.replace("914.2", "0")).contains("fx is 0"));
    assert_eq!(
        message(&ROS.replace("image_height: 720\n", "")),
        "read as ROS camera_info: `image_height` is missing"
    );
    assert!(message(&ROS.replace("plumb_bob", "thin_prism")).contains("`distortion_model` is \"thin_prism\""));
    assert!(message(&PHOTONVISION.replace("distCoeffs", "coeffs")).ends_with("`distCoeffs` is missing"));
    assert!(message(&PHOTONVISION.replace("642.0", "\"642\"")).contains("wanted a list of numbers"));
    assert!(message(&PHOTONVISION.replace("642.0,", "")).contains("wanted the 9 numbers of a 3x3 matrix"));
    assert!(message(&PHOTONVISION.replace("[914.2,0.0", "[914.2,1.0")).contains("wanted fx 0 cx, 0 fy cy, 0 0 1"));
    assert_eq!(
        message(WPILIB),
        "read as WPILib: it does not say the size of its pictures, and none was given; say the size beside the file"
    );
    let prism = WPILIB.replace("0.0]}", "0.1]}");
    assert!(
        parse(prism.as_bytes(), Some((1, 1)))
            .unwrap_err()
            .to_string()
            .contains("at most 8 coefficients")
    );
    assert!(message("a: 1\nb: 2\n").contains("(its keys: a, b)"));
    assert!(message("").contains("not a calibration"));
    assert!(message("[1, 2]").contains("not a calibration"));
    assert!(message("{\"a\": ").contains("EOF"));
    assert_eq!(
        parse(&[0xff, 0xfe, 0x00], None).unwrap_err().to_string(),
        "this is no text; wanted YAML or JSON"
    );
    let missing = from_path(Path::new("no/such.yaml"), None).unwrap_err().to_string();
    assert!(missing.starts_with("calibration no/such.yaml: cannot be read: "));
}

proptest! {
    #[test]
    fn damaged_files_are_errors_or_good_cameras(which in 0usize..5, places in prop::collection::vec((0.0f64..1.0, any::<u8>()), 1..12),
                                                cut in 0.0f64..2.0) {
        let mut bytes = ALL[which].0.as_bytes().to_vec();
        for (place, value) in places {
            let at = (place * bytes.len() as f64) as usize;
            bytes[at] = value;
        }
        bytes.truncate((cut * bytes.len() as f64) as usize);
        if let Ok(read) = parse(&bytes, Some((640, 480))) {
            let intrinsics = read.camera.intrinsics;
            prop_assert!(intrinsics.fx > 0.0 && intrinsics.cx.is_finite());
        }
    }

    #[test]
    fn any_text_is_an_error_or_a_good_camera(text in "\\PC{0,200}") {
        let _ = parse(text.as_bytes(), None);
    }
}
