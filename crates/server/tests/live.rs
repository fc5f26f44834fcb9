//! The WebSocket of the page, on a real bus.

mod support;

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use bushbaby_pixels::ImageView;
use serde_json::json;
use support::page::{Heard, Page, seq_of};
use support::scenery::{Camera, Format, start_stage};
use support::{Site, wait_for};

const SHOWN: [u32; 2] = [640, 360];

fn size_of(jpeg: &[u8]) -> [u32; 2] {
    let view = ImageView::jpeg(jpeg).unwrap();
    [view.width(), view.height()]
}

#[test]
fn a_page_is_told_who_it_talks_to_and_how_everybody_is() {
    let site = Site::new("hello");
    let mut page = Page::open(site.address);
    let hello = page.text("hello");
    // At this host JPEG is younger when it is drawn.
    assert_eq!(hello["has_webrtc"], false);
    assert_eq!(
        (hello["may_act"].as_bool(), hello["has_password"].as_bool()),
        (Some(true), Some(false))
    );
    let status = page.text("status");
    assert_eq!(status["status"]["instance"], "pit");
    assert!(status["now_ms"].as_f64().unwrap() >= hello["now_ms"].as_f64().unwrap());
}

#[test]
fn the_next_picture_comes_when_the_one_before_was_taken_and_is_the_newest() {
    let site = Site::new("newest");
    let camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[("front", SHOWN)]);
    let (first, jpeg) = page.picture();
    assert_eq!(size_of(&jpeg), SHOWN);
    assert_eq!(
        (first["camera"].as_str(), first["calibration"]["fx"].as_f64()),
        (Some("front/image"), Some(600.0))
    );
    // Ten more frames, and two more words of the server: no picture comes before the first was taken.
    let sent = camera.sent.load(Ordering::Relaxed);
    wait_for("ten frames", || {
        (camera.sent.load(Ordering::Relaxed) > sent + 10).then_some(())
    });
    page.say(&json!({"type": "ping", "at": 1.5}));
    loop {
        match page.hear() {
            Heard::Text(pong) if pong["type"] == "pong" => break assert_eq!(pong["at"], 1.5),
            Heard::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
    page.taken("front/image");
    let (second, _) = page.picture();
    assert!(seq_of(&second) >= seq_of(&first) + 10, "{first} {second}");
}

#[test]
fn three_pages_cost_one_encode() {
    let site = Site::new("three");
    let _camera = Camera::start(&site.bus, "front/image", [1280, 720], Format::I420);
    let mut pages: Vec<_> = (0..3).map(|_| Page::open(site.address)).collect();
    for (page, shown) in pages.iter_mut().zip([[640, 360], [620, 349], [660, 371]]) {
        page.text("status");
        page.watch(&[("front", shown)]);
    }
    for _ in 0..10 {
        for page in &mut pages {
            let (header, _) = page.picture();
            assert_eq!(header["width_px"], 640);
            page.taken("front/image");
        }
    }
    let counts = &site.costs()["cameras"]["front/image"];
    assert_eq!(counts["watchers"], 3);
    let number = |name: &str| counts["counts"][name].as_u64().unwrap();
    assert!(
        number("encodes") >= 10 && number("encodes") <= number("frames"),
        "{counts}"
    );
}

#[test]
fn nothing_is_read_or_encoded_while_nobody_watches() {
    let site = Site::new("nobody");
    let camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    assert_eq!(site.readers("front/image"), 0);
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[("front", SHOWN)]);
    page.picture();
    assert_eq!(site.readers("front/image"), 1);
    page.watch(&[]);
    wait_for("nobody reads", || (site.readers("front/image") == 0).then_some(()));
    let before = site.costs();
    let sent = camera.sent.load(Ordering::Relaxed);
    wait_for("ten frames", || {
        (camera.sent.load(Ordering::Relaxed) > sent + 10).then_some(())
    });
    assert_eq!(site.costs()["cameras"], before["cameras"]);
    assert_eq!(before["cameras"]["front/image"]["watchers"], 0);
}

#[test]
fn looking_away_and_back_again_leaves_one_reader() {
    let site = Site::new("blink");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut page = Page::open(site.address);
    page.text("status");
    for _ in 0..50 {
        page.watch(&[("front", SHOWN)]);
        page.watch(&[]);
    }
    page.watch(&[("front", SHOWN)]);
    for _ in 0..5 {
        page.picture();
        page.taken("front/image");
    }
    wait_for("one reads", || (site.readers("front/image") == 1).then_some(()));
    assert_eq!(site.costs()["cameras"]["front/image"]["watchers"], 1);
}

#[test]
fn a_page_that_goes_without_a_word_is_no_watcher_any_more() {
    let site = Site::new("gone");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[("front", SHOWN)]);
    page.picture();
    drop(page);
    wait_for("nobody reads", || (site.readers("front/image") == 0).then_some(()));
    wait_for("no page is left", || (site.costs()["pages"] == 0).then_some(()));
}

#[test]
fn results_carry_the_origin_of_the_picture_that_they_were_found_in() {
    let site = Site::new("origin");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let ends = start_stage(&site.bus, "front/image");
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[("front", SHOWN)]);
    let (mut pictures, mut results) = (HashSet::new(), HashSet::new());
    while pictures.intersection(&results).count() < 5 {
        match page.hear() {
            Heard::Picture { header, .. } => {
                pictures.insert(header["origin"].as_str().unwrap().to_owned());
                page.taken("front/image");
            }
            Heard::Text(message) if message["type"] == "results" => {
                assert_eq!(
                    (&message["camera"], &message["stream"]),
                    (&json!("front/image"), &json!("tags/detections"))
                );
                assert_eq!(message["body"]["items"][0]["id"], 7);
                results.insert(message["origin"].as_str().unwrap().to_owned());
            }
            Heard::Text(_) => {}
            Heard::Closed(reason) => panic!("closed: {reason}"),
        }
    }
    ends.store(true, Ordering::Relaxed);
}

#[test]
fn pictures_of_a_jpeg_camera_are_handed_on_as_they_are() {
    let site = Site::new("jpeg");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::Jpeg);
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[("front", SHOWN)]);
    assert_eq!(size_of(&page.picture().1), SHOWN);
    let counts = &site.costs()["cameras"]["front/image"]["counts"];
    assert_eq!(counts["encodes"], 0);
    assert!(counts["passed_on"].as_u64().unwrap() > 0);
}

#[test]
fn a_camera_that_comes_back_at_another_size_goes_on_in_the_same_page() {
    let site = Site::new("again");
    let camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[("front", [1920, 1080])]);
    assert_eq!(size_of(&page.picture().1), [640, 360]);
    drop(camera);
    let _camera = Camera::start(&site.bus, "front/image", [320, 240], Format::I420);
    loop {
        page.taken("front/image");
        if size_of(&page.picture().1) == [320, 240] {
            break;
        }
    }
}

#[test]
fn what_is_no_camera_is_not_watched() {
    let site = Site::new("nocamera");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[
        ("tags", SHOWN),
        ("../etc", SHOWN),
        ("nobody/image", SHOWN),
        ("front", SHOWN),
    ]);
    page.picture();
    let cameras = site.costs()["cameras"].as_object().unwrap().clone();
    assert_eq!(cameras.keys().collect::<Vec<_>>(), ["front/image"]);
}
