//! From an address to an open connection: all hosts at once, and the first that answers is taken.
//!
//! Each host has a thread of its own while it is tried, as the system may take its time to look a name up.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::Address;
use crate::address::{Candidate, look_up};

/// How long each host may take to answer.
const CONNECT: Duration = Duration::from_millis(500);
/// How long a round may take. Whoever is still under way then may win the next one.
const ROUND: Duration = Duration::from_millis(900);

#[derive(Debug)]
pub(super) struct Race {
    /// In the order in which they start.
    runners: Vec<Runner>,
    finish: Sender<Finished>,
    finished: Receiver<Finished>,
}

#[derive(Debug)]
struct Runner {
    candidate: Candidate,
    is_under_way: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Finished {
    host: String,
    result: io::Result<(SocketAddr, TcpStream)>,
}

impl Race {
    pub(super) fn new(address: &Address) -> Self {
        let (finish, finished) = channel();
        let mut candidates = address.candidates();
        candidates.sort_by_key(|candidate| candidate.behind);
        let runners = candidates.into_iter().map(|candidate| Runner {
            candidate,
            is_under_way: Arc::default(),
        });
        Self {
            runners: runners.collect(),
            finish,
            finished,
        }
    }

    /// One round; in words why nobody answered.
    pub(super) fn run(&self) -> Result<(SocketAddr, TcpStream), String> {
        // Who won too late last time is connected to somebody who has waited since.
        while self.finished.try_recv().is_ok() {}
        let began = Instant::now();
        let mut waiting = self.runners.iter().peekable();
        let mut running = 0;
        let mut why = None;
        loop {
            while let Some(runner) = waiting.next_if(|runner| runner.candidate.behind <= began.elapsed()) {
                match runner.start(self.finish.clone()) {
                    Ok(()) => running += 1,
                    Err(error) => why = Some(format!("{}: {error}", runner.candidate.host)),
                }
            }
            let next = waiting.peek().map(|runner| runner.candidate.behind);
            if running == 0 && next.is_none() {
                break;
            }
            let left = next.unwrap_or(ROUND).min(ROUND).saturating_sub(began.elapsed());
            match self.finished.recv_timeout(left) {
                Ok(Finished { result: Ok(open), .. }) => return Ok(open),
                Ok(Finished {
                    host,
                    result: Err(error),
                }) => {
                    // One from an earlier round may come in, too.
                    running = usize::saturating_sub(running, 1);
                    why.get_or_insert(format!("{host}: {error}"));
                }
                Err(_) if began.elapsed() >= ROUND => break,
                // Another's head start is over.
                Err(_) => {}
            }
        }
        Err(why.unwrap_or_else(|| "no answer".to_owned()))
    }
}

impl Runner {
    /// Tries a host, unless that is under way from an earlier round.
    fn start(&self, finish: Sender<Finished>) -> io::Result<()> {
        if self.is_under_way.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let (candidate, is_under_way) = (self.candidate.clone(), self.is_under_way.clone());
        let run = move || {
            let result = look_up(&candidate.host, candidate.port).and_then(|at| {
                let stream = TcpStream::connect_timeout(&at, CONNECT)?;
                // A port that nobody listens on may connect to itself.
                if stream.local_addr()? == at {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                Ok((at, stream))
            });
            is_under_way.store(false, Ordering::SeqCst);
            let host = format!("{}:{}", candidate.host, candidate.port);
            // The client may have ended.
            let _ = finish.send(Finished { host, result });
        };
        let started = std::thread::Builder::new().name("nt-connect".into()).spawn(run);
        if started.is_err() {
            self.is_under_way.store(false, Ordering::SeqCst);
        }
        started.map(drop)
    }
}
