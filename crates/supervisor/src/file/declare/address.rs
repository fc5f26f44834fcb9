//! A camera's address: from `usb:0` or `rtsp://…` to a kind and its first setting.

use crate::file::declare::not_yet;
use crate::file::problem::{in_backticks, meant};

/// What an address says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// Which kind of source plays it.
    pub(crate) kind: &'static str,
    /// The part that the kind's own setting takes; absent for a bare `scene`.
    pub(crate) value: Option<&'a str>,
}

/// An address that no source plays.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadAddress {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

const RTSP: &str = "rtsp";
const VIDEO_FILE: &str = "video_file";

/// The setting that holds what an address names: it bears the kind's own name, and for RTSP is the `url`.
pub(crate) fn own_key(kind: &'static str) -> &'static str {
    if kind == RTSP { "url" } else { kind }
}

/// Finds the kind among `sources`. `is_there` says whether a path exists, for names without a slash or a dot.
///
/// # Errors
/// What is wrong with the address, in words.
pub(crate) fn read<'a>(
    text: &'a str,
    sources: &[&'static str],
    is_there: impl Fn(&str) -> bool,
) -> Result<Address<'a>, BadAddress> {
    let find = |name: &str| sources.iter().copied().find(|kind| *kind == name);
    let (head, behind) = text
        .split_once(':')
        .map_or((text, None), |(head, behind)| (head, Some(behind)));
    let is_scheme = !head.is_empty() && head.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if let Some(behind) = behind
        .and_then(|behind| behind.strip_prefix("//"))
        .filter(|_| is_scheme)
    {
        return match find(head) {
            Some(kind) if behind.is_empty() => Err(cut_off(text, kind)),
            Some(kind) => Ok(Address {
                kind,
                value: Some(text),
            }),
            None => Err(unknown_scheme(head, sources)),
        };
    }
    if let Some(kind) = find(head) {
        return match behind {
            // An RTSP camera has no address without its `//`.
            _ if kind == RTSP => Err(bad(text, Some(format!("for example `{}`", example(kind))))),
            Some(behind) if behind.trim().is_empty() => Err(cut_off(text, kind)),
            Some(behind) => Ok(Address {
                kind,
                value: Some(behind.trim_start()),
            }),
            None if kind == "scene" => Ok(Address { kind, value: None }),
            None => Err(cut_off(text, kind)),
        };
    }
    if text.starts_with("/dev/video") {
        return Err(bad(text, Some(format!("did you mean `usb:{text}`?"))));
    }
    if let Some(kind) = find(VIDEO_FILE)
        && (text.contains(['/', '.']) || is_there(text))
    {
        return Ok(Address {
            kind,
            value: Some(text),
        });
    }
    Err(bad(text, Some(guess(text, head, sources))))
}

fn bad(text: &str, hint: Option<String>) -> BadAddress {
    BadAddress {
        message: format!("`{text}` is no address of a camera"),
        hint,
    }
}

fn cut_off(text: &str, kind: &str) -> BadAddress {
    BadAddress {
        message: format!("the address `{text}` is cut off"),
        hint: Some(format!("for example `{}`", example(kind))),
    }
}

fn unknown_scheme(scheme: &str, sources: &[&'static str]) -> BadAddress {
    if not_yet::SCHEMES.contains(&scheme) {
        return BadAddress {
            message: not_yet::message(&format!("{scheme}://")),
            hint: None,
        };
    }
    let hint = meant(scheme, sources.iter().copied()).map(|kind| format!("did you mean `{}`?", example(kind)));
    BadAddress {
        message: format!("no source plays addresses that start with `{scheme}://`"),
        hint,
    }
}

fn guess(text: &str, head: &str, sources: &[&'static str]) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
        return format!("did you mean `usb:{text}`?");
    }
    let letters = head.trim_end_matches(|c: char| c.is_ascii_digit());
    match meant(letters, sources.iter().copied()) {
        Some(kind) => format!("did you mean `{}`?", example(kind)),
        None => format!("for example {}", in_backticks(sources.iter().map(|kind| example(kind)))),
    }
}

/// An address as people write it.
pub(crate) fn example(kind: &str) -> &str {
    match kind {
        "usb" => "usb:0",
        RTSP => "rtsp://10.0.0.7/stream",
        "gst" => "gst:videotestsrc",
        VIDEO_FILE => "clips/a.mp4",
        "replay" => "replay:day.mcap",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: [&str; 5] = ["usb", "rtsp", "gst", "video_file", "scene"];

    fn good(text: &str) -> (&'static str, Option<&str>) {
        let address = read(text, &SOURCES, |path| path == "clips").unwrap();
        (address.kind, address.value)
    }

    fn told(text: &str) -> String {
        let BadAddress { message, hint } = read(text, &SOURCES, |_| false).unwrap_err();
        format!("{message} ({})", hint.unwrap_or_default())
    }

    #[test]
    fn each_short_form_has_its_kind() {
        assert_eq!(good("scene"), ("scene", None));
        assert_eq!(good("scene:tags"), ("scene", Some("tags")));
        assert_eq!(good("scene:rgbd"), ("scene", Some("rgbd")));
        assert_eq!(good("usb:0"), ("usb", Some("0")));
        assert_eq!(good("usb:/dev/video2"), ("usb", Some("/dev/video2")));
        assert_eq!(good("gst: v4l2src ! appsink"), ("gst", Some("v4l2src ! appsink")));
        assert_eq!(good("gst:rtspsrc location=rtsp://10.0.0.7/s1 ! appsink").0, "gst");
        assert_eq!(good("rtsp://10.0.0.7/s1"), ("rtsp", Some("rtsp://10.0.0.7/s1")));
        assert_eq!(good("clips/a.mp4"), ("video_file", Some("clips/a.mp4")));
        assert_eq!(good("a.mp4"), ("video_file", Some("a.mp4")));
        assert_eq!(good("clips"), ("video_file", Some("clips")));
        assert_eq!(good("video_file:clips"), ("video_file", Some("clips")));
    }

    #[test]
    fn a_bad_address_says_what_would_be_good() {
        insta::assert_snapshot!(
            ["0", "usb0", "usb", "usb:", "/dev/video0", "rstp://10.0.0.7/s1", "http://10.0.0.7/mjpg", "rtsps://10.0.0.7/s1", "srt://10.0.0.7", "scnee", "banana", "rtsp:10.0.0.7", "rtsp://", ""]
                .map(told)
                .join("\n"),
            @r"
        `0` is no address of a camera (did you mean `usb:0`?)
        `usb0` is no address of a camera (did you mean `usb:0`?)
        the address `usb` is cut off (for example `usb:0`)
        the address `usb:` is cut off (for example `usb:0`)
        `/dev/video0` is no address of a camera (did you mean `usb:/dev/video0`?)
        no source plays addresses that start with `rstp://` (did you mean `rtsp://10.0.0.7/stream`?)
        `http://` is not there yet in this version ()
        `rtsps://` is not there yet in this version ()
        no source plays addresses that start with `srt://` ()
        `scnee` is no address of a camera (did you mean `scene`?)
        `banana` is no address of a camera (for example `usb:0`, `rtsp://10.0.0.7/stream`, `gst:videotestsrc`, `clips/a.mp4`, `scene`)
        `rtsp:10.0.0.7` is no address of a camera (for example `rtsp://10.0.0.7/stream`)
        the address `rtsp://` is cut off (for example `rtsp://10.0.0.7/stream`)
        `` is no address of a camera (for example `usb:0`, `rtsp://10.0.0.7/stream`, `gst:videotestsrc`, `clips/a.mp4`, `scene`)
        "
        );
    }
}
