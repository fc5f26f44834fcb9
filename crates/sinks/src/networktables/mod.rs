//! `networktables`: tells a robot what was found, in the words that its code knows already.
//!
//! In: detections of tags, coloured targets, places of the robot. Out: topics on the robot's NetworkTables server; and what it says back
//! of where it looks, as the stream `heading`.
//!
//! ```text
//! bus ── seen (any stage's result) ── telling ── photonvision, limelight, dashboards (pure: topics and values) ── robot (the network)
//!                                        robot ── asked (what its code wishes for) ── chooser (the supervisor), snapshots, leds
//!                                        robot ── heading ── gyro (pure: which moments, which frame) ── bus
//! ```
//!
//! Results are joined by origin: a camera's topics carry the name of the camera that the picture came from, and ages are counted from its
//! capture. The network never makes the bus wait.

mod asked;
mod axes;
mod chooser;
mod dashboards;
mod entry;
mod estimate;
mod gyro;
mod heading;
mod leds;
mod limelight;
mod machine;
mod photonvision;
mod place;
mod robot;
mod schemas;
mod seen;
mod settings;
mod snapshots;
mod stamp;
mod telling;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use bushbaby_bus::{Frame, MAX_QUEUE, MonoTime, ReadOptions, ReadPolicy, RecvError, StreamName, Subscriber, wait_any};
use bushbaby_networktables::ClientStatus;
use bushbaby_node::control::{Dropped, InputSpec};
use bushbaby_node::inputs::read_options;
use bushbaby_node::{InputNeed, NodeContext, NodeError, OutputSpec, Sink};
use bushbaby_vision::field::FieldLayout;

use asked::{Answer, Asked};
use chooser::{Change, Chooser, StageNow};
use dashboards::Streams;
use heading::{HEADING, HeadingWatch};
use leds::LedSwitch;
use robot::{Reach, Robot};
use seen::{Found, Of};
use snapshots::Snapshots;
use telling::{Manner, News, RobotClock, Telling};

pub use settings::{Dialect, HeadingEntry, Settings, TurnUnit};
pub use wish::{Leds, Picture, RobotWish, Wish};

/// It is looked this often whether the robot is there, what it asks, and which cameras are silent.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The node `networktables`, ready to run.
#[derive(Debug)]
pub struct NetworkTables {
    settings: Settings,
    readers: Vec<Subscriber>,
    field_size_m: Option<[f64; 2]>,
}

impl Sink for NetworkTables {
    type Settings = Settings;
    const INPUTS: InputNeed = InputNeed::Anything;
    const OUTPUTS: &'static [OutputSpec] = &[HEADING];

    fn outputs(settings: &Settings, _: &Path) -> Vec<OutputSpec> {
        settings.hears_heading().then_some(HEADING).into_iter().collect()
    }

    fn open(settings: Settings, context: &NodeContext) -> Result<Self, NodeError> {
        let readers: Result<Vec<Subscriber>, NodeError> = context
            .spec
            .inputs
            .iter()
            .map(|spec| subscribe(context, spec))
            .collect();
        let field_size_m = match &settings.field {
            Some(name) => FieldLayout::named(name, &context.spec.base_dir)
                .map_err(|error| NodeError::new(error.to_string()))?
                .size_m(),
            None => None,
        };
        Ok(Self {
            settings,
            readers: readers?,
            field_size_m,
        })
    }

