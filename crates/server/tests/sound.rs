//! What a page hears, on a real bus.

mod support;

use bushbaby_bus::{Publisher, PublisherOptions};
use serde_json::{Value, json};
use support::page::{Heard, Page};
use support::scenery::{Microphone, send_body, send_sound};
use support::{Site, wait_for};

const COT: &str = "cot/audio";

/// A page beside the microphone `cot` with the stage `cry`.
fn site(test: &str) -> Site {
    Site::prepared(test, |supervisor| {
        supervisor.add(COT, "source", "audio");
        for output in ["events", "scores", "level"] {
            supervisor.add(&format!("cry/{output}"), "stage", output);
        }
    })
}

fn publisher(site: &Site, stream: &str) -> Publisher {
    site.bus
        .publisher(&stream.parse().unwrap(), PublisherOptions::default())
        .unwrap()
}

fn opened(site: &Site) -> Page {
    let mut page = Page::open(site.address);
    page.text("status");
    page
}

fn hear(page: &mut Page, spectrum: bool, listen: bool) {
    page.say(&json!({"type": "hear", "sounds": [{"source": COT, "spectrum": spectrum, "listen": listen}]}));
}

/// The next text about the sound that fulfils this.
fn sound_until(page: &mut Page, is_it: impl Fn(&Value) -> bool) -> Value {
    page.until("the text about the sound", |heard| match heard {
        Heard::Text(sound) if sound["type"] == "sound" && is_it(&sound) => Some(sound),
        _ => None,
    })
}

/// Waits for a binary message of this type.
fn content(page: &mut Page, kind: &str) -> (Value, Vec<u8>) {
    page.until(kind, |heard| match heard {
        Heard::Picture { header, jpeg } if header["type"] == kind => Some((header, jpeg)),
        _ => None,
    })
}

fn event(id: &str, state: &str) -> Value {
    json!({"type": "events", "version": 1, "source": "cot", "items": [{"id": id, "sound": "baby_cry", "state": state, "score": 0.91,
        "start_at": "2026-01-02T03:04:05Z", "decided_at": "2026-01-02T03:04:07Z", "start_s": 1.0, "decided_s": 3.0}]})
}

#[test]
fn a_status_tells_what_there_is_to_hear() {
    let site = site("sound-status");
    let status = Page::open(site.address).text("status");
    let results = ["cry/events", "cry/level", "cry/scores"];
    assert_eq!(
        status["sounds"],
        json!([{"stream": COT, "name": "cot", "is_source": true, "results": results}])
    );
}

#[test]
fn how_loud_it_is_is_known_without_any_stage() {
    let site = site("sound-level");
    let _microphone = Microphone::start(&site.bus, COT);
    let mut page = opened(&site);
    hear(&mut page, false, false);
    let sound = sound_until(&mut page, |sound| sound["level"].is_object());
    assert_eq!(
        (
            sound["source"].as_str(),
            sound["rate_hz"].as_u64(),
            sound["channels"].as_u64()
        ),
        (Some(COT), Some(16_000), Some(1))
    );
    assert_eq!(sound["level"], json!({"rms_dbfs": -20.0, "peak_dbfs": -17.0}));
}

#[test]
fn a_stage_that_says_how_loud_it_is_spares_reading_the_sound() {
    let site = site("sound-spared");
    let _microphone = Microphone::start(&site.bus, COT);
    let level = publisher(&site, "cry/level");
    let mut page = opened(&site);
    hear(&mut page, false, false);
    wait_for("the sound is not read", || {
        send_body(
            &level,
            &json!({"type": "level", "version": 1, "source": "cot", "rms_dbfs": -45.26, "peak_dbfs": -30.0, "floor_dbfs": -52.0}),
        );
        let told = sound_until(&mut page, |sound| sound["level"].is_object());
        let is_told = told["level"] == json!({"rms_dbfs": -45.3, "peak_dbfs": -30.0, "floor_dbfs": -52.0});
        (is_told && site.readers(COT) == 0).then_some(())
    });
}

#[test]
fn a_spectrogram_is_made_while_it_is_shown_and_not_longer() {
    let site = site("sound-spectrum");
    let _microphone = Microphone::start(&site.bus, COT);
    let mut page = opened(&site);
    assert_eq!(site.readers(COT), 0);
    hear(&mut page, true, false);
    let mut next = None;
    for _ in 0..5 {
        let (header, bytes) = content(&mut page, "spectrum");
        assert_eq!(
            (
                header["source"].as_str(),
                header["bands"].as_u64(),
                header["column_ms"].as_u64()
            ),
            (Some(COT), Some(64), Some(50))
        );
        assert!(!bytes.is_empty() && bytes.len() % 64 == 0);
        let first = header["column"].as_u64().unwrap();
        assert!(next.is_none_or(|next| first >= next), "{first} after {next:?}");
        next = Some(first + bytes.len() as u64 / 64);
        for column in bytes.chunks(64) {
            assert_eq!((0..64).max_by_key(|band| column[*band]), Some(21), "1 kHz");
        }
    }
    page.say(&json!({"type": "hear", "sounds": []}));
    wait_for("nobody reads", || (site.readers(COT) == 0).then_some(()));
    assert_eq!(site.costs()["sounds"][COT]["watchers"], 0);
    assert_eq!(site.costs()["sounds"][COT]["counts"]["pcm"], 0);
}

