//! What dashboards are told of cameras, as WPILib's `CameraServer` tells it below `/CameraPublisher/CAMERA/`.

use std::net::IpAddr;

use bushbaby_vision::camera::CameraModel;

use super::entry::{Content, Entry};

/// Where the pictures are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Streams {
    /// This machine's name, found as `NAME.local`.
    pub(crate) hostname: String,
    /// Its address as the robot reaches it, where that is known.
    pub(crate) address: Option<IpAddr>,
    /// The page's port.
    pub(crate) port: u16,
}

/// What is said of a camera.
///
/// - `is_there`: whether anything came of it lately.
pub(crate) fn camera(name: &str, streams: &Streams, camera: Option<&CameraModel>, is_there: bool) -> Vec<Entry> {
    let entry = |key: &str, content: Content| Entry::new(format!("/CameraPublisher/{name}/{key}"), content);
    let mode = camera.map_or_else(String::new, |camera| {
        format!("{}x{} MJPEG", camera.width_px, camera.height_px)
    });
    vec![
        entry("source", "cv:".into()),
        entry("description", format!("{name}, by bushbaby").into()),
        entry("streams", streams.of(name).into()),
        entry("connected", is_there.into()),
        entry("mode", mode.as_str().into()),
        entry("modes", (if mode.is_empty() { Vec::new() } else { vec![mode] }).into()),
    ]
}

impl Streams {
    fn of(&self, camera: &str) -> Vec<String> {
        let port = self.port;
        let at = |host: String| format!("mjpg:http://{host}:{port}/?action=stream&name={camera}");
        let address = self.address.map(|address| match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        });
        [Some(format!("{}.local", self.hostname)), address]
            .into_iter()
            .flatten()
            .map(at)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_named_by_name_and_by_address() {
        let streams = Streams {
            hostname: "jetson".to_owned(),
            address: Some([10, 15, 18, 11].into()),
            port: 5800,
        };
        let model = CameraModel::from_fov(640, 480, 60.0).unwrap();
        let entries = camera("front", &streams, Some(&model), true);
        let lines: Vec<String> = entries
            .iter()
            .map(|entry| format!("{} {} = {:?}", entry.topic, entry.content.type_name(), entry.content))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        /CameraPublisher/front/source string = "cv:"
        /CameraPublisher/front/description string = "front, by bushbaby"
        /CameraPublisher/front/streams string[] = ["mjpg:http://jetson.local:5800/?action=stream&name=front", "mjpg:http://10.15.18.11:5800/?action=stream&name=front"]
        /CameraPublisher/front/connected boolean = true
        /CameraPublisher/front/mode string = "640x480 MJPEG"
        /CameraPublisher/front/modes string[] = ["640x480 MJPEG"]
        "#);
    }
}
