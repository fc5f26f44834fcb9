//! What is raised, and when: times and events in, decisions out.

use bushbaby_sound::results::EventState;

use super::*;

const START: &str = "2026-01-02T03:00:00Z";

/// So many milliseconds after the start.
fn at(ms: u64) -> Now {
    let start: Timestamp = START.parse().unwrap();
    Now {
        mono: MonoTime::from_ns(1_000_000_000_000) + Duration::from_millis(ms),
        wall: start + Duration::from_millis(ms),
    }
}

fn rule(when: &str, hold_s: u64, quiet_s: u64, streams: &[&str]) -> Rule {
    Rule {
        name: "baby".to_owned(),
        when: When::parse(when).unwrap(),
        hold: Duration::from_secs(hold_s),
        quiet: Duration::from_secs(quiet_s),
        streams: streams.iter().map(|stream| (*stream).to_owned()).collect(),
    }
}

fn rules(rule: Rule) -> Rules {
    Rules::new("home", vec![rule], at(0))
}

/// An event as its stage tells it: decided at `decided_ms`, ended at `end_ms`.
fn event(id: &str, score: f64, decided_ms: u64, end_ms: Option<u64>) -> SoundEvent {
    SoundEvent {
        id: id.to_owned(),
        sound: "baby_cry".to_owned(),
        state: if end_ms.is_some() {
            EventState::Ended
        } else {
            EventState::Began
        },
        score,
        start_at: at(decided_ms.saturating_sub(1500)).wall.to_string(),
        decided_at: at(decided_ms).wall.to_string(),
        end_at: end_ms.map(|ms| at(ms).wall.to_string()),
        start_s: 0.0,
        decided_s: 0.0,
        end_s: None,
    }
}

fn heard(source: &str, events: &[SoundEvent]) -> Seen {
    Seen::Heard {
        source: source.to_owned(),
        events: events.to_vec(),
    }
}

fn raised(decisions: &[Decision]) -> Vec<&str> {
    let raised = decisions.iter().filter_map(|decision| match decision {
        Decision::Raise(alert) => Some(alert.id.as_str()),
        Decision::Settle { .. } => None,
    });
    raised.collect()
}

const CRY: &str = "cry@door/events";

#[test]
fn an_event_is_raised_once_however_often_it_is_told() {
    let mut rules = rules(rule("cry finds baby_cry", 0, 0, &[CRY]));
    let began = heard("door", &[event("e1", 0.5, 1000, None)]);
    let first = rules.see(CRY, &began, at(1050));
    assert_eq!(raised(&first), ["baby-e1"]);
    for ms in [3000, 5000] {
        assert_eq!(raised(&rules.see(CRY, &began, at(ms))), [""; 0]);
    }
    let ended = heard("door", &[event("e1", 0.7, 1000, Some(6000))]);
    assert_eq!(raised(&rules.see(CRY, &ended, at(6000))), [""; 0]);
    let other = heard("door", &[event("e2", 0.5, 9000, None)]);
    assert_eq!(raised(&rules.see(CRY, &other, at(9000))), ["baby-e2"]);
}

