//! Which font has a letter: the program's own, else one of the system's.

use std::collections::HashMap;
use std::fmt;

use fontdb::{Database, FaceInfo, ID, Style, Weight};
use rustybuzz::{Face, ttf_parser};

const OWN: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");
/// Letters that are looked for in vain in all fonts of the system: each look takes some time, and a text may have been made to ask
/// for many.
const MOST_IN_VAIN: usize = 32;
/// Fonts of the system that are kept in memory.
const MOST_READ: usize = 16;

/// All fonts, by number; 0 is the program's own.
pub(crate) struct Fonts {
    own: Face<'static>,
    /// The system's fonts, once a letter was not in the own one.
    system: Option<Database>,
    read: Vec<Read>,
    /// Letters that were looked for beyond the own font.
    known: HashMap<char, usize>,
    in_vain: usize,
}

/// A font of the system.
struct Read {
    bytes: Vec<u8>,
    index: u32,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonts")
            .field("read", &self.read.len())
            .finish_non_exhaustive()
    }
}

impl Fonts {
    pub(crate) fn new() -> Self {
        Self {
            own: Face::from_slice(OWN, 0).expect("the program's own font is one: a test draws with it"),
            system: None,
            read: Vec::new(),
            known: HashMap::new(),
            in_vain: 0,
        }
    }

    /// Whether the system's fonts had to be read.
    #[cfg(test)]
    pub(crate) fn asked_the_system(&self) -> bool {
        self.system.is_some()
    }

    /// Calls `draw` with a font; `None` for one that is none after all.
    pub(crate) fn with<R>(&self, font: usize, draw: impl FnOnce(&Face<'_>) -> R) -> Option<R> {
        match font.checked_sub(1) {
            None => Some(draw(&self.own)),
            Some(index) => {
                let read = self.read.get(index)?;
                Face::from_slice(&read.bytes, read.index).map(|face| draw(&face))
            }
        }
    }

    /// The font that has a letter. What none has is a box in the own one.
    pub(crate) fn of(&mut self, letter: char) -> usize {
        if self.own.glyph_index(letter).is_some() {
            return 0;
        }
        if let Some(font) = self.known.get(&letter) {
            return *font;
        }
        let read = self.read.iter().position(|read| has(&read.bytes, read.index, letter));
        let font = read.map(|index| index + 1).or_else(|| self.search(letter)).unwrap_or(0);
        if self.known.len() < 4096 {
            self.known.insert(letter, font);
        }
        font
    }

    /// Looks through the fonts of the system, upright ones of usual weight first.
    fn search(&mut self, letter: char) -> Option<usize> {
        if self.in_vain >= MOST_IN_VAIN || self.read.len() >= MOST_READ {
            return None;
        }
        let system = self.system.get_or_insert_with(|| {
            let mut system = Database::new();
            system.load_system_fonts();
            system
        });
        let is_plain =
            |face: &&FaceInfo| face.style == Style::Normal && face.weight == Weight::NORMAL && !face.monospaced;
        let (plain, others): (Vec<&FaceInfo>, Vec<&FaceInfo>) = system.faces().partition(is_plain);
        let ids: Vec<ID> = plain.iter().chain(&others).map(|face| face.id).collect();
        let found = ids.into_iter().find_map(|id| {
            let read = |bytes: &[u8], index| has(bytes, index, letter).then(|| (bytes.to_vec(), index));
            system.with_face_data(id, read).flatten()
        });
        match found {
            Some((bytes, index)) => {
                self.read.push(Read { bytes, index });
                Some(self.read.len())
            }
            None => {
                self.in_vain += 1;
                None
            }
        }
    }
}

/// Whether a font can draw a letter. Pictures of letters, as fonts of smileys have them, do not count.
fn has(bytes: &[u8], index: u32, letter: char) -> bool {
    struct Nothing;
    impl ttf_parser::OutlineBuilder for Nothing {
        fn move_to(&mut self, _: f32, _: f32) {}
        fn line_to(&mut self, _: f32, _: f32) {}
        fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {}
        fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {}
        fn close(&mut self) {}
    }
    let Ok(face) = ttf_parser::Face::parse(bytes, index) else {
        return false;
    };
    face.glyph_index(letter)
        .is_some_and(|glyph| face.outline_glyph(glyph, &mut Nothing).is_some())
}
