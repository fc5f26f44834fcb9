//! Settings for the page, which strangers may see: passwords that stand in the file itself are left out.

use serde_json::Value;

use super::secrets::has_variable;

/// Stands for a password.
const MASK: &str = "…";

/// Masks what stands under `password` and keys like it, passwords within addresses and behind them, and all of a
/// webhook's address but its host: who knows it may call it. Names of variables stay: they tell nothing.
pub(crate) fn masked(shown: &Value) -> Value {
    match shown {
        Value::Object(map) => {
            let masked = map.iter().map(|(key, value)| match value {
                Value::String(text) if is_secret(key) && !has_variable(text) => (key.clone(), MASK.into()),
                Value::String(text) if key == "webhook" && !has_variable(text) => (key.clone(), origin(text).into()),
                Value::Object(headers) if key == "headers" => (key.clone(), all_masked(headers)),
                value => (key.clone(), masked(value)),
            });
            Value::Object(masked.collect())
        }
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::String(text) => without_query(&without_passwords(text)).into(),
        other => other.clone(),
    }
}

/// Keys whose values let one in: the topic of `ntfy` is a password, too.
fn is_secret(key: &str) -> bool {
    matches!(key, "password" | "secret" | "token" | "ntfy")
}

fn all_masked(values: &serde_json::Map<String, Value>) -> Value {
    let masked = values.iter().map(|(key, value)| match value {
        Value::String(text) if has_variable(text) => (key.clone(), value.clone()),
        _ => (key.clone(), MASK.into()),
    });
    Value::Object(masked.collect())
}

/// `https://host/…`
fn origin(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else {
        return MASK.to_owned();
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}/{MASK}")
}

/// Masks `PASSWORD` in every `scheme://USER:PASSWORD@host` of a text.
fn without_passwords(text: &str) -> String {
    let mut pieces = text.split("://");
    let mut masked = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        masked.push_str("://");
        let end = piece
            .find(|c: char| c.is_whitespace() || "/?#\"'!".contains(c))
            .unwrap_or(piece.len());
        let login = piece[..end]
            .rsplit_once('@')
            .and_then(|(login, _)| login.split_once(':'));
        match login {
            Some((user, password)) if !has_variable(password) => {
                masked.push_str(user);
                masked.push(':');
                masked.push_str(MASK);
                masked.push_str(&piece[user.len() + 1 + password.len()..]);
            }
            _ => masked.push_str(piece),
        }
    }
    masked
}

/// Masks what an address says behind its path under names such as `pwd`, where cameras take passwords.
fn without_query(text: &str) -> String {
    let Some((address, query)) = text.split_once('?').filter(|(address, _)| address.contains("://")) else {
        return text.to_owned();
    };
    let is_password = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["pwd", "pas", "psw", "token", "auth", "secret", "key"]
            .iter()
            .any(|known| name.contains(known))
    };
    let masked = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, value)) if is_password(name) && !has_variable(value) => format!("{name}={MASK}"),
        _ => parameter.to_owned(),
    });
    format!("{address}?{}", masked.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn passwords_in_the_file_are_not_shown_on_the_page() {
        for (text, shown) in [
            ("rtsp://ada:hunter2@10.0.0.7/s1", "rtsp://ada:…@10.0.0.7/s1"),
            ("rtsp://ada:hunter@2@10.0.0.7/s1", "rtsp://ada:…@10.0.0.7/s1"),
            ("rtsp://ada:$PASSWORD@10.0.0.7/s1", "rtsp://ada:$PASSWORD@10.0.0.7/s1"),
            ("rtsp://10.0.0.7:554/a@b:c", "rtsp://10.0.0.7:554/a@b:c"),
            (
                "rtspsrc location=rtsp://a:b@h ! x location=\"rtsp://c:d@h\"",
                "rtspsrc location=rtsp://a:…@h ! x location=\"rtsp://c:…@h\"",
            ),
            ("usb:0", "usb:0"),
            (
                "http://10.0.0.7/s?usr=ada&pwd=hunter2&ch=1",
                "http://10.0.0.7/s?usr=ada&pwd=…&ch=1",
            ),
            ("http://10.0.0.7/s?pwd=$PASSWORD", "http://10.0.0.7/s?pwd=$PASSWORD"),
        ] {
            assert_eq!(masked(&json!([text])), json!([shown]));
        }
        assert_eq!(
            masked(&json!({"password": "hunter2", "user": "ada"})),
            json!({"password": "…", "user": "ada"})
        );
        assert_eq!(masked(&json!({"password": "$PW"})), json!({"password": "$PW"}));
        let send = json!({"webhook": "https://a:b@h:1/hunter2?x", "headers": {"X-Key": "hunter2", "X": "$PW"}, "secret": "s", "body": "b"});
        let shown =
            json!({"webhook": "https://h:1/…", "headers": {"X-Key": "…", "X": "$PW"}, "secret": "…", "body": "b"});
        assert_eq!(masked(&send), shown);
    }
}
