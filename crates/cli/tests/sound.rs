//! `bushbaby sound`: what is heard in recordings, as lines for programs and as a timeline for people.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn sound(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bushbaby"));
    command.arg("sound").args(arguments).output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A WAV of 16 kHz with a tone of 1 kHz in the seconds named, silent beside.
fn wav(folder: &Path, name: &str, seconds: f64, tone: std::ops::Range<f64>) -> PathBuf {
    let samples = (0..(seconds * 16_000.0) as u32).map(|i| {
        let t = f64::from(i) / 16_000.0;
        let on = if tone.contains(&t) { 6_000.0 } else { 0.0 };
        (on * (std::f64::consts::TAU * 1_000.0 * t).sin()) as i16
    });
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn each_file_has_a_line_with_scores_and_events_and_a_missing_one_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let night = wav(folder.path(), "night.wav", 20.0, 6.0..11.0);
    let short = wav(folder.path(), "short.wav", 1.5, 0.0..1.5);
    let list = folder.path().join("list.txt");
    std::fs::write(&list, format!("no/such.wav\n{}\n", short.display())).unwrap();
    let asked = "sine_wave=0.2,glass";
    let arguments = [
        "--json",
        "--listen-for",
        asked,
        "--list",
        list.to_str().unwrap(),
        night.to_str().unwrap(),
    ];
    let output = sound(&arguments);
    assert_eq!(
        output.status.code(),
        Some(1),
        "one could not be read: {}",
        stderr(&output)
    );
    let lines = lines(&output);
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (lines[0]["file"].as_str(), lines[0]["seconds"].as_f64()),
        (night.to_str(), Some(20.0))
    );
    let events = lines[0]["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{}", lines[0]);
    assert_eq!(events[0]["sound"], "sine_wave");
    let at = |key: &str| events[0][key].as_f64().unwrap();
    assert!(
        (6.0..9.5).contains(&at("at")) && at("start") < at("at") && at("end") > at("start"),
        "{}",
        events[0]
    );
    assert!(
        lines[0]["scores"]["sine_wave"].as_f64().unwrap() > 0.2 && lines[0]["scores"]["glass"].as_f64().unwrap() < 0.2
    );
    assert!(
        lines[1]["error"].as_str().unwrap().starts_with("no/such.wav: "),
        "{}",
        lines[1]
    );
    assert_eq!(
        lines[2]["events"].as_array().unwrap().len(),
        1,
        "a short one is repeated: {}",
        lines[2]
    );
}

#[test]
fn a_person_reads_a_timeline() {
    let folder = tempfile::tempdir().unwrap();
    let night = wav(folder.path(), "night.wav", 12.0, 4.0..12.0);
    let output = sound(&[
        "--listen-for",
        "sine_wave",
        "--threshold",
        "0.2",
        night.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("night.wav: 12.0 s, loudest -18 dBFS") && text.contains("sine_wave  score "),
        "{text}"
    );
}

#[test]
fn wrong_use_is_told_in_words() {
    for (arguments, told) in [
        (["--listen-for", "baby_cri", "a.wav"], "did you mean `baby_cry`?"),
        (["--listen-for", "glass=2", "a.wav"], "wanted a score above 0, up to 1"),
        (["--hop", "1ms", "a.wav"], "wanted 100ms to 5s"),
        (["--threshold", "0", "a.wav"], "wanted a score above 0, up to 1"),
    ] {
        let output = sound(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
}
