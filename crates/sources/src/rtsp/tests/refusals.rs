//! What cannot be shown is told in words, with what to do.

use super::*;

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
        let without_sound = RtspSettings {
            audio: SoundWish::Off,
            ..settings(camera.url(), Transport::Auto)
        };
        let (_, hint) = Viewer::with(without_sound).waits_because(words);
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
