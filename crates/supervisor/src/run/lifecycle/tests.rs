use bushbaby_node::Role;
use bushbaby_node::control::Report;

use super::*;

fn at(ms: u64) -> MonoTime {
    MonoTime::from_ns(1_000_000_000_000 + ms * 1_000_000)
}

fn planned() -> PlannedNode {
    let mut node = crate::run::testing::planned("front", Role::Source, &[]);
    node.process.memory_bytes = Some(1_000_000_000);
    node
}

fn new() -> Lifecycle {
    Lifecycle::new(&planned(), Timing::default(), at(0))
}

fn started() -> Lifecycle {
    let mut life = new();
    assert_eq!(life.on(Input::Begin, at(0)), [Action::Start, Action::Changed]);
    life
}

fn running() -> Lifecycle {
    let mut life = started();
    life.on(Input::Said(FromNode::Ready), at(0));
    life.on(Input::Said(FromNode::Running), at(0));
    life.on(report(None), at(0));
    assert_eq!(life.state(), NodeState::Running);
    life
}

fn report(in_call_ms: Option<u64>) -> Input {
    Input::Said(FromNode::Report(Report {
        in_call_ms,
        ..Report::default()
    }))
}

fn ended(how: &str) -> Input {
    Input::Ended {
        how: how.into(),
        chance: 0.0,
    }
}

fn stalled() -> Input {
    Input::Said(FromNode::Stalled {
        reason: "no answer from 10.0.0.7".into(),
        hint: Some("is it on?".into()),
    })
}

/// Reports twice a second for a while and returns all that was done meanwhile.
fn beats(life: &mut Lifecycle, from_ms: u64, until_ms: u64) -> Vec<Action> {
    (from_ms..until_ms)
        .step_by(500)
        .flat_map(|ms| life.on(report(None), at(ms)))
        .collect()
}

#[test]
fn a_node_goes_through_starting_and_ready_to_running() {
    let mut life = started();
    assert_eq!(life.state(), NodeState::Starting);
    assert!(!life.is_settled());
    assert_eq!(life.on(Input::Said(FromNode::Ready), at(10)), [Action::Changed]);
    assert_eq!(life.state(), NodeState::Ready);
    assert!(life.is_settled());
    assert_eq!(life.on(Input::Said(FromNode::Running), at(20)), [Action::Changed]);
    assert_eq!((life.state(), life.since()), (NodeState::Running, at(20)));
}

#[test]
fn a_node_that_is_ready_and_idle_counts_as_running() {
    let mut life = started();
    life.on(Input::Said(FromNode::Ready), at(0));
    life.on(report(None), at(500));
    assert_eq!(life.state(), NodeState::Ready);
    life.on(report(None), at(1000));
    assert_eq!(life.state(), NodeState::Running);
}

#[test]
fn a_node_that_ran_well_and_died_is_started_again_after_100_ms() {
    let mut life = running();
    assert_eq!(life.on(ended("killed by SIGKILL"), at(15_000)), [Action::Changed]);
    assert_eq!(life.state(), NodeState::Backoff);
    assert_eq!(life.reason(), Some("killed by SIGKILL"));
    assert_eq!(life.wakes_at(), Some(at(15_100)));
    assert_eq!(life.on(Input::Tick, at(15_099)), []);
    assert_eq!(life.on(Input::Tick, at(15_100)), [Action::Start, Action::Changed]);
    assert_eq!((life.state(), life.restarts()), (NodeState::Starting, 1));
}

#[test]
fn the_words_of_a_node_explain_its_end_better_than_its_exit_code() {
    let mut life = started();
    let failed = FromNode::Failed {
        message: "no such model".into(),
        hint: Some("download it".into()),
        is_final: false,
    };
    life.on(Input::Said(failed), at(5));
    life.on(ended("exit code 1"), at(10));
    assert_eq!(
        (life.reason(), life.hint()),
        (Some("no such model"), Some("download it"))
    );
    assert_eq!(life.state(), NodeState::Backoff);
}

#[test]
fn a_final_failure_is_not_tried_again() {
    let mut life = started();
    let failed = FromNode::Failed {
        message: "no such file".into(),
        hint: None,
        is_final: true,
    };
    life.on(Input::Said(failed), at(5));
    assert_eq!(life.on(ended("exit code 1"), at(10)), [Action::Changed]);
    assert_eq!((life.state(), life.wakes_at()), (NodeState::GivenUp, None));
    assert_eq!(life.weight(), Weight::Error);
}

