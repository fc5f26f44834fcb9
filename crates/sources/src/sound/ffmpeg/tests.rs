//! Children that stand in for ffmpeg: shell scripts.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::*;

const LIMIT: Duration = Duration::from_secs(20);

/// Does what the file `script` beside it says: a program that was just written may not be started while others are started too.
const STUB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sound/testdata/ffmpeg_stub.sh");

/// A program that does what the script says, started.
fn started(script: &str) -> (Ffmpeg, Receiver<()>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("ffmpeg");
    std::fs::write(folder.path().join("script"), script).unwrap();
    std::os::unix::fs::symlink(STUB, &program).unwrap();
    let (wake, woken) = channel();
    let wake = move || {
        let _ = wake.send(());
    };
    let spawner = Spawner::start().unwrap();
    let ffmpeg = Ffmpeg::start(&spawner, program.as_os_str(), Container::opus(2), [48_000, 2], wake).unwrap();
    (ffmpeg, woken, folder)
}

#[test]
fn samples_are_handed_out_as_they_are_asked_for_however_they_come() {
    let (mut ffmpeg, woken, _folder) = started("printf 'a'; sleep 0.2; printf 'bcdefg'; cat >/dev/null");
    let mut taken = None;
    while taken.is_none() {
        woken.recv_timeout(LIMIT).unwrap();
        taken = ffmpeg.take(3);
    }
    assert_eq!(taken, Some(vec![0x6261, 0x6463, 0x6665]));
    assert_eq!(ffmpeg.take(1), None);
}

#[test]
fn a_child_that_ends_tells_how_and_its_last_words() {
    let (mut ffmpeg, _woken, _folder) = started("echo 'no such codec' >&2; exit 3");
    let until = Instant::now() + LIMIT;
    let ended = loop {
        // Its words may come after its end.
        match ffmpeg.ended().filter(|ended| !ended.last_line.is_empty()) {
            Some(ended) => break ended,
            None => assert!(Instant::now() < until),
        }
        thread::yield_now();
    };
    assert_eq!(
        (ended.how.as_str(), ended.last_line.as_str()),
        ("exit code 3", "no such codec")
    );
}

#[test]
fn a_child_that_reads_nothing_holds_nothing_up_and_is_ended() {
    let (mut ffmpeg, _woken, _folder) = started("exec sleep 1000");
    let begun = Instant::now();
    let taken = (0..2_000).filter(|_| ffmpeg.push(&[0; 1_000], 960)).count();
    assert!(taken < 1_000, "{taken} packets wait");
    drop(ffmpeg);
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
}

#[test]
fn a_program_that_is_not_installed_is_told_from_others() {
    let spawner = Spawner::start().unwrap();
    let name = OsStr::new("/nowhere/ffmpeg");
    let error = Ffmpeg::start(&spawner, name, Container::opus(2), [48_000, 2], || {}).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}
