//! Settings: whose keys are whose, variables filled in, read, and shown again without what was filled in.

pub(crate) mod any_node;
pub(crate) mod keys;
pub(crate) mod masked;
pub(crate) mod secrets;
pub(crate) mod settle;
