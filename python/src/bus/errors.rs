//! What went wrong below, as the exceptions of `bushbaby._errors`.

use bushbaby_bus::{BusError, LayoutError, NameError, PublishError, RecvError};
use pyo3::PyErr;

/// The classes, which Python code defines.
pub(crate) mod classes {
    pyo3::import_exception!(bushbaby._errors, Error);
    pyo3::import_exception!(bushbaby._errors, Stale);
    pyo3::import_exception!(bushbaby._errors, Closed);
    pyo3::import_exception!(bushbaby._errors, Ambiguous);
    pyo3::import_exception!(bushbaby._errors, BadName);
    pyo3::import_exception!(bushbaby._errors, BadValue);
    pyo3::import_exception!(bushbaby._errors, Damaged);
    pyo3::import_exception!(bushbaby._errors, NotAPicture);
    pyo3::import_exception!(bushbaby._errors, SharedMemoryFull);
    pyo3::import_exception!(bushbaby._errors, StreamTaken);
    pyo3::import_exception!(bushbaby._errors, TooManyReaders);
    pyo3::import_exception!(bushbaby._errors, Forked);
}

/// Something of a parent was used in its child.
pub(crate) fn forked(what: &str, pid: u32) -> PyErr {
    classes::Forked::new_err(format!(
        "{what} belongs to process {pid}, which forked this one ({}): open a new one after the fork",
        std::process::id()
    ))
}

pub(crate) fn of_name(error: &NameError) -> PyErr {
    classes::BadName::new_err(error.to_string())
}

pub(crate) fn of_layout(error: &LayoutError) -> PyErr {
    classes::BadValue::new_err(error.to_string())
}

pub(crate) fn of_bus(error: &BusError) -> PyErr {
    let text = error.to_string();
    match error {
        BusError::Name(error) => of_name(error),
        BusError::Layout(error) => of_layout(error),
        BusError::Option { .. } => classes::BadValue::new_err(text),
        BusError::SecondPublisher { .. } => classes::StreamTaken::new_err(text),
        BusError::TooManyReaders { .. } => classes::TooManyReaders::new_err(text),
        BusError::ShmFull { .. } => classes::SharedMemoryFull::new_err(text),
        BusError::Folder { .. } | BusError::System { .. } | BusError::Transport { .. } => classes::Error::new_err(text),
    }
}

pub(crate) fn of_publish(error: &PublishError) -> PyErr {
    let text = error.to_string();
    match error {
        PublishError::Layout(error) => of_layout(error),
        PublishError::ShmFull { .. } => classes::SharedMemoryFull::new_err(text),
        PublishError::Bus(error) => of_bus(error),
        PublishError::BodyTooLong { .. } | PublishError::WrongLength { .. } => classes::BadValue::new_err(text),
        PublishError::Transport { .. } => classes::Error::new_err(text),
    }
}

pub(crate) fn of_recv(error: &RecvError) -> PyErr {
    let text = error.to_string();
    match error {
        RecvError::Damaged { .. } => classes::Damaged::new_err(text),
        RecvError::ShmFull { .. } => classes::SharedMemoryFull::new_err(text),
        RecvError::System { .. } | RecvError::Transport { .. } => classes::Error::new_err(text),
    }
}
