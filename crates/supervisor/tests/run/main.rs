//! The supervisor for real: processes that crash, hang, flood and do not listen.

mod ending;
mod fake_node;
mod hostile;
mod python;
mod reloading;
mod restarting;
mod rig;
mod saving;
mod starting;
