//! Where an alert is sent to: a short form, or an object that says more.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bushbaby_node::settings::{Problem, Time};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::alert::send::template;

/// Longest time that one attempt may take where the file does not say.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The mail server of this machine.
const LOCAL_SMTP: &str = "smtp://localhost:25";
/// The ntfy server where the file names only a topic.
const NTFY: &str = "https://ntfy.sh";

/// Where an alert is sent to. One of `webhook`, `mqtt`, `ntfy`, `email` and `run` says how; the rest belongs to some of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SendTo {
    #[serde(flatten)]
    long: Long,
}

/// Where an alert is sent to.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Long {
    /// Sends a POST with JSON to this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
    /// Publishes to this topic of the broker that `mqtt:` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    mqtt: Option<String>,
    /// Publishes to this topic of ntfy.sh, or to the topic at this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    ntfy: Option<String>,
    /// Sends an e-mail to this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Runs this command in a shell, with the alert as JSON on its standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// What is sent instead of the alert's JSON; `{{source}}` takes a field of it. For `webhook`, `mqtt`, `ntfy` and `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Title of the message, for `ntfy`; subject, for `email`. May have `{{source}}` too.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Headers added to the request, for `webhook` and `ntfy`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    /// Signs the body of a `webhook`: the header `X-Bushbaby-Signature` is `sha256=` and the HMAC-SHA256 in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Access token, for `ntfy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Priority of an `ntfy` message, 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    /// Whether the broker keeps the message for who subscribes later, for `mqtt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    retain: Option<bool>,
    /// Who an `email` is from. Absent: `bushbaby@` and this machine's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The mail server of an `email`: `smtp://HOST`, `smtps://USER:PASSWORD@HOST`. Absent: port 25 of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp: Option<String>,
    /// Longest time that one attempt may take, connecting included. Absent: 10 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<Time>,
}

/// Nothing that may hold a secret is shown.
impl fmt::Debug for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendTo").finish_non_exhaustive()
    }
}

/// How an alert leaves, and where to.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A POST.
    Webhook(Webhook),
    /// A message on the broker.
    Mqtt(Topic),
    /// A message on an ntfy server.
    Ntfy(Ntfy),
    /// An e-mail.
    Email(Mail),
    /// A command in a shell.
    Run(String),
}

/// A POST.
#[derive(Clone, PartialEq)]
pub struct Webhook {
    /// The whole address.
    pub url: String,
    /// Added to the request.
    pub headers: BTreeMap<String, String>,
    /// What signs the body.
    pub secret: Option<String>,
    /// What is sent instead of the JSON.
    pub body: Option<String>,
}

/// A message on the broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// The topic.
    pub topic: String,
    /// Whether the broker keeps it.
    pub retain: bool,
    /// What is sent instead of the JSON.
    pub body: Option<String>,
}

/// A message on an ntfy server.
#[derive(Clone, PartialEq)]
pub struct Ntfy {
    /// The server's address with the topic.
    pub url: String,
    /// Access token.
    pub token: Option<String>,
    /// 1 to 5.
    pub priority: Option<u8>,
    /// Added to the request.
    pub headers: BTreeMap<String, String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub body: Option<String>,
}

/// An e-mail.
#[derive(Clone, PartialEq)]
pub struct Mail {
    /// Who gets it.
    pub to: String,
    /// Who it is from.
    pub from: Option<String>,
    /// The mail server's address, with user and password.
    pub smtp: String,
    /// Its subject.
    pub title: Option<String>,
    /// Its text.
    pub body: Option<String>,
}

macro_rules! keeps_secrets {
    ($($type:ident)*) => {$(
        /// Nothing that may hold a secret is shown.
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }
    )*};
}
keeps_secrets! { Webhook Ntfy Mail }

/// The keys that say how, in the order in which they are listed.
const WAYS: [&str; 5] = ["webhook", "mqtt", "ntfy", "email", "run"];

impl<'de> Deserialize<'de> for SendTo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> de::Visitor<'de> for Form {
            type Value = SendTo;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("where the alert is sent to, such as `https://example.org/hook`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SendTo, E> {
                SendTo::short(text)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<SendTo, A::Error> {
                Long::deserialize(MapAccessDeserializer::new(map)).map(|long| SendTo { long })
            }
        }
        deserializer.deserialize_any(Form)
    }
}

