//! The source against cameras that are pulled out, swapped, busy and broken.

use std::collections::BTreeMap;
use std::time::Duration;

use bushbaby_bus::CaptureClock;
use bushbaby_node::settings::SizePx;
use bushbaby_node::{Step, image};
use bushbaby_pixels::jpeg::Encoder;
use bushbaby_pixels::{ColorSpace, Image, PixelFormat};
use rustix::io::Errno;

use super::camera::Capture;
use super::fake::{Bench, FakeCamera};
use super::source::{Limits, UsbSource};
use super::survey::survey_of;
use super::{Format, UsbSettings};
use crate::test_node::TestNode;

const QUICK: Limits = Limits {
    look_again: Duration::from_millis(1),
    silence: Duration::from_millis(50),
    first_picture: Duration::from_millis(50),
};

fn settings(usb: &str) -> UsbSettings {
    UsbSettings {
        usb: usb.to_owned(),
        size: None,
        fps: None,
        format: Format::Auto,
        controls: BTreeMap::new(),
        calibration: None,
    }
}

/// A node with its source.
struct Watched {
    source: UsbSource,
    node: TestNode,
}

impl Watched {
    fn new(bench: &Bench, settings: UsbSettings) -> Self {
        let node = TestNode::new::<UsbSource>();
        let source = UsbSource::with_host(Box::new(bench.clone()), settings, &node.context, QUICK);
        Self { node, source }
    }

    fn until_sent(&mut self) {
        self.node.step_until(&mut self.source, |step| *step == Step::Sent);
    }

    fn until_waiting(&mut self) -> (String, Option<String>) {
        let step = self
            .node
            .step_until(&mut self.source, |step| matches!(step, Step::Waiting { .. }));
        let Step::Waiting { reason, hint } = step else {
            unreachable!()
        };
        (reason, hint)
    }
}

fn jpeg() -> Vec<u8> {
    let image = Image::new(PixelFormat::I420, 64, 48, ColorSpace::JPEG).unwrap();
    Encoder::new(80).unwrap().encode(&image.view()).unwrap().into_owned()
}

/// Takes the Huffman tables out, as webcams do.
fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut bare = jpeg[..2].to_vec();
    let mut at = 2;
    while jpeg[at + 1] != 0xDA {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != 0xC4 {
            bare.extend_from_slice(&jpeg[at..end]);
        }
        at = end;
    }
    bare.extend_from_slice(&jpeg[at..]);
    bare
}

#[test]
fn pixels_travel_as_they_are_with_the_drivers_time() {
    let bench = Bench::with([FakeCamera::new(0, "C920", "A1")]);
    let mut watched = Watched::new(&bench, settings("0"));
    let reader = watched.node.reader("image");
    watched.until_sent();
    let frame = reader.recv(Duration::from_secs(10)).unwrap().unwrap();
    let view = image::view(&frame).unwrap();
    assert_eq!(
        (view.format(), view.width(), view.height()),
        (PixelFormat::Yuyv, 64, 48)
    );
    assert_eq!(frame.captured().known_by, CaptureClock::StartOfExposure);
}

#[test]
fn a_jpeg_gets_its_huffman_tables_and_is_decoded_for_who_wants_pixels() {
    let mut camera = FakeCamera::new(0, "C920", "A1").with_formats(&[PixelFormat::Jpeg]);
    let whole = jpeg();
    camera.bytes = Some(without_tables(&whole));
    let mut watched = Watched::new(&Bench::with([camera]), settings("0"));
    let (jpegs, pixels) = (watched.node.reader("image"), watched.node.reader("decoded"));
    watched.until_sent();
    let frame = jpegs.recv(Duration::from_secs(10)).unwrap().unwrap();
    let sent = frame.array("jpeg").unwrap().bytes;
    assert!(
        sent.windows(2).any(|marker| marker == [0xFF, 0xC4]),
        "no Huffman tables"
    );
    let decoded = pixels.recv(Duration::from_secs(10)).unwrap().unwrap();
    assert_eq!(decoded.origin(), frame.origin());
    assert_eq!(image::view(&decoded).unwrap().format(), PixelFormat::I420);
}

