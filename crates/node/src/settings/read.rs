//! From a [`Tree`] to any `Deserialize` type, with the place of every mistake.

use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};

use super::{Entry, Place, Problem, Scalar, Tree, Value, nearest};

/// Reads a value of type `T`. Every mistake is found, not just the first: what was wrong is left out and the rest read again.
///
/// # Errors
/// All mistakes, each with its path and place.
pub fn read<T: DeserializeOwned>(tree: &Tree) -> Result<T, Vec<Problem>> {
    /// A file with more mistakes than this is some other kind of file.
    const MOST: usize = 30;

    let mut rest = tree.clone();
    let mut problems: Vec<Problem> = Vec::new();
    loop {
        match T::deserialize(Reader(&rest)) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => return Err(problems),
            Err(mistake) => {
                // A key that was left out because its value was wrong is then "missing": that is no second mistake.
                let echo = mistake.is_missing && !problems.is_empty();
                let path = mistake.path.clone();
                if !echo {
                    problems.push(mistake.into_problem(tree.place));
                }
                if echo || problems.len() >= MOST || !remove(&mut rest, &path) {
                    return Err(problems);
                }
            }
        }
    }
}

/// Removes what stands at `path`; says whether something was removed.
fn remove(tree: &mut Tree, path: &[String]) -> bool {
    let Some((step, deeper)) = path.split_first() else {
        return false;
    };
    match &mut tree.value {
        Value::Map(entries) => {
            let Some(index) = entries.iter().position(|entry| entry.key == *step) else {
                return false;
            };
            if deeper.is_empty() || !remove(&mut entries[index].value, deeper) {
                entries.remove(index);
            }
            true
        }
        Value::List(items) => {
            let Some(index) = step.parse::<usize>().ok().filter(|index| *index < items.len()) else {
                return false;
            };
            if deeper.is_empty() || !remove(&mut items[index], deeper) {
                items.remove(index);
            }
            true
        }
        _ => false,
    }
}

/// What went wrong while reading, on its way up to the root.
#[derive(Debug)]
struct Mistake {
    message: String,
    hint: Option<String>,
    place: Option<Place>,
    path: Vec<String>,
    is_missing: bool,
}

impl Mistake {
    fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    fn under(mut self, step: impl Into<String>) -> Self {
        self.path.insert(0, step.into());
        self
    }

