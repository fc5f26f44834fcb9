//! `bushbaby export`: what was recorded, as files that other programs read.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bushbaby_recording::messages::array::{self, Depth, Rows};
use bushbaby_recording::messages::picture;
use bushbaby_recording::{Contents, Message};
use bushbaby_testkit::h264::film;
use serde_json::Value;
use tempfile::TempDir;

mod recording;

use recording::{FRAME_NS, START_NS, at, file, message, of_pictures};

fn export(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bushbaby"))
        .arg("export")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stored(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rec.mcap");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Exports everything; returns what was written as it was told.
fn exported(path: &Path, to: &str, out: &Path, more: &[&str]) -> Value {
    let arguments = [
        &[
            path.to_str().unwrap(),
            "--to",
            to,
            "--out",
            out.to_str().unwrap(),
            "--json",
        ],
        more,
    ]
    .concat();
    let output = export(&arguments);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told["written"].clone()
}

fn video(count: u32) -> Vec<u8> {
    let pictures = (0..).zip(film(160, 240, 25, 10, count));
    file(pictures.map(|(number, encoded)| {
        let data = picture::video("front", at(number), encoded.annex_b);
        message("front/image", Contents::Video, number, data)
    }))
}

/// The numbers of an array, and its shape as NumPy reads it.
fn npy(path: &Path) -> (String, Vec<u8>) {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
    let head = std::str::from_utf8(&bytes[10..128]).unwrap().trim_end().to_owned();
    (head, bytes[128..].to_vec())
}

fn integers(bytes: &[u8]) -> Vec<u64> {
    bytes
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| u64::from_le_bytes(*bytes))
        .collect()
}

#[test]
fn recorded_video_goes_into_a_film_unit_by_unit() {
    let (folder, path) = stored(&video(25));
    let out = folder.path().join("films");
    let written = exported(&path, "mp4", &out, &[]);
    assert_eq!(written[0]["path"], "front.mp4");
    assert_eq!(written[0]["frames"], 25);
    let film_bytes = std::fs::read(out.join("front.mp4")).unwrap();
    for encoded in film(160, 240, 25, 10, 25) {
        // Its last unit is the slice, which nobody encoded again.
        let slice = bushbaby_testkit::h264::units(&encoded.annex_b).last().unwrap().to_vec();
        assert!(film_bytes.windows(slice.len()).any(|window| window == slice));
    }
}

#[test]
fn a_part_of_a_film_begins_with_the_keyframe_before_it() {
    let (folder, path) = stored(&video(25));
    let out = folder.path().join("films");
    // Picture 12 is asked for; 10 is a keyframe.
    let written = exported(&path, "mp4", &out, &["--from", "480ms", "--to-time", "600ms"]);
    assert_eq!(written[0]["frames"], 6);
}

#[test]
fn raw_pictures_are_encoded_for_a_film() {
    let (folder, path) = stored(&of_pictures("front", 12));
    let out = folder.path().join("films");
    assert_eq!(exported(&path, "mp4", &out, &[])[0]["frames"], 12);
    assert_eq!(std::fs::read(out.join("front.mp4")).unwrap()[4..8], *b"ftyp");
}

#[test]
fn pictures_come_with_their_times_and_numbers() {
    let (folder, path) = stored(&of_pictures("front", 4));
    let out = folder.path().join("pictures");
    let written = exported(&path, "pictures", &out, &["--from", "40ms"]);
    assert_eq!(
        (&written[0]["path"], &written[0]["frames"]),
        (&"front".into(), &3.into())
    );
    let times = std::fs::read_to_string(out.join("front/frames.csv")).unwrap();
    insta::assert_snapshot!(times);
    let image = image::open(out.join("front/000000.png")).unwrap().into_luma8();
    assert_eq!((image.width(), image.height()), (64, 48));
    assert_eq!(image.as_raw()[..4], [3, 4, 5, 6]);
}

#[test]
fn arrays_for_numpy_hold_every_frame_with_its_time_and_number() {
    let (folder, path) = stored(&of_pictures("front", 4));
    let out = folder.path().join("arrays");
    exported(&path, "numpy", &out, &[]);
    let (head, pixels) = npy(&out.join("front/image.npy"));
    assert_eq!(
        head,
        "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 48, 64,), }"
    );
    assert_eq!(pixels[2 * 48 * 64..][..4], [6, 7, 8, 9]);
    let (head, times) = npy(&out.join("front/image_times_ns.npy"));
    assert_eq!(head, "{'descr': '<i8', 'fortran_order': False, 'shape': (4,), }");
    assert_eq!(
        integers(&times),
        (0..4).map(|number| START_NS + number * FRAME_NS).collect::<Vec<_>>()
    );
    assert_eq!(integers(&npy(&out.join("front/image_seq.npy")).1), [0, 1, 2, 3]);
}

#[test]
fn depth_is_metres_for_numpy_and_millimetres_as_a_picture() {
    let metres: Vec<u8> = [0.5_f32, f32::NAN, 1.25, 3.0]
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let rows = Rows {
        dtype: "float32",
        width: 2,
        height: 2,
        stride_bytes: 8,
        bytes: &metres,
    };
    let rgb = bushbaby_pixels::Image::new(
        bushbaby_pixels::PixelFormat::Rgb8,
        2,
        2,
        bushbaby_pixels::ColorSpace::JPEG,
    )
    .unwrap();
    let messages: [Message; 2] = [
        message(
            "table/rgbd/depth",
            Contents::RawImage,
            0,
            array::depth("table", at(0), rows, Depth::Metres32).unwrap(),
        ),
        message(
            "table/rgbd/rgb",
            Contents::RawImage,
            0,
            picture::raw("table", at(0), &rgb.view()).unwrap(),
        ),
    ];
    let (folder, path) = stored(&file(messages));
    let out = folder.path().join("arrays");
    exported(&path, "numpy", &out, &["--camera", "table"]);
    let (head, depth) = npy(&out.join("table/rgbd_depth.npy"));
    assert_eq!(head, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 2,), }");
    assert_eq!(depth, metres);
    let out = folder.path().join("pictures");
    exported(&path, "pictures", &out, &[]);
    let depth = image::open(out.join("table_rgbd/000000_depth.png"))
        .unwrap()
        .into_luma16();
    assert_eq!(*depth.as_raw(), [500, 0, 1250, 3000]);
}

#[test]
fn wrong_use_is_told_in_words_and_nothing_is_overwritten() {
    let (folder, path) = stored(&of_pictures("front", 3));
    let out = folder.path().join("out");
    let (path, out) = (path.to_str().unwrap(), out.to_str().unwrap());
    let run = |arguments: &[&str]| {
        let output = export(arguments);
        let (said, told) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let code = output.status.code().unwrap_or(-1);
        format!(
            "$ bushbaby export {}\n{said}{told}exit code {code}\n",
            arguments.join(" ")
        )
    };
    let mut text = String::new();
    text += &run(&["gone.mcap", "--to", "numpy", "--out", out]);
    text += &run(&[path, "--to", "numpy", "--out", out, "--camera", "left"]);
    text += &run(&[path, "--to", "numpy", "--out", out, "--from", "yesterday"]);
    text += &run(&[path, "--to", "gif", "--out", out]);
    text += &run(&[path, "--to", "numpy", "--out", out]);
    text += &run(&[path, "--to", "numpy", "--out", out]);
    insta::assert_snapshot!(text.replace(&folder.path().display().to_string(), "FOLDER"));
}
