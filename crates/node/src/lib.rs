//! What a node is, and the loop that runs one as a process.
//!
//! ```text
//! source → bus → stage → bus → sink
//! ```
//!
//! A **node** is one process: a [`Source`] only writes streams, a [`Stage`] reads and writes, a [`Sink`] reads.
//! Whoever writes one fills in a trait and a settings struct; everything else is done here:
//!
//! - [`Kind`] makes it known by name: its settings, its outputs, how it is run. Each crate of nodes lists its own in `KINDS`.
//! - [`process::run`] is `main` of every node: it takes its [`NodeSpec`] from the supervisor, opens the bus, says ready, loops,
//!   reports its heartbeat and its figures, and stops when asked.
//! - [`Outputs`] and [`Inputs`] are the node's ends of the bus; they count what passes and how old it was.
//! - [`children`] starts programs that must die with their parent.
//! - [`when`] is what an alert waits for; [`alerts`] is what is known of those that were raised.
//! - [`control`] is what supervisor and node say to each other; [`status`] is what the supervisor tells everybody else.

#![deny(missing_docs)]

pub mod ages;
pub mod alerts;
pub mod audio;
pub mod children;
pub mod context;
pub mod control;
pub mod error;
mod frozen;
pub mod image;
pub mod inputs;
pub mod kind;
pub mod outputs;
pub mod pipelines;
pub mod process;
pub mod python;
pub mod reporter;
pub mod rgbd;
pub mod settings;
pub mod sink;
pub mod source;
pub mod stage;
pub mod status;
pub mod testing;
pub mod turns;
pub mod when;

pub use context::{NodeContext, Stop};
pub use control::NodeSpec;
pub use error::NodeError;
pub use inputs::Inputs;
pub use kind::{Carries, InputNeed, Kind, OutputSpec, Role};
pub use outputs::Outputs;
pub use settings::{Problem, Settings};
pub use sink::Sink;
pub use source::{Source, Step};
pub use stage::{Calls, Stage};
