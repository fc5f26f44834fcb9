//! The `bushbaby` command.
fn main() {}
