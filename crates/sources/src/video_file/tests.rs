//! Films made here, played through the real decoder onto a real bus.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use bushbaby_bus::{CaptureClock, Frame, ReadOptions, StreamName};
use bushbaby_node::settings::Settings;
use bushbaby_node::{Source, Step, image};
use bushbaby_pixels::{ColorSpace, ImageView, PixelFormat, Plane, jpeg};
use bushbaby_testkit::h264::{EncodedPicture, film};
use bushbaby_testkit::mp4::{Layout, Mp4};
use bushbaby_testkit::picture::{Picture, Stamp, read_stamp};
use tempfile::TempDir;

use super::footage::{Advance, Footage, open};
use super::{Pace, VideoFileSettings, VideoFileSource};
use crate::h264::annex_b_from_lengths;
use crate::test_node::TestNode;

const B_FRAMES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/video_file/testdata/b_frames.mp4");
const LIMIT: Duration = Duration::from_secs(60);

fn settings(path: impl Into<PathBuf>) -> VideoFileSettings {
    VideoFileSettings {
        video_file: path.into(),
        fps: None,
        is_loop: false,
        pace: Pace::Readers,
        calibration: None,
    }
}

/// A film of so many pictures in a file, which goes with the folder.
fn file(count: u32, write: impl FnOnce(&[EncodedPicture]) -> Vec<u8>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    fs::write(&path, write(&film(160, 240, 30, 10, count))).unwrap();
    (folder, path)
}

fn mp4() -> Mp4<'static> {
    Mp4::new(160, 240, 30)
}

/// The encoded pictures of an MP4 file in the order of decoding, their stamps saying when each is shown.
pub(crate) fn access_units(path: &str) -> Vec<EncodedPicture> {
    let bytes = fs::read(path).unwrap();
    let film = super::mp4::read(&mut std::io::Cursor::new(&bytes)).unwrap();
    let unit = |placed: &super::mp4::Placed| {
        let mut annex_b = Vec::new();
        for set in film.parameter_sets.iter().filter(|_| placed.is_keyframe) {
            annex_b.extend([&[0, 0, 0, 1], set.as_slice()].concat());
        }
        let sample = &bytes[placed.at as usize..][..placed.bytes as usize];
        assert!(annex_b_from_lengths(sample, film.length_bytes, &mut annex_b));
        let stamp = Stamp {
            frame: 0,
            drawn_ns: placed.shown_ns,
        };
        EncodedPicture {
            stamp,
            is_keyframe: placed.is_keyframe,
            annex_b,
        }
    };
    film.pictures.iter().map(unit).collect()
}

fn number(view: &ImageView<'_>) -> u32 {
    let luma = bushbaby_pixels::luma(view).unwrap();
    let (width, height) = (view.width() as usize, view.height() as usize);
    read_stamp(&luma.bytes, luma.stride_bytes, width, height).unwrap().frame
}

fn number_of(frame: &Frame) -> u32 {
    number(&image::view(frame).unwrap())
}

/// Plays until the end, or until so many pictures have come; returns all frames that a reader got.
fn play(settings: VideoFileSettings, most: usize) -> Vec<Frame> {
    let mut node = TestNode::new::<VideoFileSource>();
    let mut source = VideoFileSource::open(settings, &node.context).unwrap();
    let reader = node.reader("image");
    let mut frames = Vec::new();
    while frames.len() < most {
        if node.step_until(&mut source, |step| *step != Step::Idle) == Step::Finished {
            break;
        }
        frames.extend(reader.try_recv().unwrap());
    }
    source.close();
    frames
}

fn numbers(frames: &[Frame]) -> Vec<u32> {
    frames.iter().map(number_of).collect()
}

/// Goes through footage to its end, without a bus.
fn numbers_in(footage: &mut dyn Footage) -> Vec<u32> {
    let mut numbers = Vec::new();
    loop {
        match footage.advance(Duration::from_secs(1)).unwrap() {
            Advance::Picture { .. } => numbers.push(number(&footage.picture().unwrap())),
            Advance::NotYet => {}
            Advance::End => return numbers,
        }
    }
}

fn why_not(path: &Path) -> String {
    let node = TestNode::new::<VideoFileSource>();
    let error = VideoFileSource::open(settings(path), &node.context).unwrap_err();
    format!("{}; {}", error.message(), error.hint().unwrap_or_default())
}

