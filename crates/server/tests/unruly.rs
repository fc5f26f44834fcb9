//! Clients that misbehave: their own connection ends, nobody else notices.

mod support;

use std::io::{BufReader, Read, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bushbaby_server::Limits;
use serde_json::json;
use support::page::Page;
use support::scenery::{Camera, Format};
use support::{Site, http, wait_for};
use tungstenite::Message;

const SHOWN: [u32; 2] = [640, 360];

/// A page that watches, to see whether it is disturbed.
fn good_page(site: &Site) -> Page {
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[("front", SHOWN)]);
    page.picture();
    page
}

fn goes_on(page: &mut Page) {
    for _ in 0..5 {
        page.taken("front/image");
        page.picture();
    }
}

#[test]
fn a_client_that_says_nonsense_is_cut_off_and_the_others_go_on() {
    let site = Site::new("nonsense");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut good = good_page(&site);
    let many = vec![json!({"camera": "front", "width": 1, "height": 1}); 65];
    for (nonsense, why) in [
        (Message::text("GET / HTTP/1.1"), "nothing a page says"),
        (
            Message::text(r#"{"type":"restart","node":"front"}"#),
            "nothing a page says",
        ),
        (Message::binary(vec![0; 100]), "no text"),
        (
            Message::text(json!({"type": "watch", "views": many}).to_string()),
            "65 views",
        ),
        (Message::text("x".repeat(100_000)), ""),
    ] {
        let mut bad = Page::open(site.address);
        bad.text("status");
        // The server may end the connection before all of it was written.
        let _ = bad.socket.send(nonsense);
        let reason = bad.closed();
        assert!(reason.contains(why), "{reason}");
        goes_on(&mut good);
    }
    wait_for("one page is left", || (site.costs()["pages"] == 1).then_some(()));
}

#[test]
fn bytes_that_are_no_websocket_end_their_own_connection() {
    let site = Site::new("bytes");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut good = good_page(&site);
    let mut bad = Page::open(site.address);
    bad.text("status");
    bad.socket.get_mut().write_all(&[0xff; 512]).unwrap();
    bad.closed();
    goes_on(&mut good);
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let limits = Limits {
        silence: Duration::from_millis(500),
        send_buffer_bytes: 16 << 10,
        ..Limits::default()
    };
    let site = Site::with("takesnothing", None, limits);
    let _camera = Camera::start(&site.bus, "front/image", [1280, 720], Format::I420);
    // A stream, of which nothing is ever read.
    let stream = http::send(site.address, "GET", "/stream/front.mjpg", &[], "");
    wait_for("somebody watches", || {
        (site.costs()["cameras"]["front/image"]["watchers"] == 1).then_some(())
    });
    wait_for("nobody watches", || {
        (site.costs()["cameras"]["front/image"]["watchers"] == 0).then_some(())
    });
    drop(stream);
    // A page, which does not even answer a ping.
    let mut page = Page::open(site.address);
    page.text("status");
    wait_for("a page is there", || (site.costs()["pages"] == 1).then_some(()));
    wait_for("no page is left", || (site.costs()["pages"] == 0).then_some(()));
}

#[test]
fn a_header_that_never_ends_is_not_waited_for() {
    let limits = Limits {
        header: Duration::from_millis(300),
        ..Limits::default()
    };
    let site = Site::with("slowloris", None, limits);
    let mut slow: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = http::connect(site.address);
            stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").unwrap();
            stream
        })
        .collect();
    assert_eq!(http::get(site.address, "/").status, 200);
    for stream in &mut slow {
        let mut rest = Vec::new();
        // Ended by the server, with or without a word.
        let _ = stream.read_to_end(&mut rest);
    }
}

#[test]
fn a_body_that_never_comes_is_not_waited_for() {
    let limits = Limits {
        header: Duration::from_millis(300),
        ..Limits::default()
    };
    let site = Site::with("nobody", Some("moon"), limits);
    let mut stream = http::connect(site.address);
    let address = site.address;
    let head = format!(
        "POST /api/login HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn a_header_that_is_too_long_is_refused() {
    let site = Site::new("longheader");
    let long = "x".repeat(40_000);
    let refused = http::request(site.address, "GET", "/", &[("X-Long", &long)], "");
    assert_eq!(refused.status, 431);
    assert_eq!(http::get(site.address, "/").status, 200);
}

#[test]
fn one_connection_too_many_is_closed_at_once() {
    let limits = Limits {
        connections_per_address: 3,
        ..Limits::default()
    };
    let site = Site::with("toomany", None, limits);
    let held: Vec<_> = (0..3).map(|_| Page::open(site.address)).collect();
    let mut rest = Vec::new();
    let ended = http::connect(site.address).read_to_end(&mut rest);
    assert!(rest.is_empty() && ended.is_ok_and(|read| read == 0));
    drop(held);
    wait_for("there is room again", || {
        let mut stream = http::connect(site.address);
        stream
            .write_all(format!("GET /api/web HTTP/1.0\r\nHost: {}\r\n\r\n", site.address).as_bytes())
            .ok()?;
        let mut answer = String::new();
        BufReader::new(stream).read_to_string(&mut answer).ok()?;
        answer.contains("200 OK").then_some(())
    });
}

#[test]
fn many_strange_wishes_cost_no_more_than_a_few() {
    let site = Site::new("wishes");
    let camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let streams: Vec<_> = (0..20)
        .map(|n| {
            http::send(
                site.address,
                "GET",
                &format!("/stream/front.mjpg?resolution={}x400&compression={n}", 100 + n * 10),
                &[],
                "",
            )
        })
        .collect();
    wait_for("all watch", || {
        (site.costs()["cameras"]["front/image"]["watchers"] == streams.len()).then_some(())
    });
    let before = site.costs()["cameras"]["front/image"]["counts"].clone();
    let sent = camera.sent.load(Ordering::Relaxed);
    wait_for("ten frames", || {
        (camera.sent.load(Ordering::Relaxed) > sent + 10).then_some(())
    });
    let after = site.costs()["cameras"]["front/image"]["counts"].clone();
    let grown = |name: &str| after[name].as_u64().unwrap() - before[name].as_u64().unwrap();
    // The frame under way when the costs were asked may be counted on one side only.
    assert!(grown("encodes") <= 8 * (grown("frames") + 1), "{before} {after}");
}

#[test]
fn the_page_ends_at_once_while_clients_are_there() {
    let site = Site::new("ends");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let _good = good_page(&site);
    let _stream = http::send(site.address, "GET", "/stream/front.mjpg", &[], "");
    let before = Instant::now();
    drop(site);
    assert!(before.elapsed() < Duration::from_secs(5));
}
