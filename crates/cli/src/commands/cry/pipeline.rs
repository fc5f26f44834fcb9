//! The pipeline file of `cry`, as one would write it by hand.

use std::fmt::Write as _;

/// What the command line asks for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// The list of cameras, beside the pipeline file.
    pub(super) cameras: &'a str,
    pub(super) listen_for: &'a [String],
    pub(super) threshold: Option<f64>,
    pub(super) send: &'a [String],
    pub(super) web: &'a str,
    pub(super) one_process: bool,
}

impl Wanted<'_> {
    /// Writes it.
    pub(super) fn in_yaml(&self) -> String {
        let mut out = format!(
            "cameras: {}\n\nstages:\n  cry:\n    kind: sound_events\n",
            text(self.cameras)
        );
        out += match self.one_process {
            true => "    in: \"*/audio\"                   # one process for all cameras\n",
            false => "    each: \"*/audio\"                 # one process for every camera with sound\n",
        };
        let sounds: Vec<String> = self.listen_for.iter().map(|sound| text(sound)).collect();
        // Writing to a String cannot fail.
        let _ = match self.threshold {
            None => writeln!(out, "    listen_for: [{}]", sounds.join(", ")),
            Some(threshold) => writeln!(out, "    listen_for: {{{}}}", each_above(&sounds, threshold)),
        };
        if !self.send.is_empty() {
            out += "\nalerts:\n";
        }
        for sound in self.listen_for.iter().filter(|_| !self.send.is_empty()) {
            let when = text(&format!("cry finds {sound}"));
            let _ = writeln!(out, "  {}:\n    when: {when}\n    quiet: 2min\n    send:", text(sound));
            for target in self.send {
                let _ = writeln!(out, "      - {}", text(target));
            }
        }
        let _ = writeln!(out, "\nweb: {}", text(self.web));
        out
    }
}

/// `baby_cry: 0.06, glass: 0.06`.
fn each_above(sounds: &[String], threshold: f64) -> String {
    let each: Vec<String> = sounds.iter().map(|sound| format!("{sound}: {threshold}")).collect();
    each.join(", ")
}

/// A text as YAML has it: in quotes where it would be something else without them.
fn text(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@$ ".contains(c);
    let is_safe = text.chars().all(is_plain)
        && !["null", "Null", "NULL"].contains(&text)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || "./$".contains(c))
        && !text.contains(": ")
        && !text.ends_with([':', ' ']);
    if is_safe {
        return text.to_owned();
    }
    // JSON is YAML.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn it_is_what_one_would_write() {
        let (baby, send) = (words(&["baby_cry"]), words(&["https://example.org/hook"]));
        let wanted = Wanted {
            cameras: "cameras.json",
            listen_for: &baby,
            threshold: None,
            send: &send,
            web: "5800",
            one_process: false,
        };
        insta::assert_snapshot!(wanted.in_yaml(), @r#"
        cameras: cameras.json

        stages:
          cry:
            kind: sound_events
            each: "*/audio"                 # one process for every camera with sound
            listen_for: [baby_cry]

        alerts:
          baby_cry:
            when: cry finds baby_cry
            quiet: 2min
            send:
              - https://example.org/hook

        web: 5800
        "#);
    }

    #[test]
    fn each_sound_is_an_alert_of_its_own_and_goes_to_all() {
        let (sounds, send) = (
            words(&["baby_cry", "smoke_alarm"]),
            words(&["https://example.org/hook?key=$KEY&a=[1]#x", "mqtt:home/baby"]),
        );
        let wanted = Wanted {
            cameras: "all: cameras.json",
            listen_for: &sounds,
            threshold: Some(0.05),
            send: &send,
            web: "0.0.0.0:5800",
            one_process: true,
        };
        insta::assert_snapshot!(wanted.in_yaml(), @r##"
        cameras: "all: cameras.json"

        stages:
          cry:
            kind: sound_events
            in: "*/audio"                   # one process for all cameras
            listen_for: {baby_cry: 0.05, smoke_alarm: 0.05}

        alerts:
          baby_cry:
            when: cry finds baby_cry
            quiet: 2min
            send:
              - "https://example.org/hook?key=$KEY&a=[1]#x"
              - mqtt:home/baby
          smoke_alarm:
            when: cry finds smoke_alarm
            quiet: 2min
            send:
              - "https://example.org/hook?key=$KEY&a=[1]#x"
              - mqtt:home/baby

        web: 0.0.0.0:5800
        "##);
    }

    #[test]
    fn without_anybody_to_tell_there_is_no_alert() {
        let baby = words(&["baby_cry"]);
        let wanted = Wanted {
            cameras: "cameras.json",
            listen_for: &baby,
            threshold: None,
            send: &[],
            web: "5800",
            one_process: false,
        };
        assert!(!wanted.in_yaml().contains("alerts"));
    }

    #[test]
    fn whatever_is_asked_for_the_file_reads_back() {
        for given in [
            "- a", "a: b", "#", "a #b", "", " ", "*x", "a,b]", "ü\n", "\"", "yes:", "&a", "!t", "%", "null",
        ] {
            let yaml = format!("key: [{}]\n", text(given));
            let tree = bushbaby_supervisor::file::parse(&yaml, std::path::Path::new("cry.yaml")).unwrap();
            let bushbaby_node::settings::Value::List(items) = &tree.get("key").unwrap().value else {
                panic!("{yaml}")
            };
            assert_eq!(items[0].as_text(), Some(given), "{yaml}");
        }
    }
}
