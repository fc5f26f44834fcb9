//! Recordings written here, played by the real source onto a real bus.

mod recorder;

use bushbaby_bus::{CaptureClock, Frame, ReadOptions, ReadPolicy, StreamName, Subscriber};
use bushbaby_node::settings::Settings as _;
use bushbaby_node::{Carries, Outputs, Source, Step, audio, image};
use bushbaby_pixels::PixelFormat;
use bushbaby_recording::read::{Recording, streams};
use bushbaby_testkit::picture::read_stamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{At, Playback, ReplaySettings, ReplaySource, Speed, Times};
use crate::test_node::TestNode;
use recorder::{FRAME_NS, Recorder, START_NS};

fn settings(recorder: &Recorder) -> ReplaySettings {
    ReplaySettings {
        replay: recorder.path().to_owned(),
        camera: Some("front".to_owned()),
        speed: Speed::Max,
        is_loop: false,
        times: Times::New,
        from: None,
        to: None,
        step: None,
    }
}

/// A node that plays, with queues at the outputs that are named.
struct Player {
    node: TestNode,
    source: ReplaySource,
    readers: Vec<Subscriber>,
}

impl Player {
    fn new(settings: ReplaySettings, outputs: &[&str]) -> Self {
        let mut node = TestNode::new::<ReplaySource>();
        let specs = ReplaySource::outputs(&settings, &node.context.spec.base_dir);
        node.outputs = Outputs::open(&node.context, &specs).unwrap();
        let reader = |output: &&str| {
            let options = ReadOptions {
                policy: ReadPolicy::Queue(64),
                ..ReadOptions::default()
            };
            let stream = StreamName::new("cam", output).unwrap();
            node.context.bus.subscriber(&stream, options).unwrap()
        };
        let readers = outputs.iter().map(reader).collect();
        let source = ReplaySource::open(settings, &node.context).unwrap();
        Self { node, source, readers }
    }

    /// Plays to the end, or until there are so many frames; returns those of each reader.
    fn play(&mut self, most: usize) -> Vec<Vec<Frame>> {
        let mut frames: Vec<Vec<Frame>> = self.readers.iter().map(|_| Vec::new()).collect();
        let readers = &self.readers;
        self.node.step_until(&mut self.source, |step| {
            for (reader, frames) in readers.iter().zip(&mut frames) {
                while let Some(frame) = reader.try_recv().unwrap() {
                    frames.push(frame);
                }
            }
            *step == Step::Finished || frames.iter().map(Vec::len).sum::<usize>() >= most
        });
        frames
    }
}

/// Plays one output to the end.
fn played(settings: ReplaySettings, output: &str) -> Vec<Frame> {
    Player::new(settings, &[output]).play(usize::MAX).remove(0)
}

fn bytes(frame: &Frame, array: &str) -> Vec<u8> {
    frame.array(array).unwrap().bytes.to_vec()
}

fn body(frame: &Frame) -> Value {
    serde_json::from_slice(frame.body()).unwrap()
}

fn stamp(frame: &Frame) -> u32 {
    let view = image::view(frame).unwrap();
    let luma = view.planes()[0];
    let (width, height) = (view.width() as usize, view.height() as usize);
    read_stamp(luma.bytes, luma.stride_bytes, width, height).unwrap().frame
}

fn sequences(frames: &[Frame]) -> Vec<u64> {
    frames
        .iter()
        .map(|frame| body(frame)["recorded"]["seq"].as_u64().unwrap())
        .collect()
}

#[test]
fn raw_pictures_come_back_as_they_were() {
    let mut recorder = Recorder::new();
    let formats = [
        PixelFormat::I420,
        PixelFormat::Nv12,
        PixelFormat::Yuyv,
        PixelFormat::Rgb8,
        PixelFormat::Bgr8,
        PixelFormat::Gray8,
    ];
    for format in formats {
        recorder.raw("front/image", format, 0..3);
        let recording = recorder.finish();
        let frames = played(settings(&recording), "image");
        assert_eq!(frames.len(), 3, "{format}");
        for (number, frame) in frames.iter().enumerate() {
            let view = image::view(frame).unwrap();
            assert_eq!((view.format(), view.width(), view.height()), (format, 16, 8));
            let was = recorder::picture(format, number as u32);
            for (array, plane) in format.array_names().iter().zip(was.view().planes()) {
                assert_eq!(bytes(frame, array), plane.bytes, "{format} {array}");
            }
            assert_eq!(view.color(), was.view().color());
        }
        recorder = Recorder::new();
    }
}

