//! The one system call between fork and exec.
#![allow(unsafe_code)] // `pre_exec` runs in the forked child, where only async-signal-safe calls are allowed

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// Makes the kernel kill the child when the thread that starts it ends.
pub(super) fn arrange(command: &mut Command) {
    let parent = rustix::process::getpid();
    let arrange = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the line above.
        match getppid() {
            Some(now) if now == parent => Ok(()),
            _ => Err(io::Error::from(rustix::io::Errno::SRCH)),
        }
    };
    // SAFETY: the closure makes two system calls and builds errors from their numbers; it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(arrange);
    }
}
