//! One POST, with a deadline, and what its answer means.

use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use crate::alert::outbox::Outcome;

const USER_AGENT: &str = concat!("bushbaby/", env!("CARGO_PKG_VERSION"));

/// Posts a body and waits for the answer's status, all within `timeout`.
pub(super) fn post(url: &str, headers: &[(String, String)], body: &[u8], timeout: Duration) -> Outcome {
    choose_tls();
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .user_agent(USER_AGENT)
        .http_status_as_error(false)
        .max_idle_connections(0)
        // A POST that is sent elsewhere becomes a GET without its body: that is no delivery.
        .max_redirects(0)
        .max_redirects_will_error(false);
    if is_here(url) {
        config = config.proxy(None);
    }
    let mut request = config.build().new_agent().post(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match request.send(body) {
        Ok(answer) => meaning(answer.status().as_u16()),
        Err(error) => Outcome::Failed(in_words(&error, timeout)),
    }
}

/// Whether an address is this machine's own, which no proxy leads to.
fn is_here(url: &str) -> bool {
    let host = url::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| {
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    })
}

/// What a status means: whether the alert has arrived, never will, or not this time.
fn meaning(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Delivered,
        300..=399 => Outcome::Refused(format!("it answered {status}: it has moved, name its new address")),
        401 | 403 => Outcome::Refused(format!("it answered {status}: it wants another login, token or secret")),
        404 | 410 => Outcome::Refused(format!("it answered {status}: there is nothing at this address")),
        // Too slow, too early, too many: says who will take it later.
        408 | 425 | 429 => Outcome::Failed(format!("it answered {status}")),
        400..=499 => Outcome::Refused(format!("it answered {status}")),
        _ => Outcome::Failed(format!("it answered {status}")),
    }
}

/// What went wrong, without the address.
fn in_words(error: &ureq::Error, timeout: Duration) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("no answer within {:.1} s", timeout.as_secs_f64()),
        ureq::Error::HostNotFound => "no such host is known".to_owned(),
        ureq::Error::Io(error) => format!("no connection: {error}"),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
            "what it answered is no HTTP".to_owned()
        }
        ureq::Error::Rustls(error) => format!("no TLS connection: {error}"),
        ureq::Error::Tls(what) => format!("no TLS connection: {what}"),
        _ => "the request could not be made".to_owned(),
    }
}

/// One provider of TLS for the process.
pub(super) fn choose_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Somebody else may have chosen, and then the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_another_attempt_may_change_is_tried_again() {
        for status in [200, 201, 204] {
            assert_eq!(meaning(status), Outcome::Delivered);
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 599] {
            assert!(matches!(meaning(status), Outcome::Failed(_)), "{status}");
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 410, 413, 422] {
            assert!(matches!(meaning(status), Outcome::Refused(_)), "{status}");
        }
    }

    #[test]
    fn no_proxy_leads_to_this_machine() {
        for url in [
            "http://127.0.0.1:1/x",
            "http://[::1]:1/x",
            "http://localhost/x",
            "http://127.3.2.1/",
        ] {
            assert!(is_here(url), "{url}");
        }
        for url in [
            "http://10.0.0.7/x",
            "https://example.org/127.0.0.1",
            "http://localhost.example.org/",
        ] {
            assert!(!is_here(url), "{url}");
        }
    }
}
