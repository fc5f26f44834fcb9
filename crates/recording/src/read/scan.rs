//! Looks through a file that has no index: its recorder was killed, or wrote none.
//!
//! Of each chunk only the beginning is read, unless something about it stands nowhere else.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::chunk::{self, Form, Loaded, Place};
use super::index::{Damage, Index, body_at, prefix_at};
use super::records::{self, CHUNK_HEADER_BYTES, MAGIC, MESSAGE_HEADER_BYTES, MessageTimes, PREFIX_BYTES};

/// Messages that stand in no chunk are read so many bytes at a time.
const BARE_BYTES: u64 = 4 << 20;

/// Makes an index of what is there.
pub(super) fn read(file: &File, length: u64) -> io::Result<Index> {
    let mut scan = Scan {
        file,
        length,
        index: Index::default(),
        last_chunk: None,
    };
    let mut at = MAGIC.len() as u64;
    while let Some(next) = scan.record(at)? {
        at = next;
    }
    Ok(scan.finish())
}

struct Scan<'a> {
    file: &'a File,
    length: u64,
    index: Index,
    /// Which place the message indexes that follow are about.
    last_chunk: Option<usize>,
}

impl Scan<'_> {
    /// Looks at the record at `at`; returns where the next begins.
    fn record(&mut self, at: u64) -> io::Result<Option<u64>> {
        let left = self.length.saturating_sub(at);
        if left < PREFIX_BYTES {
            self.cut_off(at, left);
            return Ok(None);
        }
        let (opcode, bytes) = prefix_at(self.file, at)?;
        let end = at.checked_add(PREFIX_BYTES).and_then(|begin| begin.checked_add(bytes));
        let Some(end) = end.filter(|end| *end <= self.length) else {
            if opcode == records::CHUNK {
                self.chunk(at, left, Form::CutOff);
            }
            self.cut_off(at, left);
            return Ok(None);
        };
        match opcode {
            records::DATA_END | records::FOOTER => {
                self.index.is_finished = true;
                return Ok(None);
            }
            records::CHUNK => self.chunk(at, PREFIX_BYTES + bytes, Form::Chunk),
            records::MESSAGE => self.bare_message(at, PREFIX_BYTES + bytes)?,
            records::MESSAGE_INDEX => self.message_index(at, bytes),
            records::SCHEMA | records::CHANNEL | records::METADATA => {
                if let Ok(body) = body_at(self.file, at, bytes, self.length) {
                    match opcode {
                        records::SCHEMA => self.index.add_schema(&body),
                        records::CHANNEL => self.index.add_channel(&body),
                        _ => self.index.add_metadata(&body),
                    }
                }
            }
            _ => {}
        }
        Ok(Some(end))
    }

    fn cut_off(&mut self, at: u64, bytes: u64) {
        if bytes > 0 {
            let why = "the file ends within a record".to_owned();
            self.index.damage.push(Damage { at, bytes, why });
        }
    }

    fn chunk(&mut self, at: u64, bytes: u64, form: Form) {
        let mut header = [0; CHUNK_HEADER_BYTES];
        let is_there = self.file.read_exact_at(&mut header, at + PREFIX_BYTES).is_ok();
        let Some(header) = is_there.then(|| records::chunk_header(&header)).flatten() else {
            return;
        };
        self.last_chunk = Some(self.index.places.len());
        self.index.places.push(Place {
            at,
            bytes,
            start: header.start,
            end: header.end,
            channels: None,
            form,
        });
    }

    fn message_index(&mut self, at: u64, bytes: u64) {
        let Some(place) = self.last_chunk.and_then(|last| self.index.places.get_mut(last)) else {
            return;
        };
        let body = body_at(self.file, at, bytes, self.length);
        if let Some(times) = body.ok().and_then(|body| records::message_index(&body)) {
            place.channels.get_or_insert_default().push(times.channel);
            self.index.add(times);
        }
    }

    /// Joins a message that stands in no chunk to the run of those before it.
    fn bare_message(&mut self, at: u64, bytes: u64) -> io::Result<()> {
        self.last_chunk = None;
        let mut header = [0; MESSAGE_HEADER_BYTES];
        if bytes < PREFIX_BYTES + header.len() as u64 {
            return Ok(());
        }
        self.file.read_exact_at(&mut header, at + PREFIX_BYTES)?;
        let Some(header) = records::message(&header) else {
            return Ok(());
        };
        let (channel, time) = (header.channel, header.log_time);
        self.index.add(MessageTimes {
            channel,
            count: 1,
            first: time,
            last: time,
        });
        match self.index.places.last_mut() {
            Some(run) if run.form == Form::Bare && run.at + run.bytes == at && run.bytes < BARE_BYTES => {
                run.bytes += bytes;
                run.start = run.start.min(time);
                run.end = run.end.max(time);
            }
            _ => self.index.places.push(Place {
                at,
                bytes,
                start: time,
                end: time,
                channels: None,
                form: Form::Bare,
            }),
        }
        Ok(())
    }

    /// Reads the chunks that nothing is known of, or that hold a channel that is not known yet.
    fn finish(mut self) -> Index {
        let places = std::mem::take(&mut self.index.places);
        for mut place in places {
            let is_told = place
                .channels
                .as_ref()
                .is_some_and(|channels| channels.iter().all(|channel| self.index.channels.contains_key(channel)));
            if place.form != Form::Bare && !is_told {
                match chunk::load(self.file, &place) {
                    Ok(loaded) => self.learn(&loaded, &mut place),
                    Err(error) => {
                        self.index.damage.push(Damage {
                            at: place.at,
                            bytes: place.bytes,
                            why: error.to_string(),
                        });
                        continue;
                    }
                }
            }
            self.index.places.push(place);
        }
        self.index
    }

    fn learn(&mut self, loaded: &Loaded, place: &mut Place) {
        for schema in &loaded.schemas {
            self.index.schemas.insert(schema.id, schema.clone());
        }
        for channel in &loaded.channels {
            self.index.channels.insert(channel.id, channel.clone());
        }
        if place.channels.is_some() {
            return;
        }
        let channels = place.channels.insert(Vec::new());
        for header in loaded.headers() {
            let (channel, time) = (header.channel, header.log_time);
            if !channels.contains(&channel) {
                channels.push(channel);
            }
            self.index.add(MessageTimes {
                channel,
                count: 1,
                first: time,
                last: time,
            });
        }
        // A chunk that was cut off may not say yet when it ended.
        place.start = loaded
            .headers()
            .map(|header| header.log_time)
            .min()
            .unwrap_or(place.start);
        place.end = loaded
            .headers()
            .map(|header| header.log_time)
            .max()
            .unwrap_or(place.end);
    }
}
