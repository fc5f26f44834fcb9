use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use foxglove::Encode;
use foxglove::messages as fox;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::messages::sound::sound as sound_of;
use crate::{Contents, McapWriter, Message as Written};

const SECOND: u64 = 1_000_000_000;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("rec.mcap");
        fs::write(&path, bytes).unwrap();
        path
    }

    fn open(&self, bytes: &[u8]) -> Recording {
        Recording::open(&self.file(bytes)).unwrap()
    }
}

fn encoded<T: Encode>(message: &T) -> Vec<u8>
where
    T::Error: std::fmt::Debug,
{
    let mut data = Vec::new();
    message.encode(&mut data).unwrap();
    data
}

fn raw(topic: &str, number: u32) -> Written {
    let image = fox::RawImage {
        frame_id: "front".to_owned(),
        width: 2,
        height: 1,
        encoding: "mono8".to_owned(),
        step: 2,
        data: Bytes::copy_from_slice(&[number as u8, 7]),
        ..Default::default()
    };
    Written {
        topic: topic.to_owned(),
        contents: Contents::RawImage,
        sequence: number,
        log_time_ns: u64::from(number) * SECOND,
        data: encoded(&image),
    }
}

fn result(topic: &str, number: u32) -> Written {
    let origin = serde_json::json!({"stream": "front/image", "generation": 5, "seq": number, "captured_at_ns": 0});
    let data = serde_json::json!({"captured_at_ns": 0, "origin": origin, "body": {"type": "results", "n": number}});
    Written {
        topic: topic.to_owned(),
        contents: Contents::Result,
        sequence: number,
        log_time_ns: u64::from(number) * SECOND,
        data: data.to_string().into_bytes(),
    }
}

fn sound(topic: &str, number: u32) -> Written {
    Written {
        contents: Contents::Sound,
        data: sound_of(u64::from(number) * SECOND, 8_000, 1, [number as i16; 80]),
        ..raw(topic, number)
    }
}

/// A file with so many messages of each topic in each chunk; those of a chunk are written the last first.
fn file(topics: &[&str], chunks: u32, each: u32) -> (Vec<u8>, Vec<u8>) {
    let metadata = BTreeMap::from([("version".to_owned(), "1".to_owned())]);
    let (mut writer, mut bytes) = McapWriter::begin(&metadata);
    for chunk in 0..chunks {
        for number in (chunk * each..(chunk + 1) * each).rev() {
            for topic in topics {
                let message = match topic.rsplit_once('/') {
                    Some((_, "results")) => result(topic, number),
                    Some((_, "audio")) => sound(topic, number),
                    _ => raw(topic, number),
                };
                writer.add(&message, u64::from(chunk) * 10 * SECOND);
            }
        }
        bytes.extend(writer.take_due(u64::from(chunk) * 10 * SECOND + 5 * SECOND));
    }
    let unfinished = bytes.clone();
    bytes.extend(writer.finish());
    (bytes, unfinished)
}

fn numbers(recording: &Recording, selection: &Selection) -> Vec<(String, u32)> {
    recording
        .messages(selection)
        .map(|message| (message.topic().name.clone(), message.sequence))
        .collect()
}

#[test]
fn messages_come_in_the_order_of_their_times_pictures_before_what_was_found_in_them() {
    let (bytes, _) = file(&["a/results", "front/image"], 3, 4);
    let folder = Folder::new();
    let recording = folder.open(&bytes);
    let wanted: Vec<(String, u32)> = (0..12)
        .flat_map(|number| [("front/image".to_owned(), number), ("a/results".to_owned(), number)])
        .collect();
    assert_eq!(numbers(&recording, &Selection::all()), wanted);
    assert!(recording.is_finished());
    assert_eq!(recording.times_ns(), Some((0, 11 * SECOND)));
}

#[test]
fn a_recording_begins_with_its_first_frame_not_with_how_nodes_were_before() {
    let (mut writer, mut bytes) = McapWriter::begin(&BTreeMap::from([("version".to_owned(), "1".to_owned())]));
    let log = Written {
        topic: "_health/front".to_owned(),
        contents: Contents::Log,
        ..raw("", 3)
    };
    writer.add(&log, 0);
    writer.add(&raw("front/image", 5), 0);
    bytes.extend(writer.finish());
    let folder = Folder::new();
    assert_eq!(folder.open(&bytes).times_ns(), Some((5 * SECOND, 5 * SECOND)));
}

#[test]
fn a_killed_recorders_file_tells_and_plays_the_same_as_a_finished_one() {
    let (finished, unfinished) = file(&["front/image", "a/results"], 3, 4);
    let (whole, killed) = (Folder::new(), Folder::new());
    let (whole, killed) = (whole.open(&finished), killed.open(&unfinished));
    assert!(!killed.is_finished());
    assert_eq!(whole.topics(), killed.topics());
    assert_eq!(numbers(&whole, &Selection::all()), numbers(&killed, &Selection::all()));
    assert_eq!(killed.damage(), []);
    assert_eq!(killed.recorder().unwrap()["version"], "1");
}

