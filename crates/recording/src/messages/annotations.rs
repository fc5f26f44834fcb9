//! Results as drawings over the picture: tags, boxes, text.

use foxglove::messages::points_annotation::Type;
use foxglove::messages::{Color, ImageAnnotations, Point2, PointsAnnotation, TextAnnotation};
use serde_json::Value;

use super::{encoded, timestamp};

const LINE: Color = Color {
    r: 0.0,
    g: 0.9,
    b: 0.4,
    a: 1.0,
};
const BEHIND_TEXT: Color = Color {
    r: 0.0,
    g: 0.0,
    b: 0.0,
    a: 0.6,
};
const FONT_PX: f64 = 16.0;

/// `foxglove.ImageAnnotations` of a result's body: tags as squares with their id, boxes with label and score, text where it stands.
///
/// A body without anything to draw becomes a message without drawings, which wipes those of the picture before.
pub fn annotations(wall_ns: u64, body: &Value) -> Vec<u8> {
    let mut drawn = ImageAnnotations {
        timestamp: Some(timestamp(wall_ns)),
        circles: Vec::new(),
        points: Vec::new(),
        texts: Vec::new(),
        metadata: Vec::new(),
    };
    for item in body.get("items").and_then(Value::as_array).into_iter().flatten() {
        // An item that is shaped as none of ours is passed over: it is in the JSON beside.
        let _ = tag(item, wall_ns, &mut drawn)
            .or_else(|| a_box(item, wall_ns, &mut drawn))
            .or_else(|| text(item, wall_ns, &mut drawn));
    }
    encoded(&drawn)
}

fn number(item: &Value, key: &str) -> Option<f64> {
    item.get(key).and_then(Value::as_f64)
}

fn tag(item: &Value, wall_ns: u64, drawn: &mut ImageAnnotations) -> Option<()> {
    let corners: Vec<Point2> = item
        .get("corners")?
        .as_array()?
        .iter()
        .filter_map(|corner| {
            Some(Point2 {
                x: corner.get(0)?.as_f64()?,
                y: corner.get(1)?.as_f64()?,
            })
        })
        .collect();
    let at = *corners.first()?;
    outline(corners, wall_ns, drawn);
    if let Some(id) = item.get("id").and_then(Value::as_u64) {
        label(at, id.to_string(), wall_ns, drawn);
    }
    Some(())
}

fn a_box(item: &Value, wall_ns: u64, drawn: &mut ImageAnnotations) -> Option<()> {
    let [x, y] = [number(item, "x")?, number(item, "y")?];
    let [right, bottom] = [x + number(item, "width")?, y + number(item, "height")?];
    let corners = [[x, y], [right, y], [right, bottom], [x, bottom]];
    outline(corners.map(|[x, y]| Point2 { x, y }).to_vec(), wall_ns, drawn);
    let mut words: Vec<String> = Vec::new();
    words.extend(
        item.get("label")
            .and_then(Value::as_str)
            .filter(|label| !label.is_empty())
            .map(str::to_owned),
    );
    words.extend(
        item.get("id")
            .filter(|id| !id.is_null())
            .map(|id| format!("#{}", plain(id))),
    );
    words.extend(number(item, "score").map(|score| format!("{score:.2}")));
    if !words.is_empty() {
        label(Point2 { x, y }, words.join(" "), wall_ns, drawn);
    }
    Some(())
}

fn text(item: &Value, wall_ns: u64, drawn: &mut ImageAnnotations) -> Option<()> {
    let words = item.get("text")?.as_str()?;
    let at = Point2 {
        x: number(item, "x").unwrap_or(FONT_PX / 2.0),
        y: number(item, "y").unwrap_or(FONT_PX * (1.5 + 1.5 * drawn.texts.len() as f64)),
    };
    label(at, words.to_owned(), wall_ns, drawn);
    Some(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn outline(points: Vec<Point2>, wall_ns: u64, drawn: &mut ImageAnnotations) {
    drawn.points.push(PointsAnnotation {
        timestamp: Some(timestamp(wall_ns)),
        r#type: Type::LineLoop as i32,
        points,
        outline_color: Some(LINE),
        outline_colors: Vec::new(),
        fill_color: None,
        thickness: 2.0,
        metadata: Vec::new(),
    });
}

fn label(at: Point2, text: String, wall_ns: u64, drawn: &mut ImageAnnotations) {
    drawn.texts.push(TextAnnotation {
        timestamp: Some(timestamp(wall_ns)),
        position: Some(at),
        text,
        font_size: FONT_PX,
        text_color: Some(LINE),
        background_color: Some(BEHIND_TEXT),
        metadata: Vec::new(),
    });
}
