//! What a topic holds.

use std::borrow::Cow;
use std::fmt;

/// The type of a topic, as its announcement names it: `double`, `string[]`, `struct:Transform3d`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicType(Cow<'static, str>);

impl TopicType {
    /// `boolean`.
    pub const BOOLEAN: Self = Self(Cow::Borrowed("boolean"));
    /// `double`: 64 bits.
    pub const DOUBLE: Self = Self(Cow::Borrowed("double"));
    /// `int`: 64 bits with sign.
    pub const INT: Self = Self(Cow::Borrowed("int"));
    /// `float`: 32 bits.
    pub const FLOAT: Self = Self(Cow::Borrowed("float"));
    /// `string`.
    pub const STRING: Self = Self(Cow::Borrowed("string"));
    /// `json`: a text.
    pub const JSON: Self = Self(Cow::Borrowed("json"));
    /// `raw`: bytes.
    pub const RAW: Self = Self(Cow::Borrowed("raw"));
    /// `boolean[]`.
    pub const BOOLEANS: Self = Self(Cow::Borrowed("boolean[]"));
    /// `double[]`.
    pub const DOUBLES: Self = Self(Cow::Borrowed("double[]"));
    /// `int[]`.
    pub const INTS: Self = Self(Cow::Borrowed("int[]"));
    /// `float[]`.
    pub const FLOATS: Self = Self(Cow::Borrowed("float[]"));
    /// `string[]`.
    pub const STRINGS: Self = Self(Cow::Borrowed("string[]"));

    /// Any type by name. Those that the protocol does not know are bytes: `photonstruct:…`, `proto:…`.
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number that stands with every value of it.
    pub(crate) fn code(&self) -> u8 {
        match self.as_str() {
            "boolean" => 0,
            "double" => 1,
            "int" => 2,
            "float" => 3,
            "string" | "json" => 4,
            "boolean[]" => 16,
            "double[]" => 17,
            "int[]" => 18,
            "float[]" => 19,
            "string[]" => 20,
            _ => 5,
        }
    }

    /// Whether a value is one of it.
    pub fn fits(&self, value: &Value) -> bool {
        self.code() == value.code()
    }
}

impl fmt::Display for TopicType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value of a topic.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `boolean`.
    Boolean(bool),
    /// `double`.
    Double(f64),
    /// `int`.
    Int(i64),
    /// `float`.
    Float(f32),
    /// `string` and `json`.
    String(String),
    /// `raw` and all types that the protocol does not know.
    Raw(Vec<u8>),
    /// `boolean[]`.
    Booleans(Vec<bool>),
    /// `double[]`.
    Doubles(Vec<f64>),
    /// `int[]`.
    Ints(Vec<i64>),
    /// `float[]`.
    Floats(Vec<f32>),
    /// `string[]`.
    Strings(Vec<String>),
}

impl Value {
    /// The number that stands with it on the wire.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Double(_) => 1,
            Self::Int(_) => 2,
            Self::Float(_) => 3,
            Self::String(_) => 4,
            Self::Raw(_) => 5,
            Self::Booleans(_) => 16,
            Self::Doubles(_) => 17,
            Self::Ints(_) => 18,
            Self::Floats(_) => 19,
            Self::Strings(_) => 20,
        }
    }

    /// Whether every number in it is one: neither NaN nor infinite.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Double(number) => number.is_finite(),
            Self::Float(number) => number.is_finite(),
            Self::Doubles(numbers) => numbers.iter().all(|number| number.is_finite()),
            Self::Floats(numbers) => numbers.iter().all(|number| number.is_finite()),
            _ => true,
        }
    }

    /// How many bytes or elements are in it; 1 for what has none.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Boolean(_) | Self::Double(_) | Self::Int(_) | Self::Float(_) => 1,
            Self::String(text) => text.len(),
            Self::Raw(bytes) => bytes.len(),
            Self::Booleans(values) => values.len(),
            Self::Doubles(values) => values.len(),
            Self::Ints(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Strings(values) => values.iter().map(|value| value.len() + 1).sum(),
        }
    }

    /// As a number, where it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Double(number) => Some(*number),
            Self::Float(number) => Some(f64::from(*number)),
            Self::Int(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// As several numbers, where it is that.
    pub fn as_f64s(&self) -> Option<Vec<f64>> {
        match self {
            Self::Doubles(numbers) => Some(numbers.clone()),
            Self::Floats(numbers) => Some(numbers.iter().map(|number| f64::from(*number)).collect()),
            Self::Ints(numbers) => Some(numbers.iter().map(|number| *number as f64).collect()),
            _ => None,
        }
    }

    /// As a whole number, where it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Double(number) if number.fract() == 0.0 && number.abs() < 2_f64.powi(53) => Some(*number as i64),
            Self::Float(number) if number.fract() == 0.0 && number.abs() < 2_f32.powi(24) => Some(*number as i64),
            _ => None,
        }
    }

    /// As a truth value, where it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(truth) => Some(*truth),
            _ => None,
        }
    }

    /// As a text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// As a person reads it, bytes by their number alone.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, values: &[T]) -> fmt::Result {
            f.write_str("[")?;
            for (place, value) in values.iter().enumerate() {
                let comma = if place == 0 { "" } else { ", " };
                write!(f, "{comma}{value}")?;
            }
            f.write_str("]")
        }
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::String(value) => write!(f, "{value:?}"),
            Self::Raw(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Booleans(values) => list(f, values),
            Self::Doubles(values) => list(f, values),
            Self::Ints(values) => list(f, values),
            Self::Floats(values) => list(f, values),
            Self::Strings(values) => list(f, &values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>()),
        }
    }
}
