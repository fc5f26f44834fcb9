//! What `gst-launch-1.0` says on standard error: told line by line, and what of it names the cause.

/// Lines kept to find hints in.
const KEPT_LINES: usize = 20;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Error,
    Warning,
    Info,
    Debug,
}

/// Returns how much a line matters, by GStreamer's own words.
pub(super) fn level(line: &str) -> Level {
    // `ERROR: from element …` of the program, `0:00:00.01 123 0x55 WARN v4l2 …` of its debug log.
    let debug_log = line
        .split_whitespace()
        .nth(3)
        .filter(|_| line.starts_with(|c: char| c.is_ascii_digit()));
    match debug_log {
        Some("ERROR") => Level::Error,
        Some("WARN" | "FIXME") => Level::Warning,
        Some("INFO") => Level::Info,
        Some("DEBUG" | "LOG" | "TRACE" | "MEMDUMP") => Level::Debug,
        _ if line.starts_with("ERROR")
            || line.starts_with("WARNING: erroneous pipeline")
            || line.contains("CRITICAL **") =>
        {
            Level::Error
        }
        _ if line.starts_with("WARN") || line.contains("WARNING **") => Level::Warning,
        _ => Level::Info,
    }
}

/// Returns the text with `USER:PASSWORD@` of every address in it hidden.
pub(super) fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = behind
            .find(|c: char| c.is_whitespace() || "/'\"".contains(c))
            .unwrap_or(behind.len());
        rest = match behind[..end].rfind('@') {
            Some(at) => {
                shown.push_str("***");
                &behind[at..]
            }
            None => behind,
        };
    }
    shown + rest
}

/// The last lines of a child, and the first that named an error.
#[derive(Debug, Default)]
pub(super) struct Heard {
    cause: Option<String>,
    last: std::collections::VecDeque<String>,
}

impl Heard {
    /// Takes note of a line.
    pub(super) fn line(&mut self, line: &str) {
        // The first error is the cause; those behind it ("pipeline doesn't want to preroll") follow from it.
        if self.cause.is_none() && level(line) == Level::Error {
            self.cause = Some(shortened(line));
        }
        if self.last.len() == KEPT_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
    }

    /// What went wrong, in the words of GStreamer; else its last words, if there were any.
    pub(super) fn cause(&self) -> Option<String> {
        self.cause
            .clone()
            .or_else(|| self.last.iter().rev().find(|line| !line.trim().is_empty()).cloned())
    }

    /// All lines that are kept, the last at the end.
    pub(super) fn text(&self) -> String {
        self.last.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Takes off what only says that it is an error: `ERROR: from element /GstPipeline:pipeline0/GstV4l2Src:v4l2src0: …`.
fn shortened(line: &str) -> String {
    let line = line
        .strip_prefix("WARNING: erroneous pipeline: ")
        .or_else(|| line.strip_prefix("ERROR: "))
        .unwrap_or(line);
    match line
        .strip_prefix("from element ")
        .and_then(|line| line.split_once(": "))
    {
        Some((path, message)) => format!("{}: {message}", path.rsplit([':', '/']).next().unwrap_or(path)),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_the_cause() {
        // As `gst-launch-1.0 -v v4l2src ! fakesink` wrote it without a camera, 1.22.
        let mut heard = Heard::default();
        for line in [
            "ERROR: from element /GstPipeline:pipeline0/GstV4l2Src:v4l2src0: Cannot identify device '/dev/video0'.",
            "Additional debug info:",
            "../sys/v4l2/v4l2_calls.c(608): gst_v4l2_open (): /GstPipeline:pipeline0/GstV4l2Src:v4l2src0:",
            "system error: No such file or directory",
            "ERROR: pipeline doesn't want to preroll.",
            "Failed to set pipeline to PAUSED.",
        ] {
            heard.line(line);
        }
        assert_eq!(
            heard.cause().unwrap(),
            "v4l2src0: Cannot identify device '/dev/video0'."
        );
        assert!(heard.text().contains("system error: No such file"));
    }

    #[test]
    fn a_pipeline_that_cannot_be_built_names_the_element() {
        let mut heard = Heard::default();
        heard.line("WARNING: erroneous pipeline: no element \"nvarguscamerasrc\"");
        assert_eq!(heard.cause().unwrap(), "no element \"nvarguscamerasrc\"");
    }

    #[test]
    fn last_words_stand_in_for_an_error() {
        let mut heard = Heard::default();
        assert_eq!(heard.cause(), None);
        (0..100).for_each(|n| heard.line(&format!("line {n}")));
        heard.line("");
        assert_eq!(heard.cause().unwrap(), "line 99");
        assert_eq!(heard.text().lines().count(), KEPT_LINES);
    }

    #[test]
    fn no_password_is_shown() {
        for (text, shown) in [
            (
                "rtspsrc location=rtsp://me:s3cr3t@10.0.0.7/s1 ! x",
                "rtspsrc location=rtsp://***@10.0.0.7/s1 ! x",
            ),
            ("a rtsp://me:p@ss@h b http://u@i/ c", "a rtsp://***@h b http://***@i/ c"),
            ("rtsp://10.0.0.7/a@b", "rtsp://10.0.0.7/a@b"),
            ("no address", "no address"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }

    #[test]
    fn lines_matter_by_gstreamers_own_words() {
        for (line, expected) in [
            ("ERROR: from element /a: b", Level::Error),
            ("WARNING: erroneous pipeline: no element \"x\"", Level::Error),
            (
                "WARNING: from element /a: A lot of buffers are being dropped.",
                Level::Warning,
            ),
            ("0:00:00.016 1234 0x5581 WARN  v4l2 v4l2src.c:1 x", Level::Warning),
            ("0:00:00.016 1234 0x5581 ERROR default x", Level::Error),
            ("0:00:00.016 1234 0x5581 LOG default x", Level::Debug),
            ("(gst-launch-1.0:12): GLib-CRITICAL **: 10:00:00: x", Level::Error),
            ("Additional debug info:", Level::Info),
            ("", Level::Info),
        ] {
            assert_eq!(level(line), expected, "{line}");
        }
    }
}
