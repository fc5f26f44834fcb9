//! Files made here, played onto a real bus; and what is no sound, told in words.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bushbaby_bus::{CaptureClock, Frame, MAX_QUEUE, ReadOptions, ReadPolicy, StreamName};
use bushbaby_node::{Settings, Source, Step, audio};
use tempfile::TempDir;

use super::{Pace, SoundFileSettings, SoundFileSource};
use crate::test_node::TestNode;

/// A WAV file of 16 bits.
fn wav(rate_hz: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let format = [1_u16.to_le_bytes(), channels.to_le_bytes()].concat();
    let rates = [
        rate_hz.to_le_bytes(),
        (rate_hz.wrapping_mul(2 * u32::from(channels))).to_le_bytes(),
    ]
    .concat();
    let sizes = [(2 * channels).to_le_bytes(), 16_u16.to_le_bytes()].concat();
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let header = [&b"RIFF"[..], &length(36 + data.len()), b"WAVEfmt ", &length(16)].concat();
    [
        header,
        format,
        rates,
        sizes,
        b"data".to_vec(),
        length(data.len()).to_vec(),
        data,
    ]
    .concat()
}

/// The numbers from 0 on, for each channel the same.
fn numbers(count: u16, channels: u16) -> Vec<i16> {
    (0..count)
        .flat_map(|number| std::iter::repeat_n(number as i16, channels.into()))
        .collect()
}

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.wav");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn settings(path: &Path) -> SoundFileSettings {
    SoundFileSettings {
        sound_file: path.to_owned(),
        is_loop: false,
        pace: Pace::Readers,
        speed: 1.0,
    }
}

/// Plays until the end, or until so many pieces have come; returns all that a reader got.
fn play(settings: SoundFileSettings, most: usize) -> Vec<Frame> {
    let mut node = TestNode::new::<SoundFileSource>();
    let mut source = SoundFileSource::open(settings, &node.context).unwrap();
    let options = ReadOptions {
        policy: ReadPolicy::Queue(MAX_QUEUE),
        ..ReadOptions::default()
    };
    let stream = StreamName::new("cam", "audio").unwrap();
    let reader = node.context.bus.subscriber(&stream, options).unwrap();
    let mut frames = Vec::new();
    while frames.len() < most {
        if node.step_until(&mut source, |step| *step != Step::Idle) == Step::Finished {
            break;
        }
        frames.extend(reader.try_recv().unwrap());
    }
    frames
}

/// All samples of the first channel, in units of 16 bits.
fn samples(frames: &[Frame]) -> Vec<i16> {
    let mut all = Vec::new();
    for frame in frames {
        let view = audio::view(frame).unwrap();
        let audio::Samples::F32(samples) = view.samples else {
            panic!("{view:?}")
        };
        let first = samples.iter().step_by(view.channels);
        all.extend(first.map(|sample| (sample * 32_768.0).round() as i16));
    }
    all
}

#[test]
fn every_sample_comes_once_with_its_place_in_the_stream() {
    let (_folder, path) = file(&wav(8_000, 2, &numbers(1_000, 2)));
    let frames = play(settings(&path), usize::MAX);
    assert_eq!(samples(&frames), (0..1_000).collect::<Vec<i16>>());
    let places: Vec<(u64, usize, u32, usize)> = frames
        .iter()
        .map(|frame| {
            let view = audio::view(frame).unwrap();
            (view.meta.position, view.len(), view.meta.sample_rate_hz, view.channels)
        })
        .collect();
    assert_eq!(places, [(0, 400, 8_000, 2), (400, 400, 8_000, 2), (800, 200, 8_000, 2)]);
}

#[test]
fn a_loop_goes_on_without_a_gap() {
    let (_folder, path) = file(&wav(8_000, 1, &numbers(500, 1)));
    let looped = SoundFileSettings {
        is_loop: true,
        ..settings(&path)
    };
    let frames = play(looped, 4);
    let twice: Vec<i16> = (0..500).chain(0..500).collect();
    assert_eq!(samples(&frames), twice);
    let positions: Vec<u64> = frames
        .iter()
        .map(|frame| audio::view(frame).unwrap().meta.position)
        .collect();
    assert_eq!(positions, [0, 400, 500, 900]);
}

