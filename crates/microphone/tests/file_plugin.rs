//! The program with ALSA's plug-in `file` as a microphone: no hardware, but all of libasound.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bushbaby_sources::microphone::{FrameReader, Pcm};
use tempfile::TempDir;

/// A configuration that has a file as the usual microphone, and lists it under another name too.
fn configuration(samples: &[i16]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sound = folder.path().join("sound.raw");
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    fs::write(&sound, bytes).unwrap();
    let device = |name: &str| {
        let sound = sound.display();
        format!(
            "pcm.{name} {{\n type file\n slave.pcm nothing\n file /dev/null\n infile \"{sound}\"\n format raw\n hint {{ show on\n description \"A file\" }}\n}}\n"
        )
    };
    let text = ["pcm.nothing { type null }\n", &device("!default"), &device("filemic")].concat();
    fs::write(folder.path().join("asound.conf"), text).unwrap();
    folder
}

fn program(configuration: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bushbaby-microphone"));
    command
        .env("ALSA_CONFIG_PATH", configuration.join("asound.conf"))
        .stdin(Stdio::null());
    command
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_samples_of_a_microphone_come_through_the_pipe_as_they_are() {
    let samples: Vec<i16> = (0..32_000).map(|n: i32| (n % 30_011) as i16).collect();
    let folder = configuration(&samples);
    for name in ["default", "filemic"] {
        let mut child = program(folder.path())
            .args(["read", name, "--rate", "16000", "--channels", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reader = FrameReader::new(child.stdout.take().unwrap());
        let mut heard: Vec<i16> = Vec::new();
        while heard.len() < 16_000 {
            let Some(piece) = reader.next_piece().unwrap() else {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("{name}: it ended: {said}");
            };
            assert_eq!((piece.rate_hz, piece.channels), (16_000, 1));
            let Pcm::I16(samples) = piece.samples else {
                panic!("{name}: float")
            };
            heard.extend(samples);
        }
        assert_eq!(heard[..16_000], samples[..16_000], "{name}");
        // Nobody listens any more: it ends by itself, and that is no failure.
        drop(reader);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
    }
}

#[test]
fn microphones_are_listed_for_people_and_for_programs() {
    let folder = configuration(&[0; 100]);
    let listed = |arguments: &[&str]| {
        let output = program(folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let lines = listed(&["list", "--json"]);
    assert!(
        lines.contains(r#"{"id":"filemic","name":"A file","pcm":"filemic"}"#),
        "{lines}"
    );
    assert!(listed(&["list"]).contains("A file\n  mic:filemic\n"));
}

#[test]
fn what_is_not_there_or_not_offered_is_told_in_words() {
    let folder = configuration(&[0; 100]);
    let output = program(folder.path()).args(["read", "Yeti"]).output().unwrap();
    let told = refused(&output);
    assert!(
        told.starts_with("error: microphone `Yeti` is not there\nhint: there is "),
        "{told}"
    );
    let output = program(folder.path())
        .args(["read", "default", "--channels", "60000"])
        .output()
        .unwrap();
    assert!(refused(&output).contains("60000 channels"));
    let output = program(folder.path()).arg("listen").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
