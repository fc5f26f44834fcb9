//! `bushbaby export`: what was recorded, as files that other programs read.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bushbaby_recording::messages::array::{self, Depth, Rows};
use bushbaby_recording::messages::{picture, sound};
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

/// Pieces of 40 ms of one channel, all samples of a piece its number.
fn heard(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    file(numbers.into_iter().map(|number| {
        let data = sound::sound(at(number), 8_000, 1, [number as i16; 320]);
        message("door/audio", Contents::Sound, number, data)
    }))
}

#[test]
fn sound_becomes_a_wav_file_with_silence_for_what_is_missing() {
    let (folder, path) = stored(&heard([1, 2, 4, 1600]));
    let out = folder.path().join("sound");
    let written = exported(&path, "wav", &out, &[]);
    assert_eq!(
        (&written[0]["path"], &written[0]["frames"]),
        (&"door.wav".into(), &3.into())
    );
    assert_eq!(written[1]["path"], "door_2.wav", "a minute later");
    let wav = std::fs::read(out.join("door.wav")).unwrap();
    assert_eq!((&wav[..4], &wav[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    let samples: Vec<i16> = wav[44..]
        .as_chunks::<2>()
        .0
        .iter()
        .map(|bytes| i16::from_le_bytes(*bytes))
        .collect();
    let wanted: Vec<i16> = [1, 2, 0, 4].into_iter().flat_map(|number| [number; 320]).collect();
    assert_eq!(samples, wanted);
    insta::assert_snapshot!(std::fs::read_to_string(out.join("sound.csv")).unwrap(), @r"
    file,captured_at_ns,captured_at,sample_rate_hz,channels,samples,missing
    door.wav,1700000000040000000,2023-11-14T22:13:20.04Z,8000,1,1280,320
    door_2.wav,1700000064000000000,2023-11-14T22:14:24Z,8000,1,320,0
    ");
}

#[test]
fn sound_is_one_array_for_numpy_with_the_time_and_place_of_each_piece() {
    let (folder, path) = stored(&heard([1, 2, 4]));
    let out = folder.path().join("arrays");
    exported(&path, "numpy", &out, &["--camera", "door"]);
    let (head, samples) = npy(&out.join("door/audio.npy"));
    assert_eq!(head, "{'descr': '<i2', 'fortran_order': False, 'shape': (960, 1,), }");
    assert_eq!(samples[640..644], [2, 0, 2, 0]);
    let numbers = |name: &str| integers(&npy(&out.join("door").join(name)).1);
    assert_eq!(numbers("audio_begins.npy"), [0, 320, 640]);
    assert_eq!(numbers("audio_position.npy"), [0, 320, 960]);
    assert_eq!(numbers("audio_sample_rate_hz.npy"), [8_000; 3]);
    assert_eq!(numbers("audio_times_ns.npy"), [1, 2, 4].map(at));
}

#[test]
fn sound_that_cannot_be_is_left_out_and_counted() {
    let odd = [(8_000, 65), (0, 1), (8_000, 3)];
    let mut messages: Vec<Message> = (0..)
        .zip(odd)
        .map(|(number, (rate, channels))| {
            let data = sound::sound(at(number), rate, channels, [0; 130]);
            message("door/audio", Contents::Sound, number, data)
        })
        .collect();
    messages.push(message(
        "door/audio",
        Contents::Sound,
        3,
        sound::sound(at(3), 8_000, 1, [7; 320]),
    ));
    let (folder, path) = stored(&file(messages));
    let out = folder.path().join("sound");
    let output = export(&[path.to_str().unwrap(), "--to", "wav", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let told = String::from_utf8_lossy(&output.stderr);
    insta::assert_snapshot!(told, @r"
    warning: `door/audio`: its sound has 65 channels of 8000 Hz, wanted 1 to 64 channels of 4000 to 384000 Hz
    warning: `door/audio`: its sound has 1 channels of 0 Hz, wanted 1 to 64 channels of 4000 to 384000 Hz
    warning: `door/audio`: a piece of its sound has 260 bytes, which are no whole samples of 3 channels
    warning: `door/audio`: messages left out because they could not be read: 3
    ");
    assert_eq!(std::fs::metadata(out.join("door.wav")).unwrap().len(), 44 + 640);
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
