//! Topics: where in a recording the frames of a stream are.
//!
//! A topic is the stream's name, with the part of it behind another slash where a frame has several.

/// Behind a picture's node: its camera model.
pub const CALIBRATION: &str = "calibration";
/// Behind a picture's node: the model of the right view.
pub const CALIBRATION_RIGHT: &str = "calibration_right";
/// Behind a stream's name: what its frames say of themselves that the messages have no room for.
pub const INFO: &str = "info";
/// Behind the name of a stream of results: the same, to be drawn over the picture.
pub const ANNOTATIONS: &str = "annotations";
/// Behind the name of a stream of results: the same, as transforms.
pub const POSES: &str = "poses";
/// Behind the name of a stream of sounds that were heard: the same, as lines for people.
pub const LOG: &str = "log";
/// The name of the metadata record that says who recorded.
pub const METADATA: &str = "bushbaby";
/// The node part of streams on which the supervisor tells of nodes.
pub const HEALTH_NODE: &str = "_health";

/// `NODE/OUTPUT/part`: one array of a frame, or what belongs to it.
pub fn part(stream: &str, part: &str) -> String {
    format!("{stream}/{part}")
}

/// `NODE/calibration`.
pub fn calibration(node: &str) -> String {
    format!("{node}/{CALIBRATION}")
}

/// `NODE/calibration_right`.
pub fn calibration_right(node: &str) -> String {
    format!("{node}/{CALIBRATION_RIGHT}")
}

/// Splits a topic into its stream and the part behind it: `table/rgbd/depth` is `depth` of `table/rgbd`.
///
/// `None` when it has no slash: then it is nothing that a stream became.
pub fn split(topic: &str) -> Option<(&str, Option<&str>)> {
    let (node, rest) = topic.split_once('/')?;
    match rest.split_once('/') {
        None => Some((topic, None)),
        Some((output, part)) => Some((&topic[..node.len() + 1 + output.len()], Some(part))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_leads_back_to_its_stream() {
        assert_eq!(split("front/image"), Some(("front/image", None)));
        assert_eq!(split(&part("table/rgbd", "depth")), Some(("table/rgbd", Some("depth"))));
        assert_eq!(split("rosout"), None);
    }
}
