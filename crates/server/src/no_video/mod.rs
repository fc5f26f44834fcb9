//! The picture that says that there is none: NO LIVE VIDEO, of which camera, since when, and why.

mod font;

use std::time::Duration;

use bushbaby_node::status::NodeState;
use bushbaby_pixels::jpeg::Encoder;
use bushbaby_pixels::{ColorSpace, ImageView, PixelFormat, Plane};

const BACKGROUND: u8 = 24;
const BRIGHT: u8 = 235;
const DIM: u8 = 150;
const QUALITY: u8 = 80;

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) camera: String,
    /// How long ago the last picture came; absent: never.
    pub(crate) last_picture: Option<Duration>,
    /// What is wrong, or being tried.
    pub(crate) why: Option<String>,
}

/// A node's state as a person says it.
pub(crate) fn state_word(state: NodeState) -> &'static str {
    match state {
        NodeState::Starting => "starting",
        NodeState::Ready => "ready",
        NodeState::Running => "running",
        NodeState::Stalled => "stalled",
        NodeState::Stopping => "stopping",
        NodeState::Stopped => "stopped",
        NodeState::Backoff => "about to start again",
        NodeState::GivenUp => "given up",
    }
}

/// Draws it. `None` only when there is no memory for the codec.
pub(crate) fn jpeg([width, height]: [u32; 2], words: &Words) -> Option<Vec<u8>> {
    let canvas = draw([width.clamp(64, 4096), height.clamp(36, 4096)], words);
    let plane = Plane {
        bytes: &canvas.pixels,
        stride_bytes: canvas.width,
    };
    let view = ImageView::new(
        PixelFormat::Gray8,
        canvas.width as u32,
        canvas.height as u32,
        ColorSpace::JPEG,
        &[plane],
    )
    .ok()?;
    Encoder::new(QUALITY)
        .ok()?
        .encode(&view)
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[derive(Debug)]
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

fn draw(size: [u32; 2], words: &Words) -> Canvas {
    let [width, height] = size.map(|side| side as usize);
    let mut canvas = Canvas {
        width,
        height,
        pixels: vec![BACKGROUND; width * height],
    };
    // Thirteen letters fill most of the width.
    let large = (width / (15 * font::ADVANCE)).clamp(1, height / 24 + 1);
    let small = (large / 2).max(1);
    let columns = (width / (font::ADVANCE * small)).saturating_sub(2);
    let age = match words.last_picture {
        Some(age) => format!("last picture {} ago", duration(age)),
        None => "no picture yet".to_owned(),
    };
    let mut lines = vec![
        ("NO LIVE VIDEO".to_owned(), large, BRIGHT),
        (format!("{}: {age}", words.camera), small, BRIGHT),
    ];
    lines.extend(
        words
            .why
            .iter()
            .flat_map(|why| wrapped(why, columns, 3))
            .map(|line| (line, small, DIM)),
    );
    let total: usize = lines.iter().map(|(_, scale, _)| font::LINE * scale).sum();
    let mut top = height.saturating_sub(total) / 2;
    for (text, scale, shade) in &lines {
        canvas.text(text, top, *scale, *shade);
        top += font::LINE * scale;
    }
    canvas
}

impl Canvas {
    /// Writes a line in the middle; what does not fit is cut off.
    fn text(&mut self, text: &str, top: usize, scale: usize, shade: u8) {
        let left = self.width.saturating_sub(text.chars().count() * font::ADVANCE * scale) / 2;
        for (index, letter) in text.chars().enumerate() {
            let x = left + index * font::ADVANCE * scale;
            for (row, bits) in font::glyph(letter).iter().enumerate() {
                for column in (0..font::WIDTH).filter(|column| bits >> (font::WIDTH - 1 - column) & 1 == 1) {
                    self.square(x + column * scale, top + row * scale, scale, shade);
                }
            }
        }
    }

    fn square(&mut self, left: usize, top: usize, side: usize, shade: u8) {
        for y in top..(top + side).min(self.height) {
            let row = &mut self.pixels[y * self.width..][..self.width];
            let right = (left + side).min(self.width);
            if left < right {
                row[left..right].fill(shade);
            }
        }
    }
}

fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// Breaks a text into at most `most` lines of `columns` letters, between words where that is possible.
fn wrapped(text: &str, columns: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let is_full = lines.len() == most;
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ if is_full => break,
            _ => lines.push(word.chars().take(columns).collect()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words {
            camera: "door".into(),
            last_picture: Some(Duration::from_secs(12)),
            why: Some("no answer from 10.0.0.7:554, trying again".into()),
        }
    }

    #[test]
    fn it_is_a_picture_of_the_size_of_the_stream() {
        let jpeg = jpeg([640, 360], &words()).unwrap();
        let view = ImageView::jpeg(&jpeg).unwrap();
        assert_eq!((view.width(), view.height()), (640, 360));
    }

    #[test]
    fn its_words_change_with_the_age() {
        let mut later = words();
        later.last_picture = Some(Duration::from_secs(13));
        assert_ne!(draw([640, 360], &words()).pixels, draw([640, 360], &later).pixels);
        assert_eq!(duration(Duration::from_secs(300)), "5 min");
    }

    #[test]
    fn every_size_and_every_text_can_be_drawn() {
        let long = Words {
            camera: "ä\u{1F98A}".repeat(300),
            last_picture: None,
            why: Some("x".repeat(5000)),
        };
        for size in [[1, 1], [64, 36], [4096, 40], [64, 3000], [1280, 720]] {
            assert!(jpeg(size, &long).is_some());
        }
    }

    #[test]
    fn a_reason_is_broken_between_words() {
        assert_eq!(
            wrapped("no answer from here, trying", 12, 3),
            ["no answer", "from here,", "trying"]
        );
        assert_eq!(wrapped("one two three", 5, 2), ["one", "two"]);
    }
}
