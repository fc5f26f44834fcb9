//! Where the robot is: an address, or a team's number.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

/// NetworkTables' own port.
pub const DEFAULT_PORT: u16 = 5810;

/// Where a server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A host, by name or address, and a port.
    Host {
        /// `10.15.18.2`, `localhost`, `roborio-1518-frc.local`.
        name: String,
        /// Usually [`DEFAULT_PORT`].
        port: u16,
    },
    /// The robot of a team: by its number in the network, by name, by USB, or simulated on this machine.
    Team(u16),
}

/// A host to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// How long the others have before it.
    pub(crate) behind: Duration,
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("got `{got}`, wanted a host such as `10.15.18.2` or `localhost:5810`, or the number of a team")]
pub struct AddressError {
    got: String,
}

impl Address {
    /// The highest number that a team can have in `10.TE.AM.2`.
    pub const LAST_TEAM: u16 = 25_599;

    /// Hosts to try.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let candidate = |host: String, port: u16, behind_ms: u64| Candidate {
            host,
            port,
            behind: Duration::from_millis(behind_ms),
        };
        match self {
            Self::Host { name, port } => vec![candidate(name.clone(), *port, 0)],
            Self::Team(team) => vec![
                candidate(
                    Ipv4Addr::new(10, (team / 100) as u8, (team % 100) as u8, 2).to_string(),
                    DEFAULT_PORT,
                    0,
                ),
                // By USB.
                candidate("172.22.11.2".to_owned(), DEFAULT_PORT, 0),
                candidate(format!("roboRIO-{team}-FRC.local"), DEFAULT_PORT, 0),
                // A simulated robot on this machine would always be the first, so it lets a real one pass.
                candidate("127.0.0.1".to_owned(), DEFAULT_PORT, 300),
            ],
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError { got: text.to_owned() };
        let text = text.trim();
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
            let team = text.parse().map_err(|_| error())?;
            return (1..=Self::LAST_TEAM)
                .contains(&team)
                .then_some(Self::Team(team))
                .ok_or_else(error);
        }
        let (name, port) = match text.parse::<IpAddr>() {
            Ok(ip) => (ip.to_string(), DEFAULT_PORT),
            Err(_) => match text.rsplit_once(':') {
                Some((name, port)) => (
                    name.trim_matches(['[', ']']).to_owned(),
                    port.parse().ok().filter(|port| *port != 0).ok_or_else(error)?,
                ),
                None => (text.to_owned(), DEFAULT_PORT),
            },
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.:%".contains(c);
        let is_good = !name.is_empty() && name.chars().all(is_name) && name.chars().any(char::is_alphanumeric);
        is_good.then_some(Self::Host { name, port }).ok_or_else(error)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { name, port } if name.contains(':') => write!(f, "[{name}]:{port}"),
            Self::Host { name, port } => write!(f, "{name}:{port}"),
            Self::Team(team) => write!(f, "team {team}"),
        }
    }
}

/// Looks a host up; the system may take seconds for a name.
pub(crate) fn look_up(name: &str, port: u16) -> std::io::Result<SocketAddr> {
    let mut found: Vec<SocketAddr> = (name, port).to_socket_addrs()?.collect();
    // Robots listen on IPv4.
    found.sort_by_key(SocketAddr::is_ipv6);
    let none = || std::io::Error::new(std::io::ErrorKind::NotFound, format!("`{name}` has no address"));
    found.into_iter().next().ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_is_at_its_number() {
        let hosts = |team| {
            Address::Team(team)
                .candidates()
                .into_iter()
                .map(|candidate| candidate.host)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            hosts(1518),
            ["10.15.18.2", "172.22.11.2", "roboRIO-1518-FRC.local", "127.0.0.1"]
        );
        assert_eq!(hosts(25_599)[0], "10.255.99.2");
    }

    #[test]
    fn addresses_read_back_as_they_are_written() {
        for (text, written) in [
            ("10.15.18.2", "10.15.18.2:5810"),
            ("localhost:5811", "localhost:5811"),
            ("robot.local", "robot.local:5810"),
            ("[::1]:5810", "[::1]:5810"),
            ("::1", "[::1]:5810"),
            ("1518", "team 1518"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), written, "{text}");
        }
        for text in [
            "",
            "0",
            "25600",
            "99999",
            "a b",
            "host:",
            "host:0",
            "host:99999",
            "http://x",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
