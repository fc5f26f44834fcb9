//! Frames, streams and how they move between processes in shared memory.
//!
//! ```text
//! source → bus → stage → bus → sink
//! ```

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
pub use frame::{ArrayInfo, ArrayView, Frame, Origin};
pub use header::HeaderError;
pub use instance::{INSTANCE_VARIABLE, Instance};
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
