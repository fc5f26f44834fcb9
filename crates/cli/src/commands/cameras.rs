//! `bushbaby cameras`: cameras and microphones that are plugged in, what they can give, and the line to write.

use std::process::ExitCode;

use bushbaby_sources::microphone::{self, MicrophoneInfo, SurveyError};
use bushbaby_sources::usb::{CameraInfo, ModeInfo, survey};
use serde_json::{Value, json};

use super::check::print;

/// Arguments of `cameras`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object a camera or microphone; `kind` says which it is.
    #[arg(long)]
    json: bool,
}

type Microphones = Result<Vec<MicrophoneInfo>, SurveyError>;

/// Lists the cameras and microphones of this machine. None is no failure.
pub(crate) fn run(args: Args) -> ExitCode {
    let (cameras, microphones) = (survey(), microphone::survey());
    if args.json {
        print(&in_json(&cameras, &microphones));
        return ExitCode::SUCCESS;
    }
    if cameras.is_empty() {
        eprintln!("no camera is plugged in");
        eprintln!("hint: `bushbaby demo` makes one; in a container, hand yours in: `--device /dev/video0`");
    } else {
        print(&in_words(&cameras));
    }
    match microphones {
        Ok(microphones) if microphones.is_empty() => {
            eprintln!("no microphone is plugged in");
            eprintln!(
                "hint: `mics: {{bed: scene:nursery}}` makes one; in a container, hand yours in: `--device /dev/snd`"
            );
        }
        Ok(microphones) => {
            if !cameras.is_empty() {
                print("\n");
            }
            print(&microphones_in_words(&microphones));
        }
        Err(error) => {
            eprintln!("microphones cannot be listed: {error}");
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
        }
    }
    ExitCode::SUCCESS
}

/// One object a line. What is said of microphones that cannot be listed is an object without a name.
fn in_json(cameras: &[CameraInfo], microphones: &Microphones) -> String {
    let told = |kind: &str, of: Option<Value>| {
        let mut object = json!({ "kind": kind });
        if let (Some(object), Some(Value::Object(of))) = (object.as_object_mut(), of) {
            object.extend(of);
        }
        object.to_string() + "\n"
    };
    let cameras = cameras
        .iter()
        .map(|camera| told("camera", serde_json::to_value(camera).ok()));
    let microphones: Vec<String> = match microphones {
        Ok(microphones) => {
            let each = microphones.iter();
            each.map(|microphone| told("microphone", serde_json::to_value(microphone).ok()))
                .collect()
        }
        Err(error) => {
            let problem = json!({ "problem": error.to_string(), "hint": error.hint() });
            vec![told("microphone", Some(problem))]
        }
    };
    cameras.chain(microphones).collect()
}

/// One paragraph a microphone, and how to use the first.
fn microphones_in_words(microphones: &[MicrophoneInfo]) -> String {
    let paragraph = |microphone: &MicrophoneInfo| {
        let MicrophoneInfo { id, name, pcm, usb } = microphone;
        let details: Vec<&str> = usb.as_deref().into_iter().chain([pcm.as_str()]).collect();
        format!("{name}\n  mic:{id}\n  {}\n\n", details.join(", "))
    };
    let mut text: String = microphones.iter().map(paragraph).collect();
    if let Some(first) = microphones.first() {
        text += &format!("In the pipeline file:\n\n  mics:\n    bed: mic:{}\n", first.id);
    }
    text
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
    fn a_microphone_is_told_with_the_line_to_write() {
        let microphone = |id: &str, usb: Option<&str>| MicrophoneInfo {
            id: id.into(),
            name: "HD Pro Webcam C920".into(),
            pcm: "plughw:CARD=C920,DEV=0".into(),
            usb: usb.map(str::to_owned),
        };
        let told = microphones_in_words(&[
            microphone("C920", Some("usb-046d_C920_A1-02")),
            microphone("other", None),
        ]);
        let wanted = "HD Pro Webcam C920
  mic:C920
  usb-046d_C920_A1-02, plughw:CARD=C920,DEV=0

HD Pro Webcam C920
  mic:other
  plughw:CARD=C920,DEV=0

In the pipeline file:

  mics:
    bed: mic:C920
";
        assert_eq!(told, wanted);
    }

    #[test]
    fn each_line_of_json_says_what_it_is() {
        let lines = in_json(&[webcam()], &Err(SurveyError::NoLibrary));
        let [camera, microphone] = lines.lines().collect::<Vec<_>>().try_into().unwrap();
        assert!(
            camera.starts_with("{\"kind\":\"camera\",\"name\":\"HD Pro Webcam C920\""),
            "{camera}"
        );
        assert_eq!(
            microphone,
            "{\"kind\":\"microphone\",\"problem\":\"`bushbaby-microphone` does not start: libasound is not installed\",\"hint\":\"sudo apt install libasound2\"}"
        );
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
