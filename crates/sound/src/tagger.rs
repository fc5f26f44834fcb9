//! The model: a window of sound in, a score for each class out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rten::{Dimension, Model, ModelOptions, RunOptions, ThreadPool, Value};
use rten_tensor::NdTensor;

use crate::classes::Classes;
use crate::log_mel::{BANDS, HOP, LogMel};

/// CED-tiny without its front end: models/NOTICE.md.
static CED_TINY: &[u8] = include_bytes!("../models/ced_tiny_5s.onnx");

/// The largest file that is read as a model.
const MOST_BYTES: u64 = 1 << 30;

/// The shortest and the longest window of somebody's own model, in frames of 10 ms.
const FRAMES: std::ops::RangeInclusive<usize> = 16..=3_001;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TaggerError {
    /// The file cannot be read.
    #[error("model {path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no ONNX model that the engine can run.
    #[error("model {name}: {why}")]
    Model {
        /// The file.
        name: String,
        /// What the engine said.
        why: String,
    },
    /// What it takes in is not what the front end gives.
    #[error("model {name}: its input is {got}, wanted [1, frames, {BANDS}] or [1, {BANDS}, frames] with a fixed number of frames from {} to {}", FRAMES.start(), FRAMES.end())]
    Input {
        /// The file.
        name: String,
        /// The shape that was there.
        got: String,
    },
    /// It gives more or fewer scores than there are classes.
    #[error("model {name}: it gives {scores} scores, and there are {classes} classes")]
    Classes {
        /// The file.
        name: String,
        /// Scores of one window.
        scores: usize,
        /// Classes that were named.
        classes: usize,
    },
    /// It could not be run.
    #[error("model {name} cannot be run: {why}")]
    Run {
        /// The file.
        name: String,
        /// What the engine said.
        why: String,
    },
}

/// A model, ready to be asked.
pub struct Tagger {
    name: String,
    model: Model,
    pool: Arc<ThreadPool>,
    classes: Classes,
    log_mel: LogMel,
    frames: usize,
    has_bands_first: bool,
}

impl std::fmt::Debug for Tagger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tagger")
            .field("name", &self.name)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl Tagger {
    /// The model that is built in: CED-tiny, windows of 5 s, the classes of AudioSet.
    ///
    /// # Errors
    /// When memory is short.
    pub fn ced_tiny() -> Result<Self, TaggerError> {
        let name = "ced_tiny".to_owned();
        let model = ModelOptions::default().load_static_slice(CED_TINY);
        Self::with(
            model.map_err(|error| not_a_model(&name, &error))?,
            name.clone(),
            Classes::audioset(),
        )
    }

    /// Somebody's own model. It takes the same decibels as ours, [1, frames, 64] or [1, 64, frames], and gives a score from 0 to 1
    /// for each class.
    ///
    /// # Errors
    /// [`TaggerError`].
    pub fn open(path: &Path, classes: Classes) -> Result<Self, TaggerError> {
        let name = path.display().to_string();
        let io = |source| TaggerError::Io {
            path: path.to_owned(),
            source,
        };
        let about = std::fs::metadata(path).map_err(io)?;
        if !about.is_file() || about.len() > MOST_BYTES {
            return Err(not_a_model(&name, &"not a file, or one of more than 1 GB"));
        }
        let bytes = std::fs::read(path).map_err(io)?;
        let model = ModelOptions::default().load(bytes);
        let mut tagger = Self::with(model.map_err(|error| not_a_model(&name, &error))?, name, classes)?;
        // Tried once: now is the time to find out that it does not run, or gives other scores than were named.
        tagger.scores(&vec![0.0; tagger.window_samples()])?;
        Ok(tagger)
    }

    fn with(model: Model, name: String, classes: Classes) -> Result<Self, TaggerError> {
        let shape = model.input_shape(0).unwrap_or_default();
        let (frames, has_bands_first) = match shape.as_slice() {
            [_, Dimension::Fixed(frames), Dimension::Fixed(BANDS)] if FRAMES.contains(frames) => (*frames, false),
            [_, Dimension::Fixed(BANDS), Dimension::Fixed(frames)] if FRAMES.contains(frames) => (*frames, true),
            _ => {
                return Err(TaggerError::Input {
                    name,
                    got: described(&shape),
                });
            }
        };
        Ok(Self {
            name,
            model,
            // One thread: many streams share a machine, and each answer is quick.
            pool: Arc::new(ThreadPool::with_num_threads(1)),
            classes,
            log_mel: LogMel::new(),
            frames,
            has_bands_first,
        })
    }

    /// What it can tell apart.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// How many samples at 16 kHz it looks at.
    pub fn window_samples(&self) -> usize {
        (self.frames - 1) * HOP
    }

    /// Returns the score of each class, 0 to 1, for a window of [`Tagger::window_samples`]. A shorter one is repeated until it is
    /// long enough, of a longer one the end is taken.
    ///
    /// # Errors
    /// When the model cannot be run, or gives other scores than its classes promise.
    pub fn scores(&mut self, samples: &[f32]) -> Result<Vec<f32>, TaggerError> {
        let window = self.window_samples();
        let samples = &samples[samples.len().saturating_sub(window)..];
        let mut decibels = if samples.len() == window {
            self.log_mel.bands(samples)
        } else if samples.is_empty() {
            self.log_mel.bands(&vec![0.0; window])
        } else {
            let repeated: Vec<f32> = samples.iter().copied().cycle().take(window).collect();
            self.log_mel.bands(&repeated)
        };
        let mut shape = [1, self.frames, BANDS];
        if self.has_bands_first {
            shape = [1, BANDS, self.frames];
            let frames = &decibels;
            decibels = (0..BANDS)
                .flat_map(|band| frames.iter().skip(band).step_by(BANDS).copied())
                .collect();
        }
        let failed = |why: String| TaggerError::Run {
            name: self.name.clone(),
            why,
        };
        let input = NdTensor::try_from_data(shape, decibels).map_err(|error| failed(error.to_string()))?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let output = self
            .model
            .run_one(input.into(), Some(options))
            .map_err(|error| failed(error.to_string()))?;
        let mut scores = numbers(output).ok_or_else(|| failed("its output is no list of f32".to_owned()))?;
        if scores.len() != self.classes.len() {
            return Err(TaggerError::Classes {
                name: self.name.clone(),
                scores: scores.len(),
                classes: self.classes.len(),
            });
        }
        for score in &mut scores {
            *score = if score.is_finite() { score.clamp(0.0, 1.0) } else { 0.0 };
        }
        Ok(scores)
    }
}

fn numbers(output: Value) -> Option<Vec<f32>> {
    let tensor: rten_tensor::Tensor<f32> = output.into_tensor()?;
    Some(tensor.into_data())
}

fn not_a_model(name: &str, why: &dyn std::fmt::Display) -> TaggerError {
    TaggerError::Model {
        name: name.to_owned(),
        why: why.to_string(),
    }
}

/// A shape as people write it: `[1, frames, 64]`.
fn described(shape: &[Dimension]) -> String {
    let sides: Vec<String> = shape
        .iter()
        .map(|side| match side {
            Dimension::Fixed(size) => size.to_string(),
            Dimension::Symbolic(name) => name.clone(),
        })
        .collect();
    format!("[{}]", sides.join(", "))
}
