//! `bushbaby replay`: what was recorded, on the bus again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bushbaby_bus::{Bus, Frame, Instance, PublisherOptions, ReadOptions, ReadPolicy, Subscriber};
use bushbaby_node::audio;
use bushbaby_node::testing::instance;
use bushbaby_recording::messages::result::{OriginRecord, ResultRecord};
use bushbaby_recording::messages::sound;
use bushbaby_recording::{Contents, Message, topics};
use bushbaby_testkit::h264::film;
use bushbaby_testkit::mp4::Mp4;
use serde_json::{Value, json};
use tempfile::TempDir;

mod recording;

use recording::{FRAME_NS, START_NS, at, file, message, of_pictures};

const LIMIT: Duration = Duration::from_secs(60);

fn bushbaby(name: &Instance, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bushbaby"));
    command
        .args(["--instance", name.name().as_str()])
        .args(arguments)
        .stdin(Stdio::null());
    command
}

fn stored(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rec.mcap");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Pictures of `front`, with a result of each but the last.
fn with_results() -> Vec<u8> {
    let pictures = of_pictures("front", 5);
    let (_folder, path) = stored(&pictures);
    let recording = bushbaby_recording::read::Recording::open(&path).unwrap();
    let mut messages: Vec<Message> = recording
        .messages(&bushbaby_recording::read::Selection::all())
        .map(|picture| {
            message(
                "front/image",
                Contents::RawImage,
                picture.sequence,
                picture.data.to_vec(),
            )
        })
        .collect();
    for number in 0..4 {
        let record = ResultRecord {
            captured_at_ns: at(number),
            origin: OriginRecord {
                stream: "front/image".to_owned(),
                generation: 3,
                seq: number.into(),
                captured_at_ns: at(number),
            },
            body: json!({"type": "detections", "version": 1, "camera": "front", "items": [{"id": number}]}),
        };
        messages.push(message("tags/detections", Contents::Result, number, record.encoded()));
    }
    let log = message(&topics::part("_health", "front"), Contents::Log, 0, Vec::new());
    messages.push(log);
    file(messages)
}

fn reader(bus: &Bus, stream: &str) -> Subscriber {
    let options = ReadOptions {
        policy: ReadPolicy::Queue(64),
        ..ReadOptions::default()
    };
    bus.subscriber(&stream.parse().unwrap(), options).unwrap()
}

fn next(reader: &Subscriber) -> Frame {
    reader.recv(LIMIT).unwrap().expect("a frame")
}

fn ended(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn sound_comes_back_with_its_position_and_what_is_none_is_counted() {
    let mut messages: Vec<Message> = [0, 1, 4]
        .map(|number| {
            let data = sound::sound(at(number), 8_000, 1, [number as i16; 320]);
            message("door/audio", Contents::Sound, number, data)
        })
        .into();
    messages.insert(
        2,
        message("door/audio", Contents::Sound, 3, sound::sound(at(3), 0, 65, [0; 7])),
    );
    let (_folder, path) = stored(&file(messages));
    let instance = instance("replay-sound");
    let bus = Bus::open(&instance).unwrap();
    let sounds = reader(&bus, "door/audio");
    let child = start(&mut bushbaby(
        &instance,
        &["replay", path.to_str().unwrap(), "--speed", "max", "--json"],
    ));
    for number in [0, 1, 4] {
        let piece = next(&sounds);
        let view = audio::view(&piece).unwrap();
        assert_eq!(view.samples, audio::Samples::I16(&[number as i16; 320]));
        assert_eq!((view.meta.source.as_str(), view.meta.position), ("door", number * 320));
    }
    let output = ended(child);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!(stderr(&output), @r"
    bushbaby: plays door/audio
    warning: `door/audio`: its sound has 65 channels of 0 Hz, wanted 1 to 64 channels of 4000 to 384000 Hz
    warning: `door/audio`: messages left out because they could not be read: 1
    ");
}

#[test]
fn every_stream_comes_back_and_results_belong_to_the_pictures_that_come() {
    let (_folder, path) = stored(&with_results());
    let instance = instance("replay-all");
    let bus = Bus::open(&instance).unwrap();
    let (images, tags) = (reader(&bus, "front/image"), reader(&bus, "tags/detections"));
    let child = start(&mut bushbaby(
        &instance,
        &[
            "replay",
            path.to_str().unwrap(),
            "--speed",
            "max",
            "--times",
            "recorded",
            "--json",
        ],
    ));
    let images: Vec<Frame> = (0..5).map(|_| next(&images)).collect();
    let results: Vec<Frame> = (0..4).map(|_| next(&tags)).collect();
    let output = ended(child);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        told["streams"],
        json!({"front/image": {"frames": 5}, "tags/detections": {"frames": 4}})
    );
    let walls: Vec<u64> = images
        .iter()
        .map(|frame| frame.captured().wall.as_ns() as u64)
        .collect();
    assert_eq!(
        walls,
        (0..5).map(|number| START_NS + number * FRAME_NS).collect::<Vec<_>>()
    );
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.origin(), images[number].origin());
        assert_eq!(result.captured(), images[number].captured());
        let body: Value = serde_json::from_slice(result.body()).unwrap();
        assert_eq!(
            body,
            json!({"type": "detections", "version": 1, "camera": "front", "items": [{"id": number}]})
        );
    }
}

