//! Sound files, block by block: WAV, FLAC, MP3, AAC, and the sound of MP4.
//!
//! What a file holds is not to be trusted: what is damaged becomes silence of the same length and is counted.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

/// The rates that are read.
pub const SAMPLE_RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// The most channels that are read.
pub const MOST_CHANNELS: usize = 64;

/// The longest silence in the place of one damaged packet, in samples of each channel.
const MOST_FILLED: u64 = 65_536;

/// Damaged packets one after the other after which a file is given up.
const MOST_DAMAGED: u32 = 1_000;

/// Why a file cannot be read as sound.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened or read at all.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("{}: not a file", path.display())]
    NotAFile {
        /// What was to be read.
        path: PathBuf,
    },
    /// It is in no format that is known here.
    #[error("{}: no WAV, FLAC, MP3, AAC or MP4 ({why}); `ffmpeg -i FILE sound.wav` makes one of nearly everything", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        why: String,
    },
    /// It has no sound: a video without.
    #[error("{}: there is no sound in it", path.display())]
    NoSound {
        /// The file.
        path: PathBuf,
    },
    /// Its sound is coded in a way that is not known here.
    #[error("{}: its sound cannot be decoded ({why}); `ffmpeg -i FILE sound.wav` makes one that can", path.display())]
    Codec {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        why: String,
    },
    /// Its rate or its number of channels is none that sound has.
    #[error("{}: {channels} channels of {sample_rate_hz} Hz, wanted 1 to {MOST_CHANNELS} channels of {} to {} Hz", path.display(), SAMPLE_RATES_HZ.start(), SAMPLE_RATES_HZ.end())]
    Unlikely {
        /// The file.
        path: PathBuf,
        /// Channels that were there.
        channels: usize,
        /// The rate that was there.
        sample_rate_hz: u32,
    },
    /// Its rate or its number of channels changes half-way.
    #[error("{}: its sound changes after {after_s:.1} s from {} to {} channels of {} Hz; only files that stay the same are read", path.display(), was.1, is.1, is.0)]
    Changed {
        /// The file.
        path: PathBuf,
        /// Seconds before the change.
        after_s: f64,
        /// Rate and channels before.
        was: (u32, usize),
        /// Rate and channels after.
        is: (u32, usize),
    },
}

/// A sound file that is being read.
pub struct SoundFile {
    path: PathBuf,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    sample_rate_hz: u32,
    channels: usize,
    /// The block that [`SoundFile::open`] decoded to learn rate and channels.
    first: Option<Vec<f32>>,
    block: Vec<f32>,
    position: u64,
    filled: u64,
}

