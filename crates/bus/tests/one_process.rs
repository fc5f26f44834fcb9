//! Publishers and readers of one process: what frames say, what is counted, what is refused.

mod support;

use std::time::Duration;

use bushbaby_bus::{
    ArrayLayout, BusError, CaptureClock, CaptureTime, DType, FrameLayout, MAX_READERS, Origin, Pacing, PublishError,
    PublisherOptions, ReadOptions, ReadPolicy,
};
use support::{Lab, PATIENCE, left_in_shm, numbered, send_numbered};

#[test]
fn a_frame_arrives_as_it_was_sent() {
    let lab = Lab::new("arrives");
    let stream = lab.stream("front/image");
    let reader = lab.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let layout = FrameLayout {
        arrays: vec![
            ArrayLayout::new("y", DType::U8, [4, 6])
                .with_row_stride(8)
                .with_encoding("i420"),
            ArrayLayout::new("depth", DType::F32, [2, 3]),
        ],
        body_capacity_bytes: 100,
    };
    let mut loan = publisher.loan(&layout).unwrap();
    loan.array_mut(0).fill(7);
    loan.arrays_mut()[1].fill(9);
    loan.set_body(br#"{"type":"test"}"#).unwrap();
    let captured = CaptureTime::now(CaptureClock::Rendered);
    let receipt = loan.send(captured, None).unwrap();
    assert_eq!((receipt.seq, receipt.readers), (0, 1));

    let frame = reader.recv(PATIENCE).unwrap().expect("a frame was sent");
    assert_eq!(frame.stream(), &stream);
    assert_eq!((frame.generation(), frame.seq()), (publisher.generation(), 0));
    assert_eq!(frame.captured(), captured);
    assert!(captured.mono <= frame.published_at() && frame.published_at() <= frame.received_at());
    let own = Origin {
        stream,
        generation: publisher.generation(),
        seq: 0,
        captured,
    };
    assert_eq!(frame.origin(), &own);
    let y = frame.array("y").unwrap();
    assert_eq!(
        (&y.info.shape[..], &y.info.strides_bytes[..], &y.info.encoding[..]),
        (&[4, 6][..], &[8, 1][..], "i420")
    );
    assert_eq!(y.bytes, [7; 32]);
    assert_eq!(frame.array("depth").unwrap().bytes, [9; 24]);
    assert!(frame.array("depth").unwrap().bytes.as_ptr().addr().is_multiple_of(64));
    assert!(frame.array("missing").is_none());
    assert_eq!(frame.body(), br#"{"type":"test"}"#);
    assert!(!frame.is_copy());
}

#[test]
fn the_origin_is_handed_on_unchanged() {
    let lab = Lab::new("origin");
    let (image, tags) = (lab.stream("front/image"), lab.stream("tags/detections"));
    let source = lab.bus.publisher(&image, PublisherOptions::default()).unwrap();
    let stage_in = lab.bus.subscriber(&image, ReadOptions::default()).unwrap();
    let stage_out = lab.bus.publisher(&tags, PublisherOptions::default()).unwrap();
    let sink = lab.bus.subscriber(&tags, ReadOptions::default()).unwrap();
    for _ in 0..3 {
        send_numbered(&source, 10);
    }
    let picture = stage_in.recv(PATIENCE).unwrap().unwrap();
    stage_out
        .send(&[], b"{}", picture.captured(), Some(picture.origin().clone()))
        .unwrap();
    let result = sink.recv(PATIENCE).unwrap().unwrap();
    assert_eq!(result.seq(), 0);
    assert_eq!(result.origin(), picture.origin());
    assert_eq!(
        (result.origin().stream.as_str(), result.origin().seq),
        ("front/image", 2)
    );
}

#[test]
fn latest_gives_the_newest_and_counts_what_it_replaced() {
    let lab = Lab::new("latest");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let reader = lab.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    for _ in 0..10 {
        send_numbered(&publisher, 1_000);
    }
    assert_eq!(reader.recv(PATIENCE).unwrap().unwrap().seq(), 9);
    assert!(reader.try_recv().unwrap().is_none());
    let counts = reader.counts();
    assert_eq!((counts.delivered, counts.superseded, counts.overflow), (1, 9, 0));
}

#[test]
fn a_queue_gives_the_last_n_in_order_and_counts_the_overflow() {
    let lab = Lab::new("queue");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(4),
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, queue).unwrap();
    for _ in 0..10 {
        send_numbered(&publisher, 1_000);
    }
    let seqs: Vec<u64> = std::iter::from_fn(|| reader.try_recv().unwrap())
        .map(|frame| frame.seq())
        .collect();
    assert_eq!(seqs, [6, 7, 8, 9]);
    let counts = reader.counts();
    assert_eq!((counts.delivered, counts.superseded, counts.overflow), (4, 0, 6));
}

#[test]
fn results_that_grow_do_not_drive_each_other_out_of_a_queue() {
    let lab = Lab::new("growing");
    let stream = lab.stream("tags/detections");
    let expected = Some(FrameLayout::of_body(2));
    let options = PublisherOptions {
        expected,
        ..PublisherOptions::default()
    };
    let publisher = lab.bus.publisher(&stream, options).unwrap();
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(8),
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, queue).unwrap();
    let sizes = [2, 100, 1_000, 10_000];
    for size in sizes {
        let captured = CaptureTime::now(CaptureClock::Rendered);
        publisher.send(&[], &vec![b' '; size], captured, None).unwrap();
    }
    let seen: Vec<usize> = std::iter::from_fn(|| reader.try_recv().unwrap())
        .map(|frame| frame.body().len())
        .collect();
    assert_eq!(seen, sizes);
}

