//! The robot's clock as PhotonLib tells it: UDP at the port of NetworkTables. The robot answers, the vision program asks.
//!
//! # Source
//! PhotonVision, "Time Synchronization Protocol Specification, Version 1.0": a question is `1, 1, u64 client µs`, an answer `1, 2, u64
//! client µs, u64 server µs`, little-endian.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::clock::ClockOffset;
use crate::{TimeSyncStatus, local_us};

const VERSION: u8 = 1;
const PING: u8 = 1;
const PONG: u8 = 2;
/// How often it is asked.
const PING_EVERY: Duration = Duration::from_millis(500);
/// Answers that are taken in at one turn.
const MOST_AT_ONCE: usize = 64;

/// The one who asks.
#[derive(Debug)]
pub(crate) struct TimeSync {
    socket: UdpSocket,
    next_ping: Instant,
    clock: ClockOffset,
    pings: u64,
    pongs: u64,
}

impl TimeSync {
    pub(crate) fn new(server: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = if server.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        let socket = UdpSocket::bind(any)?;
        // Others than the server are not heard.
        socket.connect(server)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            next_ping: Instant::now(),
            clock: ClockOffset::default(),
            pings: 0,
            pongs: 0,
        })
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    pub(crate) fn next_ping(&self) -> Instant {
        self.next_ping
    }

    pub(crate) fn ping_when_due(&mut self) {
        if Instant::now() >= self.next_ping {
            self.next_ping = Instant::now() + PING_EVERY;
            // A robot without PhotonLib refuses it; then there is no such clock.
            if self.socket.send(&ping(local_us())).is_ok() {
                self.pings += 1;
            }
        }
    }

    /// Takes in all answers that came; the status, where there was one.
    pub(crate) fn hear(&mut self) -> Option<TimeSyncStatus> {
        let mut heard = None;
        let mut bytes = [0; 64];
        for _ in 0..MOST_AT_ONCE {
            let length = match self.socket.recv(&mut bytes) {
                Ok(length) => length,
                // Nobody listens there: told once for each question.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(_) => break,
            };
            let now = local_us();
            let Some((asked_us, server_us)) = read_pong(&bytes[..length]) else {
                continue;
            };
            if !self.clock.learn(asked_us, server_us, now) {
                continue;
            }
            self.pongs += 1;
            heard = self.clock.offset_us().map(|offset_us| TimeSyncStatus {
                offset_us,
                round_trip_us: now - asked_us,
                last_pong_us: now,
                pings: self.pings,
                pongs: self.pongs,
            });
        }
        heard
    }
}

fn ping(client_us: i64) -> [u8; 10] {
    let mut bytes = [VERSION, PING, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes[2..].copy_from_slice(&client_us.to_le_bytes());
    bytes
}

fn read_pong(bytes: &[u8]) -> Option<(i64, i64)> {
    let [VERSION, PONG, times @ ..] = bytes else {
        return None;
    };
    let (client, server) = times.split_at_checked(8)?;
    Some((
        i64::from_le_bytes(client.try_into().ok()?),
        i64::from_le_bytes(server.try_into().ok()?),
    ))
}

/// The robot's answer to a question; `None` for what is none.
pub(crate) fn answer(question: &[u8], server_us: i64) -> Option<[u8; 18]> {
    let [VERSION, PING, client @ ..] = question else {
        return None;
    };
    let client: [u8; 8] = client.try_into().ok()?;
    let mut bytes = [0; 18];
    bytes[..2].copy_from_slice(&[VERSION, PONG]);
    bytes[2..10].copy_from_slice(&client);
    bytes[10..].copy_from_slice(&server_us.to_le_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_carries_both_clocks() {
        let question = ping(0x0102_0304_0506_0708);
        assert_eq!(question, [1, 1, 8, 7, 6, 5, 4, 3, 2, 1]);
        let answered = answer(&question, 5).unwrap();
        assert_eq!(read_pong(&answered), Some((0x0102_0304_0506_0708, 5)));
    }

    #[test]
    fn what_is_no_question_is_not_answered() {
        for bytes in [
            &[][..],
            &[1],
            &[1, 1],
            &[2, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            &[1, 2, 0, 0, 0, 0, 0, 0, 0, 0],
            &[1; 300],
        ] {
            assert!(answer(bytes, 0).is_none(), "{bytes:?}");
        }
        assert!(read_pong(&[1, 2, 0, 0]).is_none());
    }
}
