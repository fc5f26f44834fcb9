//! What one page hears: which sources, how loud they are and what is heard there. No socket in here.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::ws::Utf8Bytes;
use bushbaby_bus::StreamName;
use bushbaby_sound::results::{Level, Score};
use tokio::sync::Notify;

use super::messages::{Ear, LevelNow, ScoresNow, SoundNow, ToPage, rounded};
use super::session::Trouble;
use crate::app::App;
use crate::heard::{Said, Told, Wanted};
use crate::instance::Known;
use crate::sound::{Listening, Wish};

/// No page shows more sources at once.
const MOST_EARS: usize = 64;

/// One page's ears.
#[derive(Debug)]
pub(super) struct Hearing {
    app: Arc<App>,
    bell: Arc<Notify>,
    sources: BTreeMap<StreamName, Source>,
    /// The number of the last event that the page was told of.
    events_told: u64,
}

#[derive(Debug)]
struct Source {
    wish: Wish,
    results: Vec<Wanted>,
    /// While the sound itself is wanted.
    listening: Option<Listening>,
    /// What the page was told last.
    told: Utf8Bytes,
}

impl Hearing {
    pub(super) fn new(app: Arc<App>, bell: Arc<Notify>) -> Self {
        Self {
            app,
            bell,
            sources: BTreeMap::new(),
            events_told: 0,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.sources.is_empty()
    }

    /// Begins and ends hearing so that it is these sources; one that stays goes on undisturbed.
    pub(super) fn hear(&mut self, known: Option<&Known>, wanted: &[Ear]) -> Result<(), Trouble> {
        if wanted.len() > MOST_EARS {
            return Err(Trouble::Nonsense(format!("{} sounds at once", wanted.len())));
        }
        let mut sources = BTreeMap::new();
        for ear in wanted {
            // What is no sound is left out: it may be gone since the page last heard.
            let Some(sound) = known.and_then(|known| known.sound(&ear.source)) else {
                continue;
            };
            let before = self.sources.remove(&sound.stream);
            let wish = Wish {
                spectrum: ear.spectrum,
                listen: ear.listen,
            };
            let source = Source {
                wish,
                told: before.as_ref().map(|before| before.told.clone()).unwrap_or_default(),
                ..self.source(before, &sound.stream, &sound.results, wish)?
            };
            sources.insert(sound.stream.clone(), source);
        }
        self.sources = sources;
        Ok(())
    }

    /// Takes in who listens now: a stage may have come.
    pub(super) fn learn(&mut self, known: &Known) -> Result<(), Trouble> {
        self.app.heard.follow(&known.events);
        for (stream, before) in std::mem::take(&mut self.sources) {
            if let Some(sound) = known.sound(stream.as_str()) {
                let (wish, told) = (before.wish, before.told.clone());
                let source = self.source(Some(before), &stream, &sound.results, wish)?;
                self.sources.insert(stream, Source { told, ..source });
            }
        }
        Ok(())
    }

    fn source(
        &self,
        before: Option<Source>,
        stream: &StreamName,
        results: &[StreamName],
        wish: Wish,
    ) -> Result<Source, Trouble> {
        let (mut kept, listening) = before.map_or((Vec::new(), None), |before| (before.results, before.listening));
        let results: Vec<_> = results
            .iter()
            .map(|stream| {
                let known = kept.iter().position(|kept| kept.stream() == stream);
                known.map_or_else(|| self.app.heard.want(stream), |at| kept.swap_remove(at))
            })
            .collect();
        // Who says how loud it is need not be asked twice.
        let has_level = results
            .iter()
            .any(|wanted| matches!(wanted.said_of(stream), Some(Said::Level(_))));
        let is_wanted = wish.spectrum || wish.listen || !has_level;
        let listening = match listening.filter(|_| is_wanted) {
            Some(listening) if listening.wish() == wish => Some(listening),
            // The one before ends only after the new one began, so that the source's thread goes on.
            _before if is_wanted => Some(self.app.sounds.watch(stream, wish, self.bell.clone())?),
            _ => None,
        };
        Ok(Source {
            wish,
            results,
            listening,
            told: Utf8Bytes::default(),
        })
    }

    /// The next text that tells what has changed, if there is one: asked until there is none, five times a second.
    pub(super) fn next_text(&mut self) -> Option<Utf8Bytes> {
        self.sources.iter_mut().find_map(|(stream, source)| {
            let text = ToPage::Sound(source.now(stream)).text();
            if text == source.told {
                return None;
            }
            source.told = text.clone();
            Some(text)
        })
    }

    /// Has everything told once more, so that a page knows that what stands still is still so.
    pub(super) fn tell_again(&mut self) {
        for source in self.sources.values_mut() {
            source.told = Utf8Bytes::default();
        }
    }

    /// The next columns of a spectrogram, if there are any.
    pub(super) fn next_columns(&mut self) -> Option<Bytes> {
        self.listening().find_map(Listening::take_columns).map(Bytes::from)
    }

    /// The next piece of sound, if somebody listens.
    pub(super) fn next_piece(&mut self) -> Option<Bytes> {
        self.listening().find_map(Listening::take_piece)
    }

    fn listening(&self) -> impl Iterator<Item = &Listening> {
        self.sources.values().filter_map(|source| source.listening.as_ref())
    }

    /// What began or ended since the page was told last.
    pub(super) fn next_events(&mut self) -> Option<Utf8Bytes> {
        let text = |events: &[&Told]| (!events.is_empty()).then(|| ToPage::Heard { events }.text());
        let (text, last) = self.app.heard.since(self.events_told, text);
        self.events_told = last;
        text
    }
}

impl Source {
    fn now<'a>(&'a self, stream: &'a StreamName) -> SoundNow<'a> {
        let heard = self.listening.as_ref().map(Listening::now).unwrap_or_default();
        let mut now = SoundNow {
            source: stream.as_str(),
            form: heard.form(),
            trouble: heard.trouble(),
            level: heard.levels().map(|[rms, peak]| level(rms, peak, None)),
            scores: BTreeMap::new(),
        };
        for wanted in &self.results {
            match wanted.said_of(stream) {
                Some(Said::Level(Level {
                    rms_dbfs,
                    peak_dbfs,
                    floor_dbfs,
                    ..
                })) => now.level = Some(level(rms_dbfs, peak_dbfs, Some(floor_dbfs))),
                Some(Said::Scores(scores)) => {
                    let score = |score: Score| Score {
                        score: rounded(score.score, 3),
                        ..score
                    };
                    let sounds = scores.sounds.into_iter().map(|(name, of)| (name, score(of)));
                    let said = ScoresNow {
                        gate_open: scores.gate_open,
                        sounds: sounds.collect(),
                    };
                    now.scores.insert(wanted.stream().as_str(), said);
                }
                None => {}
            }
        }
        now
    }
}

fn level(rms_dbfs: f64, peak_dbfs: f64, floor_dbfs: Option<f64>) -> LevelNow {
    LevelNow {
        rms_dbfs: rounded(rms_dbfs, 1),
        peak_dbfs: rounded(peak_dbfs, 1),
        floor_dbfs: floor_dbfs.map(|floor| rounded(floor, 1)),
    }
}
