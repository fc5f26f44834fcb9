//! Settings of the page: where it listens, and the password for those who act from elsewhere.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use bushbaby_node::settings::{Bitrate, Problem, Settings as NodeSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The port of the page when none is given.
const DEFAULT_PORT: u16 = 5800;

/// Settings of the page.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where it listens: a port, for this host only (`5800`), or an address and a port (`0.0.0.0:5800` for everybody who can
    /// reach this host).
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Lets those who open the page from another machine act (restart a node) once they gave it. Absent: only this host acts.
    /// Looking needs no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Cameras with a port of their own at the same address, as dashboards want them: `{left: 1181, right: 1182}`. There
    /// `/?action=stream` and `/stream.mjpg` are that camera. On a competition's field only the ports 1180 to 1190 and 5800 to 5809
    /// are open.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub streams: BTreeMap<String, u16>,
    /// What all pictures that are watched may take together, as in `4Mbit/s`: the page's and those of every port. When that is too
    /// little, their quality goes down, then their size, then their rate; no detection notices. Absent: as much as they need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Bitrate>,
    /// Whether the page is sent H.264 by WebRTC where its browser can, which takes a fifth of what JPEG takes. Where it
    /// cannot, and where no connection comes about within two seconds, it is JPEG.
    #[serde(default = "yes")]
    pub webrtc: bool,
    /// The UDP port of WebRTC, at the address of the page. Absent: of the same number as the page's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webrtc_port: Option<u16>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: default_listen(),
            password: None,
            streams: BTreeMap::new(),
            budget: None,
            webrtc: true,
            webrtc_port: None,
        }
    }
}

fn yes() -> bool {
    true
}

fn default_listen() -> String {
    format!("127.0.0.1:{DEFAULT_PORT}")
}

impl NodeSettings for Settings {
    fn check(&self, _base_dir: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Err(error) = listen_address(&self.listen) {
            problems.push(Problem::new("listen", error.to_string()).with_hint(
                "write a port for this host only (`5800`), or an address and a port (`0.0.0.0:5800` for all addresses)",
            ));
        }
        if self.password.as_ref().is_some_and(String::is_empty) {
            problems.push(
                Problem::new("password", "the password is empty")
                    .with_hint("leave the key out, or write `password: $NAME`"),
            );
        }
        if self.webrtc_port == Some(0) {
            problems.push(
                Problem::new("webrtc_port", "0 is no port")
                    .with_hint("leave the key out, or take one from 5801 to 5809"),
            );
        }
        let mut taken = BTreeMap::new();
        if let Ok(listen) = listen_address(&self.listen).map(|address| address.port()) {
            taken.insert(listen, "the page");
        }
        for (name, port) in &self.streams {
            let path = format!("streams.{name}");
            if *port == 0 {
                problems.push(Problem::new(path, "0 is no port").with_hint("take one from 1180 to 1190"));
            } else if let Some(other) = taken.insert(*port, name) {
                problems.push(Problem::new(path, format!("port {port} is that of {other}")));
            }
        }
        problems
    }
}

/// What `listen:` said that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("got `{got}`, wanted a port, or an address and a port")]
pub struct ListenError {
    got: String,
}

/// Reads `listen:`. A port alone means this host only; an address alone means port 5800.
///
/// # Errors
/// When it is neither a port nor an address; names other than `localhost` are not looked up.
pub fn listen_address(text: &str) -> Result<SocketAddr, ListenError> {
    let error = || ListenError { got: text.to_owned() };
    if let Ok(port) = text.parse::<u16>() {
        return if port == 0 {
            Err(error())
        } else {
            Ok((Ipv4Addr::LOCALHOST, port).into())
        };
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok((address, DEFAULT_PORT).into());
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let port = if port.is_empty() {
        DEFAULT_PORT
    } else {
        port.parse().map_err(|_| error())?
    };
    match host {
        "localhost" => Ok((Ipv4Addr::LOCALHOST, port).into()),
        "*" => Ok((Ipv4Addr::UNSPECIFIED, port).into()),
        "ip6-localhost" => Ok((Ipv6Addr::LOCALHOST, port).into()),
        _ => Err(error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_have_the_same_port() {
        let settings: Settings = serde_json::from_value(
            serde_json::json!({"listen": "5800", "streams": {"a": 5800, "b": 1181, "c": 1181, "d": 0}}),
        )
        .unwrap();
        let told: Vec<_> = settings
            .check(Path::new("/"))
            .into_iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect();
        assert_eq!(
            told,
            [
                "streams.a: port 5800 is that of the page",
                "streams.c: port 1181 is that of b",
                "streams.d: 0 is no port",
            ]
        );
    }

    #[test]
    fn a_port_alone_listens_on_this_host_only() {
        assert_eq!(listen_address("5801").unwrap().to_string(), "127.0.0.1:5801");
    }

    #[test]
    fn addresses_are_taken_as_they_are() {
        for (text, meant) in [
            ("0.0.0.0:5800", "0.0.0.0:5800"),
            ("10.2.3.4", "10.2.3.4:5800"),
            ("localhost:80", "127.0.0.1:80"),
            ("*:5802", "0.0.0.0:5802"),
            ("[::]:5800", "[::]:5800"),
            ("::1", "[::1]:5800"),
            // A test takes any free port of this host.
            ("127.0.0.1:0", "127.0.0.1:0"),
        ] {
            assert_eq!(listen_address(text).unwrap().to_string(), meant, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_an_error_that_says_what_was_there() {
        for text in ["", "0", "66000", "front", "example.org:80", "1.2.3.4:http"] {
            let error = listen_address(text).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("got `{text}`, wanted a port, or an address and a port")
            );
        }
    }
}
