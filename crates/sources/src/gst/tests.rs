//! The source against a program that misbehaves on demand, and against the real one.

use std::time::Duration;

use bushbaby_bus::Frame;
use bushbaby_node::{Source, Step};
use bushbaby_pixels::PixelFormat;

use super::source::{GstSource, Limits};
use super::{GstSettings, KIND};
use crate::test_node::TestNode;

const MISBEHAVES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/gst-launch");
const QUICK: Limits = Limits {
    silence: Duration::from_millis(300),
    first_picture: Duration::from_millis(300),
};

fn node() -> TestNode {
    TestNode::new::<GstSource>()
}

fn source(node: &TestNode, program: &str, pipeline: &str, limits: Limits) -> GstSource {
    GstSource::with_program(
        program.into(),
        &GstSettings {
            gst: pipeline.to_owned(),
            calibration: None,
        },
        &node.context,
        limits,
    )
    .unwrap()
}

fn waiting(step: &Step) -> Option<(&str, Option<&str>)> {
    match step {
        Step::Waiting { reason, hint } if reason != "starting" => Some((reason, hint.as_deref())),
        _ => None,
    }
}

/// Steps until it waits for a reason; returns the reason and the hint.
fn trouble(program: &str, pipeline: &str, limits: Limits) -> (String, Option<String>) {
    let mut node = node();
    let mut source = source(&node, program, pipeline, limits);
    let step = node.step_until(&mut source, |step| waiting(step).is_some());
    source.close();
    waiting(&step)
        .map(|(reason, hint)| (reason.to_owned(), hint.map(str::to_owned)))
        .unwrap()
}

#[test]
fn a_picture_reaches_a_reader_unchanged() {
    let mut node = node();
    let reader = node.reader("image");
    let mut source = source(&node, MISBEHAVES, "good wxyz", Limits::default());
    node.step_until(&mut source, |step| *step == Step::Sent);
    let frame = reader.recv(Duration::from_secs(10)).unwrap().unwrap();
    assert_eq!(frame.array("gray").unwrap().bytes, b"wxyz");
    assert_eq!(frame.captured().known_by, bushbaby_bus::CaptureClock::Received);
    source.close();
}

#[test]
fn a_program_that_ends_is_started_again_and_its_last_words_are_told() {
    let (reason, hint) = trouble(MISBEHAVES, "missing", Limits::default());
    assert_eq!(
        reason,
        "`gst-launch-1.0` ended with exit code 1: no element \"nvarguscamerasrc\""
    );
    assert!(hint.unwrap().contains("nvidia-l4t-gstreamer"));

    let mut node = node();
    let mut source = source(&node, MISBEHAVES, "killed", Limits::default());
    let mut pictures = 0;
    node.step_until(&mut source, |step| {
        pictures += u32::from(*step == Step::Sent);
        if let Some((reason, _)) = waiting(step) {
            assert_eq!(reason, "`gst-launch-1.0` ended with signal 9 and said nothing");
        }
        pictures == 2
    });
    source.close();
}

#[test]
fn a_frozen_pipeline_is_killed_and_started_again() {
    let mut node = node();
    let mut source = source(&node, MISBEHAVES, "frozen", QUICK);
    let mut pictures = 0;
    let mut reasons = Vec::new();
    node.step_until(&mut source, |step| {
        pictures += u32::from(*step == Step::Sent);
        reasons.extend(waiting(step).map(|(reason, _)| reason.to_owned()));
        pictures == 2
    });
    assert!(
        reasons
            .iter()
            .all(|reason| reason == "no picture for 0 s, the pipeline is started again"),
        "{reasons:?}"
    );
    assert!(!reasons.is_empty());
    source.close();
}

#[test]
fn trouble_goes_on_until_there_is_a_picture() {
    let mut node = node();
    let mut source = source(&node, MISBEHAVES, "missing", Limits::default());
    let mut told = 0;
    node.step_until(&mut source, |step| {
        match step {
            Step::Waiting { .. } => told += 1,
            _ => assert_eq!(told, 0, "{step:?} behind a failure"),
        }
        told == 20
    });
    source.close();
}

#[test]
fn a_pipeline_that_never_gives_a_picture_is_started_again() {
    assert_eq!(
        trouble(MISBEHAVES, "mute", QUICK).0,
        "no picture within 0 s, the pipeline is started again"
    );
}

#[test]
fn what_is_no_picture_is_refused_in_words() {
    let told = |pipeline| trouble(MISBEHAVES, pipeline, Limits::default()).0;
    assert_eq!(
        told("absurd"),
        "the pipeline says that its pictures are 20000x20000 pixels; each side must be 1 to 16384"
    );
    assert_eq!(
        told("misfit"),
        "the pipeline gave 3 bytes for a gray8 picture of 4x1, wanted 4"
    );
    assert_eq!(
        told("babble"),
        "the pipe holds something else than pictures: `this is no picture`"
    );
}

#[test]
fn a_file_that_was_played_is_finished_and_a_camera_that_ends_is_not() {
    let mut node = node();
    let mut file = source(&node, MISBEHAVES, "once ! filesrc location=a.mp4", Limits::default());
    node.step_until(&mut file, |step| *step == Step::Finished);
    assert_eq!(
        trouble(MISBEHAVES, "once", Limits::default()).0,
        "the pipeline came to its end and is started again"
    );
}

#[test]
fn a_program_that_obeys_no_signal_is_gone_after_close() {
    let mut node = node();
    let mut source = source(&node, MISBEHAVES, "stubborn", Limits::default());
    node.step_until(&mut source, |step| *step == Step::Sent);
    let child = source.child_pid().unwrap();
    source.close();
    assert!(
        rustix::process::test_kill_process(child).is_err(),
        "the child still runs"
    );
}

