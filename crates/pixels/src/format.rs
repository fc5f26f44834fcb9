//! The pixel formats that travel on the bus, their names there, and the shape of their planes.

use std::fmt;
use std::str::FromStr;

/// How the pixels of one image lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// Planes Y, U, V; chroma at half width and half height, rounded up.
    I420,
    /// Plane Y, then one plane of U and V in turn; chroma at half width and half height, rounded up.
    Nv12,
    /// One plane `Y0 U Y1 V`; chroma at half width, rounded up.
    Yuyv,
    /// One plane `R G B`.
    Rgb8,
    /// One plane `B G R`.
    Bgr8,
    /// One plane of grey.
    Gray8,
    /// The bytes of one JPEG file.
    Jpeg,
}

impl PixelFormat {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::I420,
        Self::Nv12,
        Self::Yuyv,
        Self::Rgb8,
        Self::Bgr8,
        Self::Gray8,
        Self::Jpeg,
    ];

    /// Returns the name by which the format is known on the bus and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I420 => "i420",
            Self::Nv12 => "nv12",
            Self::Yuyv => "yuyv",
            Self::Rgb8 => "rgb8",
            Self::Bgr8 => "bgr8",
            Self::Gray8 => "gray8",
            Self::Jpeg => "jpeg",
        }
    }

    /// Returns the names of the arrays that hold the planes in a frame, one for each plane.
    pub const fn array_names(self) -> &'static [&'static str] {
        match self {
            Self::I420 => &["y", "u", "v"],
            Self::Nv12 => &["y", "uv"],
            Self::Yuyv => &["yuyv"],
            Self::Rgb8 => &["rgb"],
            Self::Bgr8 => &["bgr"],
            Self::Gray8 => &["gray"],
            Self::Jpeg => &["jpeg"],
        }
    }

    /// Returns `[row_bytes, rows]` of plane `index` of an image of `width` by `height` pixels: the least a row
    /// holds, without padding. `None` for a plane that the format does not have, and for JPEG, which has no rows.
    pub const fn plane_shape(self, index: usize, width: u32, height: u32) -> Option<[usize; 2]> {
        let (w, h) = (width as usize, height as usize);
        let (half_w, half_h) = (w.div_ceil(2), h.div_ceil(2));
        match (self, index) {
            (Self::I420 | Self::Nv12 | Self::Gray8, 0) => Some([w, h]),
            (Self::I420, 1 | 2) => Some([half_w, half_h]),
            (Self::Nv12, 1) => Some([2 * half_w, half_h]),
            (Self::Yuyv, 0) => Some([4 * half_w, h]),
            (Self::Rgb8 | Self::Bgr8, 0) => Some([3 * w, h]),
            _ => None,
        }
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PixelFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|f| f.name() == name)
            .ok_or_else(|| UnknownFormat { name: name.into() })
    }
}

/// A name that belongs to no [`PixelFormat`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pixel format `{name}` is not known; known are i420, nv12, yuyv, rgb8, bgr8, gray8 and jpeg")]
pub struct UnknownFormat {
    /// The name as it was given.
    pub name: String,
}

/// What the numbers of a YUV image mean. It says nothing about RGB, which is always full range here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColorSpace {
    /// Which weights made Y, U and V out of red, green and blue.
    pub matrix: Matrix,
    /// Which numbers stand for black and white.
    pub range: Range,
}

impl ColorSpace {
    /// BT.601, full range: what JPEG is, and what this crate makes out of RGB.
    pub const JPEG: Self = Self {
        matrix: Matrix::Bt601,
        range: Range::Full,
    };
}

/// The weights between RGB and YUV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// BT.601: JPEG, webcams, standard definition.
    Bt601,
    /// BT.709: most H.264 at 720p and above.
    Bt709,
}

/// Which numbers stand for black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// Y from 16 to 235, U and V from 16 to 240, as most video is.
    Limited,
    /// 0 to 255, as JPEG is.
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_again_by_its_name() {
        for format in PixelFormat::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert!("RGB8".parse::<PixelFormat>().is_err());
    }

    #[test]
    fn odd_sizes_round_chroma_up() {
        assert_eq!(PixelFormat::I420.plane_shape(1, 5, 3), Some([3, 2]));
        assert_eq!(PixelFormat::Nv12.plane_shape(1, 5, 3), Some([6, 2]));
        assert_eq!(PixelFormat::Yuyv.plane_shape(0, 5, 3), Some([12, 3]));
    }

    #[test]
    fn each_array_name_has_a_plane() {
        for format in PixelFormat::ALL.into_iter().filter(|f| *f != PixelFormat::Jpeg) {
            let planes = (0..4).filter(|i| format.plane_shape(*i, 8, 8).is_some()).count();
            assert_eq!(planes, format.array_names().len(), "{format}");
        }
    }
}
