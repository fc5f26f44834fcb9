//! MJPEG and single pictures for other programs: dashboards, players, scripts.
//!
//! When the camera is gone the stream goes on: once a second with a picture that says so, and since when. `?view=depth` shows
//! another view of an RGB-D camera.

mod stream;
mod wanted;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use futures_util::stream as futures;

use crate::api::Refusal;
use crate::app::App;
use crate::guard;
use crate::pictures::View;
use stream::{Parts, Shown};
pub(crate) use wanted::{Action, Wanted};

/// Parts of a stream are told apart by this line; it does not occur in a JPEG.
const BOUNDARY: &str = "bushbaby-picture";

/// `GET /stream.mjpg`: the first camera.
pub(crate) async fn first(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response<Body> {
    answer(&app, Action::Stream, wanted.name(), &wanted, &headers).await
}

/// `GET /stream/NAME.mjpg` and `/stream/NAME.jpg`.
pub(crate) async fn named(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response<Body> {
    let (name, action) = if let Some(name) = path.strip_suffix(".mjpg") {
        (name, Action::Stream)
    } else if let Some(name) = path.strip_suffix(".jpg") {
        (name, Action::Snapshot)
    } else {
        let message = format!("there is no `/stream/{path}`");
        let refusal = Refusal::new(StatusCode::NOT_FOUND, message);
        return refusal
            .with_hint(format!(
                "`/stream/{path}.mjpg` moves, `/stream/{path}.jpg` is one picture"
            ))
            .into_response();
    };
    answer(&app, action, Some(name), &wanted, &headers).await
}

/// Answers with the stream or the picture of the camera called `name`, or of the first.
pub(crate) async fn answer(
    app: &Arc<App>,
    action: Action,
    name: Option<&str>,
    wanted: &Wanted,
    headers: &HeaderMap,
) -> Response<Body> {
    let parts = match open(app, name, wanted).await {
        Ok(parts) => parts,
        Err(refusal) => return refusal.into_response(),
    };
    let mut response = match action {
        Action::Stream => moving(parts),
        Action::Snapshot => still(parts).await,
    };
    let own = response.headers_mut();
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    own.insert(header::VARY, HeaderValue::from_static("origin"));
    // A dashboard on the same network may look at the pixels; a page from elsewhere may not.
    if let Some(origin) = headers.get(header::ORIGIN)
        && origin
            .to_str()
            .is_ok_and(|origin| guard::is_local_origin(origin, &app.machine))
    {
        own.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    response
}

async fn open(app: &Arc<App>, name: Option<&str>, wanted: &Wanted) -> Result<Parts, Refusal> {
    let known = app.asker.status().await.map_err(|reason| Refusal::silent(&reason))?;
    let Some(picture) = known.picture(name) else {
        let cameras: Vec<_> = known
            .pictures
            .iter()
            .map(|picture| format!("`{}`", picture.name))
            .collect();
        let hint = if cameras.is_empty() {
            "it has no camera".to_owned()
        } else {
            format!("its cameras: {}", cameras.join(", "))
        };
        let message = name.map_or("this pipeline has no camera".to_owned(), |name| {
            format!("no camera is called `{name}`")
        });
        return Err(Refusal::new(StatusCode::NOT_FOUND, message).with_hint(hint));
    };
    let view = wanted.view().map_err(|word| {
        Refusal::new(StatusCode::BAD_REQUEST, format!("there is no view `{word}`"))
            .with_hint("the views of an RGB-D camera are `picture`, `depth`, `right` and `confidence`")
    })?;
    if view != View::Picture && !picture.is_rgbd {
        let message = format!("`{}` has no {}: it is no RGB-D camera", picture.name, view.name());
        return Err(Refusal::new(StatusCode::NOT_FOUND, message));
    }
    let fps = known
        .status
        .streams
        .get(&picture.stream)
        .map_or(0.0, |stream| stream.fps);
    Parts::open(app, picture.stream.clone(), picture.is_camera, wanted.wish(), fps).map_err(|error| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("a thread cannot be started: {error}"),
        )
    })
}

fn moving(parts: Parts) -> Response<Body> {
    let parts = futures::unfold(parts, async |mut parts| {
        let part = part(&parts.next().await);
        Some((Ok::<_, std::convert::Infallible>(part), parts))
    });
    let mut response = Response::new(Body::from_stream(parts));
    let content_type = format!("multipart/x-mixed-replace; boundary={BOUNDARY}");
    if let Ok(content_type) = HeaderValue::from_str(&content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
}

/// One picture; with status 503 when it is the one that says that there is none.
async fn still(mut parts: Parts) -> Response<Body> {
    let shown = parts.next().await;
    let mut response = Response::new(Body::from(shown.jpeg.clone()));
    if !shown.is_live {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    if let Ok(stamp) = HeaderValue::from_str(&stamp(&shown)) {
        headers.insert("x-timestamp", stamp);
    }
    response
}

/// One part of the stream, whole: so that it also is one chunk, and readers that know no chunks find whole pictures.
fn part(shown: &Shown) -> axum::body::Bytes {
    let mut part = format!(
        "--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nX-Timestamp: {}\r\n\r\n",
        shown.jpeg.len(),
        stamp(shown),
    )
    .into_bytes();
    part.extend_from_slice(&shown.jpeg);
    part.extend_from_slice(b"\r\n");
    part.into()
}

/// When the picture was taken: seconds since 1970, with six decimals.
fn stamp(shown: &Shown) -> String {
    let us = shown.captured.as_ns() / 1000;
    format!("{}.{:06}", us.div_euclid(1_000_000), us.rem_euclid(1_000_000))
}
