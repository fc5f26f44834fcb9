//! What the supervisor says of the instance, and what there is to see in it: asked by one thread, and only while somebody
//! wants to know.

mod pictures;
mod sounds;

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use bushbaby_bus::{Bus, Instance, StreamName};
use bushbaby_node::Stop;
use bushbaby_node::status::{Reply, Request, Status, ask};
use tokio::sync::watch;

pub(crate) use pictures::PictureStream;
pub(crate) use sounds::SoundStream;

/// How often the supervisor is asked while somebody watches.
const EVERY: Duration = Duration::from_millis(500);
/// Between two questions, at least.
const BETWEEN: Duration = Duration::from_millis(50);
/// How often the bus is looked at for streams of other programs: every stream of it is opened for that.
const BUS_EVERY: Duration = Duration::from_secs(2);
/// How long a request waits for an answer before it is told that there is none.
const PATIENCE: Duration = Duration::from_secs(3);

/// The instance at one moment, also as the JSON that `bushbaby status --json` prints.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) status: Status,
    pub(crate) json: Bytes,
    /// Cameras first, then pictures that are made of others; in the order of their names.
    pub(crate) pictures: Vec<PictureStream>,
    /// Sources first, likewise.
    pub(crate) sounds: Vec<SoundStream>,
    /// All streams that say when something began to be heard.
    pub(crate) events: Vec<StreamName>,
    /// All streams that say which pixels count to a stage.
    pub(crate) masks: Vec<StreamName>,
}

/// The last answer; `Err` says why there was none.
pub(crate) type Answer = Result<Arc<Known>, Arc<str>>;

/// Asks the supervisor. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    instance: Instance,
    interest: Arc<(Mutex<Interest>, Condvar)>,
    answers: watch::Receiver<Option<(Instant, Answer)>>,
}

#[derive(Debug, Default)]
struct Interest {
    /// How many look at the status all the time.
    watching: usize,
    /// Somebody wants one answer now.
    is_asked: bool,
    is_over: bool,
}

/// Keeps the status coming; dropped when the viewer goes.
#[derive(Debug)]
pub(crate) struct Watching(Asker);

impl Asker {
    /// Starts the thread that asks, until `stop` is set. On the bus it finds what others than the instance's nodes send.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub(crate) fn start(bus: &Bus, stop: &Stop) -> std::io::Result<Self> {
        let (sender, answers) = watch::channel(None);
        let asker = Self {
            instance: bus.instance().clone(),
            interest: Arc::default(),
            answers,
        };
        let (interest, bus) = (asker.interest.clone(), bus.clone());
        let run = move || {
            let mut published = Published::default();
            while wait_for_interest(&interest) {
                let answer = status(&bus, &mut published);
                if sender.send(Some((Instant::now(), answer))).is_err() {
                    return;
                }
                // However many ask: an answer that failed is not sought again at once.
                std::thread::sleep(BETWEEN);
            }
        };
        std::thread::Builder::new().name("status".into()).spawn(run)?;
        let ended = asker.clone();
        stop.on_set(move || ended.change(|interest| interest.is_over = true));
        Ok(asker)
    }

    fn change(&self, change: impl FnOnce(&mut Interest)) {
        let (interest, changed) = &*self.interest;
        change(&mut interest.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
    }

    /// Returns the status, not older than half a second; asks for it when need be.
    pub(crate) async fn status(&self) -> Answer {
        let mut answers = self.answers.clone();
        let is_fresh = |answer: &Option<(Instant, Answer)>| {
            answer
                .as_ref()
                .is_some_and(|(at, answer)| at.elapsed() < EVERY && answer.is_ok())
        };
        if !is_fresh(&answers.borrow_and_update()) {
            self.change(|interest| interest.is_asked = true);
            if tokio::time::timeout(PATIENCE, answers.changed()).await.is_err() {
                return Err("the supervisor does not answer".into());
            }
        }
        let answer = answers.borrow().clone();
        answer.map_or_else(|| Err("the page is about to end".into()), |(_, answer)| answer)
    }

    /// Keeps the status coming for as long as the guard lives.
    pub(crate) fn watching(&self) -> Watching {
        self.change(|interest| {
            interest.watching += 1;
            interest.is_asked = true;
        });
        Watching(self.clone())
    }

    /// Returns where each new answer shows.
    pub(crate) fn answers(&self) -> watch::Receiver<Option<(Instant, Answer)>> {
        self.answers.clone()
    }

    /// Which instance is asked.
    pub(crate) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Puts another question; the answer takes as long as [`ask`] waits for it.
    ///
    /// # Errors
    /// In words, when nobody answers.
    pub(crate) async fn ask(&self, request: Request) -> Result<Reply, String> {
        let instance = self.instance.clone();
        match tokio::task::spawn_blocking(move || ask(&instance, &request)).await {
            Ok(reply) => reply.map_err(|error| error.to_string()),
            Err(error) => Err(format!("the question was not put: {error}")),
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.change(|interest| interest.watching -= 1);
    }
}

/// Returns true when it is time to ask, false when all is over.
fn wait_for_interest(interest: &(Mutex<Interest>, Condvar)) -> bool {
    let (interest, changed) = interest;
    let mut now = interest.lock().unwrap_or_else(PoisonError::into_inner);
    if now.watching > 0 && !now.is_asked {
        let asked = |interest: &mut Interest| !interest.is_asked && !interest.is_over;
        now = changed
            .wait_timeout_while(now, EVERY, asked)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
    let idle = |interest: &mut Interest| interest.watching == 0 && !interest.is_asked && !interest.is_over;
    now = changed.wait_while(now, idle).unwrap_or_else(PoisonError::into_inner);
    now.is_asked = false;
    !now.is_over
}

fn status(bus: &Bus, published: &mut Published) -> Answer {
    match ask(bus.instance(), &Request::Status) {
        Ok(Reply::Status(status)) => match serde_json::to_vec(&*status) {
            Ok(json) => Ok(Arc::new(Known::new(*status, json.into(), published.now(bus)))),
            Err(error) => Err(format!("the status cannot be written as JSON: {error}").into()),
        },
        Ok(Reply::Refused { message, .. }) => Err(message.into()),
        Ok(_) => Err("the supervisor answered another question".into()),
        Err(error) => Err(error.to_string().into()),
    }
}

/// Streams that somebody sends, as of a short while ago.
#[derive(Debug, Default)]
struct Published {
    looked: Option<Instant>,
    streams: Vec<StreamName>,
}

impl Published {
    /// A bus that cannot be listed has no streams beyond those that the supervisor names.
    fn now(&mut self, bus: &Bus) -> &[StreamName] {
        if self.looked.is_none_or(|at| at.elapsed() >= BUS_EVERY) {
            let streams = bus.streams().unwrap_or_default().into_iter();
            self.streams = streams
                .filter(|stream| stream.publisher_pid.is_some())
                .map(|stream| stream.name)
                .collect();
            self.looked = Some(Instant::now());
        }
        &self.streams
    }
}
