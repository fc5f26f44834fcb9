//! What was found in pictures, as lines of JSON: `{"captured_at_ns", "origin", "body"}`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use bushbaby_recording::read::RecordedStream;
use bushbaby_sources::replay::PlayedFrame;
use serde_json::json;

use super::{Failure, Written, new_file};

pub(super) struct Lines {
    out: PathBuf,
    streams: Vec<RecordedStream>,
    open: Vec<Option<(BufWriter<File>, u64)>>,
}

impl Lines {
    pub(super) fn new(out: &Path, streams: &[RecordedStream]) -> Self {
        Self {
            out: out.to_owned(),
            streams: streams.to_vec(),
            open: streams.iter().map(|_| None).collect(),
        }
    }

    fn path(&self, stream: usize) -> PathBuf {
        let stream = &self.streams[stream];
        PathBuf::from(format!("{}_{}.jsonl", stream.node, stream.output))
    }

    pub(super) fn add(&mut self, frame: &PlayedFrame) -> Result<(), Failure> {
        let path = self.out.join(self.path(frame.stream));
        let (file, count) = match &mut self.open[frame.stream] {
            Some(open) => open,
            none => none.insert((BufWriter::new(new_file(&path)?), 0)),
        };
        *count += 1;
        let line = json!({"captured_at_ns": frame.captured_ns, "origin": frame.origin, "body": frame.body});
        writeln!(file, "{line}").map_err(|error| Failure::writing(&path, &error))
    }

    pub(super) fn finish(mut self, written: &mut Vec<Written>) -> Result<(), Failure> {
        for stream in 0..self.streams.len() {
            let Some((mut file, frames)) = self.open[stream].take() else {
                continue;
            };
            let path = self.path(stream);
            file.flush().map_err(|error| Failure::writing(&path, &error))?;
            written.push(Written {
                path,
                stream: self.streams[stream].name(),
                frames,
            });
        }
        Ok(())
    }
}