    fn run(self, context: &NodeContext) -> Result<(), NodeError> {
        let address = self.settings.address()?;
        let machine = machine::this();
        let streams = self.settings.streams.map(|port| Streams {
            hostname: machine.hostname.clone(),
            address: None,
            port,
        });
        let robot = Robot::start(address)?;
        let heading = match self.settings.hears_heading() {
            true => Some(HeadingWatch::start(
                context,
                robot.listener(),
                self.settings.heading.clone(),
            )?),
            false => None,
        };
        let mut running = Running {
            context,
            robot,
            heading,
            hears_limelight: self.settings.dialect.contains(&Dialect::Limelight),
            telling: Telling::new(Manner {
                dialects: self.settings.dialect.clone(),
                version: self.settings.version.clone(),
                machine,
                field_size_m: self.field_size_m,
                streams,
            }),
            asked: Asked::default(),
            chooser: Chooser::start(context.bus.instance().clone()).map_err(no_thread)?,
            snapshots: Snapshots::start(context.bus.clone(), context.resolve(&self.settings.snapshots))
                .map_err(no_thread)?,
            leds: self
                .settings
                .leds
                .map(LedSwitch::start)
                .transpose()
                .map_err(no_thread)?,
            cameras: BTreeMap::new(),
            damaged: 0,
            status: ClientStatus::default(),
            clock: RobotClock::default(),
        };
        let begin = running.telling.begin();
        running.tell(begin);
        context.reporter.ready();
        while !context.stop.is_set() && running.heading.as_ref().is_none_or(HeadingWatch::is_well) {
            running.look();
            let all: Vec<&Subscriber> = self.readers.iter().collect();
            if all.is_empty() {
                context.stop.wait(LOOK_EVERY);
                continue;
            }
            wait_any(&all, LOOK_EVERY)?;
            for reader in all {
                running.take_all(reader)?;
            }
        }
        running.heading.map_or(Ok(()), HeadingWatch::end)
    }
}

fn no_thread(error: std::io::Error) -> NodeError {
    NodeError::new(format!("a thread cannot be started: {error}"))
}

/// Each result counts: some may wait.
fn subscribe(context: &NodeContext, spec: &InputSpec) -> Result<Subscriber, NodeError> {
    let policy = spec
        .queue
        .map_or(ReadPolicy::Latest, |queue| ReadPolicy::Queue(queue.clamp(1, MAX_QUEUE)));
    let options = ReadOptions {
        policy,
        ..read_options(spec)
    };
    let subscriber = context.bus.subscriber(&spec.stream, options)?;
    let waker = subscriber.waker();
    context.stop.on_set(move || waker.wake());
    Ok(subscriber)
}

/// The state of a running node.
struct Running<'c> {
    context: &'c NodeContext,
    robot: Robot,
    /// Listens to where it looks, where that is told.
    heading: Option<HeadingWatch>,
    hears_limelight: bool,
    /// Messages of the robot that were none, as far as they were told.
    damaged: u64,
    /// How it went when it was looked last.
    status: ClientStatus,
    /// What robot code measured with then.
    clock: RobotClock,
    telling: Telling,
    asked: Asked,
    chooser: Chooser,
    snapshots: Snapshots,
    /// Absent: no LEDs are connected.
    leds: Option<LedSwitch>,
    cameras: BTreeMap<String, Camera>,
}

/// A camera of which results came.
#[derive(Debug)]
struct Camera {
    /// Its pictures.
    stream: StreamName,
    /// Who looks at them.
    stages: BTreeSet<String>,
    /// Whether any of them finds tags.
    has_tags: bool,
    /// What was wished of them last: of each setting, and of their rest.
    wished: Vec<Change>,
    /// Pictures that the robot has asked for, by topic.
    snapshots: BTreeMap<String, u64>,
}

