//! `main` of every node: from the first word of the supervisor to the last word to it.

use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;

use bushbaby_bus::{Bus, Instance};

use crate::children::Spawner;
use crate::control::{self, CONTROL_FD, NodeSpec, Receiver, ToNode};
use crate::pipelines::Wished;
use crate::reporter::Reporter;
use crate::{Kind, NodeContext, NodeError, Stop};

/// Runs the node that the supervisor at the other end of the inherited socket describes, and returns when it has ended.
///
/// # Errors
/// Why the node could not go on; the supervisor has been told.
pub fn run(kinds: &[Kind]) -> Result<(), NodeError> {
    log_to_stderr();
    let (sender, mut receiver) =
        control::halves(inherited_socket()?).map_err(|error| NodeError::new(error.to_string()))?;
    let reporter = Reporter::new(Some(sender));
    let spec = match receiver.recv() {
        Ok(Some(ToNode::Start(spec))) => *spec,
        Ok(_) => return Ok(()),
        Err(error) => {
            return Err(NodeError::new(format!(
                "the supervisor's first message cannot be read: {error}"
            )));
        }
    };
    let stop = Stop::default();
    let result = run_spec(kinds, spec, reporter.clone(), stop.clone(), receiver);
    stop.set();
    match &result {
        Ok(()) => reporter.stopped(),
        Err(error) => reporter.failed(error.message(), error.hint(), error.is_final()),
    }
    result
}

fn run_spec(
    kinds: &[Kind],
    spec: NodeSpec,
    reporter: Reporter,
    stop: Stop,
    receiver: Receiver,
) -> Result<(), NodeError> {
    let os = |error: std::io::Error| NodeError::new(format!("a thread cannot be started: {error}"));
    let spawner = Spawner::start().map_err(os)?;
    reporter.start_heartbeat(stop.clone()).map_err(os)?;
    let wished = Wished::new(&spec.pipelines);
    listen(receiver, stop.clone(), wished.clone()).map_err(os)?;
    let kind = kinds
        .iter()
        .find(|kind| kind.name == spec.kind)
        .ok_or_else(|| NodeError::new(format!("this program has no node of kind `{}`", spec.kind)).for_good())?;
    let bus = Bus::open(&Instance::new(spec.instance.clone()))?;
    let settings = spec.settings.clone();
    kind.run(
        NodeContext {
            spec: Arc::new(spec),
            bus,
            stop,
            reporter,
            spawner,
            wished,
        },
        settings,
    )
}

/// Sets `stop` when the supervisor says so, or is gone; hands on what it wishes for.
fn listen(mut receiver: Receiver, stop: Stop, wished: Wished) -> std::io::Result<()> {
    let listen = move || {
        while let Ok(Some(message)) = receiver.recv::<ToNode>() {
            match message {
                ToNode::Stop => break,
                ToNode::Pipeline(number) => wished.wish(number),
                ToNode::Changes(changes) => wished.change(changes),
                // It was said once, at the beginning.
                ToNode::Start(_) => {}
            }
        }
        stop.set();
    };
    std::thread::Builder::new()
        .name("control".into())
        .spawn(listen)
        .map(drop)
}

/// The supervisor reads a node's stderr line by line and adds the time and the node's name itself.
fn log_to_stderr() {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("BUSHBABY_LOG").unwrap_or_else(|_| "info,iceoryx2=warn".into());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // Only a second call in one process can fail, and then the first one's settings stay.
    let _ = log.without_time().with_target(false).with_ansi(false).try_init();
}

/// Takes the descriptor that the supervisor left open for this process.
#[allow(unsafe_code)] // a number in the environment is made the owner of a descriptor, once
fn inherited_socket() -> Result<OwnedFd, NodeError> {
    let missing = || {
        NodeError::new("`bushbaby node` is started by `bushbaby run`, not by hand")
            .with_hint("write a pipeline file and say `bushbaby run FILE`")
    };
    let number: RawFd = std::env::var(CONTROL_FD)
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|fd| *fd > 2)
        .ok_or_else(missing)?;
    // SAFETY: the supervisor opened this descriptor for this process alone; nothing else here knows its number. Whether it is
    // open at all is asked below, before anything is done with it.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC).map_err(|_| missing())?;
    Ok(socket)
}
