//! Settings: from the file's tree to a node's struct, with the place of every mistake.
//!
//! A settings struct is the single source of its keys, defaults, documentation and schema:
//!
//! ```
//! use bushbaby_node::settings::{Settings, SizePx};
//!
//! /// Settings of the `still` source.
//! #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Still {
//!     /// Size of the picture.
//!     #[serde(default = "default_size")]
//!     size: SizePx,
//! }
//! fn default_size() -> SizePx {
//!     SizePx { width: 1280, height: 720 }
//! }
//! impl Settings for Still {}
//! ```
//!
//! `#[serde(flatten)]`, `tag` and `untagged` would lose the place of a mistake: an enum with two spellings implements
//! `Deserialize` by hand.

mod problem;
mod read;
mod tree;
mod units;

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use problem::{Problem, nearest};
pub use read::read;
pub use tree::{Entry, Place, Scalar, Tree, Value};
pub use units::{Angle, Bitrate, ByteSize, Length, Offset, Percent, SizePx, Time, UnitError};

/// The settings of a kind of node.
pub trait Settings: DeserializeOwned + Serialize + JsonSchema {
    /// Finds mistakes that no type can: a file that cannot be read, two keys that exclude each other.
    ///
    /// `base_dir` is the folder of the pipeline file, to which paths are relative. Runs before anything starts.
    fn check(&self, base_dir: &Path) -> Vec<Problem> {
        let _ = base_dir;
        Vec::new()
    }
}
