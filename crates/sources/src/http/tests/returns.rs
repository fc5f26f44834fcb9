//! A camera that is gone or frozen is noticed, and its picture comes back.

use bushbaby_testkit::http_camera::Then;

use super::*;

fn ending(then: Then) -> Conduct {
    let stream = Stream {
        then: Some((10, then)),
        ..Stream::default()
    };
    Conduct::stream(jpegs(), stream)
}

#[test]
fn a_frozen_camera_is_noticed_and_asked_anew() {
    let camera = camera(ending(Then::Freeze));
    let mut viewer = Viewer::of(&camera);
    viewer.next();
    viewer.waits_because("sends nothing any more");
    viewer.forget();
    viewer.next();
    assert_eq!(camera.requests().len(), 2);
}

#[test]
fn a_stream_that_ends_is_asked_for_anew() {
    let camera = camera(ending(Then::Close));
    let mut viewer = Viewer::of(&camera);
    (0..25).for_each(|_| drop(viewer.next()));
    assert!(camera.requests().len() >= 2);
}

#[test]
fn a_camera_that_starts_again_is_seen_again() {
    let camera = camera(good());
    let address = camera.address();
    let mut viewer = Viewer::of(&camera);
    viewer.next();
    drop(camera);
    viewer.waits_because("cannot be reached");
    // Another program may have taken the port in between.
    if let Ok(_camera) = HttpCamera::at(address, good()) {
        viewer.forget();
        viewer.next();
    }
}

#[test]
fn a_source_that_is_closed_ends_at_once_and_so_does_its_connection() {
    let camera = camera(ending(Then::Freeze));
    let mut viewer = Viewer::of(&camera);
    viewer.next();
    let began = Instant::now();
    viewer.source.close();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
