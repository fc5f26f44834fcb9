//! The text of `json`: everything once more, for `getLatestResults`.

use serde_json::{Value, json};

use super::botpose::Fields;
use super::{id, is, pipe_type};
use crate::networktables::axes::six;
use crate::networktables::seen::{Of, Seen, Target};
use crate::networktables::stamp::Stamp;

/// Numbers of a pose.
const SIX: usize = 6;

/// Writes all of one picture.
pub(super) fn results(seen: &Seen, stamp: &Stamp, fields: &Fields) -> String {
    let first = seen.targets.first();
    let [tx, ty] = first.map_or([0.0; 2], |target| target.from_middle_deg);
    let [txnc, tync] = first.map_or([0.0; 2], |target| target.yaw_pitch_deg);
    let pose = |numbers: &[f64]| numbers.get(..SIX).map(<[f64]>::to_vec).unwrap_or_default();
    let head = |index: usize| fields.blue.get(index).copied().unwrap_or(0.0);
    let list = |of: Of, one: &dyn Fn(&Target) -> Value| -> Vec<Value> {
        match seen.of == of {
            true => seen.targets.iter().map(one).collect(),
            false => Vec::new(),
        }
    };
    let (zero, ten) = ([0.0; SIX], [0.0; 10]);
    let captured_ms = stamp.captured_here_us as f64 / 1e3;
    let all = json!({
        "v": is(first.is_some()) as u8,
        "pID": stamp.pipeline,
        "pTYPE": pipe_type(seen.of),
        "tl": stamp.latency_ms,
        "cl": 0.0,
        "ts": captured_ms,
        "ts_us": stamp.captured_here_us,
        "ts_sys": stamp.captured_here_us,
        "ts_nt": stamp.captured_us,
        "ts_rio": stamp.captured_us,
        "tx": tx, "ty": ty, "txnc": txnc, "tync": tync,
        "ta": first.map_or(0.0, |target| target.area_percent),
        "tid": id(first),
        "botpose": pose(&fields.centre),
        "botpose_wpiblue": pose(&fields.blue),
        "botpose_wpired": pose(&fields.red),
        "botpose_orb": zero, "botpose_orb_wpiblue": zero, "botpose_orb_wpired": zero,
        "botpose_tagcount": head(7) as u32,
        "botpose_span": head(8),
        "botpose_avgdist": head(9),
        "botpose_avgarea": head(10),
        "t6c_rs": six(&fields.robot_from_camera),
        "hw": { "cid": "", "cpu": 0.0, "dfree": 0.0, "dtot": 0.0, "ram": 0.0, "temp": 0.0 },
        "imu": { "data": ten, "quat": [1.0, 0.0, 0.0, 0.0], "yaw": 0.0 },
        "rewind": { "bufferUsage": 0.0, "enabled": 0, "flushing": 0, "frameCount": 0, "latpen": 0.0, "storedSeconds": 0.0 },
        "PythonOut": [],
        "Retro": list(Of::Colored, &|target| retro(target)),
        "Fiducial": list(Of::Tags, &|target| fiducial(target, fields)),
        "Classifier": [],
        "Detector": [],
        "Barcode": [],
    });
    all.to_string()
}

/// What all kinds of things have.
fn common(target: &Target) -> Value {
    let [tx, ty] = target.from_middle_deg;
    let [txnc, tync] = target.yaw_pitch_deg;
    let [txp, typ] = target.aim_px;
    json!({
        "ta": target.area_percent,
        "tx": tx, "ty": ty, "txp": txp, "typ": typ, "tx_nocross": txnc, "ty_nocross": tync,
        "ts": target.skew_deg,
        "pts": target.corners_px,
    })
}

fn retro(target: &Target) -> Value {
    let mut all = common(target);
    all["t6t_cs"] = json!(target.poses.map_or([0.0; SIX], |poses| six(&poses.best)));
    all
}

fn fiducial(target: &Target, fields: &Fields) -> Value {
    let mut all = common(target);
    let Some((id, family)) = target.tag else { return all };
    let family = family.name();
    all["fID"] = json!(id);
    all["fam"] = json!(family.strip_prefix("tag").unwrap_or(family).to_uppercase());
    let zero = [0.0; SIX];
    let spaces = target
        .poses
        .map(|poses| (poses.best, fields.robot_from_camera * poses.best));
    all["t6t_cs"] = json!(spaces.map_or(zero, |(camera, _)| six(&camera)));
    all["t6t_rs"] = json!(spaces.map_or(zero, |(_, robot)| six(&robot)));
    all["t6c_ts"] = json!(spaces.map_or(zero, |(camera, _)| six(&camera.inverse())));
    all["t6r_ts"] = json!(spaces.map_or(zero, |(_, robot)| six(&robot.inverse())));
    // The place by this tag alone is not worked out.
    all["t6r_fs"] = json!(zero);
    all
}
