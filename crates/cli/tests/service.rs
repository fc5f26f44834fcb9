//! The manager as a part of the machine: a unit that systemd takes.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn install(file: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bushbaby"))
        .arg("install-service")
        .arg(file)
        .args(arguments)
        .env_remove("VIRTUAL_ENV")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with a good pipeline file in it.
fn pipeline() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my robot.yaml");
    std::fs::write(&file, "cameras: {front: scene}\nweb: {password: $PASSWORD_OF_ROBOT}\n").unwrap();
    std::fs::write(
        folder.path().join("robot.env"),
        "# of the robot\nPASSWORD_OF_ROBOT=\"secret\"\n",
    )
    .unwrap();
    (folder, file)
}

#[test]
fn a_unit_is_written_that_systemd_takes() {
    let (folder, file) = pipeline();
    let units = folder.path().join("units");
    let variables = folder.path().join("robot.env");
    let arguments = [
        "--to",
        units.to_str().unwrap(),
        "--environment",
        variables.to_str().unwrap(),
    ];
    let output = install(&file, &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let unit = units.join("bushbaby.service");
    let text = std::fs::read_to_string(&unit).unwrap();
    assert!(text.contains(&format!("run \"{}\"", file.display())), "{text}");
    assert!(!text.contains("secret"), "{text}");
    // Where there is a systemd, it has the last word.
    if let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&unit).output() {
        let said = stderr(&verified);
        let ours: Vec<_> = said.lines().filter(|line| line.contains("bushbaby.service")).collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
    let again = install(&file, &arguments);
    assert!(
        again.status.success(),
        "what it wrote itself it writes again: {}",
        stderr(&again)
    );
}

#[test]
fn the_unit_of_somebody_else_is_left_alone() {
    let (folder, file) = pipeline();
    let unit = folder.path().join("bushbaby.service");
    std::fs::write(&unit, "[Service]\nExecStart=/bin/true\n").unwrap();
    let variables = folder.path().join("robot.env");
    let to = folder.path().to_str().unwrap();
    let output = install(&file, &["--to", to, "--environment", variables.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("was not written by this command"),
        "{}",
        stderr(&output)
    );
    assert!(std::fs::read_to_string(&unit).unwrap().contains("/bin/true"));
}

#[test]
fn a_file_that_would_not_run_is_not_installed() {
    let (folder, file) = pipeline();
    let units = folder.path().join("units");
    let output = install(&file, &["--to", units.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("PASSWORD_OF_ROBOT"), "{}", stderr(&output));
    assert!(!units.exists());
}
