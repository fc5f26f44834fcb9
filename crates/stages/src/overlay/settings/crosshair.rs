//! `crosshair:`, yes or no, or where and how.

use std::borrow::Cow;
use std::fmt;

use bushbaby_node::settings::{Percent, Problem};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Color;

/// Whether there is a cross to aim with, and where.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Crosshair(pub Option<CrosshairAt>);

/// A cross to aim with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CrosshairAt {
    /// Its middle, of the picture's width from the left.
    pub x: Percent,
    /// Its middle, of the picture's height from the top.
    pub y: Percent,
    /// From its middle to its ends, of the picture's height.
    pub size: Percent,
    /// Its colour.
    pub color: Color,
}

impl Default for CrosshairAt {
    fn default() -> Self {
        Self {
            x: Percent { percent: 50.0 },
            y: Percent { percent: 50.0 },
            size: Percent { percent: 5.0 },
            color: Color { rgb: [0, 255, 0] },
        }
    }
}

impl Crosshair {
    pub(super) fn problems(&self) -> Vec<Problem> {
        let at = self.0.unwrap_or_default();
        let shares = [("x", at.x), ("y", at.y), ("size", at.size)];
        let wrong = shares.into_iter().filter(|(_, share)| share.percent > 100.0);
        wrong
            .map(|(key, share)| Problem::new(format!("crosshair.{key}"), format!("got `{share}`, wanted 0% to 100%")))
            .collect()
    }
}

impl Serialize for Crosshair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(at) => at.serialize(serializer),
            None => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Crosshair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Crosshair;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false`, or where it is, such as `{x: 50%, y: 40%}`")
            }

            fn visit_bool<E: de::Error>(self, is_there: bool) -> Result<Crosshair, E> {
                Ok(Crosshair(is_there.then(CrosshairAt::default)))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Crosshair, A::Error> {
                CrosshairAt::deserialize(MapAccessDeserializer::new(map)).map(|at| Crosshair(Some(at)))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Crosshair {
    fn schema_name() -> Cow<'static, str> {
        "Crosshair".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let at = generator.subschema_for::<CrosshairAt>();
        json_schema!({"anyOf": [{"type": "boolean"}, at]})
    }
}
