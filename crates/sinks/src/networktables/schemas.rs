//! Types that dashboards look up below `/.schema/`, so that they can read what is packed in them.

use super::entry::{Content, Entry};

/// The types of WPILib that its transforms and poses are made of, each with its fields.
pub(crate) const PARTS: [(&str, &str); 3] = [
    ("struct:Translation3d", "double x;double y;double z"),
    ("struct:Rotation3d", "Quaternion q"),
    ("struct:Quaternion", "double w;double x;double y;double z"),
];

/// Says what a type of WPILib is made of.
pub(crate) fn wpilib(schema: (&str, &str)) -> Entry {
    entry("structschema", schema)
}

/// Says what a type is made of; `of`: the kind of types that it is one of.
pub(crate) fn entry(of: &'static str, (name, fields): (&str, &str)) -> Entry {
    let bytes = fields.as_bytes().to_vec();
    Entry::new(topic(name), Content::Bytes { of, bytes })
}

/// Where a type is looked up.
pub(crate) fn topic(name: &str) -> String {
    format!("/.schema/{name}")
}
