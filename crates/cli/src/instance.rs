//! Questions to a running instance, and what to say when there is none.

use std::process::ExitCode;

use bushbaby_bus::{Bus, Instance, StreamName};
use bushbaby_node::status::{AskError, Reply, Request, Status, ask};

/// Returns the status of a running instance.
pub(crate) fn status(instance: &Instance) -> Result<Status, AskError> {
    match ask(instance, &Request::Status)? {
        Reply::Status(status) => Ok(*status),
        other => Err(AskError::Silent {
            instance: instance.name().to_string(),
            source: std::io::Error::other(format!("it answered something else: {other:?}")),
        }),
    }
}

/// Prints why an instance did not answer, with what to do.
pub(crate) fn fail(error: &AskError) -> ExitCode {
    eprintln!("error: {error}");
    match error {
        AskError::NotRunning(_) => {
            eprintln!("hint: start it with `bushbaby run FILE`, or name another with --instance")
        }
        AskError::Silent { .. } => eprintln!("hint: it may be very busy; try again"),
    }
    ExitCode::FAILURE
}

/// Says on stderr that a request was taken, or why it was not.
pub(crate) fn done(reply: &Reply, taken: &str) -> ExitCode {
    match reply {
        Reply::Done => {
            eprintln!("{taken}");
            ExitCode::SUCCESS
        }
        Reply::Refused { message, hint } => {
            eprintln!("error: {message}");
            if let Some(hint) = hint {
                eprintln!("hint: {hint}");
            }
            ExitCode::FAILURE
        }
        other => {
            eprintln!("error: the instance answered something else: {other:?}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the stream that `text` means: `node/output`, or a node whose first output it is.
pub(crate) fn stream_named(text: &str, status: Option<&Status>) -> Result<StreamName, String> {
    if text.contains('/') {
        return text.parse().map_err(|error| format!("{error}"));
    }
    let node = status.and_then(|status| status.nodes.get(text));
    match node.map(|node| node.outputs.first()) {
        Some(Some(stream)) => Ok(stream.clone()),
        Some(None) => Err(format!("node `{text}` writes no stream")),
        None => Err(format!(
            "no node is called `{text}`: name a stream, as in `{text}/image`"
        )),
    }
}

/// What a node's name alone means where no supervisor knows its kind: the first of these that somebody writes.
const FIRST_OUTPUTS: [&str; 4] = ["image", "rgbd", "detections", "results"];

/// Returns the stream that `text` means by what is written on the bus now.
pub(crate) fn stream_on_bus(text: &str, bus: &Bus) -> Result<StreamName, String> {
    if text.contains('/') {
        return text.parse().map_err(|error| format!("{error}"));
    }
    let there = bus.streams().map_err(|error| error.to_string())?;
    let is_written = |output: &&&str| {
        let stream = there
            .iter()
            .find(|stream| stream.name.node() == text && stream.name.output() == **output);
        stream.is_some_and(|stream| stream.publisher_pid.is_some())
    };
    match FIRST_OUTPUTS.iter().find(is_written) {
        Some(output) => StreamName::new(text, output).map_err(|error| error.to_string()),
        None => stream_named(text, None),
    }
}
