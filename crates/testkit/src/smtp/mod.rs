//! A mail server that takes one message after another, or answers as it is told.
//!
//! Loopback, a free port, as much of SMTP (RFC 5321) as a sender needs.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A mail that came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// Who it is from, as the envelope says.
    pub from: String,
    /// Who it is for, as the envelope says.
    pub to: Vec<String>,
    /// Headers and text, lines ended with `\n`.
    pub data: String,
}

/// How mails are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// They are taken.
    Takes,
    /// The recipient is answered with this code.
    Answers(u16),
    /// Nothing is ever said.
    Hangs,
}

/// A running server; dropping it ends it.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    mood: Mutex<Mood>,
    mails: Mutex<Vec<Mail>>,
    connections: Mutex<Vec<TcpStream>>,
    came: Condvar,
    ends: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MailServer {
    /// Starts on a free port.
    ///
    /// # Errors
    /// When nothing can listen.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            mood: Mutex::new(Mood::Takes),
            mails: Mutex::default(),
            connections: Mutex::default(),
            came: Condvar::new(),
            ends: AtomicBool::new(false),
        });
        let there = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("mail-server".into())
            .spawn(move || accept(&listener, &there))?;
        Ok(Self {
            address,
            shared,
            thread: Some(thread),
        })
    }

    /// Its address, `smtp://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// How mails are treated from now on.
    pub fn be(&self, mood: Mood) {
        *lock(&self.shared.mood) = mood;
    }

    /// Waits until so many mails have come, and returns all; also when they do not come in time.
    pub fn wait_for(&self, count: usize, timeout: Duration) -> Vec<Mail> {
        let deadline = Instant::now() + timeout;
        let mut mails = lock(&self.shared.mails);
        while mails.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.came.wait_timeout(mails, left);
            mails = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        mails.clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        for connection in lock(&self.shared.connections).iter() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the thread from its wait for the next connection.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        if shared.ends.load(Ordering::SeqCst) {
            break;
        }
        let Ok(connection) = connection else { continue };
        if let Ok(other) = connection.try_clone() {
            lock(&shared.connections).push(other);
        }
        let shared = Arc::clone(shared);
        let serve = move || drop(serve(connection, &shared));
        let _ = std::thread::Builder::new().name("mail-connection".into()).spawn(serve);
    }
}

fn serve(mut connection: TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mood = *lock(&shared.mood);
    if mood == Mood::Hangs {
        let _ = io::copy(&mut connection, &mut io::sink());
        return Ok(());
    }
    let mut lines = BufReader::new(connection.try_clone()?);
    let mut say = |text: &str| connection.write_all(format!("{text}\r\n").as_bytes());
    say("220 test")?;
    let mut mail = Mail::default();
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let word = line.trim_end().to_ascii_uppercase();
        let address = || line.split(['<', '>']).nth(1).unwrap_or("").to_owned();
        match word.get(..4).unwrap_or("") {
            "EHLO" | "HELO" => say("250-test\r\n250 8BITMIME")?,
            "MAIL" => {
                mail = Mail {
                    from: address(),
                    ..Mail::default()
                };
                say("250 ok")?;
            }
            "RCPT" => match mood {
                Mood::Answers(code) => say(&format!("{code} as told"))?,
                _ => {
                    mail.to.push(address());
                    say("250 ok")?;
                }
            },
            "DATA" => {
                say("354 go on")?;
                mail.data = data(&mut lines)?;
                lock(&shared.mails).push(mail.clone());
                shared.came.notify_all();
                say("250 taken")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
}

/// Everything up to a line with a dot alone.
fn data(lines: &mut impl BufRead) -> io::Result<String> {
    let mut data = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end_matches(['\r', '\n']) {
            "." => return Ok(data),
            text => {
                data.push_str(text.strip_prefix('.').unwrap_or(text));
                data.push('\n');
            }
        }
    }
}
