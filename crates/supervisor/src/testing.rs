//! What tests of this crate share.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Writes a shell script that may be run, and returns its path.
///
/// Another process writes it: a program cannot be started while any process has it open for writing, and each process that a test
/// starts meanwhile would have it open for a moment.
pub(crate) fn script(path: &Path, lines: &str) -> PathBuf {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    write!(shell.stdin.take().unwrap(), "#!/bin/sh\n{lines}\n").unwrap();
    assert!(shell.wait().unwrap().success());
    path.to_owned()
}
