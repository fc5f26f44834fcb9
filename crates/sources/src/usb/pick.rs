//! Which of the cameras is meant.

use std::fmt;
use std::path::{Path, PathBuf};

use super::camera::{Capture, Listed};
use super::trouble::Trouble;

/// How the settings name a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `0` or `/dev/video0`: whatever is there.
    Place(PathBuf),
    /// Its stable name, its serial number or a part of one of them: that camera, wherever it is.
    Name(String),
}

impl Wanted {
    /// Reads the key `usb`.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
            return Self::Place(format!("/dev/video{text}").into());
        }
        let path = Path::new(text);
        // A link below /dev/v4l says which camera, not where.
        match (
            path.is_absolute(),
            path.parent()
                .and_then(Path::file_name)
                .and_then(|folder| folder.to_str()),
        ) {
            (true, Some("by-id" | "by-path")) => {
                Self::Name(path.file_name().unwrap_or_default().to_string_lossy().into_owned())
            }
            (true, _) => Self::Place(path.to_owned()),
            (false, _) => Self::Name(text.to_owned()),
        }
    }

    /// Finds the camera that is meant. `before`: the one that was open until it was unplugged.
    ///
    /// A camera that comes back is preferred over another one that sits in its place.
    ///
    /// # Errors
    /// Why it is none, or not clear which.
    pub(super) fn pick<'a>(&self, listed: &'a [Listed], before: Option<&Listed>) -> Result<&'a Listed, Trouble> {
        let cameras: Vec<&Listed> = listed.iter().filter(|camera| camera.capture != Capture::No).collect();
        if let Some(before) = before {
            let same: Vec<&&Listed> = cameras.iter().filter(|camera| camera.is_same_camera(before)).collect();
            let in_its_socket = same.iter().find(|camera| camera.by_path == before.by_path);
            if let Some(camera) = in_its_socket.or(same.first()) {
                return Ok(camera);
            }
        }
        match self {
            Self::Place(path) => {
                let here = listed.iter().find(|camera| camera.path == *path);
                match here {
                    Some(camera) if camera.capture == Capture::No => {
                        Err(Trouble::NotACamera(Box::new(camera.clone()), others(&cameras)))
                    }
                    Some(camera) => Ok(camera),
                    None => Err(Trouble::NotThere(self.clone(), others(&cameras))),
                }
            }
            Self::Name(name) => {
                let found = named(name, &cameras);
                match found[..] {
                    [camera] => Ok(camera),
                    [] => Err(Trouble::NotThere(self.clone(), others(&cameras))),
                    _ => Err(Trouble::Several(
                        name.clone(),
                        found.iter().map(|camera| line_for(camera, listed)).collect(),
                    )),
                }
            }
        }
    }
}

/// What a person wrote, in words.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(path) => path.display().fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// The cameras that a name fits best: exactly, then as a part.
fn named<'a>(name: &str, cameras: &[&'a Listed]) -> Vec<&'a Listed> {
    let names = |camera: &'a Listed| {
        [
            camera.by_id.as_deref(),
            camera.by_path.as_deref(),
            camera.serial.as_deref(),
            Some(camera.name.as_str()),
        ]
    };
    let that = |fits: &dyn Fn(&str) -> bool| -> Vec<&'a Listed> {
        cameras
            .iter()
            .copied()
            .filter(|camera| names(camera).into_iter().flatten().any(fits))
            .collect()
    };
    let exact = that(&|known| known == name);
    if !exact.is_empty() {
        return exact;
    }
    let name = name.to_lowercase();
    that(&|known| known.to_lowercase().contains(&name))
}

/// What to write behind `usb:` so that this camera is found again: by maker and serial number where nothing else has them,
/// else by its socket, else by its place.
pub(super) fn line_for(camera: &Listed, listed: &[Listed]) -> String {
    let twins = listed.iter().filter(|other| {
        other.path != camera.path
            && other.is_same_camera(camera)
            && other.by_path != camera.by_path
            && other.capture != Capture::No
    });
    let has_twin = twins.count() > 0;
    let by_id = camera.by_id.clone().filter(|_| !has_twin);
    by_id
        .or_else(|| camera.by_path.clone())
        .unwrap_or_else(|| camera.path.display().to_string())
}

