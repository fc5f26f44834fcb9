//! A real recorder on a bus of its own, its files read by the crate `mcap`.

mod disks;
mod kinds_of_trouble;
mod sound;
mod sounds;

use bushbaby_bus::{ArrayLayout, CaptureClock, CaptureTime, DType, Publisher, PublisherOptions, StreamName};
use bushbaby_node::reporter::Reporter;
use bushbaby_node::testing;
use bushbaby_recording::Contents;
use foxglove::Decode;
use openh264::formats::YUVSource;
use serde_json::json;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn input(stream: &str) -> InputSpec {
    InputSpec {
        stream: stream.parse().unwrap(),
        queue: None,
        every: None,
        max_fps: None,
        window: None,
    }
}

/// A recorder that runs on a thread, and its surroundings.
struct Running {
    context: NodeContext,
    thread: std::thread::JoinHandle<Result<Written, NodeError>>,
    folder: tempfile::TempDir,
}

impl Running {
    fn start(test: &str, streams: &[&str], settings: Settings) -> Self {
        Self::start_on(test, streams, settings, None)
    }

    /// With a disk of the test's own, and somebody who hears what the recorder says.
    fn start_on(test: &str, streams: &[&str], settings: Settings, disk: Option<(Box<dyn Disk>, Reporter)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inputs = streams.iter().map(|stream| input(stream)).collect();
        let mut context = testing::context(&testing::instance(test), "record", "record", inputs).unwrap();
        let settings = Settings {
            to: folder.path().join("new folder"),
            ..settings
        };
        let mut recorder = Recorder::open(settings, &context).unwrap();
        if let Some((disk, reporter)) = disk {
            recorder.disk = disk;
            context.reporter = reporter;
        }
        let thread = {
            let context = context.clone();
            std::thread::spawn(move || recorder.record(&context))
        };
        Self {
            context,
            thread,
            folder,
        }
    }

    fn publisher(&self, stream: &str) -> Publisher {
        let stream: StreamName = stream.parse().unwrap();
        let publisher = self
            .context
            .bus
            .publisher(&stream, PublisherOptions::default())
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while publisher.readers() == 0 {
            assert!(Instant::now() < deadline, "nobody reads `{stream}`");
            std::thread::yield_now();
        }
        publisher
    }

    /// For a disk whose files are not in the folder.
    fn stop_without_files(self) {
        self.context.stop.set();
        self.thread.join().unwrap().unwrap();
    }

    fn stop(self) -> (Written, Vec<Vec<u8>>) {
        self.context.stop.set();
        let written = self.thread.join().unwrap().unwrap();
        let read = |file: &WrittenFile| std::fs::read(written.folder.join(&file.name)).unwrap();
        let bytes = written.files.iter().map(read).collect();
        drop(self.folder);
        (written, bytes)
    }
}

const SIZE: [usize; 2] = [64, 48];

/// A grey picture as I420, with its camera's model.
fn send_picture(publisher: &Publisher, number: u8) {
    let [width, height] = SIZE;
    let planes = [
        ("y", [height, width]),
        ("u", [height / 2, width / 2]),
        ("v", [height / 2, width / 2]),
    ];
    let layouts = planes.map(|(name, shape)| ArrayLayout::new(name, DType::U8, shape.to_vec()).with_encoding("i420"));
    let bytes = planes.map(|(_, [rows, columns])| vec![100 + number; rows * columns]);
    let body = json!({"type": "image", "version": 1, "camera": "front", "calibration": {"width_px": width, "height_px": height,
        "fx": 60.0, "fy": 60.0, "cx": 32.0, "cy": 24.0, "model": "pinhole", "distortion": [], "guessed": false}});
    let arrays: Vec<_> = layouts
        .iter()
        .zip(&bytes)
        .map(|(layout, bytes)| (layout, &bytes[..]))
        .collect();
    send(publisher, &arrays, &body);
}

fn send(publisher: &Publisher, arrays: &[(&ArrayLayout, &[u8])], body: &serde_json::Value) {
    let captured = CaptureTime::now(CaptureClock::Rendered);
    publisher
        .send(arrays, body.to_string().as_bytes(), captured, None)
        .unwrap();
}