#[test]
fn numbers_times_gaps_and_calibration_are_those_of_the_recording() {
    let mut recorder = Recorder::new();
    recorder.raw("front/image", PixelFormat::Rgb8, [0, 1, 5, 6]);
    let recording = recorder.finish();
    let frames = played(
        ReplaySettings {
            times: Times::Recorded,
            ..settings(&recording)
        },
        "image",
    );
    assert_eq!(sequences(&frames), [0, 1, 5, 6]);
    let walls: Vec<u64> = frames
        .iter()
        .map(|frame| frame.captured().wall.as_ns() as u64)
        .collect();
    assert_eq!(walls, [0, 1, 5, 6].map(|number| START_NS + number * FRAME_NS));
    let monos: Vec<u64> = frames.iter().map(|frame| frame.captured().mono.as_ns()).collect();
    assert_eq!(
        monos.iter().map(|mono| mono - monos[0]).collect::<Vec<_>>(),
        [0, 1, 5, 6].map(|number| number * FRAME_NS)
    );
    assert!(
        frames
            .iter()
            .all(|frame| frame.captured().known_by == CaptureClock::File)
    );
    let body = body(&frames[2]);
    assert_eq!(body["camera"], "cam");
    assert_eq!(body["calibration"], recorder::calibration());
    let recorded = json!({"seq": 5, "captured_at_ns": START_NS + 5 * FRAME_NS, "clock": "rendered"});
    assert_eq!(body["recorded"], recorded);
}

#[test]
fn video_is_decoded_and_each_picture_is_the_one_of_its_time() {
    let mut recorder = Recorder::new();
    recorder.video("front/image", 25);
    let recording = recorder.finish();
    let frames = played(settings(&recording), "image");
    assert_eq!(frames.len(), 25);
    assert_eq!(image::view(&frames[0]).unwrap().format(), PixelFormat::I420);
    assert_eq!(
        frames.iter().map(stamp).collect::<Vec<_>>(),
        (0..25).collect::<Vec<_>>()
    );
    assert_eq!(sequences(&frames), (0..25).collect::<Vec<_>>());
}

#[test]
fn a_part_of_a_video_begins_with_the_picture_of_its_time_not_with_a_keyframe() {
    let mut recorder = Recorder::new();
    recorder.video("front/image", 30);
    let recording = recorder.finish();
    let part = ReplaySettings {
        from: Some(At::Wall(START_NS + 17 * FRAME_NS)),
        to: Some(At::Wall(START_NS + 22 * FRAME_NS)),
        ..settings(&recording)
    };
    let frames = played(part, "image");
    assert_eq!(frames.iter().map(stamp).collect::<Vec<_>>(), [17, 18, 19, 20, 21, 22]);
    assert_eq!(body(&frames[0])["calibration"], recorder::calibration());
}

#[test]
fn jpeg_goes_through_as_it_is_and_its_pixels_beside_it() {
    let mut recorder = Recorder::new();
    let jpegs = recorder.jpeg("front/image", 4);
    let recording = recorder.finish();
    let mut player = Player::new(settings(&recording), &["image", "decoded"]);
    let [images, decoded] = <[Vec<Frame>; 2]>::try_from(player.play(usize::MAX)).unwrap();
    assert_eq!(
        images.iter().map(|frame| bytes(frame, "jpeg")).collect::<Vec<_>>(),
        jpegs
    );
    assert_eq!(decoded.len(), 4);
    for (pixels, jpeg) in decoded.iter().zip(&images) {
        assert_eq!(pixels.origin(), jpeg.origin());
        assert_eq!(image::view(pixels).unwrap().format(), PixelFormat::I420);
    }
}

