//! The looks: each asks the system once and judges the answer by a plain function.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use bushbaby_bus::Instance;
use bushbaby_sources::microphone::{self, MicrophoneInfo, SurveyError};
use bushbaby_sources::usb::{CameraInfo, survey};

use super::Finding;
use super::leftovers::{self, Leftover};

/// Enough for a few cameras of full HD and their readers.
const COMFORTABLE_SHM_BYTES: u64 = 512 << 20;
/// Less than this holds no full HD camera with two readers.
const LEAST_SHM_BYTES: u64 = 64 << 20;
/// Where the page is, unless the file says otherwise.
const PAGE_PORT: u16 = 5800;

const GST: &str = "sudo apt install gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good";

/// Looks at everything.
pub(super) fn all(instance: &Instance) -> Vec<Finding> {
    let mut findings = vec![
        shared_memory(),
        runtime_folder(instance),
        kernel(
            std::fs::read_to_string("/proc/sys/kernel/osrelease")
                .unwrap_or_default()
                .trim(),
        ),
        page_port(
            TcpListener::bind(("127.0.0.1", PAGE_PORT)).map(drop),
            crate::instance::status(instance).is_ok(),
        ),
        cameras(&survey()),
        microphones(microphone::survey()),
        Finding::ok("RTSP", "H.264 cameras are read without further programs"),
        gstreamer(version("gst-launch-1.0", "--version"), has_elements()),
        ffmpeg(version("ffmpeg", "-version")),
        super::python::look(),
    ];
    findings.extend(left_behind(&leftovers::find()));
    findings
}

fn shared_memory() -> Finding {
    let path = Path::new("/dev/shm");
    let total_and_free =
        rustix::fs::statvfs(path).map(|stat| (stat.f_blocks * stat.f_frsize, stat.f_bavail * stat.f_frsize));
    let is_writable = rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    judge_memory(total_and_free.ok().filter(|_| is_writable))
}

/// `total_and_free`: bytes of /dev/shm; absent when it cannot be written.
fn judge_memory(total_and_free: Option<(u64, u64)>) -> Finding {
    const CHECK: &str = "shared memory";
    const LARGER: &str =
        "make it larger: `sudo mount -o remount,size=2G /dev/shm`; in Docker `--shm-size=1g` or `--ipc=host`";
    let Some((total, free)) = total_and_free else {
        return Finding::missing(
            CHECK,
            "/dev/shm is not there or cannot be written",
            "mount a tmpfs at /dev/shm that everybody may write to (mode 1777)",
        );
    };
    let found = format!("/dev/shm has {} of {} free", megabytes(free), megabytes(total));
    if free < LEAST_SHM_BYTES {
        Finding::missing(
            CHECK,
            found,
            if total < COMFORTABLE_SHM_BYTES {
                LARGER
            } else {
                "see who fills it: `ls -lS /dev/shm | head`"
            },
        )
    } else if free < COMFORTABLE_SHM_BYTES {
        Finding::warn(CHECK, found, LARGER)
    } else {
        Finding::ok(CHECK, found)
    }
}

fn runtime_folder(instance: &Instance) -> Finding {
    const CHECK: &str = "runtime folder";
    let had_it = instance.runtime_dir().exists();
    match instance.create_runtime_dir() {
        Ok(folder) => {
            let finding = Finding::ok(CHECK, folder.display().to_string());
            if !had_it {
                let _ = std::fs::remove_dir(instance.runtime_dir());
            }
            finding
        }
        Err(error) => Finding::missing(
            CHECK,
            error.to_string(),
            "set XDG_RUNTIME_DIR to a folder that is yours alone (mode 0700), or unset it",
        ),
    }
}

/// `release`: as `uname -r` says it, empty where the kernel does not tell.
fn kernel(release: &str) -> Finding {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let found = format!("Linux {release}");
    if version >= (5, 14) {
        Finding::ok("kernel", found)
    } else {
        Finding::warn(
            "kernel",
            format!("{found}: a stream opens more slowly, memory is reserved page by page"),
            "nothing needs to be done; Linux 5.14 reserves it in one go",
        )
    }
}