fn send_detection(publisher: &Publisher, id: u32) {
    let body = json!({"type": "detections", "version": 1, "camera": "front", "items": [
        {"id": id, "family": "tag36h11", "corners": [[1, 2], [3, 2], [3, 1], [1, 1]], "hamming": 0, "margin": 9.0, "calibrated": true,
         "pose": {"R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t": [0, 0, 1], "yaw": 0, "pitch": 0, "roll": 0, "error": 0}}]});
    send(publisher, &[], &body);
}

/// Topic, contents, sequence and data of every message.
fn messages(file: &[u8]) -> Vec<(String, Contents, u32, Vec<u8>)> {
    let stream = mcap::MessageStream::new(file).unwrap();
    stream
        .map(|message| {
            let message = message.unwrap();
            let schema = message.channel.schema.as_ref().unwrap();
            let contents = Contents::of_schema(&schema.name).unwrap();
            (
                message.channel.topic.clone(),
                contents,
                message.sequence,
                message.data.to_vec(),
            )
        })
        .collect()
}

fn count(messages: &[(String, Contents, u32, Vec<u8>)], topic: &str) -> usize {
    messages.iter().filter(|(found, ..)| found == topic).count()
}

#[test]
fn every_frame_of_every_kind_of_stream_is_in_the_file() {
    let streams = [
        "front/image",
        "tags/detections",
        "_health/front",
        "table/rgbd",
        "table/points",
    ];
    let settings = Settings {
        arrays: vec![Array::Depth, Array::Confidence, Array::RgbRight],
        ..Settings::default()
    };
    let running = Running::start("all", &streams, settings);
    let [image, tags, health, rgbd, points] = streams.map(|stream| running.publisher(stream));
    for number in 0..5 {
        send_picture(&image, number);
        send_detection(&tags, number.into());
        let rgb = ArrayLayout::new("rgb", DType::U8, vec![48, 64, 3]).with_encoding("rgb8");
        let depth = ArrayLayout::new("depth", DType::F32, vec![48, 64]);
        let metres: Vec<u8> = std::iter::repeat_n(1.25_f32.to_le_bytes(), 48 * 64).flatten().collect();
        let body = json!({"type": "rgbd", "version": 1, "camera": "table"});
        send(&rgbd, &[(&rgb, &[7; 48 * 64 * 3]), (&depth, &metres)], &body);
        let cloud = ArrayLayout::new("points", DType::F32, vec![2, 3]);
        send(
            &points,
            &[(&cloud, &[0; 24])],
            &json!({"type": "points", "version": 1, "camera": "table"}),
        );
    }
    send(
        &health,
        &[],
        &json!({"type": "health", "node": "front", "state": "stalled", "reason": "no frame"}),
    );
    let (written, files) = running.stop();
    assert_eq!(files.len(), 1);
    let messages = messages(&files[0]);
    let expected = [
        ("front/image", 5),
        ("front/image/info", 1),
        ("front/calibration", 1),
        ("tags/detections", 5),
        ("tags/detections/annotations", 5),
        ("tags/detections/poses", 5),
        ("_health/front", 1),
        ("table/rgbd/rgb", 5),
        ("table/rgbd/depth", 5),
        ("table/rgbd/confidence", 0),
        ("table/points", 5),
    ];
    for (topic, times) in expected {
        assert_eq!(count(&messages, topic), times, "{topic}");
    }
    let sequences: Vec<u32> = messages.iter().filter(|m| m.0 == "front/image").map(|m| m.2).collect();
    assert_eq!(sequences, [0, 1, 2, 3, 4]);
    let detection = messages.iter().find(|m| m.0 == "tags/detections" && m.2 == 3).unwrap();
    let detection: serde_json::Value = serde_json::from_slice(&detection.3).unwrap();
    assert_eq!(detection["body"]["items"][0]["id"], 3);
    assert_eq!(detection["origin"]["stream"], "tags/detections");
    assert_eq!(written.streams["front/image"], Counted { frames: 5, dropped: 0 });
    assert_eq!(written.files[0].messages, messages.len() as u64);
}

