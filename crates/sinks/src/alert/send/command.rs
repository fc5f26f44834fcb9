//! A command in a shell, with the alert as JSON on its standard input.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bushbaby_node::children::Spawner;

use crate::alert::outbox::Outcome;
use crate::alert::raised::Alert;

/// How often a child is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Runs it to its end; kills it with all that it started when that takes longer than `timeout`.
pub(super) fn run(command: &str, alert: &Alert, timeout: Duration, spawner: &Spawner) -> Outcome {
    let json = match serde_json::to_vec(alert) {
        Ok(json) => json,
        Err(error) => return Outcome::Refused(format!("the alert cannot be written as JSON: {error}")),
    };
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0);
    shell
        .env("BUSHBABY_ALERT", &alert.alert)
        .env("BUSHBABY_ALERT_ID", &alert.id);
    let mut child = match spawner.spawn(shell) {
        Ok(child) => child,
        Err(error) => return Outcome::Failed(format!("the shell cannot be started: {error}")),
    };
    // A command that does not read gets what a pipe holds; the thread ends with the pipe.
    if let Some(mut stdin) = child.stdin.take() {
        let write = move || drop(stdin.write_all(&json));
        drop(std::thread::Builder::new().name("command-input".into()).spawn(write));
    }
    wait(child, timeout)
}

fn wait(mut child: Child, timeout: Duration) -> Outcome {
    let deadline = Instant::now() + timeout;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Outcome::Delivered,
            Ok(Some(status)) => {
                return match status.code() {
                    // What a shell says of a command that it cannot find or start.
                    Some(code @ (126 | 127)) => {
                        Outcome::Refused(format!("the command cannot be run (exit code {code})"))
                    }
                    Some(code) => Outcome::Failed(format!("the command failed with exit code {code}")),
                    None => Outcome::Failed("the command was killed".to_owned()),
                };
            }
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK_EVERY),
            Ok(None) => {
                end(&mut child);
                return Outcome::Failed(format!("the command did not end within {:.1} s", timeout.as_secs_f64()));
            }
            Err(error) => return Outcome::Failed(format!("the command cannot be waited for: {error}")),
        }
    }
}

/// Kills it and all of its process group.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(command: &str, timeout: Duration) -> Outcome {
        let alert = Alert::test("baby", "", "home", jiff::Timestamp::UNIX_EPOCH);
        run(command, &alert, timeout, &Spawner::start().unwrap())
    }

    #[test]
    fn a_command_is_given_the_alert() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("got.json");
        let command = format!("cat > '{}'; test \"$BUSHBABY_ALERT\" = baby", file.display());
        assert_eq!(outcome(&command, Duration::from_secs(20)), Outcome::Delivered);
        let got: Alert = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(got.id, "baby-test-0");
    }

    #[test]
    fn a_command_that_fails_or_hangs_is_told() {
        let long = Duration::from_secs(20);
        assert_eq!(
            outcome("exit 3", long),
            Outcome::Failed("the command failed with exit code 3".to_owned())
        );
        assert!(matches!(
            outcome("/nowhere/at/all 2>/dev/null", long),
            Outcome::Refused(_)
        ));
        let begun = Instant::now();
        let hung = outcome("sleep 60 & sleep 60", Duration::from_millis(200));
        assert_eq!(hung, Outcome::Failed("the command did not end within 0.2 s".to_owned()));
        assert!(begun.elapsed() < long);
    }
}
