//! A camera in a process of its own, which can be frozen with SIGSTOP, killed, and started again on the same port.
//!
//! The program is `testkit-rtsp-camera`, or a test binary that plays it: a crate's tests cannot rely on the programs of another
//! crate being built, so its test binary starts itself again, and [`be_camera_if_asked`], called from a test of its own,
//! turns that second process into the camera.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};

use super::{CameraOptions, RtspCamera};

/// Environment variable that holds the options, as JSON, of the camera to be.
const OPTIONS_VARIABLE: &str = "BUSHBABY_TESTKIT_CAMERA";
/// What stands before the address in the line that tells it.
const ADDRESS_PREFIX: &str = "testkit-rtsp-camera: ";
/// However long a test may hang, its camera does not outlive this.
const LONGEST_LIFE: Duration = Duration::from_secs(300);

/// Runs a camera until standard input ends, and says its address on `out`.
///
/// # Errors
/// When the camera cannot be started, or `out` is gone.
pub fn be_camera(options: CameraOptions, mut out: impl Write) -> io::Result<()> {
    // Standard input ends with the parent, too, but a frozen camera would not notice.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let camera = RtspCamera::start(options)?;
    writeln!(out, "\n{ADDRESS_PREFIX}{}", camera.url())?;
    out.flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// In a process that [`CameraProcess::of_this_test_binary`] started: is the camera, then ends the process. Elsewhere: nothing.
pub fn be_camera_if_asked() {
    let Ok(options) = std::env::var(OPTIONS_VARIABLE) else {
        return;
    };
    let end = || {
        std::thread::sleep(LONGEST_LIFE);
        std::process::exit(3);
    };
    let ending = std::thread::Builder::new().name("camera end".into()).spawn(end);
    let options = ending.and_then(|_| serde_json::from_str(&options).map_err(io::Error::other));
    let code = match options.and_then(|options| be_camera(options, io::stdout())) {
        Ok(()) => 0,
        Err(_) => 1,
    };
    std::process::exit(code);
}

/// A camera's process. It is killed when this is dropped.
#[derive(Debug)]
pub struct CameraProcess {
    child: Child,
    /// Held open: the camera ends when it closes, as it does when this process dies.
    _input: Option<ChildStdin>,
    url: String,
    options: CameraOptions,
}

impl CameraProcess {
    /// Starts this very test binary again as a camera. `test` is the name of the test that calls [`be_camera_if_asked`], as
    /// `cargo test` prints it.
    ///
    /// # Errors
    /// When it does not start, or tells no address.
    pub fn of_this_test_binary(test: &str, options: CameraOptions) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--exact", test, "--nocapture"]);
        Self::spawn(command, options)
    }

    /// Starts `command` as a camera.
    ///
    /// # Errors
    /// When it does not start, or tells no address.
    pub fn spawn(mut command: Command, mut options: CameraOptions) -> io::Result<Self> {
        let told = serde_json::to_string(&options)?;
        command
            .env(OPTIONS_VARIABLE, told)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        let url = child.stdout.take().and_then(|out| {
            let mut lines = BufReader::new(out).take(64 * 1024).lines().map_while(Result::ok);
            lines.find_map(|line| line.strip_prefix(ADDRESS_PREFIX).map(str::to_owned))
        });
        let port = url
            .as_deref()
            .and_then(|url| url.rsplit_once(':')?.1.split('/').next()?.parse().ok());
        let (Some(url), Some(port)) = (url, port) else {
            let _ = child.kill();
            let status = child.wait()?;
            return Err(io::Error::other(format!(
                "the camera's process told no address ({status})"
            )));
        };
        options.port = port;
        Ok(Self {
            child,
            _input: input,
            url,
            options,
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it is, with the port that it took.
    pub fn options(&self) -> &CameraOptions {
        &self.options
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops the process where it stands; its connections stay open.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Kills it without a word to its viewers.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for CameraProcess {
    fn drop(&mut self) {
        self.end();
    }
}
