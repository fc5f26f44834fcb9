//! `classes:`, a list of names or a file with one a line.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The largest file of names that is read.
const MOST_BYTES: u64 = 1 << 20;

/// What the scores of somebody's own model are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClassList {
    /// Named in the pipeline file.
    Names(Vec<String>),
    /// In a file, one name a line.
    File(PathBuf),
}

impl ClassList {
    /// The names, in order. Lines without a letter are passed over.
    pub(super) fn read(&self, base_dir: &Path) -> Result<Vec<String>, String> {
        let names = match self {
            Self::Names(names) => names.clone(),
            Self::File(path) => {
                let path = base_dir.join(path);
                let told = |error: std::io::Error| format!("{}: {error}", path.display());
                let about = std::fs::metadata(&path).map_err(told)?;
                if !about.is_file() || about.len() > MOST_BYTES {
                    return Err(format!("{}: not a file, or one of more than 1 MB", path.display()));
                }
                let text = std::fs::read_to_string(&path).map_err(told)?;
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                lines.map(str::to_owned).collect()
            }
        };
        if names.is_empty() {
            return Err("there are no classes in it".to_owned());
        }
        Ok(names)
    }
}

impl Serialize for ClassList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Names(names) => names.serialize(serializer),
            Self::File(path) => path.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ClassList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names, or a file with one a line")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<ClassList, E> {
                Ok(ClassList::File(path.into()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<ClassList, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(ClassList::Names(names))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for ClassList {
    fn schema_name() -> Cow<'static, str> {
        "ClassList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]})
    }
}
