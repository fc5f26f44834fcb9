//! Whatever a camera sends, it is refused in words, and a good camera behind it is seen.

use super::*;

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n";

fn refused(bytes: Vec<u8>, is_endless: bool, words: &str) {
    let camera = camera(giving(Gives::Bytes { bytes, is_endless }));
    let mut viewer = Viewer::of(&camera);
    viewer.waits_because(words);
    camera.behave(good());
    viewer.next();
}

fn stream_of(parts: &[u8]) -> Vec<u8> {
    [STREAM, parts].concat()
}

#[test]
fn heads_that_do_not_end() {
    let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Field: value\r\n".repeat(10_000)].concat();
    refused(endless, true, "a head that does not end");
    refused(b"HTTP/1.1 200 OK".repeat(10_000), true, "a head that does not end");
}

#[test]
fn megabytes_without_a_line_between_pictures() {
    refused(stream_of(&vec![b'x'; 10 * 1024 * 1024]), false, "cannot be told apart");
}

#[test]
fn a_picture_that_does_not_end() {
    let part = b"--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8";
    let endless = stream_of(&[&part[..], &vec![0; 20 * 1024 * 1024]].concat());
    refused(endless, false, "larger than 16 MB");
    let part = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: 9999999999999\r\n\r\n";
    refused(stream_of(part), false, "larger than 16 MB");
}

#[test]
fn the_head_of_a_picture_that_does_not_end() {
    let part = [b"--b\r\n".to_vec(), b"X-Field: value\r\n".repeat(10_000)].concat();
    refused(stream_of(&part), false, "the head of a picture is longer");
}

#[test]
fn chunks_that_make_no_sense() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\nbanana\r\n";
    refused(bytes.to_vec(), false, "is damaged");
}

#[test]
fn a_single_picture_of_any_length() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n".to_vec();
    refused(
        [head, vec![0xff; 20 * 1024 * 1024]].concat(),
        false,
        "larger than 16 MB",
    );
}

#[test]
fn nothing_but_empty_pictures() {
    let parts = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n\r\n".repeat(1000);
    let camera = camera(Conduct {
        pictures: vec![Vec::new()],
        ..good()
    });
    let mut viewer = Viewer::of(&camera);
    viewer.waits_because("nothing but damaged pictures (empty)");
    camera.behave(giving(Gives::Bytes {
        bytes: stream_of(&parts),
        is_endless: false,
    }));
    viewer.waits_because("closed the connection");
}
