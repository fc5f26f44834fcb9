//! How a process ends: why, how far the asking has gone, and who is to blame.

use std::time::Duration;

use bushbaby_bus::MonoTime;

/// How long a report about a hung node may take before the node is killed without.
pub(super) const EXPLAIN_LIMIT: Duration = Duration::from_secs(2);
/// From a hurried SIGTERM to SIGKILL.
pub(super) const HURRIED: Duration = Duration::from_millis(500);

/// Why a process is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The instance ends.
    InstanceEnds,
    /// Somebody asked to start it again.
    Request,
    /// The file or its code was changed.
    Replaced,
    /// It waited for something outside for too long; a fresh start may find it.
    Stalled(String),
    /// It has too much memory.
    Memory(String),
    /// It hangs.
    Hung(String),
    /// It said itself that it ends.
    Leaving,
}

impl Why {
    /// In words, where they are always the same.
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::InstanceEnds | Self::Request => "somebody asked for a restart",
            Self::Replaced => "its part of the file, or its code, was changed",
            Self::Leaving => "it ends",
            Self::Stalled(reason) | Self::Memory(reason) | Self::Hung(reason) => reason,
        }
    }
}

/// How far the ending has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// What can be seen of it is being written down.
    Explaining { until: MonoTime },
    /// It was asked.
    Asked { until: MonoTime },
    /// SIGTERM was sent.
    Terminated,
    /// SIGKILL was sent.
    Killed,
}

/// A process on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) why: Why,
    pub(super) stage: Stage,
    pub(super) kill_at: MonoTime,
}

/// Who answers for the end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// It was asked for: start again at once.
    Asked,
    /// The world outside: start again soon, without counting.
    Nobody,
    /// The node: the restart plan decides.
    Node,
    /// The node, and no restart can help.
    Final,
}

/// What is told of an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) reason: String,
    pub(super) hint: Option<String>,
    pub(super) blame: Blame,
}
