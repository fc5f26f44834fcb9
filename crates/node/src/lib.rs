//! The Source, Stage and Sink traits, and the loop that runs one as a process.
