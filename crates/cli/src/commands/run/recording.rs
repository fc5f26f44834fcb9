//! `bushbaby run FILE --replay RECORDING`: a pipeline with its cameras played from a recording.

use std::path::PathBuf;

use bushbaby_node::Role;
use bushbaby_recording::read::cameras;
use bushbaby_sources::replay::Speed;
use bushbaby_supervisor::Plan;
use bushbaby_supervisor::file::Replay;

/// Reads `--speed`; it stays as it was written.
pub(super) fn speed(text: &str) -> Result<String, String> {
    let speed: Result<Speed, _> = text.parse();
    speed.map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Looks which cameras a recording holds.
///
/// # Errors
/// When it cannot be read, in words.
pub(super) fn open(recording: PathBuf, speed: Option<String>) -> Result<Replay, String> {
    let cameras = cameras(&recording).map_err(|error| error.to_string())?;
    Ok(Replay {
        cameras: cameras.into_iter().map(|camera| camera.name).collect(),
        recording,
        speed,
    })
}

/// Says which cameras are played and which are not.
///
/// # Errors
/// When the recording holds none of them: then it is the wrong one.
pub(super) fn in_words(replay: &Replay, plan: &Plan) -> Result<String, String> {
    let cameras = plan.nodes.iter().filter(|node| node.role == Role::Source);
    let (played, others): (Vec<&str>, Vec<&str>) = cameras
        .map(|camera| camera.spec.node.as_str())
        .partition(|name| replay.cameras.contains(*name));
    let recording = replay.recording.display();
    if played.is_empty() {
        let held: Vec<&str> = replay.cameras.iter().map(String::as_str).collect();
        let held = if held.is_empty() {
            "no camera at all".to_owned()
        } else {
            held.join(", ")
        };
        return Err(format!(
            "{recording} holds none of the file's cameras ({}), but {held}",
            others.join(", ")
        ));
    }
    let rest = match others.as_slice() {
        [] => String::new(),
        others => format!("; as the file has it: {}", others.join(", ")),
    };
    Ok(format!("played from {recording}: {}{rest}", played.join(", ")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bushbaby_recording::messages::{picture, sound};
    use bushbaby_recording::{Contents, McapWriter, Message};
    use bushbaby_supervisor::file::Checker;

    use super::*;
    use crate::kinds;

    fn told(held: &[&str]) -> Result<String, String> {
        let replay = Replay {
            recording: "day.mcap".into(),
            cameras: held.iter().map(|name| (*name).to_owned()).collect(),
            speed: None,
        };
        let checked =
            Checker::new(&kinds::all(), &|_| None).check("cameras: {front: scene, door: scene}", Path::new("a.yaml"));
        in_words(&replay, &checked.unwrap().plan)
    }

    #[test]
    fn it_says_which_cameras_are_played_and_refuses_a_recording_without_any() {
        let good = |words: &str| Ok(words.to_owned());
        assert_eq!(
            told(&["front", "door", "yard"]),
            good("played from day.mcap: front, door")
        );
        assert_eq!(
            told(&["door"]),
            good("played from day.mcap: door; as the file has it: front")
        );
        assert_eq!(
            told(&["yard"]).unwrap_err(),
            "day.mcap holds none of the file's cameras (front, door), but yard"
        );
    }

    /// A recording of a camera with sound, and of a microphone.
    fn recorded(folder: &Path) -> std::path::PathBuf {
        let metadata = [("version".to_owned(), "1".to_owned())].into();
        let (mut writer, mut bytes) = McapWriter::begin(&metadata);
        for (topic, contents, data) in [
            ("door/image", Contents::Jpeg, picture::jpeg("door", 0, vec![0xff, 0xd8])),
            ("door/audio", Contents::Sound, sound::sound(0, 8_000, 1, [0; 8])),
            ("crib/audio", Contents::Sound, sound::sound(0, 8_000, 1, [0; 8])),
        ] {
            let message = Message {
                topic: topic.to_owned(),
                contents,
                sequence: 0,
                log_time_ns: 5,
                data,
            };
            writer.add(&message, 0);
        }
        bytes.extend(writer.finish());
        let path = folder.join("night.mcap");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn recorded_sound_stands_in_the_place_of_cameras_and_is_recorded_again() {
        let folder = tempfile::tempdir().unwrap();
        let replay = open(recorded(folder.path()), None).unwrap();
        assert_eq!(replay.cameras, ["crib", "door"].map(str::to_owned).into());
        let kinds = kinds::all();
        let checker = Checker {
            replay: Some(&replay),
            ..Checker::new(&kinds, &|_| None)
        };
        let wires = |record: &str| {
            let text = format!("cameras: {{door: scene, crib: scene}}\nrecord: {record}\n");
            let checked = checker.check(&text, &folder.path().join("a.yaml")).unwrap();
            let node = checked
                .plan
                .nodes
                .iter()
                .find(|node| node.spec.node == "record")
                .unwrap();
            let inputs = node.spec.inputs.iter();
            let seen = inputs.filter(|input| input.stream.node() != "_health");
            seen.map(|input| (input.stream.to_string(), input.queue))
                .collect::<Vec<_>>()
        };
        let wire = |stream: &str, queue| (stream.to_owned(), Some(queue));
        assert_eq!(
            wires("again"),
            [wire("door/image", 8), wire("door/audio", 64), wire("crib/audio", 64)]
        );
        assert_eq!(
            wires("{in: \"*/audio\"}"),
            [wire("door/audio", 64), wire("crib/audio", 64)]
        );
        assert_eq!(
            wires("{in: \"*/audio\", queue: 7}"),
            [wire("door/audio", 7), wire("crib/audio", 7)]
        );
    }

    #[test]
    fn a_speed_is_a_factor_or_max() {
        assert_eq!(speed("max").as_deref(), Ok("max"));
        assert_eq!(speed("0.5").as_deref(), Ok("0.5"));
        assert!(speed("fast").is_err() && speed("0").is_err());
    }
}
