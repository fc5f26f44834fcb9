//! Pictures as they should be, in whatever way they travel.

use super::*;

#[test]
fn pictures_come_whole_in_order_and_with_their_arrival_as_capture_time() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::of(&camera.url());
    let first = viewer.next();
    let mut last = (first.stamp.frame, first.frame.captured().mono);
    for _ in 0..45 {
        let seen = viewer.next();
        assert!(seen.stamp.frame > last.0, "{} behind {}", seen.stamp.frame, last.0);
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
