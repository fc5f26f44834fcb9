//! A child's end: waited for, or brought about.

use std::io;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

/// Waits for the end of a child, at most so long. `None`: it still runs.
///
/// # Errors
/// When the system cannot wait.
pub fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    // The end of a child that was waited for is known; its number may be another's by now.
    if let Some(status) = child.try_wait()? {
        return Ok(Some(status));
    }
    has_ended(child, limit)?;
    child.try_wait()
}

/// Waits for the end of a child that nobody has waited for yet, at most so long, and leaves it so: its number stays its own, and
/// that of its process group. Returns whether it has ended.
///
/// # Errors
/// When the system cannot wait.
pub fn has_ended(child: &Child, limit: Duration) -> io::Result<bool> {
    let handle = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let until = Instant::now() + limit;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&left)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Ends a child by one signal after the other, each of which it has `grace` to obey. Returns how it ended; `None`: it still runs.
pub fn end(child: &mut Child, signals: &[Signal], grace: Duration) -> Option<ExitStatus> {
    for &signal in signals {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        // It may have ended since; its number is ours until it is waited for.
        let _ = kill_process(Pid::from_child(child), signal);
        if let Ok(Some(status)) = wait(child, grace) {
            return Some(status);
        }
    }
    None
}

/// How a child ended: `exit code 1`, `signal 9`.
pub fn exit_words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const PATIENT: Duration = Duration::from_secs(60);

    /// A shell that says so once its script has set its traps.
    fn shell(script: &str) -> Child {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{script}; echo; read _")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0];
        io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
        child
    }

    #[test]
    fn one_that_runs_on_is_told_from_one_that_has_ended() {
        let mut child = shell("true");
        assert_eq!(wait(&mut child, Duration::ZERO).unwrap(), None);
        drop(child.stdin.take());
        let status = wait(&mut child, PATIENT).unwrap();
        assert_eq!(status.map(exit_words).as_deref(), Some("exit code 1"));
        assert_eq!(
            wait(&mut child, Duration::ZERO).unwrap(),
            status,
            "it is known afterwards, too"
        );
    }

    #[test]
    fn one_that_obeys_gets_no_harder_signal() {
        let mut child = shell("trap 'exit 7' TERM");
        let status = end(&mut child, &[Signal::TERM, Signal::KILL], PATIENT);
        assert_eq!(status.map(exit_words).as_deref(), Some("exit code 7"));
    }

    #[test]
    fn one_that_does_not_obey_is_killed() {
        let mut child = shell("trap '' TERM");
        let status = end(&mut child, &[Signal::TERM, Signal::KILL], Duration::from_millis(50));
        assert_eq!(status.map(exit_words).as_deref(), Some("signal 9"));
    }
}