#[test]
fn who_listens_gets_the_sound_and_the_others_do_not() {
    let site = site("sound-listen");
    let _microphone = Microphone::start(&site.bus, COT);
    let (mut page, mut other) = (opened(&site), opened(&site));
    hear(&mut other, true, false);
    hear(&mut page, false, true);
    let (header, bytes) = content(&mut page, "pcm");
    assert_eq!(
        (header["source"].as_str(), header["rate_hz"].as_u64()),
        (Some(COT), Some(16_000))
    );
    let samples: Vec<i16> = bytes
        .chunks_exact(2)
        .map(|two| i16::from_le_bytes([two[0], two[1]]))
        .collect();
    assert_eq!(samples.len(), 320);
    assert_eq!(samples.iter().max(), Some(&4_634));
    for _ in 0..20 {
        assert_eq!(other.picture().0["type"], "spectrum");
    }
}

#[test]
fn scores_come_with_their_thresholds() {
    let site = site("sound-scores");
    let scores = publisher(&site, "cry/scores");
    let mut page = opened(&site);
    hear(&mut page, false, false);
    wait_for("it is read", || (site.readers("cry/scores") == 1).then_some(()));
    let baby = json!({"score": 0.123_456, "threshold": 0.042, "heard": true});
    let body = json!({"type": "scores", "version": 1, "source": "cot", "window_s": 5.0, "gate_open": true, "sounds": {"baby_cry": baby}});
    send_body(&scores, &body);
    // About another microphone.
    send_body(
        &scores,
        &json!({"type": "scores", "version": 1, "source": "door", "window_s": 5.0, "gate_open": false, "sounds": {}}),
    );
    let sound = sound_until(&mut page, |sound| sound["scores"].is_object());
    let told = json!({"gate_open": true, "sounds": {"baby_cry": {"score": 0.123, "threshold": 0.042, "heard": true}}});
    assert_eq!(sound["scores"], json!({"cry/scores": told}));
}

#[test]
fn a_page_that_is_opened_later_sees_what_was_heard_before() {
    let site = site("sound-history");
    let events = publisher(&site, "cry/events");
    // Nobody has the page open.
    wait_for("events are read", || (site.readers("cry/events") == 1).then_some(()));
    send_body(&events, &event("cry-1", "began"));
    send_body(&events, &json!({"type": "events", "items": "none"}));
    let told = wait_for("it is told to who comes", || {
        let mut page = opened(&site);
        page.say(&json!({"type": "ping", "at": 1.0}));
        loop {
            match page.hear() {
                Heard::Text(message) if message["type"] == "heard" => return Some(message),
                Heard::Text(message) if message["type"] == "pong" => return None,
                Heard::Closed(reason) => panic!("{reason}"),
                _ => {}
            }
        }
    });
    let first = &told["events"][0];
    assert_eq!(
        (first["stream"].as_str(), first["source"].as_str()),
        (Some("cry/events"), Some("cot"))
    );
    assert_eq!(
        (first["id"].as_str(), first["state"].as_str(), first["score"].as_f64()),
        (Some("cry-1"), Some("began"), Some(0.91))
    );
    // What happens while it is open is told at once.
    let mut page = opened(&site);
    page.text("heard");
    send_body(&events, &event("cry-2", "began"));
    assert_eq!(page.text("heard")["events"][0]["id"], "cry-2");
}

#[test]
fn what_is_no_sound_is_told_and_does_no_harm() {
    let site = site("sound-hostile");
    let sound = publisher(&site, COT);
    let mut page = opened(&site);
    hear(&mut page, true, true);
    wait_for("it is read", || (site.readers(COT) == 1).then_some(()));
    for (rate_hz, channels, said) in [
        (8, 1, "8 Hz"),
        (16_000, 65, "65 channels"),
        (u32::MAX, 1, "4294967295 Hz"),
    ] {
        send_sound(&sound, rate_hz, channels, &vec![0.1; 65 * 8]);
        sound_until(&mut page, |sound| {
            sound["trouble"].as_str().is_some_and(|trouble| trouble.contains(said))
        });
    }
    send_body(&sound, &json!({"type": "audio"}));
    sound_until(&mut page, |sound| {
        sound["trouble"]
            .as_str()
            .is_some_and(|trouble| trouble.contains("no array `audio`"))
    });
    for rate_hz in [384_000, 4_000, 44_100, 11_025] {
        for channels in [64, 1] {
            send_sound(
                &sound,
                rate_hz,
                channels,
                &[f32::NAN, f32::INFINITY, f32::MAX, -1.0].repeat(16_000),
            );
        }
    }
    send_sound(&sound, 16_000, 1, &[0.0; 320]);
    // It goes on with the next that is sound.
    let told = sound_until(&mut page, |sound| {
        sound["trouble"].is_null() && sound["rate_hz"] == 16_000
    });
    assert_eq!(told["channels"], 1);
    drop(sound);
    let _microphone = Microphone::start(&site.bus, COT);
    sound_until(&mut page, |sound| sound["level"]["rms_dbfs"] == -20.0);
}

#[test]
fn a_page_that_wants_to_hear_too_much_is_cut_off() {
    let site = site("sound-many");
    let mut page = opened(&site);
    let sounds = vec![json!({"source": COT}); 65];
    page.say(&json!({"type": "hear", "sounds": sounds}));
    assert!(page.closed().contains("65 sounds at once"));
}
