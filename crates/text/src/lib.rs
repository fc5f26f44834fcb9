//! Words of any script as masks that are laid over pictures.
//!
//! In: a line of text and its size. Out: a [`Mask`], shaped as its script wants it (joined, reordered, right to left), drawn once and kept.
//! DejaVu Sans is part of the program (`fonts/`, with its licence): Latin, Greek, Cyrillic, Arabic and more look the same on every
//! machine. Other scripts are taken from the fonts that the system has; what no font has is drawn as a box.

mod fonts;
mod raster;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use bushbaby_pixels::draw::Mask;

use fonts::Fonts;

/// Longer lines are cut off.
pub const MOST_LETTERS: usize = 200;
/// Lines that are kept. Numbers that change with each picture push out the others, which are soon drawn again.
const MOST_KEPT: usize = 256;
/// From the top of one line to the top of the next, in sizes of the letters.
const LINE: f32 = 1.3;

/// Draws lines of text, and keeps them.
#[derive(Debug)]
pub struct Lettering {
    fonts: Fonts,
    kept: HashMap<(String, u32), Arc<Mask>>,
}

impl Default for Lettering {
    fn default() -> Self {
        Self::new()
    }
}

impl Lettering {
    /// Text in the program's own font, and where that has not the letters in those of the system.
    pub fn new() -> Self {
        Self {
            fonts: Fonts::new(),
            kept: HashMap::new(),
        }
    }

    /// Returns a line of text; `size_px` is the size of its letters as a stylesheet counts it. The mask is as wide as its letters, and as
    /// high as a line whatever they are.
    pub fn line(&mut self, text: &str, size_px: u32) -> Arc<Mask> {
        let size_px = size_px.clamp(4, 400);
        let key = (one_line(text), size_px);
        if let Some(mask) = self.kept.get(&key) {
            return Arc::clone(mask);
        }
        let letters = shape::shaped(&mut self.fonts, &key.0, size_px as f32);
        let mask = Arc::new(raster::drawn(
            &self.fonts,
            &letters,
            size_px as f32,
            line_height(size_px),
        ));
        if self.kept.len() >= MOST_KEPT {
            self.kept.clear();
        }
        self.kept.insert(key, Arc::clone(&mask));
        mask
    }
}

/// From the top of one line to the top of the next.
pub fn line_height(size_px: u32) -> u32 {
    (size_px as f32 * LINE).round() as u32
}

/// One line without control characters, cut to [`MOST_LETTERS`].
fn one_line(text: &str) -> String {
    let letters = text.chars().take(MOST_LETTERS);
    letters
        .map(|letter| {
            if letter.is_control() || is_invisible(letter) {
                ' '
            } else {
                letter
            }
        })
        .collect()
}

/// Breaks of lines and paragraphs, and what turns the direction of the text around it.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