impl Running<'_> {
    /// Takes all that waits on a stream.
    fn take_all(&mut self, reader: &Subscriber) -> Result<(), NodeError> {
        let reporter = &self.context.reporter;
        loop {
            let stream = reader.stream();
            let received = match reader.try_recv() {
                Err(RecvError::Damaged { .. }) => {
                    reporter.warn(&format!("a frame of `{stream}` was damaged and is left out"));
                    continue;
                }
                other => other?,
            };
            let counts = reader.counts();
            let dropped = Dropped {
                superseded: counts.superseded,
                overflow: counts.overflow,
                damaged: counts.damaged,
                skipped: counts.skipped,
            };
            reporter.dropped(stream, dropped);
            let Some(frame) = received else { return Ok(()) };
            self.take(stream, &frame);
        }
    }

    fn take(&mut self, stream: &StreamName, frame: &Frame) {
        let reporter = &self.context.reporter;
        let captured = frame.captured().mono;
        reporter.received(stream, frame.received_at().since(captured));
        match Found::read(frame.body()) {
            Ok(Found::Seen(seen)) => {
                let camera = frame.origin().stream.node();
                if let Some(heading) = &self.heading
                    && self.hears_limelight
                    && !self.cameras.contains_key(camera)
                {
                    heading.also(vec![limelight::orientation_topic(camera)]);
                }
                let known = self.cameras.entry(camera.to_owned()).or_insert_with(|| Camera {
                    stream: frame.origin().stream.clone(),
                    stages: BTreeSet::new(),
                    has_tags: false,
                    wished: Vec::new(),
                    snapshots: BTreeMap::new(),
                });
                known.has_tags |= seen.of == Of::Tags;
                if !known.stages.contains(stream.node()) {
                    known.stages.insert(stream.node().to_owned());
                }
                let news = self
                    .telling
                    .result(camera, &seen, captured, MonoTime::now(), self.clock);
                self.tell(news);
            }
            Ok(Found::Place(place)) => {
                let camera = frame.origin().stream.node();
                let found_by = stream.node();
                let news = self
                    .telling
                    .place(found_by, camera, &place, captured, MonoTime::now(), self.clock);
                self.tell(news);
            }
            Err(error) => reporter.warn(&format!("a frame of `{stream}` is told to nobody: {error}")),
        }
    }

    /// Looks at all that is no result.
    fn look(&mut self) {
        let reporter = &self.context.reporter;
        self.status = self.robot.status();
        self.clock = robot::clock(&self.status, self.clock);
        self.telling.is_seen_at(robot::own_address(&self.status));
        match self.robot.reach(&self.status) {
            Reach::There => reporter.running(),
            Reach::Waiting { reason, hint } => reporter.stalled(&reason, hint.as_deref()),
        }
        let now = MonoTime::now();
        if let Some(what) = self
            .status
            .damage
            .clone()
            .filter(|_| self.status.counts.damaged > self.damaged)
        {
            self.damaged = self.status.counts.damaged;
            let words = format!(
                "what the robot's server says is left out: {what} ({} such so far)",
                self.damaged
            );
            self.refuse("damaged messages", words, now);
        }
        while let Some((topic, value)) = self.robot.asked() {
            match self.asked.take(&topic, &value, now) {
                Some(Answer::Say(words)) => reporter.warn(&words),
                Some(Answer::Do(wish)) => self.wish(&topic, &wish, now),
                None => {}
            }
        }
        while let Some(news) = self.chooser.news() {
            match news {
                chooser::News::Stages(stages) => self.follow(&stages),
                chooser::News::Refused { camera, change, why } => {
                    let words = format!("the robot asks for {} of `{camera}`: {why}", change.in_words());
                    self.refuse(&camera, words, now);
                    // It may be possible when it is asked for again.
                    if let Some(known) = self.cameras.get_mut(&camera) {
                        known.wished.retain(|wished| *wished != change);
                    }
                }
            }
        }
        while let Some(kept) = self.snapshots.kept() {
            match kept {
                Ok(path) => tracing::info!("a picture that the robot asked for is `{}`", path.display()),
                Err(why) => self.refuse("snapshots", format!("the robot asks for a snapshot: {why}"), now),
            }
        }
        while let Some(why) = self.leds.as_ref().and_then(LedSwitch::failed) {
            self.refuse("leds", format!("the LEDs cannot be switched: {why}"), now);
        }
        let news = self.telling.look(now, robot::time_sync(&self.status), self.clock);
        self.tell(news);
    }

    /// Does what is wished of one camera, or of all that are known.
    fn wish(&mut self, topic: &str, wish: &RobotWish, now: MonoTime) {
        if let Wish::Leds(leds) = wish.what {
            return self.switch(topic, wish, leds, now);
        }
        let meant = |name: &str| wish.camera.as_deref().is_none_or(|camera| camera == name);
        let mut refused = None;
        for (name, camera) in self.cameras.iter_mut().filter(|(name, _)| meant(name)) {
            if let Wish::Snapshot { count, .. } = wish.what {
                // A robot that was started anew counts anew.
                let before = camera.snapshots.insert(topic.to_owned(), count).unwrap_or(0);
                if count > before {
                    refused = self.snapshots.wish(&camera.stream).err();
                }
            } else if matches!(&wish.what, Wish::Tags(tags) if !tags.is_empty()) && !camera.has_tags {
                refused = Some("only tags have ids, and what is found there are coloured targets");
            } else if let Some(change) = Change::of(&wish.what)
                && camera.is_news(&change, self.telling.pipeline_of(name))
            {
                self.chooser.wish(name, camera.stages.iter().cloned().collect(), change);
            }
        }
        if let Some(why) = refused {
            self.refuse(topic, format!("the robot asks for {wish}: {why}"), now);
        }
    }

    /// Switches LEDs, whether or not anything was found by their light yet.
    fn switch(&mut self, topic: &str, wish: &RobotWish, leds: Leds, now: MonoTime) {
        let camera = wish.camera.as_deref();
        match &mut self.leds {
            Some(switch) => {
                if switch.wish(camera, leds) && camera.is_none() {
                    let news = self.telling.leds_are(leds);
                    self.tell(news);
                }
            }
            None if leds == Leds::AsThePipeline => {}
            None => {
                let words =
                    format!("the robot asks for {wish}: none are connected; `leds` names a command that switches them");
                self.refuse(topic, words, now);
            }
        }
    }

    /// Tells how the stages are now, whoever has changed them.
    fn follow(&mut self, stages: &BTreeMap<String, StageNow>) {
        let mut all = Vec::new();
        for (name, camera) in &self.cameras {
            let mut now = camera.stages.iter().filter_map(|stage| stages.get(stage));
            if let Some(number) = now.clone().find_map(|stage| stage.pipeline) {
                all.push(self.telling.pipeline_is(name, number));
            }
            let rests = now.clone().next().is_some() && now.all(|stage| stage.rests);
            all.push(self.telling.rest_is(name, rests));
        }
        for news in all {
            self.tell(news);
        }
    }

    fn refuse(&mut self, topic: &str, words: String, now: MonoTime) {
        if let Some(words) = self.asked.refuse(topic, words, now) {
            self.context.reporter.warn(&words);
        }
    }

    fn tell(&mut self, news: News) {
        for refused in &news.refused {
            let all = self.telling.refused();
            tracing::debug!("{refused} ({all} so far)");
            self.context.reporter.warn(refused);
        }
        news.entries.iter().for_each(|entry| self.robot.tell(entry));
        if let Err(error) = self.robot.listen(&news.listen) {
            let reporter = &self.context.reporter;
            reporter.warn(&format!("what the robot asks for cannot be heard: {error}"));
        }
    }
}

impl Camera {
    /// Whether a change is another than what was wished last; it is kept as that. Robot code says the same things all the time.
    fn is_news(&mut self, change: &Change, pipeline: Option<u32>) -> bool {
        if let Change::Pipeline(number) = change {
            // Others may have changed it since.
            return pipeline != Some(*number);
        }
        let is_like = |wished: &Change| match (wished, change) {
            (Change::Setting(key, _), Change::Setting(other, _)) => key == other,
            (Change::Rest(_), Change::Rest(_)) => true,
            _ => false,
        };
        match self.wished.iter_mut().find(|wished| is_like(wished)) {
            Some(wished) if wished == change => false,
            Some(wished) => {
                *wished = change.clone();
                true
            }
            None => {
                self.wished.push(change.clone());
                true
            }
        }
    }
}
