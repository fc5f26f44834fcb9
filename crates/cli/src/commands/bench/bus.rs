//! `bushbaby bench bus`: another process writes, this one reads; between the rounds this one does what memcpy can. Then the same
//! from Python, where the package is installed.

use std::collections::VecDeque;
use std::process;
use std::time::Duration;

use bushbaby_bus::{Bus, Frame, Instance, MonoTime, ReadOptions, ReadPolicy, Subscriber};

use super::BenchResult;
use super::floor::Floor;
use super::payload::{Payload, is_whole};
use super::peer::{Note, Peer, Run, stream};
use super::python::{Python, with_python};
use super::report::{Figures, Report};

/// Rounds of floor and bus in turn: what else runs on the machine meets both.
const ROUNDS: usize = 7;
const FLOOR_TIME: Duration = Duration::from_millis(350);
const UNPACED_TIME: Duration = Duration::from_millis(700);
const LATENCY_TIME_S: f64 = 5.0;
const KEPT_TIME_S: f64 = 3.0;
const KEPT_FOR: Duration = Duration::from_millis(150);
/// Longer than any pause between two frames.
const PATIENCE: Duration = Duration::from_secs(20);
/// Frames that wait for this process when it is not given a core at once. Longer ones would only be colder.
const QUEUE: usize = 3;

/// Arguments of `bench bus`.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Print one JSON object: `floor` (MB/s of one thread's memcpy into three warm slots of shared memory) and `rust`
    /// (MB/s of whole frames received unpaced, and
    /// their share of the floor; latency in ms from just before the copy into the transport to one byte of every page
    /// touched, paced; frames lost when paced;
    /// frames torn in any run, also while each is kept for 150 ms); and `python`, the same from Python to Python, where the
    /// package is installed: its MB/s stand beside its own `floor_mb_s`, `capture1080p` is a Full-HD RGB-D capture with one
    /// reader and, `readers4`, with four, `loan` what an unfilled loan costs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &BenchArgs) -> BenchResult<()> {
    let instance = Instance::new(format!("bench-{}", process::id()).parse()?);
    let report = measure(&instance)?;
    bushbaby_bus::clean(&instance)?;
    let python = Python::find().map(|python| python.measure(args.json)).transpose()?;
    match (args.json, python) {
        (true, Some(python)) => println!("{}", with_python(report.json(), &python)?),
        (true, None) => println!("{}", report.json()),
        (false, python) => print!("{}\n{}", report.table(), python.unwrap_or_default()),
    }
    Ok(())
}

fn measure(instance: &Instance) -> BenchResult<Report> {
    let bus = Bus::open(instance)?;
    let mut report = Report::default();
    for payload in Payload::PICTURES {
        report.add(payload, measure_picture(&bus, payload)?);
    }
    let mut bench = Bench::start(&bus, Payload::Small64)?;
    report.add(Payload::Small64, bench.latency()?);
    Ok(report)
}

fn measure_picture(bus: &Bus, payload: Payload) -> BenchResult<Figures> {
    let mut floor = Floor::of(bus, payload)?;
    let mut bench = Bench::start(bus, payload)?;
    // A first round for nothing: pages are mapped, clocks are up.
    floor.measure(FLOOR_TIME / 4);
    let reader = bench.read(ReadPolicy::Queue(QUEUE))?;
    bench.unpaced(&reader, UNPACED_TIME / 4)?;
    let (mut floors, mut speeds, mut torn) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        floors.push(floor.measure(FLOOR_TIME));
        let (speed, torn_now) = bench.unpaced(&reader, UNPACED_TIME)?;
        speeds.push(speed);
        torn += torn_now;
    }
    drop((floor, reader));
    let latency = bench.latency()?;
    let kept = bench.kept()?;
    Ok(Figures {
        floor_mb_s: floors,
        mb_s: speeds,
        torn: torn + latency.torn + kept,
        ..latency
    })
}

/// The writing process, and the options by which this one reads it.
struct Bench {
    bus: Bus,
    payload: Payload,
    peer: Peer,
}

impl Bench {
    fn start(bus: &Bus, payload: Payload) -> BenchResult<Self> {
        let peer = Peer::start(bus.instance().name(), payload)?;
        Ok(Self {
            bus: bus.clone(),
            payload,
            peer,
        })
    }

    fn read(&self, policy: ReadPolicy) -> BenchResult<Subscriber> {
        let options = ReadOptions {
            policy,
            ..ReadOptions::default()
        };
        let reader = self.bus.subscriber(&stream(self.payload).parse()?, options)?;
        // Only what comes from now on counts.
        while reader.try_recv()?.is_some() {}
        Ok(reader)
    }

    /// Returns megabytes a second of whole frames received, and how many were torn.
    fn unpaced(&mut self, reader: &Subscriber, time: Duration) -> BenchResult<(f64, u64)> {
        self.peer.tell(Run::Unpaced { time })?;
        let (mut received, mut torn) = (0u64, 0);
        let mut first_to_last = (MonoTime::default(), MonoTime::default());
        while let (frame, Note::Stamp(stamp)) = next(reader)? {
            torn += u64::from(!is_whole(&frame, stamp));
            let now = MonoTime::now();
            if received == 0 {
                first_to_last.0 = now;
            }
            first_to_last.1 = now;
            received += 1;
        }
        let seconds = first_to_last.1.since(first_to_last.0).as_secs_f64();
        let megabytes = received.saturating_sub(1) as f64 * self.payload.bytes() as f64 / 1e6;
        if received < 2 {
            return Err("too few frames arrived to tell their speed".into());
        }
        Ok((megabytes / seconds, torn))
    }

    fn latency(&mut self) -> BenchResult<Figures> {
        let reader = self.read(ReadPolicy::Latest)?;
        let frames = (LATENCY_TIME_S * self.payload.fps()) as u64;
        self.peer.tell(Run::Paced { frames })?;
        let mut figures = Figures::default();
        loop {
            let (frame, note) = next(&reader)?;
            match note {
                Note::Stamp(stamp) => {
                    figures.torn += u64::from(!is_whole(&frame, stamp));
                    figures
                        .latencies_ms
                        .push(MonoTime::now().since(frame.captured().mono).as_secs_f64() * 1e3);
                }
                Note::End { sent } => {
                    figures.lost = sent - figures.latencies_ms.len() as u64;
                    return Ok(figures);
                }
            }
        }
    }

    /// Keeps each frame for 150 ms before it looks; returns how many were torn then.
    fn kept(&mut self) -> BenchResult<u64> {
        let reader = self.read(ReadPolicy::Latest)?;
        let frames = (KEPT_TIME_S * self.payload.fps()) as u64;
        self.peer.tell(Run::Stamped { frames })?;
        let mut kept: VecDeque<(Frame, u8)> = VecDeque::new();
        let mut torn = 0;
        while let (frame, Note::Stamp(stamp)) = next(&reader)? {
            kept.push_back((frame, stamp));
            while kept.front().is_some_and(|(frame, _)| frame.age() > KEPT_FOR) {
                torn += kept
                    .pop_front()
                    .map_or(0, |(frame, stamp)| u64::from(!is_whole(&frame, stamp)));
            }
        }
        let rest = kept.iter().filter(|(frame, stamp)| !is_whole(frame, *stamp)).count();
        Ok(torn + rest as u64)
    }
}

fn next(reader: &Subscriber) -> BenchResult<(Frame, Note)> {
    let frame = reader.recv(PATIENCE)?.ok_or("the writing process sends nothing")?;
    let note = Note::from_bytes(frame.body()).ok_or("a frame of somebody else")?;
    Ok((frame, note))
}
