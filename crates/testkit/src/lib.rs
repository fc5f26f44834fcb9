//! Cameras and servers that misbehave on demand; used by tests only.
