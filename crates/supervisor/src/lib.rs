//! The pipeline file, checked, then kept running.