#[test]
fn a_slow_reader_of_the_newest_picture_misses_none_when_readers_set_the_pace() {
    let (_folder, path) = file(40, |film| mp4().write(film));
    let mut node = TestNode::new::<VideoFileSource>();
    let mut source = VideoFileSource::open(settings(path), &node.context).unwrap();
    let bus = node.context.bus.clone();
    let (ready, readers_are_there) = channel();
    let read = |pause: Duration| {
        let (bus, ready) = (bus.clone(), ready.clone());
        std::thread::spawn(move || {
            let stream = StreamName::new("cam", "image").unwrap();
            let reader = bus.subscriber(&stream, ReadOptions::default()).unwrap();
            ready.send(()).unwrap();
            let mut seen = Vec::new();
            while seen.len() < 40 {
                let frame = reader.recv(LIMIT).unwrap().expect("a picture for each that was sent");
                seen.push(number_of(&frame));
                std::thread::sleep(pause);
            }
            seen
        })
    };
    let readers = [Duration::ZERO, Duration::from_millis(5)].map(read);
    readers.iter().for_each(|_| readers_are_there.recv().unwrap());
    node.step_until(&mut source, |step| *step == Step::Finished);
    for reader in readers {
        assert_eq!(reader.join().unwrap(), (0..40).collect::<Vec<_>>());
    }
}

#[test]
fn without_readers_a_film_at_their_pace_waits() {
    let (_folder, path) = file(3, |film| mp4().write(film));
    let mut node = TestNode::new::<VideoFileSource>();
    let mut source = VideoFileSource::open(settings(path), &node.context).unwrap();
    for _ in 0..5 {
        assert_eq!(source.step(&mut node.outputs).unwrap(), Step::Idle);
    }
    let reader = node.reader("image");
    node.step_until(&mut source, |step| *step == Step::Sent);
    assert_eq!(number_of(&reader.try_recv().unwrap().unwrap()), 0);
}

#[test]
fn every_picture_of_every_layout_comes_in_order() {
    for layout in [Layout::IndexFirst, Layout::IndexLast, Layout::Fragments(7)] {
        let (_folder, path) = file(25, |film| Mp4 { layout, ..mp4() }.write(film));
        assert_eq!(
            numbers(&play(settings(path), usize::MAX)),
            (0..25).collect::<Vec<_>>(),
            "{layout:?}"
        );
    }
}

#[test]
fn pictures_that_are_stored_out_of_order_come_in_the_order_in_which_they_are_shown() {
    assert_eq!(
        numbers(&play(settings(B_FRAMES), usize::MAX)),
        (0..24).collect::<Vec<_>>()
    );
}

#[test]
fn at_its_own_pace_each_picture_is_captured_when_it_is_due() {
    let (_folder, path) = file(12, |film| mp4().write(film));
    for (fps, frame_time_ns) in [(None, 33_333_333), (Some(50.0), 20_000_000)] {
        let frames = play(
            VideoFileSettings {
                fps,
                pace: Pace::Film,
                ..settings(&path)
            },
            usize::MAX,
        );
        assert_eq!(numbers(&frames), (0..12).collect::<Vec<_>>());
        for pair in frames.windows(2) {
            let [before, after] = [&pair[0], &pair[1]].map(Frame::captured);
            assert_eq!(after.known_by, CaptureClock::File);
            let gap_ns = after.mono.since(before.mono).as_nanos();
            assert!(gap_ns.abs_diff(frame_time_ns) <= 1, "{gap_ns} ns between two pictures");
            assert!(pair[1].published_at() >= after.mono, "sent before it was due");
        }
    }
}

#[test]
fn a_loop_begins_anew_without_a_gap() {
    let (_folder, path) = file(5, |film| mp4().write(film));
    let frames = play(
        VideoFileSettings {
            is_loop: true,
            pace: Pace::Film,
            ..settings(path)
        },
        12,
    );
    assert_eq!(numbers(&frames), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]);
    let whole = frames[10].captured().mono.since(frames[0].captured().mono);
    assert_eq!(whole.as_millis(), 10 * 1000 / 30);
}

#[test]
fn the_end_of_a_film_that_is_no_loop_is_no_failure() {
    let (_folder, path) = file(3, |film| mp4().write(film));
    let mut node = TestNode::new::<VideoFileSource>();
    let mut source = VideoFileSource::open(
        VideoFileSettings {
            pace: Pace::Film,
            ..settings(path)
        },
        &node.context,
    )
    .unwrap();
    node.step_until(&mut source, |step| *step == Step::Finished);
    assert_eq!(source.step(&mut node.outputs).unwrap(), Step::Finished);
}

#[test]
fn a_film_that_is_cut_off_plays_what_is_there_and_says_so() {
    let (_folder, path) = file(25, |film| mp4().write(film));
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let node = TestNode::new::<VideoFileSource>();
    let mut footage = open(&path, None, &node.context).unwrap();
    let complaint = footage.take_complaint().unwrap();
    assert!(
        complaint.contains("is cut off: 24 of 25 pictures are there"),
        "{complaint}"
    );
    assert_eq!(numbers_in(&mut *footage), (0..24).collect::<Vec<_>>());
}

