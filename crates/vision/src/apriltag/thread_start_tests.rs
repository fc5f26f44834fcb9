//! What happens when the system refuses a thread, tried for real in a child process with little address space.

use super::{CDetector, DetectError, DetectorSettings, Family, TagBitmap, TagDetector, c_library::Library};
use crate::scene::GrayImage;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::process::Command;

const CHILD: &str = "BUSHBABY_TEST_LITTLE_ADDRESS_SPACE";

/// Runs this very test again in a process of its own and says whether it went well there.
fn in_a_child(test: &str) {
    let name = format!("apriltag::thread_start_tests::{test}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command
        .args(["--exact", &name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!(listed.contains("1 passed"), "the child ran nothing: {listed}");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Leaves room for the stacks of one thread, not of eight.
fn take_address_space() {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let used_pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let limit = Rlimit {
        current: Some(used_pages * rustix::param::page_size() as u64 + (20 << 20)),
        ..getrlimit(Resource::As)
    };
    setrlimit(Resource::As, limit).unwrap();
}

fn with_threads(threads: u32) -> DetectorSettings {
    DetectorSettings {
        threads,
        max_hamming: Some(0),
        ..DetectorSettings::default()
    }
}

#[test]
fn a_refused_thread_is_an_error_and_one_thread_still_works() {
    if !is_child() {
        return in_a_child("a_refused_thread_is_an_error_and_one_thread_still_works");
    }
    let mut image = GrayImage::new(160, 160, 200);
    image.draw_tag(&TagBitmap::new(Family::Tag36h11, 4).unwrap(), 10, [30, 30]);
    take_address_space();
    for _ in 0..3 {
        let error = CDetector::new(&with_threads(8)).unwrap_err();
        assert_eq!(error, DetectError::ThreadStart { threads: 8 });
    }
    assert_eq!(
        CDetector::new(&with_threads(8)).unwrap_err().to_string(),
        "tag detector: the system would not start 8 threads (limit of processes or of memory); \
         use fewer `threads` (1 starts none) or raise the limit"
    );
    let mut alone = CDetector::new(&with_threads(1)).unwrap();
    assert_eq!(alone.detect(image.view()).unwrap()[0].id, 4);
}

#[test]
fn a_thread_refused_to_the_library_itself_is_an_error_too() {
    if !is_child() {
        return in_a_child("a_thread_refused_to_the_library_itself_is_an_error_too");
    }
    let settings = with_threads(8);
    let mut library = Library::new(&settings, 0).unwrap();
    take_address_space();
    // Without our own trial before: as if the threads had become scarce in between.
    assert_eq!(library.start_threads(8), Err(DetectError::ThreadStart { threads: 8 }));
    assert_eq!(library.start_threads(1), Ok(()), "it still works without threads");
}