impl std::fmt::Debug for SoundFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoundFile")
            .field("path", &self.path)
            .field("sample_rate_hz", &self.sample_rate_hz)
            .field("channels", &self.channels)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl SoundFile {
    /// Opens a file and finds out what it holds.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let io = |source| FileError::Io {
            path: path.to_owned(),
            source,
        };
        // Looked at before it is opened: opening a pipe would wait for its writer.
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(FileError::NotAFile { path: path.to_owned() });
        }
        let stream = MediaSourceStream::new(Box::new(File::open(path).map_err(io)?), Default::default());
        let mut hint = Hint::new();
        if let Some(ending) = path.extension().and_then(|ending| ending.to_str()) {
            hint.with_extension(ending);
        }
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(|error| FileError::Format {
                path: path.to_owned(),
                why: error.to_string(),
            })?;
        let no_sound = || FileError::NoSound { path: path.to_owned() };
        let track = format.default_track(TrackType::Audio).ok_or_else(no_sound)?;
        let parameters = track
            .codec_params
            .as_ref()
            .and_then(|all| all.audio())
            .ok_or_else(no_sound)?;
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| FileError::Codec {
                path: path.to_owned(),
                why: error.to_string(),
            })?;
        let mut file = Self {
            path: path.to_owned(),
            track: track.id,
            sample_rate_hz: parameters.sample_rate.unwrap_or(0),
            channels: parameters.channels.as_ref().map_or(0, |channels| channels.count()),
            format,
            decoder,
            first: None,
            block: Vec::new(),
            position: 0,
            filled: 0,
        };
        file.learn_form()?;
        Ok(file)
    }

    /// Samples a second of each channel.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples of each channel that were read so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many of them are silence in the place of what was damaged.
    pub fn filled(&self) -> u64 {
        self.filled
    }

    /// Reads the next block: samples of all channels in turn, full scale ±1, all of them numbers; `None` at the end. A file that
    /// was cut short ends where it was cut.
    ///
    /// # Errors
    /// When the file cannot be read any further, or its sound changes its form.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, FileError> {
        match self.first.take() {
            Some(first) => self.block = first,
            None => {
                let Some(form) = self.decode_next()? else {
                    return Ok(None);
                };
                if form != (self.sample_rate_hz, self.channels) {
                    return Err(FileError::Changed {
                        path: self.path.clone(),
                        after_s: self.position as f64 / f64::from(self.sample_rate_hz),
                        was: (self.sample_rate_hz, self.channels),
                        is: form,
                    });
                }
            }
        }
        let mut odd = 0;
        for sample in &mut self.block {
            if !sample.is_finite() {
                *sample = 0.0;
                odd += 1;
            }
        }
        self.filled += odd_frames(odd, self.channels);
        self.position += (self.block.len() / self.channels) as u64;
        Ok(Some(&self.block))
    }

    /// Rate and channels are the decoder's word where there is any sound: containers are often wrong about them.
    fn learn_form(&mut self) -> Result<(), FileError> {
        if let Some(form) = self.decode_next()? {
            (self.sample_rate_hz, self.channels) = form;
            self.first = Some(std::mem::take(&mut self.block));
        }
        if SAMPLE_RATES_HZ.contains(&self.sample_rate_hz) && (1..=MOST_CHANNELS).contains(&self.channels) {
            return Ok(());
        }
        Err(FileError::Unlikely {
            path: self.path.clone(),
            channels: self.channels,
            sample_rate_hz: self.sample_rate_hz,
        })
    }

    /// Decodes the next packet into `block`; returns rate and channels, `None` at the end.
    fn decode_next(&mut self) -> Result<Option<(u32, usize)>, FileError> {
        let mut damaged = 0;
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(None),
                Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                Err(Error::IoError(source)) => {
                    return Err(FileError::Io {
                        path: self.path.clone(),
                        source,
                    });
                }
                Err(error) => return Err(self.undecodable(&error)),
            };
            if packet.track_id != self.track {
                continue;
            }
            match self.decoder.decode(&packet) {
                Ok(sound) if sound.is_empty() => {}
                Ok(sound) => {
                    sound.copy_to_vec_interleaved(&mut self.block);
                    return Ok(Some((sound.spec().rate(), sound.spec().channels().count())));
                }
                Err(error) if damaged == MOST_DAMAGED => return Err(self.undecodable(&error)),
                Err(_) => {
                    damaged += 1;
                    if let Some(form) = self.fill_in_for(&packet) {
                        return Ok(Some(form));
                    }
                }
            }
        }
    }

    /// Puts silence in the place of a damaged packet, where it is known how long that was.
    fn fill_in_for(&mut self, packet: &Packet) -> Option<(u32, usize)> {
        // The first block says what form the sound has; before it there is nothing to fill in.
        if self.position == 0 && self.first.is_none() {
            return None;
        }
        let length = packet.dur.get().min(MOST_FILLED);
        self.block.clear();
        self.block.resize(length as usize * self.channels, 0.0);
        self.filled += length;
        (length > 0).then_some((self.sample_rate_hz, self.channels))
    }

    fn undecodable(&self, error: &Error) -> FileError {
        FileError::Codec {
            path: self.path.clone(),
            why: error.to_string(),
        }
    }
}

/// In how many samples of each channel `odd` samples lie, at the least.
fn odd_frames(odd: usize, channels: usize) -> u64 {
    odd.div_ceil(channels) as u64
}
