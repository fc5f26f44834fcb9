//! Who may look and who may act: one place, plain functions.
//!
//! - A page on another site can make a browser ask us anything. So the `Host` must be a name that only we can have, and what
//!   changes something must come from our own page (its `Origin`).
//! - Whoever reaches the port may look. Acting is for this host, and for others after the password.

use std::net::IpAddr;

/// Whether the `Host` of a request is one that no foreign DNS record can point at us: an address, `localhost`, `*.local`, or
/// this machine's name.
pub fn is_own_host(host: &str, machine: &str) -> bool {
    let name = name_of(host).to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    let machine = machine.to_ascii_lowercase();
    let short = machine.split('.').next().unwrap_or_default();
    name.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || (name.ends_with(".local") && name.len() > ".local".len())
        || (!machine.is_empty() && (name == machine || name == short))
}

/// The host without its port and without the brackets of an IPv6 address.
fn name_of(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match host.split_once(':') {
        // More than one colon: an IPv6 address without brackets, which no browser sends.
        Some((name, port)) if !port.contains(':') => name,
        _ => host,
    }
}

/// Whether an `Origin` is the page that was served under `host` (the request's `Host`, port included).
pub fn is_own_origin(origin: &str, host: &str) -> bool {
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

/// Whether an `Origin` lies on a local network, so that its pages may read the streams.
pub fn is_local_origin(origin: &str, machine: &str) -> bool {
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| is_own_host(authority, machine))
}

/// Whether somebody at this host asks. A request that another program passed on counts as one from elsewhere.
pub fn is_this_host(peer: IpAddr, was_forwarded: bool) -> bool {
    peer.to_canonical().is_loopback() && !was_forwarded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_local_names_are_ours() {
        for host in [
            "127.0.0.1:5800",
            "10.11.12.13",
            "[::1]:5800",
            "[fe80::1]",
            "localhost:5800",
            "LOCALHOST",
            "robot.local:5800",
            "pi.local.",
            "pit-box:5800",
            "pit-box.lan.example:5800",
        ] {
            assert!(is_own_host(host, "pit-box.lan.example"), "{host}");
        }
    }

    #[test]
    fn a_name_that_a_stranger_can_register_is_not_ours() {
        for host in [
            "example.org:5800",
            "127.0.0.1.example.org",
            "localhost.example.org",
            ".local",
            "",
            "pit-box.example.org",
        ] {
            assert!(!is_own_host(host, "pit-box"), "{host}");
        }
        assert!(!is_own_host("", ""));
    }

    #[test]
    fn only_the_page_itself_is_its_origin() {
        assert!(is_own_origin("http://127.0.0.1:5800", "127.0.0.1:5800"));
        assert!(is_own_origin("https://Robot.local", "robot.local"));
        for origin in [
            "null",
            "",
            "http://127.0.0.1",
            "http://127.0.0.1:5801",
            "http://127.0.0.1:5800.example.org",
            "file://127.0.0.1:5800",
        ] {
            assert!(!is_own_origin(origin, "127.0.0.1:5800"), "{origin}");
        }
    }

    #[test]
    fn a_proxy_on_this_host_does_not_make_strangers_local() {
        let loopback = "127.0.0.1".parse().unwrap();
        assert!(is_this_host(loopback, false));
        assert!(is_this_host("::ffff:127.0.0.1".parse().unwrap(), false));
        assert!(!is_this_host(loopback, true));
        assert!(!is_this_host("10.0.0.4".parse().unwrap(), false));
    }
}
