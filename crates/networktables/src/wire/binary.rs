//! Values: arrays of four in MessagePack, `[id, microseconds, type, value]`.

use rmp::Marker;
use rmp::encode::{write_array_len, write_bin, write_bool, write_f32, write_f64, write_sint, write_str};

use super::WireError;
use crate::Value;

/// Under this id the clocks are compared.
pub(crate) const TIME_SYNC_ID: i64 = -1;

/// A value with its topic and its time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timed {
    /// Which topic, as publisher or announcement numbered it; [`TIME_SYNC_ID`] for clocks.
    pub(crate) id: i64,
    /// Microseconds of the server's clock.
    pub(crate) server_us: i64,
    pub(crate) value: Value,
}

/// Appends one value to a binary frame.
pub(crate) fn encode(out: &mut Vec<u8>, id: i64, server_us: i64, value: &Value) {
    // Writing to memory does not fail.
    let _ = write_array_len(out, 4);
    let _ = write_sint(out, id);
    let _ = write_sint(out, server_us);
    let _ = write_sint(out, i64::from(value.code()));
    fn list<T>(out: &mut Vec<u8>, values: &[T], mut each: impl FnMut(&mut Vec<u8>, &T)) {
        let _ = write_array_len(out, u32::try_from(values.len()).unwrap_or(u32::MAX));
        for value in values {
            each(out, value);
        }
    }
    match value {
        Value::Boolean(value) => drop(write_bool(out, *value)),
        Value::Double(value) => drop(write_f64(out, *value)),
        Value::Int(value) => drop(write_sint(out, *value)),
        Value::Float(value) => drop(write_f32(out, *value)),
        Value::String(value) => drop(write_str(out, value)),
        Value::Raw(value) => drop(write_bin(out, value)),
        Value::Booleans(values) => list(out, values, |out, value| drop(write_bool(out, *value))),
        Value::Doubles(values) => list(out, values, |out, value| drop(write_f64(out, *value))),
        Value::Ints(values) => list(out, values, |out, value| drop(write_sint(out, *value))),
        Value::Floats(values) => list(out, values, |out, value| drop(write_f32(out, *value))),
        Value::Strings(values) => list(out, values, |out, value| drop(write_str(out, value))),
    }
}

/// The question for the server's clock.
pub(crate) fn time_request(local_us: i64) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame, TIME_SYNC_ID, 0, &Value::Int(local_us));
    frame
}

/// The answer to it.
pub(crate) fn time_reply(server_us: i64, asked: Value) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame, TIME_SYNC_ID, server_us, &asked);
    frame
}

/// Reads all values of a binary frame.
///
/// # Errors
/// At the first thing that is none. Values before it are lost too: a damaged frame is not to be trusted.
pub(crate) fn decode(frame: &[u8]) -> Result<Vec<Timed>, WireError> {
    let mut reader = Reader { frame, at: 0 };
    let mut values = Vec::new();
    while reader.at < frame.len() {
        values.push(reader.timed()?);
    }
    Ok(values)
}

