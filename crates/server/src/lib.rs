//! The web page and its endpoints, a node of its own.