/// `bound`: what binding the port said. `is_running`: whether this instance runs, and so has the port.
fn page_port(bound: io::Result<()>, is_running: bool) -> Finding {
    const CHECK: &str = "page";
    match bound {
        Ok(()) => Finding::ok(CHECK, format!("port {PAGE_PORT} is free")),
        Err(_) if is_running => Finding::ok(CHECK, "this instance is running"),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::warn(
            CHECK,
            format!("port {PAGE_PORT} is taken by another program"),
            format!(
                "name another port in the file, `web: {}`, or find who has it: `ss -ltnp sport = {PAGE_PORT}`",
                PAGE_PORT + 1
            ),
        ),
        Err(error) => Finding::warn(
            CHECK,
            format!("port {PAGE_PORT} cannot be opened: {error}"),
            "name another port in the file, as in `web: 5801`",
        ),
    }
}

fn cameras(cameras: &[CameraInfo]) -> Finding {
    const CHECK: &str = "cameras";
    if let Some(camera) = cameras.iter().find(|camera| camera.problem.is_some()) {
        let problem = camera.problem.clone().unwrap_or_default();
        let hint = camera
            .hint
            .clone()
            .unwrap_or_else(|| "`bushbaby cameras` tells more".to_owned());
        return Finding::warn(CHECK, problem, hint);
    }
    let names: Vec<String> = cameras
        .iter()
        .map(|camera| format!("{} ({})", camera.name, camera.path.display()))
        .collect();
    match names.len() {
        0 => Finding::ok(CHECK, "none is plugged in; `bushbaby demo` makes one"),
        _ => Finding::ok(CHECK, names.join(", ")),
    }
}

/// Whether the program that reads microphones is there and starts, and what it lists.
fn microphones(listed: Result<Vec<MicrophoneInfo>, SurveyError>) -> Finding {
    const CHECK: &str = "microphones";
    match listed {
        Ok(microphones) if microphones.is_empty() => {
            Finding::ok(CHECK, "none is plugged in; `scene: nursery` makes one")
        }
        Ok(microphones) => {
            let names: Vec<String> = microphones
                .iter()
                .map(|mic| format!("{} (mic:{})", mic.name, mic.id))
                .collect();
            Finding::ok(CHECK, names.join(", "))
        }
        Err(error) => Finding::warn(
            CHECK,
            error.to_string(),
            error.hint().unwrap_or("`bushbaby cameras` tells more"),
        ),
    }
}

/// `version`: what the program says of itself, if it is there. `has_elements`: whether what we put at the end of a pipeline is.
fn gstreamer(version: Option<String>, has_elements: bool) -> Finding {
    const CHECK: &str = "GStreamer";
    match version {
        Some(version) if has_elements => Finding::ok(CHECK, version),
        Some(version) => Finding::warn(
            CHECK,
            format!("{version}, but without the elements that cameras `gst:` need"),
            GST,
        ),
        None => Finding::warn(
            CHECK,
            "not installed: no cameras `gst:`, which is how a Jetson's come in",
            GST,
        ),
    }
}

fn ffmpeg(version: Option<String>) -> Finding {
    match version {
        // `ffmpeg version 5.1.6-0+deb12u1 Copyright (c) …`
        Some(version) => Finding::ok("ffmpeg", version.split(" Copyright").next().unwrap_or_default()),
        None => Finding::warn(
            "ffmpeg",
            "not installed: of video files only H.264 in MP4 plays, and no Opus or HE-AAC of cameras",
            "sudo apt install ffmpeg",
        ),
    }
}

fn left_behind(leftovers: &[Leftover]) -> Vec<Finding> {
    const CHECK: &str = "left behind";
    /// So many are told one by one.
    const TOLD: usize = 3;
    let Some((told, rest)) = leftovers
        .split_at_checked(leftovers.len().min(TOLD))
        .filter(|_| !leftovers.is_empty())
    else {
        return vec![Finding::ok(
            CHECK,
            "nothing of ended instances is left in shared memory",
        )];
    };
    let finding = |leftover: &Leftover| {
        let found = format!(
            "{} in {} files of instance `{}`, which has ended",
            megabytes(leftover.bytes),
            leftover.files,
            leftover.instance
        );
        Finding::warn(CHECK, found, format!("bushbaby --instance {} clean", leftover.instance))
    };
    let mut findings: Vec<Finding> = told.iter().map(finding).collect();
    if !rest.is_empty() {
        let bytes = rest.iter().map(|leftover| leftover.bytes).sum();
        let found = format!("{} of {} more instances that have ended", megabytes(bytes), rest.len());
        findings.push(Finding::warn(CHECK, found, "clean those above, then ask again"));
    }
    findings
}

