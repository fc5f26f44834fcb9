//! Sound, and what was heard in it.

use bushbaby_node::audio::AudioMeta;

use super::*;

const RATE_HZ: u32 = 16_000;

fn send_sound(publisher: &Publisher, dtype: DType, samples: &[u8], meta: &AudioMeta) {
    let item = if dtype == DType::F32 { 4 } else { 2 };
    let layout = ArrayLayout::new("audio", dtype, vec![samples.len() / item / 2, 2]).with_encoding("pcm");
    send(publisher, &[(&layout, samples)], &serde_json::to_value(meta).unwrap());
}

#[test]
fn sound_is_kept_in_16_bits_piece_by_piece_and_says_once_what_it_is() {
    let running = Running::start("sound", &["door/audio"], Settings::default());
    let door = running.publisher("door/audio");
    let mut meta = AudioMeta::new("door", RATE_HZ, 0);
    let floats = [0.5_f32, -2.0, f32::NAN, 0.25].map(f32::to_le_bytes).concat();
    for number in 0..5_u64 {
        // Pieces are not all as long, and some of them are filled.
        let length = if number == 3 { 8 } else { 16 };
        (meta.position, meta.filled) = (number * 2, number % 2);
        send_sound(&door, DType::F32, &floats[..length], &meta);
    }
    // Another form is told again.
    send_sound(&door, DType::I16, &[1, 0, 255, 255], &meta);
    let (written, files) = running.stop();
    assert_eq!(written.streams["door/audio"], Counted { frames: 6, dropped: 0 });
    let messages = messages(&files[0]);
    let infos: Vec<serde_json::Value> = messages
        .iter()
        .filter(|message| message.0 == "door/audio/info")
        .map(|message| serde_json::from_slice(&message.3).unwrap())
        .collect();
    assert_eq!(infos.len(), 2);
    assert_eq!(
        infos[0]["body"],
        json!({"type": "audio", "version": 1, "source": "door", "sample_rate_hz": RATE_HZ})
    );
    assert_eq!(infos[0]["arrays"][0]["shape"], json!([0, 2]));
    assert_eq!(infos[1]["arrays"][0]["dtype"], "int16");
    let sounds: Vec<foxglove::messages::RawAudio> = messages
        .iter()
        .filter(|message| message.1 == Contents::Sound)
        .map(|message| foxglove::messages::RawAudio::decode(&message.3[..]).unwrap())
        .collect();
    assert_eq!(sounds.len(), 6);
    assert_eq!(
        (
            sounds[0].format.as_str(),
            sounds[0].sample_rate,
            sounds[0].number_of_channels
        ),
        ("pcm-s16", RATE_HZ, 2)
    );
    let samples = [16_384_i16, -32_768, 0, 8_192].map(i16::to_le_bytes).concat();
    assert_eq!(&sounds[0].data[..], samples);
    assert_eq!(&sounds[3].data[..], &samples[..4]);
    assert_eq!(&sounds[5].data[..], [1, 0, 255, 255]);
}

#[test]
fn sound_that_cannot_be_is_told_and_left_out() {
    let settings = Settings::default();
    let mut recorder = StreamRecorder::new(&settings);
    let instance = testing::instance("sound-odd");
    let context = testing::context(&instance, "record", "record", vec![]).unwrap();
    let stream: StreamName = "door/audio".parse().unwrap();
    let publisher = context.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let reader = context.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    send_sound(&publisher, DType::I16, &[0; 8], &AudioMeta::new("door", 8, 0));
    let taken = recorder.take(&reader.recv(PATIENCE).unwrap().unwrap());
    let problem = taken.problem.unwrap();
    assert!(
        problem.contains("2 channels of 8 Hz, wanted 1 to 64 channels"),
        "{problem}"
    );
    assert_eq!(taken.items, []);
}

#[test]
fn a_film_has_no_sound_and_says_so_once() {
    let settings = Settings {
        format: Format::Mp4,
        ..Settings::default()
    };
    let mut recorder = StreamRecorder::new(&settings);
    let instance = testing::instance("sound-mp4");
    let context = testing::context(&instance, "record", "record", vec![]).unwrap();
    let stream: StreamName = "door/audio".parse().unwrap();
    let publisher = context.bus.publisher(&stream, PublisherOptions::default()).unwrap();
    let reader = context.bus.subscriber(&stream, ReadOptions::default()).unwrap();
    let mut problems = Vec::new();
    for _ in 0..3 {
        send_sound(&publisher, DType::I16, &[0; 8], &AudioMeta::new("door", RATE_HZ, 0));
        let taken = recorder.take(&reader.recv(PATIENCE).unwrap().unwrap());
        assert_eq!(taken.items, []);
        problems.extend(taken.problem);
    }
    assert_eq!(
        problems,
        ["`door/audio` is left out: an MP4 file of ours holds no sound; `format: mcap` does"]
    );
}

#[test]
fn what_was_heard_is_a_result_and_a_line_and_nothing_to_draw() {
    let streams = ["cry@door/events", "cry@door/scores", "cry@door/level"];
    let running = Running::start("heard", &streams, Settings::default());
    let [events, scores, level] = streams.map(|stream| running.publisher(stream));
    let item = json!({"id": "cry@door-1-1", "sound": "baby_cry", "state": "began", "score": 0.91,
        "start_at": "2026-01-02T03:04:05.5Z", "decided_at": "2026-01-02T03:04:07Z", "start_s": 12.5, "decided_s": 14.0});
    send(
        &events,
        &[],
        &json!({"type": "events", "version": 1, "source": "door", "items": [item]}),
    );
    let heard = json!({"baby_cry": {"score": 0.9, "threshold": 0.5, "heard": true}});
    send(
        &scores,
        &[],
        &json!({"type": "scores", "version": 1, "source": "door", "window_s": 2.0, "gate_open": true, "sounds": heard}),
    );
    send(
        &level,
        &[],
        &json!({"type": "level", "version": 1, "source": "door", "rms_dbfs": -30, "peak_dbfs": -20, "floor_dbfs": -50}),
    );
    let (_, files) = running.stop();
    let mut messages = messages(&files[0]);
    messages.sort_by(|a, b| a.0.cmp(&b.0));
    let topics: Vec<&str> = messages.iter().map(|message| message.0.as_str()).collect();
    assert_eq!(
        topics,
        [
            "cry@door/events",
            "cry@door/events/log",
            "cry@door/level",
            "cry@door/scores"
        ]
    );
    let line = foxglove::messages::Log::decode(&messages[1].3[..]).unwrap();
    assert_eq!(
        (line.name.as_str(), line.message.as_str()),
        ("door", "baby_cry 0.91 began")
    );
}
