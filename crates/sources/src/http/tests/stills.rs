//! A single picture that is asked for again and again.

use super::*;

fn stills(pictures: Vec<Vec<u8>>, has_name: bool, is_kept: bool) -> Conduct {
    Conduct {
        pictures,
        ..giving(Gives::Picture { has_name, is_kept })
    }
}

#[test]
fn a_picture_is_new_only_when_it_is_another() {
    for (has_name, is_kept) in [(false, false), (false, true), (true, true)] {
        let twice = vec![jpeg(1), jpeg(1), jpeg(1), jpeg(2), jpeg(2)];
        let camera = camera(stills(twice, has_name, is_kept));
        let mut viewer = Viewer::of(&camera);
        let seen: Vec<Vec<u8>> = (0..6).map(|_| viewer.next_jpeg()).collect();
        assert!(seen.windows(2).all(|two| two[0] != two[1]));
    }
}

#[test]
fn a_picture_that_does_not_change_any_more_is_said_to_be_frozen_until_it_does() {
    for has_name in [false, true] {
        let camera = camera(stills(vec![jpeg(1)], has_name, true));
        let mut viewer = Viewer::of(&camera);
        assert_eq!(viewer.next_jpeg(), jpeg(1));
        let (_, hint) = viewer.waits_because("does not change any more");
        assert!(hint.contains("frozen"), "{hint}");
        camera.behave(stills(vec![jpeg(2)], has_name, true));
        assert_eq!(viewer.next_jpeg(), jpeg(2));
    }
}

#[test]
fn a_picture_is_asked_for_at_its_rate() {
    let camera = camera(stills(jpegs(), false, true));
    let slow = HttpSettings {
        fps: 2.0,
        ..settings(&camera.url())
    };
    let began = Instant::now();
    let mut viewer = Viewer::with(slow);
    (0..3).for_each(|_| drop(viewer.next()));
    assert!(began.elapsed() > Duration::from_millis(990), "{:?}", began.elapsed());
}

#[test]
fn a_single_picture_that_is_damaged_is_told() {
    let camera = camera(stills(vec![jpeg(1)[..300].to_vec()], false, true));
    let mut viewer = Viewer::of(&camera);
    viewer.waits_because("nothing but damaged pictures (cut off)");
    camera.behave(stills(jpegs(), false, true));
    viewer.next();
}