#[test]
fn at_its_own_pace_a_piece_comes_once_it_would_have_been_heard() {
    let (_folder, path) = file(&wav(8_000, 1, &numbers(4_000, 1)));
    let paced = |speed| SoundFileSettings {
        pace: Pace::File,
        speed,
        ..settings(&path)
    };
    let begun = Instant::now();
    let frames = play(paced(1.0), usize::MAX);
    assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
    let times: Vec<u64> = frames.iter().map(|frame| frame.captured().mono.as_ns()).collect();
    assert!(
        times.windows(2).all(|pair| pair[1] - pair[0] == 50_000_000),
        "{times:?}"
    );
    assert!(
        frames
            .iter()
            .all(|frame| frame.captured().known_by == CaptureClock::File)
    );
    let begun = Instant::now();
    play(paced(50.0), usize::MAX);
    assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
}

#[test]
fn a_file_that_is_cut_short_plays_as_far_as_it_goes() {
    let whole = wav(8_000, 1, &numbers(1_000, 1));
    let (_folder, path) = file(&whole[..44 + 2 * 700]);
    assert_eq!(
        samples(&play(settings(&path), usize::MAX)),
        (0..700).collect::<Vec<i16>>()
    );
}

#[test]
fn what_is_no_number_is_silence_and_counted() {
    let samples: Vec<f32> = (0..800).map(|n| if n < 100 { f32::NAN } else { 0.5 }).collect();
    let mut bytes = wav(8_000, 1, &[0; 1_600]);
    // 32 bit float.
    bytes[20] = 3;
    bytes[32] = 4;
    bytes[34] = 32;
    bytes.truncate(44);
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    let (_folder, path) = file(&bytes);
    let frames = play(settings(&path), usize::MAX);
    let filled: u64 = frames.iter().map(|frame| audio::view(frame).unwrap().meta.filled).sum();
    assert_eq!(filled, 100);
    let heard = super::tests::samples(&frames);
    assert_eq!((heard[0], heard[99], heard[100]), (0, 0, 16_384));
}

#[test]
fn what_cannot_be_played_is_told_with_its_reason() {
    let told = |bytes: &[u8]| {
        let (folder, path) = file(bytes);
        let problems = settings(&path).check(Path::new("/"));
        let [problem] = problems.as_slice() else {
            panic!("{problems:?}")
        };
        let node = TestNode::new::<SoundFileSource>();
        let error = SoundFileSource::open(settings(&path), &node.context).unwrap_err();
        assert_eq!(error.message(), problem.message);
        problem.message.replace(&folder.path().display().to_string(), "")
    };
    assert!(told(b"I am no sound at all, and long enough to be looked at").starts_with("/sound.wav: no WAV, FLAC"));
    assert!(told(&[]).starts_with("/sound.wav: no WAV, FLAC"));
    assert_eq!(
        told(&wav(8, 1, &[0; 100])),
        "/sound.wav: 1 channels of 8 Hz, wanted 1 to 64 channels of 4000 to 384000 Hz"
    );
    assert!(told(&wav(500_000, 1, &[0; 1_000])).contains("500000 Hz"));
    assert!(told(&wav(48_000, 65, &[0; 650])).starts_with("/sound.wav: "));
    let (_folder, path) = file(&wav(384_000, 1, &[0; 1_000]));
    assert!(settings(&path).check(Path::new("/")).is_empty());
    let nowhere = settings(Path::new("nowhere.wav")).check(Path::new("/"));
    assert!(
        nowhere[0]
            .message
            .starts_with("`nowhere.wav` cannot be read: No such file"),
        "{nowhere:?}"
    );
    let still = SoundFileSettings {
        speed: f64::NAN,
        ..settings(Path::new("nowhere.wav"))
    };
    assert_eq!(still.check(Path::new("/"))[1].message, "got `NaN`, wanted 0.01 to 1000");
}

#[test]
fn a_file_without_a_sample_is_an_error() {
    let (_folder, path) = file(&wav(8_000, 1, &[]));
    let mut node = TestNode::new::<SoundFileSource>();
    let Ok(mut source) = SoundFileSource::open(settings(&path), &node.context) else {
        return;
    };
    let error = source.step(&mut node.outputs).unwrap_err();
    assert!(error.message().contains("no sound"), "{error:?}");
}
