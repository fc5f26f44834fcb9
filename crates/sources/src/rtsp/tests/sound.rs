//! The sound of cameras: each codec, with pictures and without, and its times.

use super::listener::{Listener, assert_continuous, joined, tone};
use super::*;

const HZ: u32 = 440;
const DBFS: f64 = -20.0;

pub(super) fn sound(codec: SoundCodec) -> SoundOptions {
    SoundOptions::new(codec, Heard::Tone { hz: HZ, dbfs: DBFS })
}

pub(super) fn sound_only(sound: SoundOptions) -> CameraOptions {
    CameraOptions {
        offer: Offer::SoundOnly,
        sound: Some(sound),
        ..CameraOptions::default()
    }
}

pub(super) fn with_pictures(sound: SoundOptions) -> CameraOptions {
    CameraOptions {
        sound: Some(sound),
        ..CameraOptions::default()
    }
}

/// A tone must arrive as it was, at steady times.
fn assert_arrives(options: CameraOptions, rate_hz: u32, channels: usize) {
    let what = format!("{:?}", options.sound.as_ref().map(|sound| sound.codec));
    let camera = camera(options);
    let mut listener = Listener::of(&camera);
    // A codec may need some time to begin.
    listener.seconds(0.5);
    let heard = listener.seconds(3.0);
    assert_continuous(&heard);
    for piece in &heard {
        assert_eq!(
            (piece.meta.sample_rate_hz, piece.channels),
            (rate_hz, channels),
            "{what}"
        );
        assert_eq!((piece.meta.filled, piece.meta.source.as_str()), (0, "cam"), "{what}");
        let ms = piece.samples.len() as f64 / f64::from(rate_hz) * 1e3;
        assert!((20.0..=200.0).contains(&ms), "{what}: a piece of {ms} ms");
    }
    let (hz, dbfs) = tone(&joined(&heard), rate_hz);
    assert!((hz - f64::from(HZ)).abs() < 2.0, "{what}: {hz} Hz");
    assert!((dbfs - DBFS).abs() < 1.0, "{what}: {dbfs} dB");
    let samples: usize = heard.iter().rev().skip(1).map(|piece| piece.samples.len()).sum();
    let by_samples = samples as f64 / f64::from(rate_hz);
    let by_times = (heard[heard.len() - 1].captured_ns - heard[0].captured_ns) as f64 / 1e9;
    assert!(
        (by_samples - by_times).abs() < 0.05,
        "{what}: {by_samples} s of sound in {by_times} s"
    );
}

#[test]
fn g711_and_pcm_arrive_as_they_were() {
    assert_arrives(sound_only(sound(SoundCodec::Pcmu)), 8_000, 1);
    assert_arrives(with_pictures(sound(SoundCodec::Pcma)), 8_000, 1);
    let stereo = SoundOptions {
        sample_rate_hz: 48_000,
        channels: 2,
        ..sound(SoundCodec::L16)
    };
    assert_arrives(sound_only(stereo), 48_000, 2);
}

#[test]
fn aac_arrives_as_it_was() {
    assert_arrives(sound_only(sound(SoundCodec::Aac)), 16_000, 1);
    let together = SoundOptions {
        sample_rate_hz: 48_000,
        channels: 2,
        units_per_packet: 3,
        ..sound(SoundCodec::Aac)
    };
    assert_arrives(with_pictures(together), 48_000, 2);
}

#[test]
fn opus_and_he_aac_arrive_as_they_were_by_ffmpeg() {
    assert_arrives(with_pictures(sound(SoundCodec::Opus)), 48_000, 2);
    assert_arrives(sound_only(sound(SoundCodec::HeAac)), 48_000, 1);
}

#[test]
fn over_udp_the_same_sound_comes() {
    let camera = camera(with_pictures(sound(SoundCodec::Pcmu)));
    let mut listener = Listener::with(settings(camera.url(), Transport::Udp));
    let (hz, _) = tone(&joined(&listener.seconds(1.0)), 8_000);
    assert!((hz - f64::from(HZ)).abs() < 2.0, "{hz} Hz");
}

