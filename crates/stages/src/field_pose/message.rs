//! What comes in: detections, targets or a heading, told apart by `type`.

use bushbaby_vision::camera::CameraModel;
use bushbaby_vision::field::SeenTarget;
use bushbaby_vision::results::{DetectionItem, Heading, TargetItem};
use serde::Deserialize;
use serde_json::Value;

/// One message.
#[derive(Debug)]
pub(super) enum Message {
    /// Where the robot looks.
    Heading { yaw_deg: f64, rate_deg_per_s: f64 },
    /// What a picture shows.
    Seen {
        camera: String,
        calibration: Option<CameraModel>,
        seen: Seen,
    },
}

/// What a picture shows.
#[derive(Debug)]
pub(super) enum Seen {
    Tags(Vec<DetectionItem>),
    Targets(Vec<SeenTarget>),
}

#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize)]
struct Items<T> {
    camera: String,
    items: Vec<T>,
    calibration: Option<CameraModel>,
}

/// As a Python program sends it: a dataclass `Heading` among results.
#[derive(Deserialize)]
struct HeadingItem {
    yaw: f64,
    #[serde(default)]
    rate: f64,
}

impl Message {
    /// Reads a frame's body.
    ///
    /// # Errors
    /// In words, when it is none of these.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let Typed { kind } = from_slice(body)?;
        match kind.as_str() {
            "heading" => {
                let Heading { yaw, rate, .. } = from_slice(body)?;
                Ok(Self::Heading {
                    yaw_deg: yaw,
                    rate_deg_per_s: rate,
                })
            }
            "detections" | "truth" => {
                let Items {
                    camera,
                    items,
                    calibration,
                } = from_slice(body)?;
                let seen = Seen::Tags(items);
                Ok(Self::Seen {
                    camera,
                    calibration,
                    seen,
                })
            }
            "results" => results(from_slice(body)?),
            "" => Err("its body has no `type`".to_owned()),
            other => Err(format!(
                "its body is of type `{other}`, wanted detections, results with targets, or a heading"
            )),
        }
    }
}

fn from_slice<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("its body cannot be read: {error}"))
}

/// Targets; a heading where there is one; of anything else nothing is said but that it was no target.
fn results(
    Items {
        camera,
        items,
        calibration,
    }: Items<Value>,
) -> Result<Message, String> {
    let kind_of = |item: &Value| item["type"].as_str().unwrap_or_default().to_ascii_lowercase();
    if let Some(item) = items.iter().find(|item| kind_of(item) == "heading") {
        let HeadingItem { yaw, rate } =
            HeadingItem::deserialize(item).map_err(|error| format!("its heading cannot be read: {error}"))?;
        return Ok(Message::Heading {
            yaw_deg: yaw,
            rate_deg_per_s: rate,
        });
    }
    let mut targets = Vec::new();
    for item in items.iter().filter(|item| kind_of(item) == "target") {
        let item = TargetItem::deserialize(item).map_err(|error| format!("a target of it cannot be read: {error}"))?;
        targets.push(seen_target(&item));
    }
    let seen = Seen::Targets(targets);
    Ok(Message::Seen {
        camera,
        calibration,
        seen,
    })
}

fn seen_target(item: &TargetItem) -> SeenTarget {
    let poses = item.pose.iter().chain(&item.pose_alt);
    SeenTarget {
        label: item.label.clone(),
        camera_from_target: poses.filter_map(|pose| pose.transform()).collect(),
        error_px: item.pose.map_or(0.0, |pose| pose.error),
        outline_px: item.polygon.clone(),
    }
}
