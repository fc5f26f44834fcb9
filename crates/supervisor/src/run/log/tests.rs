use std::io::{self, Write};
use std::sync::mpsc;

use super::*;

/// An instance whose files go away with it.
struct Place(Instance);

impl Place {
    fn new(test: &str) -> Self {
        let name = format!("log-{test}-{}", std::process::id());
        Self(Instance::new(name.parse().unwrap()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.state_dir());
    }
}

struct Lines(mpsc::Sender<Vec<u8>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shown(place: &Place, color: bool) -> String {
    let (sender, receiver) = mpsc::channel();
    let terminal = Terminal {
        writer: Box::new(Lines(sender)),
        color,
    };
    let book = LogBook::open(&place.0, ["front", "tags"].into_iter(), Some(terminal));
    book.line("front", Level::Warn, "no camera");
    book.flush(Duration::from_secs(10));
    receiver
        .try_iter()
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .collect()
}

#[test]
fn a_line_on_the_terminal_has_time_node_level_and_words() {
    let line = shown(&Place::new("plain"), false);
    assert_eq!(&line[12..], " front    WARN  no camera\n");
    assert!(
        line[..12].chars().all(|c| c.is_ascii_digit() || c == ':' || c == '.'),
        "{line}"
    );
}

#[test]
fn a_terminal_with_colours_shows_one_for_each_node() {
    let line = shown(&Place::new("color"), true);
    assert!(
        line.contains("\x1b[36mfront   \x1b[0m \x1b[33mWARN \x1b[0m no camera\n"),
        "{line:?}"
    );
}

#[test]
fn the_last_thousand_lines_are_kept_and_all_are_in_the_file() {
    let place = Place::new("keep");
    let book = LogBook::open(&place.0, ["front"].into_iter(), None);
    for n in 0..1200 {
        book.line("front", Level::Info, &format!("line {n}"));
    }
    let last = book.last("front", usize::MAX).unwrap();
    assert_eq!(last.len(), 1000);
    assert!(
        last[0].ends_with("INFO  line 200") && last[999].ends_with("line 1199"),
        "{}",
        last[0]
    );
    assert_eq!(book.last("front", 2).unwrap(), last[998..]);
    assert_eq!(book.last("nobody", 2), None);
    let file = tail(&log_path(&place.0, "front"), 1100).unwrap();
    assert_eq!((file.len(), &file[1099]), (1100, &last[999]));
}

#[test]
fn a_file_that_is_full_makes_room_for_a_second_and_no_more() {
    let place = Place::new("full");
    let path = log_path(&place.0, "front");
    let book = LogBook::open(&place.0, ["front"].into_iter(), None);
    let text = "x".repeat(8000);
    for _ in 0..1500 {
        book.line("front", Level::Info, &text);
    }
    let size = |path: &Path| std::fs::metadata(path).unwrap().len();
    assert!(size(&path) <= 5_000_000 && size(&old(&path)) <= 5_000_000);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
    assert_eq!(tail(&path, 700).unwrap().len(), 700);
}

#[test]
fn a_terminal_that_is_held_holds_nobody() {
    struct Held(mpsc::Receiver<()>);
    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let place = Place::new("held");
    let (_release, held) = mpsc::channel();
    let terminal = Terminal {
        writer: Box::new(Held(held)),
        color: false,
    };
    let book = LogBook::open(&place.0, ["front"].into_iter(), Some(terminal));
    for n in 0..3000 {
        book.line("front", Level::Info, &format!("line {n}"));
    }
    assert_eq!(book.last("front", 1).unwrap().len(), 1);
}
