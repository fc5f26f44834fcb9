//! How long a thread may go on before another that waits has its turn.
#![allow(unsafe_code)] // one system call that neither the standard library nor rustix offers

use std::io;
use std::mem::size_of;
use std::time::Duration;

/// What work that fills its whole turn asks for. The system's own turns are some 1 to 3 ms.
const LONG: Duration = Duration::from_millis(20);

/// Asks for long turns for this thread and those that it starts from now on.
///
/// A thread with long turns gets as much of the processor as before, but whoever wakes up and asked for shorter ones goes first.
/// So it is for work in bulk whose results wait in queues: encoding for a recording, drawing a made scene. Loops that steer
/// something beside it wake up in time. It lowers no priority, so that nothing is lost where both processors are busy.
///
/// # Errors
/// When the system refuses. Kernels before Linux 6.12 take the call and change nothing.
///
/// # Source
/// sched_setattr(2); `sched_runtime` of a thread with the usual policy is its slice in the EEVDF scheduler.
pub fn take_long_turns() -> io::Result<()> {
    let mut attributes = Attributes::default();
    let size = size_of::<Attributes>() as u32;
    // SAFETY: the kernel writes at most `size` bytes, which is how large `attributes` is; 0 means the calling thread.
    let got = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0) };
    if got < 0 {
        return Err(io::Error::last_os_error());
    }
    let is_usual = [libc::SCHED_OTHER, libc::SCHED_BATCH].map(|policy| policy as u32);
    if !is_usual.contains(&attributes.policy) {
        // Somebody gave it another policy, for which the number means something else.
        return Ok(());
    }
    attributes.size = size;
    attributes.runtime_ns = u64::try_from(LONG.as_nanos()).unwrap_or(u64::MAX);
    // SAFETY: the kernel reads `attributes.size` bytes of it; 0 means the calling thread.
    let set = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if set < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// `struct sched_attr` in the form that Linux 3.14 knew.
#[repr(C)]
#[derive(Debug, Default)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime_ns: u64,
    deadline_ns: u64,
    period_ns: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_takes_long_turns_and_keeps_its_priority() {
        std::thread::spawn(|| {
            rustix::process::setpriority_process(None, 3).unwrap();
            take_long_turns().unwrap();
            let mut attributes = Attributes::default();
            let size = size_of::<Attributes>() as u32;
            // SAFETY: as in `take_long_turns`.
            let got = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0) };
            assert_eq!((got, attributes.nice), (0, 3));
            // Older kernels know no slices and say 0.
            assert!([0, 20_000_000].contains(&attributes.runtime_ns), "{attributes:?}");
        })
        .join()
        .unwrap();
    }
}
