//! A whole file, listened to as fast as the machine goes, as a live stage would have heard it.

use crate::file::{FileError, SoundFile};
use crate::listener::{Listener, ListenerSettings, Told};
use crate::resample::{ResampleError, Resampler};
use crate::tagger::{Tagger, TaggerError};

/// Why a file could not be listened to.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its rate is too odd.
    #[error(transparent)]
    Rate(#[from] ResampleError),
    /// The model cannot be run.
    #[error(transparent)]
    Model(#[from] TaggerError),
}

/// Listens to a file to its end; returns its length in seconds.
///
/// # Errors
/// [`RecordingError`]; what came before it was told.
pub fn listen(
    file: &mut SoundFile,
    settings: &ListenerSettings,
    tagger: &mut Tagger,
    mut tell: impl FnMut(Told),
) -> Result<f64, RecordingError> {
    let mut listener = Listener::new(settings, tagger, 0.0);
    let mut resampler = Resampler::new(file.sample_rate_hz())?;
    let channels = file.channels();
    let (mut mono, mut ready) = (Vec::new(), Vec::new());
    while let Some(block) = file.next_block()? {
        mono.clear();
        mix(block, channels, &mut mono);
        ready.clear();
        resampler.push(&mono, &mut ready);
        listener.push(&ready, tagger, &mut tell)?;
    }
    ready.clear();
    resampler.finish(&mut ready);
    listener.push(&ready, tagger, &mut tell)?;
    listener.finish(tagger, &mut tell)?;
    Ok(file.position() as f64 / f64::from(file.sample_rate_hz()))
}

/// Appends the mean of all channels.
fn mix(samples: &[f32], channels: usize, to: &mut Vec<f32>) {
    if channels == 1 {
        to.extend_from_slice(samples);
        return;
    }
    let scale = 1.0 / channels as f32;
    to.extend(
        samples
            .chunks_exact(channels)
            .map(|all| all.iter().sum::<f32>() * scale),
    );
}
