//! The source against a real camera that misbehaves: over real sockets, through the real decoder, onto a real bus.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureClock, Frame, MonoTime, Subscriber};
use bushbaby_node::{Source, Step, image};
use bushbaby_testkit::h264::{Claim, EncodedPicture, sequence_parameter_set};
use bushbaby_testkit::picture::{Stamp, read_stamp};
use bushbaby_testkit::rtsp::process::{CameraProcess, be_camera_if_asked};
use bushbaby_testkit::rtsp::{CameraOptions, Login, Mood, Offer, RtspCamera, Scheme};

use super::{RtspSettings, RtspSource, Transport};
use crate::test_node::TestNode;

/// The test that turns a second process of this binary into a camera.
const CAMERA_TEST: &str = "rtsp::tests::this_binary_is_a_camera_when_asked";
/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A source at work, and somebody who looks at its pictures.
struct Viewer {
    node: TestNode,
    source: RtspSource,
    pictures: Subscriber,
}

/// A picture as it came over the bus.
struct Seen {
    stamp: Stamp,
    frame: Frame,
}

impl Viewer {
    fn of(url: &str) -> Self {
        Self::with(settings(url.to_owned(), Transport::Auto))
    }

    fn with(settings: RtspSettings) -> Self {
        let node = TestNode::new::<RtspSource>();
        let source = RtspSource::open(settings, &node.context).unwrap();
        let pictures = node.reader("image");
        Self { node, source, pictures }
    }

    /// The next picture; what comes before it may be anything but an error.
    fn next(&mut self) -> Seen {
        let until = Instant::now() + LIMIT;
        loop {
            self.node.step_until(&mut self.source, |step| *step == Step::Sent);
            // A picture that was sent before the bus knew of this reader never comes here.
            if let Some(frame) = self.pictures.try_recv().unwrap() {
                let view = image::view(&frame).unwrap();
                let luma = view.planes()[0];
                let stamp = read_stamp(
                    luma.bytes,
                    luma.stride_bytes,
                    view.width() as usize,
                    view.height() as usize,
                )
                .unwrap();
                return Seen { stamp, frame };
            }
            assert!(Instant::now() < until, "no picture comes over the bus");
        }
    }

    /// Steps until it says that it waits, for a reason with these words; returns reason and hint.
    fn waits_because(&mut self, words: &str) -> (String, String) {
        let told = |step: &Step| matches!(step, Step::Waiting { reason, .. } if reason.contains(words));
        match self.node.step_until(&mut self.source, told) {
            Step::Waiting { reason, hint } => (reason, hint.unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    }
}

fn settings(url: String, transport: Transport) -> RtspSettings {
    RtspSettings {
        url,
        user: None,
        password: None,
        transport,
        calibration: None,
    }
}

fn camera(options: CameraOptions) -> RtspCamera {
    RtspCamera::start(options).unwrap()
}

fn login(scheme: Scheme) -> Option<Login> {
    Some(Login {
        user: "jo@home".into(),
        password: "p@ss/w%rd".into(),
        scheme,
    })
}

#[test]
fn this_binary_is_a_camera_when_asked() {
    be_camera_if_asked();
}

#[test]
fn pictures_come_whole_in_order_and_with_their_arrival_as_capture_time() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::of(&camera.url());
    let first = viewer.next();
    let mut last = (first.stamp.frame, first.frame.captured().mono);
    for _ in 0..45 {
        let seen = viewer.next();
        assert_eq!(seen.stamp.frame, last.0 + 1);
        let captured = seen.frame.captured();
        assert!(captured.mono > last.1 && captured.mono <= MonoTime::now());
        assert!(
            captured.mono >= MonoTime::from_ns(seen.stamp.drawn_ns),
            "captured before it was drawn"
        );
        assert_eq!(captured.known_by, CaptureClock::Packet);
        last = (seen.stamp.frame, captured.mono);
    }
}

#[test]
fn over_udp_the_same_pictures_come() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::with(settings(camera.url(), Transport::Udp));
    let first = viewer.next().stamp.frame;
    let tenth = (0..9).map(|_| viewer.next().stamp.frame).last().unwrap();
    assert!(tenth >= first + 9);
    assert!(camera.udp_plays() >= 1);
}

