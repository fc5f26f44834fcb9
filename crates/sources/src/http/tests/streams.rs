//! Pictures one after another.

use bushbaby_bus::CaptureClock;
use bushbaby_testkit::http_camera::Length;

use super::*;

#[test]
fn streams_of_every_make_come_out_as_they_went_in() {
    let plain = Stream::default();
    for stream in [
        plain.clone(),
        Stream {
            length: Length::Absent,
            ..plain.clone()
        },
        Stream {
            length: Length::Wrong(2),
            ..plain.clone()
        },
        Stream {
            length: Length::Wrong(-20),
            ..plain.clone()
        },
        Stream {
            is_chunked: true,
            ..plain.clone()
        },
        Stream {
            told: "\"--a b\"".into(),
            line: "--a b".into(),
            ..plain.clone()
        },
        Stream {
            told: "another".into(),
            ..plain.clone()
        },
    ] {
        let camera = camera(Conduct::stream(jpegs(), stream.clone()));
        let mut viewer = Viewer::of(&camera);
        let pictures = jpegs();
        let first = viewer.next_jpeg();
        let at = pictures.iter().position(|picture| *picture == first);
        assert!(at.is_some(), "{stream:?}");
        for _ in 0..5 {
            let next = viewer.next_jpeg();
            assert!(pictures.contains(&next), "{stream:?}");
        }
    }
}

#[test]
fn a_picture_was_captured_when_its_first_byte_came_and_its_pixels_are_beside_it() {
    let camera = camera(good());
    let mut viewer = Viewer::of(&camera);
    let decoded = viewer.node.reader("decoded");
    let first = viewer.next();
    assert_eq!(first.captured().known_by, CaptureClock::Packet);
    let second = viewer.next();
    assert!(second.captured().mono > first.captured().mono);
    let frame = decoded.recv(LIMIT).unwrap().unwrap();
    let view = image::view(&frame).unwrap();
    assert_eq!(
        (view.format(), view.width(), view.height()),
        (PixelFormat::I420, 64, 48)
    );
}

#[test]
fn damaged_pictures_are_left_out_and_those_between_them_are_not() {
    let cut_off = jpeg(9)[..200].to_vec();
    let pictures = vec![jpeg(1), cut_off, Vec::new(), b"no picture".to_vec(), jpeg(2)];
    let camera = camera(Conduct::stream(pictures, Stream::default()));
    let mut viewer = Viewer::of(&camera);
    let seen: Vec<Vec<u8>> = (0..6).map(|_| viewer.next_jpeg()).collect();
    let good = [jpeg(1), jpeg(2)];
    assert!(seen.iter().all(|picture| good.contains(picture)));
    assert!(good.iter().all(|picture| seen.contains(picture)));
}
