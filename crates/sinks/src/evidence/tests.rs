//! A real keeper on a bus of its own.

use bushbaby_bus::{ArrayLayout, CaptureClock, CaptureTime, DType, MonoTime, PublisherOptions};
use bushbaby_node::audio::AudioMeta;
use bushbaby_node::control::InputSpec;
use bushbaby_node::settings::Time;
use bushbaby_node::testing;
use serde_json::json;

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);
const RATE_HZ: u32 = 8_000;

fn input(stream: &str) -> InputSpec {
    InputSpec {
        stream: stream.parse().unwrap(),
        queue: None,
        every: None,
        max_fps: None,
        window: None,
    }
}

/// The moment so many milliseconds after another.
fn after(start: CaptureTime, ms: u64) -> CaptureTime {
    CaptureTime {
        mono: start.mono + Duration::from_millis(ms),
        wall: WallTime::from_ns(start.wall.as_ns() + ms as i64 * 1_000_000),
        known_by: CaptureClock::Packet,
    }
}

#[test]
fn what_is_heard_has_its_sound_and_its_picture() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = ["cry/events", "door/audio", "door/image"].map(input).to_vec();
    let context = testing::context(&testing::instance("evidence"), "evidence", "evidence", inputs).unwrap();
    let settings = Settings {
        to: folder.path().join("kept"),
        before: Time(Duration::from_secs(2)),
        after: Time(Duration::from_secs(3)),
        ..Settings::default()
    };
    let keeper = EvidenceKeeper::open(settings, &context).unwrap();
    let thread = {
        let context = context.clone();
        std::thread::spawn(move || keeper.run(&context))
    };
    let publisher = |stream: &str| {
        let stream: StreamName = stream.parse().unwrap();
        context.bus.publisher(&stream, PublisherOptions::default()).unwrap()
    };
    let [events, sound, image] = ["cry/events", "door/audio", "door/image"].map(publisher);
    let deadline = Instant::now() + PATIENCE;
    while events.readers() == 0 || sound.readers() == 0 {
        assert!(Instant::now() < deadline, "nobody listens");
        std::thread::yield_now();
    }
    assert_eq!(image.readers(), 0, "nobody looks before something is heard");

    // Ten seconds of sound whose samples say in which second they are; the event begins at 5 s and is decided at 6 s.
    let now = CaptureTime::at(MonoTime::now(), CaptureClock::Packet);
    // Times of day in events have whole milliseconds.
    let start = CaptureTime {
        wall: WallTime::from_ns(now.wall.as_ns() / 1_000_000 * 1_000_000),
        ..now
    };
    let layout = ArrayLayout::new("audio", DType::I16, vec![800, 1]).with_encoding("pcm");
    let send_sound = |piece: u64| {
        let bytes: Vec<u8> = (0..800).flat_map(|_| ((piece / 10) as i16).to_le_bytes()).collect();
        let body = serde_json::to_vec(&AudioMeta::new("door", RATE_HZ, piece * 800)).unwrap();
        sound
            .send(&[(&layout, &bytes)], &body, after(start, piece * 100), None)
            .unwrap();
    };
    (0..60).for_each(send_sound);
    let at = |ms| time_of_day(after(start, ms).wall.as_ns());
    let body = json!({"type": "events", "version": 1, "source": "door", "items": [{"id": "cry-1", "sound": "baby_cry", "state": "began",
        "score": 0.5, "start_at": at(5_000), "decided_at": at(6_000), "start_s": 5.0, "decided_s": 6.0}]});
    events
        .send(&[], body.to_string().as_bytes(), after(start, 6_000), None)
        .unwrap();
    while image.readers() == 0 {
        assert!(Instant::now() < deadline, "nobody looks");
        std::thread::yield_now();
    }
    let gray = ArrayLayout::new("gray", DType::U8, vec![48, 64]).with_encoding("gray8");
    let body = json!({"type": "image", "version": 1, "camera": "door"});
    image
        .send(
            &[(&gray, &[90; 48 * 64])],
            body.to_string().as_bytes(),
            after(start, 6_100),
            None,
        )
        .unwrap();
    while image.readers() > 0 {
        assert!(Instant::now() < deadline, "the picture is not taken");
        std::thread::yield_now();
    }
    (60..100).for_each(send_sound);

    let kept = |ending: &str| {
        let entries = std::fs::read_dir(folder.path().join("kept")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|found| found == ending) && !is_begun(path))
    };
    while kept("json").is_none() {
        assert!(Instant::now() < deadline, "nothing is kept");
        std::thread::yield_now();
    }
    context.stop.set();
    thread.join().unwrap().unwrap();

    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(kept("json").unwrap()).unwrap()).unwrap();
    assert_eq!(
        (&told["id"], &told["source"], &told["type"]),
        (&json!("cry-1"), &json!("door"), &json!("evidence"))
    );
    assert_eq!(told["wav"]["seconds"], 6.0, "{told}");
    assert_eq!(told["wav"]["starts_at"], at(3_000));
    let wav = std::fs::read(kept("wav").unwrap()).unwrap();
    let sample = |second: usize| {
        let at = bushbaby_recording::wav::HEAD_BYTES + second * 2 * RATE_HZ as usize + 100;
        i16::from_le_bytes([wav[at], wav[at + 1]])
    };
    assert_eq!((0..6).map(sample).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8]);
    assert_eq!(
        wav.len(),
        bushbaby_recording::wav::HEAD_BYTES + 6 * 2 * RATE_HZ as usize
    );
    let jpeg = std::fs::read(kept("jpg").unwrap()).unwrap();
    assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]));
}

fn is_begun(path: &std::path::Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