#[test]
fn five_failed_starts_and_it_is_given_up_and_a_request_revives_it() {
    let mut life = started();
    for n in 0..5 {
        let now = at(n * 10_000);
        life.on(ended("exit code 1"), now);
        if n < 4 {
            assert_eq!(life.on(Input::Tick, life.wakes_at().unwrap())[0], Action::Start);
        }
    }
    assert_eq!(life.state(), NodeState::GivenUp);
    assert_eq!(life.reason(), Some("exit code 1 (5 failed starts in a row)"));
    assert_eq!(life.on(Input::Restart, at(60_000)), [Action::Start, Action::Changed]);
    assert_eq!((life.state(), life.restarts()), (NodeState::Starting, 5));
    life.on(ended("exit code 1"), at(60_010));
    assert_eq!(life.state(), NodeState::Backoff, "its count began anew");
}

#[test]
fn three_seconds_without_a_heartbeat_are_explained_and_then_killed() {
    let mut life = running();
    assert_eq!(beats(&mut life, 500, 10_000), []);
    assert_eq!(life.on(Input::Tick, at(12_499)), []);
    assert_eq!(life.on(Input::Tick, at(12_500)), [Action::Explain, Action::Changed]);
    assert_eq!(
        (life.state(), life.reason()),
        (NodeState::Stopping, Some("no heartbeat for 3 s"))
    );
    let explained = Input::Explained {
        verdict: "it was stopped by a signal".into(),
    };
    assert_eq!(life.on(explained, at(12_700)), [Action::Kill]);
    life.on(ended("killed by SIGKILL"), at(12_710));
    assert_eq!(life.state(), NodeState::Backoff);
    assert_eq!(life.reason(), Some("no heartbeat for 3 s; it was stopped by a signal"));
}

#[test]
fn a_report_that_never_comes_does_not_save_a_hung_node() {
    let mut life = running();
    assert_eq!(life.on(Input::Tick, at(3_000)), [Action::Explain, Action::Changed]);
    assert_eq!(life.on(Input::Tick, at(4_999)), []);
    assert_eq!(life.on(Input::Tick, at(5_000)), [Action::Kill]);
    assert_eq!(life.on(Input::Explained { verdict: String::new() }, at(5_001)), []);
}

#[test]
fn a_slow_start_is_no_hang_until_its_own_limit() {
    let mut life = started();
    assert_eq!(life.wakes_at(), Some(at(120_000)));
    assert_eq!(life.on(Input::Tick, at(119_999)), []);
    assert_eq!(life.on(Input::Tick, at(120_000)), [Action::Explain, Action::Changed]);
    assert_eq!(life.reason(), Some("not ready after 120 s (`ready:`)"));
}

#[test]
fn messages_that_are_no_reports_are_no_heartbeat() {
    let mut life = running();
    for ms in (0..3_000).step_by(100) {
        life.on(Input::Said(FromNode::Warning { message: "late".into() }), at(ms));
    }
    assert_eq!(life.on(Input::Tick, at(3_000))[0], Action::Explain);
}

#[test]
fn a_node_that_closes_its_control_socket_and_lives_on_is_replaced() {
    let mut life = started();
    life.on(Input::ControlEnded, at(100));
    assert_eq!(life.on(Input::Tick, at(3_100)), [Action::Explain, Action::Changed]);
    assert_eq!(
        life.reason(),
        Some("no heartbeat for 3 s, after it closed its control socket")
    );
}

#[test]
fn a_call_longer_than_ten_seconds_is_stuck() {
    let mut life = running();
    assert_eq!(beats(&mut life, 500, 10_000), []);
    assert_eq!(life.on(report(Some(10_000)), at(10_000)), []);
    assert_eq!(
        life.on(report(Some(10_500)), at(10_500)),
        [Action::Explain, Action::Changed]
    );
    assert_eq!(life.reason(), Some("stuck: one call has lasted 10.5 s"));
}

#[test]
fn a_stalled_source_tries_for_30_s_by_itself_and_is_never_given_up() {
    let mut life = started();
    let mut now_ms = 0;
    for round in 0..20 {
        life.on(stalled(), at(now_ms));
        assert_eq!((life.state(), life.hint()), (NodeState::Stalled, Some("is it on?")));
        beats(&mut life, now_ms, now_ms + 30_000);
        now_ms += 30_000;
        assert_eq!(
            life.on(Input::Tick, at(now_ms)),
            [Action::Ask, Action::Changed],
            "round {round}"
        );
        life.on(Input::Said(FromNode::Stopped), at(now_ms));
        life.on(ended("exit code 0"), at(now_ms));
        assert_eq!(life.reason(), Some("stalled for 30 s"));
        assert_eq!(life.wakes_at(), Some(at(now_ms + 100)));
        now_ms += 100;
        assert_eq!(life.on(Input::Tick, at(now_ms))[0], Action::Start);
    }
}

