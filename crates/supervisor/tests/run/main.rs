//! The supervisor for real: processes that crash, hang, flood and do not listen.

mod ending;
mod fake_node;
mod hostile;
mod restarting;
mod rig;
mod starting;
