//! What can be seen of a process that hangs without disturbing it, before it is killed.
//!
//! From `/proc` alone: the state of each thread, where in the kernel it waits, whether it takes processor time.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::Pid;

use super::usage::cpu_ticks;
use super::words::plain;

/// Between the two looks at the processor time.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// Threads that are listed.
const MOST_THREADS: usize = 64;

/// What was seen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Explanation {
    threads: Vec<ThreadFacts>,
}

/// One thread.
#[derive(Debug, Clone, PartialEq)]
struct ThreadFacts {
    id: u32,
    name: String,
    /// As in `/proc`: R runs, S sleeps, D waits and cannot be woken, T is stopped, Z is dead.
    state: char,
    waits_in: String,
    /// Share of one core, 1.0 is all of it.
    cpu: f64,
}

/// Looks at a process twice, 200 ms apart.
pub(super) fn explain(pid: Pid) -> Explanation {
    let first = ticks(pid);
    thread::sleep(BETWEEN_LOOKS);
    let mut threads: Vec<ThreadFacts> = task_ids(pid)
        .into_iter()
        .filter_map(|id| facts(pid, id, &first))
        .collect();
    threads.truncate(MOST_THREADS);
    Explanation { threads }
}

impl Explanation {
    /// The likeliest cause in a few words.
    pub(super) fn verdict(&self) -> String {
        let cpu: f64 = self.threads.iter().map(|thread| thread.cpu).sum();
        let is = |state: char| self.threads.iter().find(|thread| thread.state == state);
        if let Some(thread) = is('D') {
            return format!("thread `{}` waits for a device (in {})", thread.name, thread.waits_in);
        }
        match self.threads.first() {
            None => "it is gone".to_owned(),
            Some(main) if matches!(main.state, 'T' | 't') => "it was stopped by a signal or a debugger".to_owned(),
            Some(main) if matches!(main.state, 'Z' | 'X') => "its main thread has ended".to_owned(),
            Some(_) if cpu > 0.5 => {
                let busiest = self.threads.iter().max_by(|a, b| a.cpu.total_cmp(&b.cpu));
                let name = busiest.map_or("", |thread| &thread.name);
                format!("thread `{name}` is busy ({:.0} % of a core)", cpu * 100.0)
            }
            Some(main) => format!("asleep, its main thread waits in {}", main.waits_in),
        }
    }

    /// One line for each thread.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |thread: &ThreadFacts| {
            let ThreadFacts {
                id,
                name,
                state,
                waits_in,
                cpu,
            } = thread;
            format!(
                "thread {id} `{name}`: state {state}, {:.0} % of a core, waits in {waits_in}",
                cpu * 100.0
            )
        };
        self.threads.iter().map(line).collect()
    }
}

fn task_ids(pid: Pid) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else {
        return Vec::new();
    };
    let mut ids: Vec<u32> = tasks
        .flatten()
        .filter_map(|task| task.file_name().to_str()?.parse().ok())
        .collect();
    ids.sort_unstable();
    ids
}

fn stat(pid: Pid, task: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{}/task/{task}/stat", pid.as_raw_nonzero())).ok()
}

fn ticks(pid: Pid) -> BTreeMap<u32, u64> {
    task_ids(pid)
        .into_iter()
        .filter_map(|id| Some((id, cpu_ticks(&stat(pid, id)?)?)))
        .collect()
}

fn facts(pid: Pid, id: u32, before: &BTreeMap<u32, u64>) -> Option<ThreadFacts> {
    let stat = stat(pid, id)?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    let state = rest.trim_start().chars().next()?;
    let used = cpu_ticks(&stat)?.saturating_sub(before.get(&id).copied().unwrap_or(0));
    let cpu = used as f64 / rustix::param::clock_ticks_per_second() as f64 / BETWEEN_LOOKS.as_secs_f64();
    let waits_in = fs::read_to_string(format!("/proc/{}/task/{id}/wchan", pid.as_raw_nonzero()))
        .ok()
        .filter(|place| !place.is_empty() && place != "0")
        .unwrap_or_else(|| "an unknown place".to_owned());
    Some(ThreadFacts {
        id,
        name: plain(name.as_bytes()),
        state,
        waits_in,
        cpu,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(name: &str, state: char, cpu: f64) -> ThreadFacts {
        ThreadFacts {
            id: 7,
            name: name.into(),
            state,
            waits_in: "futex_wait_queue".into(),
            cpu,
        }
    }

    fn verdict(threads: &[ThreadFacts]) -> String {
        Explanation {
            threads: threads.to_vec(),
        }
        .verdict()
    }

    #[test]
    fn the_verdict_names_the_likeliest_cause() {
        let (main, heartbeat) = (thread("main", 'S', 0.0), thread("heartbeat", 'S', 0.0));
        assert_eq!(verdict(&[]), "it is gone");
        assert_eq!(
            verdict(&[main.clone(), heartbeat.clone()]),
            "asleep, its main thread waits in futex_wait_queue"
        );
        assert_eq!(
            verdict(&[thread("main", 'T', 0.0)]),
            "it was stopped by a signal or a debugger"
        );
        let (usb, detector) = (thread("usb", 'D', 0.0), thread("detector", 'R', 0.98));
        assert_eq!(
            verdict(&[main.clone(), usb]),
            "thread `usb` waits for a device (in futex_wait_queue)"
        );
        assert_eq!(
            verdict(&[main, detector, heartbeat]),
            "thread `detector` is busy (98 % of a core)"
        );
    }

    #[test]
    fn every_thread_of_this_process_is_listed_with_its_name() {
        let (_keep, wait) = std::sync::mpsc::channel::<()>();
        thread::Builder::new()
            .name("a-sleeper".into())
            .spawn(move || wait.recv())
            .unwrap();
        let explanation = explain(rustix::process::getpid());
        assert!(
            explanation
                .lines()
                .iter()
                .any(|line| line.contains("`a-sleeper`: state S")),
            "{explanation:?}"
        );
    }

    #[test]
    fn a_process_that_is_gone_is_no_error() {
        let pid = Pid::from_raw(i32::MAX - 1).unwrap();
        assert_eq!(explain(pid).verdict(), "it is gone");
    }
}
