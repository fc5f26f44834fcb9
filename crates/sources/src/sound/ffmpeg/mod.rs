//! An ffmpeg child that decodes sound as it comes: packets in a container through one pipe, samples through another.
//!
//! ```text
//! packets → container → [thread] → ffmpeg → [thread] → samples
//! ```

mod container;
mod process;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;

use bushbaby_node::children::Spawner;

pub(crate) use container::Container;
pub(crate) use process::Ended;
use process::Process;

/// The program.
pub(crate) const PROGRAM: &str = "ffmpeg";
/// Packets that may wait for ffmpeg.
const MOST_WAITING: usize = 200;
/// Bytes that are read at once.
const READ_BYTES: usize = 16 * 1024;

/// A running ffmpeg.
#[derive(Debug)]
pub(crate) struct Ffmpeg {
    /// Closed first: a child that waits to write sees its reader gone.
    heard: Option<Receiver<Vec<u8>>>,
    packets: Option<SyncSender<Vec<u8>>>,
    container: Container,
    /// Samples that came and were not asked for yet, and the first byte of one more.
    samples: VecDeque<i16>,
    odd: Option<u8>,
    process: Process,
}

impl Ffmpeg {
    /// Starts `program` to decode what the container will hold, to samples of this form. `wake` is called when some came.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when it is not installed.
    pub(crate) fn start(
        spawner: &Spawner,
        program: &OsStr,
        mut container: Container,
        [rate_hz, channels]: [u32; 2],
        wake: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["-nostdin", "-hide_banner", "-loglevel", "error"])
            .args([
                "-fflags",
                "nobuffer",
                "-flags",
                "low_delay",
                "-analyzeduration",
                "0",
                "-probesize",
                "32",
            ])
            .args(["-f", container.name(), "-i", "pipe:0", "-map", "0:a:0"])
            // What cannot be decoded becomes silence of the same length, so that what comes out can be counted.
            .args(["-af", "aresample=async=1:min_hard_comp=0.01:first_pts=0"])
            .args(["-ar", &rate_hz.to_string(), "-ac", &channels.to_string()])
            .args(["-f", "s16le", "-flush_packets", "1", "pipe:1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Process::start(spawner, command)?;
        let (Some(stdin), Some(stdout)) = (process.take_stdin(), process.take_stdout()) else {
            return Err(io::Error::other("the child has no pipes"));
        };
        let (packets, to_write) = sync_channel(MOST_WAITING);
        let (speaker, heard) = sync_channel(MOST_WAITING);
        thread::Builder::new()
            .name("ffmpeg-packets".into())
            .spawn(move || write(stdin, &to_write))?;
        thread::Builder::new()
            .name("ffmpeg-sound".into())
            .spawn(move || read(stdout, &speaker, &wake))?;
        // There is room: nothing waits yet.
        let _ = packets.try_send(container.begin());
        Ok(Self {
            heard: Some(heard),
            packets: Some(packets),
            container,
            samples: VecDeque::new(),
            odd: None,
            process,
        })
    }

    /// Hands over a packet that will be so many samples of each channel. Returns whether it was taken: a child that is behind takes
    /// none.
    pub(crate) fn push(&mut self, packet: &[u8], samples: u64) -> bool {
        let Some(sender) = &self.packets else { return false };
        match self.container.wrap(packet, samples).map(|bytes| sender.try_send(bytes)) {
            Some(Ok(())) => true,
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => false,
        }
    }

    /// Takes so many samples (of all channels) if they are there.
    pub(crate) fn take(&mut self, count: usize) -> Option<Vec<i16>> {
        while self.samples.len() < count {
            match self.heard.as_ref()?.try_recv() {
                Ok(bytes) => self.collect(&bytes),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return None,
            }
        }
        Some(self.samples.drain(..count).collect())
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<Ended> {
        self.process.ended()
    }

    fn collect(&mut self, bytes: &[u8]) {
        let odd = self.odd.take();
        let mut bytes = odd.iter().chain(bytes).copied();
        while let Some(low) = bytes.next() {
            match bytes.next() {
                Some(high) => self.samples.push_back(i16::from_le_bytes([low, high])),
                None => self.odd = Some(low),
            }
        }
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        // Both threads end with these, and the pipes with the threads.
        (self.packets, self.heard) = (None, None);
        self.process.end();
    }
}

/// A program of another name, for tests and odd machines.
pub(crate) fn program() -> OsString {
    PROGRAM.into()
}

fn write(mut stdin: impl Write, packets: &Receiver<Vec<u8>>) {
    for packet in packets {
        if stdin.write_all(&packet).and_then(|()| stdin.flush()).is_err() {
            // It has ended; its process says how.
            return;
        }
    }
}

fn read(mut stdout: impl Read, speaker: &SyncSender<Vec<u8>>, wake: &impl Fn()) {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match stdout.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                if speaker.send(buffer[..count].to_owned()).is_err() {
                    break;
                }
                wake();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    wake();
}
