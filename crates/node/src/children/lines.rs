//! What a child says, line by line.

use std::io::{BufRead, BufReader, Read};

/// What is longer is handed on in pieces: no child fills our memory by never ending a line.
const LONGEST_LINE_BYTES: u64 = 1 << 16;

/// Calls `each` with every line that comes, until nothing comes any more: without blanks at its ends, and whatever it is made of.
/// Empty ones are left out.
pub fn for_each_line(from: impl Read, mut each: impl FnMut(&str)) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(
        from.by_ref().take(LONGEST_LINE_BYTES).read_until(b'\n', &mut line),
        Ok(1..)
    ) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if !text.is_empty() {
            each(text);
        }
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for_each_line(bytes, |line| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn lines_come_without_their_ends_and_empty_ones_not_at_all() {
        assert_eq!(lines(b"one\r\n\n  two \nthree"), ["one", "two", "three"]);
    }

    #[test]
    fn what_is_no_text_is_still_a_line() {
        assert_eq!(lines(b"\xff\xfe\nafter\n"), ["\u{fffd}\u{fffd}", "after"]);
    }

    #[test]
    fn a_line_without_end_comes_in_pieces() {
        let lengths: Vec<_> = lines(&[b'x'; 150_000]).iter().map(String::len).collect();
        assert_eq!(lengths, [65_536, 65_536, 18_928]);
    }
}
