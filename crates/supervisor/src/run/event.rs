//! What the threads around the supervisor tell its one loop.

use std::collections::BTreeSet;
use std::sync::mpsc::SyncSender;

use bushbaby_node::NodeSpec;
use bushbaby_node::control::FromNode;
use bushbaby_node::status::{Reply, Request};
use serde_json::{Map, Value};

use super::explain::Explanation;
use crate::plan::Plan;

/// One start of one node; tells the words of a dead process from those of its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Launch {
    /// The node's place in the plan.
    pub(super) node: usize,
    /// Counts the starts of all nodes.
    pub(super) number: u64,
}

/// Something happened.
#[derive(Debug)]
pub(super) enum Event {
    /// Look again: somebody pressed stop.
    Wake,
    /// A node spoke.
    Said(Launch, FromNode),
    /// A node sent what is no message.
    Garbage(Launch, String),
    /// A node closed its control socket; it may live on.
    ControlEnded(Launch),
    /// A process ended and its group was swept; it waits to be reaped.
    Ended(Launch),
    /// What could be seen of a node before it is killed.
    Explained(Launch, Explanation),
    /// The file was changed: from now on this is the plan, and these nodes start again in any case.
    Replan(Box<Plan>, BTreeSet<String>),
    /// The file has these settings of a stage now, in the pipeline of this number.
    Saved(String, usize, Map<String, Value>),
    /// Somebody is about to tune a stage so, in the pipeline of this number: which settings would each of its nodes have then?
    Tries(String, usize, Map<String, Value>, SyncSender<Vec<(NodeSpec, Value)>>),
    /// Somebody around the run has something to say to those who read its log.
    Told(String),
    /// Somebody asks through the control socket.
    Asked(Request, SyncSender<Reply>),
}
