//! Publishers and readers in processes of their own, some of which are killed.

mod support;

use bushbaby_bus::{Bus, BusError, Instance, PublisherOptions, ReadOptions, ReadPolicy, wait_any};
use support::peer::{self, Peer};
use support::{Lab, PATIENCE, instance, left_in_shm, numbered, send_numbered};

/// Not a test: the second process that the others start, which is this program once more.
#[test]
fn the_other_process_does_as_it_is_told() {
    peer::serve();
}

fn generation(answer: &str) -> u64 {
    answer.strip_prefix("generation ").expect(answer).parse().unwrap()
}

#[test]
fn frames_cross_to_another_process_and_back() {
    let lab = Lab::new("cross");
    let reader = lab
        .bus
        .subscriber(&lab.stream("there/image"), ReadOptions::default())
        .unwrap();
    let mut other = Peer::start(lab.bus.instance());
    let started = generation(&other.ask("publish there/image 1000000"));
    other.ask("send 1000000 1");
    let frame = reader.recv(PATIENCE).unwrap().unwrap();
    assert!(numbered(&frame));
    assert_eq!(frame.generation(), started);

    other.ask("read here/image 0");
    let publisher = lab
        .bus
        .publisher(&lab.stream("here/image"), PublisherOptions::default())
        .unwrap();
    send_numbered(&publisher, 1_000_000);
    assert_eq!(other.ask("keep 1"), "kept 1");
    assert_eq!(other.ask("whole"), "true");
    other.end();
}

#[test]
fn the_same_reader_survives_kill_9_of_the_publisher_and_its_return_with_larger_frames() {
    let lab = Lab::new("returns");
    let stream = lab.stream("front/image");
    let reader = lab.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    let mut kept = Vec::new();
    let mut generations = Vec::new();
    for bytes in [1_000_000, 5_000_000, 9_000_000] {
        let mut other = Peer::start(lab.bus.instance());
        generations.push(generation(&other.ask(&format!("publish front/image {}", bytes / 2))));
        other.ask(&format!("stream {bytes}"));
        for _ in 0..50 {
            let frame = reader.recv(PATIENCE).unwrap().unwrap();
            assert!(numbered(&frame));
            assert_eq!(frame.generation(), *generations.last().unwrap());
            assert_eq!(frame.array("n").unwrap().bytes.len(), bytes);
            if kept.len() < generations.len() {
                kept.push(frame);
            }
        }
        other.kill();
        // What it had sent before it died may still come.
        while reader.try_recv().unwrap().is_some() {}
    }
    assert!(generations.is_sorted(), "{generations:?}");
    assert!(kept.iter().all(numbered), "a frame kept from a dead publisher changed");
}

#[test]
fn the_death_of_a_publisher_wakes_its_readers() {
    let lab = Lab::new("wakes");
    let reader = lab
        .bus
        .subscriber(&lab.stream("front/image"), ReadOptions::default())
        .unwrap();
    let mut other = Peer::start(lab.bus.instance());
    other.ask("publish front/image 0");
    wait_any(&[&reader], PATIENCE).unwrap(); // It came.
    assert!(reader.publisher_is_alive());
    other.kill();
    wait_any(&[&reader], PATIENCE).unwrap();
    assert!(!reader.publisher_is_alive());
}

#[test]
fn the_end_of_a_publisher_wakes_its_readers() {
    let lab = Lab::new("ends");
    let reader = lab
        .bus
        .subscriber(&lab.stream("front/image"), ReadOptions::default())
        .unwrap();
    let mut other = Peer::start(lab.bus.instance());
    other.ask("publish front/image 0");
    wait_any(&[&reader], PATIENCE).unwrap(); // It came.
    other.ask("unpublish");
    wait_any(&[&reader], PATIENCE).unwrap();
    assert!(!reader.publisher_is_alive());
    other.end();
}

#[test]
fn frames_kept_for_150_ms_are_never_torn() {
    let lab = Lab::new("torn");
    let mut writer = Peer::start(lab.bus.instance());
    writer.ask("publish front/image 2000000");
    let mut readers = [0, 0, 8].map(|queue| {
        let mut reader = Peer::start(lab.bus.instance());
        reader.ask(&format!("read front/image {queue}"));
        reader
    });
    writer.ask("stream 2000000");
    readers.iter_mut().for_each(|reader| reader.tell("keep-150-ms 100"));
    for reader in &mut readers {
        assert_eq!(reader.answer(), "torn 0, copied true");
    }
}

#[test]
fn killed_readers_leave_nothing_and_do_not_stop_the_publisher() {
    let lab = Lab::new("readers");
    let stream = lab.stream("front/image");
    let publisher = lab.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    send_numbered(&publisher, 500_000);
    let mut before = left_in_shm(lab.bus.instance());
    for _ in 0..10 {
        let mut other = Peer::start(lab.bus.instance());
        other.ask("read front/image 4");
        for _ in 0..6 {
            send_numbered(&publisher, 500_000);
        }
        other.ask("keep 2");
        other.kill();
    }
    lab.bus.clean().unwrap();
    assert_eq!(publisher.readers(), 0);
    for _ in 0..200 {
        send_numbered(&publisher, 500_000);
    }
    let mut after = left_in_shm(lab.bus.instance());
    before.sort();
    after.sort();
    assert_eq!(after, before);
}