#[test]
fn a_capture_is_one_frame_again_with_its_depth_and_points() {
    for is_exact in [true, false] {
        let mut recorder = Recorder::new();
        recorder.captures("front", 3, is_exact);
        let recording = recorder.finish();
        let mut player = Player::new(settings(&recording), &["rgbd", "points"]);
        let [captures, points] = <[Vec<Frame>; 2]>::try_from(player.play(usize::MAX)).unwrap();
        assert_eq!((captures.len(), points.len()), (3, 3));
        for (number, capture) in captures.iter().enumerate() {
            let names: Vec<&str> = capture.arrays().iter().map(|array| array.name.as_str()).collect();
            assert_eq!(names, ["rgb", "depth", "confidence"]);
            let was = recorder::capture(number as u32);
            assert_eq!(bytes(capture, "rgb"), was.rgb);
            assert_eq!(image::view(capture).unwrap().format(), PixelFormat::Rgb8);
            let depth = recorder::floats(&bytes(capture, "depth"));
            for (played, recorded) in depth.iter().zip(&was.depth_m) {
                let is_near = (played - recorded).abs() <= if is_exact { 0.0 } else { 0.000_501 };
                assert!(
                    is_near || played.is_nan() && recorded.is_nan(),
                    "{played} was {recorded}"
                );
            }
            assert_eq!(recorder::floats(&bytes(capture, "confidence")), was.confidence);
            assert_eq!(recorder::floats(&bytes(&points[number], "points")), was.points_m);
            assert_eq!(bytes(&points[number], "colors"), was.rgb);
            assert_eq!(points[number].origin(), capture.origin());
        }
        assert_eq!(body(&captures[0])["baseline_m"], 0.12);
    }
}

#[test]
fn sound_comes_back_beside_the_pictures_and_its_position_moves_on_over_what_was_never_heard() {
    let mut recorder = Recorder::new();
    recorder.raw("front/image", PixelFormat::Gray8, 0..6);
    recorder.sound("front/audio", [0, 1, 2, 5]);
    let recording = recorder.finish();
    let recorded = ReplaySettings {
        times: Times::Recorded,
        ..settings(&recording)
    };
    let mut player = Player::new(recorded, &["image", "audio"]);
    let [images, pieces] = <[Vec<Frame>; 2]>::try_from(player.play(usize::MAX)).unwrap();
    assert_eq!((images.len(), pieces.len()), (6, 4));
    for (piece, number) in pieces.iter().zip([0, 1, 2, 5]) {
        let view = audio::view(piece).unwrap();
        assert_eq!((view.channels, view.meta.sample_rate_hz), (2, 8_000));
        assert_eq!(view.samples, audio::Samples::I16(&recorder::samples(number)));
        assert_eq!(view.meta.position, u64::from(number) * 320);
        assert_eq!(view.meta.source, "cam", "the node that plays it");
        assert_eq!(piece.captured().mono, images[number as usize].captured().mono);
        assert_eq!(body(piece)["recorded"]["seq"], number);
    }
}

#[test]
fn a_microphone_is_a_camera_with_sound_only() {
    let mut recorder = Recorder::new();
    recorder.sound("front/audio", 0..3);
    let recording = recorder.finish();
    let settings = settings(&recording);
    let specs = ReplaySource::outputs(&settings, std::path::Path::new("/"));
    assert_eq!(
        specs.iter().map(|spec| (spec.name, spec.carries)).collect::<Vec<_>>(),
        [("audio", Carries::Audio)]
    );
    assert_eq!(settings.check(std::path::Path::new("/")).len(), 0);
    assert_eq!(played(settings, "audio").len(), 3);
}

