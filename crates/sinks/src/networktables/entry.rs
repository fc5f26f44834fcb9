//! One topic with its value, as a dialect says it: no network yet.

use std::fmt;

/// A topic and what it says now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The topic's full name, from `/` on.
    pub(crate) topic: String,
    /// Its value.
    pub(crate) content: Content,
    /// Whether a value is told also when it is the one before: each of them counts.
    pub(crate) each_counts: bool,
    /// Further properties of the topic, as `(key, text)`.
    pub(crate) properties: &'static [(&'static str, &'static str)],
}

/// A value with its NetworkTables type.
#[derive(Clone, PartialEq)]
pub(crate) enum Content {
    /// `boolean`.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `double`.
    Double(f64),
    /// `string`.
    Text(String),
    /// `double[]`.
    Doubles(Vec<f64>),
    /// `string[]`.
    Texts(Vec<String>),
    /// Bytes of a type that only its readers know, such as `struct:Transform3d`.
    Bytes {
        /// The type in full.
        of: &'static str,
        /// Laid out as the type says.
        bytes: Vec<u8>,
    },
}

impl Entry {
    /// A topic with a value.
    pub(crate) fn new(topic: String, content: impl Into<Content>) -> Self {
        Self {
            topic,
            content: content.into(),
            each_counts: false,
            properties: &[],
        }
    }
}

impl Content {
    /// The type as NetworkTables names it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "boolean",
            Self::Int(_) => "int",
            Self::Double(_) => "double",
            Self::Text(_) => "string",
            Self::Doubles(_) => "double[]",
            Self::Texts(_) => "string[]",
            Self::Bytes { of, .. } => of,
        }
    }

    /// The whole number that it is, whichever type of number it has.
    pub(crate) fn whole(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Double(value) if value.fract() == 0.0 && value.abs() < 1e15 => Some(*value as i64),
            _ => None,
        }
    }

    /// The number that it is.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Double(value) => Some(*value).filter(|value| value.is_finite()),
            _ => None,
        }
    }

    /// Whether each number in it is one. What lies in bytes was looked at before it was packed.
    pub(crate) fn is_finite(&self) -> bool {
        match self {
            Self::Double(value) => value.is_finite(),
            Self::Doubles(values) => values.iter().all(|value| value.is_finite()),
            _ => true,
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value:?}"),
            Self::Int(value) => write!(f, "{value:?}"),
            Self::Double(value) => write!(f, "{value:?}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Doubles(value) => write!(f, "{value:?}"),
            Self::Texts(value) => write!(f, "{value:?}"),
            Self::Bytes { bytes, .. } => write!(f, "{} bytes", bytes.len()),
        }
    }
}

macro_rules! from {
    ($($type:ty => $kind:ident),*) => { $(
        impl From<$type> for Content {
            fn from(value: $type) -> Self {
                Self::$kind(value)
            }
        }
    )* };
}
from!(bool => Bool, i64 => Int, f64 => Double, String => Text, Vec<f64> => Doubles, Vec<String> => Texts);

impl From<&str> for Content {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl<const N: usize> From<[f64; N]> for Content {
    fn from(values: [f64; N]) -> Self {
        Self::Doubles(values.to_vec())
    }
}
