//! The part of a picture that is looked at, as the pipeline file says it.

use bushbaby_node::settings::{Percent, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part of the picture: shares of its width and height, counted from its left and its top.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Crop {
    /// Its left side.
    pub left: Percent,
    /// Its upper side.
    pub top: Percent,
    /// Its right side.
    pub right: Percent,
    /// Its lower side.
    pub bottom: Percent,
}

impl Default for Crop {
    fn default() -> Self {
        let (begin, end) = (Percent { percent: 0.0 }, Percent { percent: 100.0 });
        Self {
            left: begin,
            top: begin,
            right: end,
            bottom: end,
        }
    }
}

impl Crop {
    /// What is wrong with it, if it stands under `crop`.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let sides = [
            ("crop.left", self.left, self.right),
            ("crop.top", self.top, self.bottom),
        ];
        let (key, begin, end) = sides
            .into_iter()
            .find(|(_, begin, end)| !(begin.percent < end.percent && end.percent <= 100.0))?;
        let message =
            format!("got `{begin}` to `{end}`, wanted a part of the picture: from less to more, at most `100%`");
        Some(Problem::new(key, message))
    }

    /// Its pixels in a picture of this size: first column, first row, columns, rows. Never empty in a picture that is not.
    pub(crate) fn pixels(&self, width_px: u32, height_px: u32) -> [u32; 4] {
        let part = |begin: Percent, end: Percent, all: u32| {
            let at = |share: Percent| (share.percent.clamp(0.0, 100.0) / 100.0 * f64::from(all)).round() as u32;
            let first = at(begin).min(all.saturating_sub(1));
            (first, at(end).max(first + 1).min(all) - first)
        };
        let (x, columns) = part(self.left, self.right, width_px);
        let (y, rows) = part(self.top, self.bottom, height_px);
        [x, y, columns, rows]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_picture_is_never_empty() {
        let crop = |text: &str| serde_json::from_str::<Crop>(text).unwrap();
        let part = |text: &str| crop(text).pixels(640, 480);
        assert_eq!(part("{}"), [0, 0, 640, 480]);
        assert_eq!(part(r#"{"left":"25%","bottom":"50%"}"#), [160, 0, 480, 240]);
        assert_eq!(part(r#"{"left":"100%","top":"99.99%"}"#), [639, 479, 1, 1]);
        assert_eq!(
            crop(r#"{"left":"60%","right":"40%"}"#).problem().unwrap().message,
            "got `60%` to `40%`, wanted a part of the picture: from less to more, at most `100%`"
        );
        assert!(crop("{}").problem().is_none());
    }
}
