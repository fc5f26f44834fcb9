//! Connections: how many, how long, how large. One that misbehaves ends alone.

mod timed;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

use timed::TimedStream;

/// What one client, and all of them together, may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// The same, from one address.
    pub connections_per_address: usize,
    /// From the start of a request to the end of its header, and as long again for its body; also how long an idle connection is
    /// kept.
    pub header: Duration,
    /// Without taking a byte that waits for it, or, for a page, without a sign of life.
    pub silence: Duration,
    /// Length of a request's header.
    pub header_bytes: usize,
    /// Bytes that may be under way to one client.
    pub send_buffer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            connections_per_address: 64,
            header: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            header_bytes: 16 << 10,
            send_buffer_bytes: 256 << 10,
        }
    }
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// At which address of this host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Here(pub(crate) IpAddr);

/// Takes connections until it is dropped. `open` counts those of all ports together.
pub(crate) async fn serve(listener: TcpListener, router: Router, limits: Limits, open: Open) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(place) = open.take(peer, limits) else {
                    tracing::debug!("a connection from {peer} is one too many");
                    continue;
                };
                tokio::spawn(connection(stream, peer, router.clone(), limits, place));
            }
            Err(error) => {
                // As when this process has too many files open: those that are open go on.
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, limits: Limits, place: Place) {
    // Pictures are sent whole, so waiting for more to send only makes them late.
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(&stream, limits.send_buffer_bytes);
    let here = Here(stream.local_addr().map_or(peer.ip(), |here| here.ip()));
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        request.extensions_mut().insert(here);
        let mut router = router.clone();
        async move { router.call(request.map(Body::new)).await }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(64 << 10))
        .max_headers(64)
        .serve_connection(TokioIo::new(TimedStream::new(stream, limits.silence, place)), answer)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!("the connection from {peer} ended: {error}");
    }
}

/// The connections that are open, by address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Open(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One of them; given back when dropped.
#[derive(Debug)]
struct Place {
    open: Open,
    address: IpAddr,
}

impl Open {
    fn take(&self, peer: SocketAddr, limits: Limits) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = peer.ip().to_canonical();
        let of_address = open.get(&address).copied().unwrap_or(0);
        if of_address >= limits.connections_per_address || open.values().sum::<usize>() >= limits.connections {
            return None;
        }
        open.insert(address, of_address + 1);
        Some(Place {
            open: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_the_places_of_the_others() {
        let limits = Limits {
            connections: 3,
            connections_per_address: 2,
            ..Limits::default()
        };
        let open = Open::default();
        let peer = |text: &str| SocketAddr::new(text.parse().unwrap(), 1);
        let first = open.take(peer("10.0.0.1"), limits);
        let second = open.take(peer("::ffff:10.0.0.1"), limits);
        assert!(first.is_some() && second.is_some());
        assert!(open.take(peer("10.0.0.1"), limits).is_none());
        let third = open.take(peer("10.0.0.2"), limits);
        assert!(third.is_some());
        assert!(open.take(peer("10.0.0.3"), limits).is_none());
        drop(first);
        assert!(open.take(peer("10.0.0.3"), limits).is_some());
    }
}