#[test]
fn a_selection_has_its_topics_and_times_alone() {
    let (bytes, _) = file(&["front/image", "left/image"], 3, 4);
    let folder = Folder::new();
    let recording = folder.open(&bytes);
    let selection = Selection::all()
        .of(recording.topics(), |topic| topic.name == "left/image")
        .from_ns(3 * SECOND)
        .to_ns(5 * SECOND);
    let wanted: Vec<(String, u32)> = (3..=5).map(|number| ("left/image".to_owned(), number)).collect();
    assert_eq!(numbers(&recording, &selection), wanted);
}

#[test]
fn a_damaged_chunk_is_left_out_and_told() {
    let (mut bytes, _) = file(&["front/image"], 3, 4);
    let folder = Folder::new();
    let places = folder.open(&bytes).inner.index.places.clone();
    bytes[(places[1].at + places[1].bytes - 5) as usize] ^= 0x55;
    let recording = folder.open(&bytes);
    let mut messages = recording.messages(&Selection::all());
    let numbers: Vec<u32> = messages.by_ref().map(|message| message.sequence).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 8, 9, 10, 11]);
    let damage = messages.take_damage();
    assert_eq!((damage.len(), damage[0].at), (1, places[1].at));
    assert!(damage[0].to_string().contains("are left out"), "{}", damage[0]);
}

#[test]
fn a_file_that_ends_anywhere_plays_what_was_whole_before() {
    let (finished, unfinished) = file(&["front/image"], 3, 4);
    let folder = Folder::new();
    let ends: Vec<u64> = folder
        .open(&finished)
        .inner
        .index
        .places
        .iter()
        .map(|place| place.at + place.bytes)
        .collect();
    for length in (8..unfinished.len()).step_by(7) {
        let recording = folder.open(&unfinished[..length]);
        let whole_chunks = ends.iter().filter(|end| **end <= length as u64).count();
        let played = recording.messages(&Selection::all()).count();
        assert!(
            played >= whole_chunks * 4,
            "{played} of a file of {length} bytes with {whole_chunks} chunks"
        );
        assert!(
            recording
                .messages(&Selection::all())
                .all(|message| message.content().is_ok())
        );
    }
}

#[test]
fn streams_are_put_together_from_their_topics() {
    let topics = [
        "table/rgbd/rgb",
        "table/rgbd/depth",
        "front/image",
        "door/audio",
        "people/results",
        "people/results/mask0",
    ];
    let (bytes, _) = file(&topics, 1, 4);
    let folder = Folder::new();
    let recording = folder.open(&bytes);
    let streams = streams(&recording);
    let told: Vec<_> = streams
        .iter()
        .map(|stream| (stream.name(), stream.carries, stream.count))
        .collect();
    let named = |name: &str, carries| (name.to_owned(), carries, 4);
    let wanted = [
        named("door/audio", Carried::Sound),
        named("front/image", Carried::Image),
        named("people/results", Carried::Results),
        named("table/rgbd", Carried::Rgbd),
    ];
    assert_eq!(told, wanted);
    assert_eq!(
        streams[2].topics[1],
        ("people/results/mask0".to_owned(), Some("mask0".to_owned()))
    );
    assert_eq!(
        streams[3].topics[0],
        ("table/rgbd/depth".to_owned(), Some("depth".to_owned()))
    );
    let path = recording.path();
    let names: Vec<String> = cameras(path).unwrap().into_iter().map(|camera| camera.name).collect();
    assert_eq!(names, ["door", "front", "table"]);
}

/// A file as another recorder writes it.
fn foreign(options: mcap::WriteOptions) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = options.create(&mut bytes).unwrap();
    let mut channel = |topic: &str, schema: &str, encoding: &str| {
        let schema = writer.add_schema(schema, "protobuf", &[]).unwrap();
        writer.add_channel(schema, topic, encoding, &BTreeMap::new()).unwrap()
    };
    let image = channel("/camera/color/image_raw", "foxglove.RawImage", "protobuf");
    let tf = channel("/tf", "tf2_msgs/msg/TFMessage", "cdr");
    for number in 0..20 {
        for (channel_id, data) in [(image, raw("x", number).data), (tf, vec![1, 2, 3])] {
            let header = mcap::records::MessageHeader {
                channel_id,
                sequence: number,
                log_time: u64::from(number),
                publish_time: 0,
            };
            writer.write_to_known_channel(&header, &data).unwrap();
        }
    }
    writer.finish().unwrap();
    drop(writer);
    bytes.into_inner()
}