#[test]
fn a_camera_that_refuses_tcp_is_read_over_udp() {
    let camera = camera(CameraOptions {
        tcp: false,
        ..CameraOptions::default()
    });
    let mut viewer = Viewer::of(&camera.url());
    viewer.next();
    assert_eq!(camera.udp_plays(), 1);
}

#[test]
fn a_camera_that_refuses_both_ways_is_not_asked_without_end() {
    let camera = camera(CameraOptions {
        tcp: false,
        udp: false,
        ..CameraOptions::default()
    });
    let mut viewer = Viewer::of(&camera.url());
    viewer.waits_because("refuses to send over UDP (status 461)");
    let started = Instant::now();
    viewer
        .node
        .step_until(&mut viewer.source, |_| started.elapsed() > Duration::from_millis(700));
    assert!(camera.connections() < 12, "{} connections", camera.connections());
}

#[test]
fn parameter_sets_may_come_with_the_pictures_alone_and_sound_may_come_first() {
    for options in [
        CameraOptions {
            parameter_sets_in_description: false,
            ..CameraOptions::default()
        },
        CameraOptions {
            offer: Offer::H264AfterSound,
            ..CameraOptions::default()
        },
    ] {
        let camera = camera(options);
        Viewer::of(&camera.url()).next();
    }
}

#[test]
fn user_and_password_are_taken_from_the_address_and_from_keys_by_both_schemes() {
    for scheme in [Scheme::Basic, Scheme::Digest] {
        let camera = camera(CameraOptions {
            login: login(scheme),
            ..CameraOptions::default()
        });
        Viewer::of(&camera.url_with_login("jo%40home:p%40ss%2Fw%25rd")).next();
        let keys = RtspSettings {
            user: Some("jo@home".into()),
            password: Some("p@ss/w%rd".into()),
            ..settings(camera.url(), Transport::Auto)
        };
        Viewer::with(keys).next();
    }
}

#[test]
fn a_wrong_password_is_told_in_words_that_do_not_hold_it() {
    let camera = camera(CameraOptions {
        login: login(Scheme::Digest),
        ..CameraOptions::default()
    });
    let (reason, hint) =
        Viewer::of(&camera.url_with_login("jo%40home:secret")).waits_because("refuses user and password");
    assert!(
        !reason.contains("secret") && !hint.contains("secret") && hint.contains("%40"),
        "{reason}; {hint}"
    );
    Viewer::of(&camera.url()).waits_because("wants a user and a password");
}

#[test]
fn what_cannot_be_read_is_named_with_what_to_do() {
    for (offer, words, advice) in [
        (Offer::H265, "H.265 (HEVC)", "H.264"),
        (Offer::Vp8, "VP8", "H.264"),
        (Offer::SoundOnly, "no video, only audio (pcmu)", "video stream"),
    ] {
        let camera = camera(CameraOptions {
            offer,
            ..CameraOptions::default()
        });
        let (_, hint) = Viewer::of(&camera.url()).waits_because(words);
        assert!(hint.contains(advice), "{offer:?}: {hint}");
    }
}

#[test]
fn pictures_of_absurd_size_are_refused_in_words_before_memory_is_taken() {
    for (width_mbs, crop_px, words) in [(1250, [0, 0], "20000x20000"), (40, [640, 0], "0x20000")] {
        let claim = Claim {
            profile: 66,
            width_mbs,
            height_mbs: 1250,
            crop_px,
            bit_depth: 8,
            interlaced: false,
        };
        let sequence_parameter_set = Some(sequence_parameter_set(claim));
        // In the description such a set may stop the library already: here it must get through to us.
        let options = CameraOptions {
            sequence_parameter_set,
            parameter_sets_in_description: false,
            ..CameraOptions::default()
        };
        let camera = camera(options);
        Viewer::of(&camera.url()).waits_because(words);
    }
}

