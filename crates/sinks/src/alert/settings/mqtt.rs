//! `mqtt:`, the broker.

use std::fmt;

use bushbaby_node::settings::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

/// The MQTT broker.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mqtt {
    /// Where it listens: `HOST` or `HOST:PORT`, port 1883 where it is not said. There is no TLS yet.
    #[serde(deserialize_with = "without_scheme")]
    pub broker: String,
    /// Who connects. Absent: nobody in particular.
    #[serde(default)]
    pub user: Option<String>,
    /// Their password.
    #[serde(default)]
    pub password: Option<String>,
    /// What all topics start with: `PREFIX/CAMERA/audio/SOUND`.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// What the topics start with on which Home Assistant looks for devices; `off`: nothing is announced.
    #[serde(default = "default_discovery")]
    pub discovery: String,
}

fn default_prefix() -> String {
    "bushbaby".to_owned()
}

fn default_discovery() -> String {
    "homeassistant".to_owned()
}

/// No password is shown.
impl fmt::Debug for Mqtt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mqtt")
            .field("broker", &self.broker)
            .finish_non_exhaustive()
    }
}

impl Mqtt {
    /// Host and port.
    pub fn address(&self) -> Option<(String, u16)> {
        const PORT: u16 = 1883;
        let text = self.broker.as_str();
        // `[::1]:1883`, `::1`, `host:1883`, `host`.
        if let Some((host, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let port = port.strip_prefix(':').map_or(Some(PORT), |port| port.parse().ok())?;
            return Some((host.to_owned(), port));
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, port.parse().ok()?),
            _ => (text, PORT),
        };
        let is_good = !host.is_empty() && port != 0 && !host.contains([' ', '/', '@']);
        is_good.then(|| (host.to_owned(), port))
    }

    /// The topic under which Home Assistant looks for devices.
    pub fn discovery(&self) -> Option<&str> {
        (self.discovery != "off").then_some(self.discovery.as_str())
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.broker.starts_with("mqtts:") {
            let hint = "use the broker's port without TLS within your own network, as in `broker: 10.0.0.2:1883`";
            problems.push(Problem::new("broker", "`mqtts:` is not there yet in this version").with_hint(hint));
        } else if self.address().is_none() {
            let message = "wanted a host with or without a port, such as `10.0.0.2` or `broker.local:1883`";
            problems.push(Problem::new("broker", message).with_hint("user and password are keys of their own"));
        }
        if self.password.is_some() && self.user.is_none() {
            problems.push(Problem::new("password", "there is a `password` and no `user`"));
        }
        for (key, topic) in [("prefix", &self.prefix), ("discovery", &self.discovery)] {
            if topic.is_empty()
                || topic.contains(['+', '#', ' ', '\0'])
                || topic.starts_with('/')
                || topic.ends_with('/')
            {
                let message = format!("got `{topic}`, wanted a topic such as `bushbaby` or `home/bushbaby`");
                problems.push(Problem::new(key, message));
            }
        }
        problems
    }
}

/// `mqtt://host` is what some people write.
fn without_scheme<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Text;
    impl de::Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the broker's host, such as `10.0.0.2`")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            let text = text
                .strip_prefix("mqtt://")
                .or_else(|| text.strip_prefix("tcp://"))
                .unwrap_or(text);
            Ok(text.trim_end_matches('/').to_owned())
        }
    }
    deserializer.deserialize_str(Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(text: &str) -> Option<(String, u16)> {
        let mqtt: Mqtt = serde_json::from_value(serde_json::json!({ "broker": text })).unwrap();
        mqtt.address()
    }

    #[test]
    fn a_broker_is_a_host_with_or_without_a_port() {
        for (text, host, port) in [
            ("10.0.0.2", "10.0.0.2", 1883),
            ("broker.local:1884", "broker.local", 1884),
            ("mqtt://broker.local/", "broker.local", 1883),
            ("[::1]:1884", "::1", 1884),
            ("::1", "::1", 1883),
        ] {
            assert_eq!(broker(text), Some((host.to_owned(), port)), "{text}");
        }
        for text in ["", ":1883", "host:port", "host:0", "user@host", "host:99999"] {
            assert_eq!(broker(text), None, "{text}");
        }
    }
}
