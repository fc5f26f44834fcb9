//! A child that stands in for ffmpeg: its "film" is a shell script.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bushbaby_pixels::ImageView;
use bushbaby_testkit::picture::{Picture, Stamp, read_stamp};
use rustix::process::{Pid, test_kill_process};
use tempfile::TempDir;

use super::super::VideoFileSource;
use super::super::footage::{Advance, Footage, FootageError};
use super::Ffmpeg;
use crate::test_node::TestNode;

const STUB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/video_file/testdata/ffmpeg_stub.sh");
const WAIT: Duration = Duration::from_secs(10);

/// A folder with raw pictures in it, and a script that is played beside them.
struct Film {
    folder: TempDir,
    node: TestNode,
}

impl Film {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = b"YUV4MPEG2 W160 H240 F50:1 Ip A1:1 C420jpeg\n".to_vec();
        for frame in 0..6 {
            bytes.extend(b"FRAME\n");
            bytes.extend(Picture::draw(160, 240, Stamp { frame, drawn_ns: 0 }).i420);
        }
        fs::write(folder.path().join("raw"), bytes).unwrap();
        let script = script.replace("HERE", &folder.path().display().to_string());
        fs::write(folder.path().join("script"), script).unwrap();
        Self {
            folder,
            node: TestNode::new::<VideoFileSource>(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("script")
    }

    fn open(&self) -> Result<Ffmpeg, FootageError> {
        Ffmpeg::with_program(OsString::from(STUB), &self.path(), None, "a test", &self.node.context)
    }

    /// The process that the script wrote down.
    fn pid(&self) -> Pid {
        let text = fs::read_to_string(self.folder.path().join("pid")).unwrap();
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    }
}

fn number(view: &ImageView<'_>) -> u32 {
    let luma = view.planes()[0];
    read_stamp(luma.bytes, luma.stride_bytes, 160, 240).unwrap().frame
}

/// Plays to the end; returns the numbers of the pictures and when each is shown, in milliseconds.
fn play(footage: &mut Ffmpeg) -> Vec<(u32, u128)> {
    let mut seen = Vec::new();
    loop {
        match footage.advance(WAIT).unwrap() {
            Advance::Picture { at } => seen.push((number(&footage.picture().unwrap()), at.as_millis())),
            Advance::NotYet => {}
            Advance::End => return seen,
        }
    }
}

#[test]
fn its_pictures_come_at_the_pace_that_it_says_and_again_after_the_end() {
    let film = Film::new("cat HERE/raw");
    let mut footage = film.open().unwrap();
    let all = [(0, 0), (1, 20), (2, 40), (3, 60), (4, 80), (5, 100)];
    assert_eq!(play(&mut footage), all);
    assert_eq!((footage.played().as_millis(), footage.take_complaint()), (120, None));
    footage.rewind().unwrap();
    assert_eq!(play(&mut footage), all);
}

#[test]
fn a_child_that_fails_midway_is_told_with_its_exit_code_and_last_line() {
    let film = Film::new("head -c 120000 HERE/raw; echo first >&2; echo disk on fire >&2; exit 7");
    let mut footage = film.open().unwrap();
    assert_eq!(play(&mut footage).len(), 2);
    let complaint = footage.take_complaint().unwrap();
    assert!(
        complaint.contains("ends after 2 pictures: ffmpeg ended with exit code 7: disk on fire"),
        "{complaint}"
    );
}

#[test]
fn what_a_child_says_of_a_film_that_is_cut_off_is_handed_on() {
    let film = Film::new("cat HERE/raw; echo File ended prematurely >&2");
    let mut footage = film.open().unwrap();
    assert_eq!(play(&mut footage).len(), 6);
    let complaint = footage.take_complaint().unwrap();
    assert!(
        complaint.contains("ends after 6 pictures; ffmpeg said: File ended prematurely"),
        "{complaint}"
    );
}

#[test]
fn a_child_that_gives_no_picture_is_an_error_in_its_own_words() {
    let error = Film::new("echo 'Invalid data found' >&2; exit 1")
        .open()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("it ended with exit code 1): Invalid data found"),
        "{error}"
    );
}

#[test]
fn without_ffmpeg_it_says_what_needs_it_and_what_to_do() {
    let film = Film::new("");
    let error = Ffmpeg::with_program(
        "/nowhere/ffmpeg".into(),
        &film.path(),
        None,
        "its codec is `hvc1`",
        &film.node.context,
    )
    .unwrap_err();
    let error = bushbaby_node::NodeError::from(error);
    assert!(
        error
            .message()
            .contains("(its codec is `hvc1`), which is not installed"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("apt install ffmpeg") && error.is_final());
}

#[test]
fn the_child_ends_with_the_source_even_if_it_will_not() {
    for obstinacy in ["", "trap '' TERM;"] {
        let film = Film::new(&format!(
            "{obstinacy} echo $$ > HERE/pid; cat HERE/raw; while :; do sleep 0.05; done"
        ));
        let mut footage = film.open().unwrap();
        // Pictures come only once the number of the process is written.
        while !matches!(footage.advance(WAIT).unwrap(), Advance::Picture { .. }) {}
        let pid = film.pid();
        assert!(test_kill_process(pid).is_ok());
        footage.close();
        assert!(test_kill_process(pid).is_err(), "the child is still there");
    }
}