#[test]
fn a_camera_without_video_is_well() {
    let camera = camera(sound_only(sound(SoundCodec::Pcmu)));
    let mut listener = Listener::of(&camera);
    listener.next();
    for _ in 0..100 {
        let step = listener.source.step(&mut listener.node.outputs).unwrap();
        assert!(matches!(step, Step::Sent | Step::Idle), "{step:?}");
    }
}

#[test]
fn of_a_camera_with_both_either_may_be_left_alone() {
    let camera = camera(with_pictures(sound(SoundCodec::Pcmu)));
    let wish = |audio| RtspSettings {
        audio,
        ..settings(camera.url(), Transport::Auto)
    };
    assert_eq!(
        RtspSource::outputs(&wish(SoundWish::Only), std::path::Path::new(".")).len(),
        1
    );
    let mut listener = Listener::with(wish(SoundWish::Only));
    listener.next();
    let mut viewer = Viewer::with(wish(SoundWish::Off));
    viewer.next();
    assert_eq!(camera.connections(), 2);
}

#[test]
fn a_camera_without_sound_is_a_fault_only_where_it_is_needed() {
    let camera = camera(CameraOptions::default());
    Viewer::of(&camera.url()).next();
    for audio in [SoundWish::Needed, SoundWish::Only] {
        let settings = RtspSettings {
            audio,
            ..settings(camera.url(), Transport::Auto)
        };
        let (_, hint) = Viewer::with(settings).waits_because("no sound, only video (h264)");
        assert!(hint.contains("microphone"), "{hint}");
    }
}

#[test]
fn sound_and_pictures_agree_on_the_time() {
    for clock_ahead_ms in [None, Some(0)] {
        let options = CameraOptions {
            clock_ahead_ms,
            ..with_pictures(SoundOptions::new(SoundCodec::Pcmu, Heard::Ticks))
        };
        let camera = camera(options);
        let mut listener = Listener::of(&camera);
        let pictures = listener.node.reader("image");
        // How late pictures and ticks are dated. The machine may be busy now and then: the best of each counts.
        let (mut late_pictures, mut late_ticks) = (Vec::new(), Vec::new());
        let mut before = listener.next();
        while late_ticks.len() < 4 || late_pictures.is_empty() {
            let piece = listener.next();
            if let Some(frame) = pictures.try_recv().unwrap() {
                let view = image::view(&frame).unwrap();
                let luma = view.planes()[0];
                let (width, height) = (view.width() as usize, view.height() as usize);
                let stamp = read_stamp(luma.bytes, luma.stride_bytes, width, height).unwrap();
                late_pictures.push((frame.captured().mono.as_ns() as f64 - stamp.drawn_ns as f64) / 1e6);
            }
            let first_loud = |samples: &[f32]| samples.iter().position(|sample| sample.abs() > 0.05);
            if let Some(at) = first_loud(&piece.samples)
                && first_loud(&before.samples).is_none()
            {
                let ns = piece.captured_ns as f64 + at as f64 / 8_000.0 * 1e9 - camera.sound_began_ns() as f64;
                // Ticks are at whole seconds.
                late_ticks.push(((ns / 1e6 + 500.0) % 1_000.0) - 500.0);
            }
            before = piece;
        }
        let best = |late: &[f64]| late.iter().copied().min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
        let (picture, tick) = (best(&late_pictures), best(&late_ticks));
        assert!(
            (picture - tick).abs() < 50.0,
            "pictures {late_pictures:?} ms, ticks {late_ticks:?} ms"
        );
        assert!((-10.0..40.0).contains(&tick), "ticks {late_ticks:?} ms");
        let wanted = clock_ahead_ms.map_or(CaptureClock::Packet, |_| CaptureClock::CameraClock);
        assert_eq!(before.clock, wanted);
    }
}
