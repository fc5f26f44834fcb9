//! From text to letters and their places: direction, font, and what the script makes of neighbours.

use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::BidiInfo;

use crate::fonts::Fonts;

/// A letter, or what a script makes of several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Letter {
    pub(crate) font: usize,
    pub(crate) glyph: u16,
    /// Right of the line's beginning, in pixels.
    pub(crate) x: f32,
    /// Above the base line, in pixels.
    pub(crate) y: f32,
}

/// Returns the letters of a line as they stand from left to right.
pub(crate) fn shaped(fonts: &mut Fonts, text: &str, size_px: f32) -> Vec<Letter> {
    let mut letters = Vec::new();
    let mut x = 0.0;
    let info = BidiInfo::new(text, None);
    for paragraph in &info.paragraphs {
        let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let is_rtl = levels.get(run.start).is_some_and(|level| level.is_rtl());
            let Some(words) = text.get(run) else { continue };
            let mut pieces = by_font(fonts, words);
            if is_rtl {
                pieces.reverse();
            }
            for (font, piece) in pieces {
                x = place(fonts, font, piece, is_rtl, size_px, x, &mut letters);
            }
        }
    }
    letters
}

/// Cuts a text where another font is needed. Spaces and marks go with what is before them.
fn by_font<'t>(fonts: &mut Fonts, text: &'t str) -> Vec<(usize, &'t str)> {
    let mut pieces: Vec<(usize, &'t str)> = Vec::new();
    let mut start = 0;
    let mut font = None;
    for (at, letter) in text.char_indices() {
        let needed = match font {
            Some(font) if letter.is_whitespace() || joins(letter) => font,
            _ => fonts.of(letter),
        };
        if let Some(before) = font.filter(|before| *before != needed) {
            pieces.push((before, &text[start..at]));
            start = at;
        }
        font = Some(needed);
    }
    pieces.extend(font.map(|font| (font, &text[start..])));
    pieces
}

/// Joiners, and selectors of variants: they are nothing by themselves.
fn joins(letter: char) -> bool {
    matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{300}'..='\u{36f}')
}

/// Adds the letters of one piece, and returns where the next begins.
fn place(
    fonts: &Fonts,
    font: usize,
    piece: &str,
    is_rtl: bool,
    size_px: f32,
    begin: f32,
    letters: &mut Vec<Letter>,
) -> f32 {
    let end = fonts.with(font, |face| {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(piece);
        buffer.set_direction(if is_rtl {
            Direction::RightToLeft
        } else {
            Direction::LeftToRight
        });
        let shaped = rustybuzz::shape(face, &[], buffer);
        let scale = size_px / face.units_per_em().max(1) as f32;
        let mut x = begin;
        for (info, at) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            letters.push(Letter {
                font,
                glyph: info.glyph_id as u16,
                x: x + at.x_offset as f32 * scale,
                y: at.y_offset as f32 * scale,
            });
            x += at.x_advance as f32 * scale;
        }
        x
    });
    end.unwrap_or(begin)
}
