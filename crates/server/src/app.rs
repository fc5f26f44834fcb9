//! Everything that requests share, and which request goes where.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::api::{self, Refusal};
use crate::connection::{Limits, Peer};
use crate::heard::Heard;
use crate::instance::Asker;
use crate::login::Logins;
use crate::pictures::Pictures;
use crate::results::Results;
use crate::sound::Sounds;
use crate::webrtc::Webrtc;
use crate::{alerts, assets, guard, live, mjpeg, recordings};

/// No request brings more.
const LONGEST_BODY_BYTES: usize = 4 << 10;
/// Holds the session of somebody who gave the password.
pub(crate) const COOKIE: &str = "bushbaby_session";

/// What all requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) instance: String,
    /// This machine's name, as a `Host` may say it.
    pub(crate) machine: String,
    pub(crate) asker: Asker,
    pub(crate) pictures: Pictures,
    /// Absent: pictures go as JPEG only.
    pub(crate) webrtc: Option<Webrtc>,
    pub(crate) results: Results,
    pub(crate) sounds: Sounds,
    pub(crate) heard: Heard,
    pub(crate) logins: Mutex<Logins>,
    pub(crate) limits: Limits,
    /// The folder of the pipeline file, to which paths are relative.
    pub(crate) base_dir: PathBuf,
    /// Set while somebody looks what a recorder has written.
    pub(crate) is_looking: Arc<AtomicBool>,
    /// Pages that are connected.
    pub(crate) pages: AtomicUsize,
}

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(root))
        .route("/live", get(live::upgrade))
        .route("/stream.mjpg", get(mjpeg::first))
        .route("/stream/{*name}", get(mjpeg::named))
        .route("/api/status", get(api::status))
        .route("/api/web", get(api::web))
        .route("/api/depth/{*stream}", get(api::depth))
        .route("/api/log/{node}", get(api::log))
        .route("/api/recordings/{node}", get(recordings::answer))
        .route("/api/settings/{node}", get(api::settings))
        .route("/api/restart/{node}", post(api::restart))
        .route("/api/tune/{node}", post(api::tune))
        .route("/api/save/{node}", post(api::save))
        .route("/api/pipeline/{node}", post(api::pipeline))
        .route("/api/alerts/{name}/mute", post(alerts::mute))
        .route("/api/login", post(api::login))
        .fallback(file)
        .layer(DefaultBodyLimit::max(LONGEST_BODY_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), only_for_us))
        .with_state(app)
}

/// What is on the port of one camera: its pictures, as mjpg-streamer and the field's own servers give them.
pub(crate) fn router_of_camera(app: Arc<App>, camera: String) -> Router {
    let camera: Arc<str> = camera.into();
    let moving = camera.clone();
    Router::new()
        .route(
            "/",
            get(
                async move |State(app): State<Arc<App>>, Query(query): Query<mjpeg::Wanted>, headers: HeaderMap| {
                    let action = query.action().unwrap_or(mjpeg::Action::Stream);
                    mjpeg::answer(&app, action, Some(&camera), &query, &headers).await
                },
            ),
        )
        .route(
            "/stream.mjpg",
            get(
                async move |State(app): State<Arc<App>>, Query(query): Query<mjpeg::Wanted>, headers: HeaderMap| {
                    mjpeg::answer(&app, mjpeg::Action::Stream, Some(&moving), &query, &headers).await
                },
            ),
        )
        .layer(middleware::from_fn_with_state(app.clone(), only_for_us))
        .with_state(app)
}

/// The page, or what mjpg-streamer would send for the same address.
async fn root(State(app): State<Arc<App>>, Query(query): Query<mjpeg::Wanted>, headers: HeaderMap) -> Response {
    match query.action() {
        None => page_file("/", &headers),
        Some(action) => mjpeg::answer(&app, action, query.name(), &query, &headers).await,
    }
}

async fn file(request: Request) -> Response {
    page_file(request.uri().path(), request.headers())
}

fn page_file(path: &str, headers: &HeaderMap) -> Response {
    assets::answer(path, headers)
        .unwrap_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("there is no `{path}` here")).into_response())
}

/// Turns away what a page of another site made a browser ask, and does not wait long for the body of what changes something.
async fn only_for_us(State(app): State<Arc<App>>, request: Request<Body>, next: Next) -> Response {
    if let Some(refusal) = foreign(&app, &request) {
        return refusal.into_response();
    }
    if !changes(request.method()) {
        return next.run(request).await;
    }
    match tokio::time::timeout(app.limits.header, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request took too long".into()).into_response(),
    }
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn foreign(app: &App, request: &Request<Body>) -> Option<Refusal> {
    let text = |name| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| text(header::HOST));
    if let Some(host) = host
        && !guard::is_own_host(host, &app.machine)
    {
        let message = format!("`{host}` is no name of this machine");
        return Some(
            Refusal::new(StatusCode::FORBIDDEN, message)
                .with_hint("open it by its address, as in http://127.0.0.1:5800"),
        );
    }
    let changes = changes(request.method());
    let is_live = request.uri().path() == "/live";
    let is_own = match (text(header::ORIGIN), host) {
        (Some(origin), Some(host)) => guard::is_own_origin(origin, host),
        // A program that is no browser may look.
        (None, _) => !changes,
        (Some(_), None) => false,
    };
    ((changes || is_live) && !is_own).then(|| {
        Refusal::new(
            StatusCode::FORBIDDEN,
            "this can only be asked by the page itself".into(),
        )
    })
}

/// Whether whoever sent this may act, and not only look.
pub(crate) fn may_act(app: &App, Extension(Peer(peer)): Extension<Peer>, headers: &HeaderMap) -> bool {
    let was_forwarded = ["forwarded", "x-forwarded-for", "x-real-ip"]
        .iter()
        .any(|name| headers.contains_key(*name));
    if guard::is_this_host(peer, was_forwarded) {
        return true;
    }
    let mut logins = app.logins.lock().unwrap_or_else(PoisonError::into_inner);
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.any(|(name, secret)| name == COOKIE && logins.is_known(secret, Instant::now()))
}
