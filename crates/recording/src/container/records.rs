//! Records: how the numbers, texts and tables of an MCAP file stand in its bytes.
//!
//! # Source
//! The format's specification, version 0: <https://mcap.dev/spec>.

use std::collections::BTreeMap;

/// The first and the last bytes of a file.
pub(crate) const MAGIC: &[u8; 8] = b"\x89MCAP0\r\n";

/// The kinds of records, by their first byte.
pub(crate) mod op {
    pub(crate) const HEADER: u8 = 0x01;
    pub(crate) const FOOTER: u8 = 0x02;
    pub(crate) const SCHEMA: u8 = 0x03;
    pub(crate) const CHANNEL: u8 = 0x04;
    pub(crate) const MESSAGE: u8 = 0x05;
    pub(crate) const CHUNK: u8 = 0x06;
    pub(crate) const MESSAGE_INDEX: u8 = 0x07;
    pub(crate) const CHUNK_INDEX: u8 = 0x08;
    pub(crate) const STATISTICS: u8 = 0x0b;
    pub(crate) const METADATA: u8 = 0x0c;
    pub(crate) const METADATA_INDEX: u8 = 0x0d;
    pub(crate) const SUMMARY_OFFSET: u8 = 0x0e;
    pub(crate) const DATA_END: u8 = 0x0f;
}

/// Bytes of an opcode and a length.
pub(crate) const RECORD_HEAD: usize = 9;

/// Writes one record: `content` fills in what stands behind opcode and length.
pub(crate) fn record(out: &mut Vec<u8>, opcode: u8, content: impl FnOnce(&mut Vec<u8>)) {
    out.push(opcode);
    let length_at = out.len();
    out.extend([0; 8]);
    content(out);
    let length = (out.len() - length_at - 8) as u64;
    out[length_at..length_at + 8].copy_from_slice(&length.to_le_bytes());
}

/// The parts that records are made of.
pub(crate) trait Put {
    fn put_u16(&mut self, value: u16);
    fn put_u32(&mut self, value: u32);
    fn put_u64(&mut self, value: u64);
    fn put_text(&mut self, text: &str);
    fn put_texts(&mut self, texts: &BTreeMap<String, String>);
    fn put_counts(&mut self, counts: &BTreeMap<u16, u64>);
}

impl Put for Vec<u8> {
    fn put_u16(&mut self, value: u16) {
        self.extend(value.to_le_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.extend(value.to_le_bytes());
    }

    fn put_u64(&mut self, value: u64) {
        self.extend(value.to_le_bytes());
    }

    fn put_text(&mut self, text: &str) {
        self.put_u32(text.len() as u32);
        self.extend(text.as_bytes());
    }

    fn put_texts(&mut self, texts: &BTreeMap<String, String>) {
        let bytes: usize = texts.iter().map(|(key, value)| 8 + key.len() + value.len()).sum();
        self.put_u32(bytes as u32);
        for (key, value) in texts {
            self.put_text(key);
            self.put_text(value);
        }
    }

    fn put_counts(&mut self, counts: &BTreeMap<u16, u64>) {
        self.put_u32(counts.len() as u32 * 10);
        for (key, value) in counts {
            self.put_u16(*key);
            self.put_u64(*value);
        }
    }
}

/// Reads the parts back from bytes that may be anything; `None` once they are used up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Take<'a>(pub(crate) &'a [u8]);

impl<'a> Take<'a> {
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(2)?.try_into().ok()?))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = self.u32()? as usize;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    pub(crate) fn texts(&mut self) -> Option<BTreeMap<String, String>> {
        let length = self.u32()? as usize;
        let mut rest = Take(self.bytes(length)?);
        let mut texts = BTreeMap::new();
        while !rest.0.is_empty() {
            texts.insert(rest.text()?.to_owned(), rest.text()?.to_owned());
        }
        Some(texts)
    }

    /// The next record: its opcode and what stands behind its length.
    pub(crate) fn record(&mut self) -> Option<(u8, &'a [u8])> {
        let mut rest = *self;
        let opcode = rest.bytes(1)?[0];
        let length = usize::try_from(rest.u64()?).ok()?;
        let content = rest.bytes(length)?;
        *self = rest;
        Some((opcode, content))
    }
}

/// A channel as a file knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChannelRecord {
    pub(crate) id: u16,
    pub(crate) schema_id: u16,
    pub(crate) topic: String,
    pub(crate) message_encoding: String,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl ChannelRecord {
    pub(crate) fn take(content: &[u8]) -> Option<Self> {
        let mut content = Take(content);
        Some(Self {
            id: content.u16()?,
            schema_id: content.u16()?,
            topic: content.text()?.to_owned(),
            message_encoding: content.text()?.to_owned(),
            metadata: content.texts()?,
        })
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        record(out, op::CHANNEL, |out| {
            out.put_u16(self.id);
            out.put_u16(self.schema_id);
            out.put_text(&self.topic);
            out.put_text(&self.message_encoding);
            out.put_texts(&self.metadata);
        });
    }
}

/// A schema as a file knows it; id 0 is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaRecord {
    pub(crate) id: u16,
    pub(crate) name: String,
    pub(crate) encoding: String,
    pub(crate) data: Vec<u8>,
}

impl SchemaRecord {
    pub(crate) fn take(content: &[u8]) -> Option<Self> {
        let mut content = Take(content);
        let id = content.u16()?;
        let name = content.text()?.to_owned();
        let encoding = content.text()?.to_owned();
        let length = content.u32()? as usize;
        Some(Self {
            id,
            name,
            encoding,
            data: content.bytes(length)?.to_vec(),
        })
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        record(out, op::SCHEMA, |out| {
            out.put_u16(self.id);
            out.put_text(&self.name);
            out.put_text(&self.encoding);
            out.put_u32(self.data.len() as u32);
            out.extend(&self.data);
        });
    }
}
