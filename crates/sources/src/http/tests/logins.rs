//! Who may look.

use bushbaby_testkit::http_camera::{Hash, Login, Scheme};

use super::*;

const SCHEMES: [Scheme; 3] = [Scheme::Basic, Scheme::Digest(Hash::Md5), Scheme::Digest(Hash::Sha256)];

fn guarded(gives: Gives, scheme: Scheme) -> Conduct {
    Conduct {
        login: Some(Login {
            user: "jo@home".into(),
            password: "p@ss/w%rd:x".into(),
            scheme,
        }),
        ..giving(gives)
    }
}

fn stream() -> Gives {
    Gives::Stream(Stream::default())
}

fn with_login(url: &str, login: &str) -> String {
    url.replacen("://", &format!("://{login}@"), 1)
}

#[test]
fn every_kind_of_login_is_known_from_the_address_and_from_the_keys() {
    for scheme in SCHEMES {
        let camera = camera(guarded(stream(), scheme));
        let in_address = settings(&with_login(&camera.url(), "jo%40home:p%40ss%2Fw%25rd%3Ax"));
        let keys = HttpSettings {
            user: Some("jo@home".into()),
            password: Some("p@ss/w%rd:x".into()),
            ..settings(&camera.url())
        };
        for settings in [in_address, keys] {
            Viewer::with(settings).next();
        }
        let asked: Vec<bool> = camera.requests().into_iter().map(|(_, is_in)| is_in).collect();
        assert_eq!(asked, [false, true, false, true], "{scheme:?}");
    }
}

#[test]
fn a_number_that_is_too_old_is_no_wrong_login() {
    for scheme in [Scheme::Digest(Hash::Md5), Scheme::Digest(Hash::Sha256)] {
        let gives = Gives::Picture {
            has_name: false,
            is_kept: true,
        };
        let camera = camera(guarded(gives, scheme));
        let mut viewer = Viewer::with(settings(&with_login(&camera.url(), "jo%40home:p%40ss%2Fw%25rd%3Ax")));
        viewer.next();
        let refused = || camera.requests().iter().filter(|(_, is_in)| !is_in).count();
        for _ in 0..3 {
            let (before, until) = (refused(), Instant::now() + LIMIT);
            camera.forget_logins();
            loop {
                let step = viewer.source.step(&mut viewer.node.outputs).unwrap();
                assert!(!matches!(step, Step::Waiting { .. }), "{step:?}");
                if step == Step::Sent && refused() > before {
                    break;
                }
                assert!(Instant::now() < until, "it is not asked for a login again");
            }
        }
    }
}

#[test]
fn a_wrong_login_is_told_without_repeating_it_and_not_tried_often() {
    for scheme in SCHEMES {
        let camera = camera(guarded(stream(), scheme));
        let mut viewer = Viewer::with(settings(&with_login(&camera.url(), "jo%40home:hunter2")));
        let (reason, hint) = viewer.waits_because("refuses user and password");
        assert!(hint.contains("`password`"), "{hint}");
        assert!(!format!("{reason} {hint}").contains("hunter2"));
        assert_eq!(camera.requests().len(), 2, "{scheme:?}");
    }
}

#[test]
fn a_camera_that_wants_a_login_says_so() {
    let camera = camera(guarded(stream(), Scheme::Basic));
    let (_, hint) = Viewer::of(&camera).waits_because("wants a user and a password");
    assert!(hint.contains("http://USER:PASSWORD@"), "{hint}");
    camera.behave(guarded(stream(), Scheme::Unknown));
    let login = settings(&with_login(&camera.url(), "jo:x"));
    Viewer::with(login).waits_because("a kind that is not known here");
}
