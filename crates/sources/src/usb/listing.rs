//! Which video devices there are, by what the kernel and udev leave in the file system; nothing is opened.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::camera::{Capture, Listed};

/// The folders to look in; a test has its own.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    /// `/sys/class/video4linux`
    pub(super) class: PathBuf,
    /// `/dev`
    pub(super) dev: PathBuf,
}

impl Default for Folders {
    fn default() -> Self {
        Self {
            class: "/sys/class/video4linux".into(),
            dev: "/dev".into(),
        }
    }
}

/// Lists the video devices by number. Whether they capture is left open.
pub(super) fn list(folders: &Folders) -> Vec<Listed> {
    let by_id = links(&folders.dev.join("v4l/by-id"));
    let by_path = links(&folders.dev.join("v4l/by-path"));
    let entries = fs::read_dir(&folders.class).into_iter().flatten().flatten();
    let mut listed: Vec<Listed> = entries
        .filter_map(|entry| {
            let node = entry.file_name().into_string().ok()?;
            let index = node.strip_prefix("video")?.parse().ok()?;
            let path = folders.dev.join(&node);
            let named = |links: &[(String, PathBuf)]| {
                links
                    .iter()
                    .find(|(_, target)| *target == path)
                    .map(|(name, _)| name.clone())
            };
            let usb = usb_device(&entry.path());
            let of_usb = |file: &str| read(&usb.as_ref()?.join(file));
            Some(Listed {
                index,
                name: read(&entry.path().join("name")).unwrap_or_else(|| node.clone()),
                by_id: named(&by_id),
                by_path: named(&by_path),
                usb_id: of_usb("idVendor")
                    .zip(of_usb("idProduct"))
                    .map(|(vendor, product)| format!("{vendor}:{product}")),
                serial: of_usb("serial"),
                capture: Capture::Unknown(io::ErrorKind::Other),
                path,
            })
        })
        .collect();
    listed.sort_by_key(|camera| camera.index);
    listed
}

/// Names and targets of the symbolic links in a folder.
fn links(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut links: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| {
            Some((
                entry.file_name().into_string().ok()?,
                fs::canonicalize(entry.path()).ok()?,
            ))
        })
        .collect();
    // Newer kernels give a socket two names (`usb-…`, `usbv2-…`): the shorter one is the one that others have, too.
    links.sort_by_key(|(name, _)| (name.len(), name.clone()));
    links
}

/// The USB device above a video device: the folder that knows maker and serial number.
fn usb_device(class_entry: &Path) -> Option<PathBuf> {
    let interface = fs::canonicalize(class_entry.join("device")).ok()?;
    interface
        .ancestors()
        .take(3)
        .find(|folder| folder.join("idVendor").exists())
        .map(Path::to_owned)
}

fn read(path: &Path) -> Option<String> {
    let text = String::from_utf8_lossy(&fs::read(path).ok()?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A machine with one webcam (pictures and metadata) and one made device.
    fn machine(root: &Path) -> Folders {
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for (file, text) in [
            ("idVendor", "046d\n"),
            ("idProduct", "082d\n"),
            ("serial", "A1B2C3\n"),
            ("1-1:1.0/x", ""),
        ] {
            write(&format!("devices/usb1/1-1/{file}"), text);
        }
        write("devices/virtual/x", "");
        for (node, name, device) in [
            ("video0", "HD Pro Webcam C920\n", "devices/usb1/1-1/1-1:1.0"),
            ("video1", "HD Pro Webcam C920\n", "devices/usb1/1-1/1-1:1.0"),
            ("video10", "Dummy\n", "devices/virtual"),
        ] {
            write(&format!("class/{node}/name"), name);
            symlink(root.join(device), root.join(format!("class/{node}/device"))).unwrap();
            write(&format!("dev/{node}"), "");
        }
        write("class/v4l-subdev0/name", "not a video device");
        for folder in ["by-id", "by-path"] {
            fs::create_dir_all(root.join("dev/v4l").join(folder)).unwrap();
        }
        let link = |name: &str, node: &str| symlink(format!("../../{node}"), root.join("dev/v4l").join(name)).unwrap();
        link("by-id/usb-046d_C920_A1B2C3-video-index0", "video0");
        link("by-id/usb-046d_C920_A1B2C3-video-index1", "video1");
        link("by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index0", "video0");
        link("by-path/pci-0000:00:14.0-usbv2-0:1:1.0-video-index0", "video0");
        link("by-id/dangling", "video99");
        Folders {
            class: root.join("class"),
            dev: fs::canonicalize(root.join("dev")).unwrap(),
        }
    }

    #[test]
    fn cameras_are_listed_with_names_that_stay() {
        let root = tempfile::tempdir().unwrap();
        let listed = list(&machine(root.path()));
        assert_eq!(listed.iter().map(|camera| camera.index).collect::<Vec<_>>(), [0, 1, 10]);
        let webcam = &listed[0];
        assert_eq!(webcam.name, "HD Pro Webcam C920");
        assert_eq!(webcam.by_id.as_deref(), Some("usb-046d_C920_A1B2C3-video-index0"));
        assert_eq!(
            webcam.by_path.as_deref(),
            Some("pci-0000:00:14.0-usb-0:1:1.0-video-index0")
        );
        assert_eq!(
            (webcam.usb_id.as_deref(), webcam.serial.as_deref()),
            (Some("046d:082d"), Some("A1B2C3"))
        );
        let made = &listed[2];
        assert_eq!((made.name.as_str(), &made.by_id, &made.serial), ("Dummy", &None, &None));
    }

    #[test]
    fn a_machine_without_cameras_has_an_empty_list() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders {
            class: root.path().join("nothing"),
            dev: root.path().join("dev"),
        };
        assert_eq!(list(&folders), []);
    }
}
