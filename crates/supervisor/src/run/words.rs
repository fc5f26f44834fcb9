//! Words that come from nodes: made short, and harmless on a terminal.

/// Returns at most `longest` characters, with `…` where something was cut off.
pub(super) fn clip(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns a line as it may be shown: colours and other escape sequences taken out, other control characters replaced.
pub(super) fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.peek() == Some(&'[') => {
                rest.next();
                // A control sequence ends with the first character from `@` to `~`.
                for c in rest.by_ref() {
                    if ('@'..='~').contains(&c) {
                        break;
                    }
                }
            }
            '\t' => shown.push_str("    "),
            '\r' | '\n' => {}
            c if c.is_control() => shown.push('\u{fffd}'),
            c => shown.push(c),
        }
    }
    shown.truncate(shown.trim_end().len());
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out_and_nothing_can_move_the_cursor() {
        assert_eq!(plain(b"\x1b[1;31mERROR\x1b[0m no camera\r"), "ERROR no camera");
        assert_eq!(plain(b"a\x1b]0;title\x07b\x08"), "a\u{fffd}]0;title\u{fffd}b\u{fffd}");
        assert_eq!(plain(b"\tindented \xff"), "    indented \u{fffd}");
        assert_eq!(plain(b"cut \x1b[3"), "cut");
    }

    #[test]
    fn clipping_counts_characters_not_bytes() {
        assert_eq!(clip("größer", 3), "grö…");
        assert_eq!(clip("größer", 6), "größer");
    }
}
