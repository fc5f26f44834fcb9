//! `listen_for:`, one name, a list of names, or names with their thresholds.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What is listened for, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenFor {
    sounds: Vec<(String, Option<f64>)>,
    is_map: bool,
}

impl Default for ListenFor {
    fn default() -> Self {
        Self {
            sounds: vec![("baby_cry".to_owned(), None)],
            is_map: false,
        }
    }
}

impl ListenFor {
    /// Names, and the thresholds that the file gives them.
    pub fn sounds(&self) -> &[(String, Option<f64>)] {
        &self.sounds
    }

    /// Where in the file a name stands.
    pub(super) fn path_of(&self, place: usize) -> String {
        match self.sounds.get(place) {
            Some((name, _)) if self.is_map => format!("listen_for.{name}"),
            _ => format!("listen_for.{place}"),
        }
    }
}

impl Serialize for ListenFor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_map {
            let mut map = serializer.serialize_map(Some(self.sounds.len()))?;
            for (name, threshold) in &self.sounds {
                map.serialize_entry(name, threshold)?;
            }
            return map.end();
        }
        let mut list = serializer.serialize_seq(Some(self.sounds.len()))?;
        for (name, _) in &self.sounds {
            list.serialize_element(name)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for ListenFor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ListenFor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names such as `[baby_cry, glass]`, or names with scores such as `{baby_cry: 0.1}`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ListenFor, E> {
                Ok(ListenFor {
                    sounds: vec![(name.to_owned(), None)],
                    is_map: false,
                })
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<ListenFor, A::Error> {
                let mut sounds = Vec::new();
                while let Some(name) = list.next_element::<String>()? {
                    sounds.push((name, None));
                }
                Ok(ListenFor { sounds, is_map: false })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<ListenFor, A::Error> {
                let mut sounds = Vec::new();
                while let Some(entry) = map.next_entry::<String, Option<f64>>()? {
                    sounds.push(entry);
                }
                Ok(ListenFor { sounds, is_map: true })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for ListenFor {
    fn schema_name() -> Cow<'static, str> {
        "ListenFor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let score = json_schema!({"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1});
        json_schema!({"anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            {"type": "object", "additionalProperties": score},
        ]})
    }
}
