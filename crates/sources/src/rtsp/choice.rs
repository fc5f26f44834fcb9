//! Which of a camera's streams are played.

use retina::client::{Described, Session, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::description::format_parameters;
use super::sound::{SoundFormat, Unreadable};
use super::trouble::Trouble;

/// Whether sound is taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoundWish {
    /// The sound that the camera has, if it has any.
    #[default]
    Auto,
    /// A camera without sound is a fault.
    Needed,
    /// Sound and no pictures.
    Only,
    /// Pictures and no sound.
    Off,
}

/// What to play, by the number of the stream.
#[derive(Debug)]
pub(super) struct Choice {
    /// With the format parameters of the description.
    pub(super) pictures: Option<(usize, Option<String>)>,
    pub(super) sound: Option<(usize, SoundFormat)>,
    /// Why there is no sound, in words, if any was wished for.
    pub(super) no_sound: Option<String>,
}

/// The first video and the first sound that can be read. A camera may have only one of both.
pub(super) fn choose(session: &Session<Described>, wish: SoundWish, host: &str) -> Result<Choice, Trouble> {
    let streams = session.streams();
    let description = String::from_utf8_lossy(session.sdp());
    let pictures = match wish {
        SoundWish::Only => None,
        _ => choose_pictures(streams, host)?,
    };
    let pictures = pictures.map(|stream| (stream, parameters_of(streams, stream, &description)));
    let (sound, no_sound) = match (wish, choose_sound(streams, &description)) {
        (SoundWish::Off, _) => (None, None),
        (_, Ok(Some(sound))) => (Some(sound), None),
        (_, Ok(None)) => (None, Some(NoSound::Absent)),
        (_, Err(unreadable)) => (None, Some(NoSound::Unreadable(unreadable))),
    };
    let host = host.to_owned();
    match no_sound {
        Some(NoSound::Absent) if matches!(wish, SoundWish::Needed | SoundWish::Only) => Err(Trouble::NoSound {
            offered: offered(streams),
            host,
        }),
        Some(NoSound::Unreadable(why)) if wish == SoundWish::Needed || pictures.is_none() => {
            Err(Trouble::UnreadableSound { host, why })
        }
        _ if pictures.is_none() && sound.is_none() => Err(Trouble::NoVideo {
            offered: offered(streams),
            host,
        }),
        no_sound => Ok(Choice {
            pictures,
            sound,
            no_sound: no_sound.map(|why| match why {
                NoSound::Absent => "it has none".to_owned(),
                NoSound::Unreadable(why) => why.to_string(),
            }),
        }),
    }
}

enum NoSound {
    Absent,
    Unreadable(Unreadable),
}

fn choose_pictures(streams: &[Stream], host: &str) -> Result<Option<usize>, Trouble> {
    let is_video = |stream: &&Stream| stream.media() == "video";
    let readable = streams
        .iter()
        .position(|stream| is_video(&stream) && stream.encoding_name() == "h264");
    match (readable, streams.iter().find(is_video)) {
        (None, Some(video)) => Err(Trouble::UnknownCodec {
            host: host.to_owned(),
            codec: codec_name(video.encoding_name()),
        }),
        (readable, _) => Ok(readable),
    }
}

/// The first sound that can be read; if there is none, why the first cannot.
fn choose_sound(streams: &[Stream], description: &str) -> Result<Option<(usize, SoundFormat)>, Unreadable> {
    let mut first_trouble = None;
    for (number, stream) in streams
        .iter()
        .enumerate()
        .filter(|(_, stream)| stream.media() == "audio")
    {
        let parameters = parameters_of(streams, number, description);
        let channels = stream.channels().map(|channels| channels.get());
        match SoundFormat::read(
            stream.encoding_name(),
            stream.clock_rate_hz(),
            channels,
            parameters.as_deref(),
        ) {
            Ok(format) => return Ok(Some((number, format))),
            Err(unreadable) => {
                first_trouble.get_or_insert(unreadable);
            }
        }
    }
    first_trouble.map_or(Ok(None), Err)
}

fn parameters_of(streams: &[Stream], number: usize, description: &str) -> Option<String> {
    let form = |stream: &Stream| (stream.media().to_owned(), stream.rtp_payload_type());
    let wanted = form(&streams[number]);
    let nth = streams[..number].iter().filter(|stream| form(stream) == wanted).count();
    format_parameters(description, &wanted.0, wanted.1, nth)
}

fn offered(streams: &[Stream]) -> String {
    let offered: Vec<String> = streams
        .iter()
        .map(|stream| format!("{} ({})", stream.media(), stream.encoding_name()))
        .collect();
    if offered.is_empty() {
        "an empty description".to_owned()
    } else {
        offered.join(", ")
    }
}

/// As the camera's menu calls it.
fn codec_name(encoding: &str) -> String {
    match encoding {
        "h265" => "H.265 (HEVC)".into(),
        "jpeg" => "Motion JPEG".into(),
        "mp4v-es" => "MPEG-4".into(),
        other => other.to_uppercase(),
    }
}
