//! Programs that must die with the process that started them: started, heard, waited for, ended.
//!
//! The kernel signals a child when the *thread* that started it ends (`PR_SET_PDEATHSIG`), so every child is started by one
//! thread that lives as long as its process.

use std::io;
use std::process::{Child, Command};
use std::sync::mpsc;

mod die_with_parent;
mod ending;
mod lines;

pub use ending::{end, exit_words, has_ended, wait};
pub use lines::for_each_line;

/// Starts programs from a thread that lives as long as this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Spawner {
    orders: mpsc::Sender<Order>,
}

#[derive(Debug)]
struct Order {
    command: Command,
    answer: mpsc::Sender<io::Result<Child>>,
}

impl Spawner {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start() -> io::Result<Self> {
        let (orders, incoming) = mpsc::channel::<Order>();
        let serve = move || {
            for Order { mut command, answer } in incoming {
                // Whoever asked may have gone; then its child must not stay.
                if let Err(mpsc::SendError(Ok(mut child))) = answer.send(command.spawn()) {
                    let _ = child.kill();
                    let _ = child.wait();
                }
            }
            // All that could ask are gone, but the children are not: this thread must outlive them.
            loop {
                std::thread::park();
            }
        };
        std::thread::Builder::new().name("spawner".into()).spawn(serve)?;
        Ok(Self { orders })
    }

    /// Starts a program that the kernel kills as soon as this process ends, in whatever way.
    ///
    /// # Errors
    /// What [`Command::spawn`] says.
    pub fn spawn(&self, mut command: Command) -> io::Result<Child> {
        die_with_parent::arrange(&mut command);
        let (answer, result) = mpsc::channel();
        let gone = || io::Error::other("the spawner thread has ended");
        self.orders.send(Order { command, answer }).map_err(|_| gone())?;
        result.recv().map_err(|_| gone())?
    }
}
