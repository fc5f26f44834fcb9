//! Everything that can go wrong, each with who, what was there, what was wanted and what to do.

use std::io;
use std::path::PathBuf;

use crate::header::HeaderError;
use crate::layout::{ColorTag, MAX_ARRAY_NAME_BYTES, MAX_ARRAYS, MAX_DIMS, MAX_ENCODING_BYTES, MAX_FRAME_BYTES};
use crate::names::StreamName;

/// A name that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a name of an instance.
    #[error(
        "instance name {got:?}: wanted 1 to 32 lower-case letters, digits, `_` or `-`, with a letter or digit first"
    )]
    Instance {
        /// What was given.
        got: String,
    },
    /// Not a name of a stream.
    #[error("stream name {got:?}: wanted `node/output`, at most 63 bytes, of letters, digits, `_`, `.`, `@` and `-`")]
    Stream {
        /// What was given.
        got: String,
    },
}

/// A frame that cannot be laid out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Empty, too long, or with a zero byte.
    #[error("array name {got:?}: wanted 1 to {MAX_ARRAY_NAME_BYTES} bytes without a zero byte")]
    BadName {
        /// What was given.
        got: String,
    },
    /// Two arrays of one frame have the same name.
    #[error("array `{array}` is in the frame twice: give each array a name of its own")]
    SameName {
        /// The name.
        array: String,
    },
    /// Too long, or with a zero byte.
    #[error("array `{array}`: encoding {got:?} is not at most {MAX_ENCODING_BYTES} bytes without a zero byte")]
    BadEncoding {
        /// Which array.
        array: String,
        /// What was given.
        got: String,
    },
    /// Neither unspecified nor one that the bus knows.
    #[error("array `{array}`: {got:?} is unknown; matrix and range are 0, 1 or 2")]
    BadColor {
        /// Which array.
        array: String,
        /// What was given.
        got: ColorTag,
    },
    /// More dimensions than the header has room for.
    #[error("array `{array}` has {got} dimensions, at most {MAX_DIMS} travel: merge some")]
    TooManyDims {
        /// Which array.
        array: String,
        /// How many.
        got: usize,
    },
    /// More arrays than the header has room for.
    #[error("{got} arrays in one frame, at most {MAX_ARRAYS} travel: make two streams with one origin")]
    TooManyArrays {
        /// How many.
        got: usize,
    },
    /// Rows would overlap, or elements would not be aligned.
    #[error("array `{array}`: a row stride of {got} bytes does not fit rows of {row_bytes} bytes of whole elements")]
    BadStride {
        /// Which array.
        array: String,
        /// What was given.
        got: usize,
        /// Bytes of one row without a gap.
        row_bytes: usize,
    },
    /// More than one frame can be.
    #[error("array `{array}` makes the frame larger than {MAX_FRAME_BYTES} bytes")]
    TooLarge {
        /// Which array.
        array: String,
    },
}

/// The bus, a publisher or a subscriber could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A frame that cannot be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// An option that the bus cannot keep.
    #[error("stream `{stream}`: {option} is {got}, wanted {most}")]
    Option {
        /// Which stream.
        stream: StreamName,
        /// Which option.
        option: &'static str,
        /// What was asked for.
        got: String,
        /// What could be kept.
        most: String,
    },
    /// Somebody else writes this stream now.
    #[error(
        "stream `{stream}` already has a publisher{}: end it first, or write another stream",
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    SecondPublisher {
        /// Which stream.
        stream: StreamName,
        /// Who writes it.
        pid: Option<u32>,
    },
    /// All places for readers are taken.
    #[error("stream `{stream}` already has {most} readers, more do not fit: end one, or read from a stage behind it")]
    TooManyReaders {
        /// Which stream.
        stream: StreamName,
        /// How many can be.
        most: usize,
    },
    /// The shared memory is too small or too full.
    #[error("{}", shm_full(.stream, *.wanted_bytes, *.free_bytes))]
    ShmFull {
        /// For whom.
        stream: Option<StreamName>,
        /// What it would take.
        wanted_bytes: u64,
        /// What is left.
        free_bytes: u64,
    },
    /// A folder that the bus keeps its files in is not ours alone.
    #[error("{}: {problem}; wanted a folder of our own that nobody else can enter (mode 0700)", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A system call said no.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The transport below said no.
    #[error("{what}: {cause}")]
    Transport {
        /// What was tried.
        what: String,
        /// What iceoryx2 said.
        cause: String,
    },
}

