//! A camera that gives no pictures says why, in words.

use super::*;

fn told(gives: Gives, words: &str) -> (String, String) {
    let camera = camera(giving(gives));
    let mut viewer = Viewer::of(&camera);
    let (reason, hint) = viewer.waits_because(words);
    assert!(reason.contains(&camera.address().to_string()), "{reason}");
    // What stands behind the host may be a password.
    assert!(!format!("{reason} {hint}").contains("channel"), "{reason} {hint}");
    (reason, hint)
}

fn answer(content_type: &str) -> Gives {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: 5\r\n\r\nhello");
    Gives::Bytes {
        bytes: head.into_bytes(),
        is_endless: false,
    }
}

#[test]
fn a_status_is_told_with_what_to_do() {
    let (reason, hint) = told(Gives::Status(404), "nothing at this address");
    assert!(
        reason.contains("status 404") && hint.contains("manual"),
        "{reason} {hint}"
    );
    told(Gives::Status(503), "too busy");
    told(Gives::Status(500), "refuses to send pictures (status 500)");
}

#[test]
fn what_is_no_picture_is_named() {
    let (reason, hint) = told(answer("text/html"), "a web page");
    assert!(
        reason.contains("image/jpeg") && hint.contains("/snapshot.jpg"),
        "{hint}"
    );
    told(answer("video/mp4"), "answers with video/mp4");
    told(answer("image/jpeg"), "damaged pictures (no JPEG)");
}

#[test]
fn a_camera_sends_us_on_within_its_host_only() {
    let pictures = camera(good());
    let other_port = camera(giving(Gives::Moved(pictures.url())));
    Viewer::of(&other_port).next();
    let (reason, _) = told(
        Gives::Moved("http://10.0.0.99/secret".into()),
        "sends us on to http://10.0.0.99:80",
    );
    assert!(!reason.contains("secret"), "{reason}");
    told(Gives::Moved("/again".into()), "again and again");
    told(Gives::Moved("file:///etc/passwd".into()), "where we do not go");
}

#[test]
fn nobody_there_is_told() {
    let address = camera(good()).address();
    let mut viewer = Viewer::with(settings(&format!("http://{address}/")));
    let (_, hint) = viewer.waits_because("cannot be reached");
    assert!(hint.contains("ping"), "{hint}");
}

#[test]
fn another_service_is_no_camera() {
    let mail = Gives::Bytes {
        bytes: b"220 mail.example ESMTP\r\n".to_vec(),
        is_endless: false,
    };
    told(mail, "does not answer as a camera does over HTTP");
    told(Gives::Nothing, "no answer");
}

#[test]
fn an_encrypted_connection_to_a_plain_port_is_told() {
    let camera = camera(good());
    let mut viewer = Viewer::with(settings(&camera.url().replace("http://", "https://")));
    viewer.waits_because("no answer");
}
