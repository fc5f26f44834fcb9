//! H.264 in MP4, decoded here; pictures come in the order in which they are shown.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_pixels::{Image, ImageView};

use super::footage::{Advance, Footage, FootageError};
use super::mp4::{self, Film, NoFilm, Placed};
use crate::h264::{DecodeError, Decoder, SequenceParameters, Undecodable, UnitKind, annex_b_from_lengths, copy_i420};

/// No encoded picture is longer.
const MOST_PICTURE_BYTES: u32 = 64 << 20;
/// More pictures than this no encoder puts out of order; where a damaged index says so, they are shown all the same.
const MOST_HELD: usize = 20;

/// A film that is decoded here.
#[derive(Debug)]
pub(super) struct Movie {
    path: PathBuf,
    file: File,
    film: Film,
    /// When the earliest picture is shown that is decoded at this place or later.
    earliest_from: Vec<u64>,
    /// Each picture's time on screen when the film's own does not count.
    frame_time: Option<Duration>,
    decoder: Decoder,
    next: usize,
    /// Decoded, not shown yet.
    held: Vec<Held>,
    spare: Vec<Image>,
    shown: Option<Image>,
    shown_count: u32,
    played: Duration,
    damaged: usize,
    complaint: Option<String>,
    sample: Vec<u8>,
    access_unit: Vec<u8>,
}

#[derive(Debug)]
struct Held {
    shown_ns: u64,
    lasts_ns: u64,
    image: Image,
}

/// Why a film is not decoded here.
#[derive(Debug)]
pub(super) enum NoMovie {
    /// ffmpeg may play it; why it has to.
    NotHere(String),
    /// Nobody will.
    Unplayable(FootageError),
}

