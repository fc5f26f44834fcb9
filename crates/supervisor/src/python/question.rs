//! One question to an interpreter: a short-lived process, bounded in time and in what it may say.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use bushbaby_node::children::{self, Spawner};
use rustix::process::{Pid, Signal, kill_process_group};

/// An answer is longer than any description, and no larger than what fits in memory many times.
const LONGEST_BYTES: u64 = 1 << 20;
/// How long output may still come when the process itself has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What an interpreter answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) is_success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    CannotStart(io::Error),
    TimedOut,
}

/// Runs `interpreter arguments`, waits for its end for at most `limit`, and ends whatever it left running.
///
/// The folder in which this program was started is not searched for modules (`-P`): a file that happens to be called like a
/// module of the standard library, or like the package, does no harm.
pub(super) fn ask<S: AsRef<OsStr>>(
    interpreter: &Path,
    arguments: impl IntoIterator<Item = S>,
    base_dir: &Path,
    limit: Duration,
) -> Result<Answer, NoAnswer> {
    let mut command = Command::new(interpreter);
    command
        .arg("-P")
        .args(arguments)
        .current_dir(base_dir)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut asked = Asked(
        spawner()
            .and_then(|spawner| spawner.spawn(command))
            .map_err(NoAnswer::CannotStart)?,
    );
    let stdout = asked.0.stdout.take().map(in_background);
    let stderr = asked.0.stderr.take().map(in_background);
    let has_ended = children::has_ended(&asked.0, limit).map_err(NoAnswer::CannotStart)?;
    let _ = kill_process_group(Pid::from_child(&asked.0), Signal::KILL);
    let status = asked.0.wait().map_err(NoAnswer::CannotStart)?;
    if !has_ended {
        return Err(NoAnswer::TimedOut);
    }
    let said = |pipe: Option<Receiver<String>>| {
        pipe.and_then(|pipe| pipe.recv_timeout(LAST_WORDS).ok())
            .unwrap_or_default()
    };
    Ok(Answer {
        is_success: status.success(),
        stdout: said(stdout),
        stderr: said(stderr),
    })
}

/// A process that does not outlive the question.
struct Asked(Child);

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The thread from which all questions are asked: the kernel ends them with this program.
fn spawner() -> io::Result<&'static Spawner> {
    static SPAWNER: OnceLock<Spawner> = OnceLock::new();
    match SPAWNER.get() {
        Some(spawner) => Ok(spawner),
        None => {
            let spawner = Spawner::start()?;
            Ok(SPAWNER.get_or_init(|| spawner))
        }
    }
}

fn in_background(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (done, text) = channel();
    let read = move || {
        let mut bytes = Vec::new();
        // What cannot be read was not said.
        let _ = pipe.take(LONGEST_BYTES).read_to_end(&mut bytes);
        let _ = done.send(String::from_utf8_lossy(&bytes).into_owned());
    };
    // Without a thread nothing is heard, and the question is answered by silence.
    let _ = thread::Builder::new().name("answer".into()).spawn(read);
    text
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<Answer, NoAnswer> {
        let folder = tempfile::tempdir().unwrap();
        let program = crate::testing::script(&folder.path().join("python"), script);
        ask(&program, ["-c", "pass"], folder.path(), limit)
    }

    const PATIENT: Duration = Duration::from_secs(60);

    #[test]
    fn an_answer_has_both_ends_and_how_it_went() {
        let answer = shell("echo $*; echo no >&2; exit 3", PATIENT).unwrap();
        let wanted = Answer {
            is_success: false,
            stdout: "-P -c pass\n".into(),
            stderr: "no\n".into(),
        };
        assert_eq!(answer, wanted);
    }

    #[test]
    fn one_that_lasts_too_long_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let script = format!("sleep 1000 & echo $! >{0}; echo $$ >>{0}; wait", pids.display());
        assert!(matches!(
            shell(&script, Duration::from_secs(2)),
            Err(NoAnswer::TimedOut)
        ));
        for pid in std::fs::read_to_string(&pids).unwrap().lines() {
            let stat = format!("/proc/{pid}/stat");
            let until = Instant::now() + PATIENT;
            while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z")) {
                assert!(Instant::now() < until, "process {pid} lives on");
                thread::yield_now();
            }
        }
    }

    #[test]
    fn a_child_that_holds_the_pipe_open_does_not_hold_the_answer() {
        let answer = shell("echo there; setsid sleep 5 &", PATIENT).unwrap();
        assert!(answer.is_success);
    }

    #[test]
    fn what_is_no_program_cannot_be_started() {
        let asked = ask(Path::new("/no/such/python"), ["-c"], Path::new("/"), PATIENT);
        assert!(matches!(asked, Err(NoAnswer::CannotStart(_))));
    }
}
