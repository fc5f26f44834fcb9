//! A command of the user's in a shell, run to its end or until its time is up.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bushbaby_node::children::{Spawner, has_ended};

/// Why a command did not do what it is for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShellError {
    /// In the system's words.
    #[error("the shell cannot be started: {0}")]
    Start(String),
    /// What a shell says of a command that it cannot find or start.
    #[error("the command cannot be run (exit code {0})")]
    NoCommand(i32),
    /// It ended by itself, with this exit code.
    #[error("the command failed with exit code {0}")]
    Failed(i32),
    /// By a signal that was not ours.
    #[error("the command was killed")]
    Killed,
    /// In the system's words.
    #[error("the command cannot be waited for: {0}")]
    Wait(String),
    /// It was killed, with all that it had started.
    #[error("the command did not end within {:.1} s", .0.as_secs_f64())]
    Late(Duration),
}

/// Runs a command to its end; kills it with all that it started when that takes longer than `limit`.
///
/// - `told`: variables of its environment.
/// - `input`: what it can read from its standard input.
pub(crate) fn run(
    command: &str,
    told: &[(&str, &str)],
    input: Vec<u8>,
    limit: Duration,
    spawner: &Spawner,
) -> Result<(), ShellError> {
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(command)
        .envs(told.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0);
    let mut child = spawner
        .spawn(shell)
        .map_err(|error| ShellError::Start(error.to_string()))?;
    // A command that does not read gets what a pipe holds; the thread ends with the pipe.
    if let Some(mut stdin) = child.stdin.take() {
        let write = move || drop(stdin.write_all(&input));
        drop(std::thread::Builder::new().name("command-input".into()).spawn(write));
    }
    let has_ended = has_ended(&child, limit);
    if !matches!(has_ended, Ok(true)) {
        kill_all(&child);
    }
    let status = child.wait();
    match (has_ended, status) {
        (Ok(false), _) => Err(ShellError::Late(limit)),
        (Err(error), _) | (_, Err(error)) => Err(ShellError::Wait(error.to_string())),
        (Ok(true), Ok(status)) if status.success() => Ok(()),
        (Ok(true), Ok(status)) => Err(match status.code() {
            Some(code @ (126 | 127)) => ShellError::NoCommand(code),
            Some(code) => ShellError::Failed(code),
            None => ShellError::Killed,
        }),
    }
}

/// Kills it and all of its process group. Nobody has waited for it yet, so its number is still its own.
fn kill_all(child: &Child) {
    let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn ended(command: &str, limit: Duration) -> Result<(), ShellError> {
        run(
            command,
            &[("TOLD", "this")],
            b"read".to_vec(),
            limit,
            &Spawner::start().unwrap(),
        )
    }

    #[test]
    fn a_command_is_told_and_reads() {
        assert_eq!(ended("test \"$TOLD\" = this && test \"$(cat)\" = read", LONG), Ok(()));
    }

    #[test]
    fn a_command_that_fails_or_hangs_is_told() {
        assert_eq!(
            ended("exit 3", LONG).unwrap_err().to_string(),
            "the command failed with exit code 3"
        );
        assert_eq!(ended("kill -9 $$", LONG), Err(ShellError::Killed));
        assert_eq!(
            ended("/nowhere/at/all 2>/dev/null", LONG),
            Err(ShellError::NoCommand(127))
        );
        let begun = Instant::now();
        let hung = ended("sleep 600 & sleep 600", Duration::from_millis(200)).unwrap_err();
        assert_eq!(hung.to_string(), "the command did not end within 0.2 s");
        assert!(begun.elapsed() < LONG);
    }
}
