//! A POST with the alert's JSON, or with what a template makes of it.

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::hmac;

use super::{http, template};
use crate::alert::outbox::Outcome;
use crate::alert::raised::Alert;
use crate::alert::settings::Webhook;

pub(super) fn send(webhook: &Webhook, alert: &Alert, timeout: Duration) -> Outcome {
    match request(webhook, alert) {
        Ok((headers, body)) => http::post(&webhook.url, &headers, body.as_bytes(), timeout),
        Err(error) => Outcome::Refused(format!("the alert cannot be written as JSON: {error}")),
    }
}

/// The headers and the body.
pub(super) fn request(webhook: &Webhook, alert: &Alert) -> serde_json::Result<(Vec<(String, String)>, String)> {
    let (body, is_json) = match &webhook.body {
        Some(text) => template::fill(text, alert),
        None => (serde_json::to_string(alert)?, true),
    };
    let kind = if is_json {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    let mut headers = vec![
        ("Content-Type".to_owned(), kind.to_owned()),
        ("Idempotency-Key".to_owned(), alert.id.clone()),
        ("X-Bushbaby-Id".to_owned(), alert.id.clone()),
    ];
    if let Some(secret) = &webhook.secret {
        headers.push(("X-Bushbaby-Signature".to_owned(), signature(secret, body.as_bytes())));
    }
    for (name, value) in &webhook.headers {
        headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    // An id is made of names from outside, and a header holds no more than this.
    for (_, value) in &mut headers {
        value.retain(|c| c == '\t' || (' '..='~').contains(&c));
    }
    Ok((headers, body))
}

/// `sha256=` and the HMAC-SHA256 (RFC 2104) of the body.
fn signature(secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    let mut text = "sha256=".to_owned();
    for byte in tag.as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_body_is_signed_as_others_sign_it() {
        // RFC 4231, test case 2.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn own_headers_win_and_the_id_is_always_there() {
        let webhook = Webhook {
            url: String::new(),
            headers: BTreeMap::from([("content-type".to_owned(), "text/markdown".to_owned())]),
            secret: Some("s".to_owned()),
            body: Some("**{{alert}}**".to_owned()),
        };
        let alert = Alert::test("baby", "", "home", jiff::Timestamp::UNIX_EPOCH);
        let (headers, body) = request(&webhook, &alert).unwrap();
        assert_eq!(body, "**baby**");
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Idempotency-Key",
                "X-Bushbaby-Id",
                "X-Bushbaby-Signature",
                "content-type"
            ]
        );
        assert_eq!(headers[0].1, "baby-test-0");
    }
}
