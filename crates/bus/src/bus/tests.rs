//! What only shows from inside: a stranger who sends what is no frame, and memory made real in either way.

use std::time::Duration;

use super::Bus;
use crate::error::RecvError;
use crate::header::HeaderError;
use crate::instance::Instance;
use crate::memory;
use crate::options::{PublisherOptions, ReadOptions, ReadPolicy};
use crate::populate::Way;
use crate::slots::{Demand, Slots};
use crate::time::{CaptureClock, CaptureTime};
use crate::transport::{EVENT_FRAME, StreamService};

fn bus(name: &str) -> Bus {
    let name = format!("unit-{name}-{}", std::process::id());
    Bus::open(&Instance::new(name.parse().unwrap())).unwrap()
}

/// Sends bytes that no publisher of ours would send.
fn send_raw(service: &StreamService, bytes: &[u8]) -> impl Sized + use<> {
    let stranger = service
        .frames
        .publisher_builder()
        .initial_max_slice_len(64)
        .create()
        .unwrap();
    let mut sample = memory::assume_lines(stranger.loan_slice_uninit(bytes.len().div_ceil(64)).unwrap());
    memory::as_bytes_mut(sample.payload_mut())[..bytes.len()].copy_from_slice(bytes);
    sample.send().unwrap();
    let notifier = service.events.notifier_builder().create().unwrap();
    notifier.notify_with_custom_event_id(EVENT_FRAME).unwrap();
    // To be kept: what it sent is gone with it, unless the reader has mapped it.
    (stranger, notifier)
}

#[test]
fn what_is_no_frame_is_counted_and_left_out_and_the_next_one_is_good() {
    let bus = bus("damaged");
    let stream = "front/image".parse().unwrap();
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(8),
        ..ReadOptions::default()
    };
    let reader = bus.subscriber(&stream, queue).unwrap();
    let publisher = bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let service = StreamService::open(&bus.0, &stream).unwrap();
    let _stranger = send_raw(&service, &[0xff; 640]);
    match reader.recv(Duration::from_secs(60)) {
        Err(RecvError::Damaged { cause, .. }) => assert_eq!(cause, HeaderError::Magic),
        other => panic!("{other:?}"),
    }
    publisher
        .send(&[], b"good", CaptureTime::now(CaptureClock::Unknown), None)
        .unwrap();
    assert_eq!(reader.recv(Duration::from_secs(60)).unwrap().unwrap().body(), b"good");
    let counts = reader.counts();
    assert_eq!((counts.delivered, counts.damaged, counts.overflow), (1, 1, 0));
}

#[test]
fn slots_are_good_for_writing_in_either_way_of_making_them_real() {
    let bus = bus("ways");
    for way in [Way::Populate, Way::Touch] {
        let service = StreamService::open(&bus.0, &"front/image".parse().unwrap()).unwrap();
        let demand = Demand {
            lines: 1_000,
            count: 20,
            reserve: 2,
        };
        let mut slots = Slots::create_by(&service, demand, way).unwrap();
        assert_eq!(slots.real_bytes(), 2 * 64_000, "{way:?}");
        let taken: Vec<_> = (0..4).map(|_| slots.loan(900).unwrap()).collect();
        assert_eq!(slots.real_bytes(), 2 * 64_000 + 2 * 57_600, "{way:?}");
        for mut sample in taken {
            memory::as_bytes_mut(sample.payload_mut()).fill(1);
        }
    }
}