impl Movie {
    /// Reads the index and decodes the first picture.
    pub(super) fn open(path: &Path, fps: Option<f64>) -> Result<Self, NoMovie> {
        let damaged = |why: String| {
            NoMovie::Unplayable(FootageError::Damaged {
                path: path.to_owned(),
                why,
            })
        };
        let unreadable = |error: std::io::Error| {
            NoMovie::Unplayable(FootageError::Unreadable {
                path: path.to_owned(),
                why: error.to_string(),
            })
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let film = mp4::read(&mut file).map_err(|error| match error {
            NoFilm::OtherFormat => NoMovie::NotHere("it is no MP4 file".into()),
            NoFilm::Io(error) => unreadable(error),
            error => damaged(error.to_string()),
        })?;
        if film.pictures.is_empty() && (film.missing > 0 || film.is_cut_off) {
            return Err(damaged("it is cut off before its first picture".into()));
        }
        check(&film).map_err(|why| match why {
            Undecodable::Damaged | Undecodable::Absurd { .. } => damaged(why.to_string()),
            _ => NoMovie::NotHere(why.to_string()),
        })?;
        if !matches!(film.codec.as_str(), "avc1" | "avc3") {
            return Err(NoMovie::NotHere(format!("its codec is `{}`", film.codec)));
        }
        if film.is_turned {
            return Err(NoMovie::NotHere("its pictures are to be turned".into()));
        }
        let mut movie = Self {
            path: path.to_owned(),
            file,
            earliest_from: earliest_from(&film.pictures),
            film,
            frame_time: fps.map(|fps| Duration::from_secs_f64(1.0 / fps)),
            decoder: Decoder::new(),
            next: 0,
            held: Vec::new(),
            spare: Vec::new(),
            shown: None,
            shown_count: 0,
            played: Duration::ZERO,
            damaged: 0,
            complaint: None,
            sample: Vec::new(),
            access_unit: Vec::new(),
        };
        movie.complain_if_cut_off();
        movie.decode_first()?;
        Ok(movie)
    }

    fn complain_if_cut_off(&mut self) {
        if self.film.is_cut_off || self.film.missing > 0 {
            let (there, missing) = (self.film.pictures.len(), self.film.missing);
            let of_all = if missing > 0 {
                format!(" of {}", there + missing)
            } else {
                String::new()
            };
            self.complaint = Some(format!(
                "`{}` is cut off: {there}{of_all} pictures are there and are played",
                self.path.display()
            ));
        }
    }

    /// Makes sure that the decoder makes a picture of this film at all.
    fn decode_first(&mut self) -> Result<(), NoMovie> {
        while self.held.is_empty() {
            if self.next >= self.film.pictures.len() {
                return Err(NoMovie::NotHere("the decoder here makes no picture of it".into()));
            }
            match self.decode_next() {
                Ok(()) => {}
                Err(Undecodable::Damaged | Undecodable::Absurd { .. }) => {}
                Err(why) => return Err(NoMovie::NotHere(why.to_string())),
            }
        }
        Ok(())
    }

    /// Decodes the next picture, if it can be.
    fn decode_next(&mut self) -> Result<(), Undecodable> {
        let placed = self.film.pictures[self.next];
        self.next += 1;
        if !self.read(placed) {
            self.damaged += 1;
            self.decoder.lost();
            return Ok(());
        }
        match self.decoder.decode(&self.access_unit) {
            Ok(Some(picture)) => {
                let mut image = self.spare.pop().unwrap_or_default();
                if picture.view().is_ok_and(|view| copy_i420(&view, &mut image)) {
                    self.held.push(Held {
                        shown_ns: placed.shown_ns,
                        lasts_ns: placed.lasts_ns,
                        image,
                    });
                } else {
                    self.damaged += 1;
                }
            }
            // Behind a damaged picture, up to the next keyframe.
            Ok(None) => self.damaged += 1,
            Err(DecodeError::Undecodable(why)) => {
                self.damaged += 1;
                return Err(why);
            }
            Err(error) => {
                tracing::debug!("`{}`: picture {}: {error}", self.path.display(), self.next - 1);
                self.damaged += 1;
            }
        }
        Ok(())
    }

    /// Brings an encoded picture into the form that the decoder takes.
    fn read(&mut self, placed: Placed) -> bool {
        if placed.bytes > MOST_PICTURE_BYTES {
            return false;
        }
        self.sample.resize(placed.bytes as usize, 0);
        if self.file.seek(SeekFrom::Start(placed.at)).is_err() || self.file.read_exact(&mut self.sample).is_err() {
            return false;
        }
        self.access_unit.clear();
        if placed.is_keyframe || self.next == 1 {
            for set in &self.film.parameter_sets {
                self.access_unit.extend_from_slice(&[0, 0, 0, 1]);
                self.access_unit.extend_from_slice(set);
            }
        }
        annex_b_from_lengths(&self.sample, self.film.length_bytes, &mut self.access_unit)
    }

    /// The place among the held of the picture that is shown next, if none that is still to be decoded comes before it.
    fn due(&self) -> Option<usize> {
        let (at, first) = self.held.iter().enumerate().min_by_key(|(_, held)| held.shown_ns)?;
        let is_first = self
            .earliest_from
            .get(self.next)
            .is_none_or(|earliest| first.shown_ns <= *earliest);
        (is_first || self.held.len() > MOST_HELD).then_some(at)
    }
}

/// Says whether all of a film's parameter sets are ones that the decoder takes.
fn check(film: &Film) -> Result<(), Undecodable> {
    let sets = film
        .parameter_sets
        .iter()
        .filter(|set| UnitKind::of(set) == Some(UnitKind::SequenceParameters));
    sets.map(|set| SequenceParameters::read(set).ok_or(Undecodable::Damaged))
        .try_for_each(|parameters| parameters?.check())
}

/// For each place in the order of decoding, and one behind the last: when the earliest picture from there on is shown.
fn earliest_from(pictures: &[Placed]) -> Vec<u64> {
    let mut earliest = Vec::with_capacity(pictures.len());
    let mut least = u64::MAX;
    for placed in pictures.iter().rev() {
        least = least.min(placed.shown_ns);
        earliest.push(least);
    }
    earliest.reverse();
    earliest
}

impl Footage for Movie {
    fn advance(&mut self, _wait: Duration) -> Result<Advance, FootageError> {
        loop {
            if let Some(due) = self.due() {
                let held = self.held.swap_remove(due);
                let (at, lasts) = match self.frame_time {
                    Some(frame_time) => (frame_time * self.shown_count, frame_time),
                    None => (Duration::from_nanos(held.shown_ns), Duration::from_nanos(held.lasts_ns)),
                };
                self.spare.extend(self.shown.replace(held.image));
                self.shown_count += 1;
                self.played = self.played.max(at + lasts);
                return Ok(Advance::Picture { at });
            }
            if self.next >= self.film.pictures.len() {
                if self.damaged > 0 {
                    self.complaint = Some(format!(
                        "`{}`: {} of {} pictures are damaged and were left out",
                        self.path.display(),
                        self.damaged,
                        self.film.pictures.len()
                    ));
                }
                return Ok(Advance::End);
            }
            self.decode_next().map_err(|why| FootageError::Damaged {
                path: self.path.clone(),
                why: why.to_string(),
            })?;
        }
    }

    fn picture(&self) -> Option<ImageView<'_>> {
        self.shown.as_ref().map(Image::view)
    }

    fn played(&self) -> Duration {
        self.played
    }

    fn rewind(&mut self) -> Result<(), FootageError> {
        self.spare.extend(self.held.drain(..).map(|held| held.image));
        self.decoder.lost();
        (self.next, self.shown_count, self.played, self.damaged) = (0, 0, Duration::ZERO, 0);
        Ok(())
    }

    fn take_complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }
}
