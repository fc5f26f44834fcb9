//! The address of a camera or a microphone: from `usb:0`, `mic:default`, `rtsp://…` or `http://…` to a kind and its first setting.

use crate::file::declare::{Noun, not_yet};
use crate::file::problem::{in_backticks, meant};

/// What an address says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// Which kind of source plays it.
    pub(crate) kind: &'static str,
    /// The part that the kind's own setting takes; absent for a bare `scene` or `mic`.
    pub(crate) value: Option<&'a str>,
}

impl Address<'_> {
    /// Whether it names a file.
    pub(crate) fn is_file(&self) -> bool {
        [VIDEO_FILE, SOUND_FILE].contains(&self.kind)
    }
}

/// An address that no source plays.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadAddress {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

const RTSP: &str = "rtsp";
const HTTP: &str = "http";
const VIDEO_FILE: &str = "video_file";
const SOUND_FILE: &str = "sound_file";
const MICROPHONE: &str = "microphone";
const USB: &str = "usb";
/// How a microphone is called in addresses and as a key.
const MIC: &str = "mic";

/// What stands under `mics:`, each with an address as people write it. A film is played for its sound alone.
const MICS: [(&str, &str); 5] = [
    (MICROPHONE, "mic:default"),
    (SOUND_FILE, "sounds/a.wav"),
    ("scene", "scene:nursery"),
    (RTSP, "rtsp://10.0.0.7/stream"),
    ("replay", "replay:day.mcap"),
];

/// What makes nothing but sound. It may stand under `cameras:`, but nobody looks for it there.
const ONLY_MICS: [&str; 2] = [MICROPHONE, SOUND_FILE];

/// Endings of files that hold sound and no pictures.
const SOUND_ENDINGS: [&str; 4] = [".wav", ".flac", ".mp3", ".m4a"];

