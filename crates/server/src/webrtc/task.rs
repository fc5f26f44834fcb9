//! The task of all connections: waits for the port, for orders and for the next of their clocks, and for nothing else.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::sync::mpsc::Receiver;

use super::Order;
use super::connection::{Connection, Packet};
use super::counts::Counts;

/// No packet of a browser is longer.
const LONGEST_PACKET_BYTES: usize = 2048;
/// How long the port is left alone after it failed.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Serves all connections until nobody can begin one any more.
pub(super) async fn run(socket: UdpSocket, mut orders: Receiver<Order>, counts: Arc<Counts>) {
    let mut connections = BTreeMap::<u64, Connection>::new();
    let mut buffer = vec![0; LONGEST_PACKET_BYTES];
    let mut out = Vec::new();
    loop {
        let next = connections.values().map(Connection::due).min();
        tokio::select! {
            order = orders.recv() => match order {
                Some(order) => follow(order, &mut connections, &counts, &mut out),
                None => return,
            },
            received = socket.recv_from(&mut buffer) => match received {
                Ok((length, from)) => receive(from, &buffer[..length], &mut connections, &counts, &mut out),
                Err(error) => {
                    tracing::warn!("the port of the videos cannot be read: {error}");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            },
            () = until(next) => {}
        }
        let now = Instant::now();
        for connection in connections.values_mut().filter(|connection| connection.due() <= now) {
            connection.tick(now, &mut out);
        }
        connections.retain(|_, connection| !connection.is_over());
        for packet in out.drain(..) {
            // A packet that cannot be sent is as good as lost, and those the browser asks for once more.
            let _ = send(&socket, &packet).await;
        }
    }
}

async fn until(next: Option<Instant>) {
    match next {
        Some(next) => tokio::time::sleep_until(next.into()).await,
        None => std::future::pending().await,
    }
}

fn follow(order: Order, connections: &mut BTreeMap<u64, Connection>, counts: &Counts, out: &mut Vec<Packet>) {
    match order {
        Order::Begin(connection) => {
            connections.insert(connection.id(), *connection);
        }
        Order::Picture(id, picture) => {
            if let Some(connection) = connections.get_mut(&id)
                && connection.send(&picture, Instant::now(), out)
            {
                counts.picture();
            }
        }
        Order::End(id) => {
            connections.remove(&id);
        }
    }
}

fn receive(
    from: SocketAddr,
    bytes: &[u8],
    connections: &mut BTreeMap<u64, Connection>,
    counts: &Counts,
    out: &mut Vec<Packet>,
) {
    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
    let now = Instant::now();
    let is_expected = connections
        .values_mut()
        .any(|connection| connection.receive(from, bytes, now, out));
    if !is_expected {
        counts.foreign_packet();
    }
}

async fn send(socket: &UdpSocket, packet: &Packet) -> io::Result<usize> {
    let to = match (socket.local_addr()?.ip(), packet.to.ip()) {
        // A port for both families takes addresses of the older one in the newer one's form.
        (IpAddr::V6(_), IpAddr::V4(ip)) => SocketAddr::new(ip.to_ipv6_mapped().into(), packet.to.port()),
        _ => packet.to,
    };
    socket.send_to(&packet.bytes, to).await
}
