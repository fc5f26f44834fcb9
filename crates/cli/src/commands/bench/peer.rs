//! The writing process: it sends as it is told, line by line, and ends each run with a frame that says how many it
//! sent.

use std::io::BufRead;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bushbaby_bus::{Bus, CaptureClock, CaptureTime, Instance, InstanceName, Publisher, PublisherOptions};

use super::BenchResult;
use super::payload::{Payload, Sources, plain_stamp};

/// Arguments of the writing process.
#[derive(Debug, clap::Args)]
pub(crate) struct PeerArgs {
    /// The instance of this measurement.
    #[arg(long)]
    of: InstanceName,
    /// What to send.
    #[arg(long)]
    payload: Payload,
}

/// A run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run {
    /// As fast as it goes, for so long.
    Unpaced { time: Duration },
    /// So many, at the payload's pace.
    Paced { frames: u64 },
    /// The same, and no two frames that can meet carry the same stamp.
    Stamped { frames: u64 },
}

impl Run {
    fn to_line(self) -> String {
        match self {
            Self::Unpaced { time } => format!("unpaced {}", time.as_millis()),
            Self::Paced { frames } => format!("paced {frames}"),
            Self::Stamped { frames } => format!("stamped {frames}"),
        }
    }

    fn from_line(line: &str) -> Option<Self> {
        let (kind, number) = line.split_once(' ')?;
        let number = number.parse().ok()?;
        match kind {
            "unpaced" => Some(Self::Unpaced {
                time: Duration::from_millis(number),
            }),
            "paced" => Some(Self::Paced { frames: number }),
            "stamped" => Some(Self::Stamped { frames: number }),
            _ => None,
        }
    }
}

/// What is in the body of each frame: the stamp; or, at the end of a run, how many were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    Stamp(u8),
    End { sent: u64 },
}

impl Note {
    fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Stamp(stamp) => vec![stamp],
            Self::End { sent } => sent.to_le_bytes().to_vec(),
        }
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [stamp] => Some(Self::Stamp(*stamp)),
            _ => Some(Self::End {
                sent: u64::from_le_bytes(bytes.try_into().ok()?),
            }),
        }
    }
}

/// The other end of the writing process. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    to: Option<ChildStdin>,
}

impl Peer {
    pub(super) fn start(instance: &InstanceName, payload: Payload) -> BenchResult<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([
                "bench",
                "bus-peer",
                "--of",
                instance.as_str(),
                "--payload",
                payload.key(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let to = child.stdin.take();
        Ok(Self { child, to })
    }

    pub(super) fn tell(&mut self, run: Run) -> BenchResult<()> {
        use std::io::Write;
        let to = self.to.as_mut().ok_or("the writing process takes no orders")?;
        writeln!(to, "{}", run.to_line())?;
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends when it gets no more lines.
        drop(self.to.take());
        let _ = self.child.wait();
    }
}

/// The writing process itself.
pub(super) fn run(args: &PeerArgs) -> BenchResult<()> {
    let bus = Bus::open(&Instance::new(args.of.clone()))?;
    let layout = args.payload.layout();
    let expected = bushbaby_bus::FrameLayout {
        body_capacity_bytes: 8,
        ..layout.clone()
    };
    let options = PublisherOptions {
        expected: Some(expected),
        expected_readers: 4,
        ..PublisherOptions::default()
    };
    let publisher = bus.publisher(&stream(args.payload).parse()?, options)?;
    let mut writer = Writer {
        publisher,
        sources: Sources::of(&layout),
        payload: args.payload,
        number: 0,
    };
    for line in std::io::stdin().lock().lines() {
        let run = Run::from_line(&line?).ok_or("an order that is none")?;
        writer.obey(run)?;
    }
    Ok(())
}

/// The stream that a payload goes by.
pub(super) fn stream(payload: Payload) -> String {
    format!("bench/{}", payload.key())
}

struct Writer {
    publisher: Publisher,
    sources: Sources,
    payload: Payload,
    number: u64,
}

impl Writer {
    fn obey(&mut self, run: Run) -> BenchResult<()> {
        let first = self.number;
        match run {
            Run::Unpaced { time } => {
                let begun = Instant::now();
                while begun.elapsed() < time {
                    self.send(plain_stamp(self.number))?;
                }
            }
            Run::Paced { frames } => self.paced(frames, |writer| Ok(plain_stamp(writer.number)))?,
            Run::Stamped { frames } => self.paced(frames, |writer| {
                let stamp = writer.number as u8;
                writer.sources.stamp(writer.number, stamp);
                Ok(stamp)
            })?,
        }
        let end = Note::End {
            sent: self.number - first,
        };
        self.publisher
            .send(&[], &end.to_bytes(), CaptureTime::now(CaptureClock::Rendered), None)?;
        Ok(())
    }

    fn paced(&mut self, frames: u64, stamp: impl Fn(&mut Self) -> BenchResult<u8>) -> BenchResult<()> {
        let period = Duration::from_secs_f64(1.0 / self.payload.fps());
        let begun = Instant::now();
        for count in 0..frames {
            let stamp = stamp(self)?;
            thread::sleep((begun + period * count as u32).saturating_duration_since(Instant::now()));
            self.send(stamp)?;
        }
        // The last one is received before the end is: that one would take its place.
        thread::sleep(period);
        Ok(())
    }

    fn send(&mut self, stamp: u8) -> BenchResult<()> {
        // The clock of the latency: just before the copy into the transport, the slot's loan included.
        let captured = CaptureTime::now(CaptureClock::Rendered);
        let layout = bushbaby_bus::FrameLayout {
            body_capacity_bytes: 8,
            ..self.payload.layout()
        };
        let mut loan = self.publisher.loan(&layout)?;
        self.sources.copy_into(self.number, &mut loan);
        loan.set_body(&Note::Stamp(stamp).to_bytes())?;
        loan.send(captured, None)?;
        self.number += 1;
        Ok(())
    }
}