#[test]
fn latest_of_a_queue_counts_what_it_let_go_apart_from_the_overflow() {
    let lab = Lab::new("latest-queue");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(4),
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, queue).unwrap();
    for _ in 0..10 {
        send_numbered(&publisher, 1_000);
    }
    assert_eq!(reader.latest().unwrap().unwrap().seq(), 9);
    let counts = reader.counts();
    assert_eq!((counts.delivered, counts.superseded, counts.overflow), (1, 3, 6));
}

#[test]
fn every_and_max_fps_count_what_they_leave_out() {
    let lab = Lab::new("thinning");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let third = ReadOptions {
        policy: ReadPolicy::Queue(64),
        every: Some(3),
        ..ReadOptions::default()
    };
    let thirds = lab.bus.subscriber(&stream, third).unwrap();
    let slow = ReadOptions {
        policy: ReadPolicy::Queue(64),
        max_fps: Some(0.01),
        ..ReadOptions::default()
    };
    let slow = lab.bus.subscriber(&stream, slow).unwrap();
    for _ in 0..10 {
        send_numbered(&publisher, 10);
    }
    let seqs: Vec<u64> = std::iter::from_fn(|| thirds.try_recv().unwrap())
        .map(|frame| frame.seq())
        .collect();
    assert_eq!(seqs, [0, 3, 6, 9]);
    assert_eq!((thirds.counts().delivered, thirds.counts().skipped), (4, 6));
    assert_eq!(std::iter::from_fn(|| slow.try_recv().unwrap()).count(), 1);
    assert_eq!((slow.counts().delivered, slow.counts().skipped), (1, 9));
}

#[test]
fn the_last_frame_is_replayed_to_whom_it_asks_for_also_while_nothing_is_sent() {
    let lab = Lab::new("replay");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    for _ in 0..3 {
        send_numbered(&publisher, 100);
    }
    let asked = ReadOptions {
        replay_last: true,
        ..ReadOptions::default()
    };
    let asked = lab.bus.subscriber(&stream, asked).unwrap();
    let silent = lab.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    assert_eq!(asked.recv(PATIENCE).unwrap().expect("the last frame").seq(), 2);
    assert!(silent.try_recv().unwrap().is_none());
    assert_eq!(asked.counts().superseded, 0);
}

