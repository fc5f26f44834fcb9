//! A full disk, a disk that hangs, a recorder that was killed, a folder that grows.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use bushbaby_node::control::{self, FromNode, Receiver};

use super::disks::ToldDisk;
use super::*;

/// A voice for the recorder, and the ear for it.
fn voice() -> (Reporter, Receiver) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(PATIENCE)).unwrap();
    let (_, receiver) = control::halves(OwnedFd::from(ours)).unwrap();
    let (sender, _) = control::halves(OwnedFd::from(theirs)).unwrap();
    (Reporter::new(Some(sender)), receiver)
}

fn wait_for(receiver: &mut Receiver, wanted: impl Fn(&FromNode) -> bool) -> FromNode {
    loop {
        let message: FromNode = receiver.recv().unwrap().expect("the recorder still speaks");
        if wanted(&message) {
            return message;
        }
    }
}

#[test]
fn a_full_disk_pauses_the_recording_says_why_and_goes_on_when_there_is_room() {
    let disk = ToldDisk::with_room(20_000);
    let (reporter, mut said) = voice();
    let streams = ["front/image", "tags/detections"];
    let running = Running::start_on(
        "full",
        &streams,
        Settings::default(),
        Some((Box::new(disk.clone()), reporter)),
    );
    let [image, tags] = streams.map(|stream| running.publisher(stream));
    wait_for(&mut said, |message| *message == FromNode::Running);
    let mut number = 0;
    while disk.refused() == 0 {
        // Noise, so that it takes room.
        let layout = ArrayLayout::new("gray", DType::U8, vec![48, 64]).with_encoding("gray8");
        let noise: Vec<u8> = (0..48 * 64_u32)
            .map(|n| ((n + number).wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        send(
            &image,
            &[(&layout, &noise)],
            &json!({"type": "image", "version": 1, "camera": "front"}),
        );
        send_detection(&tags, number);
        number += 1;
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let stalled = wait_for(&mut said, |message| matches!(message, FromNode::Stalled { .. }));
    let FromNode::Stalled { reason, hint } = stalled else {
        unreachable!()
    };
    assert_eq!(reason, "recording pauses: the disk with `the disk` is full");
    assert!(hint.unwrap().contains("budget"));
    send_detection(&tags, 999);
    disk.set_room(usize::MAX);
    wait_for(&mut said, |message| *message == FromNode::Running);
    running.context.stop.set();
    let written = running.thread.join().unwrap().unwrap();
    assert_eq!(written.files.len(), 1, "the same file goes on");
    let messages = messages(&disk.file(0));
    assert_eq!(
        count(&messages, "tags/detections") as u64,
        u64::from(number) + 1,
        "no result is lost"
    );
    assert_eq!(
        count(&messages, "front/image") as u64,
        written.streams["front/image"].frames
    );
}

#[test]
fn a_disk_that_hangs_costs_pictures_which_are_counted_and_no_camera_waits() {
    let disk = ToldDisk::with_room(usize::MAX);
    let (reporter, mut said) = voice();
    let settings = Settings {
        color: Color::Raw,
        ..Settings::default()
    };
    let streams = ["front/image", "tags/detections"];
    let running = Running::start_on("hangs", &streams, settings, Some((Box::new(disk.clone()), reporter)));
    let [image, tags] = streams.map(|stream| running.publisher(stream));
    wait_for(&mut said, |message| *message == FromNode::Running);
    disk.set_stuck(true);
    let layout = ArrayLayout::new("rgb", DType::U8, vec![1000, 1000, 3]).with_encoding("rgb8");
    let pixels = vec![1; 3_000_000];
    let sent = 60;
    for number in 0..sent {
        // Would wait for ever if anybody here waited for the disk.
        send(
            &image,
            &[(&layout, &pixels)],
            &json!({"type": "image", "version": 1, "camera": "front"}),
        );
        send_detection(&tags, number);
        std::thread::park_timeout(Duration::from_millis(5));
    }
    disk.set_stuck(false);
    let (streams, file) = {
        running.context.stop.set();
        let written = running.thread.join().unwrap().unwrap();
        (written.streams, disk.file(0))
    };
    let image = streams["front/image"];
    assert!(image.dropped > 0, "180 MB do not wait in memory: {image:?}");
    assert_eq!(image.frames + image.dropped, u64::from(sent));
    let messages = messages(&file);
    assert_eq!(count(&messages, "front/image") as u64, image.frames);
    assert_eq!(
        count(&messages, "tags/detections") as u64,
        u64::from(sent),
        "pictures go first"
    );
}

#[test]
fn the_next_recorder_in_a_folder_mends_what_a_killed_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("2026-11-21_10-54-04.mcap");
    let begun = bushbaby_recording::McapWriter::begin(&BTreeMap::new());
    let (mut writer, mut bytes) = begun;
    let message = bushbaby_recording::Message {
        topic: "tags/detections".to_owned(),
        contents: Contents::Result,
        sequence: 0,
        log_time_ns: 1,
        data: b"{}".to_vec(),
    };
    writer.add(&message, 0);
    bytes.extend(writer.take_due(u64::MAX));
    std::fs::write(&left, &bytes).unwrap();
    let others = folder.path().join("somebody else's.mcap");
    std::fs::write(&others, &bytes).unwrap();
    let settings = Settings {
        to: folder.path().to_owned(),
        ..Settings::default()
    };
    let context = testing::context(&testing::instance("mends"), "record", "record", vec![input("a/image")]).unwrap();
    let recorder = Recorder::open(settings, &context).unwrap();
    context.stop.set();
    recorder.record(&context).unwrap();
    assert_eq!(messages(&std::fs::read(&left).unwrap()).len(), 1);
    assert_eq!(std::fs::read(&others).unwrap(), bytes);
}

#[test]
fn the_oldest_recordings_go_when_the_budget_is_used_up_and_other_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, mut ours) = bushbaby_recording::McapWriter::begin(&BTreeMap::new());
    let large = bushbaby_recording::Message {
        topic: "front/image".to_owned(),
        contents: Contents::Jpeg,
        sequence: 0,
        log_time_ns: 0,
        data: vec![1; 6_000_000],
    };
    writer.add(&large, 0);
    ours.extend(writer.finish());
    let names = [
        "2026-01-01_00-00-00.mcap",
        "2026-01-02_00-00-00.mcap",
        "2026-01-03_00-00-00.mcap",
        "2026-01-01_00-00-00 kept.mcap",
        "2026-01-01_00-00-01.mcap",
    ];
    for name in &names[..4] {
        std::fs::write(folder.path().join(name), &ours).unwrap();
    }
    std::fs::write(folder.path().join(names[4]), b"another program's, of the same name").unwrap();
    let settings = Settings {
        to: folder.path().to_owned(),
        budget: "10MB".parse().ok(),
        ..Settings::default()
    };
    let context = testing::context(&testing::instance("budget"), "record", "record", vec![input("a/image")]).unwrap();
    let recorder = Recorder::open(settings, &context).unwrap();
    context.stop.set();
    recorder.record(&context).unwrap();
    let is_there = names.map(|name| folder.path().join(name).exists());
    assert_eq!(is_there, [false, false, true, true, true]);
}

#[test]
fn each_camera_becomes_a_film_of_its_own() {
    let settings = Settings {
        format: Format::Mp4,
        ..Settings::default()
    };
    let streams = ["front/image", "table/rgbd", "tags/detections"];
    let running = Running::start("films", &streams, settings);
    let [front, table, tags] = streams.map(|stream| running.publisher(stream));
    let rgb = ArrayLayout::new("rgb", DType::U8, vec![48, 64, 3]).with_encoding("rgb8");
    for number in 0..6 {
        send_picture(&front, number);
        send(
            &table,
            &[(&rgb, &[7; 48 * 64 * 3])],
            &json!({"type": "rgbd", "version": 1, "camera": "table"}),
        );
        send_detection(&tags, 1);
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let (written, films) = running.stop();
    let mut ends: Vec<&str> = written.files.iter().map(|file| &file.name[19..]).collect();
    ends.sort_unstable();
    assert_eq!(ends, ["_front.mp4", "_table-rgbd.mp4"]);
    assert!(written.files.iter().all(|file| file.messages == 6), "{written:?}");
    assert!(films.iter().all(|film| film[4..8] == *b"ftyp"));
}