impl BusError {
    pub(crate) fn system(what: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self::System {
            what: what.into(),
            source: source.into(),
        }
    }

    pub(crate) fn transport(what: impl Into<String>, cause: impl std::fmt::Debug) -> Self {
        Self::Transport {
            what: what.into(),
            cause: format!("{cause:?}"),
        }
    }
}

/// A frame could not be loaned or sent.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A frame that cannot be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The shared memory is too small or too full. Nothing was written; a later or smaller frame may fit.
    #[error("{}", shm_full(&Some(.stream.clone()), *.wanted_bytes, *.free_bytes))]
    ShmFull {
        /// For whom.
        stream: StreamName,
        /// What it would take.
        wanted_bytes: u64,
        /// What is left.
        free_bytes: u64,
    },
    /// The body is longer than the layout has room for.
    #[error("stream `{stream}`: a body of {got} bytes does not fit into the {capacity} bytes that were loaned")]
    BodyTooLong {
        /// Which stream.
        stream: StreamName,
        /// Bytes of the body.
        got: usize,
        /// Bytes that were loaned for it.
        capacity: usize,
    },
    /// The bytes given for an array are not as many as its layout takes.
    #[error("stream `{stream}`: array `{array}` takes {wanted} bytes, got {got}")]
    WrongLength {
        /// Which stream.
        stream: StreamName,
        /// Which array.
        array: String,
        /// Bytes given.
        got: usize,
        /// Bytes that the layout takes.
        wanted: usize,
    },
    /// The publisher could not be set up again for larger frames.
    #[error(transparent)]
    Bus(Box<BusError>),
    /// The transport below said no.
    #[error("stream `{stream}`: {what}: {cause}")]
    Transport {
        /// Which stream.
        stream: StreamName,
        /// What was tried.
        what: &'static str,
        /// What iceoryx2 said.
        cause: String,
    },
}

/// A frame could not be received.
#[derive(Debug, thiserror::Error)]
pub enum RecvError {
    /// A frame came that is none; it was counted and left out. The next one may be good.
    #[error("stream `{stream}`: a damaged frame was left out: {cause}")]
    Damaged {
        /// Which stream.
        stream: StreamName,
        /// What is wrong with its header.
        #[source]
        cause: HeaderError,
    },
    /// The shared memory is too full to connect to a publisher.
    #[error("{}", shm_full(&Some(.stream.clone()), *.wanted_bytes, *.free_bytes))]
    ShmFull {
        /// For whom.
        stream: StreamName,
        /// What it would take.
        wanted_bytes: u64,
        /// What is left.
        free_bytes: u64,
    },
    /// A system call said no.
    #[error("waiting for frames: {source}")]
    System {
        /// What the system said.
        #[from]
        source: io::Error,
    },
    /// The transport below said no.
    #[error("stream `{stream}`: {what}: {cause}")]
    Transport {
        /// Which stream.
        stream: StreamName,
        /// What was tried.
        what: &'static str,
        /// What iceoryx2 said.
        cause: String,
    },
}

fn shm_full(stream: &Option<StreamName>, wanted_bytes: u64, free_bytes: u64) -> String {
    let who = stream
        .as_ref()
        .map(|name| format!("stream `{name}`: "))
        .unwrap_or_default();
    format!(
        "{who}shared memory is full: {wanted} MB wanted, {free} MB free in /dev/shm. \
         Send smaller frames, end another publisher, or make it larger (docker run --shm-size=1g)",
        wanted = megabytes(wanted_bytes),
        free = megabytes(free_bytes),
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