#[test]
fn new_words_for_the_same_stall_are_no_new_state() {
    let mut life = running();
    assert_eq!(life.on(stalled(), at(100)), [Action::Changed]);
    let again = FromNode::Stalled {
        reason: "no answer for 2 s".into(),
        hint: None,
    };
    assert_eq!(life.on(Input::Said(again), at(200)), []);
    assert_eq!((life.reason(), life.since()), (Some("no answer for 2 s"), at(100)));
    assert_eq!(life.on(Input::Said(FromNode::Running), at(300)), [Action::Changed]);
    assert_eq!(life.reason(), None);
}

#[test]
fn too_much_memory_is_a_restart_with_the_reason() {
    let mut life = running();
    assert_eq!(life.on(Input::Memory { bytes: 1_000_000_000 }, at(0)), []);
    assert_eq!(
        life.on(Input::Memory { bytes: 1_500_000_000 }, at(20_000)),
        [Action::Ask, Action::Changed]
    );
    life.on(ended("exit code 0"), at(20_010));
    assert_eq!(
        life.reason(),
        Some("it has 1500 MB of memory, its limit (`memory:`) is 1000 MB")
    );
    assert_eq!(life.state(), NodeState::Backoff);
}

#[test]
fn a_restart_by_request_asks_first_and_starts_at_once() {
    let mut life = running();
    assert_eq!(life.on(Input::Restart, at(100)), [Action::Ask, Action::Changed]);
    assert_eq!(life.state(), NodeState::Stopping);
    assert_eq!(life.on(ended("exit code 0"), at(200)), [Action::Start, Action::Changed]);
    assert_eq!((life.state(), life.restarts()), (NodeState::Starting, 1));
}

#[test]
fn a_node_that_ignores_stop_gets_sigterm_and_then_sigkill() {
    let mut life = running();
    let stop = Input::Stop { until: at(5_000) };
    assert_eq!(life.on(stop, at(0)), [Action::Ask, Action::Changed]);
    assert_eq!(life.on(Input::Tick, at(4_999)), []);
    assert_eq!(life.on(Input::Tick, at(5_000)), [Action::Terminate]);
    assert_eq!(life.on(Input::Tick, at(6_999)), []);
    assert_eq!(life.on(Input::Tick, at(7_000)), [Action::Kill]);
    life.on(ended("killed by SIGKILL"), at(7_001));
    assert!(life.is_gone());
    assert_eq!(life.state(), NodeState::Stopped);
    assert_eq!(life.reason(), Some("it did not end when asked (killed by SIGKILL)"));
}

#[test]
fn hurry_shortens_what_is_left() {
    let mut life = running();
    life.on(Input::Stop { until: at(5_000) }, at(0));
    assert_eq!(life.on(Input::Hurry, at(100)), [Action::Terminate]);
    assert_eq!(life.on(Input::Tick, at(599)), []);
    assert_eq!(life.on(Input::Tick, at(600)), [Action::Kill]);

    let mut life = running();
    life.on(Input::Stop { until: at(5_000) }, at(0));
    life.on(Input::Hurry, at(100));
    assert_eq!(life.on(Input::Hurry, at(101)), [Action::Kill]);
}

#[test]
fn nothing_is_started_once_the_instance_ends() {
    let mut before = new();
    assert_eq!(before.on(Input::NoMoreStarts, at(0)), [Action::Changed]);
    assert_eq!(before.on(Input::Begin, at(1)), []);
    assert!(before.is_gone());

    let mut waiting = running();
    waiting.on(ended("exit code 1"), at(20_000));
    waiting.on(Input::NoMoreStarts, at(20_001));
    assert_eq!((waiting.on(Input::Tick, at(60_000)), waiting.is_gone()), (vec![], true));

    let mut crashes = running();
    assert_eq!(crashes.on(Input::NoMoreStarts, at(20_000)), []);
    assert_eq!(crashes.on(ended("exit code 1"), at(20_001)), [Action::Changed]);
    assert_eq!(crashes.on(Input::Restart, at(20_002)), []);
    assert_eq!(crashes.state(), NodeState::Stopped);
}

#[test]
fn what_a_leaving_node_says_changes_nothing_and_it_may_not_stay_for_ever() {
    let mut life = running();
    life.on(Input::Said(FromNode::Stopped), at(0));
    assert_eq!(life.on(stalled(), at(1)), []);
    assert_eq!(life.on(Input::Tick, at(5_000)), [Action::Terminate]);
    assert_eq!(life.on(Input::Tick, at(5_500)), [Action::Kill]);
}