#[test]
fn echo_finds_what_is_replayed_by_the_cameras_name() {
    let (_folder, path) = stored(&of_pictures("front", 3));
    let instance = instance("replay-echo");
    let bus = Bus::open(&instance).unwrap();
    let child = start(&mut bushbaby(
        &instance,
        &["replay", path.to_str().unwrap(), "--speed", "max", "--loop"],
    ));
    // Nobody reads it yet, so that it waits; its stream is there once it has begun.
    let deadline = std::time::Instant::now() + LIMIT;
    while !bus
        .streams()
        .unwrap()
        .iter()
        .any(|stream| stream.publisher_pid.is_some())
    {
        assert!(std::time::Instant::now() < deadline, "it never wrote a stream");
        std::thread::yield_now();
    }
    let echo = bushbaby(&instance, &["echo", "front", "-n", "4", "--json"])
        .output()
        .unwrap();
    interrupt(&child);
    let output = ended(child);
    assert_eq!(echo.status.code(), Some(0), "{}", stderr(&echo));
    assert_eq!(String::from_utf8_lossy(&echo.stdout).lines().count(), 4);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}

#[test]
fn each_key_lets_one_capture_go() {
    let (_folder, path) = stored(&of_pictures("front", 5));
    let instance = instance("replay-step");
    let bus = Bus::open(&instance).unwrap();
    let images = reader(&bus, "front/image");
    let mut child =
        start(bushbaby(&instance, &["replay", path.to_str().unwrap(), "--step", "--json"]).stdin(Stdio::piped()));
    let mut keys = child.stdin.take().unwrap();
    for number in 0..3 {
        keys.write_all(b" ").unwrap();
        let body: Value = serde_json::from_slice(next(&images).body()).unwrap();
        assert_eq!(body["recorded"]["seq"], number);
    }
    keys.write_all(b"q").unwrap();
    let output = ended(child);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["streams"]["front/image"]["frames"], 3);
}

#[test]
fn a_film_plays_as_one_camera() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("garden.mp4");
    let film = film(160, 240, 30, 10, 6);
    std::fs::write(&path, Mp4::new(160, 240, 30).write(&film)).unwrap();
    let instance = instance("replay-film");
    let bus = Bus::open(&instance).unwrap();
    let images = reader(&bus, "garden/image");
    let child = start(&mut bushbaby(
        &instance,
        &["replay", path.to_str().unwrap(), "--speed", "max"],
    ));
    for _ in 0..6 {
        assert_eq!(next(&images).array("y").unwrap().info.shape, [240, 160]);
    }
    let output = ended(child);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// What a person reads, without what differs from run to run.
fn told(output: &Output, folder: &Path, instance: &Instance) -> String {
    let text = stderr(output)
        .replace(&folder.display().to_string(), "FOLDER")
        .replace(instance.name().as_str(), "INSTANCE")
        .replace(&std::process::id().to_string(), "PID");
    format!("{text}exit code {}\n", output.status.code().unwrap_or(-1))
}

#[test]
fn wrong_use_is_told_in_words() {
    let (folder, path) = stored(&of_pictures("front", 5));
    let path = path.to_str().unwrap();
    let instance = instance("replay-wrong");
    let other = folder.path().join("notes.txt");
    std::fs::write(&other, "name: front\n").unwrap();
    let film = folder.path().join("film.mp4");
    std::fs::write(&film, b"\0\0\0\x18ftypisom").unwrap();
    let run = |arguments: &[&str]| {
        let output = bushbaby(&instance, &[&["replay"], arguments].concat())
            .output()
            .unwrap();
        format!(
            "$ bushbaby replay {}\n{}",
            arguments.join(" "),
            told(&output, folder.path(), &instance)
        )
    };
    let mut text = String::new();
    text += &run(&["gone.mcap"]);
    text += &run(&[other.to_str().unwrap()]);
    text += &run(&[path, "--only", "left"]);
    text += &run(&[path, "--from", "1h"]);
    text += &run(&[path, "--speed", "fast"]);
    text += &run(&[film.to_str().unwrap(), "--from", "1s"]);
    let bus = Bus::open(&instance).unwrap();
    let _taken = bus
        .publisher(&"front/image".parse().unwrap(), PublisherOptions::default())
        .unwrap();
    text += &run(&[path]);
    insta::assert_snapshot!(text.replace(&folder.path().display().to_string(), "FOLDER"));
}
