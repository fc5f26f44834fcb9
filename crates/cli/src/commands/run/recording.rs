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

    #[test]
    fn a_speed_is_a_factor_or_max() {
        assert_eq!(speed("max").as_deref(), Ok("max"));
        assert_eq!(speed("0.5").as_deref(), Ok("0.5"));
        assert!(speed("fast").is_err() && speed("0").is_err());
    }
}
