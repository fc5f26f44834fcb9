//! Frames, streams and how they move between processes in shared memory.
