//! RGB-D cameras, masks, and streams of other programs: what the page is sent of them, on a real bus.

mod support;

use std::sync::atomic::Ordering;

use bushbaby_pixels::ImageView;
use serde_json::{Value, json};
use support::page::{Heard, Page};
use support::scenery::{Camera, Format, start_halves};
use support::{Site, http, wait_for};

const SHOWN: [u32; 2] = [640, 360];

fn size_of(jpeg: &[u8]) -> [u32; 2] {
    let view = ImageView::jpeg(jpeg).unwrap();
    [view.width(), view.height()]
}

fn site_with_table(test: &str) -> (Site, Camera) {
    let site = Site::prepared(test, |supervisor| supervisor.add("table/rgbd", "source", "rgbd"));
    let camera = Camera::start(&site.bus, "table/rgbd", [640, 360], Format::Rgbd);
    (site, camera)
}

#[test]
fn an_rgbd_camera_is_a_camera_and_says_what_else_there_is_to_see() {
    let (site, _camera) = site_with_table("rgbd");
    let mut page = Page::open(site.address);
    let status = page.text("status");
    let pictures = status["pictures"].as_array().unwrap();
    let table = pictures.iter().find(|picture| picture["name"] == "table").unwrap();
    assert_eq!(
        table,
        &json!({"stream": "table/rgbd", "name": "table", "is_camera": true, "is_rgbd": true, "results": []})
    );
    page.watch(&[("table", SHOWN)]);
    let (header, jpeg) = page.picture();
    assert_eq!(size_of(&jpeg), SHOWN);
    assert_eq!(
        (&header["view"], &header["views"], &header["legend"]),
        (&json!("picture"), &json!(["picture", "depth", "right"]), &Value::Null)
    );
    assert_eq!(header["calibration"]["fx"], 500.0);
}

