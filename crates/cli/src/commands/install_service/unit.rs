//! The unit as systemd reads it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The first line of every unit that we write: others are left alone.
pub(super) const MARK: &str = "# Written by `bushbaby install-service`, which writes it again.\n";

/// A pipeline that is started with the machine.
#[derive(Debug)]
pub(super) struct Unit {
    /// This program.
    pub(super) program: PathBuf,
    pub(super) instance: String,
    /// The pipeline file, absolute.
    pub(super) file: PathBuf,
    /// A file of variables, absolute.
    pub(super) environment: Option<PathBuf>,
    /// Where Python nodes find their interpreter.
    pub(super) virtual_env: Option<PathBuf>,
    pub(super) run_as: Option<String>,
    /// Whether it is a unit of one user, and not of the machine.
    pub(super) for_user: bool,
}

impl Unit {
    /// The name of its file: that of the instance is in it.
    pub(super) fn file_name(&self) -> String {
        format!("{}.service", self.name())
    }

    fn name(&self) -> String {
        match self.instance.as_str() {
            "default" => "bushbaby".to_owned(),
            instance => format!("bushbaby-{instance}"),
        }
    }

    /// What is written.
    ///
    /// # Errors
    /// With a path that cannot stand in a unit.
    pub(super) fn text(&self) -> Result<String, PathBuf> {
        let (program, file) = (argument(&self.program)?, argument(&self.file)?);
        let folder = plain(self.file.parent().unwrap_or(Path::new("/")))?;
        let mut text = MARK.to_owned();
        // No network is waited for: it may never come, and the pipeline waits for its cameras by itself.
        let _ = write!(
            text,
            "[Unit]
Description=bushbaby: {}
After=network.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={program} --instance {} run {file}
WorkingDirectory={folder}
Restart=always
RestartSec=1
",
            plain(&self.file)?,
            self.instance,
        );
        if let Some(environment) = &self.environment {
            let _ = writeln!(text, "EnvironmentFile={}", plain(environment)?);
        }
        if let Some(virtual_env) = &self.virtual_env {
            let _ = writeln!(text, "Environment=\"VIRTUAL_ENV={}\"", quoted(virtual_env)?);
        }
        match &self.run_as {
            Some(user) => {
                let _ = writeln!(text, "User={user}");
            }
            // The system's own user has no home in a service. What waits to be sent must outlive a restart of the machine.
            None if !self.for_user => text += "StateDirectory=bushbaby\nEnvironment=XDG_STATE_HOME=/var/lib\n",
            None => {}
        }
        // The supervisor is asked, and ends its nodes in order within nine seconds; whatever is left then is killed.
        let _ = write!(
            text,
            "KillMode=mixed
TimeoutStopSec=20

[Install]
WantedBy={}
",
            if self.for_user {
                "default.target"
            } else {
                "multi-user.target"
            }
        );
        Ok(text)
    }

    /// What to say next.
    pub(super) fn how_to_start(&self) -> String {
        let name = self.name();
        let (systemctl, journalctl) = if self.for_user {
            ("systemctl --user", "journalctl --user")
        } else {
            ("systemctl", "journalctl")
        };
        let mut words = format!(
            "now, and with the machine:  {systemctl} daemon-reload && {systemctl} enable --now {name}
its log:                    {journalctl} -u {name} -f
never again:                {systemctl} disable --now {name}
"
        );
        if self.for_user {
            words += "before you log in, too:     loginctl enable-linger\n";
        }
        words
    }
}

/// A path as one argument of a command.
fn argument(path: &Path) -> Result<String, PathBuf> {
    Ok(format!("\"{}\"", quoted(path)?.replace('$', "$$")))
}

/// A path between quotes.
fn quoted(path: &Path) -> Result<String, PathBuf> {
    Ok(plain(path)?.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A path alone behind `KEY=`.
fn plain(path: &Path) -> Result<String, PathBuf> {
    let text = path.to_str().filter(|text| !text.contains(['\n', '\r']));
    Ok(text.ok_or_else(|| path.to_owned())?.replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Unit {
        Unit {
            program: "/opt/robot/bin/bushbaby".into(),
            instance: "default".into(),
            file: "/home/robot/my robot.yaml".into(),
            environment: None,
            virtual_env: None,
            run_as: None,
            for_user: false,
        }
    }

    #[test]
    fn it_starts_the_file_and_keeps_it_running() {
        insta::assert_snapshot!(unit().text().unwrap(), @r#"
        # Written by `bushbaby install-service`, which writes it again.
        [Unit]
        Description=bushbaby: /home/robot/my robot.yaml
        After=network.target
        StartLimitIntervalSec=0

        [Service]
        Type=exec
        ExecStart="/opt/robot/bin/bushbaby" --instance default run "/home/robot/my robot.yaml"
        WorkingDirectory=/home/robot
        Restart=always
        RestartSec=1
        StateDirectory=bushbaby
        Environment=XDG_STATE_HOME=/var/lib
        KillMode=mixed
        TimeoutStopSec=20

        [Install]
        WantedBy=multi-user.target
        "#);
    }

    #[test]
    fn what_was_asked_for_is_in_it() {
        let unit = Unit {
            instance: "robot".into(),
            environment: Some("/etc/100%.env".into()),
            virtual_env: Some("/opt/a \"b\"".into()),
            run_as: Some("robot".into()),
            ..unit()
        };
        assert_eq!(unit.file_name(), "bushbaby-robot.service");
        let text = unit.text().unwrap();
        for line in [
            "ExecStart=\"/opt/robot/bin/bushbaby\" --instance robot run \"/home/robot/my robot.yaml\"",
            "EnvironmentFile=/etc/100%%.env",
            "Environment=\"VIRTUAL_ENV=/opt/a \\\"b\\\"\"",
            "User=robot",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_path_that_would_be_two_lines_is_refused() {
        let unit = Unit {
            file: "/tmp/a\nExecStart=/bin/evil".into(),
            ..unit()
        };
        assert!(unit.text().is_err());
    }
}
