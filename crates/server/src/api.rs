//! What programs and the page ask in single requests: status, logs, settings, restart, login.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bushbaby_node::status::{Reply, Request};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{App, COOKIE, may_act};
use crate::connection::Peer;
use crate::login::{Attempt, SESSION};

/// How many lines of a log are shown.
const LOG_LINES: usize = 300;

/// An answer that says why not.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: String) -> Self {
        Self {
            status,
            error,
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The supervisor gave no answer, for this reason.
    pub(crate) fn silent(reason: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason.to_owned())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

/// `GET /api/status`: what `bushbaby status --json` prints.
pub(crate) async fn status(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let known = app.asker.status().await.map_err(|reason| Refusal::silent(&reason))?;
    let mut response = Response::new(Body::from(known.json.clone()));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// `GET /api/web`: what the page itself costs.
pub(crate) async fn web(State(app): State<Arc<App>>) -> Response {
    let cameras: serde_json::Map<String, serde_json::Value> = app
        .pictures
        .counts()
        .into_iter()
        .map(|(camera, counts, watchers)| (camera.to_string(), json!({ "watchers": watchers, "counts": counts })))
        .collect();
    let sounds: serde_json::Map<String, serde_json::Value> = app
        .sounds
        .counts()
        .into_iter()
        .map(|(source, counts, watchers)| (source.to_string(), json!({ "watchers": watchers, "counts": counts })))
        .collect();
    let mut costs = json!({ "pages": app.pages.load(Ordering::Relaxed), "cameras": cameras, "sounds": sounds });
    if let Some(spent) = app.pictures.spent() {
        costs["budget"] = json!(spent);
    }
    if let Some(webrtc) = &app.webrtc {
        costs["webrtc"] = json!(webrtc.counts());
    }
    Json(costs).into_response()
}

/// A pixel of a camera's picture, (0, 0) its outer corner.
#[derive(Deserialize)]
pub(crate) struct At {
    x: f64,
    y: f64,
}

/// `GET /api/depth/STREAM?x=320&y=240`: the depth there now, in metres, `null` where it is not known. Only while somebody
/// watches this camera: looking costs nothing then.
pub(crate) async fn depth(
    State(app): State<Arc<App>>,
    Path(stream): Path<String>,
    Query(At { x, y }): Query<At>,
) -> Result<Response, Refusal> {
    let camera = stream.parse().map_err(|_| {
        Refusal::new(StatusCode::NOT_FOUND, format!("`{stream}` is no stream"))
            .with_hint("a stream is a node and its output, as in `table/rgbd`")
    })?;
    match app.pictures.depth_at(&camera, [x, y]) {
        Some(metres) => Ok(Json(json!({ "metres": metres })).into_response()),
        None => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("nobody watches depth of `{stream}` now"),
        )),
    }
}

/// `GET /api/log/NODE`: its last lines, oldest first.
pub(crate) async fn log(State(app): State<Arc<App>>, Path(node): Path<String>) -> Result<Response, Refusal> {
    match ask(&app, Request::Log { node, lines: LOG_LINES }).await? {
        Reply::Log(lines) => Ok(Json(json!({ "lines": lines })).into_response()),
        other => Err(refused(other)),
    }
}

/// `GET /api/settings/NODE`: as they are in force, secrets left out.
pub(crate) async fn settings(State(app): State<Arc<App>>, Path(node): Path<String>) -> Result<Response, Refusal> {
    match ask(&app, Request::Settings { node }).await? {
        Reply::Settings(settings) => Ok(Json(settings).into_response()),
        other => Err(refused(other)),
    }
}

/// `POST /api/restart/NODE`.
pub(crate) async fn restart(
    State(app): State<Arc<App>>,
    peer: Extension<Peer>,
    headers: HeaderMap,
    Path(node): Path<String>,
) -> Result<Response, Refusal> {
    must_act(&app, peer, &headers)?;
    tracing::info!("{} asks for a restart of `{node}`", peer.0.0);
    act(&app, Request::Restart { node }).await
}

/// Asks for what is only done, without an answer of its own.
async fn act(app: &App, request: Request) -> Result<Response, Refusal> {
    match ask(app, request).await? {
        Reply::Done => Ok((StatusCode::ACCEPTED, Json(json!({ "done": true }))).into_response()),
        other => Err(refused(other)),
    }
}

/// Which pipeline is wished for: its name or its number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wished {
    pipeline: String,
}

