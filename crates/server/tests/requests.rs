//! Single requests: files, status, who may do what, MJPEG.

mod support;

use std::io::BufReader;
use std::net::SocketAddr;

use bushbaby_node::status::NodeState;
use bushbaby_node::{Sink, testing};
use bushbaby_pixels::ImageView;
use bushbaby_server::{Limits, Settings, Web};
use support::scenery::{Camera, Format};
use support::{Site, http};

fn size_of(jpeg: &[u8]) -> [u32; 2] {
    let view = ImageView::jpeg(jpeg).unwrap();
    [view.width(), view.height()]
}

#[test]
fn the_status_is_the_supervisors_own() {
    let site = Site::new("status");
    let answer = http::get(site.address, "/api/status");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json"))
    );
    assert_eq!(answer.json(), serde_json::to_value(&site.supervisor().status).unwrap());
    assert_eq!(
        http::get(site.address, "/api/log/front").json()["lines"][0],
        "front opened"
    );
    assert_eq!(
        http::get(site.address, "/api/settings/tags").json()["family"],
        "tag36h11"
    );
}

#[test]
fn what_a_recorder_has_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("2026-11-21_10-54-04.mcap"), [0; 1234]).unwrap();
    let node = serde_json::json!({"kind": "record", "role": "sink", "state": "running", "restarts": 0});
    let node = serde_json::from_value(node).unwrap();
    let site = Site::prepared("record", |supervisor| {
        supervisor.status.nodes.insert("tape".into(), node);
        supervisor.settings = serde_json::json!({"to": folder.path()});
    });
    let written = http::get(site.address, "/api/recordings/tape").json();
    assert_eq!(
        (&written["file"], &written["bytes"]),
        (&"2026-11-21_10-54-04.mcap".into(), &1234.into())
    );
    assert!(written["free_bytes"].as_u64().unwrap() > 0);
    // No other node's settings name a folder that somebody may look into.
    assert_eq!(http::get(site.address, "/api/recordings/front").status, 404);
}

#[test]
fn a_name_of_another_machine_is_turned_away() {
    let site = Site::new("host");
    for host in ["example.org", "example.org:5800", "localhost.example.org", ""] {
        let refused = http::request(site.address, "GET", "/api/status", &[("Host", host)], "");
        assert_eq!(refused.status, 403, "{host}");
        assert!(refused.text().contains("no name of this machine"), "{}", refused.text());
    }
    let port = site.address.port();
    for host in [
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        format!("robot.local:{port}"),
    ] {
        assert_eq!(
            http::request(site.address, "GET", "/", &[("Host", &host)], "").status,
            200,
            "{host}"
        );
    }
}