#[test]
fn an_alert_says_who_what_where_and_when() {
    let mut rules = rules(rule("cry finds baby_cry above 0.25", 0, 0, &[CRY]));
    let decisions = rules.see(CRY, &heard("door", &[event("e1", 0.5, 1000, None)]), at(1050));
    let Some(Decision::Raise(alert)) = decisions.first() else {
        panic!()
    };
    insta::assert_json_snapshot!(alert, @r#"
    {
      "type": "alert",
      "version": 1,
      "id": "baby-e1",
      "alert": "baby",
      "message": "baby_cry at door (score 0.50)",
      "when": "cry finds baby_cry above 0.25",
      "instance": "home",
      "node": "cry@door",
      "source": "door",
      "stream": "cry@door/events",
      "found": "baby_cry",
      "sound": "baby_cry",
      "score": 0.5,
      "start_at": "2026-01-02T03:00:00Z",
      "decided_at": "2026-01-02T03:00:01Z",
      "raised_at": "2026-01-02T03:00:01.05Z"
    }
    "#);
}

#[test]
fn an_event_that_ended_while_nobody_was_there_is_raised_all_the_same() {
    let mut rules = rules(rule("cry finds baby_cry", 0, 0, &[CRY]));
    let over = heard("door", &[event("e1", 0.5, 1000, Some(4000))]);
    assert_eq!(raised(&rules.see(CRY, &over, at(20_000))), ["baby-e1"]);
    assert_eq!(raised(&rules.see(CRY, &over, at(22_000))), [""; 0]);
}

#[test]
fn what_was_raised_before_a_restart_is_not_raised_again() {
    let mut before = rules(rule("cry finds baby_cry", 0, 60, &[CRY]));
    let began = heard("door", &[event("e1", 0.5, 1000, None)]);
    let decisions = before.see(CRY, &began, at(1000));
    let Some(Decision::Raise(alert)) = decisions.first() else {
        panic!()
    };
    let mut after = Rules::new("home", vec![rule("cry finds baby_cry", 0, 60, &[CRY])], at(5000));
    after.raised_before(alert, at(5000));
    assert_eq!(raised(&after.see(CRY, &began, at(6000))), [""; 0]);
    // It is still quiet for the same camera, and not for another.
    let more = heard("door", &[event("e2", 0.5, 7000, None)]);
    assert_eq!(raised(&after.see(CRY, &more, at(7000))), [""; 0]);
    let other = heard("front", &[event("e3", 0.5, 7000, None)]);
    assert_eq!(raised(&after.see(CRY, &other, at(7000))), ["baby-e3"]);
    assert_eq!(
        raised(&after.tick(at(61_000))),
        ["baby-e2"],
        "it goes on when the quiet is over"
    );
}

#[test]
fn other_sounds_and_low_scores_raise_nothing_until_the_score_rises() {
    let mut rules = rules(rule("cry finds baby_cry above 0.6", 0, 0, &[CRY]));
    let mut dog = event("e0", 0.9, 500, None);
    dog.sound = "dog_bark".to_owned();
    assert_eq!(raised(&rules.see(CRY, &heard("door", &[dog]), at(500))), [""; 0]);
    assert_eq!(
        raised(&rules.see(CRY, &heard("door", &[event("e1", 0.5, 1000, None)]), at(1000))),
        [""; 0]
    );
    assert_eq!(
        raised(&rules.see(CRY, &heard("door", &[event("e1", 0.6, 1000, None)]), at(3000))),
        ["baby-e1"]
    );
}

#[test]
fn what_must_hold_is_raised_when_it_has_held() {
    let mut rules = rules(rule("cry finds baby_cry", 10, 0, &[CRY]));
    let began = heard("door", &[event("e1", 0.5, 1000, None)]);
    assert_eq!(raised(&rules.see(CRY, &began, at(2000))), [""; 0]);
    assert_eq!(
        rules.next(),
        Some(at(11_000).mono),
        "ten seconds from when it was decided"
    );
    assert_eq!(raised(&rules.tick(at(10_999))), [""; 0]);
    assert_eq!(raised(&rules.tick(at(11_000))), ["baby-e1"]);
    // One that was over before is settled, for good.
    let short = event("e2", 0.5, 20_000, Some(25_000));
    let decisions = rules.see(CRY, &heard("door", std::slice::from_ref(&short)), at(26_000));
    assert_eq!(
        decisions,
        [Decision::Settle {
            id: "baby-e2".to_owned()
        }]
    );
    assert_eq!(rules.see(CRY, &heard("door", &[short]), at(28_000)), []);
    assert_eq!(rules.next(), None);
}

#[test]
fn repeats_are_silenced_by_source_and_one_that_goes_on_is_raised_when_the_quiet_is_over() {
    let mut rules = rules(rule("cry finds baby_cry", 0, 60, &[CRY]));
    assert_eq!(
        raised(&rules.see(CRY, &heard("door", &[event("e1", 0.5, 0, None)]), at(0))),
        ["baby-e1"]
    );
    let within = event("e2", 0.5, 10_000, Some(20_000));
    let decisions = rules.see(CRY, &heard("door", &[within]), at(20_000));
    assert_eq!(
        decisions,
        [Decision::Settle {
            id: "baby-e2".to_owned()
        }]
    );
    assert_eq!(
        raised(&rules.see(CRY, &heard("door", &[event("e3", 0.5, 30_000, None)]), at(30_000))),
        [""; 0]
    );
    assert_eq!(rules.next(), Some(at(60_000).mono));
    assert_eq!(raised(&rules.tick(at(60_000))), ["baby-e3"]);
}

#[test]
fn something_seen_is_raised_when_it_comes_and_again_when_it_was_gone() {
    const TAGS: &str = "tags/detections";
    let mut rules = rules(rule("tags finds 36h11", 0, 0, &[TAGS]));
    let tag = |score| Seen::Found {
        source: Some("front".to_owned()),
        things: vec![Thing {
            names: vec!["tag36h11".to_owned(), "36h11".to_owned()],
            score,
        }],
    };
    let nothing = Seen::Found {
        source: Some("front".to_owned()),
        things: Vec::new(),
    };
    let mut count = 0;
    // Ten pictures a second; every third one is missed.
    for frame in 0..100 {
        let seen = if frame % 3 == 0 { nothing.clone() } else { tag(None) };
        count += raised(&rules.see(TAGS, &seen, at(frame * 100))).len();
    }
    assert_eq!(count, 1);
    for frame in 100..130 {
        count += raised(&rules.see(TAGS, &nothing, at(frame * 100))).len();
    }
    count += raised(&rules.see(TAGS, &tag(Some(0.1)), at(13_000))).len();
    assert_eq!(count, 2);
}

#[test]
fn a_state_is_raised_once_for_each_time_that_a_node_is_in_it() {
    let health = |node: &str, state, ms| Seen::Health {
        node: node.to_owned(),
        state,
        reason: Some("the camera is gone\nand more".to_owned()),
        at: at(ms).wall,
    };
    let mut rules = rules(rule("any stalled", 5, 0, &["_health/front", "_health/door"]));
    let see = |rules: &mut Rules, node: &str, state, ms| {
        let decisions = rules.see(&format!("_health/{node}"), &health(node, state, ms), at(ms));
        raised(&decisions).len()
    };
    assert_eq!(see(&mut rules, "front", NodeState::Stalled, 1000), 0);
    assert_eq!(see(&mut rules, "door", NodeState::Stalled, 2000), 0);
    assert_eq!(
        see(&mut rules, "door", NodeState::Running, 3000),
        0,
        "it came back in time"
    );
    let decisions = rules.tick(at(6000));
    let [Decision::Raise(alert)] = decisions.as_slice() else {
        panic!("{decisions:?}")
    };
    assert_eq!(alert.message, "front is stalled: the camera is gone");
    assert_eq!(
        alert.id,
        format!("baby-front-stalled-{}", at(1000).wall.as_millisecond())
    );
    assert_eq!(see(&mut rules, "front", NodeState::Stalled, 20_000), 0, "it still is");
    assert_eq!(see(&mut rules, "front", NodeState::Running, 30_000), 0);
    assert_eq!(see(&mut rules, "front", NodeState::Stalled, 40_000), 0);
    assert_eq!(raised(&rules.tick(at(45_000))).len(), 1);
}

#[test]
fn a_stream_that_falls_silent_or_never_came_is_raised_and_a_node_that_was_asked_to_end_is_excused() {
    let mut rules = rules(rule("front older than 5s", 0, 0, &["front/image"]));
    assert_eq!(rules.next(), Some(at(5000).mono));
    let never = rules.tick(at(5000));
    let [Decision::Raise(alert)] = never.as_slice() else {
        panic!("{never:?}")
    };
    assert_eq!(
        (alert.message.as_str(), alert.age_ms),
        ("nothing came on front/image for 5 s", Some(5000))
    );
    assert_eq!(rules.tick(at(50_000)), []);
    rules.see("front/image", &Seen::Frame, at(60_000));
    assert_eq!(raised(&rules.tick(at(64_999))), [""; 0]);
    assert_eq!(raised(&rules.tick(at(65_000))).len(), 1);
    rules.see("front/image", &Seen::Frame, at(70_000));
    let health = |state, ms| Seen::Health {
        node: "front".to_owned(),
        state,
        reason: None,
        at: at(ms).wall,
    };
    rules.see("_health/front", &health(NodeState::Stopping, 71_000), at(71_000));
    assert_eq!(rules.tick(at(90_000)), []);
    rules.see("_health/front", &health(NodeState::Running, 91_000), at(91_000));
    assert_eq!(raised(&rules.tick(at(95_999))), [""; 0]);
    assert_eq!(raised(&rules.tick(at(96_000))).len(), 1);
}

#[test]
fn times_that_make_no_sense_raise_at_once_and_never_fail() {
    let mut rules = rules(rule("cry finds baby_cry", 1, 0, &[CRY]));
    let mut odd = event("e1", 0.5, 0, None);
    for text in ["", "yesterday", "9999-12-31T23:59:59Z", "-009999-01-01T00:00:00Z"] {
        odd.decided_at = text.to_owned();
        odd.id = text.to_owned();
        rules.see(CRY, &heard("door", &[odd.clone()]), at(1000));
    }
    assert_eq!(raised(&rules.tick(at(3000))).len(), 4);
}