/// `POST /api/pipeline/NODE`.
pub(crate) async fn pipeline(
    State(app): State<Arc<App>>,
    peer: Extension<Peer>,
    headers: HeaderMap,
    Path(node): Path<String>,
    Json(Wished { pipeline }): Json<Wished>,
) -> Result<Response, Refusal> {
    must_act(&app, peer, &headers)?;
    tracing::info!("{} wants pipeline `{pipeline}` of `{node}`", peer.0.0);
    act(&app, Request::Pipeline { node, pipeline }).await
}

/// How a stage is to be tuned: settings by key, `null` for what the file has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tuning {
    #[serde(default)]
    pipeline: usize,
    settings: serde_json::Map<String, serde_json::Value>,
}

/// `POST /api/tune/NODE`: with this pipeline its frames are worked on with these settings from now on.
pub(crate) async fn tune(
    State(app): State<Arc<App>>,
    peer: Extension<Peer>,
    headers: HeaderMap,
    Path(node): Path<String>,
    Json(Tuning { pipeline, settings }): Json<Tuning>,
) -> Result<Response, Refusal> {
    must_act(&app, peer, &headers)?;
    let request = Request::Tune {
        node,
        pipeline,
        settings,
    };
    act(&app, request).await
}

/// Of which of a stage's pipelines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Saving {
    #[serde(default)]
    pipeline: usize,
}

/// `POST /api/save/NODE`: what was tuned of it stands in the pipeline file from now on.
pub(crate) async fn save(
    State(app): State<Arc<App>>,
    peer: Extension<Peer>,
    headers: HeaderMap,
    Path(node): Path<String>,
    Json(Saving { pipeline }): Json<Saving>,
) -> Result<Response, Refusal> {
    must_act(&app, peer, &headers)?;
    tracing::info!("{} saves what was tuned of `{node}`", peer.0.0);
    match ask(&app, Request::Save { node, pipeline }).await? {
        Reply::Saved { file } => Ok(Json(json!({ "file": file })).into_response()),
        other => Err(refused(other)),
    }
}

/// Refuses whoever may only look, and says what to do.
pub(crate) fn must_act(app: &App, peer: Extension<Peer>, headers: &HeaderMap) -> Result<(), Refusal> {
    if may_act(app, peer, headers) {
        return Ok(());
    }
    let has_password = app.logins.lock().unwrap_or_else(PoisonError::into_inner).has_password();
    Err(if has_password {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "from another machine this needs the password".into(),
        )
    } else {
        Refusal::new(StatusCode::FORBIDDEN, "from another machine one can only look".into())
            .with_hint("give the page a password: `web: {listen: 0.0.0.0:5800, password: $PASSWORD}`")
    })
}

#[derive(Deserialize)]
pub(crate) struct Login {
    password: String,
}

/// `POST /api/login`: the password against a cookie.
pub(crate) async fn login(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Json(Login { password }): Json<Login>,
) -> Result<Response, Refusal> {
    let attempt = app.logins.lock().unwrap_or_else(PoisonError::into_inner).attempt(
        &password,
        peer.to_canonical(),
        Instant::now(),
    );
    match attempt {
        Ok(Attempt::Welcome(secret)) => {
            let cookie = format!(
                "{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}",
                SESSION.as_secs()
            );
            Ok((
                StatusCode::OK,
                [(header::SET_COOKIE, cookie)],
                Json(json!({ "done": true })),
            )
                .into_response())
        }
        Ok(Attempt::Wrong) => {
            tracing::warn!("{peer} gave a wrong password");
            Err(Refusal::new(StatusCode::UNAUTHORIZED, "the password is wrong".into()))
        }
        Ok(Attempt::Wait(left)) => {
            let seconds = left.as_secs() + 1;
            Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!("too many wrong passwords; wait {seconds} s"),
            ))
        }
        Ok(Attempt::NoPassword) => Err(Refusal::new(StatusCode::FORBIDDEN, "this page has no password".into())
            .with_hint("write one into the pipeline file: `web: {listen: 0.0.0.0:5800, password: $PASSWORD}`")),
        Err(error) => Err(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("no random bytes: {error}"),
        )),
    }
}

pub(crate) async fn ask(app: &App, request: Request) -> Result<Reply, Refusal> {
    app.asker.ask(request).await.map_err(|reason| Refusal::silent(&reason))
}

pub(crate) fn refused(reply: Reply) -> Refusal {
    match reply {
        Reply::Refused { message, hint } => Refusal {
            status: StatusCode::CONFLICT,
            error: message,
            hint,
        },
        _ => Refusal::silent("the supervisor answered another question"),
    }
}
