//! Cameras that freeze, fall and return; and the end of the source.

use super::*;

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
    viewer.waits_because(&format!("the connection to {} broke", camera.address()));
    camera.set_mood(Mood::Well);
    viewer.next();
}

#[test]
fn the_end_is_quick_and_says_goodbye_to_the_camera() {
    let camera = camera(CameraOptions::default());
    let mut viewer = Viewer::of(&camera.url());
    viewer.next();
    viewer.source.close();
    assert!(camera.wait_until(LIMIT, |camera| camera.goodbyes() == 1));
}