#[test]
fn depth_is_sent_in_colours_with_their_meaning_and_made_once_for_all() {
    let (site, _camera) = site_with_table("depth");
    let mut pages = [Page::open(site.address), Page::open(site.address)];
    for page in &mut pages {
        page.text("status");
        page.watch_view("table", "depth", [320, 180]);
    }
    for _ in 0..5 {
        for page in &mut pages {
            let (header, jpeg) = page.picture();
            page.taken("table/rgbd");
            assert_eq!((&header["view"], size_of(&jpeg)), (&json!("depth"), [320, 180]));
            assert_eq!(header["source_px"], json!(SHOWN));
            let [from, to] = ["from", "to"].map(|end| header["legend"][end].as_f64().unwrap());
            assert!((from - 1.0).abs() < 0.1 && (to - 3.0).abs() < 0.1, "{header}");
            assert_eq!(
                (
                    &header["legend"]["unit"],
                    header["legend"]["colors"].as_array().unwrap().len()
                ),
                (&json!("m"), 11)
            );
        }
    }
    let counts = site.costs()["cameras"]["table/rgbd"]["counts"].clone();
    let sizes: Vec<_> = counts["encodes_by_size"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(sizes, ["320x180 q70 depth"]);
    assert!(counts["encodes"].as_u64() <= counts["frames"].as_u64(), "{counts}");
}

#[test]
fn the_depth_at_a_pixel_is_told_while_somebody_watches() {
    let (site, _camera) = site_with_table("pixel");
    let depth = |query: &str| http::get(site.address, &format!("/api/depth/table/rgbd?{query}"));
    assert_eq!(depth("x=1&y=9").status, 404);
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch_view("table", "depth", SHOWN);
    page.picture();
    let metres = depth("x=639.5&y=100").json()["metres"].as_f64().unwrap();
    assert!((metres - 3.0).abs() < 0.001, "{metres}");
    for nowhere in ["x=10&y=0.5", "x=640&y=9", "x=-1&y=9", "x=NaN&y=9", "x=1e300&y=9"] {
        assert_eq!(depth(nowhere).json()["metres"], Value::Null, "{nowhere}");
    }
    assert_eq!(depth("x=ten&y=9").status, 400);
    assert_eq!(http::get(site.address, "/api/depth/table?x=1&y=1").status, 404);
}

#[test]
fn other_programs_get_views_as_streams() {
    let (site, _camera) = site_with_table("streams");
    let still = |path: &str| http::get(site.address, path);
    let picture = still("/stream/table.jpg");
    let depth = still("/stream/table.jpg?view=depth&resolution=320x240");
    assert_eq!((picture.status, size_of(&picture.body)), (200, [640, 360]));
    assert_eq!((depth.status, size_of(&depth.body)), (200, [320, 180]));
    assert_eq!(still("/stream/table.jpg?view=right").status, 200);
    // A capture without confidence is told in the picture.
    assert_eq!(still("/stream/table.jpg?view=confidence").status, 503);
    let word = still("/stream/table.jpg?view=dpeth");
    assert_eq!(
        (word.status, word.json()["error"].as_str()),
        (400, Some("there is no view `dpeth`"))
    );
    let flat = still("/stream/front.mjpg?view=depth");
    assert_eq!(
        (flat.status, flat.json()["error"].as_str()),
        (404, Some("`front` has no depth: it is no RGB-D camera"))
    );
}

#[test]
fn a_page_is_told_why_there_is_no_picture() {
    let (site, _camera) = site_with_table("why");
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch_view("table", "confidence", SHOWN);
    let trouble = page.text("trouble");
    let why = "stream `table/rgbd` has no array `confidence`, it has `rgb`, `rgb_right`, `depth`";
    assert_eq!(
        (&trouble["camera"], &trouble["why"]),
        (&json!("table/rgbd"), &json!(why))
    );
    page.watch_view("table", "picture", SHOWN);
    page.picture();
}

#[test]
fn what_another_program_finds_belongs_to_the_pictures_it_names() {
    let site = Site::new("others");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let ends = start_halves(&site.bus, "front/image", "people/results");
    let mut page = Page::open(site.address);
    // The first status may be older than the program.
    loop {
        let status = page.text("status");
        let pictures = status["pictures"].as_array().unwrap();
        let front = pictures.iter().find(|picture| picture["name"] == "front").unwrap();
        if front["results"].as_array().unwrap().contains(&json!("people/results")) {
            break;
        }
    }
    assert_eq!(site.readers("people/results"), 0);
    page.watch(&[("front", SHOWN)]);
    let found = page.text("results");
    assert_eq!(
        (&found["stream"], &found["camera"]),
        (&json!("people/results"), &json!("front/image"))
    );
    assert_eq!(found["body"]["items"][0]["label"], "left");
    let mask = &found["masks"][0];
    assert_eq!(
        (&mask["array"], &mask["width"], &mask["height"], &mask["form"]),
        (&json!("mask0"), &json!(480), &json!(270), &json!("runs"))
    );
    assert!(mask["data"].as_str().unwrap().len() < 2000);
    page.watch(&[]);
    wait_for("nobody reads them", || {
        (site.readers("people/results") == 0).then_some(())
    });
    ends.store(true, Ordering::Relaxed);
}

#[test]
fn a_mask_comes_with_the_pictures_of_those_who_ask_for_it() {
    let site = Site::prepared("tune", |supervisor| supervisor.add("tape/mask", "stage", "mask"));
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let ends = start_halves(&site.bus, "front/image", "tape/mask");
    let mut page = Page::open(site.address);
    page.text("status");
    let view = |mask: &str| json!({"type": "watch", "views": [{"camera": "front", "width": 640, "height": 360, "mask": mask}]});
    // What carries something else is no mask.
    page.say(&view("front/image"));
    page.picture();
    assert_eq!(site.readers("tape/mask"), 0);
    page.say(&view("tape/mask"));
    let found = page.text("results");
    assert_eq!(
        (&found["stream"], &found["camera"], &found["masks"][0]["width"]),
        (&json!("tape/mask"), &json!("front/image"), &json!(480))
    );
    page.watch(&[("front", SHOWN)]);
    wait_for("nobody reads it", || (site.readers("tape/mask") == 0).then_some(()));
    ends.store(true, Ordering::Relaxed);
}

#[test]
fn pictures_that_a_stage_made_come_after_the_cameras() {
    let site = Site::prepared("made", |supervisor| supervisor.add("blur/image", "stage", "image"));
    let _camera = Camera::start(&site.bus, "blur/image", [320, 180], Format::I420);
    let mut page = Page::open(site.address);
    let status = page.text("status");
    let names: Vec<_> = status["pictures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|picture| {
            (
                picture["name"].as_str().unwrap().to_owned(),
                picture["is_camera"].as_bool().unwrap(),
            )
        })
        .collect();
    let expected =
        [("door", true), ("front", true), ("blur", false)].map(|(name, is_camera)| (name.to_owned(), is_camera));
    assert_eq!(names, expected);
    page.watch(&[("blur/image", SHOWN)]);
    assert_eq!(size_of(&page.picture().1), [320, 180]);
}

#[test]
fn results_that_are_no_json_or_too_long_are_left_out_and_the_next_is_sent() {
    let site = Site::new("hostile");
    let camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let publisher = site
        .bus
        .publisher(&"evil/results".parse().unwrap(), Default::default())
        .unwrap();
    let mut page = Page::open(site.address);
    page.text("status");
    page.watch(&[("front", SHOWN)]);
    let (header, _) = page.picture();
    wait_for("the page reads", || (site.readers("evil/results") == 1).then_some(()));
    let frames = camera.sent.load(Ordering::Relaxed);
    assert!(frames > 0 && header["origin"].as_str().unwrap().starts_with("front/image:"));
    let origin = bushbaby_bus::Origin {
        stream: "front/image".parse().unwrap(),
        generation: 1,
        seq: 1,
        captured: bushbaby_bus::CaptureTime::now(bushbaby_bus::CaptureClock::Received),
    };
    let long = format!("\"{}\"", "x".repeat(600_000));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let nan = r#"{"type":"results","items":[{"x":NaN}]}"#;
    for body in [
        "",
        "\u{0}",
        nan,
        &long,
        &deep,
        r#"{"type":"results","version":1,"items":[]}"#,
    ] {
        publisher
            .send(&[], body.as_bytes(), origin.captured, Some(origin.clone()))
            .unwrap();
    }
    let found = page.text("results");
    assert_eq!(found["body"], json!({"type": "results", "version": 1, "items": []}));
    loop {
        page.taken("front/image");
        if let Heard::Picture { .. } = page.hear() {
            break;
        }
    }
}
