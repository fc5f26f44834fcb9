//! Sound that is lost, damaged or stops, and descriptions that make no sense: silence that is counted, or words; never a crash, and
//! no picture for it.

use super::listener::{Listener, assert_continuous};
use super::sound::{sound, sound_only, with_pictures};
use super::*;

#[test]
fn lost_packets_are_silence_that_is_counted_and_the_position_goes_on() {
    for (codec, lost) in [
        (SoundCodec::Pcmu, 5 * 160),
        (SoundCodec::Aac, 5 * 1024),
        (SoundCodec::Opus, 5 * 960),
    ] {
        let camera = camera(with_pictures(sound(codec)));
        let mut listener = Listener::of(&camera);
        let mut heard = listener.seconds(0.5);
        camera.lose_sound(5);
        heard.extend(listener.until(|piece| piece.meta.filled > 0));
        heard.extend(listener.seconds(1.0));
        assert_continuous(&heard);
        let filled: u64 = heard.iter().map(|piece| piece.meta.filled).sum();
        assert_eq!(filled, lost, "{codec:?}");
        let silent: usize = heard
            .iter()
            .filter(|piece| piece.meta.filled > 0)
            .flat_map(|piece| piece.samples.iter().take(piece.meta.filled as usize))
            .filter(|sample| **sample == 0.0)
            .count();
        assert_eq!(silent as u64, lost, "{codec:?}: what was filled is not silent");
    }
}

#[test]
fn a_jump_of_the_packets_time_makes_no_silence_without_end() {
    let camera = camera(sound_only(sound(SoundCodec::Pcmu)));
    let mut listener = Listener::of(&camera);
    listener.next();
    for jump in [100_000_000, -150_000_000, i32::MAX, 4_000] {
        camera.jump_sound_time(jump);
        let heard = listener.seconds(1.0);
        let filled: u64 = heard.iter().map(|piece| piece.meta.filled).sum();
        assert!(filled <= 8_000, "{jump}: {filled} samples of silence");
        let ends = heard
            .windows(2)
            .map(|pair| pair[1].meta.position - pair[0].meta.position - pair[0].samples.len() as u64);
        assert!(ends.max().unwrap() < 4_000, "{jump}");
    }
}

#[test]
fn another_connection_goes_on_with_the_position_and_makes_no_silence() {
    let camera = camera(sound_only(sound(SoundCodec::Aac)));
    let mut listener = Listener::of(&camera);
    let before = listener.seconds(1.0).pop().unwrap();
    let connections = camera.connections();
    camera.cut_connections();
    listener
        .node
        .step_until(&mut listener.source, |_| camera.connections() > connections);
    let pieces = listener.seconds(1.0);
    let after = pieces.last().unwrap();
    let by_position = (after.meta.position - before.meta.position) as f64 / 16_000.0;
    let by_times = (after.captured_ns - before.captured_ns) as f64 / 1e9;
    assert!(
        (by_position - by_times).abs() < 0.1,
        "{by_position} s by position, {by_times} s by times"
    );
    assert_eq!(pieces.iter().map(|piece| piece.meta.filled).sum::<u64>(), 0);
}

#[test]
fn damaged_sound_costs_no_picture_and_comes_back() {
    for codec in [SoundCodec::Aac, SoundCodec::L16, SoundCodec::Opus] {
        let camera = camera(with_pictures(sound(codec)));
        let mut listener = Listener::of(&camera);
        listener.next();
        for mood in [SoundMood::Cut, SoundMood::Empty, SoundMood::Noise, SoundMood::Headless] {
            camera.set_sound_mood(mood);
            let until = Instant::now() + Duration::from_millis(600);
            while Instant::now() < until {
                let step = listener.source.step(&mut listener.node.outputs).unwrap();
                assert!(matches!(step, Step::Sent | Step::Idle), "{codec:?}, {mood:?}: {step:?}");
            }
            camera.set_sound_mood(SoundMood::Well);
            let well =
                |piece: &super::listener::Heard| piece.meta.filled == 0 && piece.samples.iter().any(|s| s.abs() > 0.05);
            listener.until(well);
        }
        assert_eq!(camera.connections(), 1, "{codec:?}: the connection was made anew");
    }
}

#[test]
fn sound_that_freezes_while_pictures_go_on_is_told_and_its_return_too() {
    let camera = camera(with_pictures(sound(SoundCodec::Pcmu)));
    let mut viewer = Viewer::of(&camera.url());
    let sounds = viewer.node.patient_reader("audio");
    while sounds.try_recv().unwrap().is_none() {
        viewer.next();
    }
    camera.set_sound_mood(SoundMood::Frozen);
    let (_, hint) = viewer.waits_because("sends pictures but no sound any more");
    assert!(hint.contains("microphone"), "{hint}");
    let before = viewer.node.reader("image");
    viewer
        .node
        .step_until(&mut viewer.source, |_| before.try_recv().unwrap().is_some());
    camera.set_sound_mood(SoundMood::Well);
    viewer.node.step_until(&mut viewer.source, |step| *step == Step::Sent);
}

#[test]
fn pictures_that_freeze_while_sound_goes_on_are_told() {
    let camera = camera(with_pictures(sound(SoundCodec::Pcmu)));
    let mut listener = Listener::of(&camera);
    let pictures = listener.node.reader("image");
    listener
        .node
        .step_until(&mut listener.source, |_| pictures.try_recv().unwrap().is_some());
    camera.set_mood(Mood::Blind);
    let told =
        |step: &Step| matches!(step, Step::Waiting { reason, .. } if reason.contains("sound but no pictures any more"));
    listener.node.step_until(&mut listener.source, told);
    // Sound goes on meanwhile.
    listener.next();
    camera.set_mood(Mood::Well);
    listener
        .node
        .step_until(&mut listener.source, |_| pictures.try_recv().unwrap().is_some());
}

#[test]
fn sound_that_claims_nonsense_is_left_alone_and_pictures_come() {
    for (rtpmap, fmtp) in [
        ("PCMU/8", None),
        ("PCMU/0", None),
        ("L16/384001/1", None),
        ("L16/48000/64000", None),
        ("G726-32/8000", None),
        (
            "MPEG4-GENERIC/16000/1",
            Some("mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=ffffffffff"),
        ),
        ("MPEG4-GENERIC/16000/1", Some("config=;;;=")),
        ("MPEG4-GENERIC/16000/64", None),
    ] {
        let lie = SoundOptions {
            rtpmap: Some(rtpmap.to_owned()),
            fmtp: fmtp.map(str::to_owned),
            ..sound(SoundCodec::L16)
        };
        let with_pictures = camera(with_pictures(lie.clone()));
        Viewer::of(&with_pictures.url()).next();
        let alone = camera(sound_only(lie));
        Viewer::of(&alone.url()).waits_because("its ");
    }
}

#[test]
fn sound_of_unusual_but_possible_form_is_taken() {
    for (rtpmap, rate_hz, channels) in [
        ("L16/384000/1", 384_000, 1),
        ("L16/48000/64", 48_000, 64),
        ("PCMU/4000/1", 4_000, 1),
    ] {
        let odd = SoundOptions {
            rtpmap: Some(rtpmap.to_owned()),
            ..sound(SoundCodec::L16)
        };
        let camera = camera(sound_only(odd));
        let piece = Listener::of(&camera).next();
        assert_eq!((piece.meta.sample_rate_hz, piece.channels), (rate_hz, channels));
    }
}
