//! What a broker is told, as messages; and told for real, with its own client listening.

mod live;

use std::collections::BTreeMap;

use bushbaby_bus::MonoTime;
use bushbaby_sound::results::{EventState, Level, LevelKind, Score, Scores, ScoresKind, SoundEvent};

use super::discovery::{Message, Topics};
use super::home::Home;
use crate::alert::rules::Now;
use crate::alert::seen::Seen;

fn at(ms: u64) -> Now {
    Now {
        mono: MonoTime::from_ns(ms * 1_000_000),
        wall: jiff::Timestamp::from_millisecond(ms as i64).unwrap(),
    }
}

fn home() -> Home {
    let topics = Topics {
        prefix: "bushbaby".to_owned(),
        discovery: Some("homeassistant".to_owned()),
        instance: "default".to_owned(),
    };
    Home::new(topics, ["baby".to_owned()])
}

fn scores(heard: bool) -> Seen {
    let score = Score {
        score: 0.5,
        threshold: 0.04,
        heard,
    };
    Seen::Scores(Scores {
        kind: ScoresKind::Scores,
        version: 1,
        source: "door".to_owned(),
        window_s: 5.0,
        gate_open: true,
        sounds: BTreeMap::from([("baby_cry".to_owned(), score)]),
    })
}

fn event(id: &str, decided_ms: i64) -> Seen {
    let text = jiff::Timestamp::from_millisecond(decided_ms).unwrap().to_string();
    Seen::Heard {
        source: "door".to_owned(),
        events: vec![SoundEvent {
            id: id.to_owned(),
            sound: "baby_cry".to_owned(),
            state: EventState::Began,
            score: 0.5,
            start_at: text.clone(),
            decided_at: text,
            end_at: None,
            start_s: 0.0,
            decided_s: 0.0,
            end_s: None,
        }],
    }
}

fn written(messages: &[Message]) -> String {
    let line = |message: &Message| {
        let kept = if message.retain { " (retained)" } else { "" };
        let json: Option<serde_json::Value> = serde_json::from_str(&message.payload)
            .ok()
            .filter(serde_json::Value::is_object);
        let payload = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
        format!(
            "{}{kept}: {}",
            message.topic,
            payload.unwrap_or_else(|| message.payload.clone())
        )
    };
    messages.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn home_assistant_is_told_of_a_camera_when_it_is_first_listened_to() {
    insta::assert_snapshot!(written(&home().see(&scores(false), at(0))));
}

#[test]
fn home_assistant_is_told_of_the_switch_of_each_alert() {
    insta::assert_snapshot!(written(&home().everything()));
}

#[test]
fn sounds_go_on_and_off_and_each_event_is_told_once() {
    let mut home = home();
    home.see(&scores(false), at(0));
    let told = |messages: Vec<Message>| {
        let line = |message: &Message| {
            let payload = if message.payload.starts_with('{') {
                "{…}"
            } else {
                &message.payload
            };
            format!("{} {payload}", message.topic)
        };
        messages.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        told(home.see(&event("e1", 1000), at(1050))),
        ["bushbaby/door/audio/baby_cry ON", "bushbaby/door/audio/event {…}"]
    );
    assert_eq!(
        told(home.see(&event("e1", 1000), at(3000))),
        [""; 0],
        "it is told again"
    );
    assert_eq!(told(home.see(&scores(true), at(3500))), [""; 0]);
    assert_eq!(
        told(home.see(&scores(false), at(4000))),
        ["bushbaby/door/audio/baby_cry OFF"]
    );
    assert_eq!(
        told(home.see(&event("e0", 1000), at(30_000))),
        [""; 0],
        "from before a restart"
    );
}

#[test]
fn a_camera_that_is_no_longer_listened_to_is_unavailable_and_not_off() {
    let mut home = home();
    home.see(&scores(false), at(0));
    assert_eq!(home.tick(at(10_000)), []);
    assert_eq!(
        written(&home.tick(at(10_001))),
        "bushbaby/door/available (retained): offline"
    );
    assert_eq!(home.tick(at(20_000)), []);
    assert_eq!(
        written(&home.see(&scores(false), at(21_000))),
        "bushbaby/door/available (retained): online"
    );
}

#[test]
fn loudness_is_told_once_a_second() {
    let mut home = home();
    home.see(&scores(false), at(0));
    let level = Seen::Level(Level {
        kind: LevelKind::Level,
        version: 1,
        source: "door".to_owned(),
        rms_dbfs: -45.25,
        peak_dbfs: -30.0,
        floor_dbfs: -60.0,
    });
    let count = (0..8).map(|n| home.see(&level, at(250 * n)).len()).sum::<usize>();
    assert_eq!(count, 2);
    assert_eq!(written(&home.see(&level, at(5000))), "bushbaby/door/audio/dBFS: -45.2");
}

#[test]
fn a_switch_mutes_an_alert_that_is_there() {
    let mut home = home();
    assert_eq!(
        home.switched("bushbaby/alerts/baby/set", b"OFF"),
        Some(("baby".to_owned(), true))
    );
    assert_eq!(
        home.switched("bushbaby/alerts/baby/set", b"ON"),
        Some(("baby".to_owned(), false))
    );
    for (topic, payload) in [
        ("bushbaby/alerts/smoke/set", &b"OFF"[..]),
        ("bushbaby/alerts/baby/set", b"perhaps"),
        ("other/alerts/baby/set", b"OFF"),
        ("bushbaby/alerts/../../set", b"OFF"),
    ] {
        assert_eq!(home.switched(topic, payload), None);
    }
    let told = home.muted("baby", true);
    assert_eq!(written(told.as_slice()), "bushbaby/alerts/baby/state (retained): OFF");
    assert_eq!(home.muted("baby", true), None);
}
