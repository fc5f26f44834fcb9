//! The password of those who act from another machine: compared in constant time, few attempts, a random session.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Wrong passwords from one address within [`WINDOW`] after which it has to wait.
const ATTEMPTS_PER_ADDRESS: usize = 5;
/// The same, from all addresses together.
const ATTEMPTS_IN_ALL: usize = 50;
const WINDOW: Duration = Duration::from_secs(60);
/// How long a login lasts, at most; a restart of the page ends it, too.
pub(crate) const SESSION: Duration = Duration::from_secs(12 * 3600);
/// Older logins end when there are more.
const MOST_SESSIONS: usize = 64;

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// Right: the session's secret, for the cookie.
    Welcome(String),
    /// Wrong.
    Wrong,
    /// Too many wrong ones: wait so long.
    Wait(Duration),
    /// There is no password to give.
    NoPassword,
}

/// Passwords, attempts and sessions. Time comes in as an argument.
#[derive(Debug)]
pub(crate) struct Logins {
    password: Option<String>,
    sessions: Vec<(String, Instant)>,
    wrong: HashMap<IpAddr, Vec<Instant>>,
}

impl Logins {
    pub(crate) fn new(password: Option<String>) -> Self {
        Self {
            password,
            sessions: Vec::new(),
            wrong: HashMap::new(),
        }
    }

    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Tries a password given from `peer`.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn attempt(&mut self, given: &str, peer: IpAddr, now: Instant) -> io::Result<Attempt> {
        let Some(password) = &self.password else {
            return Ok(Attempt::NoPassword);
        };
        self.wrong.retain(|_, times| {
            times.retain(|time| now.saturating_duration_since(*time) < WINDOW);
            !times.is_empty()
        });
        let of_peer = self.wrong.get(&peer).map_or(0, Vec::len);
        let in_all: usize = self.wrong.values().map(Vec::len).sum();
        if of_peer >= ATTEMPTS_PER_ADDRESS || in_all >= ATTEMPTS_IN_ALL {
            let oldest = self.wrong.values().flatten().min().copied().unwrap_or(now);
            return Ok(Attempt::Wait(
                WINDOW.saturating_sub(now.saturating_duration_since(oldest)),
            ));
        }
        if !is_same(given.as_bytes(), password.as_bytes()) {
            self.wrong.entry(peer).or_default().push(now);
            return Ok(Attempt::Wrong);
        }
        let secret = random_secret()?;
        if self.sessions.len() >= MOST_SESSIONS {
            self.sessions.remove(0);
        }
        self.sessions.push((secret.clone(), now));
        Ok(Attempt::Welcome(secret))
    }

    /// Whether a cookie's secret belongs to a session that lasts.
    pub(crate) fn is_known(&mut self, secret: &str, now: Instant) -> bool {
        self.sessions
            .retain(|(_, since)| now.saturating_duration_since(*since) < SESSION);
        self.sessions
            .iter()
            .any(|(known, _)| is_same(known.as_bytes(), secret.as_bytes()))
    }
}

/// Compares without telling by its duration where the difference lies.
fn is_same(given: &[u8], wanted: &[u8]) -> bool {
    let mut difference = u8::from(given.len() != wanted.len());
    for (index, byte) in given.iter().enumerate() {
        difference |= byte ^ wanted[index % wanted.len().max(1)..].first().copied().unwrap_or(!byte);
    }
    std::hint::black_box(difference) == 0
}

fn random_secret() -> io::Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn logins() -> Logins {
        Logins::new(Some("a cot in the dark".into()))
    }

    #[test]
    fn the_right_password_opens_a_session_that_ends_by_itself() {
        let (mut logins, now) = (logins(), Instant::now());
        let Attempt::Welcome(secret) = logins.attempt("a cot in the dark", PEER, now).unwrap() else {
            panic!("refused")
        };
        assert!(logins.is_known(&secret, now));
        assert!(!logins.is_known("", now));
        assert!(!logins.is_known(&secret[1..], now));
        assert!(!logins.is_known(&secret, now + SESSION));
    }

    #[test]
    fn nothing_but_the_whole_password_is_right() {
        let (mut logins, now) = (logins(), Instant::now());
        for given in ["", "a", "a cot in the dar", "a cot in the darka"] {
            assert_eq!(logins.attempt(given, PEER, now).unwrap(), Attempt::Wrong, "{given}");
        }
    }

    #[test]
    fn after_five_wrong_ones_an_address_waits_and_others_do_not() {
        let (mut logins, now) = (logins(), Instant::now());
        for _ in 0..5 {
            assert_eq!(logins.attempt("x", PEER, now).unwrap(), Attempt::Wrong);
        }
        assert!(matches!(
            logins.attempt("a cot in the dark", PEER, now).unwrap(),
            Attempt::Wait(_)
        ));
        assert!(matches!(
            logins.attempt("a cot in the dark", OTHER, now).unwrap(),
            Attempt::Welcome(_)
        ));
        assert!(matches!(
            logins.attempt("a cot in the dark", PEER, now + WINDOW).unwrap(),
            Attempt::Welcome(_)
        ));
    }

    #[test]
    fn without_a_password_nothing_is_right() {
        let mut logins = Logins::new(None);
        assert_eq!(logins.attempt("", PEER, Instant::now()).unwrap(), Attempt::NoPassword);
        assert!(!logins.is_known("", Instant::now()));
    }
}
