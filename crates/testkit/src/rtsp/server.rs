//! Listens, and gives each viewer a thread.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, JoinHandle};

use super::Shared;
use super::session::Session;

/// The threads of a camera.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(shared: Arc<Shared>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, shared.options.port))?;
        let address = listener.local_addr()?;
        let (pictures, sound) = (shared.clone(), shared.clone());
        let mut threads = Vec::new();
        if shared.options.offer.has_pictures() {
            let run = move || pictures.live.run(&pictures);
            threads.push(Builder::new().name("camera live".into()).spawn(run)?);
        }
        threads.extend([
            Builder::new()
                .name("camera sound".into())
                .spawn(move || sound.live.run_sound(&sound))?,
            Builder::new()
                .name("camera accept".into())
                .spawn(move || accept(&listener, &shared))?,
        ]);
        Ok(Self { address, threads })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all threads; the camera was told before that it is ending.
    pub(super) fn end(self) {
        // Wakes the thread that waits for a viewer.
        let _ = TcpStream::connect(self.address);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut sessions: Vec<JoinHandle<()>> = Vec::new();
    for viewer in listener.incoming() {
        if shared.is_ending() {
            break;
        }
        let Ok(viewer) = viewer else { continue };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = shared.clone();
        let serve = move || {
            if let Ok(mut session) = Session::new(viewer, shared, number as u32) {
                // What a viewer breaks is its own loss.
                let _ = session.serve();
            }
        };
        if let Ok(thread) = Builder::new().name("camera viewer".into()).spawn(serve) {
            sessions.push(thread);
        }
        sessions.retain(|thread| !thread.is_finished());
    }
    for session in sessions {
        let _ = session.join();
    }
}
