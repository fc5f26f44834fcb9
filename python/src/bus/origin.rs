//! `bb.Origin`: the frame that everything came from.

use std::hash::{DefaultHasher, Hash, Hasher};

use bushbaby_bus::Origin;
use pyo3::prelude::*;

/// The frame of a source that everything came from; stages hand it on unchanged.
///
/// Results are joined to their pictures by it: equal origins belong together.
#[pyclass(frozen, eq, name = "Origin", module = "bushbaby")]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PyOrigin(pub(crate) Origin);

#[pymethods]
impl PyOrigin {
    /// Name of the source's stream, as `front/image`.
    #[getter]
    fn stream(&self) -> &str {
        self.0.stream.as_str()
    }

    /// Which start of its publisher: larger for a later one.
    #[getter]
    fn generation(&self) -> u64 {
        self.0.generation
    }

    /// Its number since that start, from 0.
    #[getter]
    fn seq(&self) -> u64 {
        self.0.seq
    }

    /// When it was captured: seconds of CLOCK_MONOTONIC, as `time.monotonic()`.
    #[getter]
    fn captured_at(&self) -> f64 {
        seconds(self.0.captured.mono.as_ns())
    }

    /// The same moment in seconds since 1970 (UTC), as `time.time()`.
    #[getter]
    fn captured_wall(&self) -> f64 {
        self.0.captured.wall.as_ns() as f64 / 1e9
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        format!(
            "Origin(stream={:?}, generation={}, seq={}, captured_at={:.6})",
            self.0.stream.as_str(),
            self.0.generation,
            self.0.seq,
            self.captured_at()
        )
    }
}

pub(crate) fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}
