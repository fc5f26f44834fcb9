//! Where commands and the page ask and tell a running instance: one line of JSON each way for each connection.
//!
//! Whoever connects may send anything, or nothing: a question is at most 64 KB long and must be there within two seconds, and
//! at most 32 clients are served at once. Each is answered at the [`Desk`], on a thread of its own: the loop waits for none of them.

use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bushbaby_bus::Instance;
use bushbaby_node::status::{Request, socket_path};

use super::desk::{Desk, refused};
use super::error::RunError;

/// The longest question.
const LONGEST_BYTES: usize = 64 << 10;
/// For a whole question, and for a whole answer.
const LIMIT: Duration = Duration::from_secs(2);
/// Served at once.
const MOST_CLIENTS: usize = 32;
/// Enough to check a pipeline file; only what is used is taken.
const STACK_BYTES: usize = 4 << 20;

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct ControlSocket {
    path: PathBuf,
    listener: UnixListener,
    ends: Arc<AtomicBool>,
}

impl ControlSocket {
    /// Listens at the instance's path. Call while holding the instance's lock: what lies there is of a killed run.
    ///
    /// # Errors
    /// When the path cannot be used, or there is no thread left.
    pub(super) fn listen(instance: &Instance, desk: Desk) -> Result<Self, RunError> {
        let path = socket_path(instance);
        let failed = |doing, source| RunError::File {
            doing,
            path: path.clone(),
            source,
        };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("removing the old", error)),
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(|error| failed("listening at", error))?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))
            .map_err(|error| failed("closing to others", error))?;
        let accepting = listener.try_clone().map_err(|error| failed("doubling", error))?;
        let ends = Arc::new(AtomicBool::new(false));
        let has_ended = Arc::clone(&ends);
        let desk = Arc::new(desk);
        thread::Builder::new()
            .name("control-socket".into())
            .spawn(move || accept(&accepting, &desk, &has_ended))
            .map_err(RunError::Thread)?;
        Ok(Self { path, listener, ends })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the thread from its wait for the next client.
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
        let _ = fs::remove_file(&self.path);
    }
}

fn accept(listener: &UnixListener, desk: &Arc<Desk>, ends: &AtomicBool) {
    let clients = Arc::new(AtomicUsize::new(0));
    for connection in listener.incoming() {
        if ends.load(Ordering::SeqCst) {
            break;
        }
        let Ok(connection) = connection else {
            // Out of descriptors, most likely; some come back when clients go.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        if clients.load(Ordering::SeqCst) >= MOST_CLIENTS {
            drop(connection);
            continue;
        }
        clients.fetch_add(1, Ordering::SeqCst);
        let place = Place(Arc::clone(&clients));
        let desk = Arc::clone(desk);
        let serve = move || {
            let _place = place;
            // A client that sends nothing, leaves early or does not listen has only itself to serve.
            let _ = serve(connection, &desk);
        };
        // Where there is no thread left the client is turned away.
        let _ = thread::Builder::new()
            .name("control-client".into())
            .stack_size(STACK_BYTES)
            .spawn(serve);
    }
}

/// One of the places for clients.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn serve(mut connection: UnixStream, desk: &Desk) -> io::Result<()> {
    let reply = match question(&mut connection, Instant::now() + LIMIT)? {
        Ok(request) => desk.answer(request),
        Err(message) => refused(&message, "send one line of JSON, as `bushbaby status` does"),
    };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    connection.set_write_timeout(Some(LIMIT))?;
    connection.write_all(&line)?;
    connection.shutdown(Shutdown::Write)
}

/// Reads one line and what it asks; the inner error is for the client.
fn question(connection: &mut UnixStream, until: Instant) -> io::Result<Result<Request, String>> {
    let mut line = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        connection.set_read_timeout(Some(left))?;
        let read = connection.read(&mut piece)?;
        let piece = &piece[..read];
        let end = piece.iter().position(|byte| *byte == b'\n');
        line.extend_from_slice(&piece[..end.unwrap_or(read)]);
        if line.len() > LONGEST_BYTES {
            return Ok(Err(format!("the question is longer than {LONGEST_BYTES} bytes")));
        }
        if end.is_some() {
            break;
        }
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(serde_json::from_slice(&line).map_err(|error| format!("this is no question: {error}")))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use bushbaby_node::status::{Reply, ask};

    use super::*;
    use crate::run::event::Event;
    use crate::run::log::LogBook;

    struct Served {
        instance: Instance,
        _socket: ControlSocket,
    }

    impl Served {
        /// A socket whose questions are answered with `Done`, on a thread that ends with it.
        fn new(test: &str) -> Self {
            let instance = Instance::new(format!("ctl-{test}-{}", std::process::id()).parse().unwrap());
            instance.create_runtime_dir().unwrap();
            let log = LogBook::open(&instance, std::iter::empty(), None);
            let (events, asked) = sync_channel(8);
            let socket = ControlSocket::listen(&instance, Desk::new(events, None, None, log)).unwrap();
            thread::spawn(move || answer(&asked));
            Self {
                instance,
                _socket: socket,
            }
        }

        fn connect(&self) -> UnixStream {
            UnixStream::connect(socket_path(&self.instance)).unwrap()
        }

        fn reply_to(&self, line: &[u8]) -> Reply {
            let mut connection = self.connect();
            // It may answer and close before it has read all.
            let _ = connection.write_all(line);
            let mut reply = String::new();
            connection.read_to_string(&mut reply).unwrap();
            serde_json::from_str(&reply).unwrap()
        }
    }

    impl Drop for Served {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(self.instance.runtime_dir());
        }
    }

    fn answer(asked: &Receiver<Event>) {
        while let Ok(Event::Asked(_, answer)) = asked.recv() {
            let _ = answer.send(Reply::Done);
        }
    }

    #[test]
    fn a_question_is_answered_and_only_its_owner_may_ask() {
        let served = Served::new("ask");
        assert_eq!(ask(&served.instance, &Request::Stop).unwrap(), Reply::Done);
        let mode = fs::metadata(socket_path(&served.instance))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_question_is_refused_in_words() {
        let served = Served::new("bad");
        for line in [&b"\x00\xff\n"[..], b"{}\n", b"\"dance\"\n", b"\n"] {
            let Reply::Refused { message, .. } = served.reply_to(line) else {
                panic!("{line:?} was taken")
            };
            assert!(message.starts_with("this is no question: "), "{message}");
        }
        assert_eq!(ask(&served.instance, &Request::Stop).unwrap(), Reply::Done);
    }

    #[test]
    fn a_question_without_end_is_cut_off() {
        let served = Served::new("long");
        let Reply::Refused { message, .. } = served.reply_to(&vec![b'x'; LONGEST_BYTES + 1]) else {
            panic!()
        };
        assert_eq!(message, "the question is longer than 65536 bytes");
    }

    #[test]
    fn silent_clients_lose_their_places_and_the_others_are_served() {
        let served = Served::new("idle");
        let silent: Vec<UnixStream> = (0..MOST_CLIENTS + 8).map(|_| served.connect()).collect();
        let until = Instant::now() + Duration::from_secs(60);
        while ask(&served.instance, &Request::Status).is_err() {
            assert!(Instant::now() < until, "the places never became free");
        }
        drop(silent);
    }

    #[test]
    fn nobody_listens_any_more_once_it_is_dropped() {
        let served = Served::new("drop");
        let Served { instance, .. } = &served;
        let instance = instance.clone();
        drop(served);
        assert!(matches!(
            ask(&instance, &Request::Status),
            Err(bushbaby_node::status::AskError::NotRunning(_))
        ));
    }
}
