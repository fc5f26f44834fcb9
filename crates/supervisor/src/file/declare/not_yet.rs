//! What the design has and this version has not: refused by name, so that nobody looks for a slip of the finger.

/// Keys at the top of a file.
pub(crate) const NOUNS: [&str; 1] = ["bridges"];

/// Schemes of addresses.
pub(crate) const SCHEMES: [&str; 1] = ["rtsps"];

/// Words the refusal.
pub(crate) fn message(what: &str) -> String {
    format!("`{what}` is not there yet in this version")
}
