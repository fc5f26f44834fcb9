//! `bushbaby cameras`: what is plugged in, what it can give, and the line to write.

use std::process::ExitCode;

use bushbaby_sources::usb::{CameraInfo, ModeInfo, survey};

use super::check::print;

/// Arguments of `cameras`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object a camera.
    #[arg(long)]
    json: bool,
}

/// Lists the cameras of this machine. None is no failure.
pub(crate) fn run(args: Args) -> ExitCode {
    let cameras = survey();
    if args.json {
        let lines = cameras.iter().filter_map(|camera| serde_json::to_string(camera).ok());
        print(&lines.map(|line| line + "\n").collect::<String>());
    } else if cameras.is_empty() {
        eprintln!("no camera is plugged in");
        eprintln!("hint: `bushbaby demo` makes one; in a container, hand yours in: `--device /dev/video0`");
    } else {
        print(&in_words(&cameras));
    }
    ExitCode::SUCCESS
}

/// One paragraph a camera, and how to use the first.
fn in_words(cameras: &[CameraInfo]) -> String {
    let mut text: String = cameras.iter().map(paragraph).collect();
    if let Some(first) = cameras.iter().find(|camera| camera.problem.is_none()) {
        text += &format!("In the pipeline file:\n\n  cameras:\n    front: usb:{}\n", first.id);
    }
    text
}

fn paragraph(camera: &CameraInfo) -> String {
    let details = [
        Some(camera.path.display().to_string()),
        camera.serial.as_ref().map(|serial| format!("serial number {serial}")),
        camera.usb_id.clone(),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    let mut text = format!("{}\n  usb:{}\n  {}\n", camera.name, camera.id, details.join(", "));
    if let Some(problem) = &camera.problem {
        text += &format!("  {problem}\n");
    }
    if let Some(hint) = &camera.hint {
        text += &format!("  hint: {hint}\n");
    }
    let mut formats: Vec<&str> = camera.modes.iter().map(|mode| mode.format).collect();
    formats.sort_unstable();
    formats.dedup();
    for format in formats {
        let sizes: Vec<String> = camera
            .modes
            .iter()
            .filter(|mode| mode.format == format)
            .map(size)
            .collect();
        text += &format!("  {format:<5} {}\n", sizes.join("  "));
    }
    if !camera.other_formats.is_empty() {
        text += &format!("  by `gst:` only: {}\n", some_of(&camera.other_formats));
    }
    text + "\n"
}

/// The first names, and how many more there are.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let (shown, rest) = names.split_at(names.len().min(SHOWN));
    let more = if rest.is_empty() {
        String::new()
    } else {
        format!(" and {} more", rest.len())
    };
    shown.join(", ") + &more
}

/// `1280x720@60`, the fastest rate of a size.
fn size(mode: &ModeInfo) -> String {
    let up_to = if mode.is_largest_of_many { "up to " } else { "" };
    let size = match (mode.width, mode.height) {
        (0, 0) => "any size".to_owned(),
        (width, height) => format!("{up_to}{width}x{height}"),
    };
    mode.fps.first().map_or(size.clone(), |fps| format!("{size}@{fps}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(format: &'static str, width: u32, height: u32, fps: &[f64]) -> ModeInfo {
        ModeInfo {
            format,
            width,
            height,
            is_largest_of_many: false,
            fps: fps.to_vec(),
        }
    }

    fn webcam() -> CameraInfo {
        CameraInfo {
            name: "HD Pro Webcam C920".into(),
            id: "usb-046d_C920_A1-video-index0".into(),
            path: "/dev/video0".into(),
            serial: Some("A1".into()),
            usb_id: Some("046d:082d".into()),
            modes: vec![
                mode("jpeg", 1920, 1080, &[30.0, 15.0]),
                mode("yuyv", 640, 480, &[29.97]),
                mode("jpeg", 640, 480, &[]),
            ],
            other_formats: vec!["H264".into()],
            problem: None,
            hint: None,
        }
    }

    #[test]
    fn a_camera_is_told_with_the_line_to_write() {
        let told = in_words(&[webcam()]);
        let wanted = "HD Pro Webcam C920
  usb:usb-046d_C920_A1-video-index0
  /dev/video0, serial number A1, 046d:082d
  jpeg  1920x1080@30  640x480
  yuyv  640x480@29.97
  by `gst:` only: H264

In the pipeline file:

  cameras:
    front: usb:usb-046d_C920_A1-video-index0
";
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_camera_that_cannot_be_used_says_why_and_is_not_proposed() {
        let locked = CameraInfo {
            modes: Vec::new(),
            other_formats: Vec::new(),
            problem: Some("no permission to use camera `x`".into()),
            hint: Some("join the group".into()),
            ..webcam()
        };
        let told = in_words(&[locked]);
        assert!(
            told.contains("  no permission to use camera `x`\n  hint: join the group\n"),
            "{told}"
        );
        assert!(!told.contains("In the pipeline file"), "{told}");
    }

    #[test]
    fn a_long_list_of_formats_is_cut() {
        let names: Vec<String> = (0..10).map(|n| format!("F{n}")).collect();
        assert_eq!(some_of(&names), "F0, F1, F2, F3, F4, F5, F6, F7 and 2 more");
    }

    #[test]
    fn sizes_that_drivers_leave_open_are_said_as_such() {
        let any = ModeInfo {
            is_largest_of_many: true,
            ..mode("yuyv", 0, 0, &[])
        };
        assert_eq!(size(&any), "any size");
        let range = ModeInfo {
            is_largest_of_many: true,
            ..mode("yuyv", 3840, 2160, &[60.0])
        };
        assert_eq!(size(&range), "up to 3840x2160@60");
    }
}