#[test]
fn a_publisher_in_another_process_is_named_by_its_number() {
    let lab = Lab::new("named");
    let stream = lab.stream("front/image");
    let mut other = Peer::start(lab.bus.instance());
    other.ask("publish front/image 0");
    match lab.bus.publisher(&stream, PublisherOptions::default()) {
        Err(BusError::SecondPublisher { pid, .. }) => assert_eq!(pid, Some(other.pid())),
        other => panic!("{other:?}"),
    }
    assert_eq!(lab.bus.streams().unwrap()[0].publisher_pid, Some(other.pid()));
    other.kill();
    lab.bus
        .publisher(&stream, PublisherOptions::default())
        .expect("a dead one is in nobody's way");
}

#[test]
fn a_killed_reader_holds_a_paced_publisher_no_longer_than_a_silent_one() {
    let lab = Lab::new("paced-dead");
    let mut writer = Peer::start(lab.bus.instance());
    writer.ask("publish-paced file/image");
    let mut reader = Peer::start(lab.bus.instance());
    reader.ask("read file/image 0");
    writer.ask("send 1000 1");
    reader.ask("keep 1");
    assert_eq!(writer.ask("wait-for-readers"), "true");
    writer.ask("send 1000 1");
    reader.kill();
    assert_eq!(writer.ask("wait-for-readers"), "true");
}

/// Kills a publisher and a reader in the middle of their work, and returns their instance, with what they left.
fn killed(name: &str) -> Instance {
    let instance = instance(name);
    let mut writer = Peer::start(&instance);
    writer.ask("publish front/image 3000000");
    let mut reader = Peer::start(&instance);
    reader.ask("read front/image 8");
    writer.ask("stream 3000000");
    reader.ask("keep 3");
    writer.kill();
    reader.kill();
    assert!(
        !left_in_shm(&instance).is_empty(),
        "the test is void: nothing was left behind"
    );
    instance
}

#[test]
fn after_all_were_killed_clean_leaves_nothing() {
    let instance = killed("killed");
    let cleaned = bushbaby_bus::clean(&instance).unwrap();
    assert_eq!(cleaned.nodes, 2);
    assert!(cleaned.files > 5 && cleaned.bytes > 3_000_000, "{cleaned:?}");
    assert_eq!(left_in_shm(&instance), Vec::<String>::new());
    assert!(!instance.runtime_dir().exists());
    assert_eq!(
        bushbaby_bus::clean(&instance).unwrap(),
        bushbaby_bus::Cleaned::default()
    );
}

#[test]
fn after_all_were_killed_the_next_start_begins_on_clean_ground() {
    let instance = killed("next");
    let bus = Bus::open(&instance).unwrap();
    let left = left_in_shm(&instance);
    assert!(left.iter().all(|name| name.ends_with(".global_mgmt")), "{left:?}");
    drop(bus);
    assert_eq!(left_in_shm(&instance), Vec::<String>::new());
}

#[test]
fn a_file_whose_maker_was_killed_before_it_had_a_length_holds_nobody_up() {
    let instance = killed("stillborn");
    for name in left_in_shm(&instance).iter().filter(|name| name.ends_with(".dynamic")) {
        std::fs::write(std::path::Path::new("/dev/shm").join(name), b"").unwrap();
    }
    let (done, cleaned) = std::sync::mpsc::channel();
    std::thread::spawn({
        let instance = instance.clone();
        move || done.send(bushbaby_bus::clean(&instance).map(drop))
    });
    cleaned.recv_timeout(PATIENCE).expect("clean returns").unwrap();
    assert_eq!(left_in_shm(&instance), Vec::<String>::new());
}

#[test]
fn the_last_one_to_end_in_order_leaves_nothing() {
    let instance = instance("orderly");
    let mut writer = Peer::start(&instance);
    writer.ask("publish front/image 100000");
    let mut reader = Peer::start(&instance);
    reader.ask("read front/image 0");
    writer.ask("send 100000 5");
    reader.ask("keep 1");
    writer.end();
    reader.end();
    assert_eq!(left_in_shm(&instance), Vec::<String>::new());
    assert!(!instance.runtime_dir().exists());
}

#[test]
fn cleaning_takes_nothing_from_those_who_live() {
    let lab = Lab::new("alive");
    let stream = lab.stream("front/image");
    let queue = ReadOptions {
        policy: ReadPolicy::Queue(4),
        ..ReadOptions::default()
    };
    let reader = lab.bus.subscriber(&stream, queue).unwrap();
    let mut writer = Peer::start(lab.bus.instance());
    writer.ask("publish front/image 0");
    let mut cleaner = Peer::start(lab.bus.instance());
    for _ in 0..3 {
        writer.ask("send 300000 1");
        assert_eq!(cleaner.ask("clean"), "Cleaned { nodes: 0, files: 0, bytes: 0 }");
        assert!(numbered(&reader.recv(PATIENCE).unwrap().unwrap()));
    }
}