#[test]
fn a_camera_that_is_pulled_out_and_plugged_in_elsewhere_goes_on() {
    let bench = Bench::with([FakeCamera::new(0, "C920", "A1")]);
    let mut watched = Watched::new(&bench, settings("0"));
    watched.until_sent();
    bench.unplug_all();
    let (reason, hint) = watched.until_waiting();
    assert_eq!(reason, "camera `C920` (/dev/video0) was unplugged");
    assert_eq!(hint.as_deref(), Some("plug it in again"));
    let step = watched.node.step_until(
        &mut watched.source,
        |step| matches!(step, Step::Waiting { reason, .. } if reason.contains("not plugged in")),
    );
    let Step::Waiting { reason, .. } = step else {
        unreachable!()
    };
    assert_eq!(reason, "camera `/dev/video0` is not plugged in");
    bench.plug(FakeCamera::new(3, "C920", "A1"));
    watched.until_sent();
}

#[test]
fn another_camera_in_the_same_place_is_taken_and_told_but_not_for_a_name() {
    let bench = Bench::with([FakeCamera::new(0, "C920", "A1")]);
    let (mut by_place, mut by_name) = (
        Watched::new(&bench, settings("0")),
        Watched::new(&bench, settings("A1")),
    );
    by_place.until_sent();
    by_name.until_sent();
    bench.unplug_all();
    bench.plug(FakeCamera::new(0, "Ducky", "B2"));
    by_place.until_waiting();
    by_place.until_sent();
    by_name.until_waiting();
    let step = by_name.node.step_until(
        &mut by_name.source,
        |step| matches!(step, Step::Waiting { reason, .. } if reason.contains("not plugged in")),
    );
    assert!(matches!(step, Step::Waiting { hint, .. } if hint.as_deref() == Some("plugged in: `Ducky` (/dev/video0)")));
}

#[test]
fn a_silent_camera_is_opened_anew() {
    let bench = Bench::with([FakeCamera::new(0, "C920", "A1")]);
    let mut watched = Watched::new(&bench, settings("0"));
    watched.until_sent();
    bench.change(|camera| camera.is_silent = true);
    assert_eq!(
        watched.until_waiting().0,
        "no picture from `C920` (/dev/video0) for 0 s, opening it again"
    );
    bench.change(|camera| camera.is_silent = false);
    watched.until_sent();
    assert!(bench.change(|camera| camera.starts) >= 2);
}

#[test]
fn damaged_pictures_are_left_out_and_a_camera_of_only_such_counts_as_silent() {
    for (bytes, is_damaged) in [(Some(vec![1; 100]), false), (None, true)] {
        let mut camera = FakeCamera::new(0, "C920", "A1");
        (camera.bytes, camera.is_damaged) = (bytes, is_damaged);
        let bench = Bench::with([camera]);
        let mut watched = Watched::new(&bench, settings("0"));
        let reader = watched.node.reader("image");
        assert!(watched.until_waiting().0.starts_with("no picture from"));
        assert!(reader.try_recv().unwrap().is_none());
    }
}

#[test]
fn what_stands_in_the_way_is_told_in_words_and_passes() {
    for (open, set, words) in [
        (
            Err(Errno::ACCESS),
            Ok(()),
            "no permission to use camera `C920` (/dev/video0)",
        ),
        (
            Ok(()),
            Err(Errno::BUSY),
            "camera `C920` (/dev/video0) is used by another program",
        ),
    ] {
        let mut camera = FakeCamera::new(0, "C920", "A1");
        (camera.open, camera.set) = (open, set);
        let bench = Bench::with([camera]);
        let mut watched = Watched::new(&bench, settings("0"));
        let (reason, hint) = watched.until_waiting();
        assert_eq!(reason, words);
        assert!(hint.is_some());
        bench.change(|camera| (camera.open, camera.set) = (Ok(()), Ok(())));
        watched.until_sent();
    }
}