#[test]
fn kept_frames_stay_as_they_are_and_those_past_the_budget_are_copies() {
    let lab = Lab::new("pins");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let options = ReadOptions {
        pin_budget: 3,
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, options).unwrap();
    let kept: Vec<_> = (0..10)
        .map(|_| {
            send_numbered(&publisher, 50_000);
            reader.recv(PATIENCE).unwrap().unwrap()
        })
        .collect();
    for _ in 0..200 {
        send_numbered(&publisher, 50_000);
    }
    let copies: Vec<bool> = kept.iter().map(|frame| frame.is_copy()).collect();
    assert_eq!(copies, [[false; 3].as_slice(), &[true; 7]].concat());
    assert_eq!(reader.counts().copied, 7);
    kept.iter()
        .for_each(|frame| assert!(numbered(frame), "{frame:?} was overwritten"));
    drop(kept);
    assert!(
        !reader.recv(PATIENCE).unwrap().unwrap().is_copy(),
        "the budget is free again"
    );
}

#[test]
fn kept_frames_outlive_their_reader_their_publisher_and_the_bus() {
    let lab = Lab::new("outlive");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let reader = lab.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    send_numbered(&publisher, 200_000);
    let kept = reader.recv(PATIENCE).unwrap().unwrap();
    drop(reader);
    for _ in 0..100 {
        send_numbered(&publisher, 200_000);
    }
    assert!(numbered(&kept), "overwritten after its reader had ended");
    drop(publisher);
    let again = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    for _ in 0..100 {
        send_numbered(&again, 200_000);
    }
    drop(again);
    let instance = lab.bus.instance().clone();
    drop(lab);
    assert!(numbered(&kept), "overwritten after its publisher had ended");
    drop(kept);
    bushbaby_bus::clean(&instance).unwrap();
}

#[test]
fn frames_grow_and_shrink_under_the_same_reader() {
    let lab = Lab::new("grow");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(8),
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, queue).unwrap();
    let sizes = [100, 5_000_000, 10, 900, 20_000_000, 1];
    let kept: Vec<_> = sizes
        .iter()
        .map(|size| {
            send_numbered(&publisher, *size);
            reader.try_recv().unwrap().unwrap()
        })
        .collect();
    assert_eq!(
        kept.iter()
            .map(|frame| frame.array("n").unwrap().bytes.len())
            .collect::<Vec<_>>(),
        sizes
    );
    assert_eq!(
        kept.iter().map(|frame| frame.seq()).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5]
    );
    assert!(kept.iter().all(numbered));
}

#[test]
fn what_waited_when_the_publisher_grew_comes_first() {
    let lab = Lab::new("grow-queue");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(8),
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, queue).unwrap();
    send_numbered(&publisher, 1);
    let first = reader.try_recv().unwrap();
    for size in [100, 200, 1_000_000, 1_500_000, 300] {
        send_numbered(&publisher, size);
    }
    let waiting: Vec<_> = first
        .into_iter()
        .chain(std::iter::from_fn(|| reader.try_recv().unwrap()))
        .collect();
    assert_eq!(
        waiting.iter().map(|frame| frame.seq()).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5]
    );
    assert!(waiting.iter().all(numbered));
    assert_eq!(reader.counts().overflow, 0);
}

#[test]
fn a_loan_that_was_taken_before_the_publisher_grew_can_still_be_sent() {
    let lab = Lab::new("old-loan");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(8),
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, queue).unwrap();
    let mut old = publisher
        .loan(&FrameLayout::of_arrays([ArrayLayout::new("n", DType::U8, [500])]))
        .unwrap();
    old.array_mut(0).fill(42);
    send_numbered(&publisher, 1_000_000);
    old.send(CaptureTime::now(CaptureClock::Unknown), None).unwrap();
    assert!(numbered(&reader.recv(PATIENCE).unwrap().unwrap()));
    let moved = reader.recv(PATIENCE).unwrap().unwrap();
    assert_eq!((moved.seq(), moved.array("n").unwrap().bytes), (1, &[42; 500][..]));
}

#[test]
fn a_dropped_loan_leaves_no_gap_and_gives_its_slot_back() {
    let lab = Lab::new("dropped");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let layout = FrameLayout::of_arrays([ArrayLayout::new("n", DType::U8, [100])]);
    for _ in 0..1_000 {
        drop(publisher.loan(&layout).unwrap());
    }
    assert_eq!(
        publisher
            .send(&[], b"x", CaptureTime::now(CaptureClock::Unknown), None)
            .unwrap()
            .seq,
        0
    );
}

