//! The sound of a film is in step with its pictures, in each of its rounds.

use bushbaby_bus::{Frame, MAX_QUEUE, ReadOptions, ReadPolicy, StreamName};
use bushbaby_node::{Source, Step, audio, image};

use super::soundtrack::AUDIO;
use super::{Pace, VideoFileSettings, VideoFileSource};
use crate::test_node::TestNode;

/// White and loud from 1.0 s to 1.2 s of 2 s, otherwise black and silent.
const FLASH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/video_file/testdata/flash.mp4");

fn settings(pace: Pace, is_loop: bool) -> VideoFileSettings {
    VideoFileSettings {
        video_file: FLASH.into(),
        fps: None,
        is_loop,
        pace,
        calibration: None,
    }
}

/// Plays until the end, or until `enough` says so of pictures and sound.
fn play(settings: VideoFileSettings, enough: impl Fn(&[Frame], &[Frame]) -> bool) -> (Vec<Frame>, Vec<Frame>) {
    let mut node = TestNode::new::<VideoFileSource>();
    let mut source = VideoFileSource::open(settings, &node.context).unwrap();
    let [pictures, sound] = ["image", AUDIO].map(|output| {
        let options = ReadOptions {
            policy: ReadPolicy::Queue(MAX_QUEUE),
            ..ReadOptions::default()
        };
        node.context
            .bus
            .subscriber(&StreamName::new("cam", output).unwrap(), options)
            .unwrap()
    });
    let (mut seen, mut heard) = (Vec::new(), Vec::new());
    while !enough(&seen, &heard) {
        if node.step_until(&mut source, |step| *step != Step::Idle) == Step::Finished {
            break;
        }
        seen.extend(pictures.try_recv().unwrap());
        heard.extend(sound.try_recv().unwrap());
    }
    source.close();
    (seen, heard)
}

fn is_white(picture: &Frame) -> bool {
    let luma = bushbaby_pixels::luma(&image::view(picture).unwrap()).unwrap();
    luma.bytes[0] > 128
}

/// The place of the first loud sample in the stream, and when it was heard.
fn first_loud(sound: &[Frame], after: u64) -> Option<(u64, u64)> {
    sound.iter().find_map(|frame| {
        let view = audio::view(frame).unwrap();
        let mut mono = Vec::new();
        view.append_mono(&mut mono);
        let at = mono
            .iter()
            .enumerate()
            .position(|(at, sample)| sample.abs() > 0.03 && view.meta.position + at as u64 >= after)?
            as u64;
        let ns = at * 1_000_000_000 / u64::from(view.meta.sample_rate_hz);
        Some((view.meta.position + at, frame.captured().mono.as_ns() + ns))
    })
}

#[test]
fn what_is_seen_and_heard_at_once_has_one_capture_time() {
    let (seen, heard) = play(settings(Pace::Film, false), |_, _| false);
    let white = seen.iter().find(|picture| is_white(picture)).unwrap();
    let (position, loud_ns) = first_loud(&heard, 0).unwrap();
    let apart_ms = (loud_ns as f64 - white.captured().mono.as_ns() as f64) / 1e6;
    // An AAC encoder puts 1024 samples before the first, 64 ms here, which are not taken away; a picture lasts 50 ms.
    assert!(
        (14.0..114.0).contains(&apart_ms),
        "the sound is {apart_ms:.0} ms after the picture"
    );
    assert!((15_000..17_500).contains(&position), "{position}");
    let samples: usize = heard.iter().map(|frame| audio::view(frame).unwrap().len()).sum();
    assert!((31_000..34_000).contains(&samples), "{samples} samples");
}

#[test]
fn each_round_begins_with_sound_and_pictures_together() {
    let is_second = |seen: &[Frame], _: &[Frame]| seen.len() >= 68;
    let (seen, heard) = play(settings(Pace::Readers, true), is_second);
    assert!(seen.len() >= 68);
    let (first, _) = first_loud(&heard, 0).unwrap();
    let (second, _) = first_loud(&heard, first + 16_000).unwrap();
    assert!((second - first).abs_diff(32_000) < 1_000, "{first} {second}");
}

#[test]
fn a_film_whose_pictures_have_a_pace_of_their_own_has_no_sound() {
    let outputs = |fps| {
        let settings = VideoFileSettings {
            fps,
            ..settings(Pace::Film, false)
        };
        VideoFileSource::outputs(&settings, "/".as_ref())
            .iter()
            .map(|output| output.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(outputs(None), ["image", AUDIO]);
    assert_eq!(outputs(Some(30.0)), ["image"]);
}
