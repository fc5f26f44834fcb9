//! What can be played, whatever it is stored in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bushbaby_node::{NodeContext, NodeError};
use bushbaby_pixels::ImageView;

use super::ffmpeg::Ffmpeg;
use super::movie::{Movie, NoMovie};
use super::stills::Stills;

/// Pictures one after the other.
pub(super) trait Footage: Send + std::fmt::Debug {
    /// Goes to the next picture, waiting at most about `wait` for it.
    fn advance(&mut self, wait: Duration) -> Result<Advance, FootageError>;

    /// The picture that it went to last.
    fn picture(&self) -> Option<ImageView<'_>>;

    /// How long it is, as far as it was played since its beginning.
    fn played(&self) -> Duration;

    /// Goes back to its beginning.
    fn rewind(&mut self) -> Result<(), FootageError>;

    /// What was wrong with it since this was asked last, in words.
    fn take_complaint(&mut self) -> Option<String>;

    /// Ends what it started.
    fn close(&mut self) {}
}

/// What came of going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advance {
    /// There is a picture, which is shown so long after the first.
    Picture { at: Duration },
    /// Not yet.
    NotYet,
    /// There is none behind the last.
    End,
}

/// Why something cannot be played.
#[derive(Debug, thiserror::Error)]
pub(super) enum FootageError {
    #[error("`{}` cannot be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("`{}` is empty", path.display())]
    Empty { path: PathBuf },
    #[error("there is no picture (PNG, JPEG or PNM) in the folder `{}`", path.display())]
    NoPictures { path: PathBuf },
    #[error("none of the {count} pictures in `{}` can be read; the last: {why}", path.display())]
    NoneReadable { path: PathBuf, count: usize, why: String },
    #[error("`{}` cannot be played: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("`{}` is played by ffmpeg ({why}), which is not installed", path.display())]
    NoFfmpeg { path: PathBuf, why: String },
    #[error("ffmpeg cannot be started: {why}")]
    FfmpegStart { why: String },
    #[error("ffmpeg cannot play `{}` (it ended with {how}): {said}", path.display())]
    Ffmpeg { path: PathBuf, how: String, said: String },
    #[error("ffmpeg gives no picture of `{}` within {} s", path.display(), waited.as_secs())]
    FfmpegSilent { path: PathBuf, waited: Duration },
}

impl FootageError {
    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreadable { .. } => {
                "is the path right, and may this user read it? It is relative to the pipeline file"
            }
            Self::NoPictures { .. } | Self::NoneReadable { .. } => {
                "the names must end in .png, .jpg, .jpeg, .pgm, .ppm, .pnm or .pbm"
            }
            Self::Damaged { .. } => "if another player shows it, write it anew: `ffmpeg -i FILE -c:v libx264 NEW.mp4`",
            Self::NoFfmpeg { .. } => {
                "install it (`sudo apt install ffmpeg`), or convert the film elsewhere to H.264 in MP4"
            }
            Self::Ffmpeg { .. } => "is it a film at all? `ffprobe FILE` tells",
            _ => return None,
        })
    }
}

impl From<FootageError> for NodeError {
    fn from(error: FootageError) -> Self {
        let node_error = NodeError::new(error.to_string());
        let node_error = match error.hint() {
            Some(hint) => node_error.with_hint(hint),
            None => node_error,
        };
        match error {
            // These may be another the next time.
            FootageError::FfmpegStart { .. } | FootageError::FfmpegSilent { .. } => node_error,
            _ => node_error.for_good(),
        }
    }
}

/// Finds out what lies at `path` and prepares to play it.
pub(super) fn open(path: &Path, fps: Option<f64>, context: &NodeContext) -> Result<Box<dyn Footage>, FootageError> {
    let unreadable = |error: std::io::Error| FootageError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() || super::stills::is_picture(path) {
        return Ok(Box::new(Stills::open(path, fps)?));
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(FootageError::Empty { path: path.to_owned() });
    }
    match Movie::open(path, fps) {
        Ok(movie) => Ok(Box::new(movie)),
        Err(NoMovie::Unplayable(error)) => Err(error),
        Err(NoMovie::NotHere(why)) => {
            tracing::info!("`{}` is played by ffmpeg: {why}", path.display());
            Ok(Box::new(Ffmpeg::open(path, fps, &why, context)?))
        }
    }
}