#[test]
fn what_cannot_be_sent_is_refused_with_the_reason() {
    let lab = Lab::new("refused");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let now = CaptureTime::now(CaptureClock::Unknown);
    let array = ArrayLayout::new("n", DType::U8, [10]);
    let short = publisher.send(&[(&array, &[0; 9])], b"", now, None);
    assert!(
        matches!(short, Err(PublishError::WrongLength { got: 9, wanted: 10, .. })),
        "{short:?}"
    );
    let twice = publisher.loan(&FrameLayout::of_arrays([array.clone(), array]));
    assert!(matches!(twice, Err(PublishError::Layout(_))));
    let mut loan = publisher.loan(&FrameLayout::of_body(4)).unwrap();
    assert!(matches!(
        loan.set_body(b"12345"),
        Err(PublishError::BodyTooLong {
            got: 5,
            capacity: 4,
            ..
        })
    ));
}

#[test]
fn a_second_publisher_is_told_who_the_first_one_is() {
    let lab = Lab::new("second");
    let stream = lab.stream("front/image");
    let first = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    match lab.bus.publisher(&stream, PublisherOptions::default()) {
        Err(BusError::SecondPublisher { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
    drop(first);
    lab.bus
        .publisher(&stream, PublisherOptions::default())
        .expect("the first one ended");
}

#[test]
fn one_reader_too_many_is_told_how_many_fit() {
    let lab = Lab::new("many");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let readers: Vec<_> = (0..MAX_READERS)
        .map(|_| lab.bus.subscriber(&stream, ReadOptions::default()).unwrap())
        .collect();
    match lab.bus.subscriber(&stream, ReadOptions::default()) {
        Err(BusError::TooManyReaders { most, .. }) => assert_eq!(most, MAX_READERS),
        other => panic!("{other:?}"),
    }
    assert_eq!(publisher.readers(), MAX_READERS);
    send_numbered(&publisher, 100_000);
    readers
        .iter()
        .for_each(|reader| assert!(numbered(&reader.recv(PATIENCE).unwrap().unwrap())));
}

#[test]
fn many_readers_with_long_queues_that_keep_frames_never_stop_the_publisher() {
    let lab = Lab::new("greedy");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let greedy = ReadOptions {
        policy: ReadPolicy::Queue(64),
        pin_budget: 7,
        ..ReadOptions::default()
    };
    let readers: Vec<_> = (0..MAX_READERS)
        .map(|_| lab.bus.subscriber(&stream, greedy).unwrap())
        .collect();
    let mut kept = Vec::new();
    for round in 0..400usize {
        send_numbered(&publisher, 1_000);
        kept.extend(readers[round % readers.len()].try_recv().unwrap());
    }
    assert!(kept.iter().all(numbered));
    assert!(kept.len() > 100);
}

#[test]
fn options_that_cannot_be_kept_are_refused() {
    let lab = Lab::new("options");
    let stream = lab.stream("front/image");
    let good = ReadOptions::default();
    for options in [
        ReadOptions {
            policy: ReadPolicy::Queue(0),
            ..good
        },
        ReadOptions {
            policy: ReadPolicy::Queue(65),
            ..good
        },
        ReadOptions { pin_budget: 8, ..good },
        ReadOptions {
            max_fps: Some(0.0),
            ..good
        },
        ReadOptions {
            max_fps: Some(f64::NAN),
            ..good
        },
    ] {
        let refused = lab.bus.subscriber(&stream, options);
        assert!(
            matches!(refused, Err(BusError::Option { .. })),
            "{options:?} gave {refused:?}"
        );
    }
}

#[test]
fn an_output_is_wanted_as_long_as_somebody_reads_it() {
    let lab = Lab::new("wanted");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    assert!(!publisher.is_wanted());
    let reader = lab.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    assert!(publisher.is_wanted());
    assert!(reader.publisher_is_alive());
    drop(reader);
    assert!(!publisher.is_wanted());
}

#[test]
fn streams_are_listed_with_who_writes_and_how_many_read() {
    let lab = Lab::new("streams");
    let (written, waited_for) = (lab.stream("a/image"), lab.stream("b/image"));
    assert_eq!(lab.bus.streams().unwrap(), []);
    let publisher = lab.bus.publisher(&written, PublisherOptions::default()).unwrap();
    let _readers = [&written, &waited_for].map(|stream| lab.bus.subscriber(stream, ReadOptions::default()).unwrap());
    let listed = lab.bus.streams().unwrap();
    let seen: Vec<_> = listed
        .iter()
        .map(|info| (info.name.as_str(), info.publisher_pid, info.readers))
        .collect();
    assert_eq!(seen, [("a/image", Some(std::process::id()), 1), ("b/image", None, 1)]);
    drop(publisher);
    assert_eq!(lab.bus.streams().unwrap()[0].publisher_pid, None);
}

#[test]
fn a_waker_ends_the_wait_of_its_reader() {
    let lab = Lab::new("waker");
    let reader = lab
        .bus
        .subscriber(&lab.stream("front/image"), ReadOptions::default())
        .unwrap();
    let waker = reader.waker();
    let waiting = std::thread::spawn(move || (reader.recv(PATIENCE).unwrap().is_none(), reader));
    waker.wake();
    let (woken, reader) = waiting.join().unwrap();
    assert!(woken);
    assert!(reader.recv(Duration::ZERO).unwrap().is_none());
}

#[test]
fn waiting_for_any_ends_with_a_frame_of_any_and_with_the_end_of_a_publisher() {
    let lab = Lab::new("any");
    let (left, right) = (lab.stream("left/image"), lab.stream("right/image"));
    let readers = [&left, &right].map(|stream| lab.bus.subscriber(stream, ReadOptions::default()).unwrap());
    let all: Vec<_> = readers.iter().collect();
    let publisher = lab.bus.publisher(&right, PublisherOptions::default()).unwrap();
    bushbaby_bus::wait_any(&all, PATIENCE).unwrap(); // It came.
    send_numbered(&publisher, 10);
    bushbaby_bus::wait_any(&all, PATIENCE).unwrap();
    assert!(readers[0].try_recv().unwrap().is_none());
    assert_eq!(readers[1].try_recv().unwrap().unwrap().seq(), 0);
    drop(publisher);
    bushbaby_bus::wait_any(&all, PATIENCE).unwrap();
    assert!(!readers[1].publisher_is_alive());
}

#[test]
fn a_paced_publisher_waits_for_its_readers() {
    let lab = Lab::new("paced");
    let stream = lab.stream("file/image");
    let paced = PublisherOptions {
        pacing: Pacing::WaitForReaders { outstanding: 1 },
        ..PublisherOptions::default()
    };
    let publisher = lab.bus.publisher(&stream, paced).unwrap();
    assert!(publisher.wait_for_readers(Duration::ZERO), "nobody reads");
    let readers = [(); 3].map(|()| lab.bus.subscriber(&stream, ReadOptions::default()).unwrap());
    let reading = readers.map(|reader| {
        std::thread::spawn(move || {
            let seqs: Vec<u64> = (0..200)
                .map(|_| reader.recv(PATIENCE).unwrap().unwrap().seq())
                .collect();
            (seqs, reader)
        })
    });
    for _ in 0..200 {
        assert!(publisher.wait_for_readers(PATIENCE));
        send_numbered(&publisher, 10_000);
    }
    for reading in reading {
        let (seqs, reader) = reading.join().unwrap();
        assert_eq!(seqs, (0..200).collect::<Vec<u64>>());
        assert_eq!(reader.counts().superseded, 0);
    }
}

#[test]
fn a_reader_that_says_nothing_holds_a_paced_publisher_for_two_seconds_only() {
    let lab = Lab::new("silent");
    let stream = lab.stream("file/image");
    let paced = PublisherOptions {
        pacing: Pacing::WaitForReaders { outstanding: 1 },
        ..PublisherOptions::default()
    };
    let publisher = lab.bus.publisher(&stream, paced).unwrap();
    let reader = lab.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    send_numbered(&publisher, 10);
    assert!(
        !publisher.wait_for_readers(Duration::from_millis(10)),
        "the reader has not received it"
    );
    assert!(publisher.wait_for_readers(PATIENCE), "the reader counted for ever");
    drop(reader);
}

#[test]
fn instances_see_nothing_of_each_other() {
    let (a, ab) = (Lab::new("apart"), Lab::new("apart_b"));
    let stream = a.stream("front/image");
    let publisher = a.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let stranger = ab
        .bus
        .subscriber(
            &stream,
            ReadOptions {
                replay_last: true,
                ..ReadOptions::default()
            },
        )
        .unwrap();
    send_numbered(&publisher, 10);
    assert!(stranger.try_recv().unwrap().is_none());
    assert!(!stranger.publisher_is_alive());
    assert_eq!(publisher.readers(), 0);
    drop(publisher);
    a.end();
    let other = ab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    send_numbered(&other, 10);
    assert!(
        stranger.recv(PATIENCE).unwrap().is_some(),
        "the end of one instance broke the other"
    );
}

#[test]
fn a_publisher_that_ends_at_once_is_still_read() {
    let lab = Lab::new("one-shot");
    let stream = lab.stream("front/image");
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(8),
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, queue).unwrap();
    let reading = std::thread::spawn(move || {
        let seqs: Vec<u64> = (0..60).map(|_| reader.recv(PATIENCE).unwrap().unwrap().seq()).collect();
        (seqs, reader.counts())
    });
    for _ in 0..20 {
        let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
        for _ in 0..3 {
            send_numbered(&publisher, 500);
        }
    }
    let (seqs, counts) = reading.join().unwrap();
    assert_eq!(seqs, [0, 1, 2].repeat(20));
    assert_eq!(counts.overflow, 0);
}

#[test]
fn what_is_expected_is_reserved_at_once_and_what_is_not_takes_next_to_nothing() {
    let lab = Lab::new("reserved");
    let taken_bytes = || -> u64 {
        use std::os::unix::fs::MetadataExt;
        let files = left_in_shm(lab.bus.instance());
        files
            .iter()
            .map(|name| std::fs::metadata(format!("/dev/shm/{name}")).unwrap().blocks() * 512)
            .sum()
    };
    let before = taken_bytes();
    let small = lab
        .bus
        .publisher(&lab.stream("tags/detections"), PublisherOptions::default())
        .unwrap();
    let for_small = taken_bytes() - before;
    assert!(
        for_small < 500_000,
        "a publisher of who knows what took {for_small} bytes"
    );

    let expected = FrameLayout::of_arrays([ArrayLayout::new("n", DType::U8, [10_000_000])]);
    let options = PublisherOptions {
        expected: Some(expected),
        expected_readers: 1,
        ..PublisherOptions::default()
    };
    let large = lab.bus.publisher(&lab.stream("front/image"), options).unwrap();
    let reserved = taken_bytes() - before - for_small;
    assert!(
        (40_000_000..60_000_000).contains(&reserved),
        "{reserved} bytes were reserved for 10 MB frames"
    );
    let reader = lab
        .bus
        .subscriber(&lab.stream("front/image"), ReadOptions::default())
        .unwrap();
    for _ in 0..50 {
        send_numbered(&large, 10_000_000 - 8);
        assert!(numbered(&reader.recv(PATIENCE).unwrap().unwrap()));
    }
    let later = taken_bytes() - before - for_small;
    assert!(
        later < reserved + 500_000,
        "{later} bytes are in use, {reserved} were reserved"
    );
    drop(small);
}

#[test]
fn frames_and_both_ends_may_go_to_other_threads() {
    fn sends<T: Send + Sync>() {}
    sends::<bushbaby_bus::Bus>();
    sends::<bushbaby_bus::Publisher>();
    sends::<bushbaby_bus::Subscriber>();
    sends::<bushbaby_bus::Frame>();
    sends::<bushbaby_bus::Waker>();
}
