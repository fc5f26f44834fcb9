//! What results say was found in a picture, made safe to draw: every number is one, texts are short, and there are not too many.

use bushbaby_pixels::draw::FARTHEST_PX;
use serde_json::Value;

use super::template::fixed;

/// Items of one result that are looked at.
const MOST_ITEMS: usize = 100;
/// Corners of one outline.
const MOST_CORNERS: usize = 64;
/// No point is farther away, in metres.
const FARTHEST_M: f64 = 1e6;
/// Length of the axes of a pose that tells no size, in metres.
const AXIS_M: f64 = 0.1;
const MOST_LETTERS: usize = 60;

/// Something that was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) kind: ItemKind,
    /// Its outline, in pixels; empty where it has none.
    pub(super) corners: Vec<[f64; 2]>,
    /// The place that it is aimed at, in pixels.
    pub(super) aim: Option<[f64; 2]>,
    pub(super) pose: Option<Pose>,
    pub(super) label: String,
}

/// What it is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemKind {
    Tag,
    Target,
    Box,
    Pose,
    Text,
}

/// Where a thing is, seen from the camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pose {
    /// Row-major.
    rotation: [[f64; 3]; 3],
    pub(super) translation: [f64; 3],
    /// Lengths of its axes, in metres.
    axes: [f64; 3],
}

impl Pose {
    /// The middle of the thing, and the ends of its axes, in the camera's frame.
    pub(super) fn axes(&self) -> ([f64; 3], [[f64; 3]; 3]) {
        let end = |axis: usize| [0, 1, 2].map(|row| self.translation[row] + self.axes[axis] * self.rotation[row][axis]);
        (self.translation, [end(0), end(1), end(2)])
    }
}

/// The items of a result's body that can be drawn.
pub(super) fn items(body: &Value) -> Vec<Item> {
    let is_detections = body.get("type").and_then(Value::as_str) == Some("detections");
    let items = body.get("items").and_then(Value::as_array);
    let read = |item: &Value| match item.get("type").and_then(Value::as_str) {
        Some("tag") => tag(item),
        None if is_detections => tag(item),
        Some("target") => target(item),
        Some("box") => boxed(item),
        Some("pose") => posed(item),
        Some("text") => text(item),
        _ => None,
    };
    items.into_iter().flatten().take(MOST_ITEMS).filter_map(read).collect()
}

fn tag(item: &Value) -> Option<Item> {
    let corners = points(item.get("corners")?).filter(|corners| corners.len() == 4)?;
    let pose = pose(item.get("pose"), [AXIS_M; 3]);
    let id = item.get("id").map(Value::to_string).unwrap_or_default();
    let label = with_distance(short(&id), pose, item);
    Some(Item {
        kind: ItemKind::Tag,
        corners,
        aim: None,
        pose,
        label,
    })
}

fn target(item: &Value) -> Option<Item> {
    let outline = item.get("polygon").and_then(points);
    let corners = outline.or_else(|| item.get("corners").and_then(points))?;
    let pose = pose(item.get("pose"), [AXIS_M; 3]);
    let about = about(item);
    let angle = |key: &str| number(item.get(key)).map(|degrees| format!("{key} {about}{}°", fixed(degrees, 1)));
    let parts = [label(item), angle("yaw"), angle("pitch")];
    let words: Vec<String> = parts.into_iter().flatten().collect();
    Some(Item {
        kind: ItemKind::Target,
        corners,
        aim: item.get("aim").and_then(point),
        pose,
        label: with_distance(words.join("  "), pose, item),
    })
}

fn boxed(item: &Value) -> Option<Item> {
    let side = |key: &str| number(item.get(key)).filter(|side| side.abs() <= FARTHEST_PX);
    let [left, top, width, height] = [side("x")?, side("y")?, side("width")?, side("height")?];
    let [right, bottom] = [left + width, top + height];
    let score = number(item.get("score")).map(|score| fixed(score, 2));
    let id = item.get("id").and_then(Value::as_i64).map(|id| format!("#{id}"));
    let words: Vec<String> = [label(item), score, id].into_iter().flatten().collect();
    Some(Item {
        kind: ItemKind::Box,
        corners: vec![[left, top], [right, top], [right, bottom], [left, bottom]],
        aim: None,
        pose: None,
        label: words.join(" "),
    })
}

fn posed(item: &Value) -> Option<Item> {
    let size = item
        .get("size")
        .and_then(triple)
        .filter(|size| size.iter().all(|side| *side > 0.0));
    // Axes go from the middle to where the thing ends.
    let axes = size.map_or([AXIS_M; 3], |size| size.map(|side| side / 2.0));
    let pose = pose(Some(item), axes)?;
    Some(Item {
        kind: ItemKind::Pose,
        corners: Vec::new(),
        aim: None,
        pose: Some(pose),
        label: label(item).unwrap_or_default(),
    })
}

fn text(item: &Value) -> Option<Item> {
    let label = short(item.get("text")?.as_str()?);
    let at = [number(item.get("x")), number(item.get("y"))];
    let aim = match at {
        [Some(x), Some(y)] => Some([x, y]),
        _ => None,
    };
    (!label.is_empty()).then_some(Item {
        kind: ItemKind::Text,
        corners: Vec::new(),
        aim,
        pose: None,
        label,
    })
}

