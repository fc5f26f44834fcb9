//! H.264 by WebRTC, on a real bus, with another WebRTC at the browser's side whose pictures are decoded.

mod support;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use bushbaby_node::settings::Bitrate;
use bushbaby_server::Settings;
use serde_json::json;
use support::browser::{Browser, Shown, offer};
use support::page::{Page, seq_of};
use support::scenery::{Camera, Format};
use support::{Site, wait_for};

const SHOWN: [u32; 2] = [640, 360];

fn page(site: &Site) -> Page {
    let mut page = Page::open(site.address);
    page.text("status");
    page
}

#[test]
fn a_browser_is_sent_every_picture_as_h264_and_its_header_over_the_websocket() {
    let site = Site::new("h264");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut browser = Browser::open(page(&site), "front/image", SHOWN);
    let first = browser.picture();
    assert!(first.is_keyframe);
    assert_eq!(first.size, [640, 360]);
    let header = browser.header(first.rtp);
    assert_eq!(
        (header["type"].as_str(), header["camera"].as_str(), &header["source_px"]),
        (Some("video"), Some("front/image"), &json!([640, 360]))
    );
    assert!(header["bytes"].as_u64().unwrap() > 0);
    // The camera's shade is the number of its frame: each picture is the one that its header speaks of.
    for _ in 0..10 {
        let shown = browser.picture();
        let header = browser.header(shown.rtp);
        let frame = seq_of(&header) as u8;
        assert!(frame.abs_diff(shown.shade) <= 4, "frame {frame}, shade {}", shown.shade);
    }
    let costs = site.costs();
    let counts = &costs["cameras"]["front/image"]["counts"];
    assert_eq!(counts["encodes"], 0, "{counts}");
    assert_eq!(costs["webrtc"]["connections"], 1);
    assert_eq!(costs["webrtc"]["answered"], 1);
}

#[test]
fn two_browsers_share_one_encoder_and_it_stops_when_nobody_watches() {
    let site = Site::new("h264share");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut first = Browser::open(page(&site), "front/image", SHOWN);
    first.picture();
    let mut second = Browser::open(page(&site), "front/image", SHOWN);
    assert!(
        second.picture().is_keyframe,
        "who comes later begins at a keyframe, too"
    );
    for _ in 0..10 {
        first.picture();
        second.picture();
    }
    let counts = site.costs()["cameras"]["front/image"].clone();
    assert_eq!(counts["watchers"], 2);
    let number = |name: &str| counts["counts"][name].as_u64().unwrap();
    assert!(number("videos") + number("left_out") <= number("frames"), "{counts}");
    first.page.watch(&[]);
    drop(second);
    wait_for("nobody reads", || (site.readers("front/image") == 0).then_some(()));
    wait_for("one connection is left", || {
        (site.costs()["webrtc"]["connections"] == 1).then_some(())
    });
    let before = site.costs();
    // The one that looked away looks again.
    first.watch(SHOWN);
    let videos = |costs: &serde_json::Value| costs["cameras"]["front/image"]["counts"]["videos"].as_u64();
    wait_for("it goes on", || (videos(&site.costs()) > videos(&before)).then_some(()));
}

#[test]
fn a_browser_that_lost_a_picture_is_sent_a_keyframe_when_it_asks() {
    let site = Site::new("h264pli");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut browser = Browser::open(page(&site), "front/image", SHOWN);
    while browser.picture().is_keyframe {}
    browser.ask_for_keyframe();
    while !browser.picture().is_keyframe {}
}

#[test]
fn pictures_become_as_rich_as_a_browsers_link_carries_and_others_keep_theirs() {
    let site = Site::new("h264link");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut narrow = Browser::open(page(&site), "front/image", SHOWN);
    let mut wide = Browser::open(page(&site), "front/image", SHOWN);
    // What the one is sent changes; what the other is sent never does.
    let mut until = |narrow: &mut Browser, what: &str, is_so: &dyn Fn(&Shown) -> bool| {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            assert_eq!(wide.picture().size, [640, 360]);
            let shown = narrow.picture();
            if is_so(&shown) {
                return shown;
            }
            assert!(Instant::now() < end, "{what}: still {shown:?}");
        }
    };
    until(&mut narrow, "as asked", &|shown| shown.size == [640, 360]);
    narrow.takes_at_most(200_000);
    let poor = until(&mut narrow, "smaller", &|shown| shown.size != [640, 360]);
    assert!(poor.is_keyframe, "another size begins with a keyframe");
    narrow.takes_at_most(10_000_000);
    until(&mut narrow, "larger", &|shown| shown.size[0] > poor.size[0]);
}