#[test]
fn a_device_that_is_no_camera_is_told_in_words() {
    let mut metadata = FakeCamera::new(0, "C920", "A1");
    metadata.listed.capture = Capture::No;
    let mut planes = FakeCamera::new(1, "isp", "X");
    planes.listed.capture = Capture::PlanesApart;
    let mut h264 = FakeCamera::new(2, "Old", "Y").with_formats(&[]);
    h264.offers.others = vec!["H264".to_owned()];
    let bench = Bench::with([metadata, planes, h264]);
    let told = |usb: &str| Watched::new(&bench, settings(usb)).until_waiting();
    assert_eq!(
        told("0").0,
        "/dev/video0 gives no pictures: it is there for something else"
    );
    assert!(told("1").1.unwrap().contains("gst: v4l2src device=/dev/video1"));
    assert_eq!(
        told("2").0,
        "camera `Old` (/dev/video2) gives no format that is known here"
    );
    assert_eq!(told("9").0, "camera `/dev/video9` is not plugged in");
    let yuyv = UsbSettings {
        format: Format::Mjpeg,
        ..settings("3")
    };
    bench.plug(FakeCamera::new(3, "New", "Z"));
    assert_eq!(
        Watched::new(&bench, yuyv).until_waiting().0,
        "camera `New` (/dev/video3) gives no mjpeg"
    );
}

#[test]
fn a_bus_without_room_for_pixels_gets_jpeg() {
    let mut camera = FakeCamera::new(0, "C920", "A1").with_formats(&[PixelFormat::Yuyv, PixelFormat::Jpeg]);
    camera.no_room_for = vec![PixelFormat::Yuyv];
    camera.bytes = Some(jpeg());
    let bench = Bench::with([camera]);
    let mut watched = Watched::new(&bench, settings("0"));
    let reader = watched.node.reader("image");
    watched.until_sent();
    let frame = reader.recv(Duration::from_secs(10)).unwrap().unwrap();
    assert_eq!(image::view(&frame).unwrap().format(), PixelFormat::Jpeg);
    bench.change(|camera| camera.no_room_for.push(PixelFormat::Jpeg));
    let full = Watched::new(&bench, settings("0")).until_waiting();
    assert_eq!(full.0, "the USB bus has no room left for camera `C920` (/dev/video0)");
}

#[test]
fn another_size_than_asked_for_is_sent_as_it_comes() {
    let mut camera = FakeCamera::new(0, "C920", "A1");
    camera.largest = Some([32, 24]);
    let asked = UsbSettings {
        size: Some(SizePx { width: 64, height: 48 }),
        fps: Some(30.0),
        ..settings("0")
    };
    let mut watched = Watched::new(&Bench::with([camera]), asked);
    let reader = watched.node.reader("image");
    watched.until_sent();
    let frame = reader.recv(Duration::from_secs(10)).unwrap().unwrap();
    assert_eq!(frame.array("yuyv").unwrap().info.shape, [24, 32, 2]);
}

#[test]
fn controls_are_set_automatisms_first_before_the_first_picture() {
    let bench = Bench::with([FakeCamera::new(0, "C920", "A1")]);
    let controls = BTreeMap::from([
        ("exposure_time_absolute".to_owned(), 300),
        ("auto_exposure".to_owned(), 1),
    ]);
    let mut watched = Watched::new(
        &bench,
        UsbSettings {
            controls,
            ..settings("0")
        },
    );
    watched.until_sent();
    assert_eq!(
        bench.change(|camera| camera.controls.clone()),
        [(0x009a_0901, 1), (0x009a_0902, 100)]
    );
}

#[test]
fn the_survey_lists_cameras_alone_each_with_the_line_to_write() {
    let mut metadata = FakeCamera::new(1, "C920", "A1");
    metadata.listed.capture = Capture::No;
    let mut locked = FakeCamera::new(2, "Ducky", "B2");
    locked.open = Err(Errno::ACCESS);
    let survey = survey_of(&Bench::with([FakeCamera::new(0, "C920", "A1"), metadata, locked]));
    assert_eq!(survey.len(), 2);
    assert_eq!(survey[0].id, "usb-C920_A1-video-index0");
    assert_eq!(
        (
            survey[0].modes[0].format,
            survey[0].modes[0].width,
            survey[0].modes[0].fps.clone()
        ),
        ("yuyv", 64, vec![30.0])
    );
    assert!(survey[1].problem.as_deref().unwrap().starts_with("no permission"));
}