#[test]
fn the_position_of_sound_goes_on_when_it_begins_anew() {
    let mut recorder = Recorder::new();
    recorder.sound("front/audio", 0..4);
    let recording = recorder.finish();
    let looped = ReplaySettings {
        is_loop: true,
        times: Times::Recorded,
        ..settings(&recording)
    };
    let pieces = Player::new(looped, &["audio"]).play(10).remove(0);
    for (number, piece) in (0..).zip(&pieces[..10]) {
        assert_eq!(audio::view(piece).unwrap().meta.position, number * 320);
    }
    let monos: Vec<u64> = pieces.iter().map(|piece| piece.captured().mono.as_ns()).collect();
    assert!(monos.windows(2).all(|pair| pair[1] - pair[0] == FRAME_NS), "{monos:?}");
}

#[test]
fn captures_that_are_counted_off_go_without_sound() {
    let mut recorder = Recorder::new();
    recorder.raw("front/image", PixelFormat::Gray8, 0..4);
    recorder.sound("front/audio", 0..4);
    let recording = recorder.finish();
    let stepped = ReplaySettings {
        speed: Speed::default(),
        step: Some("20ms".parse().unwrap()),
        ..settings(&recording)
    };
    let specs = ReplaySource::outputs(&stepped, std::path::Path::new("/"));
    assert_eq!(specs.iter().map(|spec| spec.name).collect::<Vec<_>>(), ["image"]);
    assert_eq!(played(stepped, "image").len(), 4);
}

#[test]
fn twice_the_speed_halves_the_spaces_of_new_times() {
    let mut recorder = Recorder::new();
    recorder.raw("front/image", PixelFormat::Gray8, 0..6);
    let recording = recorder.finish();
    let fast = ReplaySettings {
        speed: Speed::Factor(2.0),
        ..settings(&recording)
    };
    let frames = played(fast, "image");
    let monos: Vec<u64> = frames.iter().map(|frame| frame.captured().mono.as_ns()).collect();
    assert_eq!(
        monos.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>(),
        [FRAME_NS / 2; 5]
    );
}

#[test]
fn a_loop_begins_anew_and_its_times_go_on() {
    let mut recorder = Recorder::new();
    recorder.video("front/image", 8);
    let recording = recorder.finish();
    let looped = ReplaySettings {
        is_loop: true,
        times: Times::Recorded,
        ..settings(&recording)
    };
    let frames = Player::new(looped, &["image"]).play(20).remove(0);
    let stamps: Vec<u32> = frames.iter().map(stamp).collect();
    assert_eq!(stamps[..20], (0..20).map(|number| number % 8).collect::<Vec<_>>());
    let monos: Vec<u64> = frames.iter().map(|frame| frame.captured().mono.as_ns()).collect();
    assert!(monos.windows(2).all(|pair| pair[1] - pair[0] == FRAME_NS), "{monos:?}");
}

#[test]
fn cameras_of_one_recording_have_the_same_times_in_nodes_of_their_own() {
    let mut recorder = Recorder::new();
    recorder.raw("front/image", PixelFormat::Gray8, 0..5);
    recorder.raw("left/image", PixelFormat::Gray8, 0..5);
    let recording = recorder.finish();
    let at_its_pace = |camera: &str| ReplaySettings {
        camera: Some(camera.to_owned()),
        speed: Speed::Factor(1.0),
        ..settings(&recording)
    };
    let mut front = Player::new(at_its_pace("front"), &["image"]);
    let left = ReplaySource::open(at_its_pace("left"), &front.node.context).unwrap();
    let times = |frames: Vec<Frame>| {
        frames
            .iter()
            .map(|frame| frame.captured().mono.as_ns())
            .collect::<Vec<_>>()
    };
    let of_front = times(front.play(3).remove(0));
    // The second comes later, and begins with the first all the same.
    let _first = std::mem::replace(&mut front.source, left);
    let of_left = times(front.play(5).remove(0));
    assert_eq!(of_left[..3], of_front[..3]);
}

#[test]
fn a_step_sends_a_capture_each_so_long() {
    let mut recorder = Recorder::new();
    recorder.raw("front/image", PixelFormat::Gray8, [0, 1, 50, 51]);
    let recording = recorder.finish();
    let stepped = ReplaySettings {
        speed: Speed::default(),
        step: Some("20ms".parse().unwrap()),
        ..settings(&recording)
    };
    let frames = played(stepped, "image");
    let monos: Vec<u64> = frames.iter().map(|frame| frame.captured().mono.as_ns()).collect();
    assert_eq!(
        monos.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>(),
        [20_000_000; 3]
    );
}

