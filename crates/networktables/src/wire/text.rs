//! What rules: publish, subscribe, announce. A text frame is a JSON list of messages.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::WireError;

/// From a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", rename_all = "lowercase")]
pub(crate) enum ToServer {
    Publish {
        name: String,
        pubuid: i64,
        r#type: String,
        #[serde(default)]
        properties: Map<String, Json>,
    },
    Unpublish {
        pubuid: i64,
    },
    SetProperties {
        name: String,
        update: Map<String, Json>,
    },
    Subscribe {
        topics: Vec<String>,
        subuid: i64,
        #[serde(default)]
        options: SubscribeOptions,
    },
    Unsubscribe {
        subuid: i64,
    },
}

/// From a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", rename_all = "lowercase")]
pub(crate) enum ToClient {
    Announce {
        name: String,
        id: i64,
        r#type: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pubuid: Option<i64>,
        #[serde(default)]
        properties: Map<String, Json>,
    },
    Unannounce {
        name: String,
        id: i64,
    },
    Properties {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ack: Option<bool>,
        update: Map<String, Json>,
    },
}

/// How a subscription is served.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscribeOptions {
    /// Seconds between two messages of the server.
    pub periodic: f64,
    /// Every value, not only the newest of each period.
    pub all: bool,
    /// Announcements alone, no values.
    pub topicsonly: bool,
    /// All topics whose names begin so.
    pub prefix: bool,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self {
            periodic: 0.1,
            all: false,
            topicsonly: false,
            prefix: false,
        }
    }
}

/// Writes a text frame.
pub(crate) fn to_text<T: Serialize>(messages: &[T]) -> String {
    serde_json::to_string(messages).unwrap_or_else(|_| "[]".to_owned())
}

/// Reads a text frame. Messages that are unknown, or are not as they should be, are counted in the second number and left out, as the
/// specification wants it.
pub(crate) fn from_text<T: for<'de> Deserialize<'de>>(text: &str) -> Result<(Vec<T>, u64), WireError> {
    let messages: Vec<Json> = serde_json::from_str(text).map_err(|error| WireError::Text(error.to_string()))?;
    let all = messages.len();
    let known: Vec<T> = messages
        .into_iter()
        .filter_map(|message| serde_json::from_value(message).ok())
        .collect();
    let unknown = (all - known.len()) as u64;
    Ok((known, unknown))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_as_the_specification_writes_them() {
        let publish = ToServer::Publish {
            name: "/a".into(),
            pubuid: 1,
            r#type: "double".into(),
            properties: Map::new(),
        };
        let set = ToServer::SetProperties {
            name: "/a".into(),
            update: Map::new(),
        };
        let text: Json = serde_json::from_str(&to_text(&[publish, set])).unwrap();
        assert_eq!(
            text,
            json!([
                {"method": "publish", "params": {"name": "/a", "pubuid": 1, "type": "double", "properties": {}}},
                {"method": "setproperties", "params": {"name": "/a", "update": {}}},
            ])
        );
    }

    #[test]
    fn an_announcement_is_understood_and_what_is_unknown_is_left_out() {
        let text = r#"[{"method":"announce","params":{"name":"/a","id":7,"type":"int","properties":{"retained":true},"more":1}},
            {"method":"sing","params":{}}, 3, {"method":"unannounce","params":{"name":"/a","id":7}}]"#;
        let (messages, unknown) = from_text::<ToClient>(text).unwrap();
        assert_eq!((messages.len(), unknown), (2, 2));
        assert!(matches!(
            &messages[0],
            ToClient::Announce {
                id: 7,
                pubuid: None,
                ..
            }
        ));
    }

    proptest! {
        #[test]
        fn any_text_is_an_answer_or_an_error(text in ".*") {
            let _ = from_text::<ToClient>(&text);
            let _ = from_text::<ToServer>(&text);
        }
    }
}
