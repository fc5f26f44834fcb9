//! NetworkTables 4.1, the tables that FRC robots, dashboards and vision programs share.
//!
//! - [`Client`]: publishes and subscribes. A thread of its own connects, connects again and tells everything anew; no call waits for
//!   the network.
//! - [`Server`]: a small server for simulation and tests, in the place of the robot.
//! - [`Value`] and [`TopicType`]: what a topic holds.
//! - `wire`: the messages, without any network.
//! - `time_sync`: the clock of the robot, as PhotonLib's UDP protocol tells it.
//!
//! Times are microseconds. Those called `local` are of CLOCK_MONOTONIC; those called `server` are of the server's own clock.
//!
//! # Source
//! WPILib, "NetworkTables Protocol Specification, Version 4.1".

#![deny(missing_docs)]

mod address;
mod client;
mod clock;
mod server;
mod time_sync;
mod value;
mod wake;
mod wire;

pub use address::{Address, AddressError, DEFAULT_PORT};
pub use client::{Client, ClientStatus, Counts, Options, Publisher, Subscription, TimeSyncStatus, Update};
pub use clock::local_us;
pub use server::{Server, ServerUpdate, Topic};
pub use value::{TopicType, Value};
pub use wire::{SubscribeOptions, WireError};
