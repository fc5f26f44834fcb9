//! How much processor and memory a process takes, from `/proc`: two small reads.

use std::fs;

use bushbaby_bus::MonoTime;
use rustix::process::Pid;

/// Watches one process.
#[derive(Debug)]
pub(super) struct UsageMeter {
    pid: Pid,
    last: Option<(MonoTime, u64)>,
    cpu: Option<f64>,
    memory_bytes: Option<u64>,
}

impl UsageMeter {
    pub(super) fn new(pid: Pid) -> Self {
        Self {
            pid,
            last: None,
            cpu: None,
            memory_bytes: None,
        }
    }

    /// Measures now. A process that is gone keeps its last figures.
    pub(super) fn sample(&mut self, now: MonoTime) {
        let pid = self.pid.as_raw_nonzero();
        if let Some(ticks) = fs::read_to_string(format!("/proc/{pid}/stat"))
            .ok()
            .and_then(|stat| cpu_ticks(&stat))
        {
            if let Some((before, ticks_before)) = self.last {
                let seconds = now.since(before).as_secs_f64();
                let used = ticks.saturating_sub(ticks_before) as f64 / rustix::param::clock_ticks_per_second() as f64;
                self.cpu = (seconds > 0.0).then(|| (used / seconds * 1e3).round() / 1e3);
            }
            self.last = Some((now, ticks));
        }
        let pages = fs::read_to_string(format!("/proc/{pid}/statm"))
            .ok()
            .and_then(|statm| private_pages(&statm));
        if let Some(pages) = pages {
            self.memory_bytes = Some(pages.saturating_mul(rustix::param::page_size() as u64));
        }
    }

    /// Share of one core between the last two samples, 1.0 is all of it.
    pub(super) fn cpu(&self) -> Option<f64> {
        self.cpu
    }

    /// Memory that is its own: neither shared memory nor files.
    pub(super) fn memory_bytes(&self) -> Option<u64> {
        self.memory_bytes
    }
}

/// User and system time of a process or thread in ticks, from its `stat`.
///
/// # Source
/// proc_pid_stat(5): fields 14 and 15; the name in brackets may hold anything.
pub(super) fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(system)
}

/// Resident pages less those backed by files and shared memory, from `statm`.
///
/// # Source
/// proc_pid_statm(5): fields 2 and 3.
fn private_pages(statm: &str) -> Option<u64> {
    let mut fields = statm.split_ascii_whitespace().skip(1);
    let (resident, shared): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(resident.saturating_sub(shared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_hides_nothing() {
        let stat = "12 (a) b (c) S 1 12 12 0 -1 4194560 110 0 0 0 37 5 0 0 20 0 3 0 1234 1 2";
        assert_eq!(cpu_ticks(stat), Some(42));
        assert_eq!(cpu_ticks("12 (short) S 1"), None);
    }

    #[test]
    fn shared_pages_are_not_a_process_s_own() {
        assert_eq!(private_pages("9000 700 500 1 0 300 0"), Some(200));
        assert_eq!(private_pages(""), None);
    }

    #[test]
    fn this_process_has_memory_and_takes_processor_time() {
        let mut meter = UsageMeter::new(rustix::process::getpid());
        meter.sample(MonoTime::from_ns(0));
        meter.sample(MonoTime::from_ns(1_000_000_000));
        assert!(meter.memory_bytes().unwrap() > 100_000);
        assert!(meter.cpu().is_some());
    }
}
