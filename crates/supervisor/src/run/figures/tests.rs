use bushbaby_node::Role;
use bushbaby_node::ages::Ages;
use bushbaby_node::control::Dropped;

use super::*;
use crate::run::testing::planned;

fn at(ms: u64) -> MonoTime {
    MonoTime::from_ns(5_000_000_000_000 + ms * 1_000_000)
}

fn front() -> StreamName {
    "front/image".parse().unwrap()
}

fn figures() -> Figures {
    let nodes = [
        planned("front", Role::Source, &[]),
        planned("tags", Role::Stage, &["front/image"]),
    ];
    Figures::new(&nodes, Duration::from_secs(10))
}

fn ages(age_ms: u64, count: u64) -> Ages {
    let mut ages = Ages::default();
    for _ in 0..count {
        ages.record(Duration::from_millis(age_ms));
    }
    ages
}

/// As a process reports that sends a frame each 100 ms, the first at `first_ms`, of which five are new.
fn sent(frames: u64, first_ms: u64, age_ms: u64) -> Report {
    let output = OutputReport {
        frames,
        bytes: frames * 1000,
        first_ns: at(first_ms).as_ns(),
        last_ns: at(first_ms + (frames - 1) * 100).as_ns(),
        readers: 1,
        ages: ages(age_ms, 5),
        shape: "640x480 i420".into(),
        clock: "rendered".into(),
    };
    Report {
        outputs: [("image".to_owned(), output)].into(),
        ..Report::default()
    }
}

fn received(delivered: u64, superseded: u64) -> Report {
    let input = InputReport {
        delivered,
        dropped: Dropped {
            superseded,
            ..Dropped::default()
        },
        ages: ages(20, 5),
    };
    Report {
        inputs: [(front(), input)].into(),
        ..Report::default()
    }
}

/// Reports twice a second from `first_ms` on, `count` of them.
fn run(figures: &mut Figures, first_ms: u64, count: u64, age_ms: u64) {
    figures.launched("front");
    for n in 1..=count {
        figures.report("front", &sent(n * 5, first_ms, age_ms), at(first_ms + n * 500 - 50));
    }
}

#[test]
fn everything_planned_is_there_before_the_first_frame() {
    for span in [Span::Live(at(0)), Span::Whole] {
        let streams = figures().streams(span);
        assert_eq!(
            streams.keys().map(StreamName::as_str).collect::<Vec<_>>(),
            ["front/image", "tags/image"]
        );
        assert_eq!(
            (
                streams[&front()].frames,
                streams[&front()].fps,
                streams[&front()].age_ms
            ),
            (0, 0.0, None)
        );
        let edges = figures().edges(span);
        assert_eq!(
            (edges[0].from.as_str(), edges[0].to.as_str(), edges[0].delivered),
            ("front/image", "tags", 0)
        );
    }
}

#[test]
fn the_summary_counts_over_all_processes_of_a_node() {
    let mut figures = figures();
    run(&mut figures, 0, 4, 10);
    run(&mut figures, 5_000, 2, 30);
    let whole = &figures.streams(Span::Whole)[&front()];
    assert_eq!(whole.frames, 30);
    // From the first frame at 0 s to the last at 5.9 s.
    assert_eq!(whole.fps, 4.915);
    let p = whole.age_ms.unwrap();
    assert!((9.0..11.0).contains(&p.p50) && (29.0..31.0).contains(&p.p95), "{p:?}");
}

#[test]
fn live_figures_forget_what_is_older_than_the_window() {
    let mut figures = figures();
    run(&mut figures, 0, 60, 10);
    let live = &figures.streams(Span::Live(at(30_000)))[&front()];
    assert_eq!((live.frames, live.fps), (300, 10.0));
    assert_eq!(live.bits_per_second, Some(80_000.0));
    assert_eq!(live.silent_ms, Some(100.0));
    let silent = &figures.streams(Span::Live(at(60_000)))[&front()];
    assert_eq!((silent.frames, silent.fps, silent.age_ms), (300, 0.0, None));
}

#[test]
fn the_rate_is_right_from_the_first_report_on() {
    let mut figures = figures();
    figures.report("front", &sent(5, 0, 10), at(400));
    assert_eq!(figures.streams(Span::Live(at(400)))[&front()].fps, 10.0);
}

#[test]
fn a_wire_counts_what_was_delivered_and_what_was_dropped_over_all_processes() {
    let mut figures = figures();
    figures.report("tags", &received(5, 3), at(0));
    figures.report("tags", &received(10, 4), at(500));
    figures.launched("tags");
    figures.report("tags", &received(5, 0), at(2_500));
    let edge = &figures.edges(Span::Whole)[0];
    assert_eq!((edge.delivered, edge.dropped.superseded), (15, 4));
    // Ten frames behind the first five, in 2.5 s.
    assert_eq!(edge.fps, 4.0);
    assert!(edge.age_ms.is_some());
}

#[test]
fn a_node_that_chooses_what_it_reads_has_a_wire_for_each_stream_it_read() {
    let mut figures = figures();
    figures.report("web", &received(5, 3), at(0));
    figures.report("web", &received(10, 3), at(500));
    let edges = figures.edges(Span::Whole);
    assert_eq!(edges.len(), 2);
    assert_eq!(
        (edges[1].from.as_str(), edges[1].to.as_str(), edges[1].delivered),
        ("front/image", "web", 10)
    );
}

#[test]
fn what_no_plan_knows_and_no_node_can_count_is_left_out() {
    let mut figures = figures();
    let mut report = sent(5, 0, 10);
    let output = report.outputs["image"].clone();
    report.outputs.insert("made-up".into(), output.clone());
    report
        .inputs
        .insert("front/image".parse().unwrap(), InputReport::default());
    figures.report("front", &report, at(400));
    assert_eq!(
        (figures.streams(Span::Whole).len(), figures.edges(Span::Whole).len()),
        (2, 1)
    );

    let huge: Ages =
        serde_json::from_str(r#"{"buckets":{"1":18446744073709551615,"2":18446744073709551615}}"#).unwrap();
    for bad in [
        OutputReport {
            frames: u64::MAX,
            ..output.clone()
        },
        OutputReport {
            bytes: u64::MAX,
            ..output.clone()
        },
        OutputReport {
            ages: huge,
            ..output.clone()
        },
    ] {
        let report = Report {
            outputs: [("image".to_owned(), bad)].into(),
            ..Report::default()
        };
        figures.report("front", &report, at(900));
    }
    assert_eq!(figures.streams(Span::Whole)[&front()].frames, 5);
    // Moments that cannot be: before the first frame, after now.
    let bad = OutputReport {
        frames: 9,
        first_ns: u64::MAX,
        last_ns: u64::MAX,
        ..output
    };
    figures.report(
        "front",
        &Report {
            outputs: [("image".to_owned(), bad)].into(),
            ..Report::default()
        },
        at(900),
    );
    assert_eq!(figures.streams(Span::Whole)[&front()].frames, 9);
}

#[test]
fn a_stream_whose_node_is_gone_has_no_readers() {
    let mut figures = figures();
    run(&mut figures, 0, 1, 10);
    assert_eq!(figures.streams(Span::Whole)[&front()].readers, 1);
    figures.ended("front");
    assert_eq!(figures.streams(Span::Whole)[&front()].readers, 0);
}
