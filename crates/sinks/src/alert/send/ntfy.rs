//! A message on an ntfy server.

use std::time::Duration;

use super::{http, template};
use crate::alert::outbox::Outcome;
use crate::alert::raised::Alert;
use crate::alert::settings::Ntfy;

pub(super) fn send(ntfy: &Ntfy, alert: &Alert, timeout: Duration) -> Outcome {
    let (headers, body) = request(ntfy, alert);
    http::post(&ntfy.url, &headers, body.as_bytes(), timeout)
}

/// The headers and the body, as ntfy's "publish" describes them.
pub(super) fn request(ntfy: &Ntfy, alert: &Alert) -> (Vec<(String, String)>, String) {
    let filled = |text: &Option<String>, usual: &str| match text {
        Some(text) => template::fill(text, alert).0,
        None => usual.to_owned(),
    };
    let body = filled(&ntfy.body, &alert.message);
    let mut headers = vec![
        ("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned()),
        ("Title".to_owned(), encoded(&filled(&ntfy.title, &alert.alert))),
        ("X-Bushbaby-Id".to_owned(), encoded(&alert.id)),
    ];
    headers.extend(
        ntfy.priority
            .map(|priority| ("Priority".to_owned(), priority.to_string())),
    );
    headers.extend(
        ntfy.token
            .iter()
            .map(|token| ("Authorization".to_owned(), format!("Bearer {token}"))),
    );
    for (name, value) in &ntfy.headers {
        headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    (headers, body)
}

/// A header's value: what is not ASCII as RFC 2047 has it, which ntfy reads.
fn encoded(text: &str) -> String {
    use base64::Engine as _;
    if text.chars().all(|c| (' '..='~').contains(&c)) {
        return text.to_owned();
    }
    format!("=?UTF-8?B?{}?=", base64::engine::general_purpose::STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_message_has_a_title_a_priority_and_whoever_may_send_it() {
        let ntfy = Ntfy {
            url: String::new(),
            token: Some("t0".to_owned()),
            priority: Some(5),
            headers: BTreeMap::from([("Tags".to_owned(), "baby".to_owned())]),
            title: Some("Säugling: {{alert}}".to_owned()),
            body: None,
        };
        let alert = Alert::test("baby", "", "home", jiff::Timestamp::UNIX_EPOCH);
        let (headers, body) = request(&ntfy, &alert);
        assert_eq!(body, "a test of the alert `baby`");
        let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(
            headers,
            [
                "Content-Type: text/plain; charset=utf-8",
                "Title: =?UTF-8?B?U8OkdWdsaW5nOiBiYWJ5?=",
                "X-Bushbaby-Id: baby-test-0",
                "Priority: 5",
                "Authorization: Bearer t0",
                "Tags: baby",
            ]
        );
    }
}
