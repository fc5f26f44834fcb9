//! Read by ffmpeg, where it is installed, as every player reads it; and box by box otherwise.

use std::io::Write;
use std::process::{Command, Stdio};

use bushbaby_pixels::{ColorSpace, Image, PixelFormat};

use super::*;
use bushbaby_video::VideoEncoder;

/// Pictures that come at an uneven rate: capture times in milliseconds.
const TIMES_MS: [u64; 24] = [
    0, 100, 190, 300, 410, 500, 600, 705, 800, 900, 1000, 1500, 1600, 1700, 1800, 1900, 2000, 2100, 2200, 2300, 2400,
    2500, 2600, 2700,
];

fn film(width: u32, height: u32) -> (Vec<u8>, Vec<usize>) {
    let mut encoder = VideoEncoder::new(None);
    let mut writer: Option<Mp4Writer> = None;
    let mut bytes = Vec::new();
    let mut ends = Vec::new();
    for (number, time_ms) in TIMES_MS.into_iter().enumerate() {
        let mut image = Image::new(PixelFormat::I420, width, height, ColorSpace::JPEG).unwrap();
        image.planes_mut()[0].fill(50 + number as u8 * 5);
        image.planes_mut()[1].fill(128);
        image.planes_mut()[2].fill(128);
        let time_ns = time_ms * 1_000_000;
        let picture = encoder.encode(&image.view(), time_ns).unwrap();
        match &mut writer {
            None => {
                let (begun, head) = Mp4Writer::begin(&picture, time_ns, 1_795_255_444_000_000_000).unwrap();
                bytes.extend(head);
                writer = Some(begun);
            }
            Some(writer) => {
                assert!(writer.fits(&picture), "one encoder's pictures go into one file");
                bytes.extend(writer.add(&picture, time_ns));
            }
        }
        ends.push(bytes.len());
    }
    bytes.extend(writer.unwrap().finish());
    ends.dedup();
    (bytes, ends)
}

/// What ffprobe says of each picture's time; `None` without ffprobe.
fn times_s(bytes: &[u8]) -> Option<Vec<f64>> {
    let mut file = tempfile::NamedTempFile::with_suffix(".mp4").unwrap();
    file.write_all(bytes).unwrap();
    let args = [
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        "frame=pts_time",
        "-of",
        "csv=p=0",
    ];
    let output = Command::new("ffprobe")
        .args(args)
        .arg(file.path())
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.is_empty(), "{told}");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(
        out.lines()
            .map(|line| line.trim_end_matches(',').parse().unwrap())
            .collect(),
    )
}

#[test]
fn players_find_every_picture_at_its_capture_time() {
    for [width, height] in [[320, 240], [321, 241]] {
        let (bytes, _) = film(width, height);
        let Some(times) = times_s(&bytes) else { return };
        assert_eq!(times.len(), TIMES_MS.len());
        for (got, wanted_ms) in times.iter().zip(TIMES_MS) {
            assert!((got - wanted_ms as f64 / 1e3).abs() < 0.001, "{times:?}");
        }
    }
}

#[test]
fn a_film_that_is_cut_off_plays_up_to_its_last_whole_fragment() {
    let (bytes, ends) = film(320, 240);
    assert!(ends.len() >= 3, "{ends:?}");
    for (fragments, end) in ends.iter().enumerate().skip(1) {
        let Some(times) = times_s(&bytes[..*end]) else { return };
        let wanted = TIMES_MS.iter().filter(|time| **time < fragments as u64 * 1000).count();
        assert_eq!(times.len(), wanted, "{fragments}: {times:?}");
    }
}

#[test]
fn a_film_that_is_cut_off_within_a_piece_shows_what_is_before_it_once_it_is_mended() {
    let (bytes, ends) = film(320, 240);
    let [start, end] = [ends[1], ends[2]];
    for cut in [start + 4, start + 30, start + 100, start + (end - start) / 2, end - 1] {
        let mut file = tempfile::NamedTempFile::with_suffix(".mp4").unwrap();
        file.write_all(&bytes[..cut]).unwrap();
        if let Some(bytes) = bytes_to_keep(file.as_file_mut()).unwrap() {
            file.as_file().set_len(bytes).unwrap();
        }
        assert_eq!(
            bytes_to_keep(file.as_file_mut()).unwrap(),
            None,
            "mended once is mended"
        );
        let output = Command::new("ffmpeg")
            .args(["-v", "quiet", "-i"])
            .arg(file.path())
            .args(["-an", "-f", "framecrc", "-"])
            .stdin(Stdio::null())
            .output();
        let Ok(output) = output else { return };
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let pictures = lines.lines().filter(|line| !line.starts_with('#')).count();
        // The pictures of a fragment that was cut off are half there.
        assert!(
            (10..=16).contains(&pictures),
            "cut at {cut} of {start} to {end}: {lines}"
        );
    }
}

#[test]
fn every_fragment_is_a_second_at_most_and_begins_with_a_keyframe() {
    let (bytes, _) = film(320, 240);
    let mut at = 0;
    let mut names = Vec::new();
    while at < bytes.len() {
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        names.push(String::from_utf8_lossy(&bytes[at + 4..at + 8]).into_owned());
        at += size;
    }
    assert_eq!(at, bytes.len());
    assert_eq!(names, ["ftyp", "moov", "moof", "mdat", "moof", "mdat", "moof", "mdat"]);
    assert!(bytes.windows(8).any(|word| word == b"bushbaby"));
}

#[test]
fn a_picture_that_nothing_follows_is_written_all_the_same() {
    let image = Image::new(PixelFormat::Gray8, 64, 64, ColorSpace::JPEG).unwrap();
    let picture = VideoEncoder::new(None).encode(&image.view(), 0).unwrap();
    let (mut writer, _) = Mp4Writer::begin(&picture, 0, 0).unwrap();
    assert!(writer.take_due(1_000_000_000).is_empty());
    assert!(!writer.take_due(2_000_000_000).is_empty());
    assert!(writer.take_due(4_000_000_000).is_empty(), "once is enough");
    assert!(writer.finish().is_empty());
}

#[test]
fn another_size_needs_another_file() {
    let of = |width| {
        let image = Image::new(PixelFormat::Gray8, width, 64, ColorSpace::JPEG).unwrap();
        VideoEncoder::new(None).encode(&image.view(), 0).unwrap()
    };
    let (writer, _) = Mp4Writer::begin(&of(64), 0, 0).unwrap();
    assert!(writer.fits(&of(64)) && !writer.fits(&of(96)));
}

#[test]
fn what_is_no_film_of_ours_is_never_cut() {
    let other = b"\0\0\0\x08ftyp\0\0\0\x08moov\0\0\0\xffmoof";
    for bytes in [&b""[..], b"123", &[0; 64], &[255; 64], other] {
        assert!(bytes_to_keep(&mut std::io::Cursor::new(bytes)).is_err());
    }
    let (bytes, _) = film(320, 240);
    for cut in 0..bytes.len() {
        let mut file = std::io::Cursor::new(&bytes[..cut]);
        if let Ok(Some(keep)) = bytes_to_keep(&mut file) {
            assert!(keep < cut as u64);
        }
    }
}
