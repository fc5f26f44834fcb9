//! H.264 in MP4, decoded here; pictures come in the order in which they are shown.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_pixels::{Image, ImageView};

use super::footage::{Advance, Footage, FootageError};
use super::mp4::{self, Film, NoFilm, Placed};
use crate::h264::{
    DecodeError, Decoded, Decoder, Order, SequenceParameters, Undecodable, UnitKind, annex_b_from_lengths, copy_i420,
};

/// No encoded picture is longer.
const MOST_PICTURE_BYTES: u32 = 64 << 20;

/// A film that is decoded here.
#[derive(Debug)]
pub(super) struct Movie {
    path: PathBuf,
    file: File,
    film: Film,
    /// Each picture's time on screen when the film's own does not count.
    frame_time: Option<Duration>,
    decoder: Decoder<Placed>,
    next: usize,
    /// Decoded, not shown yet.
    held: VecDeque<Held>,
    spare: Vec<Image>,
    shown: Option<Image>,
    shown_count: u32,
    played: Duration,
    complaint: Option<String>,
    sample: Vec<u8>,
    access_unit: Vec<u8>,
}

#[derive(Debug)]
struct Held {
    placed: Placed,
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
            film,
            frame_time: fps.map(super::frame_time),
            decoder: Decoder::new(Order::AsShown),
            next: 0,
            held: VecDeque::new(),
            spare: Vec::new(),
            shown: None,
            shown_count: 0,
            played: Duration::ZERO,
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

    fn complain_if_damaged(&mut self) {
        let all = self.film.pictures.len();
        let left_out = all.saturating_sub(self.shown_count as usize);
        if left_out > 0 {
            let path = self.path.display();
            self.complaint = Some(format!(
                "`{path}`: {left_out} of {all} pictures are damaged and were left out"
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

    /// Decodes the next picture, if it can be; behind the last, takes out what is still in the decoder.
    fn decode_next(&mut self) -> Result<(), Undecodable> {
        let Some(placed) = self.film.pictures.get(self.next).copied() else {
            let (held, spare) = (&mut self.held, &mut self.spare);
            self.decoder
                .finish(|picture, placed| held.extend(keep(picture, placed, spare)));
            return Ok(());
        };
        self.next += 1;
        if !self.read(placed) {
            self.decoder.lost();
            return Ok(());
        }
        let shown_at = i64::try_from(placed.shown_ns).unwrap_or(i64::MAX);
        match self.decoder.decode(&self.access_unit, shown_at, placed) {
            Ok(Some((picture, placed))) => self.held.extend(keep(&picture, placed, &mut self.spare)),
            Ok(None) => {}
            Err(DecodeError::Undecodable(why)) => return Err(why),
            Err(error) => tracing::debug!("`{}`: picture {}: {error}", self.path.display(), self.next - 1),
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
}

/// Copies a picture out of the decoder.
fn keep(picture: &Decoded<'_>, placed: Placed, spare: &mut Vec<Image>) -> Option<Held> {
    let mut image = spare.pop().unwrap_or_default();
    let is_copied = picture.view().is_ok_and(|view| copy_i420(&view, &mut image));
    is_copied.then_some(Held { placed, image })
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

impl Footage for Movie {
    fn advance(&mut self, _wait: Duration) -> Result<Advance, FootageError> {
        while self.held.is_empty() && self.next < self.film.pictures.len() {
            self.decode_next().map_err(|why| FootageError::Damaged {
                path: self.path.clone(),
                why: why.to_string(),
            })?;
        }
        if self.held.is_empty() {
            // What the decoder still holds.
            let _ = self.decode_next();
        }
        let Some(held) = self.held.pop_front() else {
            self.complain_if_damaged();
            return Ok(Advance::End);
        };
        let (at, lasts) = match self.frame_time {
            Some(frame_time) => (frame_time * self.shown_count, frame_time),
            None => (
                Duration::from_nanos(held.placed.shown_ns),
                Duration::from_nanos(held.placed.lasts_ns),
            ),
        };
        self.spare.extend(self.shown.replace(held.image));
        self.shown_count += 1;
        self.played = self.played.max(at + lasts);
        Ok(Advance::Picture { at })
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
        (self.next, self.shown_count, self.played) = (0, 0, Duration::ZERO);
        Ok(())
    }

    fn take_complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }
}
