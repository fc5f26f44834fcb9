//! A microphone that is a small script: it gives sound, vanishes, returns, freezes and lies.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use bushbaby_bus::{CaptureClock, MonoTime};
use bushbaby_node::{Settings, Source, Step, audio};
use tempfile::TempDir;

use super::frame::tests::written;
use super::source::Limits;
use super::{MicrophoneSettings, MicrophoneSource};
use crate::test_node::TestNode;

const LIMITS: Limits = Limits {
    silence: Duration::from_millis(300),
    first_piece: Duration::from_secs(5),
    rest: Duration::from_millis(20),
};

fn settings() -> MicrophoneSettings {
    serde_json::from_str("{}").unwrap()
}

/// A program in a folder that goes with it. In the script `$SOUND` is a file with 50 ms of sound.
struct Program {
    folder: TempDir,
}

impl Program {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sound = folder.path().join("sound");
        let piece = written(16_000, 1, MonoTime::now().as_ns(), &[11; 800]);
        fs::write(&sound, piece).unwrap();
        let path = folder.path().join("bushbaby-microphone");
        let script = format!(
            "#!/bin/sh\nSOUND={}\nHERE={}\n{script}\n",
            sound.display(),
            folder.path().display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn path(&self) -> OsString {
        self.folder.path().join("bushbaby-microphone").into()
    }

    fn source(&self, node: &TestNode) -> MicrophoneSource {
        MicrophoneSource::with_program(self.path(), settings(), &node.context, LIMITS)
    }
}

fn waiting(step: &Step) -> Option<(&str, Option<&str>)> {
    match step {
        Step::Waiting { reason, hint } => Some((reason, hint.as_deref())),
        _ => None,
    }
}

#[test]
fn sound_comes_with_the_drivers_time_and_its_place_in_the_stream() {
    let program = Program::new("cat $SOUND; exec sleep 60");
    let mut node = TestNode::new::<MicrophoneSource>();
    let mut source = program.source(&node);
    let reader = node.reader("audio");
    node.step_until(&mut source, |step| *step == Step::Sent);
    let frame = reader.try_recv().unwrap().unwrap();
    let sound = audio::view(&frame).unwrap();
    assert_eq!(
        (sound.meta.sample_rate_hz, sound.channels, sound.len()),
        (16_000, 1, 800)
    );
    assert_eq!(
        (sound.meta.position, sound.meta.filled, sound.meta.source.as_str()),
        (0, 0, "cam")
    );
    assert_eq!(frame.captured().known_by, CaptureClock::StartOfExposure);
    source.close();
}

#[test]
fn a_microphone_that_is_gone_is_told_in_its_own_words_and_returns_by_itself() {
    let script = "if [ -e $HERE/there ]; then cat $SOUND; exec sleep 60; fi\necho 'error: microphone `x` is not there' >&2\necho 'hint: plug it in' >&2\nexit 1";
    let program = Program::new(script);
    let mut node = TestNode::new::<MicrophoneSource>();
    let mut source = program.source(&node);
    let step = node.step_until(&mut source, |step| waiting(step).is_some());
    assert_eq!(
        waiting(&step),
        Some(("microphone `x` is not there; trying again", Some("plug it in")))
    );
    fs::write(program.folder.path().join("there"), "").unwrap();
    node.step_until(&mut source, |step| *step == Step::Sent);
    source.close();
}

#[test]
fn a_microphone_that_falls_silent_is_opened_anew() {
    let program = Program::new("echo x >>$HERE/starts; cat $SOUND; exec sleep 60");
    let mut node = TestNode::new::<MicrophoneSource>();
    let mut source = program.source(&node);
    node.step_until(&mut source, |step| *step == Step::Sent);
    let step = node.step_until(&mut source, |step| waiting(step).is_some());
    assert!(waiting(&step).unwrap().0.contains("has been silent"), "{step:?}");
    node.step_until(&mut source, |step| *step == Step::Sent);
    assert_eq!(
        fs::read_to_string(program.folder.path().join("starts")).unwrap(),
        "x\nx\n"
    );
    source.close();
}

#[test]
fn what_is_missing_or_another_program_is_told_with_what_to_do() {
    let mut node = TestNode::new::<MicrophoneSource>();
    let mut told = |program: OsString| {
        let mut source = MicrophoneSource::with_program(program, settings(), &node.context, LIMITS);
        let step = node.step_until(&mut source, |step| waiting(step).is_some());
        source.close();
        let (reason, hint) = waiting(&step).unwrap();
        format!("{reason} ({})", hint.unwrap_or_default())
    };
    assert!(told("/nowhere/bushbaby-microphone".into()).starts_with(
        "`bushbaby-microphone` is not there, without which no microphone is read; trying again (it comes with bushbaby"
    ));
    let no_library = Program::new(
        "echo 'bushbaby-microphone: error while loading shared libraries: libasound.so.2: cannot open' >&2; exit 127",
    );
    assert_eq!(
        told(no_library.path()),
        "`bushbaby-microphone` does not start: libasound is not installed; trying again (sudo apt install libasound2)"
    );
    let other = Program::new("echo 'I am quite another program, and this is no sound'");
    assert_eq!(
        told(other.path()),
        "the pipe holds something else than sound: `I am quite anoth`; trying again ()"
    );
    let mute = Program::new("exit 3");
    assert_eq!(
        told(mute.path()),
        "`bushbaby-microphone` ended (exit status: 3) and said nothing; trying again ()"
    );
}

#[test]
fn settings_that_cannot_be_say_why() {
    let wrong = MicrophoneSettings {
        mic: "-x".to_owned(),
        rate: Some(8),
        channels: Some(65),
    };
    let problems = wrong.check(std::path::Path::new("."));
    let told: Vec<String> = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect();
    assert_eq!(
        told,
        [
            "mic: got `-x`, wanted the name of a microphone",
            "rate: got `8`, wanted 4000 to 384000 samples a second",
            "channels: got `65`, wanted 1 to 64",
        ]
    );
    assert!(settings().check(std::path::Path::new(".")).is_empty());
}
