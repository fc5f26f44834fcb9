//! From figures to a table, or to JSON.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::payload::Payload;

/// What was measured of one payload.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// One a round; empty for what is too small to have a throughput.
    pub(super) floor_mb_s: Vec<f64>,
    pub(super) mb_s: Vec<f64>,
    pub(super) latencies_ms: Vec<f64>,
    pub(super) lost: u64,
    pub(super) torn: u64,
}

#[derive(Debug, Default)]
pub(super) struct Report(Vec<(Payload, Figures)>);

impl Report {
    pub(super) fn add(&mut self, payload: Payload, figures: Figures) {
        self.0.push((payload, figures));
    }

    pub(super) fn json(&self) -> Value {
        let (mut floor, mut rust) = (Map::new(), Map::new());
        for (payload, figures) in &self.0 {
            let mut of = json!({
                "p50_ms": rounded(quantile(&figures.latencies_ms, 0.5)),
                "p99_ms": rounded(quantile(&figures.latencies_ms, 0.99)),
                "lost": figures.lost,
                "torn": figures.torn,
            });
            if let Some((floor_mb_s, mb_s)) = figures.medians() {
                floor.insert(payload.key().to_owned(), json!({"mb_s": rounded(floor_mb_s)}));
                of["mb_s"] = rounded(mb_s);
                of["share_of_floor"] = rounded(mb_s / floor_mb_s);
            }
            rust.insert(payload.key().to_owned(), of);
        }
        json!({"floor": floor, "rust": rust})
    }

    pub(super) fn table(&self) -> String {
        let mut text = format!(
            "{:<22}  {:>21}  {:>21}  {:>5}  {:>7}  {:>7}  {:>4}  {:>4}\n",
            "two processes", "memcpy MB/s", "bus MB/s", "share", "p50 ms", "p99 ms", "lost", "torn"
        );
        for (payload, figures) in &self.0 {
            let share = figures
                .medians()
                .map_or_else(String::new, |(floor, mb_s)| format!("{:.2}", mb_s / floor));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{:<22}  {:>21}  {:>21}  {:>5}  {:>7.3}  {:>7.3}  {:>4}  {:>4}",
                payload.title(),
                spread(&figures.floor_mb_s),
                spread(&figures.mb_s),
                share,
                quantile(&figures.latencies_ms, 0.5),
                quantile(&figures.latencies_ms, 0.99),
                figures.lost,
                figures.torn,
            );
        }
        text += "MB/s: median (lowest to highest round). ";
        text += "Latency: from just before the copy into the bus to one byte of every page touched.\n";
        text
    }
}

impl Figures {
    fn medians(&self) -> Option<(f64, f64)> {
        (!self.mb_s.is_empty()).then(|| (quantile(&self.floor_mb_s, 0.5), quantile(&self.mb_s, 0.5)))
    }
}

fn spread(rounds: &[f64]) -> String {
    if rounds.is_empty() {
        return String::new();
    }
    format!(
        "{:.0} ({:.0}-{:.0})",
        quantile(rounds, 0.5),
        quantile(rounds, 0.0),
        quantile(rounds, 1.0)
    )
}

/// Returns the smallest value that so large a part of them does not exceed; 0 of none.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(index.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// More than four digits behind the point would be a claim.
fn rounded(value: f64) -> Value {
    json!((value * 1e4).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values = [3.0, 1.0, 2.0, 4.0];
        assert_eq!(
            [0.0, 0.5, 0.99, 1.0].map(|part| quantile(&values, part)),
            [1.0, 2.0, 4.0, 4.0]
        );
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn the_json_has_the_floor_beside_the_bus_and_no_throughput_of_64_bytes() {
        let mut report = Report::default();
        let picture = Figures {
            floor_mb_s: vec![10_000.0, 11_000.0, 12_000.0],
            mb_s: vec![9_900.0],
            latencies_ms: vec![5.0, 6.0],
            lost: 1,
            torn: 0,
        };
        report.add(Payload::Bundle, picture);
        report.add(
            Payload::Small64,
            Figures {
                latencies_ms: vec![0.05],
                ..Figures::default()
            },
        );
        assert_eq!(
            report.json(),
            json!({
                "floor": {"bundle": {"mb_s": 11_000.0}},
                "rust": {
                    "bundle": {"p50_ms": 5.0, "p99_ms": 6.0, "lost": 1, "torn": 0, "mb_s": 9_900.0, "share_of_floor": 0.9},
                    "small64": {"p50_ms": 0.05, "p99_ms": 0.05, "lost": 0, "torn": 0},
                },
            })
        );
    }
}