#[test]
fn a_damaged_picture_is_left_out_up_to_the_next_keyframe_and_counted() {
    let (_folder, path) = file(25, |film| {
        let mut film = film.to_vec();
        let slice = film[13].annex_b.len() - 20;
        film[13].annex_b[slice..].fill(0xff);
        film[13].annex_b[5..12].fill(0xff);
        mp4().write(&film)
    });
    let node = TestNode::new::<VideoFileSource>();
    let mut footage = open(&path, None, &node.context).unwrap();
    assert_eq!(numbers_in(&mut *footage), (0..13).chain(20..25).collect::<Vec<_>>());
    assert!(
        footage
            .take_complaint()
            .unwrap()
            .contains("7 of 25 pictures are damaged")
    );
}

#[test]
fn what_cannot_be_played_is_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let film = film(160, 240, 30, 10, 5);
    let unfinished = Mp4 {
        layout: Layout::IndexLast,
        ..mp4()
    }
    .write(&film);
    for (path, words) in [
        (folder.path().join("gone.mp4"), "cannot be read: No such file"),
        (write("empty.mp4", b""), "is empty"),
        (
            write("unfinished.mp4", &unfinished[..unfinished.len() / 2]),
            "index (moov) is missing",
        ),
        (write("no_picture.png", b"no picture"), "none of the 1 pictures"),
        (folder.path().join("."), "none of the 1 pictures"),
    ] {
        // Pictures are first read when they are played.
        let told = match words {
            "none of the 1 pictures" => {
                let mut node = TestNode::new::<VideoFileSource>();
                let mut source = VideoFileSource::open(settings(&path), &node.context).unwrap();
                source.step(&mut node.outputs).unwrap_err().to_string()
            }
            _ => why_not(&path),
        };
        assert!(told.contains(words), "{}: {told}", path.display());
    }
    let bare = tempfile::tempdir().unwrap();
    assert!(why_not(bare.path()).contains("there is no picture"));
}

#[test]
fn a_folder_plays_its_pictures_in_the_order_of_their_numbers_whatever_their_format() {
    let folder = tempfile::tempdir().unwrap();
    for frame in [0_u32, 1, 2, 10] {
        let picture = Picture::draw(160, 240, Stamp { frame, drawn_ns: 0 });
        let [y, u, v] = picture.planes();
        let path = |ending: &str| folder.path().join(format!("shot{frame}.{ending}"));
        match frame {
            0 => fs::write(path("pgm"), [b"P5 160 240 255\n", y].concat()).unwrap(),
            1 => image_crate_save(&path("png"), y),
            2 => {
                let planes = [y, u, v].map(|bytes| Plane {
                    bytes,
                    stride_bytes: if bytes.len() == y.len() { 160 } else { 80 },
                });
                let view = ImageView::new(PixelFormat::I420, 160, 240, ColorSpace::JPEG, &planes).unwrap();
                fs::write(path("jpg"), jpeg_of(&view)).unwrap();
            }
            _ => image_crate_save(&path("PNG"), y),
        }
    }
    fs::write(folder.path().join("shot3.png"), "no picture").unwrap();
    fs::write(folder.path().join("notes.txt"), "no picture either").unwrap();
    let node = TestNode::new::<VideoFileSource>();
    let mut footage = open(folder.path(), Some(5.0), &node.context).unwrap();
    let mut seen = Vec::new();
    let mut complaints = Vec::new();
    loop {
        let advance = footage.advance(LIMIT).unwrap();
        complaints.extend(footage.take_complaint());
        match advance {
            Advance::Picture { at } => seen.push((number(&footage.picture().unwrap()), at.as_millis())),
            Advance::NotYet => {}
            Advance::End => break,
        }
    }
    assert_eq!(seen, [(0, 0), (1, 200), (2, 400), (10, 600)]);
    assert_eq!(complaints.len(), 1);
    assert!(complaints[0].contains("shot3.png` is left out"), "{complaints:?}");
}

fn image_crate_save(path: &Path, luma: &[u8]) {
    let rgb: Vec<u8> = luma.iter().flat_map(|level| [*level; 3]).collect();
    ::image::save_buffer_with_format(
        path,
        &rgb,
        160,
        240,
        ::image::ColorType::Rgb8,
        ::image::ImageFormat::Png,
    )
    .unwrap();
}

fn jpeg_of(view: &ImageView<'_>) -> Vec<u8> {
    jpeg::Encoder::new(90).unwrap().encode(view).unwrap().into_owned()
}

#[test]
fn settings_that_cannot_be_followed_are_found_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = VideoFileSettings {
        fps: Some(0.0),
        calibration: Some("gone.yaml".into()),
        ..settings("gone.mp4")
    };
    let keys: Vec<String> = wrong
        .check(folder.path())
        .into_iter()
        .map(|problem| problem.path)
        .collect();
    assert_eq!(keys, ["video_file", "fps", "calibration"]);
    let read: VideoFileSettings =
        serde_json::from_str(r#"{"video_file": "a.mp4", "loop": false, "pace": "readers"}"#).unwrap();
    assert_eq!((read.is_loop, read.pace, read.fps), (false, Pace::Readers, None));
}