#[test]
fn an_absurd_size_in_the_description_is_told_too() {
    let claim = Claim {
        profile: 66,
        width_mbs: 1250,
        height_mbs: 1250,
        crop_px: [0, 0],
        bit_depth: 8,
        interlaced: false,
    };
    let camera = camera(CameraOptions {
        sequence_parameter_set: Some(sequence_parameter_set(claim)),
        ..CameraOptions::default()
    });
    Viewer::of(&camera.url()).waits_because("20000x20000");
}

#[test]
fn a_frozen_camera_is_noticed_and_its_picture_comes_back() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::of(&camera.url());
    let before = viewer.next().stamp.frame;
    camera.set_mood(Mood::Frozen);
    viewer.waits_because("sends nothing any more");
    camera.set_mood(Mood::Well);
    assert!(viewer.next().stamp.frame > before);
}

#[test]
fn a_camera_that_stays_frozen_is_connected_to_anew() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::of(&camera.url());
    viewer.next();
    let connections = camera.connections();
    camera.set_mood(Mood::Frozen);
    viewer
        .node
        .step_until(&mut viewer.source, |_| camera.connections() > connections);
    viewer.waits_because("plays but sends no picture");
    camera.set_mood(Mood::Well);
    viewer.next();
}

#[test]
fn a_stopped_process_is_noticed_and_shows_pictures_again_once_it_goes_on() {
    let camera = CameraProcess::of_this_test_binary(CAMERA_TEST, CameraOptions::default()).unwrap();
    let mut viewer = Viewer::of(camera.url());
    viewer.next();
    camera.freeze();
    viewer.waits_because("sends nothing any more");
    viewer.waits_because("no answer from");
    camera.thaw();
    let thawed = MonoTime::now();
    while viewer.next().stamp.drawn_ns < thawed.as_ns() {}
}

#[test]
fn a_killed_camera_that_returns_on_its_port_is_found_again() {
    let camera = CameraProcess::of_this_test_binary(CAMERA_TEST, CameraOptions::default()).unwrap();
    let options = camera.options().clone();
    let mut viewer = Viewer::of(camera.url());
    viewer.next();
    camera.kill();
    viewer.waits_because("cannot be reached");
    let _again = CameraProcess::of_this_test_binary(
        CAMERA_TEST,
        CameraOptions {
            width: 320,
            height: 240,
            ..options
        },
    )
    .unwrap();
    let seen = viewer.next();
    let view = image::view(&seen.frame).unwrap();
    assert_eq!((view.width(), view.height()), (320, 240));
}

#[test]
fn a_cut_connection_is_made_anew() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::of(&camera.url());
    let before = viewer.next().stamp.frame;
    let connections = camera.connections();
    camera.cut_connections();
    viewer
        .node
        .step_until(&mut viewer.source, |_| camera.connections() > connections);
    assert!(viewer.next().stamp.frame > before);
}

#[test]
fn noise_in_place_of_packets_is_told_and_survived() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::of(&camera.url());
    viewer.next();
    camera.set_mood(Mood::Babbling);
    viewer.waits_because("cannot be understood");
    camera.set_mood(Mood::Well);
    viewer.next();
}

#[test]
fn a_camera_that_never_answers_is_told_with_its_address() {
    let camera = camera(CameraOptions::default());
    camera.set_mood(Mood::Mute);
    let mut viewer = Viewer::of(&camera.url());
    viewer.waits_because(&format!("no answer from {}", camera.address()));
    camera.set_mood(Mood::Well);
    viewer.next();
}

#[test]
fn nobody_at_the_address_and_somebody_else_at_it_are_told_apart() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (_, hint) =
        Viewer::of(&format!("rtsp://127.0.0.1:{port}/")).waits_because("cannot be reached (Connection refused");
    assert!(hint.contains("powered"), "{hint}");
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    // Ends with the test's process at the latest; a connection to it that stays unanswered harms nobody.
    std::thread::spawn(move || {
        for visitor in other.incoming() {
            let _ = std::io::Write::write_all(&mut visitor.unwrap(), b"220 mail.example.org ESMTP\r\n");
        }
    });
    Viewer::of(&format!("rtsp://{address}/")).waits_because("does not answer as a camera does");
}

