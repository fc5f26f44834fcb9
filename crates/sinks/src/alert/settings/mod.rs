//! Settings of the alerts: the rules of `alerts:`, and `mqtt:`.

mod check;
mod destination;
mod mqtt;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use bushbaby_node::settings::{Problem, Settings as NodeSettings, Time};
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, de};

pub use destination::{Mail, Ntfy, SendTo, Target, Topic, Webhook};
pub use mqtt::Mqtt;

/// Settings of the alerts.
///
/// All of them are one node, `alerts`. What it raises is on the disk before it is sent anywhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The alerts, by name.
    #[serde(default)]
    pub alerts: BTreeMap<String, Rule>,
    /// The MQTT broker, for Home Assistant and for `mqtt:` destinations. Stands at the top of the file.
    #[serde(default)]
    pub mqtt: Option<Mqtt>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What must be so: `NODE finds CLASS [above SCORE]`, `NODE is STATE`, `any STATE` or `STREAM older than TIME`.
    pub when: String,
    /// How long it must be so before the alert is raised. Absent: it is raised at once.
    #[serde(default, rename = "for")]
    pub hold: Option<Time>,
    /// For how long, after it was raised, it is not raised again for the same camera, microphone or node. Absent: it is raised
    /// each time.
    #[serde(default)]
    pub quiet: Option<Time>,
    /// Where it is sent to: one or several. `https://…`, `mqtt:TOPIC`, `ntfy:TOPIC`, `mailto:ADDRESS`, or an object that says more.
    #[serde(deserialize_with = "one_or_more")]
    #[schemars(schema_with = "destination::schema")]
    pub send: Vec<SendTo>,
    /// The streams that `when` is about: the supervisor's word, which nobody else may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    pub streams: Vec<String>,
}

impl NodeSettings for Settings {
    fn check(&self, _: &Path) -> Vec<Problem> {
        check::problems(self)
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SendTo>, D::Error> {
    struct OneOrMore;
    impl<'de> de::Visitor<'de> for OneOrMore {
        type Value = Vec<SendTo>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("where the alert is sent to, such as `https://example.org/hook`")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            SendTo::short(text).map(|one| vec![one])
        }

        fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            SendTo::deserialize(MapAccessDeserializer::new(map)).map(|one| vec![one])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = items.next_element()? {
                all.push(one);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_any(OneOrMore)
}