/// Adds how far away it is.
fn with_distance(words: String, pose: Option<Pose>, item: &Value) -> String {
    let Some(pose) = pose else { return words };
    let metres = pose.translation.iter().map(|part| part * part).sum::<f64>().sqrt();
    let distance = format!("{}{} m", about(item), fixed(metres, 2));
    match words.is_empty() {
        true => distance,
        false => format!("{words}  {distance}"),
    }
}

/// Numbers of a guessed camera are guesses.
fn about(item: &Value) -> &'static str {
    match item.get("calibrated") {
        Some(Value::Bool(false)) => "≈",
        _ => "",
    }
}

fn label(item: &Value) -> Option<String> {
    let label = short(item.get("label")?.as_str()?);
    (!label.is_empty()).then_some(label)
}

fn short(text: &str) -> String {
    text.trim().chars().take(MOST_LETTERS).collect()
}

fn number(value: Option<&Value>) -> Option<f64> {
    value?.as_f64().filter(|number| number.is_finite())
}

fn point(value: &Value) -> Option<[f64; 2]> {
    let [x, y] = value.as_array()?.as_slice() else {
        return None;
    };
    let point = [number(Some(x))?, number(Some(y))?];
    point.iter().all(|at| at.abs() <= FARTHEST_PX).then_some(point)
}

/// Three or more points; `None` where one of them makes no sense.
fn points(value: &Value) -> Option<Vec<[f64; 2]>> {
    let points = value
        .as_array()
        .filter(|points| (3..=MOST_CORNERS).contains(&points.len()))?;
    points.iter().map(point).collect()
}

fn triple(value: &Value) -> Option<[f64; 3]> {
    let [x, y, z] = value.as_array()?.as_slice() else {
        return None;
    };
    let triple = [number(Some(x))?, number(Some(y))?, number(Some(z))?];
    triple.iter().all(|part| part.abs() <= FARTHEST_M).then_some(triple)
}

fn pose(value: Option<&Value>, axes: [f64; 3]) -> Option<Pose> {
    let value = value?;
    let [a, b, c] = value.get("R")?.as_array()?.as_slice() else {
        return None;
    };
    Some(Pose {
        rotation: [triple(a)?, triple(b)?, triple(c)?],
        translation: triple(value.get("t")?)?,
        axes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn labels(body: &Value) -> Vec<(ItemKind, String)> {
        items(body).into_iter().map(|item| (item.kind, item.label)).collect()
    }

    #[test]
    fn every_kind_of_result_is_read() {
        let corners = json!([[1, 9], [9, 9], [9, 1], [1, 1]]);
        let pose = json!({"R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "t": [0, 0, 1.5]});
        let detections = json!({"type": "detections", "items": [
            {"id": 7, "corners": corners, "pose": pose, "calibrated": true}, {"id": 8, "corners": corners}]});
        assert_eq!(
            labels(&detections),
            [(ItemKind::Tag, "7  1.50 m".to_owned()), (ItemKind::Tag, "8".to_owned())]
        );
        let results = json!({"type": "results", "items": [
            {"type": "target", "label": "cargo", "yaw": -3.16, "pitch": 4, "aim": [5, 5], "polygon": corners, "pose": pose, "calibrated": false},
            {"type": "box", "x": 1, "y": 2, "width": 3, "height": 4, "label": "person", "score": 0.914, "id": 4},
            {"type": "pose", "R": pose["R"], "t": pose["t"], "label": "cup", "size": [0.2, 0.1, 0.4]},
            {"type": "text", "text": "3 people", "x": 4, "y": 5},
            {"type": "Gauge", "celsius": 21.5}]});
        assert_eq!(
            labels(&results),
            [
                (ItemKind::Target, "cargo  yaw ≈-3.2°  pitch ≈4.0°  ≈1.50 m".to_owned()),
                (ItemKind::Box, "person 0.91 #4".to_owned()),
                (ItemKind::Pose, "cup".to_owned()),
                (ItemKind::Text, "3 people".to_owned()),
            ]
        );
        let cup = items(&results)[2].pose.unwrap();
        assert_eq!(
            cup.axes(),
            ([0.0, 0.0, 1.5], [[0.1, 0.0, 1.5], [0.0, 0.05, 1.5], [0.0, 0.0, 1.7]])
        );
        assert_eq!(items(&results)[1].corners[2], [4.0, 6.0]);
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        for body in [
            json!(null),
            json!([]),
            json!({"items": 7}),
            json!({"type": "detections", "items": [null, 3, "x", {}, {"corners": [[1, 2]]}, {"corners": [[1, 2], [3, 4], [5, 1e9], [0, 0]]}]}),
            json!({"items": [{"type": "target", "polygon": [[1, 2], [3, null], [5, 6]]}, {"type": "box", "x": "1"}]}),
            json!({"items": [{"type": "pose", "R": [[1, 0, 0]], "t": [0, 0, 1]}, {"type": "text", "text": " "}]}),
            json!({"items": [{"type": "box", "x": 1e300, "y": 1, "width": 1, "height": 1}]}),
        ] {
            assert!(items(&body).is_empty(), "{body}");
        }
        let many = vec![json!({"type": "text", "text": "x".repeat(1000)}); 5000];
        let read = items(&json!({ "items": many }));
        assert_eq!((read.len(), read[0].label.len()), (MOST_ITEMS, MOST_LETTERS));
    }
}