/// The setting that holds what an address names: it bears the kind's own name, and for RTSP is the `url`.
pub(crate) fn own_key(kind: &'static str) -> &'static str {
    match kind {
        RTSP => "url",
        MICROPHONE => MIC,
        kind => kind,
    }
}

/// The kind that a key says a source is.
pub(crate) fn kind_of_key(key: &str, noun: Noun, sources: &[&'static str]) -> Option<&'static str> {
    let kind = match (key, noun) {
        (MIC, _) | (USB, Noun::Mic) => MICROPHONE,
        ("file", Noun::Mic) => SOUND_FILE,
        (key, _) => key,
    };
    sources.iter().copied().find(|known| *known == kind)
}

/// What a key's value is as the kind's own setting: a microphone on USB is one that is looked for there alone.
pub(crate) fn value_of_key(key: &str, noun: Noun, value: &str) -> Option<String> {
    (key == USB && noun == Noun::Mic).then(|| format!("{USB}:{value}"))
}

/// Whether people look for a kind under `mics:`.
pub(crate) fn is_heard(kind: &str) -> bool {
    MICS.iter().any(|(mic, _)| *mic == kind)
}

/// The keys under which the own setting of a kind may stand under `mics:`.
pub(crate) fn own_keys_of_mic(kind: &'static str) -> Vec<&'static str> {
    match kind {
        MICROPHONE => vec![MIC, USB],
        SOUND_FILE => vec![SOUND_FILE, "file"],
        kind => vec![own_key(kind)],
    }
}

/// The kinds that people look for under a noun.
fn usual(noun: Noun, sources: &[&'static str]) -> impl Iterator<Item = &'static str> {
    let is_usual = move |kind: &&'static str| match noun {
        Noun::Mic => is_heard(kind),
        _ => !ONLY_MICS.contains(kind),
    };
    sources.iter().copied().filter(is_usual)
}

/// The keys that say what a source is.
pub(crate) fn keys_of(noun: Noun, sources: &[&'static str]) -> impl Iterator<Item = &'static str> {
    usual(noun, sources).map(|kind| match kind {
        RTSP => RTSP,
        kind => own_key(kind),
    })
}

/// Finds the kind among `sources`. `is_there` says whether a path exists, for names without a slash or a dot.
///
/// # Errors
/// What is wrong with the address, in words.
pub(crate) fn read<'a>(
    text: &'a str,
    noun: Noun,
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
        let scheme = if head == "https" { HTTP } else { head };
        return match find(scheme) {
            Some(kind) if behind.is_empty() => Err(cut_off(text, kind)),
            Some(kind) => Ok(Address {
                kind,
                value: Some(text),
            }),
            None => Err(unknown_scheme(head, noun, sources)),
        };
    }
    if let Some(kind) = kind_of_key(head, noun, sources) {
        return match behind {
            // A camera on the network has no address without its `//`.
            _ if [RTSP, HTTP].contains(&kind) => Err(bad(text, noun, Some(format!("for example `{}`", example(kind))))),
            Some(behind) if behind.trim().is_empty() => Err(cut_off(text, kind)),
            Some(behind) => Ok(Address {
                kind,
                // `usb:` says where a microphone is looked for.
                value: Some(if head == USB && kind == MICROPHONE {
                    text
                } else {
                    behind.trim_start()
                }),
            }),
            None if kind == "scene" || head == MIC => Ok(Address { kind, value: None }),
            None => Err(cut_off(text, kind)),
        };
    }
    if text.starts_with("/dev/video") {
        return Err(bad(text, noun, Some(format!("did you mean `usb:{text}`?"))));
    }
    let lower = text.to_ascii_lowercase();
    let is_sound = noun == Noun::Mic || SOUND_ENDINGS.iter().any(|ending| lower.ends_with(ending));
    // Nothing would be the folder of the file itself.
    if let Some(kind) = find(if is_sound { SOUND_FILE } else { VIDEO_FILE }).filter(|_| !text.is_empty())
        && (text.contains(['/', '.']) || is_there(text))
    {
        return Ok(Address {
            kind,
            value: Some(text),
        });
    }
    Err(bad(text, noun, Some(guess(text, head, noun, sources))))
}

fn bad(text: &str, noun: Noun, hint: Option<String>) -> BadAddress {
    BadAddress {
        message: format!("`{text}` is no address of a {}", noun.word()),
        hint,
    }
}

fn cut_off(text: &str, kind: &str) -> BadAddress {
    BadAddress {
        message: format!("the address `{text}` is cut off"),
        hint: Some(format!("for example `{}`", example(kind))),
    }
}

fn unknown_scheme(scheme: &str, noun: Noun, sources: &[&'static str]) -> BadAddress {
    if not_yet::SCHEMES.contains(&scheme) {
        return BadAddress {
            message: not_yet::message(&format!("{scheme}://")),
            hint: None,
        };
    }
    let hint = meant(scheme, usual(noun, sources)).map(|kind| format!("did you mean `{}`?", example(kind)));
    BadAddress {
        message: format!("no source plays addresses that start with `{scheme}://`"),
        hint,
    }
}

fn guess(text: &str, head: &str, noun: Noun, sources: &[&'static str]) -> String {
    let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if is_number && noun == Noun::Camera {
        return format!("did you mean `usb:{text}`?");
    }
    // Names of ALSA's own devices.
    if noun == Noun::Mic && ["hw", "plughw", "sysdefault", "default", "pulse", "pipewire"].contains(&head) {
        return format!("did you mean `{MIC}:{text}`?");
    }
    let letters = head.trim_end_matches(|c: char| c.is_ascii_digit());
    match meant(letters, keys_of(noun, sources)) {
        Some(key) => format!(
            "did you mean `{}`?",
            example_of(kind_of_key(key, noun, sources).unwrap_or(key), noun)
        ),
        None => format!(
            "for example {}",
            in_backticks(usual(noun, sources).map(|kind| example_of(kind, noun)))
        ),
    }
}

/// An address as people write it under a noun.
fn example_of(kind: &'static str, noun: Noun) -> &'static str {
    let mic = MICS.iter().find(|(mic, _)| noun == Noun::Mic && *mic == kind);
    mic.map_or_else(|| example(kind), |(_, example)| example)
}

/// The noun under which people look for a kind.
pub(crate) fn noun_of(kind: &str) -> Noun {
    if ONLY_MICS.contains(&kind) {
        Noun::Mic
    } else {
        Noun::Camera
    }
}

/// An address as people write it.
pub(crate) fn example(kind: &str) -> &str {
    match kind {
        USB => "usb:0",
        RTSP => "rtsp://10.0.0.7/stream",
        HTTP => "http://10.0.0.11/video.mjpg",
        "gst" => "gst:videotestsrc",
        VIDEO_FILE => "clips/a.mp4",
        "replay" => "replay:day.mcap",
        MICROPHONE => "mic:default",
        SOUND_FILE => "sounds/a.wav",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: [&str; 8] = [
        "usb",
        "rtsp",
        "http",
        "gst",
        "video_file",
        "scene",
        "microphone",
        "sound_file",
    ];

    fn good(text: &str) -> (&'static str, Option<&str>) {
        good_under(Noun::Camera, text)
    }

    fn good_under(noun: Noun, text: &str) -> (&'static str, Option<&str>) {
        let address = read(text, noun, &SOURCES, |path| path == "clips").unwrap();
        (address.kind, address.value)
    }

    fn told(text: &str) -> String {
        told_under(Noun::Camera, text)
    }

    fn told_under(noun: Noun, text: &str) -> String {
        let BadAddress { message, hint } = read(text, noun, &SOURCES, |_| false).unwrap_err();
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
        assert_eq!(good("http://10.0.0.11/v?a=b"), ("http", Some("http://10.0.0.11/v?a=b")));
        assert_eq!(good("https://10.0.0.11/v"), ("http", Some("https://10.0.0.11/v")));
        assert_eq!(good("clips/a.mp4"), ("video_file", Some("clips/a.mp4")));
        assert_eq!(good("a.mp4"), ("video_file", Some("a.mp4")));
        assert_eq!(good("clips"), ("video_file", Some("clips")));
        assert_eq!(good("video_file:clips"), ("video_file", Some("clips")));
        assert_eq!(good("night.WAV"), ("sound_file", Some("night.WAV")));
        assert_eq!(good("mic:default"), ("microphone", Some("default")));
    }

    #[test]
    fn each_short_form_of_a_microphone_has_its_kind() {
        let good = |text| good_under(Noun::Mic, text);
        assert_eq!(good("mic"), ("microphone", None));
        assert_eq!(good("mic:default"), ("microphone", Some("default")));
        assert_eq!(good("mic:hw:1,0"), ("microphone", Some("hw:1,0")));
        assert_eq!(good("microphone:C920"), ("microphone", Some("C920")));
        assert_eq!(good("usb:C920"), ("microphone", Some("usb:C920")));
        assert_eq!(good("sounds/a.wav"), ("sound_file", Some("sounds/a.wav")));
        assert_eq!(good("a.mp4"), ("sound_file", Some("a.mp4")));
        assert_eq!(good("file:night"), ("sound_file", Some("night")));
        assert_eq!(good("scene:nursery"), ("scene", Some("nursery")));
        assert_eq!(good("rtsp://10.0.0.7/s1"), ("rtsp", Some("rtsp://10.0.0.7/s1")));
    }

    #[test]
    fn a_bad_address_of_a_microphone_says_what_would_be_good() {
        let told = |text| told_under(Noun::Mic, text);
        insta::assert_snapshot!(
            ["default", "hw:1", "mci:default", "mic:", "usb", "0", "file:", "banana", ""].map(told).join("\n"),
            @r"
        `default` is no address of a microphone (did you mean `mic:default`?)
        `hw:1` is no address of a microphone (did you mean `mic:hw:1`?)
        `mci:default` is no address of a microphone (did you mean `mic:default`?)
        the address `mic:` is cut off (for example `mic:default`)
        the address `usb` is cut off (for example `mic:default`)
        `0` is no address of a microphone (for example `rtsp://10.0.0.7/stream`, `scene:nursery`, `mic:default`, `sounds/a.wav`)
        the address `file:` is cut off (for example `sounds/a.wav`)
        `banana` is no address of a microphone (for example `rtsp://10.0.0.7/stream`, `scene:nursery`, `mic:default`, `sounds/a.wav`)
        `` is no address of a microphone (for example `rtsp://10.0.0.7/stream`, `scene:nursery`, `mic:default`, `sounds/a.wav`)
        "
        );
    }

    #[test]
    fn a_bad_address_says_what_would_be_good() {
        insta::assert_snapshot!(
            ["0", "usb0", "usb", "usb:", "/dev/video0", "rstp://10.0.0.7/s1", "http://", "https://", "http:10.0.0.11", "htpp://10.0.0.11/", "rtsps://10.0.0.7/s1", "srt://10.0.0.7", "scnee", "banana", "rtsp:10.0.0.7", "rtsp://", ""]
                .map(told)
                .join("\n"),
            @r"
        `0` is no address of a camera (did you mean `usb:0`?)
        `usb0` is no address of a camera (did you mean `usb:0`?)
        the address `usb` is cut off (for example `usb:0`)
        the address `usb:` is cut off (for example `usb:0`)
        `/dev/video0` is no address of a camera (did you mean `usb:/dev/video0`?)
        no source plays addresses that start with `rstp://` (did you mean `rtsp://10.0.0.7/stream`?)
        the address `http://` is cut off (for example `http://10.0.0.11/video.mjpg`)
        the address `https://` is cut off (for example `http://10.0.0.11/video.mjpg`)
        `http:10.0.0.11` is no address of a camera (for example `http://10.0.0.11/video.mjpg`)
        no source plays addresses that start with `htpp://` (did you mean `http://10.0.0.11/video.mjpg`?)
        `rtsps://` is not there yet in this version ()
        no source plays addresses that start with `srt://` ()
        `scnee` is no address of a camera (did you mean `scene`?)
        `banana` is no address of a camera (for example `usb:0`, `rtsp://10.0.0.7/stream`, `http://10.0.0.11/video.mjpg`, `gst:videotestsrc`, `clips/a.mp4`, `scene`)
        `rtsp:10.0.0.7` is no address of a camera (for example `rtsp://10.0.0.7/stream`)
        the address `rtsp://` is cut off (for example `rtsp://10.0.0.7/stream`)
        `` is no address of a camera (for example `usb:0`, `rtsp://10.0.0.7/stream`, `http://10.0.0.11/video.mjpg`, `gst:videotestsrc`, `clips/a.mp4`, `scene`)
        "
        );
    }
}
