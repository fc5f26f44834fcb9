//! One connection to a camera, from its first word to its packets.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use retina::client::{
    Credentials, Described, InitialTimestampPolicy, PacketItem, PlayOptions, Playing as Plays, Session, SessionGroup,
    SessionOptions, SetupOptions, TcpTransportOptions, Transport, UdpTransportOptions, UnassignedChannelDataPolicy,
};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::address::Address;
use super::choice::{Choice, SoundWish, choose};
use super::pictures::Pictures;
use super::sound::SoundFormat;
use super::trouble::Trouble;
use crate::first_line::first_line;

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
    packets: Session<Plays>,
    /// Where its pictures are put together, if it has any.
    pub(super) pictures: Option<(usize, Pictures)>,
    /// How its sound is encoded, if it has any that can be read.
    pub(super) sound: Option<(usize, Arc<SoundFormat>)>,
    /// Why it has none, in words, if any was wished for.
    pub(super) no_sound: Option<String>,
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

/// Connects, chooses what to play, and has it played.
pub(super) async fn play(
    address: &Address,
    wish: SoundWish,
    way: Way,
    group: &Arc<SessionGroup>,
) -> Result<Playing, NotPlaying> {
    let host = address.host();
    let mut session = describe(address, group).await?;
    let Choice {
        pictures,
        mut sound,
        mut no_sound,
    } = choose(&session, wish, &host)?;
    let pictures = match pictures {
        None => None,
        Some((stream, parameters)) => {
            let ticks_per_second = session.streams()[stream].clock_rate_hz();
            let made = Pictures::new(ticks_per_second, parameters.as_deref());
            let made = made.map_err(|error| Trouble::Garbage {
                host: host.clone(),
                said: first_line(&error),
            })?;
            set_up(&mut session, address, stream, way).await?;
            Some((stream, made))
        }
    };
    if let Some((stream, _)) = &sound {
        match set_up(&mut session, address, *stream, way).await {
            // Sound that a camera only speaks of costs no pictures.
            Err(NotPlaying::Trouble(trouble @ (Trouble::Refused { .. } | Trouble::Garbage { .. })))
                if pictures.is_some() && wish != SoundWish::Needed =>
            {
                (sound, no_sound) = (None, Some(trouble.to_string()));
            }
            set_up => set_up?,
        }
    }
    // Cameras write all sorts of first times; ours count from the first packet.
    let options = PlayOptions::default().initial_timestamp(InitialTimestampPolicy::Ignore);
    let packets = match timeout(ANSWER, session.play(options)).await {
        Err(_) => return Err(Trouble::NoAnswer { host }.into()),
        Ok(played) => played.map_err(|error| refused(address, &error, "play"))?,
    };
    Ok(Playing {
        packets,
        pictures,
        sound: sound.map(|(stream, format)| (stream, Arc::new(format))),
        no_sound,
    })
}

async fn set_up(
    session: &mut Session<Described>,
    address: &Address,
    stream: usize,
    way: Way,
) -> Result<(), NotPlaying> {
    let transport = match way {
        Way::Tcp => Transport::Tcp(TcpTransportOptions::default()),
        Way::Udp => Transport::Udp(UdpTransportOptions::default()),
    };
    let options = SetupOptions::default().transport(transport);
    match timeout(ANSWER, session.setup(stream, options)).await {
        Err(_) => Err(Trouble::NoAnswer { host: address.host() }.into()),
        Ok(Err(error)) if error.status_code() == Some(STATUS_UNSUPPORTED_TRANSPORT) => Err(NotPlaying::OtherWay),
        Ok(Err(error)) => Err(refused(address, &error, "set up the stream").into()),
        Ok(Ok(())) => Ok(()),
    }
}

impl Playing {
    /// Waits for the next packet. An error may be that of one packet alone. `None`: the camera has closed the connection.
    pub(super) async fn next(&mut self) -> Option<Result<PacketItem, String>> {
        let item = self.packets.next().await?;
        Some(item.map_err(|error| first_line(&error)))
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
