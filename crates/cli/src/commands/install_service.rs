//! `bushbaby install-service FILE`: have systemd start a pipeline with the machine, and keep it running.

mod unit;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bushbaby_bus::Instance;
use bushbaby_node::Kind;
use bushbaby_supervisor::file::{self, FileProblem};

use super::check;
use unit::{MARK, Unit};

/// Where systemd looks for units that an administrator made.
const SYSTEM_UNITS: &str = "/etc/systemd/system";

/// Arguments of `install-service`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pipeline file, YAML or JSON.
    file: PathBuf,

    /// For you alone, without root: it starts when you log in, or with the machine after `loginctl enable-linger`.
    #[arg(long)]
    user: bool,

    /// The user who runs it, who needs to be in the groups `video` and `audio` for cameras and microphones. Absent: root.
    #[arg(long, value_name = "NAME", conflicts_with = "user")]
    run_as: Option<String>,

    /// A file of lines `NAME=value`: the variables that the pipeline file names, as `$DOOR_PASSWORD`.
    #[arg(long, value_name = "FILE")]
    environment: Option<PathBuf>,

    /// Write the unit into this folder instead, as for the image of another machine.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// Writes the unit and says how it is started.
pub(crate) fn run(args: &Args, instance: &Instance, kinds: &[Kind]) -> ExitCode {
    match install(args, instance, kinds) {
        Ok(words) => {
            check::print(&words);
            ExitCode::SUCCESS
        }
        Err(Failure::File(problems)) => {
            check::complain(&problems);
            ExitCode::from(2)
        }
        Err(Failure::Other { message, hint, code }) => {
            eprintln!("error: {message}");
            if let Some(hint) = hint {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(code)
        }
    }
}

enum Failure {
    File(Vec<FileProblem>),
    Other {
        message: String,
        hint: Option<String>,
        code: u8,
    },
}

fn failure(message: String, hint: Option<&str>) -> Failure {
    Failure::Other {
        message,
        hint: hint.map(str::to_owned),
        code: 1,
    }
}

fn install(args: &Args, instance: &Instance, kinds: &[Kind]) -> Result<String, Failure> {
    let variables = args
        .environment
        .as_deref()
        .map(variables)
        .transpose()?
        .unwrap_or_default();
    let environment = |name: &str| {
        let own = variables.iter().rev().find(|(own, _)| own == name);
        own.map(|(_, value)| value.clone())
            // What only this shell knows, the service does not.
            .or_else(|| args.environment.is_none().then(|| std::env::var(name).ok()).flatten())
    };
    let checked = file::check_file(&args.file, kinds, &environment);
    if let Err(problems) = checked {
        return Err(Failure::File(problems));
    }
    let unit = Unit {
        program: std::env::current_exe()
            .map_err(|error| failure(format!("the path of this program cannot be told: {error}"), None))?,
        instance: instance.name().to_string(),
        file: absolute(&args.file)?,
        environment: args.environment.as_deref().map(absolute).transpose()?,
        virtual_env: std::env::var_os("VIRTUAL_ENV").map(PathBuf::from),
        run_as: args.run_as.clone(),
        for_user: args.user,
    };
    let text = unit.text().map_err(|path| {
        let message = format!("{path:?}: systemd takes no path with a line break or what is no text");
        failure(message, Some("move the file"))
    })?;
    let folder = folder(args)?;
    let path = folder.join(unit.file_name());
    write(&path, &text)?;
    let start = unit.how_to_start();
    Ok(if args.to.is_some() {
        format!("wrote {}\n", path.display())
    } else {
        format!("wrote {}\n{start}", path.display())
    })
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| failure(format!("{}: {error}", path.display()), None))
}

fn folder(args: &Args) -> Result<PathBuf, Failure> {
    if let Some(folder) = &args.to {
        return Ok(folder.clone());
    }
    if !args.user {
        return Ok(SYSTEM_UNITS.into());
    }
    let config = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    config
        .or_else(|| Some(std::env::home_dir()?.join(".config")))
        .map(|config| config.join("systemd/user"))
        .ok_or_else(|| failure("this user has no home folder".to_owned(), None))
}

/// Writes the unit, unless somebody else's is there.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        let hint = (error.kind() == io::ErrorKind::PermissionDenied)
            .then_some("say `sudo bushbaby install-service …`, or `--user` for yourself alone");
        failure(format!("{} cannot be written: {error}", path.display()), hint)
    };
    match std::fs::read_to_string(path) {
        Ok(there) if !there.starts_with(MARK) => {
            return Err(failure(
                format!("{} is there and was not written by this command", path.display()),
                Some("remove it, or give this one another name: `bushbaby --instance NAME install-service …`"),
            ));
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    std::fs::write(path, text).map_err(cannot)
}

/// Reads lines `NAME=value` as systemd does: values may stand in quotes, `#` and `;` begin a line that is left out.
fn variables(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| failure(format!("{} cannot be read: {error}", path.display()), None))?;
    let mut variables = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Err(Failure::Other {
                message: format!("{}:{}: wanted NAME=value", path.display(), number + 1),
                hint: None,
                code: 2,
            });
        };
        let value = value.trim();
        let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
        let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
        variables.push((name.trim().to_owned(), value.to_owned()));
    }
    Ok(variables)
}