#[test]
fn a_file_that_was_cut_off_plays_what_is_there() {
    let mut recorder = Recorder::new();
    recorder.video("front/image", 60);
    let recording = recorder.killed(3000);
    let frames = played(settings(&recording), "image");
    assert!(!frames.is_empty() && frames.len() < 60, "{}", frames.len());
    assert_eq!(
        frames.iter().map(stamp).collect::<Vec<_>>(),
        (0..frames.len() as u32).collect::<Vec<_>>()
    );
}

#[test]
fn a_camera_that_is_not_there_is_told_with_those_that_are() {
    let mut recorder = Recorder::new();
    recorder.raw("front/image", PixelFormat::Gray8, 0..2);
    recorder.raw("left/image", PixelFormat::Gray8, 0..2);
    let recording = recorder.finish();
    let wrong = ReplaySettings {
        camera: Some("fornt".to_owned()),
        ..settings(&recording)
    };
    let problems = wrong.check(std::path::Path::new("/"));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, "camera");
    let message = &problems[0].message;
    assert!(message.starts_with("there is no camera `fornt` in"), "{message}");
    assert!(message.ends_with("; `front` and `left` are"), "{message}");
    let node = TestNode::new::<ReplaySource>();
    assert_eq!(
        ReplaySource::open(wrong, &node.context).unwrap_err().to_string(),
        *message
    );
}

#[test]
fn settings_that_cannot_be_are_told() {
    let mut recorder = Recorder::new();
    recorder.raw("front/image", PixelFormat::Gray8, 0..2);
    let recording = recorder.finish();
    let problem = |change: fn(&mut ReplaySettings)| {
        let mut settings = settings(&recording);
        change(&mut settings);
        let problems = settings.check(std::path::Path::new("/"));
        (problems[0].path.clone(), problems[0].message.clone())
    };
    let (path, message) = problem(|settings| settings.replay = "/gone.mcap".into());
    assert_eq!((path.as_str(), message.contains("cannot be read")), ("replay", true));
    let (path, message) = problem(|settings| settings.from = Some("1h".parse().unwrap()));
    assert_eq!(
        (path.as_str(), message.starts_with("nothing was recorded then")),
        ("from", true)
    );
    let (path, _) = problem(|settings| settings.step = Some("1s".parse().unwrap()));
    assert_eq!(path, "step");
}

#[test]
fn its_outputs_are_those_that_the_camera_had() {
    let mut recorder = Recorder::new();
    recorder.captures("table", 1, true);
    recorder.jpeg("front/image", 1);
    recorder.result("tags/detections", "front/image", 0);
    let recording = recorder.finish();
    let outputs = |camera: &str| {
        let settings = ReplaySettings {
            camera: Some(camera.to_owned()),
            ..settings(&recording)
        };
        let specs = ReplaySource::outputs(&settings, std::path::Path::new("/"));
        specs.iter().map(|spec| spec.name).collect::<Vec<_>>()
    };
    assert_eq!(outputs("table"), ["rgbd", "points"]);
    assert_eq!(outputs("front"), ["image", "decoded"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn messages_that_are_damaged_are_told_and_the_others_play(
        data in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 10),
    ) {
        let mut recorder = Recorder::new();
        recorder.raw("front/image", PixelFormat::Rgb8, 0..2);
        recorder.damaged("front", &data);
        recorder.raw("left/image", PixelFormat::Gray8, 0..3);
        let recording = recorder.finish();
        let opened = Recording::open(&recording.path()).unwrap();
        let (from, to) = opened.times_ns().unwrap();
        let played = streams(&opened);
        let left = played.iter().position(|stream| stream.node == "left").unwrap();
        let mut of_left = 0;
        for frame in Playback::new(&opened, played, from, to) {
            frame.picture();
            of_left += usize::from(frame.stream == left);
        }
        prop_assert_eq!(of_left, 3);
    }
}