/// First line of what a program says of itself; `None` when it is not there or does not work.
fn version(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_default().trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}

fn has_elements() -> bool {
    ["videoconvert", "queue", "multipartmux", "fdsink"]
        .iter()
        .all(|element| {
            let mut inspect = Command::new("gst-inspect-1.0");
            inspect
                .args(["--exists", element])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            inspect.status().is_ok_and(|status| status.success())
        })
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn told(finding: &Finding) -> String {
        format!("{:?} {}", finding.state, finding.found)
    }

    #[test]
    fn a_small_or_full_dev_shm_is_told_before_it_hurts() {
        let gb = 1 << 30;
        assert_eq!(
            told(&judge_memory(Some((4 * gb, 2 * gb)))),
            "Ok /dev/shm has 2147 MB of 4295 MB free"
        );
        assert_eq!(judge_memory(Some((gb / 4, gb / 4))).state, State::Warn);
        let docker = judge_memory(Some((64_000_000, 64_000_000)));
        assert_eq!(docker.state, State::Missing);
        assert!(docker.hint.unwrap().contains("--shm-size"));
        assert!(
            judge_memory(Some((8 * gb, 1000)))
                .hint
                .unwrap()
                .contains("who fills it")
        );
        assert_eq!(judge_memory(None).state, State::Missing);
    }

    #[test]
    fn old_kernels_are_slower_not_unfit() {
        for (release, state) in [
            ("6.1.0-18-amd64", State::Ok),
            ("5.14.0", State::Ok),
            ("5.10.104-tegra", State::Warn),
            ("4.9", State::Warn),
            ("", State::Warn),
        ] {
            assert_eq!(kernel(release).state, state, "{release}");
        }
    }

    #[test]
    fn a_taken_port_is_a_warning_unless_we_have_it() {
        let taken = || Err(io::Error::from(io::ErrorKind::AddrInUse));
        assert_eq!(
            told(&page_port(taken(), false)),
            "Warn port 5800 is taken by another program"
        );
        assert_eq!(page_port(taken(), true).state, State::Ok);
        assert_eq!(page_port(Ok(()), false).state, State::Ok);
    }

    #[test]
    fn missing_programs_are_named_with_what_installs_them() {
        assert_eq!(
            gstreamer(Some("gst-launch-1.0 version 1.22.0".into()), true),
            Finding::ok("GStreamer", "gst-launch-1.0 version 1.22.0")
        );
        for finding in [gstreamer(None, false), gstreamer(Some("x".into()), false)] {
            assert_eq!(finding.state, State::Warn);
            assert!(finding.hint.unwrap().contains("gstreamer1.0-plugins-good"));
        }
        assert_eq!(version("no-such-program-anywhere", "--version"), None);
    }

    #[test]
    fn what_ended_instances_left_is_told_with_the_line_that_removes_it() {
        let finding = &left_behind(&[Leftover {
            instance: "desk".into(),
            files: 7,
            bytes: 2_000_000,
        }])[0];
        assert_eq!(
            told(finding),
            "Warn 2 MB in 7 files of instance `desk`, which has ended"
        );
        assert_eq!(finding.hint.as_deref(), Some("bushbaby --instance desk clean"));
        assert_eq!(left_behind(&[])[0].state, State::Ok);
        let many: Vec<Leftover> = (0..9)
            .map(|n| Leftover {
                instance: format!("i{n}"),
                files: 1,
                bytes: 1_000_000,
            })
            .collect();
        let findings = left_behind(&many);
        assert_eq!(told(&findings[3]), "Warn 6 MB of 6 more instances that have ended");
        assert_eq!(findings.len(), 4);
    }
}
