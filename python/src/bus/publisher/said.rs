//! What is said of a frame beside its arrays: when it was captured, what it was made of; and what frames are expected.

use bushbaby_bus::{ArrayLayout, CaptureClock, CaptureTime, MonoTime, Origin};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::PyPublisher;
use crate::bus::errors::classes::BadValue;
use crate::bus::frame::PyFrame;
use crate::bus::loan::layouts_of;
use crate::bus::origin::PyOrigin;

/// Furthest that a capture time may lie ahead of now: more is another clock.
const MOST_AHEAD_NS: u64 = 60_000_000_000;

impl PyPublisher {
    /// When a frame was captured: as said, else with its origin, else now.
    pub(crate) fn captured(&self, captured_at: Option<f64>, origin: Option<&Origin>) -> PyResult<CaptureTime> {
        let Some(seconds) = captured_at else {
            let now = || CaptureTime::now(self.captured_by.unwrap_or(CaptureClock::Received));
            return Ok(origin.map_or_else(now, |origin| origin.captured));
        };
        let now = MonoTime::now();
        let latest = (now.as_ns() + MOST_AHEAD_NS) as f64 / 1e9;
        if !(0.0..=latest).contains(&seconds) {
            return Err(BadValue::new_err(format!(
                "captured_at is {seconds}, and now is {:.3}: wanted seconds of time.monotonic(), not of time.time()",
                now.as_ns() as f64 / 1e9
            )));
        }
        let mono = MonoTime::from_ns((seconds * 1e9).round() as u64);
        Ok(CaptureTime::at(mono, self.captured_by.unwrap_or_default()))
    }
}

/// Returns the origin that a frame, or an origin, says.
pub(crate) fn origin_of(value: &Bound<'_, PyAny>) -> PyResult<Origin> {
    if let Ok(frame) = value.cast::<PyFrame>() {
        return Ok(frame.get().frame()?.origin().clone());
    }
    value
        .cast::<PyOrigin>()
        .map(|origin| origin.get().0.clone())
        .map_err(|_| {
            BadValue::new_err(format!(
                "origin is a {}, wanted the frame that this was made of, or its `origin`",
                value.get_type()
            ))
        })
}

/// What `expect` says: (shape, dtype), or a dict of them by name.
pub(super) fn expected_layouts(expect: &Bound<'_, PyAny>) -> PyResult<Vec<ArrayLayout>> {
    let (layouts, _) = match expect.cast::<PyTuple>() {
        Ok(pair) if pair.len() == 2 => layouts_of(&pair.get_item(0)?, Some(&pair.get_item(1)?), None, None)?,
        _ => layouts_of(expect, None, None, None)?,
    };
    Ok(layouts)
}

pub(super) fn clock_named(name: &str) -> PyResult<CaptureClock> {
    serde_json::from_value(serde_json::Value::from(name)).map_err(|_| {
        BadValue::new_err(format!(
            "captured_by is {name:?}, wanted start_of_exposure, end_of_frame, camera_clock, packet, received, rendered, file or \
             unknown"
        ))
    })
}
