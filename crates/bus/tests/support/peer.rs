//! Another process: this test program once more, told by lines what to do, answering by lines.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use bushbaby_bus::{
    Bus, Frame, Instance, InstanceName, Pacing, Publisher, PublisherOptions, ReadOptions, ReadPolicy, Subscriber,
};

use super::{PATIENCE, numbered, numbered_layout, send_numbered, try_send_numbered};

const INSTANCE: &str = "BUSHBABY_TEST_PEER";
/// Before each answer, to tell it from what the test harness prints.
const MARK: &str = "> ";

/// The other process; killed when dropped.
pub(crate) struct Peer {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Peer {
    pub(crate) fn start(instance: &Instance) -> Self {
        Self::start_by(Command::new(std::env::current_exe().unwrap()), instance.name())
    }

    /// `command`: runs this test program, whatever it does before.
    pub(crate) fn start_by(mut command: Command, instance: &InstanceName) -> Self {
        let mut child = command
            .args([
                "--exact",
                "the_other_process_does_as_it_is_told",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(INSTANCE, instance.as_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        Self { child, to, from }
    }

    /// Tells it to do something, and returns its answer.
    pub(crate) fn ask(&mut self, what: &str) -> String {
        self.tell(what);
        self.answer()
    }

    /// Tells it to do something that it answers later, or never.
    pub(crate) fn tell(&mut self, what: &str) {
        writeln!(self.to, "{what}").unwrap();
    }

    pub(crate) fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            let bytes = self.from.read_line(&mut line).unwrap();
            assert!(bytes > 0, "the other process ended: {:?}", self.child.wait());
            if let Some((_, answer)) = line.trim_end().split_once(MARK) {
                return answer.to_owned();
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9` does it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it end in order.
    pub(crate) fn end(mut self) {
        self.tell("end");
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the other process does; nothing, in the first one.
pub(crate) fn serve() {
    let Ok(instance) = std::env::var(INSTANCE) else { return };
    let instance = Instance::new(instance.parse().unwrap());
    let lines = lines_of_stdin();
    let mut peer = Served {
        instance,
        bus: None,
        publisher: None,
        reader: None,
        kept: Vec::new(),
    };
    while let Ok(line) = lines.recv() {
        let words: Vec<&str> = line.split(' ').collect();
        if words == ["end"] {
            return;
        }
        let answer = peer
            .obey(&words, &lines)
            .unwrap_or_else(|error| format!("error {error}"));
        say(&answer);
    }
    // The test is over, or gone.
    std::process::exit(0);
}

/// Answers, past whatever the test harness writes in the same line.
fn say(answer: &str) {
    std::io::stdout()
        .write_all(format!("\n{MARK}{answer}\n").as_bytes())
        .unwrap();
    std::io::stdout().flush().unwrap();
}

fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (to, from) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if to.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    from
}

struct Served {
    instance: Instance,
    bus: Option<Bus>,
    publisher: Option<Publisher>,
    reader: Option<Subscriber>,
    kept: Vec<Frame>,
}

type Answer = Result<String, Box<dyn std::error::Error>>;

impl Served {
    fn obey(&mut self, words: &[&str], lines: &mpsc::Receiver<String>) -> Answer {
        match words {
            ["publish", stream, expected] => self.publish(stream, expected.parse()?, Pacing::Free),
            ["publish-paced", stream] => self.publish(stream, 0, Pacing::WaitForReaders { outstanding: 1 }),
            ["send", bytes, count] => self.send(bytes.parse()?, count.parse()?),
            ["stream", bytes] => self.stream(bytes.parse()?, lines),
            ["read", stream, queue] => self.read(stream, queue.parse()?),
            ["keep", count] => self.keep(count.parse()?),
            ["take", count] => self.take(count.parse()?),
            ["try-keep"] => self.try_keep(),
            ["whole"] => Ok(self.kept.iter().all(numbered).to_string()),
            ["keep-150-ms", count] => self.keep_150_ms(count.parse()?),
            ["unpublish"] => Ok(format!("{}", self.publisher.take().is_some())),
            ["wait-for-readers"] => Ok(self
                .publisher
                .as_ref()
                .ok_or("no publisher")?
                .wait_for_readers(PATIENCE)
                .to_string()),
            ["fill", left] => fill_shm(left.parse()?),
            ["free"] => free_shm(),
            ["clean"] => Ok(format!("{:?}", bushbaby_bus::clean(&self.instance)?)),
            other => Err(format!("cannot {other:?}").into()),
        }
    }

    fn bus(&mut self) -> Result<&Bus, Box<dyn std::error::Error>> {
        if self.bus.is_none() {
            self.bus = Some(Bus::open(&self.instance)?);
        }
        Ok(self.bus.as_ref().unwrap())
    }

    fn publish(&mut self, stream: &str, expected: usize, pacing: Pacing) -> Answer {
        let expected = (expected > 0).then(|| numbered_layout(expected));
        let options = PublisherOptions {
            expected,
            expected_readers: 1,
            pacing,
        };
        let publisher = self.bus()?.publisher(&stream.parse()?, options)?;
        let generation = publisher.generation();
        self.publisher = Some(publisher);
        Ok(format!("generation {generation}"))
    }

    fn send(&mut self, bytes: usize, count: usize) -> Answer {
        let publisher = self.publisher.as_ref().ok_or("no publisher")?;
        for _ in 0..count {
            try_send_numbered(publisher, bytes)?;
        }
        Ok("sent".to_owned())
    }

    /// Sends without a pause until it is told something else.
    fn stream(&mut self, bytes: usize, lines: &mpsc::Receiver<String>) -> Answer {
        let publisher = self.publisher.as_ref().ok_or("no publisher")?;
        say("streaming");
        while let Err(mpsc::TryRecvError::Empty) = lines.try_recv() {
            send_numbered(publisher, bytes);
        }
        Ok("stopped".to_owned())
    }

    fn read(&mut self, stream: &str, queue: usize) -> Answer {
        let policy = if queue == 0 {
            ReadPolicy::Latest
        } else {
            ReadPolicy::Queue(queue)
        };
        let options = ReadOptions {
            policy,
            pin_budget: 7,
            ..ReadOptions::default()
        };
        self.reader = Some(self.bus()?.subscriber(&stream.parse()?, options)?);
        Ok("reading".to_owned())
    }

    fn keep(&mut self, count: usize) -> Answer {
        let reader = self.reader.as_ref().ok_or("no reader")?;
        for _ in 0..count {
            self.kept.push(reader.recv(PATIENCE)?.ok_or("no frame came")?);
        }
        Ok(format!("kept {}", self.kept.len()))
    }

    fn take(&mut self, count: usize) -> Answer {
        let reader = self.reader.as_ref().ok_or("no reader")?;
        for _ in 0..count {
            let frame = reader.recv(PATIENCE)?.ok_or("no frame came")?;
            if !numbered(&frame) {
                return Err("torn".into());
            }
        }
        Ok("whole".to_owned())
    }

    fn try_keep(&mut self) -> Answer {
        let frame = self.reader.as_ref().ok_or("no reader")?.try_recv()?;
        self.kept.extend(frame);
        Ok(format!("kept {}", self.kept.len()))
    }

    fn keep_150_ms(&mut self, count: usize) -> Answer {
        let reader = self.reader.as_ref().ok_or("no reader")?;
        let (mut looked, mut torn) = (0, 0);
        let mut kept = VecDeque::new();
        while looked < count {
            kept.push_back(reader.recv(PATIENCE)?.ok_or("no frame came")?);
            while kept
                .front()
                .is_some_and(|frame: &Frame| frame.age() > Duration::from_millis(150))
            {
                let frame = kept.pop_front().expect("it is there");
                looked += 1;
                torn += usize::from(!numbered(&frame));
            }
        }
        Ok(format!("torn {torn}, copied {}", reader.counts().copied > 0))
    }
}

const FILLER: &str = "/dev/shm/filler";

/// Takes all of shared memory but so many bytes.
fn fill_shm(left: u64) -> Answer {
    let free = {
        let found = rustix::fs::statvfs("/dev/shm")?;
        found.f_bavail * found.f_frsize
    };
    let mut file = std::fs::File::create(FILLER)?;
    file.write_all(&vec![1; free.saturating_sub(left) as usize])?;
    Ok("full".to_owned())
}

fn free_shm() -> Answer {
    std::fs::remove_file(FILLER)?;
    Ok("free".to_owned())
}
