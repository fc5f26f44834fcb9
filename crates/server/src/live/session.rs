//! What one page watches, and what it may be sent next. No socket in here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::ws::Message;
use bushbaby_bus::StreamName;
use tokio::sync::Notify;

use super::hearing::Hearing;
use super::lines::Lines;
use super::messages::{self, FromPage, ToPage};
use crate::app::App;
use crate::connection::Here;
use crate::instance::{Answer, Known};
use crate::pictures::{Form, View, WantedSize, Watch, Wish};
use crate::results::{Found, Wanted};

/// Quality of the page's pictures: 720p at 30 pictures a second is about 30 Mbit/s, and letters stay sharp.
const QUALITY: u8 = 70;
/// No page shows more cameras at once.
const MOST_VIEWS: usize = 64;
/// No page says more in a second: one word for each picture, and a few.
const MOST_MESSAGES_A_SECOND: u32 = 4000;

/// Why a page is cut off.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("that is nothing a page says: {0}")]
    Nonsense(String),
    #[error("too many messages")]
    TooMany,
    #[error("no sign of life")]
    Silent,
    #[error("{0}")]
    Protocol(String),
    #[error("a thread cannot be started: {0}")]
    NoThread(#[from] std::io::Error),
}

/// One page's side of the server.
#[derive(Debug)]
pub(super) struct Session {
    app: Arc<App>,
    known: Option<Arc<Known>>,
    views: BTreeMap<StreamName, Sight>,
    lines: Lines,
    results: Vec<Wanted>,
    /// Which results belong into which pictures in sight.
    drawn: Vec<Drawn>,
    pub(super) hearing: Hearing,
    bell: Arc<Notify>,
    is_over: bool,
    second: (Instant, u32),
}

/// One camera that the page shows.
#[derive(Debug)]
struct Sight {
    watch: Watch,
    /// A picture was sent and not taken yet.
    is_under_way: bool,
    /// The mask that is to come with the pictures.
    mask: Option<StreamName>,
    /// What the page was last told of why there is none.
    told: Option<String>,
}

/// Results of `stream` are drawn into `picture`.
#[derive(Debug)]
struct Drawn {
    stream: StreamName,
    picture: StreamName,
    /// A camera's pictures are their own origin; others have that of the picture that they were made of.
    is_own_origin: bool,
}

impl Session {
    pub(super) fn new(app: Arc<App>, here: Here) -> Self {
        let bell = Arc::<Notify>::default();
        Self {
            hearing: Hearing::new(app.clone(), bell.clone()),
            lines: Lines::new(app.clone(), here, bell.clone()),
            app,
            known: None,
            views: BTreeMap::new(),
            results: Vec::new(),
            drawn: Vec::new(),
            bell,
            is_over: false,
            second: (Instant::now(), 0),
        }
    }

    pub(super) async fn first_status(&mut self) -> Answer {
        let answer = self.app.asker.status().await;
        self.known = answer.as_ref().ok().cloned();
        answer
    }

    /// Takes in what the supervisor says now: a stage may have come to a camera in sight.
    pub(super) fn learn(&mut self, answer: &Answer) -> Result<(), Trouble> {
        if let Ok(known) = answer {
            self.known = Some(known.clone());
            self.hearing.learn(known)?;
            self.want_results()?;
        }
        Ok(())
    }