#[test]
fn only_the_page_itself_mutes_an_alert_and_only_one_that_there_is() {
    let alert = serde_json::json!({"name": "baby", "when": "cry finds baby_cry"});
    let alerts = serde_json::json!({"alerts": [alert], "destinations": [], "recent": []});
    let alerts = serde_json::from_value(alerts).unwrap();
    let site = Site::prepared("mute", |supervisor| supervisor.status.alerts = alerts);
    let mute = |name: &str, origin: &str, body: &str| {
        let headers = [("Origin", origin), ("Content-Type", "application/json")];
        http::request(
            site.address,
            "POST",
            &format!("/api/alerts/{name}/mute"),
            &headers,
            body,
        )
    };
    let file = bushbaby_node::alerts::folder(&site.instance).join("muted").join("baby");
    let own = format!("http://{}", site.address);
    assert_eq!(mute("baby", "http://example.org", r#"{"for_ms":3600000}"#).status, 403);
    assert_eq!(mute("baby", &own, r#"{"for_ms":-1}"#).status, 422);
    assert_eq!(mute("baby", &own, r#"{"for_ms":1e30}"#).status, 422);
    assert_eq!(mute("baby", &own, r#"{"for_ms":999999999999}"#).status, 400);
    for name in ["nobody", "..", "..%2F..%2Fbaby", ".baby"] {
        assert_eq!(mute(name, &own, r#"{"for_ms":3600000}"#).status, 404, "{name}");
    }
    assert!(!file.exists());
    assert_eq!(mute("baby", &own, r#"{"for_ms":3600000}"#).status, 200);
    let until: jiff::Timestamp = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    let left_s = (until - jiff::Timestamp::now()).get_seconds();
    assert!((3_500..=3_600).contains(&left_s), "{left_s}");
    assert_eq!(mute("baby", &own, r#"{"for_ms":0}"#).status, 200);
    assert!(!file.exists());
    let _ = std::fs::remove_dir_all(site.instance.state_dir());
}

fn restart(address: SocketAddr, node: &str, headers: &[(&str, &str)]) -> http::Response {
    http::request(address, "POST", &format!("/api/restart/{node}"), headers, "")
}

#[test]
fn only_the_page_itself_restarts_a_node() {
    let site = Site::new("restart");
    let own = format!("http://{}", site.address);
    for headers in [&[][..], &[("Origin", "http://example.org")], &[("Origin", "null")]] {
        assert_eq!(restart(site.address, "tags", headers).status, 403, "{headers:?}");
    }
    assert_eq!(
        http::request(site.address, "GET", "/api/restart/tags", &[("Origin", &own)], "").status,
        405
    );
    assert!(site.supervisor().restarts.is_empty());
    assert_eq!(restart(site.address, "tags", &[("Origin", &own)]).status, 202);
    assert_eq!(site.supervisor().restarts, ["tags"]);
    let unknown = restart(site.address, "nobody", &[("Origin", &own)]);
    assert_eq!(
        (unknown.status, unknown.json()["error"].as_str().unwrap()),
        (409, "there is no node `nobody`")
    );
}

#[test]
fn only_the_page_itself_changes_a_pipeline() {
    let site = Site::new("pipeline");
    let wish = |headers: &[(&str, &str)]| {
        let json = ("Content-Type", "application/json");
        let headers: Vec<_> = headers.iter().copied().chain([json]).collect();
        http::request(
            site.address,
            "POST",
            "/api/pipeline/tags",
            &headers,
            r#"{"pipeline":"far"}"#,
        )
        .status
    };
    let own = format!("http://{}", site.address);
    assert_eq!(wish(&[]), 403);
    assert_eq!(wish(&[("Origin", "http://example.org")]), 403);
    assert_eq!(wish(&[("Origin", own.as_str())]), 202);
    assert_eq!(site.supervisor().wished, ["tags far"]);
}

#[test]
fn only_the_page_itself_tunes_a_stage_and_saves_what_was_tuned() {
    let site = Site::new("tune");
    let own = format!("http://{}", site.address);
    let post = |path: &str, origin: &str, body: &str| {
        let headers = [("Origin", origin), ("Content-Type", "application/json")];
        http::request(site.address, "POST", path, &headers, body)
    };
    let (tune, save) = (r#"{"pipeline":1,"settings":{"hue":[60,90]}}"#, r#"{"pipeline":1}"#);
    for (path, body) in [("/api/tune/tape", tune), ("/api/save/tape", save)] {
        assert_eq!(post(path, "http://example.org", body).status, 403, "{path}");
        assert_eq!(post(path, &own, r#"{"settings":[]}"#).status, 422, "{path}");
        assert_eq!(post(path, &own, r#"{"pipeline":-1}"#).status, 422, "{path}");
    }
    assert!(site.supervisor().wished.is_empty());
    assert_eq!(post("/api/tune/tape", &own, tune).status, 202);
    let saved = post("/api/save/tape", &own, save);
    assert_eq!(
        (saved.status, saved.json()["file"].as_str()),
        (200, Some("/etc/pit.yaml"))
    );
    let wished = [r#"tape 1 {"hue": Array [Number(60), Number(90)]}"#, "tape 1 saved"];
    assert_eq!(site.supervisor().wished, wished);
}

/// What only those do who may act, besides a restart.
const ACTS: [(&str, &str); 4] = [
    ("/api/pipeline/tags", r#"{"pipeline":"far"}"#),
    ("/api/tune/tags", r#"{"settings":{}}"#),
    ("/api/save/tags", "{}"),
    ("/api/alerts/baby/mute", r#"{"for_ms":1000}"#),
];

#[test]
fn from_elsewhere_the_password_comes_first() {
    let site = Site::with("password", Some("moon"), Limits::default());
    let own = format!("http://{}", site.address);
    let elsewhere = [
        ("Origin", own.as_str()),
        ("X-Forwarded-For", "10.0.0.9"),
        ("Content-Type", "application/json"),
    ];
    assert_eq!(restart(site.address, "tags", &elsewhere).status, 401);
    for (path, body) in ACTS {
        let answer = http::request(site.address, "POST", path, &elsewhere, body);
        assert_eq!(answer.status, 401, "{path}");
    }
    let login = |body: &str| http::request(site.address, "POST", "/api/login", &elsewhere, body);
    let wrong = login(r#"{"password":"sun"}"#);
    assert_eq!(
        (wrong.status, wrong.json()["error"].as_str()),
        (401, Some("the password is wrong"))
    );
    let right = login(r#"{"password":"moon"}"#);
    let cookie = right.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let secret = cookie.split(';').next().unwrap();
    let with_cookie = [&elsewhere[..], &[("Cookie", secret)]].concat();
    assert_eq!(restart(site.address, "tags", &with_cookie).status, 202);
    let with_other = [&elsewhere[..], &[("Cookie", "bushbaby_session=0000")]].concat();
    assert_eq!(restart(site.address, "tags", &with_other).status, 401);
    for _ in 0..4 {
        login(r#"{"password":"sun"}"#);
    }
    assert_eq!(login(r#"{"password":"moon"}"#).status, 429);
}

#[test]
fn without_a_password_others_only_look() {
    let site = Site::new("look");
    let own = format!("http://{}", site.address);
    let elsewhere = [
        ("Origin", own.as_str()),
        ("X-Forwarded-For", "10.0.0.9"),
        ("Content-Type", "application/json"),
    ];
    for (path, body) in ACTS {
        let answer = http::request(site.address, "POST", path, &elsewhere, body);
        assert_eq!(answer.status, 403, "{path}");
    }
    assert!(site.supervisor().wished.is_empty());
    assert_eq!(
        http::request(site.address, "GET", "/api/status", &elsewhere, "").status,
        200
    );
    let refused = restart(site.address, "tags", &elsewhere);
    assert_eq!(refused.status, 403);
    assert!(
        refused.json()["hint"].as_str().unwrap().contains("password"),
        "{}",
        refused.text()
    );
}

#[test]
fn a_page_of_another_site_gets_no_live_connection() {
    let site = Site::new("foreign");
    assert!(support::page::Page::open_from(site.address, "http://example.org").is_err());
    assert!(support::page::Page::open_from(site.address, "null").is_err());
}

#[test]
fn a_stream_has_the_size_and_the_headers_that_dashboards_want() {
    let site = Site::new("mjpeg");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    for path in [
        "/stream/front.mjpg?resolution=320x240&fps=30&compression=40",
        "/?action=stream&name=front&resolution=320x240",
    ] {
        let mut stream = BufReader::new(http::send(site.address, "GET", path, &[], ""));
        let head = http::read_head(&mut stream);
        assert!(head.contains("multipart/x-mixed-replace"), "{head}");
        for _ in 0..3 {
            let (part, jpeg) = http::read_part(&mut stream);
            assert!(
                part.contains("Content-Type: image/jpeg") && part.contains("X-Timestamp: 1"),
                "{part}"
            );
            assert_eq!(size_of(&jpeg), [320, 180]);
        }
    }
    let still = http::get(site.address, "/stream/front.jpg");
    assert_eq!((still.status, size_of(&still.body)), (200, [640, 360]));
}

#[test]
fn a_stream_says_when_its_camera_is_gone_and_shows_it_when_it_is_back() {
    let site = Site::new("novideo");
    let camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut stream = BufReader::new(http::send(site.address, "GET", "/stream/front.mjpg", &[], ""));
    http::read_head(&mut stream);
    http::read_part(&mut stream);
    drop(camera);
    if let Some(node) = site.supervisor().status.nodes.get_mut("front") {
        node.state = NodeState::Stalled;
        node.error = Some("no answer from 10.0.0.7:554, trying again".into());
    }
    // Our pictures of one shade are far smaller than one with words in it.
    let says_so = |jpeg: &[u8]| jpeg.len() > 6000;
    while !says_so(&http::read_part(&mut stream).1) {}
    let gone = http::get(site.address, "/stream/front.jpg");
    assert_eq!(gone.status, 503);
    assert!(says_so(&gone.body));
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    while says_so(&http::read_part(&mut stream).1) {}
}

#[test]
fn the_port_of_a_camera_is_that_camera() {
    let site = Site::with_settings(
        "ports",
        Settings {
            streams: [("door".to_owned(), 0), ("front".to_owned(), 0)].into(),
            ..Settings::default()
        },
    );
    let _front = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let _door = Camera::start(&site.bus, "door/image", [320, 240], Format::I420);
    for (camera, size) in [("front", [640, 360]), ("door", [320, 240])] {
        let address = site.cameras[camera];
        for path in ["/?action=stream&fps=30", "/stream.mjpg", "/"] {
            let mut stream = BufReader::new(http::send(address, "GET", path, &[], ""));
            http::read_head(&mut stream);
            assert_eq!(size_of(&http::read_part(&mut stream).1), size, "{camera} {path}");
        }
        let still = http::get(address, "/?action=snapshot&resolution=160x160");
        assert_eq!((still.status, size_of(&still.body)[0]), (200, 160));
        assert_eq!(
            http::get(address, "/api/status").status,
            404,
            "the page is on its own port"
        );
        let stranger = http::request(address, "GET", "/", &[("Host", "example.org")], "");
        assert_eq!(stranger.status, 403);
    }
}

#[test]
fn pictures_become_poorer_when_the_budget_is_too_small_for_them() {
    let site = Site::with_settings(
        "budget",
        Settings {
            budget: Some("100kbit/s".parse().unwrap()),
            ..Settings::default()
        },
    );
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let mut stream = BufReader::new(http::send(site.address, "GET", "/stream/front.mjpg", &[], ""));
    http::read_head(&mut stream);
    assert_eq!(size_of(&http::read_part(&mut stream).1), [640, 360]);
    while size_of(&http::read_part(&mut stream).1) == [640, 360] {}
    let spent = &site.costs()["budget"];
    assert_eq!(spent["bits_per_second"], 100_000.0);
    assert!(spent["refused"].as_u64().unwrap() > 0, "{spent}");
    assert!(spent["pictures"].as_str().unwrap().contains("sides"), "{spent}");
}

#[test]
fn an_unknown_camera_is_an_answer_that_names_those_there_are() {
    let site = Site::new("unknown");
    let answer = http::get(site.address, "/stream/fron.mjpg");
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["hint"], "its cameras: `door`, `front`");
    assert!(
        http::get(site.address, "/stream/front").json()["hint"]
            .as_str()
            .unwrap()
            .contains("/stream/front.mjpg")
    );
}

#[test]
fn only_pages_of_the_same_network_may_read_the_pixels() {
    let site = Site::new("cors");
    let _camera = Camera::start(&site.bus, "front/image", [640, 360], Format::I420);
    let allowed = |origin: &str| {
        let answer = http::request(site.address, "GET", "/stream/front.jpg", &[("Origin", origin)], "");
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(allowed("http://10.0.0.5:3000").as_deref(), Some("http://10.0.0.5:3000"));
    assert_eq!(allowed("https://example.org"), None);
}

#[test]
fn a_port_that_is_taken_is_told_with_what_to_do() {
    let site = Site::new("taken");
    let other = testing::instance("taken2");
    let context = testing::context(&other, "web", "web", Vec::new()).unwrap();
    let settings = Settings {
        listen: site.address.to_string(),
        ..Settings::default()
    };
    let error = Web::open(settings, &context).unwrap_err();
    assert_eq!(
        error.message(),
        format!("port {} on 127.0.0.1 is taken by another program", site.address.port())
    );
    assert!(error.hint().unwrap().contains("another port") && !error.is_final());
}
