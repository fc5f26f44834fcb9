//! Who dates the pictures.

use super::*;

#[test]
fn a_camera_whose_clock_goes_right_dates_its_pictures_itself() {
    let camera = camera(CameraOptions {
        clock_ahead_ms: Some(0),
        ..CameraOptions::default()
    });
    let mut viewer = Viewer::of(&camera.url());
    // Two clocks are read one after the other, here and in the camera; between them the machine may be busy elsewhere.
    let is_dated_right = |seen: &Seen| {
        let captured = seen.frame.captured();
        let difference_ns = captured.mono.as_ns().abs_diff(seen.stamp.drawn_ns);
        captured.known_by == CaptureClock::CameraClock && difference_ns < 5_000_000
    };
    let until = Instant::now() + LIMIT;
    while !is_dated_right(&viewer.next()) {
        assert!(Instant::now() < until, "no picture is dated by the camera, and right");
    }
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