    /// Takes in a message and returns the answer, if there is one.
    pub(super) fn hear(&mut self, message: Message) -> Result<Option<Message>, Trouble> {
        self.count()?;
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Ok(None),
            Message::Close(_) => {
                self.is_over = true;
                return Ok(None);
            }
            Message::Binary(bytes) => return Err(Trouble::Nonsense(format!("{} bytes that are no text", bytes.len()))),
        };
        match serde_json::from_str(&text).map_err(|error| Trouble::Nonsense(error.to_string()))? {
            FromPage::Watch { views } => self.watch(&views).map(|()| None),
            FromPage::Hear { sounds } => self.hearing.hear(self.known.as_deref(), &sounds).map(|()| None),
            FromPage::Offer { camera, sdp } => Ok(Some(self.offered(&camera, &sdp))),
            FromPage::Taken { camera } => {
                if let Some(sight) = camera
                    .parse()
                    .ok()
                    .and_then(|camera: StreamName| self.views.get_mut(&camera))
                {
                    sight.is_under_way = false;
                }
                Ok(None)
            }
            FromPage::Ping { at } => {
                let now_ms = messages::now_ms();
                Ok(Some(Message::Text(ToPage::Pong { at, now_ms }.text())))
            }
        }
    }

    /// Begins and ends watching so that it is these cameras; one that stays at its size goes on undisturbed.
    fn watch(&mut self, wanted: &[messages::View]) -> Result<(), Trouble> {
        if wanted.len() > MOST_VIEWS {
            return Err(Trouble::Nonsense(format!("{} views at once", wanted.len())));
        }
        let mut views = BTreeMap::new();
        for view in wanted {
            // What is no camera is left out: it may be gone since the page last heard.
            let picture = self.known.as_ref().and_then(|known| known.picture(Some(&view.camera)));
            let Some(camera) = picture.map(|picture| picture.stream.clone()) else {
                continue;
            };
            let is_video = view.video && view.view == View::Picture && self.lines.has(&camera);
            let wish = Wish {
                view: view.view,
                form: if is_video { Form::H264 } else { Form::Jpeg },
                size: WantedSize::Shown([view.width.max(1), view.height.max(1)]),
                quality: QUALITY,
                max_fps: None,
            };
            let mask = view.mask.as_ref().and_then(|mask| mask.parse().ok());
            let sight = match self.views.remove(&camera) {
                Some(sight) if sight.watch.wish() == wish => Sight { mask, ..sight },
                // The one before ends only after the new one began, so that the camera's thread goes on.
                before => Sight {
                    watch: self.app.pictures.watch(&camera, wish, self.bell.clone())?,
                    is_under_way: before.is_some_and(|before| before.is_under_way),
                    mask,
                    told: None,
                },
            };
            self.lines.tell(&camera, &sight.watch);
            views.insert(camera, sight);
        }
        self.views = views;
        self.want_results()
    }

    fn want_results(&mut self) -> Result<(), Trouble> {
        let Some(known) = &self.known else { return Ok(()) };
        let in_sight = known
            .pictures
            .iter()
            .filter(|picture| self.views.contains_key(&picture.stream));
        self.drawn = in_sight
            .flat_map(|picture| {
                let asked = self.views.get(&picture.stream).and_then(|sight| sight.mask.as_ref());
                let mask = asked.filter(|mask| known.masks.contains(mask));
                picture.results.iter().chain(mask).map(|stream| Drawn {
                    stream: stream.clone(),
                    picture: picture.stream.clone(),
                    is_own_origin: picture.is_camera,
                })
            })
            .collect();
        let mut wanted: Vec<StreamName> = self.drawn.iter().map(|drawn| drawn.stream.clone()).collect();
        wanted.sort();
        wanted.dedup();
        self.results.retain(|kept| wanted.contains(kept.stream()));
        for stream in wanted {
            if !self.results.iter().any(|kept| *kept.stream() == stream) {
                self.results.push(self.app.results.want(&stream)?);
            }
        }
        Ok(())
    }

    /// Answers an offer, of a camera that there is.
    fn offered(&mut self, camera: &str, sdp: &str) -> Message {
        let picture = self.known.as_ref().and_then(|known| known.picture(Some(camera)));
        let Some(stream) = picture.map(|picture| picture.stream.clone()) else {
            let why = "there is no such camera";
            return Message::Text(ToPage::NoVideo { camera, why }.text());
        };
        match self.lines.offered(&stream, sdp) {
            Ok(answer) => {
                let (camera, sdp) = (stream.as_str(), answer.as_str());
                Message::Text(ToPage::Answer { camera, sdp }.text())
            }
            Err(why) => {
                let (camera, why) = (stream.as_str(), why.as_str());
                Message::Text(ToPage::NoVideo { camera, why }.text())
            }
        }
    }

    /// Returns what of a picture may go out now, if there is one.
    pub(super) fn next_picture(&mut self) -> Option<Bytes> {
        let lines = &self.lines;
        self.views.iter_mut().find_map(|(camera, sight)| {
            if sight.watch.wish().form == Form::H264 {
                return lines.pass_on(camera, &sight.watch);
            }
            if sight.is_under_way {
                return None;
            }
            let picture = sight.watch.take()?;
            sight.is_under_way = true;
            Some(picture.message())
        })
    }

    /// Returns why there is no picture of a camera in sight, or no video of one, once for each reason.
    pub(super) fn next_trouble(&mut self) -> Option<Message> {
        if let Some((camera, why)) = self.lines.next_over() {
            let (camera, why) = (camera.as_str(), why.as_str());
            return Some(Message::Text(ToPage::NoVideo { camera, why }.text()));
        }
        self.views.iter_mut().find_map(|(camera, sight)| {
            let trouble = sight.watch.trouble();
            if trouble == sight.told {
                return None;
            }
            sight.told = trouble;
            let (camera, why) = (camera.as_str(), sight.told.as_deref()?);
            Some(Message::Text(ToPage::Trouble { camera, why }.text()))
        })
    }

    /// Waits for a new picture of any camera in sight, or sound for who listens.
    pub(super) async fn is_there(&self) {
        self.bell.notified().await;
    }

    /// Whether a result belongs into a picture in sight.
    pub(super) fn shows(&self, found: &Found) -> bool {
        self.drawn
            .iter()
            .any(|drawn| drawn.stream == found.stream && (!drawn.is_own_origin || drawn.picture == found.camera))
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    fn count(&mut self) -> Result<(), Trouble> {
        if self.second.0.elapsed() > Duration::from_secs(1) {
            self.second = (Instant::now(), 0);
        }
        self.second.1 += 1;
        if self.second.1 > MOST_MESSAGES_A_SECOND {
            Err(Trouble::TooMany)
        } else {
            Ok(())
        }
    }
}
