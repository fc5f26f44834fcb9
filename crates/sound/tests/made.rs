//! Our scores beside those that the whole graph gave in ONNX Runtime, on ten clips that are made here.

use std::f64::consts::{PI, TAU};

use bushbaby_sound::tagger::Tagger;

const LENGTH: usize = 80_000;

/// Numbers from -1 to 1 that are the same in every language.
fn noise(seed: u32) -> Vec<f64> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / 8_388_608.0 - 1.0
    };
    std::iter::repeat_with(next).take(LENGTH).collect()
}

fn cry(t: f64) -> f64 {
    let phase = TAU * (450.0 * t - 80.0 / (TAU * 0.8) * (TAU * 0.8 * t).cos());
    let voice: f64 = (1..9).map(|h| (f64::from(h) * phase).sin() / f64::from(h)).sum();
    voice * (PI * t / 1.2).sin().abs() * 0.15
}

/// The clips of `scripts/sound/made_clips.py`.
fn clips() -> Vec<Vec<f32>> {
    let made = |at: &dyn Fn(usize, f64) -> f64| (0..LENGTH).map(|i| at(i, i as f64 / 16_000.0) as f32).collect();
    let [first, second, third, fourth] = [1, 2, 3, 4].map(noise);
    vec![
        made(&|i, _| first[i] * 0.1),
        made(&|_, t| (TAU * 1_000.0 * t).sin() * 0.5),
        made(&|_, t| {
            let beat = t % 4.0;
            if beat < 3.0 && beat % 1.0 < 0.5 {
                (TAU * 3_100.0 * t).sin() * 0.4
            } else {
                0.0
            }
        }),
        made(&|_, t| cry(t)),
        made(&|i, t| cry(t) + second[i] * 0.02),
        made(&|_, t| (TAU * (900.0 * t - 400.0 / (TAU * 0.3) * (TAU * 0.3 * t).cos())).sin() * 0.3),
        made(&|i, t| third[i] * (-60.0 * (t % 0.5)).exp() * 0.8),
        made(&|i, _| fourth[i] * 0.0005),
        made(&|_, t| (TAU * (100.0 * t + 690.0 * t * t)).sin() * 0.3),
        made(&|_, t| if (t * 200.0) % 1.0 < 0.5 { 1.0 } else { -1.0 }),
    ]
}

#[test]
fn scores_are_those_of_the_whole_graph() {
    let mut tagger = Tagger::ced_tiny().unwrap();
    let expected = include_str!("data/expected_scores.txt");
    assert_eq!(expected.lines().count(), 10);
    for (number, (clip, line)) in clips().iter().zip(expected.lines()).enumerate() {
        let scores = tagger.scores(clip).unwrap();
        let wanted: Vec<f32> = line.split(' ').map(|score| score.parse().unwrap()).collect();
        assert_eq!(scores.len(), wanted.len());
        let differences = scores.iter().zip(&wanted).map(|(score, wanted)| (score - wanted).abs());
        let worst = differences.fold(0.0, f32::max);
        assert!(worst < 1e-4, "clip {number}: {worst}");
    }
}

#[test]
fn a_short_window_is_repeated_and_of_a_long_one_the_end_counts() {
    let mut tagger = Tagger::ced_tiny().unwrap();
    let clip = &clips()[3];
    let short = &clip[..16_000];
    let repeated: Vec<f32> = short.iter().copied().cycle().take(LENGTH).collect();
    assert_eq!(tagger.scores(short).unwrap(), tagger.scores(&repeated).unwrap());
    let long: Vec<f32> = std::iter::repeat_n(0.5, 999).chain(clip.iter().copied()).collect();
    assert_eq!(tagger.scores(&long).unwrap(), tagger.scores(clip).unwrap());
    assert_eq!(tagger.scores(&[]).unwrap().len(), 527);
}

#[test]
fn what_is_no_number_is_no_crash() {
    let mut tagger = Tagger::ced_tiny().unwrap();
    for odd in [f32::NAN, f32::INFINITY, f32::MAX, 0.0] {
        let scores = tagger.scores(&[odd; 80_000]).unwrap();
        assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)), "{odd}");
    }
}
