//! `bushbaby detect`: tags in picture files, as lines for programs and as a table for people.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bushbaby_vision::apriltag::{Family, TagBitmap};
use image::{GrayImage, Luma};
use serde_json::Value;

fn detect(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bushbaby"));
    command.arg("detect").args(arguments).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A picture of 320 x 240 with one tag of 80 px whose middle is (160, 120), or with none.
fn picture(folder: &Path, name: &str, id: Option<u32>) -> PathBuf {
    let tag = id.map(|id| TagBitmap::new(Family::Tag36h11, id).unwrap());
    let picture = GrayImage::from_fn(320, 240, |x, y| {
        let cell = |v: u32, from: u32| v.checked_sub(from).map_or(usize::MAX, |v| v as usize / 10);
        let white = tag.as_ref().is_none_or(|tag| tag.is_white(cell(x, 110), cell(y, 70)));
        Luma([if white { 220 } else { 25 }])
    });
    let path = folder.join(name);
    picture.save(&path).unwrap();
    path
}

#[test]
fn lines_come_in_order_and_a_missing_picture_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (with, without) = (
        picture(folder.path(), "with.png", Some(7)),
        picture(folder.path(), "without.pgm", None),
    );
    let list = folder.path().join("list.txt");
    let text = format!("{}\n\nno/such.png\n{}\n", with.display(), without.display());
    std::fs::write(&list, text).unwrap();
    let output = detect(&[
        "--json",
        "--list",
        list.to_str().unwrap(),
        "--repeat",
        "3",
        "--warmup",
        "1",
    ]);
    assert_eq!(output.status.code(), Some(1), "one picture could not be read");
    let lines = lines(&output);
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["header", "frame", "error", "frame"]);
    assert_eq!(lines[0]["detector"], "bushbaby");
    assert_eq!(lines[0]["pixel_center"], 0.5);
    assert_eq!(lines[1]["image"], with.to_str().unwrap());
    assert_eq!((&lines[1]["w"], &lines[1]["h"]), (&320.into(), &240.into()));
    assert_eq!(lines[1]["ms"].as_array().unwrap().len(), 3);
    let tags = lines[1]["detections"].as_array().unwrap();
    assert_eq!(
        (tags.len(), &tags[0]["id"], &tags[0]["hamming"]),
        (1, &7.into(), &0.into())
    );
    let keys: Vec<&String> = tags[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "corners", "hamming", "margin"], "no pose without a camera");
    let wanted = [[120.0, 160.0], [200.0, 160.0], [200.0, 80.0], [120.0, 80.0]];
    for (corner, [x, y]) in tags[0]["corners"].as_array().unwrap().iter().zip(wanted) {
        let found = [0, 1].map(|axis| corner[axis].as_f64().unwrap());
        assert!((found[0] - x).hypot(found[1] - y) < 0.15, "{found:?}");
    }
    assert!(lines[2]["error"].as_str().unwrap().starts_with("cannot be read: "));
    assert_eq!(lines[3]["detections"], Value::Array(vec![]));
}

#[test]
fn with_a_camera_there_are_poses_in_lines_and_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = picture(folder.path(), "tag.png", Some(12));
    let path = path.to_str().unwrap();
    // 80 px of 0.16 m at a focal length of 400 px: 0.8 m ahead.
    let file = folder.path().join("camera.json");
    std::fs::write(
        &file,
        r#"{"camera_matrix":[400,0,159.5,0,400,119.5,0,0,1],"distortion_coefficients":[0,0,0,0,0]}"#,
    )
    .unwrap();
    for camera in [
        ["--camera", "400,400,160,120"],
        ["--calibration", file.to_str().unwrap()],
    ] {
        let arguments = [&[path, "--tag-size", "160mm"], &camera[..]].concat();
        let output = detect(&[&arguments[..], &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let pose = &lines(&output)[1]["detections"][0]["pose"];
        let [x, y, z] = [0, 1, 2].map(|axis| pose["t"][axis].as_f64().unwrap());
        assert!(x.abs() < 0.002 && y.abs() < 0.002 && (z - 0.8).abs() < 0.003, "{pose}");
        assert!((pose["R"][0][0].as_f64().unwrap() - 1.0).abs() < 0.01);
        assert!(pose["err"].as_f64().unwrap() < 0.1);
        let table = String::from_utf8(detect(&arguments).stdout).unwrap();
        assert!(
            table.contains("320x240, 1 tag, ") && table.contains("Z m ahead"),
            "{table}"
        );
        assert!(
            table.lines().nth(2).unwrap().trim_start().starts_with("12  tag36h11"),
            "{table}"
        );
    }
}

#[test]
fn wrong_use_ends_with_2_and_says_what_to_do() {
    let complaint = |arguments: &[&str]| {
        let output = detect(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        stderr(&output)
    };
    assert!(complaint(&[]).contains("<IMAGE>"));
    assert!(complaint(&["a.png", "--family", "36h12"]).contains("did you mean `tag36h11`?"));
    assert!(
        complaint(&["a.png", "--decimate", "1.3"]).contains("`decimate` is 1.3, it must be 1, 1.5 or a whole number")
    );
    assert!(complaint(&["a.png", "--threads", "0"]).contains("`threads` is 0"));
    assert!(complaint(&["a.png", "--tag-size", "165px"]).contains("--tag-size"));
    assert!(complaint(&["a.png", "--tag-size", "165mm"]).contains("say --camera or --calibration too"));
    assert!(complaint(&["--list", "no/such/list"]).contains("--list no/such/list: "));
    assert!(complaint(&["a.png", "--calibration", "no/such.yaml"]).contains("calibration no/such.yaml: "));
}

#[test]
fn a_file_that_is_no_picture_is_told_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.png");
    std::fs::write(&bad, b"\x89PNG\r\n\x1a\nnot really").unwrap();
    let good = picture(folder.path(), "good.png", Some(3));
    let output = detect(&[bad.to_str().unwrap(), good.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("bad.png: cannot be read: "));
    assert!(String::from_utf8_lossy(&output.stdout).contains("good.png: 320x240, 1 tag"));
}
