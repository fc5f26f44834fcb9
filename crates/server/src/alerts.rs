//! Alerts from the page: mutes one for a while, and lets it be sent again.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bushbaby_node::alerts::{self, Muted};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::api::{Refusal, must_act};
use crate::app::App;
use crate::connection::Peer;

/// Nobody mutes for longer: a week.
const LONGEST_MS: u64 = 7 * 24 * 3_600_000;

/// For how long from now; 0: not any more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mute {
    for_ms: u64,
}

/// `POST /api/alerts/NAME/mute`.
pub(crate) async fn mute(
    State(app): State<Arc<App>>,
    peer: Extension<Peer>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Json(Mute { for_ms }): Json<Mute>,
) -> Result<Response, Refusal> {
    must_act(&app, peer, &headers)?;
    if for_ms > LONGEST_MS {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("an alert is muted for {LONGEST_MS} ms at most, got {for_ms}"),
        ));
    }
    let known = app.asker.status().await.map_err(|reason| Refusal::silent(&reason))?;
    let mut alerts = known.status.alerts.iter().flat_map(|alerts| &alerts.alerts);
    if !alerts.any(|alert| alert.name == name) {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("there is no alert `{name}`"),
        ));
    }
    tracing::info!("{} mutes the alert `{name}` for {for_ms} ms", peer.0.0);
    let folder = alerts::folder(app.asker.instance());
    let write = move || -> io::Result<()> {
        match for_ms {
            0 => alerts::unmute(&folder, &name),
            _ => alerts::mute(
                &folder,
                &name,
                Muted::Until(Timestamp::now() + SignedDuration::from_millis(for_ms as i64)),
            ),
        }
    };
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(())) => Ok(Json(json!({ "done": true })).into_response()),
        Ok(Err(error)) => Err(Refusal::silent(&format!("it cannot be written down: {error}"))),
        Err(error) => Err(Refusal::silent(&format!("it was not written down: {error}"))),
    }
}