#[test]
fn an_offer_that_is_none_is_refused_in_words_and_disturbs_nobody() {
    let site = Site::new("h264bad");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut browser = Browser::open(page(&site), "front/image", SHOWN);
    let mut rude = page(&site);
    let (_, _, _, good, _) = offer(true);
    let (_, _, _, vp8, _) = offer(false);
    let half = &good[..good.len() / 2];
    let twice = format!("{good}{}", &good[good.find("m=").unwrap()..]);
    for (camera, sdp, why) in [
        ("front", "", "no offer"),
        ("front", "v=0\r\n", "no offer"),
        ("front", half, ""),
        ("front", &twice, ""),
        ("front", &vp8, "no H.264"),
        ("nobody", &good, "no such camera"),
        ("front", &"a=".repeat(4000), "no offer"),
    ] {
        rude.say(&json!({"type": "offer", "camera": camera, "sdp": sdp}));
        let refused = rude.text("no_video");
        assert!(refused["why"].as_str().unwrap().contains(why), "{refused}");
    }
    // Rubbish at the port, from outside and in the name of what is on the way.
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..100_usize {
        let rubbish: Vec<u8> = (0..number * 13).map(|at| (at * 31 + number * 7) as u8).collect();
        stranger
            .send_to(&rubbish, ("127.0.0.1", site.webrtc_port.unwrap()))
            .unwrap();
    }
    wait_for("it is counted", || {
        // A port takes only so many at once.
        (site.costs()["webrtc"]["foreign_packets"].as_u64().unwrap() > 20).then_some(())
    });
    for _ in 0..10 {
        browser.picture();
    }
    let webrtc = site.costs()["webrtc"].clone();
    assert_eq!((&webrtc["connections"], &webrtc["answered"]), (&json!(1), &json!(1)));
    assert_eq!(webrtc["refused"], 6);
    // The page that was refused still has its JPEG.
    rude.watch(&[("front", SHOWN)]);
    rude.picture();
}

#[test]
fn what_is_switched_off_is_refused_and_takes_no_port() {
    let settings = Settings {
        webrtc: false,
        ..Settings::default()
    };
    let site = Site::with_settings("h264off", settings);
    assert_eq!(site.webrtc_port, None);
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut page = page(&site);
    page.say(&json!({"type": "offer", "camera": "front", "sdp": offer(true).3}));
    assert_eq!(page.text("no_video")["why"], "WebRTC is switched off here");
    // Asked for as video without a connection, it comes as JPEG.
    page.say(&json!({"type": "watch", "views": [{"camera": "front", "width": 640, "height": 360, "video": true}]}));
    assert!(!page.picture().1.is_empty());
}

#[test]
fn the_limit_of_all_pictures_counts_h264_too_and_the_video_goes_on() {
    let budget: Bitrate = serde_json::from_value(json!("100kbit/s")).unwrap();
    let settings = Settings {
        budget: Some(budget),
        ..Settings::default()
    };
    let site = Site::with_settings("h264limit", settings);
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut browsers = [0, 1].map(|_| Browser::open(page(&site), "front/image", SHOWN));
    let mut spent = Vec::new();
    for second in 0..6 {
        let end = Instant::now() + Duration::from_secs(1);
        let mut pictures = 0;
        while Instant::now() < end {
            for browser in &mut browsers {
                browser.picture();
                pictures += 1;
            }
        }
        assert!(pictures > 0, "second {second}");
        spent.push(site.costs()["budget"]["sent_bits_per_second"].as_f64().unwrap());
    }
    // What was saved up goes first.
    assert!(spent[1..].iter().all(|bits| *bits <= 150_000.0), "{spent:?}");
    assert!(spent[3..].iter().all(|bits| *bits > 10_000.0), "{spent:?}");
}

#[test]
fn a_page_whose_udp_port_is_taken_goes_on_with_jpeg() {
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let settings = Settings {
        webrtc_port: Some(other.local_addr().unwrap().port()),
        ..Settings::default()
    };
    let site = Site::with_settings("h264taken", settings);
    assert_eq!(site.webrtc_port, None);
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut page = page(&site);
    page.watch(&[("front", SHOWN)]);
    page.picture();
}