impl SendTo {
    /// Reads a short form.
    pub(super) fn short<E: de::Error>(text: &str) -> Result<Self, E> {
        const SCHEMES: &[&str] = &["https", "http", "mqtt", "ntfy", "ntfys", "mailto"];
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(E::invalid_value(
                de::Unexpected::Str(text),
                &"where to, such as `https://example.org/hook`, `mqtt:TOPIC`, `ntfy:TOPIC`, `mailto:ADDRESS` or `{run: COMMAND}`",
            ));
        };
        let mut long = Long::default();
        match scheme {
            "https" | "http" => long.webhook = Some(text.to_owned()),
            "mqtt" => long.mqtt = Some(rest.to_owned()),
            // `ntfy://HOST/TOPIC` is a server of one's own without TLS, `ntfys://` one with.
            "ntfy" if rest.starts_with("//") => long.ntfy = Some(format!("http:{rest}")),
            "ntfys" if rest.starts_with("//") => long.ntfy = Some(format!("https:{rest}")),
            "ntfy" | "ntfys" => long.ntfy = Some(rest.to_owned()),
            "mailto" => long.email = Some(rest.to_owned()),
            _ => return Err(E::unknown_variant(scheme, SCHEMES)),
        }
        Ok(Self { long })
    }

    /// How it leaves. [`SendTo::problems`] is empty.
    pub fn target(&self) -> Target {
        let long = self.long.clone();
        if let Some(url) = long.webhook {
            return Target::Webhook(Webhook {
                url,
                headers: long.headers,
                secret: long.secret,
                body: long.body,
            });
        }
        if let Some(topic) = long.mqtt {
            return Target::Mqtt(Topic {
                topic,
                retain: long.retain.unwrap_or(false),
                body: long.body,
            });
        }
        if let Some(topic) = long.ntfy {
            let url = if topic.contains("://") {
                topic
            } else {
                format!("{NTFY}/{topic}")
            };
            return Target::Ntfy(Ntfy {
                url,
                token: long.token,
                priority: long.priority,
                headers: long.headers,
                title: long.title,
                body: long.body,
            });
        }
        if let Some(to) = long.email {
            return Target::Email(Mail {
                to,
                from: long.from,
                smtp: long.smtp.unwrap_or_else(|| LOCAL_SMTP.to_owned()),
                title: long.title,
                body: long.body,
            });
        }
        Target::Run(long.run.unwrap_or_default())
    }

    /// Longest time that one attempt may take.
    pub fn timeout(&self) -> Duration {
        self.long.timeout.map_or(TIMEOUT, |time| time.0)
    }

    /// Whether it needs a broker.
    pub(super) fn is_mqtt(&self) -> bool {
        self.long.mqtt.is_some()
    }

    /// What is wrong with it, beside what its keys' types say. Paths start at it.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let long = &self.long;
        let is_there = [&long.webhook, &long.mqtt, &long.ntfy, &long.email, &long.run].map(|way| way.is_some());
        let ways = || {
            WAYS.iter()
                .zip(is_there)
                .filter(|(_, there)| *there)
                .map(|(way, _)| *way)
        };
        let Some(way) = ways().next() else {
            return vec![
                Problem::new(
                    "",
                    "it does not say where to: wanted one of `webhook`, `mqtt`, `ntfy`, `email` and `run`",
                )
                .with_hint("for example `{webhook: \"https://example.org/hook\"}`"),
            ];
        };
        if let Some(second) = ways().nth(1) {
            let message = format!("`{way}` and `{second}` are two destinations");
            return vec![Problem::new(second, message).with_hint("write each as an entry of the list `send`")];
        }
        let mut problems = self.foreign_keys(way);
        problems.extend(self.address_problems());
        for (key, text) in [("body", &long.body), ("title", &long.title)] {
            if let Some(text) = text
                && let Err((message, hint)) =
                    template::check(text, key == "body" && (way == "webhook" || way == "mqtt"))
            {
                problems.push(Problem {
                    hint,
                    ..Problem::new(key, message)
                });
            }
        }
        if long.priority.is_some_and(|priority| !(1..=5).contains(&priority)) {
            problems.push(Problem::new("priority", "wanted 1 to 5; 3 is usual, 5 the highest"));
        }
        if long
            .timeout
            .is_some_and(|time| time.0 < Duration::from_millis(100) || time.0 > Duration::from_secs(300))
        {
            problems.push(Problem::new("timeout", "wanted 100ms to 5min"));
        }
        problems
    }

    /// Keys that another way of sending has.
    fn foreign_keys(&self, way: &str) -> Vec<Problem> {
        let long = &self.long;
        let keys: [(&str, bool, &[&str]); 9] = [
            ("body", long.body.is_some(), &["webhook", "mqtt", "ntfy", "email"]),
            ("title", long.title.is_some(), &["ntfy", "email"]),
            ("headers", !long.headers.is_empty(), &["webhook", "ntfy"]),
            ("secret", long.secret.is_some(), &["webhook"]),
            ("token", long.token.is_some(), &["ntfy"]),
            ("priority", long.priority.is_some(), &["ntfy"]),
            ("retain", long.retain.is_some(), &["mqtt"]),
            ("from", long.from.is_some(), &["email"]),
            ("smtp", long.smtp.is_some(), &["email"]),
        ];
        let foreign = keys.iter().filter(|(_, there, of)| *there && !of.contains(&way));
        foreign
            .map(|(key, _, of)| {
                let of: Vec<String> = of.iter().map(|way| format!("`{way}`")).collect();
                Problem::new(*key, format!("`{key}` belongs to {}, not to `{way}`", of.join(", ")))
            })
            .collect()
    }

    fn address_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut tell =
            |key: &str, told: Option<String>| problems.extend(told.map(|message| Problem::new(key, message)));
        match self.target() {
            Target::Webhook(webhook) => {
                tell("webhook", wrong_url(&webhook.url, &["https", "http"]));
                for (name, value) in &webhook.headers {
                    tell("headers", wrong_header(name, value));
                }
            }
            Target::Mqtt(topic) => {
                let is_bad =
                    topic.topic.is_empty() || topic.topic.contains(['+', '#', '\0']) || topic.topic.len() > 1000;
                tell(
                    "mqtt",
                    is_bad.then(|| "wanted a topic without `+` and `#`, such as `home/baby`".to_owned()),
                );
            }
            Target::Ntfy(ntfy) => {
                tell("ntfy", wrong_url(&ntfy.url, &["https", "http"]));
                let topic = ntfy.url.rsplit('/').next().unwrap_or("");
                let is_topic = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                let is_bad = topic.is_empty() || topic.len() > 64 || !topic.chars().all(is_topic);
                let wanted = "wanted a topic of a to z, A to Z, 0 to 9, `-` and `_`, such as `ntfy:my-nursery`";
                tell("ntfy", is_bad.then(|| wanted.to_owned()));
                for (name, value) in &ntfy.headers {
                    tell("headers", wrong_header(name, value));
                }
            }
            Target::Email(mail) => {
                let wrong = |address: &str| address.parse::<lettre::message::Mailbox>().is_err();
                tell("email", wrong(&mail.to).then(|| "this is no e-mail address".to_owned()));
                let from = mail.from.as_deref().is_some_and(wrong);
                tell("from", from.then(|| "this is no e-mail address".to_owned()));
                tell("smtp", wrong_url(&mail.smtp, &["smtp", "smtps"]));
            }
            Target::Run(command) => {
                tell("run", command.trim().is_empty().then(|| "wanted a command".to_owned()));
            }
        }
        problems
    }
}

