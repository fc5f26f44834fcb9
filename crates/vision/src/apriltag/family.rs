//! Tag families: their names, how many tags each has, and which square of it is reported.

use super::c_library::{self, Layout};
use crate::nearest::nearest;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::OnceLock};

/// A set of tags that are told apart by one code.
///
/// Read as `tag36h11` or `36h11` (case and `_` or `-` do not matter), written as `tag36h11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
#[allow(missing_docs)] // the names say it
pub enum Family {
    #[default]
    Tag36h11,
    Tag16h5,
    Tag25h9,
    Tag36h10,
    TagStandard41h12,
    TagStandard52h13,
    TagCircle21h7,
    TagCircle49h12,
    TagCustom48h12,
}

/// A family's name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tag family `{name}` is not known; did you mean `{nearest}`?")]
pub struct UnknownFamily {
    /// What was asked for.
    pub name: String,
    /// The known family whose name is nearest.
    pub nearest: Family,
}

impl Family {
    /// All families, the usual ones first.
    pub const ALL: [Self; 9] = [
        Self::Tag36h11,
        Self::Tag16h5,
        Self::Tag25h9,
        Self::Tag36h10,
        Self::TagStandard41h12,
        Self::TagStandard52h13,
        Self::TagCircle21h7,
        Self::TagCircle49h12,
        Self::TagCustom48h12,
    ];

    /// The full name, for example `tag36h11`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag36h11 => "tag36h11",
            Self::Tag16h5 => "tag16h5",
            Self::Tag25h9 => "tag25h9",
            Self::Tag36h10 => "tag36h10",
            Self::TagStandard41h12 => "tagStandard41h12",
            Self::TagStandard52h13 => "tagStandard52h13",
            Self::TagCircle21h7 => "tagCircle21h7",
            Self::TagCircle49h12 => "tagCircle49h12",
            Self::TagCustom48h12 => "tagCustom48h12",
        }
    }

    /// Number of tags; ids run from 0 to one less.
    pub fn count(self) -> u32 {
        u32::try_from(self.layout().codes.len()).unwrap_or(u32::MAX)
    }

    /// The square whose corners a detector reports, in cells: its first cell, its width, and the width of the whole tag.
    ///
    /// For `tag36h11` it is the outer edge of the black border: `(1, 8, 10)`. `tag_size` is the side of this square.
    pub fn reported_square(self) -> (usize, usize, usize) {
        let Layout {
            border_width,
            total_width,
            ..
        } = *self.layout();
        ((total_width - border_width) / 2, border_width, total_width)
    }

    /// Wrong bits that may be put right before tags are invented or the table of codes outgrows the memory.
    ///
    /// Every corrected bit multiplies the number of patterns that pass for a tag. In `tag16h5` two bits let a quarter of all squares
    /// pass (476 invented tags on 25 pictures were counted), in `tagCircle21h7` two let one in sixty. The three largest families would
    /// need 4 to 8 GB for two bits.
    pub const fn most_hamming(self) -> u32 {
        match self {
            Self::Tag16h5
            | Self::TagCircle21h7
            | Self::TagStandard52h13
            | Self::TagCircle49h12
            | Self::TagCustom48h12 => 1,
            Self::Tag36h11 | Self::Tag25h9 | Self::Tag36h10 | Self::TagStandard41h12 => 2,
        }
    }

    /// Wrong bits that are put right unless somebody says otherwise: none in `tag16h5`, 1 in `tag25h9` (2 invented a tag in ten
    /// pictures of square clutter), else as many as allowed.
    pub const fn default_hamming(self) -> u32 {
        match self {
            Self::Tag16h5 => 0,
            Self::Tag25h9 => 1,
            other => other.most_hamming(),
        }
    }

    /// Wrong bits up to which the library's reading is worth a second one.
    pub(super) const fn doubtful_hamming(self) -> u32 {
        match self {
            Self::Tag16h5 => 2,
            _ => 0,
        }
    }

    pub(super) fn layout(self) -> &'static Layout {
        static LAYOUTS: [OnceLock<Layout>; Family::ALL.len()] = [const { OnceLock::new() }; Family::ALL.len()];
        LAYOUTS[self as usize].get_or_init(|| c_library::layout(self))
    }
}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(name: &str) -> Result<Self, UnknownFamily> {
        let wanted = plain(name);
        let exact = Self::ALL.into_iter().find(|f| plain(f.name()) == wanted);
        exact.ok_or_else(|| {
            let names = Self::ALL.map(|family| (plain(family.name()), family));
            let found = nearest(&wanted, names.iter().map(|(name, _)| name.as_str()));
            let family = names.iter().find(|(name, _)| Some(name.as_str()) == found);
            UnknownFamily {
                name: name.to_owned(),
                nearest: family.map_or_else(Self::default, |(_, family)| *family),
            }
        })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<Family> for &'static str {
    fn from(family: Family) -> Self {
        family.name()
    }
}

impl TryFrom<String> for Family {
    type Error = UnknownFamily;

    fn try_from(name: String) -> Result<Self, UnknownFamily> {
        name.parse()
    }
}

/// The name without case, `tag`, `_` and `-`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !"_- ".contains(*c));
    let low: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    low.strip_prefix("tag").map_or(low.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_are_read_and_the_full_one_is_written() {
        for name in ["36h11", "tag36h11", "TAG36H11", "tag_36h11"] {
            assert_eq!(name.parse::<Family>().unwrap().to_string(), "tag36h11");
        }
        for family in Family::ALL {
            assert_eq!(family.name().parse(), Ok(family));
        }
        assert_eq!(
            serde_json::to_string(&Family::TagStandard41h12).unwrap(),
            r#""tagStandard41h12""#
        );
        assert_eq!(
            serde_json::from_str::<Family>(r#""circle21h7""#).unwrap(),
            Family::TagCircle21h7
        );
    }

    #[test]
    fn an_unknown_name_is_told_with_the_nearest_known_one() {
        let error = "36h12".parse::<Family>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "tag family `36h12` is not known; did you mean `tag36h11`?"
        );
        let nearest = |name: &str| name.parse::<Family>().unwrap_err().nearest;
        assert_eq!(nearest("standart41h12"), Family::TagStandard41h12);
        assert_eq!(nearest("tag16h6"), Family::Tag16h5);
        assert!(serde_json::from_str::<Family>(r#""aruco""#).is_err());
    }

    #[test]
    fn families_have_the_tags_and_squares_of_their_generator() {
        let facts: Vec<_> = Family::ALL.iter().map(|f| (f.count(), f.reported_square())).collect();
        assert_eq!(
            facts,
            [
                (587, (1, 8, 10)),
                (30, (1, 6, 8)),
                (35, (1, 7, 9)),
                (2320, (1, 8, 10)),
                (2115, (2, 5, 9)),
                (48714, (2, 6, 10)),
                (38, (2, 5, 9)),
                (65535, (3, 5, 11)),
                (42211, (2, 6, 10)),
            ]
        );
    }
}
