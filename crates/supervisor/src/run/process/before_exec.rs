//! What is set up between fork and exec: the node's end of the control socket, its cores, its priority.
#![allow(unsafe_code)] // `pre_exec` runs in the forked child, where only async-signal-safe calls are allowed

use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, sched_setaffinity};

/// Leaves `control` open in the program that is started, and sets its cores and its priority as far as the system allows;
/// whether it did is asked afterwards, from outside.
pub(super) fn arrange(command: &mut Command, control: OwnedFd, cpus: Option<CpuSet>, nice: i32) {
    let arrange = move || {
        fcntl_setfd(&control, FdFlags::empty())?;
        if let Some(cpus) = &cpus {
            let _ = sched_setaffinity(None, cpus);
        }
        if nice != 0 {
            let _ = setpriority_process(None, nice);
        }
        Ok(())
    };
    // SAFETY: the closure makes three system calls and builds an error from a number; it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(arrange);
    }
}