fn others(cameras: &[&Listed]) -> Vec<String> {
    cameras.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(index: u32, name: &str, serial: Option<&str>, socket: &str) -> Listed {
        Listed {
            path: format!("/dev/video{index}").into(),
            index,
            name: name.to_owned(),
            by_id: serial.map(|serial| format!("usb-{name}_{serial}-video-index0")),
            by_path: Some(format!("pci-usb-0:{socket}-video-index0")),
            usb_id: Some("046d:082d".to_owned()),
            serial: serial.map(str::to_owned),
            capture: Capture::Yes,
        }
    }

    fn desk() -> Vec<Listed> {
        let metadata = Listed {
            index: 1,
            path: "/dev/video1".into(),
            by_id: None,
            capture: Capture::No,
            ..camera(0, "C920", Some("AAA111"), "1")
        };
        vec![
            camera(0, "C920", Some("AAA111"), "1"),
            metadata,
            camera(2, "C920", Some("BBB222"), "2"),
            camera(4, "Ducky", None, "3"),
        ]
    }

    fn picked(text: &str) -> Result<u32, String> {
        Wanted::parse(text)
            .pick(&desk(), None)
            .map(|camera| camera.index)
            .map_err(|trouble| trouble.to_string())
    }

    #[test]
    fn a_number_is_the_place_of_that_number() {
        assert_eq!(picked("0"), Ok(0));
        assert_eq!(picked("/dev/video2"), Ok(2));
        assert_eq!(
            picked("1"),
            Err("/dev/video1 gives no pictures: it is there for something else".to_owned())
        );
        assert_eq!(picked("7"), Err("camera `/dev/video7` is not plugged in".to_owned()));
    }

    #[test]
    fn a_name_is_found_whole_or_in_part_where_one_camera_has_it() {
        for text in [
            "usb-C920_BBB222-video-index0",
            "/dev/v4l/by-id/usb-C920_BBB222-video-index0",
            "BBB222",
            "bbb2",
            "pci-usb-0:2-video-index0",
        ] {
            assert_eq!(picked(text), Ok(2), "{text}");
        }
        assert_eq!(picked("ducky"), Ok(4));
        let several = picked("C920").unwrap_err();
        assert_eq!(several, "`C920` fits 2 cameras");
    }

    #[test]
    fn a_camera_that_comes_back_elsewhere_is_preferred_over_another_in_its_place() {
        let before = camera(0, "C920", Some("AAA111"), "1");
        let now = vec![camera(0, "Ducky", None, "1"), camera(3, "C920", Some("AAA111"), "2")];
        assert_eq!(Wanted::parse("0").pick(&now, Some(&before)).unwrap().index, 3);
        assert_eq!(Wanted::parse("0").pick(&now[..1], Some(&before)).unwrap().name, "Ducky");
        assert!(Wanted::parse("AAA111").pick(&now[..1], Some(&before)).is_err());
    }

    #[test]
    fn twins_without_serial_numbers_are_told_apart_by_their_sockets() {
        let twins = vec![camera(0, "Cheap", None, "1"), camera(2, "Cheap", None, "2")];
        assert_eq!(Wanted::parse("0").pick(&twins, Some(&twins[1])).unwrap().index, 2);
        assert_eq!(line_for(&twins[1], &twins), "pci-usb-0:2-video-index0");
    }

    #[test]
    fn the_line_to_write_stays_with_the_camera() {
        let desk = desk();
        assert_eq!(line_for(&desk[0], &desk), "usb-C920_AAA111-video-index0");
        let nameless = Listed {
            by_id: None,
            by_path: None,
            ..desk[0].clone()
        };
        assert_eq!(line_for(&nameless, &desk), "/dev/video0");
    }
}