/// Goes through a frame, never beyond its end.
struct Reader<'a> {
    frame: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn timed(&mut self) -> Result<Timed, WireError> {
        if self.array("an array of four")? != 4 {
            return Err(self.wanted("an array of four"));
        }
        let id = self.int("a topic")?;
        let server_us = self.int("a time")?;
        let code = self.int("a type")?;
        let value = self.value(code)?;
        Ok(Timed { id, server_us, value })
    }

    fn value(&mut self, code: i64) -> Result<Value, WireError> {
        Ok(match code {
            0 => Value::Boolean(self.boolean()?),
            1 => Value::Double(self.number()?),
            2 => Value::Int(self.int("a whole number")?),
            3 => Value::Float(self.number()? as f32),
            4 => Value::String(self.text()?),
            5 => Value::Raw(self.bytes()?.to_vec()),
            16 => Value::Booleans(self.list(Self::boolean)?),
            17 => Value::Doubles(self.list(Self::number)?),
            18 => Value::Ints(self.list(|reader| reader.int("a whole number"))?),
            19 => Value::Floats(self.list(|reader| Ok(reader.number()? as f32))?),
            20 => Value::Strings(self.list(Self::text)?),
            other => return Err(WireError::Type(other)),
        })
    }

    fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T, WireError>) -> Result<Vec<T>, WireError> {
        let length = self.array("an array")?;
        // Every element has a byte at least: a length that lies takes no memory.
        if length > self.frame.len() - self.at {
            return Err(self.wanted("as many elements as it says"));
        }
        (0..length).map(|_| each(self)).collect()
    }

    fn array(&mut self, wanted: &'static str) -> Result<usize, WireError> {
        match self.marker(wanted)? {
            Marker::FixArray(length) => Ok(usize::from(length)),
            Marker::Array16 => self.big_endian(2, wanted),
            Marker::Array32 => self.big_endian(4, wanted),
            _ => Err(self.wanted(wanted)),
        }
    }

    fn boolean(&mut self) -> Result<bool, WireError> {
        match self.marker("true or false")? {
            Marker::True => Ok(true),
            Marker::False => Ok(false),
            _ => Err(self.wanted("true or false")),
        }
    }

    fn int(&mut self, wanted: &'static str) -> Result<i64, WireError> {
        let marker = self.marker(wanted)?;
        self.int_of(marker, wanted)
    }

    fn int_of(&mut self, marker: Marker, wanted: &'static str) -> Result<i64, WireError> {
        Ok(match marker {
            Marker::FixPos(value) => i64::from(value),
            Marker::FixNeg(value) => i64::from(value),
            Marker::U8 => i64::from(self.take::<1>(wanted)?[0]),
            Marker::U16 => i64::from(u16::from_be_bytes(self.take(wanted)?)),
            Marker::U32 => i64::from(u32::from_be_bytes(self.take(wanted)?)),
            Marker::U64 => {
                let value = u64::from_be_bytes(self.take(wanted)?);
                i64::try_from(value).map_err(|_| self.wanted(wanted))?
            }
            Marker::I8 => i64::from(i8::from_be_bytes(self.take(wanted)?)),
            Marker::I16 => i64::from(i16::from_be_bytes(self.take(wanted)?)),
            Marker::I32 => i64::from(i32::from_be_bytes(self.take(wanted)?)),
            Marker::I64 => i64::from_be_bytes(self.take(wanted)?),
            _ => return Err(self.wanted(wanted)),
        })
    }

    /// A number of any form: some senders write whole ones as integers.
    fn number(&mut self) -> Result<f64, WireError> {
        match self.marker("a number")? {
            Marker::F64 => Ok(f64::from_be_bytes(self.take("a number")?)),
            Marker::F32 => Ok(f64::from(f32::from_be_bytes(self.take("a number")?))),
            other => Ok(self.int_of(other, "a number")? as f64),
        }
    }

    fn text(&mut self) -> Result<String, WireError> {
        let length = match self.marker("a text")? {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => self.big_endian(1, "a text")?,
            Marker::Str16 => self.big_endian(2, "a text")?,
            Marker::Str32 => self.big_endian(4, "a text")?,
            _ => return Err(self.wanted("a text")),
        };
        let bytes = self.slice(length, "a text as long as it says")?;
        String::from_utf8(bytes.to_vec()).map_err(|_| self.wanted("a text in UTF-8"))
    }

    fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let length = match self.marker("bytes")? {
            Marker::Bin8 => self.big_endian(1, "bytes")?,
            Marker::Bin16 => self.big_endian(2, "bytes")?,
            Marker::Bin32 => self.big_endian(4, "bytes")?,
            _ => return Err(self.wanted("bytes")),
        };
        self.slice(length, "as many bytes as it says")
    }

    fn marker(&mut self, wanted: &'static str) -> Result<Marker, WireError> {
        Ok(Marker::from_u8(self.take::<1>(wanted)?[0]))
    }

    fn big_endian(&mut self, bytes: usize, wanted: &'static str) -> Result<usize, WireError> {
        let taken = self.slice(bytes, wanted)?;
        Ok(taken.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn take<const N: usize>(&mut self, wanted: &'static str) -> Result<[u8; N], WireError> {
        let taken = self.slice(N, wanted)?;
        taken.try_into().map_err(|_| self.wanted(wanted))
    }

    fn slice(&mut self, length: usize, wanted: &'static str) -> Result<&'a [u8], WireError> {
        let taken = self.frame[self.at..].get(..length).ok_or_else(|| self.wanted(wanted))?;
        self.at += length;
        Ok(taken)
    }

    fn wanted(&self, wanted: &'static str) -> WireError {
        WireError::Binary { wanted, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::Boolean),
            any::<f64>().prop_map(Value::Double),
            any::<i64>().prop_map(Value::Int),
            any::<f32>().prop_map(Value::Float),
            ".*".prop_map(Value::String),
            prop::collection::vec(any::<u8>(), 0..400).prop_map(Value::Raw),
            prop::collection::vec(any::<bool>(), 0..20).prop_map(Value::Booleans),
            prop::collection::vec(any::<f64>(), 0..20).prop_map(Value::Doubles),
            prop::collection::vec(any::<i64>(), 0..20).prop_map(Value::Ints),
            prop::collection::vec(any::<f32>(), 0..20).prop_map(Value::Floats),
            prop::collection::vec(".{0,40}", 0..20).prop_map(Value::Strings),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(values in prop::collection::vec((any::<i64>(), any::<i64>(), any_value()), 0..5)) {
            let mut frame = Vec::new();
            for (id, us, value) in &values {
                encode(&mut frame, *id, *us, value);
            }
            let read = decode(&frame).unwrap();
            // NaN differs from itself: texts do not.
            let wanted: Vec<_> = values.into_iter().map(|(id, server_us, value)| Timed { id, server_us, value }).collect();
            prop_assert_eq!(format!("{read:?}"), format!("{wanted:?}"));
        }

        #[test]
        fn damage_is_an_error_and_nothing_worse(mut frame in prop::collection::vec(any::<u8>(), 0..200), value in any_value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let _ = decode(&frame);
            frame.clear();
            encode(&mut frame, 3, 4, &value);
            let cut = at.index(frame.len());
            prop_assert!(decode(&frame[..cut]).is_err() || cut == 0);
            frame[cut] = byte;
            let _ = decode(&frame);
        }
    }

    #[test]
    fn a_length_that_lies_takes_no_memory() {
        // Four billion doubles in nine bytes.
        let frame = [0x94, 1, 0, 17, 0xdd, 0xff, 0xff, 0xff, 0xff];
        let error = decode(&frame).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a binary frame that is no value: wanted as many elements as it says at byte 9"
        );
    }

    #[test]
    fn a_type_that_nobody_knows_is_named() {
        let mut frame = Vec::new();
        encode(&mut frame, 1, 0, &Value::Int(7));
        frame[3] = 99;
        assert_eq!(decode(&frame), Err(WireError::Type(99)));
    }

    #[test]
    fn whole_numbers_are_doubles_where_a_double_is_wanted() {
        assert_eq!(decode(&[0x94, 1, 0, 1, 7]).unwrap()[0].value, Value::Double(7.0));
    }
}
