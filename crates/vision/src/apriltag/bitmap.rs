//! A tag as black and white cells, to print it or to draw it into a made scene.

use super::{Family, c_library::Layout};

/// The cells of one tag, with its outer white ring where the family has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagBitmap {
    side_cells: usize,
    white: Vec<bool>,
}

/// An id that the family does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{family} has no tag {id}: its ids run from 0 to {last}")]
pub struct UnknownTag {
    /// The family that was asked.
    pub family: Family,
    /// The id that was asked for.
    pub id: u32,
    /// The largest id of the family.
    pub last: u32,
}

impl TagBitmap {
    /// Returns the cells of tag `id` of `family`.
    ///
    /// Cells that carry nothing (corners of the round families, the hole of the custom one) are white like the paper.
    ///
    /// # Errors
    /// [`UnknownTag`] when the family has no such id.
    pub fn new(family: Family, id: u32) -> Result<Self, UnknownTag> {
        let layout = family.layout();
        let code = usize::try_from(id)
            .ok()
            .and_then(|index| layout.codes.get(index).copied())
            .ok_or(UnknownTag {
                family,
                id,
                last: family.count().saturating_sub(1),
            })?;
        Ok(Self::of_code(layout, code))
    }

    fn of_code(layout: &Layout, code: u64) -> Self {
        let side = layout.total_width;
        let mut white = vec![true; side * side];
        for (x, y) in layout.black_ring() {
            white[y * side + x] = false;
        }
        // The code's highest bit belongs to the first place.
        for (&(x, y), shift) in layout.bit_cells.iter().zip((0..layout.bit_cells.len()).rev()) {
            white[y * side + x] = code >> shift & 1 == 1;
        }
        Self {
            side_cells: side,
            white,
        }
    }

    /// Cells along one side of the whole tag, for example 10 for `tag36h11`.
    pub fn side_cells(&self) -> usize {
        self.side_cells
    }

    /// Whether a cell is white; x counts from the left, y from the top. Cells outside are white.
    pub fn is_white(&self, x: usize, y: usize) -> bool {
        x >= self.side_cells || y >= self.side_cells || self.white[y * self.side_cells + x]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_0_of_36h11_looks_as_printed() {
        let bitmap = TagBitmap::new(Family::Tag36h11, 0).unwrap();
        let rows: Vec<String> = (0..10)
            .map(|y| (0..10).map(|x| if bitmap.is_white(x, y) { '.' } else { '#' }).collect())
            .collect();
        assert_eq!(
            rows,
            [
                "..........",
                ".########.",
                ".#..#.#.#.",
                ".##...#.#.",
                ".##..####.",
                ".#.#.####.",
                ".##.#..##.",
                ".####.###.",
                ".########.",
                "..........",
            ]
        );
    }

    #[test]
    fn an_id_beyond_the_last_is_an_error_that_says_the_last() {
        let error = TagBitmap::new(Family::Tag16h5, 30).unwrap_err();
        assert_eq!(error.to_string(), "tag16h5 has no tag 30: its ids run from 0 to 29");
        assert!(TagBitmap::new(Family::Tag36h11, u32::MAX).is_err());
    }
}
