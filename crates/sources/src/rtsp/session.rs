//! One connection to a camera, from its first word to its pictures.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use retina::client::{
    Credentials, Demuxed, Described, InitialTimestampPolicy, PlayOptions, Session, SessionGroup, SessionOptions,
    SetupOptions, TcpTransportOptions, Transport, UdpTransportOptions, UnassignedChannelDataPolicy,
};
use retina::codec::{CodecItem, FrameFormat};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Address;
use super::trouble::{Trouble, first_line};

/// How long a camera may take for each answer.
const ANSWER: Duration = Duration::from_secs(3);
const USER_AGENT: &str = "bushbaby";
const STATUS_UNAUTHORIZED: u16 = 401;
const STATUS_NOT_FOUND: u16 = 404;
const STATUS_UNSUPPORTED_TRANSPORT: u16 = 461;

/// How packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Tcp,
    Udp,
}

/// A camera that plays. Dropped, it says goodbye in the background.
pub(super) struct Playing {
    items: Demuxed,
    host: String,
}

/// Why a camera does not play.
#[derive(Debug)]
pub(super) enum NotPlaying {
    /// It will not go this way, maybe another.
    OtherWay,
    Trouble(Trouble),
}

impl From<Trouble> for NotPlaying {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Connects, chooses the video, and has it played.
pub(super) async fn play(address: &Address, way: Way, group: &Arc<SessionGroup>) -> Result<Playing, NotPlaying> {
    let host = address.host();
    let mut session = describe(address, group).await?;
    let stream = choose(&session, &host)?;
    let transport = match way {
        Way::Tcp => Transport::Tcp(TcpTransportOptions::default()),
        Way::Udp => Transport::Udp(UdpTransportOptions::default()),
    };
    let options = SetupOptions::default()
        .transport(transport)
        .frame_format(FrameFormat::SIMPLE);
    match timeout(ANSWER, session.setup(stream, options)).await {
        Err(_) => return Err(Trouble::NoAnswer { host }.into()),
        Ok(Err(error)) if error.status_code() == Some(STATUS_UNSUPPORTED_TRANSPORT) => {
            return Err(NotPlaying::OtherWay);
        }
        Ok(Err(error)) => return Err(refused(address, &error, "set up the stream").into()),
        Ok(Ok(())) => {}
    }
    // Cameras write all sorts of first times; ours count from the first packet.
    let options = PlayOptions::default().initial_timestamp(InitialTimestampPolicy::Ignore);
    let session = match timeout(ANSWER, session.play(options)).await {
        Err(_) => return Err(Trouble::NoAnswer { host }.into()),
        Ok(played) => played.map_err(|error| refused(address, &error, "play"))?,
    };
    let items = session.demuxed().map_err(|error| Trouble::Garbage {
        host: host.clone(),
        said: first_line(&error),
    })?;
    Ok(Playing { items, host })
}

impl Playing {
    /// Waits for the next picture or report.
    pub(super) async fn next(&mut self) -> Result<CodecItem, Trouble> {
        match self.items.next().await {
            Some(Ok(item)) => Ok(item),
            Some(Err(error)) => Err(Trouble::Broken {
                host: self.host.clone(),
                said: first_line(&error),
            }),
            None => Err(Trouble::Closed {
                host: self.host.clone(),
            }),
        }
    }
}

async fn describe(address: &Address, group: &Arc<SessionGroup>) -> Result<Session<Described>, Trouble> {
    let credentials = address.login.clone().map(|login| Credentials {
        username: login.user,
        password: login.password,
    });
    let options = SessionOptions::default()
        .creds(credentials)
        .session_group(group.clone())
        .unassigned_channel_data(UnassignedChannelDataPolicy::Ignore)
        .user_agent(USER_AGENT.into());
    let host = address.host();
    match timeout(ANSWER, Session::describe(address.url.clone(), options)).await {
        Err(_) => Err(Trouble::NoAnswer { host }),
        Ok(Ok(session)) => Ok(session),
        Ok(Err(error)) if error.status_code().is_some() => Err(refused(address, &error, "describe its stream")),
        Ok(Err(error)) => Err(why_not_connected(host, first_line(&error)).await),
    }
}

fn refused(address: &Address, error: &retina::Error, what: &'static str) -> Trouble {
    let host = address.host();
    match error.status_code() {
        Some(STATUS_UNAUTHORIZED) if address.login.is_some() => Trouble::WrongLogin { host },
        Some(STATUS_UNAUTHORIZED) => Trouble::NoLogin { host },
        Some(STATUS_NOT_FOUND) => Trouble::NoStream { host },
        // A success that the library could not make sense of.
        Some(200..=299) | None => Trouble::Garbage {
            host,
            said: first_line(error),
        },
        Some(status) => Trouble::Refused { host, what, status },
    }
}

/// The library does not tell what the network said; a second try, without a word, does.
async fn why_not_connected(host: String, said: String) -> Trouble {
    match timeout(ANSWER, TcpStream::connect(host.as_str())).await {
        Err(_) => Trouble::NoAnswer { host },
        Ok(Err(error)) => Trouble::Unreachable {
            host,
            why: first_line(&error),
        },
        Ok(Ok(_)) => Trouble::NotRtsp { host, said },
    }
}

/// The stream to play: the first video that can be read.
fn choose(session: &Session<Described>, host: &str) -> Result<usize, Trouble> {
    let host = host.to_owned();
    let streams = session.streams();
    if let Some(stream) = streams
        .iter()
        .position(|stream| stream.media() == "video" && stream.encoding_name() == "h264")
    {
        return Ok(stream);
    }
    if let Some(video) = streams.iter().find(|stream| stream.media() == "video") {
        return Err(Trouble::UnknownCodec {
            host,
            codec: codec_name(video.encoding_name()),
        });
    }
    let offered: Vec<String> = streams
        .iter()
        .map(|stream| format!("{} ({})", stream.media(), stream.encoding_name()))
        .collect();
    let offered = if offered.is_empty() {
        "an empty description".to_owned()
    } else {
        offered.join(", ")
    };
    Err(Trouble::NoVideo { host, offered })
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