    fn into_problem(self, root: Place) -> Problem {
        Problem {
            path: self.path.join("."),
            place: Some(self.place.unwrap_or(root)),
            message: self.message,
            hint: self.hint,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            hint: None,
            place: None,
            path: Vec::new(),
            is_missing: false,
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        unknown("key", field, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        unknown("value", variant, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            is_missing: true,
            ..Self::custom(format_args!("the key `{field}` is missing"))
        }
    }

    fn invalid_type(got: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::custom(format_args!("got {}, wanted {wanted}", in_words(got)))
    }

    fn invalid_value(got: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::custom(format_args!("got {}, wanted {wanted}", in_words(got)))
    }
}

fn in_words(got: de::Unexpected<'_>) -> String {
    match got {
        de::Unexpected::Str(text) => format!("`{text}`"),
        de::Unexpected::Bool(value) => format!("`{value}`"),
        de::Unexpected::Signed(value) => format!("`{value}`"),
        de::Unexpected::Unsigned(value) => format!("`{value}`"),
        de::Unexpected::Float(value) => format!("`{value}`"),
        de::Unexpected::Map => "an object".to_owned(),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Unit => "nothing".to_owned(),
        other => other.to_string(),
    }
}

fn unknown(what: &str, got: &str, known: &'static [&'static str]) -> Mistake {
    let hint = match nearest(got, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => format!("no {what} is known here"),
        None => format!(
            "known: {}",
            known
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    Mistake {
        hint: Some(hint),
        ..de::Error::custom(format_args!("unknown {what} `{got}`"))
    }
}

/// Reads one value of the tree.
struct Reader<'a>(&'a Tree);

impl<'a> Reader<'a> {
    fn scalar(&self, wanted: &str) -> Result<&'a Scalar, Mistake> {
        match &self.0.value {
            Value::Scalar(scalar) => Ok(scalar),
            _ => Err(self.wrong(wanted)),
        }
    }

    fn wrong(&self, wanted: &str) -> Mistake {
        <Mistake as de::Error>::custom(format_args!("got {}, wanted {wanted}", self.0.describe())).at(self.0.place)
    }

    fn parse<T: std::str::FromStr>(&self, wanted: &str) -> Result<T, Mistake> {
        let scalar = self.scalar(wanted)?;
        if scalar.quoted {
            return Err(self.wrong(wanted));
        }
        scalar.text.parse().map_err(|_| self.wrong(wanted))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $wanted:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            visitor.$visit(self.parse::<$type>($wanted)?).map_err(|mistake: Mistake| mistake.at(self.0.place))
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let place = self.0.place;
        match &self.0.value {
            Value::Null => visitor.visit_unit().map_err(|mistake: Mistake| mistake.at(place)),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
            Value::Scalar(scalar) => visit_scalar(scalar, visitor).map_err(|mistake| mistake.at(place)),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8, "a whole number from -128 to 127";
        deserialize_i16 visit_i16 i16, "a whole number";
        deserialize_i32 visit_i32 i32, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_u8 visit_u8 u8, "a whole number from 0 to 255";
        deserialize_u16 visit_u16 u16, "a whole number from 0 to 65535";
        deserialize_u32 visit_u32 u32, "a whole number, 0 or more";
        deserialize_u64 visit_u64 u64, "a whole number, 0 or more";
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let number: f64 = self.parse("a number")?;
        if !number.is_finite() {
            return Err(self.wrong("a number"));
        }
        visitor
            .visit_f64(number)
            .map_err(|mistake: Mistake| mistake.at(self.0.place))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.scalar("`true` or `false`")? {
            Scalar { text, quoted: false } if text == "true" => visitor.visit_bool(true),
            Scalar { text, quoted: false } if text == "false" => visitor.visit_bool(false),
            _ => Err(self.wrong("`true` or `false`")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor
            .visit_str(&self.scalar("text")?.text)
            .map_err(|mistake: Mistake| mistake.at(self.0.place))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0.value {
            Value::Null => visitor.visit_unit(),
            _ => Err(self.wrong("nothing")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let Value::List(items) = &self.0.value else {
            return Err(self.wrong("a list"));
        };
        let mut access = Items {
            items: items.iter().enumerate(),
        };
        let value = visitor
            .visit_seq(&mut access)
            .map_err(|mistake| mistake.at(self.0.place))?;
        match access.items.next() {
            Some((index, extra)) => {
                let message = format!("the list has {} entries, wanted {index}", items.len());
                Err(<Mistake as de::Error>::custom(message)
                    .at(extra.place)
                    .under(index.to_string()))
            }
            None => Ok(value),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let place = self.0.place;
        let entries: &[Entry] = match &self.0.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => return Err(self.wrong("an object (`key: value`)")),
        };
        visitor
            .visit_map(Entries {
                entries: entries.iter(),
                value: None,
            })
            .map_err(|mistake| mistake.at(place))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let place = self.0.place;
        let name = &self.scalar("one word")?.text;
        visitor
            .visit_enum(name.as_str().into_deserializer())
            .map_err(|mistake: Mistake| mistake.at(place))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_unit()
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_unit(visitor)
    }

    serde::forward_to_deserialize_any! { i128 u128 bytes byte_buf }
}

/// What an unquoted scalar is by YAML 1.2's core rules, when its reader takes anything.
fn visit_scalar<'de, V: Visitor<'de>>(scalar: &Scalar, visitor: V) -> Result<V::Value, Mistake> {
    let text = scalar.text.as_str();
    if scalar.quoted {
        return visitor.visit_str(text);
    }
    match text {
        "true" => return visitor.visit_bool(true),
        "false" => return visitor.visit_bool(false),
        _ => {}
    }
    let looks_numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    if looks_numeric && let Ok(number) = text.parse::<i64>() {
        return visitor.visit_i64(number);
    }
    match text.parse::<f64>() {
        Ok(number) if looks_numeric && number.is_finite() => visitor.visit_f64(number),
        _ => visitor.visit_str(text),
    }
}

struct Items<'a> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Tree>>,
}

impl<'de> de::SeqAccess<'de> for &mut Items<'_> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(Reader(item))
            .map(Some)
            .map_err(|mistake| mistake.at(item.place).under(index.to_string()))
    }
}

struct Entries<'a> {
    entries: std::slice::Iter<'a, Entry>,
    value: Option<&'a Entry>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(entry);
        // Keys may be numbers too (tag ids), so they are read as a plain value is.
        let key = Tree::plain(entry.key_place, entry.key.clone());
        seed.deserialize(Reader(&key))
            .map(Some)
            .map_err(|mistake| mistake.at(entry.key_place).under(entry.key.clone()))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mistake> {
        let entry = self
            .value
            .take()
            .ok_or_else(|| <Mistake as de::Error>::custom("a value was asked for before its key"))?;
        seed.deserialize(Reader(&entry.value))
            .map_err(|mistake| mistake.at(entry.value.place).under(entry.key.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Lens {
        name: String,
        #[serde(default)]
        threads: Option<u8>,
        #[serde(default)]
        sizes: BTreeMap<u32, f64>,
        #[serde(default)]
        on: bool,
    }

    fn at(line: usize, column: usize) -> Place {
        Place { line, column }
    }

    fn map(entries: &[(&str, Tree)]) -> Tree {
        let entries = entries.iter().map(|(key, value)| Entry {
            key: (*key).to_owned(),
            key_place: at(value.place.line, 1),
            value: value.clone(),
        });
        Tree {
            place: at(1, 1),
            value: Value::Map(entries.collect()),
        }
    }

    fn plain(line: usize, text: &str) -> Tree {
        Tree::plain(at(line, 9), text)
    }

    #[test]
    fn a_number_is_fine_as_text_and_as_number() {
        let tree = map(&[
            ("name", plain(1, "12")),
            ("threads", plain(2, "12")),
            ("sizes", map(&[("3", plain(4, "0.165"))])),
        ]);
        let lens: Lens = read(&tree).unwrap();
        assert_eq!(
            lens,
            Lens {
                name: "12".into(),
                threads: Some(12),
                sizes: [(3, 0.165)].into(),
                on: false
            }
        );
    }

    #[test]
    fn every_mistake_is_found_with_its_place() {
        let tree = map(&[
            ("name", plain(1, "a")),
            ("thread", plain(2, "2")),
            ("threads", plain(3, "300")),
            ("on", plain(4, "yes")),
        ]);
        let problems = read::<Lens>(&tree).unwrap_err();
        let told: Vec<String> = problems
            .iter()
            .map(|p| {
                format!(
                    "{} {} [{}]",
                    p.place.unwrap(),
                    p.message,
                    p.hint.as_deref().unwrap_or("")
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "2:1 unknown key `thread` [did you mean `threads`?]",
                "3:9 got `300`, wanted a whole number from 0 to 255 []",
                "4:9 got `yes`, wanted `true` or `false` []",
            ]
        );
    }

    #[test]
    fn a_missing_key_is_told_at_its_object() {
        let problems = read::<Lens>(&map(&[("on", plain(2, "true"))])).unwrap_err();
        assert_eq!(
            problems,
            [Problem {
                place: Some(at(1, 1)),
                ..Problem::new("", "the key `name` is missing")
            }]
        );
    }

    #[test]
    fn a_wrong_value_of_a_needed_key_is_one_mistake() {
        let list = Tree {
            place: at(1, 9),
            value: Value::List(vec![]),
        };
        let problems = read::<Lens>(&map(&[("name", list)])).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].path, "name");
    }
}
