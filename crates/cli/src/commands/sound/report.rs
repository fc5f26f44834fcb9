//! What is printed: JSON lines for programs, a timeline for people.

use std::fmt::Write;
use std::path::Path;

use bushbaby_sound::listener::ListenerSettings;
use bushbaby_sound::recording::RecordingError;
use serde_json::{Map, Value, json};

use super::heard::Heard;

/// One recording's line.
pub(super) fn line(path: &Path, heard: &Heard, settings: &ListenerSettings) -> Value {
    let scores: Map<String, Value> = settings
        .sounds
        .iter()
        .enumerate()
        .map(|(place, sound)| {
            (
                sound.name.clone(),
                rounded(heard.highest(place).score.into(), 1e6).into(),
            )
        })
        .collect();
    let events: Vec<Value> = heard
        .events
        .iter()
        .map(|event| {
            json!({"sound": settings.sounds[event.sound].name, "at": rounded(event.at_s, 1e3),
                   "start": rounded(event.start_s, 1e3), "end": rounded(event.end_s, 1e3),
                   "score": rounded(event.score.into(), 1e4)})
        })
        .collect();
    json!({"file": path.to_string_lossy(), "seconds": rounded(heard.seconds, 1e3), "scores": scores, "events": events})
}

/// The line of a recording that could not be listened to.
pub(super) fn error(path: &Path, error: &RecordingError) -> Value {
    json!({"file": path.to_string_lossy(), "error": error.to_string()})
}

/// One recording for a person: a line about it, one for everything heard, one for each sound's highest score.
pub(super) fn timeline(path: &Path, heard: &Heard, settings: &ListenerSettings) -> String {
    let mut text = format!(
        "{}: {:.1} s, loudest {:.0} dBFS, room {:.0} dBFS\n",
        path.display(),
        heard.seconds,
        heard.loudest_dbfs,
        heard.floor_dbfs
    );
    if heard.filled_s > 0.0 {
        let _ = writeln!(text, "    {:.2} s were damaged and are silence", heard.filled_s);
    }
    if heard.passed_over > 0 {
        let _ = writeln!(
            text,
            "    {} of {} looks were left out: nothing rose above the room",
            heard.passed_over, heard.windows
        );
    }
    let width = settings
        .sounds
        .iter()
        .map(|sound| sound.name.chars().count())
        .max()
        .unwrap_or(0);
    for event in &heard.events {
        let _ = writeln!(
            text,
            "    {} to {}  {:width$}  score {:.2}, alert at {}",
            clock(event.start_s),
            clock(event.end_s),
            settings.sounds[event.sound].name,
            event.score,
            clock(event.at_s),
        );
    }
    for (place, sound) in settings.sounds.iter().enumerate() {
        let highest = heard.highest(place);
        if !heard.events.iter().any(|event| event.sound == place) {
            let _ = writeln!(
                text,
                "    not heard         {:width$}  highest score {:.3} at {} (from {} on it is)",
                sound.name,
                highest.score,
                clock(highest.end_s),
                rounded(sound.threshold.into(), 1e4),
            );
        }
    }
    text
}

/// Minutes and seconds: `1:02.5`.
fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round().max(0.0) as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

fn rounded(value: f64, digits: f64) -> f64 {
    (value * digits).round() / digits
}

#[cfg(test)]
mod tests {
    use bushbaby_sound::classes::Classes;
    use bushbaby_sound::decision::Change;
    use bushbaby_sound::gate::GateSettings;
    use bushbaby_sound::listener::{Sound, Told};

    use super::*;

    fn heard_and_asked() -> (Heard, ListenerSettings) {
        let sound = |name: &str| Sound::new(name, Some(0.1), &Classes::audioset()).unwrap();
        let settings = ListenerSettings {
            sounds: vec![sound("baby_cry"), sound("glass")],
            hop: std::time::Duration::from_millis(500),
            gate: GateSettings::default(),
        };
        let mut heard = Heard::new(2);
        heard.seconds = 75.0;
        heard.take(Told::Level {
            end_s: 0.25,
            rms_dbfs: -31.4,
            peak_dbfs: -20.0,
            floor_dbfs: -52.2,
        });
        heard.take(Told::Scores {
            end_s: 64.0,
            gate_open: true,
            is_whole: true,
            scores: vec![0.91, 0.012_34],
        });
        let change = Change::Ended {
            start_s: 62.46,
            decided_s: 64.0,
            end_s: 71.0,
            score: 0.905_04,
        };
        heard.take(Told::Event { sound: 0, change });
        (heard, settings)
    }

    #[test]
    fn a_person_reads_a_timeline() {
        let (heard, settings) = heard_and_asked();
        insta::assert_snapshot!(timeline(Path::new("night.wav"), &heard, &settings), @r"
        night.wav: 75.0 s, loudest -31 dBFS, room -52 dBFS
            1:02.5 to 1:11.0  baby_cry  score 0.91, alert at 1:04.0
            not heard         glass     highest score 0.012 at 1:04.0 (from 0.1 on it is)
        ");
    }

    #[test]
    fn a_program_reads_one_line() {
        let (heard, settings) = heard_and_asked();
        insta::assert_snapshot!(line(Path::new("night.wav"), &heard, &settings), @r#"{"file":"night.wav","seconds":75.0,"scores":{"baby_cry":0.91,"glass":0.01234},"events":[{"sound":"baby_cry","at":64.0,"start":62.46,"end":71.0,"score":0.905}]}"#);
    }
}