#[test]
fn a_program_that_is_not_installed_is_named_with_its_package() {
    let (reason, hint) = trouble("/nowhere/gst-launch-1.0", "v4l2src", Limits::default());
    assert_eq!(reason, "the program `gst-launch-1.0` is not installed");
    assert!(hint.unwrap().starts_with("sudo apt install gstreamer1.0-tools"));
}

#[test]
fn settings_name_the_key_of_a_bad_pipeline() {
    use bushbaby_node::settings::{Entry, Place, Tree, Value};
    let place = Place { line: 3, column: 8 };
    let entry = Entry {
        key: "gst".into(),
        key_place: place,
        value: Tree::plain(place, "a ! filesink location=b"),
    };
    let tree = Tree {
        place,
        value: Value::Map(vec![entry]),
    };
    let problems = KIND.check(&tree, std::path::Path::new(".")).unwrap_err();
    assert_eq!(problems[0].path, "gst");
}

/// Runs the real program until a reader has a picture.
fn picture_of(pipeline: &str) -> Frame {
    let mut node = node();
    let reader = node.reader("image");
    let mut source = source(&node, "gst-launch-1.0", pipeline, Limits::default());
    node.step_until(&mut source, |step| {
        assert_eq!(
            waiting(step),
            None,
            "is GStreamer installed? `scripts/setup.sh test` says what is missing"
        );
        *step == Step::Sent
    });
    let frame = reader.recv(Duration::from_secs(10)).unwrap().unwrap();
    source.close();
    frame
}

#[test]
fn real_pipelines_of_every_format_and_of_odd_sizes_give_whole_pictures() {
    for (format, width, expected) in [
        ("I420", 101, PixelFormat::I420),
        ("NV12", 101, PixelFormat::Nv12),
        // Two pixels share their colour, so this one has even widths only.
        ("YUY2", 102, PixelFormat::Yuyv),
        ("RGB", 101, PixelFormat::Rgb8),
        ("BGR", 101, PixelFormat::Bgr8),
        ("GRAY8", 101, PixelFormat::Gray8),
        // What we do not carry becomes what is nearest to it.
        ("BGRx", 101, PixelFormat::Bgr8),
    ] {
        let frame = picture_of(&format!(
            "videotestsrc is-live=true pattern=white ! video/x-raw, format=(string){format}, width=(int){width}, height=(int)51 ! appsink drop=1"
        ));
        let view = bushbaby_node::image::view(&frame).unwrap();
        assert_eq!((view.format(), view.width(), view.height()), (expected, width, 51));
        // 235 is white as videotestsrc draws it in grey.
        let mut rgb = bushbaby_pixels::Image::default();
        bushbaby_pixels::to_rgb8_into(&view, &mut rgb).unwrap();
        assert!(
            rgb.bytes().iter().all(|value| *value >= 235),
            "{format}: white is not white everywhere"
        );
    }
}

#[test]
fn a_real_jpeg_travels_as_it_is() {
    let frame =
        picture_of("videotestsrc is-live=true ! video/x-raw,width=64,height=48 ! jpegenc ! image/jpeg ! appsink");
    let view = bushbaby_node::image::view(&frame).unwrap();
    assert_eq!(
        (view.format(), view.width(), view.height()),
        (PixelFormat::Jpeg, 64, 48)
    );
}

#[test]
fn a_real_pipeline_that_cannot_be_built_is_told_in_words() {
    let told = |pipeline| trouble("gst-launch-1.0", pipeline, Limits::default());
    let (reason, hint) = told("nvarguscamerasrc sensor-id=0 ! appsink");
    assert_eq!(
        reason,
        "`gst-launch-1.0` ended with exit code 1: no element \"nvarguscamerasrc\""
    );
    assert!(hint.unwrap().contains("nvidia-l4t-gstreamer"));
    let (reason, hint) = told("v4l2src device=/dev/video-that-is-not-there ! appsink");
    assert!(
        reason.contains("v4l2src0: Cannot identify device '/dev/video-that-is-not-there'."),
        "{reason}"
    );
    assert!(hint.unwrap().contains("bushbaby cameras"));
}

#[test]
fn live_pictures_arrive_whole_and_in_order() {
    use bushbaby_testkit::picture::{Picture, Stamp, monotonic_ns, read_stamp};
    use std::io::Write;

    let [width, height] = [640, 360];
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // A camera that gives pictures as fast as they are taken, until its reader goes.
    let camera = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        for frame in 0.. {
            let drawn_ns = monotonic_ns();
            let picture = Picture::draw(width, height, Stamp { frame, drawn_ns });
            if socket.write_all(&picture.i420).is_err() {
                return;
            }
        }
    });
    let mut node = node();
    let reader = node.reader("image");
    let pipeline = format!(
        "tcpclientsrc host=127.0.0.1 port={port} ! rawvideoparse width={width} height={height} format=i420 framerate=30/1"
    );
    let mut source = source(&node, "gst-launch-1.0", &pipeline, Limits::default());
    let mut last = None;
    let mut read = 0;
    node.step_until(&mut source, |step| {
        if *step == Step::Sent {
            let frame = reader.recv(Duration::from_secs(10)).unwrap().unwrap();
            let luma = frame.array("y").unwrap();
            let stamp = read_stamp(luma.bytes, luma.info.strides_bytes[0], width, height).unwrap();
            assert!(Some(stamp.frame) > last, "{} came behind {last:?}", stamp.frame);
            assert!(stamp.drawn_ns <= frame.captured().mono.as_ns());
            last = Some(stamp.frame);
            read += 1;
        }
        read == 100
    });
    source.close();
    camera.join().unwrap();
}