#[test]
fn lost_packets_cost_pictures_but_never_tear_one() {
    let camera = camera(CameraOptions {
        keyframe_every: 10,
        ..CameraOptions::default()
    });
    let mut viewer = Viewer::with(settings(camera.url(), Transport::Udp));
    let mut last = viewer.next().stamp.frame;
    let mut gaps = 0;
    for round in 0..60 {
        if round % 20 == 10 {
            camera.lose_packets(2);
        }
        // `next` reads both stamps of each picture and fails for a torn one.
        let frame = viewer.next().stamp.frame;
        gaps += u32::from(frame > last + 1);
        last = frame;
    }
    assert!(gaps >= 1, "nothing was lost, so nothing was tried");
}

#[test]
fn a_camera_without_keyframes_at_the_start_shows_nothing_torn_and_says_what_it_waits_for() {
    let camera = camera(CameraOptions {
        keyframe_on_play: false,
        keyframe_every: 150,
        ..CameraOptions::default()
    });
    // The first viewer makes the camera's encoder begin; the second comes amid its pictures.
    let mut first = Viewer::of(&camera.url());
    first.next();
    let mut second = Viewer::of(&camera.url());
    let (_, hint) = second.waits_because("no picture to begin with");
    assert!(hint.contains("keyframe interval"), "{hint}");
    assert_eq!(second.next().stamp.frame % 150, 0);
}

#[test]
fn a_camera_whose_clock_goes_right_dates_its_pictures_itself() {
    let camera = camera(CameraOptions {
        clock_ahead_ms: Some(0),
        ..CameraOptions::default()
    });
    let mut viewer = Viewer::of(&camera.url());
    let until = Instant::now() + LIMIT;
    let seen = loop {
        let seen = viewer.next();
        if seen.frame.captured().known_by == CaptureClock::CameraClock {
            break seen;
        }
        assert!(Instant::now() < until, "no picture is dated by the camera");
    };
    let difference_ns = seen.frame.captured().mono.as_ns().abs_diff(seen.stamp.drawn_ns);
    assert!(
        difference_ns < 20_000_000,
        "dated {difference_ns} ns beside the moment when it was drawn"
    );
}

#[test]
fn a_camera_whose_clock_goes_wrong_is_not_believed() {
    let camera = camera(CameraOptions {
        clock_ahead_ms: Some(3_600_000),
        ..CameraOptions::default()
    });
    let mut viewer = Viewer::of(&camera.url());
    for _ in 0..20 {
        assert_eq!(viewer.next().frame.captured().known_by, CaptureClock::Packet);
    }
}

#[test]
fn the_end_is_quick_and_says_goodbye_to_the_camera() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::of(&camera.url());
    viewer.next();
    viewer.source.close();
    assert!(camera.wait_until(LIMIT, |camera| camera.goodbyes() == 1));
}

#[test]
fn pictures_that_refer_to_later_ones_come_in_the_order_in_which_they_are_shown() {
    let options = CameraOptions {
        fps: 25,
        film: Some(film_out_of_order()),
        ..CameraOptions::default()
    };
    let camera = camera(options);
    let mut viewer = Viewer::of(&camera.url());
    let seen: Vec<u32> = (0..100).map(|_| viewer.next().stamp.frame).collect();
    // At first it is not known, and the last pictures of one connection are not the first of the film.
    let settled = &seen[40..];
    assert!(
        settled.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 24),
        "{settled:?}"
    );
}

/// The film with B-frames that `video_file` is tested with, as a camera sends it.
fn film_out_of_order() -> Arc<Vec<EncodedPicture>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/video_file/testdata/b_frames.mp4");
    Arc::new(crate::video_file::access_units(path))
}
