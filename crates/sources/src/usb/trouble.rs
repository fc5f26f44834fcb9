//! Why there are no pictures from a camera, in words, and what to do about it.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::camera::Listed;
use super::pick::Wanted;
use super::settings::Format;

/// Why a camera gives nothing; all of it may pass.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No such camera; with those that are there.
    NotThere(Wanted, Vec<String>),
    /// The device is no camera; with those that are.
    NotACamera(Box<Listed>, Vec<String>),
    /// The name fits several; each with what to write instead.
    Several(String, Vec<String>),
    /// Only GStreamer knows how to set it up.
    PlanesApart(Box<Listed>),
    /// It has nothing in this form; with what it has.
    Format(Box<Listed>, Format, Vec<String>),
    /// The kernel refused.
    System {
        camera: Box<Listed>,
        doing: &'static str,
        error: io::Error,
        holders: Vec<String>,
    },
    /// Nothing for so many seconds.
    Silent { camera: Box<Listed>, seconds: u64 },
}

impl Trouble {
    /// The kernel refused `doing` something with a camera.
    pub(super) fn system(camera: &Listed, doing: &'static str, error: io::Error) -> Self {
        let is_busy = errno(&error) == Some(Errno::BUSY);
        let holders = if is_busy {
            holders(&camera.path, Path::new("/proc"))
        } else {
            Vec::new()
        };
        Self::System {
            camera: Box::new(camera.clone()),
            doing,
            error,
            holders,
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> Option<String> {
        let plugged = |others: &[String]| {
            match others {
            [] => "no camera is plugged in; in a container or virtual machine, hand the device in (`--device /dev/video0`)".to_owned(),
            others => format!("plugged in: {}", others.join(", ")),
        }
        };
        Some(match self {
            Self::NotThere(_, others) | Self::NotACamera(_, others) => plugged(others),
            Self::Several(_, lines) => format!(
                "write one of: {}",
                lines
                    .iter()
                    .map(|line| format!("`usb:{line}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            Self::PlanesApart(camera) => format!("use GStreamer: `gst: v4l2src device={}`", camera.path.display()),
            Self::Format(camera, _, others) if !others.is_empty() => {
                format!(
                    "it has {}; for H.264 use `gst: v4l2src device={} ! decodebin`",
                    others.join(", "),
                    camera.path.display()
                )
            }
            Self::Format(..) => "`bushbaby cameras` lists what it has".to_owned(),
            Self::Silent { .. } => "check cable and hub; an unplugged and plugged camera starts anew".to_owned(),
            Self::System { error, .. } => match errno(error)? {
                Errno::ACCESS | Errno::PERM => {
                    "let yourself use cameras: `sudo usermod -aG video $USER`, then log in again".to_owned()
                }
                Errno::BUSY => "end the other program, or let it read our stream".to_owned(),
                Errno::NOSPC => {
                    "ask for less: `format: mjpeg`, a smaller `size`, fewer `fps`; or use another USB controller"
                        .to_owned()
                }
                Errno::NODEV | Errno::NXIO => "plug it in again".to_owned(),
                _ => return None,
            },
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere(wanted, _) => write!(f, "camera `{wanted}` is not plugged in"),
            Self::NotACamera(camera, _) => {
                write!(
                    f,
                    "{} gives no pictures: it is there for something else",
                    camera.path.display()
                )
            }
            Self::Several(name, lines) => write!(f, "`{name}` fits {} cameras", lines.len()),
            Self::PlanesApart(camera) => write!(f, "camera {camera} gives its planes apart, which `usb` cannot read"),
            Self::Format(camera, Format::Auto, _) => write!(f, "camera {camera} gives no format that is known here"),
            Self::Format(camera, format, _) => write!(f, "camera {camera} gives no {}", format.name()),
            Self::Silent { camera, seconds } => write!(f, "no picture from {camera} for {seconds} s, opening it again"),
            Self::System {
                camera,
                doing,
                error,
                holders,
            } => match errno(error) {
                Some(Errno::ACCESS | Errno::PERM) => write!(f, "no permission to use camera {camera}"),
                Some(Errno::BUSY) if holders.is_empty() => write!(f, "camera {camera} is used by another program"),
                Some(Errno::BUSY) => write!(f, "camera {camera} is used by {}", holders.join(", ")),
                Some(Errno::NOSPC) => write!(f, "the USB bus has no room left for camera {camera}"),
                Some(Errno::NODEV | Errno::NXIO) => write!(f, "camera {camera} was unplugged"),
                _ => write!(f, "camera {camera}: {doing} failed: {error}"),
            },
        }
    }
}

/// The number of a system error.
pub(super) fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

/// The other programs that have a file open, as `guvcview (pid 4711)`; only those that we may look into.
fn holders(path: &Path, proc: &Path) -> Vec<String> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir(proc).into_iter().flatten().flatten();
    let mut holders: Vec<String> = processes
        .filter_map(|process| {
            let pid = process
                .file_name()
                .into_string()
                .ok()
                .filter(|pid| *pid != own && pid.bytes().all(|b| b.is_ascii_digit()))?;
            let mut files = fs::read_dir(process.path().join("fd")).ok()?.flatten();
            files.find(|file| fs::read_link(file.path()).is_ok_and(|target| target == path))?;
            let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            Some(format!("`{}` (pid {pid})", name.trim()))
        })
        .collect();
    holders.sort();
    holders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usb::camera::Capture;
    use std::process::{Command, Stdio};

    fn camera() -> Listed {
        Listed {
            path: "/dev/video0".into(),
            index: 0,
            name: "C920".into(),
            by_id: None,
            by_path: None,
            usb_id: None,
            serial: None,
            capture: Capture::Yes,
        }
    }

    fn refused(errno: Errno) -> (String, Option<String>) {
        let trouble = Trouble::system(&camera(), "starting it", errno.into());
        (trouble.to_string(), trouble.hint())
    }

    #[test]
    fn refusals_of_the_kernel_say_what_to_do() {
        let (told, hint) = refused(Errno::ACCESS);
        assert_eq!(told, "no permission to use camera `C920` (/dev/video0)");
        assert!(hint.unwrap().contains("usermod -aG video"));
        let (told, hint) = refused(Errno::NOSPC);
        assert_eq!(told, "the USB bus has no room left for camera `C920` (/dev/video0)");
        assert!(hint.unwrap().contains("format: mjpeg"));
        assert_eq!(refused(Errno::NODEV).0, "camera `C920` (/dev/video0) was unplugged");
        assert_eq!(
            refused(Errno::BUSY).0,
            "camera `C920` (/dev/video0) is used by another program"
        );
        let (told, hint) = refused(Errno::IO);
        assert!(
            told.starts_with("camera `C920` (/dev/video0): starting it failed:"),
            "{told}"
        );
        assert_eq!(hint, None);
    }

    #[test]
    fn the_program_that_holds_a_camera_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = fs::canonicalize(file.path()).unwrap();
        let stdin = fs::File::open(&path).unwrap();
        let mut child = Command::new("sleep")
            .arg("1000")
            .stdin(Stdio::from(stdin))
            .spawn()
            .unwrap();
        // The child is `sleep` as soon as spawn returns.
        let found = holders(&path, Path::new("/proc"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [format!("`sleep` (pid {})", child.id())]);
    }

    #[test]
    fn what_is_plugged_in_is_told_when_the_camera_is_not_there() {
        let trouble = Trouble::NotThere(Wanted::parse("3"), vec![camera().to_string()]);
        assert_eq!(trouble.to_string(), "camera `/dev/video3` is not plugged in");
        assert_eq!(trouble.hint().unwrap(), "plugged in: `C920` (/dev/video0)");
        assert!(
            Trouble::NotThere(Wanted::parse("3"), vec![])
                .hint()
                .unwrap()
                .contains("no camera is plugged in")
        );
    }

    #[test]
    fn unknown_formats_lead_to_gstreamer() {
        let trouble = Trouble::Format(Box::new(camera()), Format::Auto, vec!["H264".into()]);
        assert_eq!(
            trouble.to_string(),
            "camera `C920` (/dev/video0) gives no format that is known here"
        );
        assert!(
            trouble
                .hint()
                .unwrap()
                .contains("gst: v4l2src device=/dev/video0 ! decodebin")
        );
    }
}
