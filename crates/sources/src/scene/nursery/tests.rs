//! What the nursery promises: the same night for the same seed, cries when they were asked for, and a truth that is true.

use std::time::Duration;

use super::clips::{Sound, cries, loudest_second, others};
use super::room::Room;
use super::script::{Plan, Script};
use super::{PIECE, RATE_HZ};

const PLAN: Plan = Plan {
    cry_after: Duration::from_secs(4),
    cry_every: Duration::from_secs(30),
    loudness_dbfs: -30.0,
    seed: 0,
};

fn seconds(plan: Plan, count: usize) -> Vec<i16> {
    let mut room = Room::new(Script::new(plan));
    let mut night = vec![0; count * RATE_HZ as usize];
    night.chunks_mut(PIECE).for_each(|piece| room.listen(piece));
    night
}

/// dB relative to full scale.
fn level(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    20.0 * ((sum / samples.len() as f64).sqrt() / 32_768.0).log10()
}

#[test]
fn the_recordings_have_the_header_that_is_skipped() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scene/nursery/clips");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "wav") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!(
            (&bytes[12..16], &bytes[36..40]),
            (&b"fmt "[..], &b"data"[..]),
            "{}",
            path.display()
        );
        assert_eq!((number(20), number(24)), (0x1_0001, RATE_HZ), "{}", path.display());
        assert_eq!(number(40) as usize, bytes.len() - 44, "{}", path.display());
        count += 1;
    }
    assert_eq!(count, cries().len() + others().len());
    for clip in cries().iter().chain(&others()) {
        assert!((loudest_second(&clip.samples) - 1.0).abs() < 1e-3, "{:?}", clip.sound);
    }
}

#[test]
fn the_same_seed_is_the_same_night() {
    assert_eq!(seconds(PLAN, 20), seconds(PLAN, 20));
    assert_ne!(seconds(PLAN, 2), seconds(Plan { seed: 1, ..PLAN }, 2));
}

#[test]
fn a_cry_is_as_loud_as_was_asked_and_the_room_is_quiet_before_it() {
    let second = RATE_HZ as usize;
    let night = seconds(PLAN, 16);
    let quiet = level(&night[..second]);
    assert!((-66.0..-58.0).contains(&quiet), "{quiet}");
    let tenths = (40..140).map(|tenth| level(&night[tenth * second / 10..][..second]));
    let loudest = tenths.fold(f64::MIN, f64::max);
    assert!((loudest + 30.0).abs() < 1.0, "{loudest}");
    let softer = seconds(
        Plan {
            loudness_dbfs: -50.0,
            ..PLAN
        },
        16,
    );
    assert!((level(&night[5 * second..9 * second]) - level(&softer[5 * second..9 * second]) - 20.0).abs() < 2.0);
}

#[test]
fn the_truth_is_where_the_sound_is() {
    let script = Script::new(PLAN);
    let heard = script.beginning_in(0..120 * u64::from(RATE_HZ));
    let cries: Vec<f64> = heard
        .iter()
        .filter(|heard| heard.sound == Sound::BabyCry)
        .map(|heard| heard.begin as f64 / f64::from(RATE_HZ))
        .collect();
    assert_eq!(cries, [4.0, 34.0, 64.0, 94.0]);
    assert!(heard.len() > cries.len(), "{heard:?}");
    let night = seconds(PLAN, 120);
    for (first, heard) in heard.iter().enumerate() {
        let samples = &night[heard.begin as usize..heard.end as usize];
        assert!(level(samples) > level(&night[..RATE_HZ as usize]) + 1.0, "{heard:?}");
        // Never two at once.
        assert!(heard.end > heard.begin, "{heard:?}");
        let others = heard_at_once(&script, heard.begin, heard.end);
        assert_eq!(others, 1, "{first}: {heard:?}");
    }
}

fn heard_at_once(script: &Script, begin: u64, end: u64) -> usize {
    let all = script.beginning_in(0..200 * u64::from(RATE_HZ));
    all.iter()
        .filter(|other| other.begin < end && other.end > begin)
        .count()
}

#[test]
fn asked_piece_by_piece_the_truth_is_the_same() {
    let script = Script::new(PLAN);
    let end = 100 * u64::from(RATE_HZ);
    let mut whole = script.beginning_in(0..end);
    whole.sort_by_key(|heard| heard.begin);
    let pieces = (0..end / PIECE as u64).flat_map(|piece| {
        let begin = piece * PIECE as u64;
        script.beginning_in(begin..begin + PIECE as u64)
    });
    assert_eq!(pieces.collect::<Vec<_>>(), whole);
}

#[test]
fn a_first_cry_may_be_at_once() {
    let plan = Plan {
        cry_after: Duration::ZERO,
        ..PLAN
    };
    let heard = Script::new(plan).beginning_in(0..RATE_HZ.into());
    assert_eq!((heard[0].sound, heard[0].begin), (Sound::BabyCry, 0));
}
