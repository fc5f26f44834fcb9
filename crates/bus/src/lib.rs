//! Frames, streams and how they move between processes in shared memory.
//!
//! ```text
//! source → bus → stage → bus → sink
//! ```
//!
//! A source, a stage and a sink are processes of their own. What they pass on are [`Frame`]s, each with arrays and a
//! small body, by
//! [streams](StreamName) such as `front/image`. A stream has one [`Publisher`] and any number of [`Subscriber`]s;
//! either may come first, die, and come
//! back. Nobody waits for anybody, and a frame is copied once: into shared memory, by the one who made it.
//!
//! # Loan, fill, send
//!
//! ```
//! use std::time::Duration;
//! use bushbaby_bus::{ArrayLayout, Bus, CaptureClock, CaptureTime, DType, FrameLayout};
//! use bushbaby_bus::{Instance, PublisherOptions, ReadOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let instance = Instance::new(format!("doc-{}", std::process::id()).parse()?);
//! let bus = Bus::open(&instance)?;
//! let camera = bus.publisher(&"front/image".parse()?, PublisherOptions::default())?;
//! let reader = bus.subscriber(&"front/image".parse()?, ReadOptions::default())?; // Most of the time elsewhere.
//!
//! let gray = ArrayLayout::new("gray", DType::U8, [480, 640]).with_encoding("gray8");
//! let layout = FrameLayout::of_arrays([gray]);
//! if camera.is_wanted() {
//!     let mut loan = camera.loan(&layout)?; // A slot of shared memory.
//!     loan.array_mut(0).fill(128); // Dropping it here would give the slot back.
//!     loan.send(CaptureTime::now(CaptureClock::Rendered), None)?;
//! }
//!
//! let frame = reader.recv(Duration::from_secs(1))?.expect("one was sent");
//! let view = frame.array("gray").expect("it has this array");
//! assert_eq!((view.info.shape.as_slice(), view.bytes[0]), ([480, 640].as_slice(), 128));
//! # Ok(())
//! # }
//! ```
//!
//! # What may be relied on
//!
//! - A frame that is kept is never overwritten and never holds its camera up: it owns its slot. Past a reader's pin
//!   budget the next ones are copies.
//! - What is missed is counted, per reader, with the reason: [`ReadCounts`].
//! - A full `/dev/shm` is an error before the write, [`PublishError::ShmFull`] or [`BusError::ShmFull`], not a SIGBUS
//!   in the middle of it.
//! - What comes from another process is checked before it is used: a damaged frame is [`RecvError::Damaged`].
//! - Stages hand the [`Origin`] of their input on, unchanged: results meet their pictures by it.
//! - Nothing stays behind: the dead are cleaned up by those who live, all else by the last to leave, the next to start,
//!   or [`clean`].
//!
//! Why it is made like this: `docs/design/bus.md`.

mod bus;
mod clean;
mod control;
mod counts;
mod error;
mod frame;
mod gaps;
mod header;
mod instance;
mod janitor;
mod layout;
mod liveness;
mod memory;
mod names;
mod odometer;
mod options;
mod pacing;
mod populate;
mod publisher;
mod room;
mod root;
mod slots;
mod stillborn;
mod streams;
mod subscriber;
mod thinning;
mod time;
mod transport;
mod wait;

pub use bus::{Bus, Cleaned, StreamInfo};
pub use clean::clean;
pub use counts::ReadCounts;
pub use error::{BusError, LayoutError, NameError, PublishError, RecvError};
pub use frame::{ArrayInfo, ArrayView, Frame, MadeError, Origin};
pub use header::HeaderError;
pub use instance::{CONTROL_SOCKET, INSTANCE_VARIABLE, Instance};
pub use layout::{
    ArrayLayout, ColorTag, DType, FrameLayout, MAX_ARRAY_NAME_BYTES, MAX_ARRAYS, MAX_DIMS, MAX_ENCODING_BYTES,
    MAX_FRAME_BYTES,
};
pub use names::{InstanceName, StreamName};
pub use options::{MAX_PIN_BUDGET, MAX_QUEUE, MAX_READERS, Pacing, PublisherOptions, ReadOptions, ReadPolicy};
pub use publisher::{Loan, Publisher, SendReceipt};
pub use subscriber::Subscriber;
pub use time::{CaptureClock, CaptureTime, MonoTime, WallTime};
pub use wait::{Waker, wait_any};
