//! An instance: everything that one `bushbaby run` started, and the folders that it keeps its files in.

use std::env;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use crate::error::{BusError, NameError};
use crate::names::InstanceName;

/// Environment variable that names the instance of a process.
pub const INSTANCE_VARIABLE: &str = "BUSHBABY_INSTANCE";

/// The socket in an instance's runtime folder at which its supervisor answers.
pub const CONTROL_SOCKET: &str = "control.sock";

/// Everything that one `bushbaby run` started. Two instances share no stream, no file and no clean-up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    name: InstanceName,
    state_dir: PathBuf,
    runtime_dir: PathBuf,
}

impl Instance {
    /// Returns the instance of that name, with its folders as the environment says now. Creates nothing.
    pub fn new(name: InstanceName) -> Self {
        let state_dir = state_home().join("bushbaby").join(name.as_str());
        let runtime_dir = place_in(&runtime_home(&name), &name);
        Self {
            name,
            state_dir,
            runtime_dir,
        }
    }

    /// Returns the instance that `BUSHBABY_INSTANCE` names; `default` when it is absent or empty.
    ///
    /// # Errors
    /// [`NameError::Instance`], when the variable holds no name of an instance.
    pub fn from_environment() -> Result<Self, NameError> {
        let name = env::var(INSTANCE_VARIABLE).unwrap_or_default();
        let name = if name.is_empty() { "default".to_owned() } else { name };
        Ok(Self::new(name.parse()?))
    }

    /// Returns the instance's name.
    pub fn name(&self) -> &InstanceName {
        &self.name
    }

    /// Returns the folder for what is to be kept: `$XDG_STATE_HOME/bushbaby/NAME`, else `~/.local/state/bushbaby/NAME`.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Returns the folder for sockets and locks: `$XDG_RUNTIME_DIR/bushbaby/NAME`, else
    /// `/tmp/bushbaby-UID/bushbaby/NAME`. The second also when the instance runs there: a service has no folder of a login.
    pub fn runtime_dir(&self) -> &Path {
        &self.runtime_dir
    }

    /// Creates [`Self::runtime_dir`] where it is missing, mode 0700, and checks that it and its parents of ours are
    /// ours alone.
    ///
    /// # Errors
    /// [`BusError::Folder`], when somebody else owns it or may enter it; [`BusError::System`], when it cannot be made.
    pub fn create_runtime_dir(&self) -> Result<&Path, BusError> {
        let bushbaby = self.runtime_dir.parent().unwrap_or(&self.runtime_dir);
        if let Some(home) = bushbaby.parent().filter(|home| *home == home_without_login()) {
            private_dir(home)?;
        }
        private_dir(bushbaby)?;
        private_dir(&self.runtime_dir)?;
        Ok(&self.runtime_dir)
    }

    /// Returns what the names of all its files in `/dev/shm`, and of no other instance's, begin with: `bb_NAME_`, where
    /// `_` in the name is a dot.
    pub fn shm_prefix(&self) -> String {
        // Or else `bb_a_` would also begin the names of the instance `a_b`.
        format!("bb_{}_", self.name.as_str().replace('_', "."))
    }
}

/// Makes the folder, if need be with its parents, and checks that nobody else can enter it.
pub(crate) fn private_dir(path: &Path) -> Result<(), BusError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| BusError::system(format!("creating the folder {}", path.display()), source))?;
    check_private(path)
}

/// Checks that a folder is ours and that nobody else can enter it.
fn check_private(path: &Path) -> Result<(), BusError> {
    let found = std::fs::symlink_metadata(path)
        .map_err(|source| BusError::system(format!("looking at the folder {}", path.display()), source))?;
    let wrong = |problem: String| {
        Err(BusError::Folder {
            path: path.to_owned(),
            problem,
        })
    };
    let us = geteuid().as_raw();
    if !found.is_dir() {
        wrong("it is not a folder".to_owned())
    } else if found.uid() != us {
        wrong(format!("it belongs to user {}, we are user {us}", found.uid()))
    } else if found.mode() & 0o077 != 0 {
        wrong(format!("its mode is {:04o}", found.mode() & 0o7777))
    } else {
        Ok(())
    }
}

fn state_home() -> PathBuf {
    absolute("XDG_STATE_HOME").unwrap_or_else(|| match absolute("HOME") {
        Some(home) => home.join(".local/state"),
        None => home_without_login().join("state"),
    })
}

fn runtime_home(name: &InstanceName) -> PathBuf {
    chosen_home(absolute("XDG_RUNTIME_DIR"), home_without_login(), name)
}

fn home_without_login() -> PathBuf {
    format!("/tmp/bushbaby-{}", geteuid().as_raw()).into()
}

/// The folder of the login where there is one, unless the instance runs in the other one and not there. Anybody may make a folder in
/// `/tmp`: only one that is ours alone counts.
fn chosen_home(of_login: Option<PathBuf>, other: PathBuf, name: &InstanceName) -> PathBuf {
    let Some(of_login) = of_login else { return other };
    let runs_in = |home: &Path| place_in(home, name).join(CONTROL_SOCKET).exists();
    if !runs_in(&of_login) && check_private(&other).is_ok() && runs_in(&other) {
        other
    } else {
        of_login
    }
}

fn place_in(home: &Path, name: &InstanceName) -> PathBuf {
    home.join("bushbaby").join(name.as_str())
}

/// Returns the variable's folder; a relative one is ignored, as the XDG base directory specification demands.
fn absolute(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn who_logs_in_finds_the_instance_that_a_service_runs() {
        let folder = tempfile::tempdir().unwrap();
        let (of_login, other) = (folder.path().join("login"), folder.path().join("other"));
        let name: InstanceName = "robot".parse().unwrap();
        let chosen = || chosen_home(Some(of_login.clone()), other.clone(), &name);
        let run_in = |home: &Path| {
            private_dir(home).unwrap();
            fs::create_dir_all(place_in(home, &name)).unwrap();
            fs::write(place_in(home, &name).join(CONTROL_SOCKET), "").unwrap();
        };
        assert_eq!(chosen_home(None, other.clone(), &name), other);
        assert_eq!(chosen(), of_login);
        run_in(&other);
        assert_eq!(chosen(), other);
        assert_eq!(
            chosen_home(Some(of_login.clone()), other.clone(), &"drivers".parse().unwrap()),
            of_login
        );
        // Somebody else could have put something there.
        fs::set_permissions(&other, Permissions::from_mode(0o777)).unwrap();
        assert_eq!(chosen(), of_login);
        fs::set_permissions(&other, Permissions::from_mode(0o700)).unwrap();
        run_in(&of_login);
        assert_eq!(chosen(), of_login);
    }
}
