//! `bushbaby._core`: the part of the Python package that is written in Rust.
//!
//! `bus` is what `import bushbaby` offers to any program: frames in and out as NumPy arrays. `node` runs a Python stage or source
//! as a node of its own, with the loop that every other node has. `rgbd` makes points of depth.

mod bus;
mod node;
mod rgbd;

use pyo3::prelude::*;

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    bus::register(module)?;
    rgbd::register(module)?;
    node::register(module)
}
