//! What goes wrong in a node, worded for the person who reads the page.

/// Why a node cannot go on: who noticed what, and what to do about it.
///
/// A node that returns one from `open` or from a step ends with it and is started again by the supervisor, unless
/// [`NodeError::is_final`]. What helps itself (a camera that is not there yet) is no error but
/// [`Step::Waiting`](crate::Step::Waiting).
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct NodeError {
    message: String,
    hint: Option<String>,
    is_final: bool,
}

impl NodeError {
    /// A failure that a restart may mend.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            is_final: false,
        }
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that no restart can help: the supervisor gives this node up at once, the rest runs on.
    #[must_use]
    pub fn for_good(mut self) -> Self {
        self.is_final = true;
        self
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether starting again cannot help.
    pub fn is_final(&self) -> bool {
        self.is_final
    }
}

impl From<bushbaby_bus::BusError> for NodeError {
    fn from(error: bushbaby_bus::BusError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<bushbaby_bus::PublishError> for NodeError {
    fn from(error: bushbaby_bus::PublishError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<bushbaby_bus::RecvError> for NodeError {
    fn from(error: bushbaby_bus::RecvError) -> Self {
        Self::new(error.to_string())
    }
}
