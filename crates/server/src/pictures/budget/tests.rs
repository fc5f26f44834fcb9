use std::time::Duration;

use super::*;

/// Pictures of two cameras, `bits` each as asked, 30 a second; a step takes its quality and area. Returns the bits that were sent in
/// each second.
fn watched(budget: &Budget, start: Instant, seconds: u32, bits: impl Fn(u32) -> f64) -> Vec<f64> {
    let mut sent = Vec::new();
    for second in 0..seconds {
        let mut in_second = 0.0;
        let mut last_given = f64::NEG_INFINITY;
        for frame in 0..30 {
            let at = f64::from(second) + f64::from(frame) / 30.0;
            let step = budget.step();
            if step.max_fps(None).is_some_and(|fps| (at - last_given) * fps < 0.9) {
                continue;
            }
            last_given = at;
            let [width, height] = step.size_px([640, 360]);
            let share = f64::from(step.quality(100)) / 100.0 * f64::from(width * height) / (640.0 * 360.0);
            for _camera in 0..2 {
                let bytes = (bits(second) * share / 8.0) as usize;
                if budget.pays(bytes, start + Duration::from_secs_f64(at)) {
                    in_second += bytes as f64 * 8.0;
                }
            }
        }
        sent.push(in_second);
    }
    sent
}

#[test]
fn what_fits_is_left_as_it_was_asked_for() {
    let start = Instant::now();
    let budget = Budget::new(4_000_000, start);
    let sent = watched(&budget, start, 20, |_| 60_000.0);
    assert!(
        sent.iter().all(|bits| (*bits - 3_600_000.0).abs() < 1_000.0),
        "{sent:?}"
    );
    assert!(budget.step().is_as_asked());
}

#[test]
fn the_limit_holds_from_the_first_second_on() {
    for bits in [100_000.0, 400_000.0, 3_000_000.0] {
        let start = Instant::now();
        let budget = Budget::new(4_000_000, start);
        let sent = watched(&budget, start, 30, |_| bits);
        // The first second has the purse besides, and each the debt of a picture at most.
        for (second, sent) in sent.iter().enumerate() {
            let most = 4_000_000.0 * if second == 0 { 1.0 + PURSE_S } else { 1.0 } + bits;
            assert!(*sent <= most, "second {second}: {sent}");
        }
        let total: f64 = sent.iter().sum();
        assert!(total <= 4_000_000.0 * (30.0 + PURSE_S) + bits, "{total}");
    }
}

#[test]
fn after_a_few_seconds_no_picture_is_refused_any_more() {
    let start = Instant::now();
    let budget = Budget::new(4_000_000, start);
    watched(&budget, start, 8, |_| 250_000.0);
    let refused = budget.spent(start + Duration::from_secs(8)).refused;
    let later = start + Duration::from_secs(8);
    let sent = watched(&budget, later, 30, |_| 250_000.0);
    let after = budget.spent(later + Duration::from_secs(30)).refused;
    assert!(after - refused < 30, "{} pictures in 30 s", after - refused);
    // It is not poorer than it must be.
    let mean = sent.iter().sum::<f64>() / 30.0;
    assert!(mean > 2_000_000.0, "{mean}");
}

#[test]
fn pictures_become_richer_again_once_there_is_room() {
    let start = Instant::now();
    let budget = Budget::new(4_000_000, start);
    watched(
        &budget,
        start,
        30,
        |second| if second < 10 { 400_000.0 } else { 30_000.0 },
    );
    assert!(budget.step().is_as_asked(), "{}", budget.step());
}

#[test]
fn quality_goes_before_size_and_size_before_rate() {
    let words = |step: usize| Step::default().poorer(step).to_string();
    let wanted = [
        "as asked",
        "quality 80 %",
        "quality 64 %",
        "quality 50 %",
        "quality 40 %",
        "quality 40 %, sides 75 %",
        "quality 40 %, sides 50 %",
        "quality 40 %, sides 37 %",
        "quality 40 %, sides 25 %",
        "quality 40 %, sides 25 %, 15 a second",
        "quality 40 %, sides 25 %, 8 a second",
        "quality 40 %, sides 25 %, 4 a second",
        "quality 40 %, sides 25 %, 2 a second",
    ];
    assert_eq!((0..wanted.len()).map(words).collect::<Vec<_>>(), wanted);
    assert_eq!(words(99), wanted[wanted.len() - 1]);
}
