//! From an event on the bus to a request at the receiver, whatever the receiver does.

use bushbaby_testkit::http::{Behaviour, Receiver};
use serde_json::json;

use super::*;
use crate::alert::outbox;

fn ids(requests: &[bushbaby_testkit::http::Request]) -> Vec<String> {
    let id = |request: &bushbaby_testkit::http::Request| request.header("x-bushbaby-id").unwrap_or("").to_owned();
    requests.iter().map(id).collect()
}

#[test]
fn an_event_becomes_a_request_with_its_json_and_its_signature() {
    let receiver = Receiver::start().unwrap();
    let mut rig = Rig::new("request");
    rig.start(json!([{"webhook": receiver.url("hook/s3cret"), "secret": "key", "headers": {"X-Own": "mine"}}]));
    rig.hear("e1");
    let requests = receiver.wait_for_good(1, PATIENCE);
    assert_eq!(requests[0].line, "POST /hook/s3cret HTTP/1.1");
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
    assert_eq!(requests[0].header("x-own"), Some("mine"));
    assert_eq!(requests[0].header("idempotency-key"), Some("baby-e1"));
    assert!(
        requests[0]
            .header("x-bushbaby-signature")
            .is_some_and(|text| text.starts_with("sha256="))
    );
    let body = requests[0].json();
    let field = |key: &str| body[key].as_str().unwrap_or("").to_owned();
    assert_eq!(
        (field("type"), field("id"), field("source")),
        ("alert".into(), "baby-e1".into(), "door".into())
    );
    assert_eq!(
        (field("alert"), field("sound"), body["score"].as_f64()),
        ("baby".into(), "baby_cry".into(), Some(0.5))
    );
}

#[test]
fn a_receiver_that_fails_in_every_way_gets_everything_in_order_once_it_is_well() {
    let receiver = Receiver::start().unwrap();
    let failures = [
        Behaviour::Answer(500),
        Behaviour::Close,
        Behaviour::Garbage,
        Behaviour::Refuse,
        Behaviour::Hang,
        Behaviour::Answer(429),
    ];
    receiver.script(failures);
    let mut rig = Rig::new("failures");
    rig.start(json!([{"webhook": receiver.url("hook"), "timeout": "300ms"}]));
    for id in ["e1", "e2", "e3"] {
        rig.hear(id);
    }
    let good = receiver.wait_for_good(3, PATIENCE);
    assert_eq!(ids(&good), ["baby-e1", "baby-e2", "baby-e3"]);
    let all = receiver.requests();
    assert!(
        ids(&all[..5]).iter().all(|id| id == "baby-e1"),
        "the first one holds the others back: {:?}",
        ids(&all)
    );
}

#[test]
fn a_slow_answer_is_cut_off_at_the_deadline() {
    let receiver = Receiver::start().unwrap();
    receiver.script([Behaviour::Slow(Duration::from_millis(100))]);
    let mut rig = Rig::new("slow");
    rig.start(json!([{"webhook": receiver.url("hook"), "timeout": "500ms"}]));
    rig.hear("e1");
    assert_eq!(ids(&receiver.wait_for_good(1, PATIENCE)), ["baby-e1"]);
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn one_that_hangs_holds_back_no_other_destination() {
    let (hangs, good) = (Receiver::start().unwrap(), Receiver::start().unwrap());
    hangs.behave(Behaviour::Hang);
    let mut rig = Rig::new("apart");
    rig.start(json!([hangs.url("a"), good.url("b")]));
    for id in ["e1", "e2"] {
        rig.hear(id);
    }
    assert_eq!(ids(&good.wait_for_good(2, PATIENCE)), ["baby-e1", "baby-e2"]);
}

#[test]
fn what_is_refused_is_not_sent_again_and_said() {
    let receiver = Receiver::start().unwrap();
    receiver.script([Behaviour::Answer(400)]);
    let mut rig = Rig::new("refused");
    rig.start(json!([receiver.url("hook")]));
    rig.hear("e1");
    receiver.wait_for(1, PATIENCE);
    rig.hear("e2");
    assert_eq!(ids(&receiver.wait_for_good(1, PATIENCE)), ["baby-e2"]);
    rig.stop();
    let kept = outbox::read(&rig.outbox()).unwrap();
    let errors: Vec<_> = kept
        .entries
        .iter()
        .map(|entry| entry.deliveries[0].error.as_deref())
        .collect();
    assert_eq!(errors, [Some("it answered 400"), None]);
}

#[test]
fn what_was_raised_while_the_receiver_was_away_is_delivered_after_a_restart() {
    let address = {
        let receiver = Receiver::start().unwrap();
        receiver.address()
    };
    let send = json!([format!("http://{address}/hook")]);
    let mut rig = Rig::new("away");
    rig.start(send.clone());
    for id in ["e1", "e2"] {
        rig.hear(id);
    }
    let path = rig.outbox();
    wait_until("both in the outbox", || {
        outbox::read(&path).is_ok_and(|kept| kept.entries.len() == 2)
    });
    rig.stop();
    let receiver = Receiver::at(address).unwrap();
    rig.start(send);
    assert_eq!(ids(&receiver.wait_for_good(2, PATIENCE)), ["baby-e1", "baby-e2"]);
    // Told again by its stage, it is the same event.
    rig.hear("e1");
    rig.hear("e3");
    assert_eq!(
        ids(&receiver.wait_for_good(3, PATIENCE)),
        ["baby-e1", "baby-e2", "baby-e3"]
    );
}

#[test]
fn a_muted_alert_is_raised_and_not_sent() {
    use bushbaby_node::alerts::{Muted, mute, unmute};
    let receiver = Receiver::start().unwrap();
    let mut rig = Rig::new("muted");
    rig.start(json!([receiver.url("hook")]));
    mute(rig.folder.path(), "baby", Muted::Forever).unwrap();
    rig.hear("e1");
    let path = rig.outbox();
    wait_until("the muted one", || {
        outbox::read(&path).is_ok_and(|kept| kept.entries.len() == 1)
    });
    unmute(rig.folder.path(), "baby").unwrap();
    rig.hear("e2");
    assert_eq!(ids(&receiver.wait_for(1, PATIENCE)), ["baby-e2"]);
}
