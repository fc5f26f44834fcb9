//! The one WebSocket of a page: pictures, sound, results, status and clock, each as soon as it is there.
//!
//! The page says what is in sight and what it listens to. Of each camera one picture is under way at most: the next goes out, the newest there is,
//! when the page has taken the one before. Where the page offered WebRTC and is connected, a camera's pictures go that
//! way as H.264, and their headers alone come here. A page that says what no page says, or takes nothing, is cut off;
//! nobody else notices.

mod hearing;
mod lines;
mod messages;
mod session;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::app::{App, may_act};
use crate::connection::{Here, Peer};
use crate::guard;
use messages::ToPage;
use session::{Session, Trouble};

/// No message of a page is longer.
const LONGEST_MESSAGE_BYTES: usize = 16 << 10;
/// How often the columns of spectrograms go out; levels and scores with every second of them.
const COLUMNS_EVERY: Duration = Duration::from_millis(100);

/// What is known of a page before it speaks.
#[derive(Debug, Clone, Copy)]
struct Ends {
    /// The address at which it reached this host.
    here: Here,
    may_act: bool,
    /// Whether H.264 serves it better than JPEG.
    wants_video: bool,
}

/// `GET /live`.
pub(crate) async fn upgrade(
    State(app): State<Arc<App>>,
    peer: Extension<Peer>,
    Extension(here): Extension<Here>,
    headers: HeaderMap,
    request: WebSocketUpgrade,
) -> Response {
    // At this host JPEG costs no network, and is younger when it is drawn. A limit of what pictures may take counts everywhere.
    let is_here = guard::is_this_host(peer.0.0, false);
    let ends = Ends {
        here,
        may_act: may_act(&app, peer, &headers),
        wants_video: app.webrtc.is_some() && (!is_here || app.pictures.spent().is_some()),
    };
    request
        .max_message_size(LONGEST_MESSAGE_BYTES)
        .max_frame_size(LONGEST_MESSAGE_BYTES)
        .on_upgrade(move |socket| serve(app, socket, ends))
}

async fn serve(app: Arc<App>, mut socket: WebSocket, ends: Ends) {
    app.pages.fetch_add(1, Ordering::Relaxed);
    let ended = talk(&app, &mut socket, ends).await;
    app.pages.fetch_sub(1, Ordering::Relaxed);
    let Err(trouble) = ended else { return };
    tracing::debug!("a page was cut off: {trouble}");
    let close = CloseFrame {
        code: close_code::POLICY,
        reason: shortened(trouble.to_string()).into(),
    };
    // Whoever takes nothing does not take this either.
    let _ = timeout(Duration::from_secs(1), socket.send(Message::Close(Some(close)))).await;
}

/// A reason as long as the protocol lets it be (RFC 6455, 5.5: 125 bytes, two of them are the code).
fn shortened(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(123));
    reason
}

/// Talks until the page goes; an error is why it is cut off.
async fn talk(app: &Arc<App>, socket: &mut WebSocket, ends: Ends) -> Result<(), Trouble> {
    let _watching = app.asker.watching();
    let mut session = Session::new(app.clone(), ends.here);
    let mut found = app.results.found();
    let mut answers = app.asker.answers();
    let mut look_round = interval(app.limits.silence / 3);
    look_round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = app.heard.told.clone();
    let mut tick = interval(COLUMNS_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ticks = 0_u32;
    let mut last_sign = Instant::now();
    let hello = ToPage::Hello {
        instance: &app.instance,
        version: env!("CARGO_PKG_VERSION"),
        may_act: ends.may_act,
        has_password: app
            .logins
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .has_password(),
        has_webrtc: ends.wants_video,
        now_ms: messages::now_ms(),
    };
    if socket.send(Message::Text(hello.text())).await.is_err() {
        return Ok(());
    }
    let mut outgoing = vec![Message::Text(messages::status(&session.first_status().await))];
    outgoing.extend(session.hearing.next_events().map(Message::Text));
    loop {
        for message in outgoing.drain(..) {
            if socket.send(message).await.is_err() {
                return Ok(());
            }
        }
        while let Some(trouble) = session.next_trouble() {
            if socket.send(trouble).await.is_err() {
                return Ok(());
            }
        }
        while let Some(content) = session.hearing.next_piece().or_else(|| session.next_picture()) {
            if socket.send(Message::Binary(content)).await.is_err() {
                return Ok(());
            }
        }
        tokio::select! {
            incoming = socket.recv() => match incoming {
                Some(Ok(message)) => {
                    last_sign = Instant::now();
                    outgoing.extend(session.hear(message)?);
                    if session.is_over() {
                        return Ok(());
                    }
                }
                Some(Err(error)) => return Err(Trouble::Protocol(error.to_string())),
                None => return Ok(()),
            },
            result = found.recv() => match result {
                Ok(result) if session.shows(&result) => outgoing.push(Message::Text(result.message)),
                // A page that is too slow misses the oldest; the others are still worth sending.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            },
            () = session.is_there() => {}
            _ = tick.tick(), if !session.hearing.is_idle() => {
                outgoing.extend(std::iter::from_fn(|| session.hearing.next_columns()).map(Message::Binary));
                ticks = ticks.wrapping_add(1);
                if ticks.is_multiple_of(20) {
                    session.hearing.tell_again();
                }
                if ticks.is_multiple_of(2) {
                    outgoing.extend(std::iter::from_fn(|| session.hearing.next_text()).map(Message::Text));
                }
            }
            changed = told.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                outgoing.extend(session.hearing.next_events().map(Message::Text));
            }
            changed = answers.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let answer = answers.borrow_and_update().clone();
                if let Some((_, answer)) = answer {
                    session.learn(&answer)?;
                    outgoing.push(Message::Text(messages::status(&answer)));
                }
            }
            _ = look_round.tick() => {
                if last_sign.elapsed() > app.limits.silence {
                    return Err(Trouble::Silent);
                }
                outgoing.push(Message::Ping(axum::body::Bytes::new()));
            }
        }
    }
}
