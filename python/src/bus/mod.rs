//! What `import bushbaby` offers to any program: frames of the bus as NumPy arrays, in and out.
//!
//! - [`frame`]: `bb.Frame`, what came; its arrays are views that own the frame's memory ([`arrays`]).
//! - [`payload`]: what Python gives (arrays, results, text, dataclasses) as the arrays and the body of a frame to send.
//! - [`ours`]: what was opened before a fork is not touched in the child.
//! - [`errors`]: what went wrong below, as the classes of `bushbaby._errors`.
//!
//! What needs no speed and no memory of its own is Python: the classes of results (`_results.py`), the rules by which values
//! become arrays (`_payload.py`), pairing (`_sync.py`).

pub(crate) mod arrays;
pub(crate) mod errors;
pub(crate) mod frame;
mod loan;
mod opening;
pub(crate) mod origin;
pub(crate) mod ours;
pub(crate) mod payload;
mod publisher;
mod remembered;
mod strided;
mod subscription;
mod tags;

use pyo3::prelude::*;

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<frame::PyFrame>()?;
    module.add_class::<loan::PyLoan>()?;
    module.add_class::<origin::PyOrigin>()?;
    module.add_class::<publisher::PyPublisher>()?;
    module.add_class::<subscription::PySubscription>()?;
    module.add_function(wrap_pyfunction!(tags::detect_tags, module)?)
}
