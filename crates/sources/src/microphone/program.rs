//! Where `bushbaby-microphone` is.

use std::ffi::OsString;
use std::path::PathBuf;

/// Its name.
pub(super) const NAME: &str = "bushbaby-microphone";

/// Names another file to run instead.
const VARIABLE: &str = "BUSHBABY_MICROPHONE";

/// What to do when it is not there.
pub(super) const MISSING_HINT: &str = "it comes with bushbaby and stands beside it; from a checkout `make build` builds it, or `cargo build --release -p bushbaby-microphone`";

/// What to do when the library that it needs is not there.
pub(super) const NO_LIBRARY_HINT: &str = "sudo apt install libasound2";

/// The file to run: the one that stands beside this program, or else whichever is found by its name.
pub(super) fn path() -> OsString {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        return named;
    }
    let beside = std::env::current_exe()
        .ok()
        .and_then(|own| Some(own.parent()?.join(NAME)));
    beside
        .filter(|path| path.is_file())
        .map_or_else(|| NAME.into(), PathBuf::into)
}

/// Whether its words mean that the library is not installed.
pub(super) fn misses_library(said: &str) -> bool {
    said.contains("libasound") && said.contains("shared libraries")
}
