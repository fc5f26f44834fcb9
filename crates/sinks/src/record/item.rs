//! What a stream's thread hands to the one that writes.

use bushbaby_recording::wav::WavFormat;
use bushbaby_recording::{Contents, Message, messages};
use bushbaby_video::EncodedPicture;

/// One thing to write.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// A message as it stands in an MCAP file.
    Message(Message),
    /// A picture of a video, for either kind of file.
    Video(VideoPicture),
    /// A piece of sound for a WAV file.
    Sound(Sound),
}

/// A piece of sound.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sound {
    pub(super) topic: String,
    pub(super) generation: u64,
    /// Samples of each channel before it.
    pub(super) position: u64,
    /// When its first sample was captured, on the wall clock.
    pub(super) wall_ns: u64,
    /// The same moment on the clock that only goes forward.
    pub(super) mono_ns: u64,
    pub(super) format: WavFormat,
    /// As they stand in a WAV file.
    pub(super) samples: Vec<u8>,
}

/// A picture of a video.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct VideoPicture {
    pub(super) topic: String,
    pub(super) frame_id: String,
    pub(super) sequence: u32,
    /// When it was captured, on the wall clock.
    pub(super) wall_ns: u64,
    /// The same moment on the clock that only goes forward.
    pub(super) mono_ns: u64,
    pub(super) picture: EncodedPicture,
}

impl Item {
    /// Its topic.
    pub(super) fn topic(&self) -> &str {
        match self {
            Self::Message(message) => &message.topic,
            Self::Video(video) => &video.topic,
            Self::Sound(sound) => &sound.topic,
        }
    }

    /// How much memory it takes, about.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Message(message) => message.data.len(),
            Self::Video(video) => video.picture.annex_b.len(),
            Self::Sound(sound) => sound.samples.len(),
        }
    }

    /// Whether it goes where there is no room: pictures, depth, points and sound, not what was found in them.
    pub(super) fn is_picture(&self) -> bool {
        match self {
            Self::Message(message) => matches!(
                message.contents,
                Contents::Video | Contents::Jpeg | Contents::RawImage | Contents::PointCloud | Contents::Sound
            ),
            Self::Video(_) | Self::Sound(_) => true,
        }
    }

    /// Whether it stands at the start of each file: what the later ones cannot be read without.
    pub(super) fn begins_each_file(&self) -> bool {
        match self {
            Self::Message(message) => matches!(message.contents, Contents::Info | Contents::Calibration),
            Self::Video(_) | Self::Sound(_) => false,
        }
    }

    /// As it stands in an MCAP file; `None` for what goes into WAV files.
    pub(super) fn into_message(self) -> Option<Message> {
        Some(match self {
            Self::Message(message) => message,
            Self::Video(video) => Message {
                data: messages::picture::video(&video.frame_id, video.wall_ns, video.picture.annex_b),
                topic: video.topic,
                contents: Contents::Video,
                sequence: video.sequence,
                log_time_ns: video.wall_ns,
            },
            Self::Sound(_) => return None,
        })
    }
}