#[test]
fn recordings_of_others_play_what_is_known_however_they_are_packed() {
    let compressions = [None, Some(mcap::Compression::Zstd), Some(mcap::Compression::Lz4)];
    let packed =
        compressions.map(|compression| mcap::WriteOptions::new().compression(compression).chunk_size(Some(100)));
    let bare = mcap::WriteOptions::new().use_chunks(false);
    for options in packed.into_iter().chain([bare]) {
        let folder = Folder::new();
        let recording = folder.open(&foreign(options));
        let cameras = of_cameras(&recording);
        assert_eq!(cameras.len(), 1);
        // The name of its pictures' frame of reference.
        assert_eq!(
            (cameras[0].name.as_str(), cameras[0].streams[0].name().as_str()),
            ("front", "front/image")
        );
        assert_eq!(left_out(&recording), ["`/tf` (tf2_msgs/msg/TFMessage, cdr)"]);
        let images = Selection::all().of(recording.topics(), |topic| topic.schema == "foxglove.RawImage");
        let sequences: Vec<u32> = recording.messages(&images).map(|message| message.sequence).collect();
        assert_eq!(sequences, (0..20).collect::<Vec<_>>());
    }
}

#[test]
fn sound_of_others_is_named_by_its_topic() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = mcap::WriteOptions::new().create(&mut bytes).unwrap();
    let schema = writer.add_schema("foxglove.RawAudio", "protobuf", &[]).unwrap();
    let channel_id = writer
        .add_channel(schema, "/cabin/mic", "protobuf", &BTreeMap::new())
        .unwrap();
    let header = mcap::records::MessageHeader {
        channel_id,
        sequence: 0,
        log_time: 5,
        publish_time: 0,
    };
    writer
        .write_to_known_channel(&header, &sound_of(5, 48_000, 2, [1, 2, 3, 4]))
        .unwrap();
    writer.finish().unwrap();
    drop(writer);
    let folder = Folder::new();
    let recording = folder.open(&bytes.into_inner());
    let streams = streams(&recording);
    assert_eq!(
        (streams[0].name().as_str(), streams[0].carries),
        ("cabin_mic/audio", Carried::Sound)
    );
    let message = recording.messages(&Selection::all()).next().unwrap();
    let Ok(Content::Sound(sound)) = message.content() else {
        panic!("{:?}", message.content())
    };
    assert_eq!((sound.sample_rate_hz, sound.channels), (48_000, 2));
    assert_eq!(&sound.data[..], [1, 0, 2, 0, 3, 0, 4, 0]);
}

#[test]
fn what_is_no_recording_is_named() {
    let folder = Folder::new();
    let looks = |bytes: &[u8]| Recording::open(&folder.file(bytes)).unwrap_err().to_string();
    assert!(looks(b"").ends_with("is no MCAP recording: it is empty"));
    assert!(looks(b"\0\0\0\x18ftypisom").ends_with("it is an MP4 file"));
    assert!(looks(b"\x89MCA").ends_with("it ends within its first bytes"));
    assert!(looks(b"name: front\n").ends_with("it does not begin as one"));
    let gone = Recording::open(&folder.0.path().join("gone.mcap"))
        .unwrap_err()
        .to_string();
    assert!(gone.contains("gone.mcap` cannot be read"), "{gone}");
}

fn read_all(bytes: &[u8]) {
    let folder = Folder::new();
    let Ok(recording) = Recording::open(&folder.file(bytes)) else {
        return;
    };
    streams(&recording);
    left_out(&recording);
    let mut messages = recording.messages(&Selection::all());
    for message in messages.by_ref() {
        let _ = message.content();
    }
    messages.take_damage();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damage_anywhere_is_survived(at in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), is_finished: bool) {
        let (finished, unfinished) = file(&["front/image", "door/audio", "a/results"], 2, 3);
        let mut bytes = if is_finished { finished } else { unfinished };
        for (at, byte) in at {
            let at = at.index(bytes.len() - 8) + 8;
            bytes[at] = byte;
        }
        read_all(&bytes);
    }

    #[test]
    fn damage_of_foreign_files_is_survived(at in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), packed in 0..3) {
        let compression = [None, Some(mcap::Compression::Zstd), Some(mcap::Compression::Lz4)][packed as usize];
        let mut bytes = foreign(mcap::WriteOptions::new().compression(compression).chunk_size(Some(200)).calculate_chunk_crcs(false));
        for (at, byte) in at {
            let at = at.index(bytes.len() - 8) + 8;
            bytes[at] = byte;
        }
        read_all(&bytes);
    }

    #[test]
    fn any_bytes_behind_the_magic_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_all(&[&records::MAGIC[..], &bytes].concat());
    }
}
