//! Draws what was found, the cross and the texts on a picture.

use bushbaby_bus::StreamName;
use bushbaby_node::NodeError;
use bushbaby_node::settings::nearest;
use bushbaby_pixels::draw::Canvas;
use bushbaby_text::Lettering;
use bushbaby_vision::camera::CameraModel;
use serde_json::Value;

use super::found::Found;
use super::items::{Item, ItemKind, Pose, items};
use super::join::Ready;
use super::settings::{Corner, CrosshairAt, Settings};
use super::template::Template;
use pen::{Anchor, Pen};

mod pen;

/// Unplaced texts of results that are written below those of the settings.
const MOST_UNPLACED: usize = 20;
/// Of x, y and z; as on the page.
const AXES: [[u8; 3]; 3] = [[255, 77, 66], [63, 208, 104], [76, 157, 255]];
/// Height of the letters beside what was found, of the picture's height.
const LABEL_SIZE: f64 = 0.03;
const WHITE: [u8; 3] = [255; 3];

/// Everything that is drawn and how; keeps what was written.
#[derive(Debug)]
pub(super) struct Painter {
    shows_results: bool,
    texts: Vec<Template>,
    /// What inputs are called in texts, and their places; the longest name first.
    names: Vec<(String, usize)>,
    corner: Corner,
    text_size: f64,
    color: [u8; 3],
    crosshair: Option<CrosshairAt>,
    lettering: Lettering,
}

impl Painter {
    /// What the settings say; `inputs` are those beside the pictures.
    ///
    /// # Errors
    /// When a text is none; the check of the settings finds that earlier.
    pub(super) fn new(settings: &Settings, inputs: &[StreamName]) -> Result<Self, NodeError> {
        let texts = settings.text.iter().map(|text| Template::parse(text));
        let texts: Vec<Template> = texts
            .collect::<Result<_, _>>()
            .map_err(|error| NodeError::new(error.to_string()).for_good())?;
        let names = names(inputs);
        texts
            .iter()
            .flat_map(Template::paths)
            .for_each(|path| warn_if_unknown(path, &names));
        Ok(Self {
            shows_results: settings.results,
            texts,
            names,
            corner: settings.corner,
            text_size: settings.text_size.percent / 100.0,
            color: settings.color.rgb,
            crosshair: settings.crosshair.0,
            lettering: Lettering::new(),
        })
    }

    /// Draws on the picture that is ready. `camera`: what took it.
    pub(super) fn paint<P>(&mut self, canvas: &mut Canvas<'_>, ready: &Ready<P, Found>, camera: Option<&CameraModel>) {
        let height = f64::from(canvas.height());
        let mut pen = Pen::new(canvas, &mut self.lettering);
        let mut unplaced: Vec<String> = Vec::new();
        if self.shows_results {
            let of_camera = ready.results.iter().flatten().filter(|joined| joined.is_same_camera);
            let found: Vec<Item> = of_camera.flat_map(|joined| items(joined.result.value())).collect();
            for item in &found {
                shape(&mut pen, item, camera);
            }
            for item in &found {
                label(&mut pen, item, camera, LABEL_SIZE * height);
            }
            let is_unplaced = |item: &Item| item.kind == ItemKind::Text && item.aim.is_none();
            unplaced.extend(
                found
                    .into_iter()
                    .filter(is_unplaced)
                    .take(MOST_UNPLACED)
                    .map(|item| item.label),
            );
        }
        if let Some(at) = self.crosshair {
            crosshair(&mut pen, at);
        }
        let known = |path: &str| value(&self.names, ready, path);
        let mut lines: Vec<String> = self.texts.iter().map(|text| text.fill(known)).collect();
        lines.extend(unplaced);
        block(&mut pen, &lines, self.corner, self.text_size * height, self.color);
    }
}

/// Each input by its stream's whole name, and by that of its node: where a node has several, that means the first.
fn names(inputs: &[StreamName]) -> Vec<(String, usize)> {
    let mut names: Vec<(String, usize)> = Vec::new();
    for (index, stream) in inputs.iter().enumerate() {
        names.push((stream.as_str().to_owned(), index));
        if !names.iter().any(|(name, _)| name == stream.node()) {
            names.push((stream.node().to_owned(), index));
        }
    }
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names
}

/// The input that a path is about, and the rest of the path.
fn split<'p>(names: &[(String, usize)], path: &'p str) -> Option<(usize, &'p str)> {
    names.iter().find_map(|(name, index)| {
        let rest = path.strip_prefix(name.as_str())?.strip_prefix('.')?;
        Some((*index, rest))
    })
}

