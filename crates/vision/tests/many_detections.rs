//! Ten thousand detections in one process: `errno` means nothing, and no memory is lost.
#![cfg(target_os = "linux")] // memory is read from /proc

use bushbaby_vision::apriltag::{CDetector, DetectorSettings, Family, GrayView, TagBitmap, TagDetector};
use std::{io::ErrorKind, io::Read, os::unix::net::UnixStream};

const DETECTIONS: usize = 10_000;

fn view(bytes: &[u8]) -> GrayView<'_> {
    GrayView {
        bytes,
        width_px: 64,
        height_px: 64,
        stride_bytes: 64,
    }
}

/// A tag of 40 px in a picture of 64 x 64.
fn tag_picture() -> Vec<u8> {
    let tag = TagBitmap::new(Family::Tag36h11, 21).unwrap();
    let level = |x: usize, y: usize| {
        let inside = (7..57).contains(&x) && (7..57).contains(&y);
        let white = !inside || tag.is_white((x - 7) / 5, (y - 7) / 5);
        if white { 230 } else { 20 }
    };
    (0..64 * 64).map(|i| level(i % 64, i / 64)).collect()
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    resident * rustix::param::page_size()
}

// One test: memory belongs to the whole process.
#[test]
fn detections_neither_look_at_errno_nor_lose_memory() {
    let mut detectors = [1, 2].map(|threads| {
        CDetector::new(&DetectorSettings {
            threads,
            ..DetectorSettings::default()
        })
        .unwrap()
    });
    let (mut empty_stream, _other_end) = UnixStream::pair().unwrap();
    empty_stream.set_nonblocking(true).unwrap();
    let (blank, with_tag) = (vec![128; 64 * 64], tag_picture());
    let mut settled_bytes = 0;
    for round in 0..DETECTIONS {
        // As after any read of a descriptor that has nothing to say: errno is EAGAIN.
        let error = empty_stream.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let detector = &mut detectors[round % 2];
        if round % 4 < 2 {
            assert_eq!(detector.detect(view(&blank)), Ok(vec![]));
        } else {
            let tags = detector.detect(view(&with_tag)).unwrap();
            assert_eq!(tags.iter().map(|tag| tag.id).collect::<Vec<_>>(), [21]);
        }
        if round == DETECTIONS / 10 {
            settled_bytes = resident_bytes();
        }
    }
    let grown = resident_bytes().saturating_sub(settled_bytes);
    assert!(grown < 1 << 20, "{grown} bytes more after 9000 detections");
    // Making and dropping detectors gives back their tables of 36 MB.
    drop(detectors);
    for _ in 0..6 {
        CDetector::new(&DetectorSettings::default()).unwrap();
    }
    let after = resident_bytes();
    for _ in 0..6 {
        CDetector::new(&DetectorSettings::default()).unwrap();
    }
    let grown = resident_bytes().saturating_sub(after);
    assert!(grown < 1 << 20, "{grown} bytes more after 6 detectors");
}