#[test]
fn video_that_was_recorded_can_be_decoded_and_begins_with_its_first_frame() {
    let running = Running::start("video", &["front/image"], Settings::default());
    let image = running.publisher("front/image");
    for number in 0..7 {
        send_picture(&image, number * 5);
    }
    let (_, files) = running.stop();
    let mut decoder = TestDecoder::new();
    let levels: Vec<u8> = messages(&files[0])
        .iter()
        .filter(|message| message.1 == Contents::Video)
        .map(|message| decoder.level(&message.3))
        .collect();
    for (number, level) in levels.iter().enumerate() {
        let wanted = 100 + number as u8 * 5;
        assert!(level.abs_diff(wanted) <= 3, "picture {number}: {levels:?}");
    }
    assert_eq!(levels.len(), 7);
}

#[test]
fn jpeg_cameras_are_kept_as_they_are_and_others_become_jpeg() {
    let settings = Settings {
        color: Color::Jpeg,
        ..Settings::default()
    };
    let running = Running::start("jpeg", &["front/image", "door/image"], settings);
    let [front, door] = ["front/image", "door/image"].map(|stream| running.publisher(stream));
    let image = bushbaby_pixels::Image::new(
        bushbaby_pixels::PixelFormat::Gray8,
        64,
        48,
        bushbaby_pixels::ColorSpace::JPEG,
    );
    let image = image.unwrap();
    let mut encoder = bushbaby_pixels::jpeg::Encoder::new(60).unwrap();
    let jpeg = encoder.encode(&image.view()).unwrap().into_owned();
    let layout = ArrayLayout::new("jpeg", DType::U8, vec![jpeg.len()]).with_encoding("jpeg");
    send(
        &door,
        &[(&layout, &jpeg)],
        &json!({"type": "image", "version": 1, "camera": "door"}),
    );
    send_picture(&front, 0);
    let (_, files) = running.stop();
    let messages = messages(&files[0]);
    let of = |topic: &str| {
        messages
            .iter()
            .find(|m| m.0 == topic && m.1 == Contents::Jpeg)
            .unwrap()
            .3
            .clone()
    };
    let door = of("door/image");
    assert!(
        door.windows(jpeg.len()).any(|window| window == jpeg),
        "not a byte of it changed"
    );
    let front = of("front/image");
    assert!(front.windows(3).any(|window| window == [0xff, 0xd8, 0xff]));
}

#[test]
fn a_file_that_is_split_begins_with_calibration_and_keyframe_and_no_frame_is_lost() {
    let settings = Settings {
        color: Color::H264,
        split: "1MB".parse().ok(),
        ..Settings::default()
    };
    let running = Running::start("split", &["front/image", "big/rgbd"], settings);
    let [image, big] = ["front/image", "big/rgbd"].map(|stream| running.publisher(stream));
    let noise: Vec<u8> = (0..200_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let gray = ArrayLayout::new("mask", DType::U8, vec![400, 500]);
    let began = Instant::now();
    let mut sent = 0_u32;
    // Long enough for keyframes in the second file: the stop below is no sleep but the length of the recording.
    while began.elapsed() < Duration::from_millis(2600) {
        send_picture(&image, (sent % 50) as u8);
        send(&big, &[(&gray, &noise)], &json!(null));
        sent += 1;
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let (written, files) = running.stop();
    assert!(files.len() >= 2, "{written:?}");
    let all: Vec<_> = files.iter().map(|file| messages(file)).collect();
    let total: usize = all.iter().map(|file| count(file, "front/image")).sum();
    assert_eq!(total as u64, written.streams["front/image"].frames);
    assert_eq!(
        written.streams["front/image"].frames + written.streams["front/image"].dropped,
        u64::from(sent)
    );
    for file in &all {
        assert_eq!(count(file, "front/calibration"), 1);
        assert_eq!(count(file, "front/image/info"), 1);
        let mut decoder = TestDecoder::new();
        for message in file.iter().filter(|message| message.1 == Contents::Video) {
            decoder.level(&message.3);
        }
    }
}

/// Decodes messages of video, from the first on.
struct TestDecoder(openh264::decoder::Decoder);

impl TestDecoder {
    fn new() -> Self {
        Self(openh264::decoder::Decoder::new().unwrap())
    }

    /// The middle pixel's brightness.
    fn level(&mut self, message: &[u8]) -> u8 {
        let video = foxglove::messages::CompressedVideo::decode(message).unwrap();
        assert_eq!(video.format, "h264");
        let picture = self.0.decode(&video.data).unwrap().expect("a picture for each message");
        let (width, height) = picture.dimensions();
        picture.y()[height / 2 * picture.strides().0 + width / 2]
    }
}
