//! What a person can do about a pipeline that ended: from GStreamer's words to packages and habits.

/// What installs the program itself.
pub(super) const INSTALL: &str =
    "sudo apt install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good";

/// Returns what to do about `said`, the last lines of a child that ended, if that is known.
pub(super) fn hint(said: &str) -> Option<String> {
    if let Some(element) = missing_element(said) {
        return Some(package_of(element));
    }
    let known = [
        (
            "Device or resource busy",
            "another program has the camera open: end it, or let it read our stream",
        ),
        (
            "Permission denied",
            "let yourself use cameras: `sudo usermod -aG video $USER`, then log in again",
        ),
        (
            "Cannot identify device",
            "`bushbaby cameras` lists the cameras that are plugged in",
        ),
        (
            "No cameras available",
            "check the ribbon cable and `sudo systemctl restart nvargus-daemon`",
        ),
        (
            "Failed to create CaptureSession",
            "another program has the camera, or the daemon lost it: `sudo systemctl restart nvargus-daemon`",
        ),
        (
            "memory:NVMM",
            "put `nvvidconv` between the hardware's pictures and what follows",
        ),
        (
            "Unauthorized",
            "the address wants a user and a password: `rtsp://USER:PASSWORD@…`",
        ),
        (
            "Could not connect to server",
            "check the address, and that the camera answers: `ping`",
        ),
        (
            "not-negotiated",
            "the camera has no such format, size or rate; `bushbaby cameras` lists what it has",
        ),
        (
            "could not link",
            "the two have no format in common: `decodebin` decodes what is compressed, `videoconvert` converts what is not",
        ),
        (
            "syntax error",
            "try the same words behind `gst-launch-1.0` in a terminal",
        ),
        (
            "no property",
            "`gst-inspect-1.0 ELEMENT` lists the properties of this version",
        ),
    ];
    known
        .iter()
        .find(|(words, _)| said.contains(words))
        .map(|(_, hint)| (*hint).to_owned())
}

/// The name in `no element "NAME"`.
fn missing_element(said: &str) -> Option<&str> {
    said.split_once("no element \"")?.1.split('"').next()
}

/// Which package of Debian, Ubuntu or Jetson Linux an element is in.
fn package_of(element: &str) -> String {
    let is_one_of = |names: &[&str]| names.iter().any(|name| element.starts_with(name));
    if is_one_of(&["nv"]) {
        return "it comes with NVIDIA's Jetson Linux: `sudo apt install nvidia-l4t-gstreamer` (on another machine leave it out)".to_owned();
    }
    let package = if is_one_of(&[
        "v4l2",
        "rtsp",
        "rtp",
        "udp",
        "multipart",
        "jpegdec",
        "jpegenc",
        "png",
        "qtdemux",
        "matroska",
        "avidemux",
        "flv",
        "souphttp",
        "videocrop",
        "videobalance",
        "videoflip",
        "vp8",
        "vp9",
        "imagefreeze",
        "multifile",
        "splitmux",
        "ximagesrc",
    ]) {
        "gstreamer1.0-plugins-good"
    } else if is_one_of(&[
        "video",
        "decodebin",
        "uridecodebin",
        "playbin",
        "app",
        "tcp",
        "gio",
        "rawvideoparse",
        "compositor",
        "overlay",
        "clockoverlay",
        "timeoverlay",
        "subparse",
    ]) {
        "gstreamer1.0-plugins-base"
    } else if is_one_of(&[
        "h264parse",
        "h265parse",
        "mpegvideoparse",
        "openh264",
        "srt",
        "webrtc",
        "kms",
        "wayland",
        "shm",
        "rtmp",
        "decklink",
        "v4l2codecs",
        "v4l2sl",
        "vah26",
        "vapost",
        "aiur",
        "jpegparse",
        "hls",
        "interpipe",
        "tsdemux",
    ]) {
        "gstreamer1.0-plugins-bad"
    } else if is_one_of(&["x264enc"]) {
        "gstreamer1.0-plugins-ugly"
    } else if is_one_of(&["avdec_", "avenc_", "avdemux_"]) {
        "gstreamer1.0-libav"
    } else if is_one_of(&["libcamera"]) {
        "gstreamer1.0-libcamera"
    } else if is_one_of(&["gl", "gtk"]) {
        "gstreamer1.0-gl"
    } else {
        return format!("check its spelling; `gst-inspect-1.0 {element}` tells whether it is installed");
    };
    format!("sudo apt install {package}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(element: &str) -> String {
        hint(&format!("WARNING: erroneous pipeline: no element \"{element}\"\n")).unwrap()
    }

    #[test]
    fn a_missing_element_names_its_package() {
        assert!(missing("nvarguscamerasrc").contains("nvidia-l4t-gstreamer"));
        for (element, package) in [
            ("multipartmux", "gstreamer1.0-plugins-good"),
            ("v4l2src", "gstreamer1.0-plugins-good"),
            ("videoconvert", "gstreamer1.0-plugins-base"),
            ("h264parse", "gstreamer1.0-plugins-bad"),
            ("avdec_h264", "gstreamer1.0-libav"),
            ("libcamerasrc", "gstreamer1.0-libcamera"),
        ] {
            assert_eq!(missing(element), format!("sudo apt install {package}"));
        }
        assert_eq!(
            missing("v5l2src"),
            "check its spelling; `gst-inspect-1.0 v5l2src` tells whether it is installed"
        );
    }

    #[test]
    fn known_troubles_have_a_remedy_and_unknown_ones_none() {
        assert!(
            hint("system error: Device or resource busy")
                .unwrap()
                .starts_with("another program")
        );
        assert!(
            hint("could not link a0 to b0, a0 can't handle caps video/x-raw(memory:NVMM)")
                .unwrap()
                .contains("nvvidconv")
        );
        assert!(hint("could not link a0 to b0").unwrap().contains("decodebin"));
        assert_eq!(hint("something went wrong"), None);
    }
}