fn value<P>(names: &[(String, usize)], ready: &Ready<P, Found>, path: &str) -> Option<Value> {
    let (index, rest) = split(names, path)?;
    ready.results.get(index)?.as_ref()?.result.at(rest)
}

fn warn_if_unknown(path: &str, names: &[(String, usize)]) {
    if split(names, path).is_some() {
        return;
    }
    let got = path.split('.').next().unwrap_or(path);
    let meant = nearest(got, names.iter().map(|(name, _)| name.as_str()));
    let hint = meant.map_or_else(
        || "add it to `in:`, after the pictures".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    tracing::warn!("text: `{{{path}}}`: it has no input `{got}`, so this stays unknown; {hint}");
}

fn color(kind: ItemKind) -> [u8; 3] {
    match kind {
        ItemKind::Tag => [255, 178, 36],
        ItemKind::Target => [63, 208, 201],
        ItemKind::Box => [255, 122, 184],
        ItemKind::Pose | ItemKind::Text => WHITE,
    }
}

fn shape(pen: &mut Pen<'_, '_>, item: &Item, camera: Option<&CameraModel>) {
    pen.outline(&item.corners, color(item.kind));
    if let Some(aim) = item.aim.filter(|_| item.kind == ItemKind::Target) {
        pen.cross(aim, [4.0, 0.0], color(item.kind));
    }
    if let (Some(pose), Some(camera)) = (item.pose, camera) {
        axes(pen, &pose, camera);
    }
}

/// The axes of a pose, as far as they are before the camera.
fn axes(pen: &mut Pen<'_, '_>, pose: &Pose, camera: &CameraModel) {
    let (middle, ends) = pose.axes();
    let Some(from) = camera.project(middle) else { return };
    for (end, color) in ends.into_iter().zip(AXES) {
        if let Some(to) = camera.project(end) {
            pen.line(from, to, color);
        }
    }
}

fn label(pen: &mut Pen<'_, '_>, item: &Item, camera: Option<&CameraModel>, size: f64) {
    let at = match item.kind {
        ItemKind::Text => item.aim.map(|at| [at, at]),
        ItemKind::Pose => {
            let middle = item.pose.map(|pose| pose.translation);
            let seen = middle.and_then(|middle| camera?.project(middle));
            seen.map(|at| [at, at])
        }
        ItemKind::Tag | ItemKind::Target | ItemKind::Box => reach(&item.corners),
    };
    if let Some(around) = at.filter(|around| pen.sees(*around)) {
        pen.chip(&item.label, Anchor::Above(around), size, color(item.kind));
    }
}

/// The upper left and the lower right corner of the smallest box around an outline.
fn reach(corners: &[[f64; 2]]) -> Option<[[f64; 2]; 2]> {
    let first = *corners.first()?;
    Some(corners.iter().fold([first, first], |[low, high], corner| {
        [
            [low[0].min(corner[0]), low[1].min(corner[1])],
            [high[0].max(corner[0]), high[1].max(corner[1])],
        ]
    }))
}

fn crosshair(pen: &mut Pen<'_, '_>, at: CrosshairAt) {
    let [width, height] = pen.size();
    let middle = [at.x.percent / 100.0 * width, at.y.percent / 100.0 * height];
    let length = at.size.percent / 100.0 * height;
    pen.cross(middle, [length / pen.unit(), length / pen.unit() / 4.0], at.color.rgb);
}

/// Lines of text, one below the other, in a corner of the picture.
fn block(pen: &mut Pen<'_, '_>, lines: &[String], corner: Corner, size: f64, color: [u8; 3]) {
    let lines: Vec<&String> = lines.iter().filter(|line| !line.trim().is_empty()).collect();
    let [width, height] = pen.size();
    let margin = 4.0 * pen.unit();
    let step = pen.line_height(size);
    let top = match corner {
        Corner::TopLeft | Corner::TopRight => margin,
        Corner::BottomLeft | Corner::BottomRight => height - margin - step * lines.len() as f64,
    };
    for (index, line) in lines.into_iter().enumerate() {
        let y = top + step * index as f64;
        let anchor = match corner {
            Corner::TopLeft | Corner::BottomLeft => Anchor::Left([margin, y]),
            Corner::TopRight | Corner::BottomRight => Anchor::Right([width - margin, y]),
        };
        pen.chip(line, anchor, size, color);
    }
}