/// What is wrong with an address; its text is not told, for it may hold a secret.
fn wrong_url(text: &str, schemes: &[&str]) -> Option<String> {
    let wanted = schemes
        .iter()
        .map(|scheme| format!("`{scheme}://…`"))
        .collect::<Vec<_>>()
        .join(" or ");
    let Ok(url) = url::Url::parse(text) else {
        return Some(format!("this is no address, wanted {wanted}"));
    };
    if !schemes.contains(&url.scheme()) {
        return Some(format!("the address starts with `{}:`, wanted {wanted}", url.scheme()));
    }
    url.host_str()
        .is_none_or(str::is_empty)
        .then(|| format!("the address names no host, wanted {wanted}"))
}

fn wrong_header(name: &str, value: &str) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Some(format!("`{name}` is no name of a header"));
    }
    let is_good = value.chars().all(|c| c == '\t' || (' '..='~').contains(&c));
    (!is_good).then(|| format!("the value of `{name}` has characters that no header may have"))
}

/// One destination or a list; each a short form or an object.
pub(super) fn schema(generator: &mut SchemaGenerator) -> Schema {
    let short = json_schema!({
        "type": "string",
        "title": "A short form",
        "examples": ["https://example.org/hook", "mqtt:home/baby", "ntfy:my-nursery", "mailto:ada@example.org"],
    });
    let long = generator.subschema_for::<Long>();
    let one = serde_json::json!({ "anyOf": [short, long] });
    json_schema!({ "anyOf": [short, long, { "type": "array", "minItems": 1, "items": one }] })
}
