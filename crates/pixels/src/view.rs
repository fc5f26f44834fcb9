//! A borrowed image: where its planes lie and what they mean, checked once.

use crate::format::{ColorSpace, PixelFormat};
use crate::jpeg::{Header, HeaderError};

/// The longest side of an image, in pixels, that is taken for real.
pub const MAX_SIDE_PX: u32 = 16_384;

/// One plane of an image: its bytes, and how far apart its rows begin.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// From the first byte of the first row to, at least, the last byte of the last row.
    pub bytes: &'a [u8],
    /// From the start of one row to the start of the next.
    pub stride_bytes: usize,
}

impl<'a> Plane<'a> {
    /// Returns the first `len` bytes of row `y`. Both were checked when the view was made.
    pub(crate) fn row(&self, y: usize, len: usize) -> &'a [u8] {
        &self.bytes[y * self.stride_bytes..][..len]
    }
}

/// A borrowed image whose planes are known to be long enough for its size.
#[derive(Debug, Clone, Copy)]
pub struct ImageView<'a> {
    format: PixelFormat,
    width: u32,
    height: u32,
    color: ColorSpace,
    planes: [Plane<'a>; 3],
}

impl<'a> ImageView<'a> {
    /// Describes `planes` as an image of `width` by `height` pixels.
    ///
    /// - `planes`: as many as [`PixelFormat::array_names`], in that order. The last row may end with its last pixel.
    ///   A JPEG has one, whose stride says nothing.
    /// - `color`: what YUV numbers mean; ignored for RGB, grey and JPEG (which is [`ColorSpace::JPEG`]).
    ///
    /// # Errors
    /// [`ViewError`], when the size is zero or above [`MAX_SIDE_PX`], a plane is missing or too short, rows would
    /// overlap, or a JPEG's own header is damaged or says another size.
    pub fn new(
        format: PixelFormat,
        width: u32,
        height: u32,
        color: ColorSpace,
        planes: &[Plane<'a>],
    ) -> Result<Self, ViewError> {
        check_size(width, height)?;
        let names = format.array_names();
        if planes.len() != names.len() {
            return Err(ViewError::PlaneCount {
                format,
                needed: names.len(),
                given: planes.len(),
            });
        }
        if format == PixelFormat::Jpeg {
            let view = Self::jpeg(planes[0].bytes)?;
            if [view.width, view.height] != [width, height] {
                return Err(ViewError::JpegSize {
                    said: [width, height],
                    header: [view.width, view.height],
                });
            }
            return Ok(view);
        }
        let mut checked = [Plane {
            bytes: &[],
            stride_bytes: 0,
        }; 3];
        for (index, (plane, array)) in planes.iter().zip(names).enumerate() {
            let Some(shape) = format.plane_shape(index, width, height) else {
                continue;
            };
            check_plane(format, array, plane, shape)?;
            // The distance to a next row means nothing where there is none.
            let stride_bytes = if shape[1] == 1 { shape[0] } else { plane.stride_bytes };
            checked[index] = Plane {
                bytes: plane.bytes,
                stride_bytes,
            };
        }
        let color = match format {
            PixelFormat::I420 | PixelFormat::Nv12 | PixelFormat::Yuyv => color,
            _ => ColorSpace::JPEG,
        };
        Ok(Self {
            format,
            width,
            height,
            color,
            planes: checked,
        })
    }

    /// Describes the bytes of one JPEG file; its size is read from its header, its pixels are not looked at.
    ///
    /// # Errors
    /// [`ViewError::Jpeg`] for a damaged header, [`ViewError::Size`] for an absurd size.
    pub fn jpeg(bytes: &'a [u8]) -> Result<Self, ViewError> {
        let Header { width, height } = Header::read(bytes)?;
        check_size(width, height)?;
        let empty = Plane {
            bytes: &[],
            stride_bytes: 0,
        };
        let planes = [
            Plane {
                bytes,
                stride_bytes: bytes.len(),
            },
            empty,
            empty,
        ];
        Ok(Self {
            format: PixelFormat::Jpeg,
            width,
            height,
            color: ColorSpace::JPEG,
            planes,
        })
    }

    /// Returns how the pixels lie in memory.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Returns the width in pixels, 1 to [`MAX_SIDE_PX`].
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Returns the height in pixels, 1 to [`MAX_SIDE_PX`].
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Returns what the numbers of a YUV image mean.
    pub fn color(&self) -> ColorSpace {
        self.color
    }

    /// Returns the planes, named by [`PixelFormat::array_names`].
    pub fn planes(&self) -> &[Plane<'a>] {
        &self.planes[..self.format.array_names().len()]
    }

    /// Returns the bytes of the file when this is a JPEG.
    pub fn jpeg_bytes(&self) -> Option<&'a [u8]> {
        (self.format == PixelFormat::Jpeg).then_some(self.planes[0].bytes)
    }

    pub(crate) fn size(&self) -> [usize; 2] {
        [self.width as usize, self.height as usize]
    }

    pub(crate) fn plane(&self, index: usize) -> Plane<'a> {
        self.planes[index]
    }
}

pub(crate) fn check_size(width: u32, height: u32) -> Result<(), ViewError> {
    let fits = |side: u32| (1..=MAX_SIDE_PX).contains(&side);
    if fits(width) && fits(height) {
        Ok(())
    } else {
        Err(ViewError::Size { width, height })
    }
}

fn check_plane(
    format: PixelFormat,
    array: &'static str,
    plane: &Plane<'_>,
    [row_bytes, rows]: [usize; 2],
) -> Result<(), ViewError> {
    let stride_bytes = plane.stride_bytes;
    if rows > 1 && stride_bytes < row_bytes {
        return Err(ViewError::OverlappingRows {
            format,
            array,
            row_bytes,
            stride_bytes,
        });
    }
    let needed = (rows - 1)
        .checked_mul(stride_bytes)
        .and_then(|before_last| before_last.checked_add(row_bytes));
    let given_bytes = plane.bytes.len();
    match needed {
        Some(needed_bytes) if needed_bytes <= given_bytes => Ok(()),
        _ => Err(ViewError::ShortPlane {
            format,
            array,
            needed_bytes: needed.unwrap_or(usize::MAX),
            given_bytes,
        }),
    }
}

/// Why bytes are not the image they are said to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// A side is zero or too long.
    #[error("an image of {width}x{height} pixels is not possible; each side must be 1 to {MAX_SIDE_PX}")]
    Size {
        /// As given.
        width: u32,
        /// As given.
        height: u32,
    },
    /// More or fewer planes than the format has.
    #[error("a {format} image has {needed} plane(s), {given} given")]
    PlaneCount {
        /// The format said.
        format: PixelFormat,
        /// Its number of planes.
        needed: usize,
        /// As given.
        given: usize,
    },
    /// A plane ends before its last pixel.
    #[error("array `{array}` of a {format} image holds {given_bytes} bytes, {needed_bytes} needed")]
    ShortPlane {
        /// The format said.
        format: PixelFormat,
        /// The name of the plane's array.
        array: &'static str,
        /// What size and stride ask for.
        needed_bytes: usize,
        /// As given.
        given_bytes: usize,
    },
    /// The stride is shorter than a row.
    #[error("rows of array `{array}` of a {format} image are {row_bytes} bytes long but {stride_bytes} apart")]
    OverlappingRows {
        /// The format said.
        format: PixelFormat,
        /// The name of the plane's array.
        array: &'static str,
        /// What the width asks for.
        row_bytes: usize,
        /// As given.
        stride_bytes: usize,
    },
    /// The header of a JPEG cannot be read.
    #[error(transparent)]
    Jpeg(#[from] HeaderError),
    /// The header of a JPEG says another size than its frame.
    #[error("said to be {}x{} pixels, but the JPEG's own header says {}x{}", said[0], said[1], header[0], header[1])]
    JpegSize {
        /// Width and height as given.
        said: [u32; 2],
        /// Width and height in the header.
        header: [u32; 2],
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOR: ColorSpace = ColorSpace::JPEG;

    fn gray(width: u32, height: u32, stride_bytes: usize, len: usize) -> Result<(), ViewError> {
        let bytes = vec![0; len];
        ImageView::new(
            PixelFormat::Gray8,
            width,
            height,
            COLOR,
            &[Plane {
                bytes: &bytes,
                stride_bytes,
            }],
        )
        .map(|_| ())
    }

    #[test]
    fn the_last_row_may_end_with_its_last_pixel() {
        assert_eq!(gray(10, 3, 16, 42), Ok(()));
        assert!(matches!(
            gray(10, 3, 16, 41),
            Err(ViewError::ShortPlane {
                needed_bytes: 42,
                given_bytes: 41,
                ..
            })
        ));
    }

    #[test]
    fn sizes_of_zero_and_above_the_limit_are_refused() {
        for [width, height] in [[0, 4], [4, 0], [MAX_SIDE_PX + 1, 1], [u32::MAX, u32::MAX]] {
            assert_eq!(gray(width, height, 4, 16), Err(ViewError::Size { width, height }));
        }
    }

    #[test]
    fn a_stride_below_the_row_or_beyond_memory_is_refused() {
        assert!(matches!(
            gray(10, 2, 9, 100),
            Err(ViewError::OverlappingRows {
                row_bytes: 10,
                stride_bytes: 9,
                ..
            })
        ));
        assert!(matches!(
            gray(10, 3, usize::MAX, 100),
            Err(ViewError::ShortPlane { .. })
        ));
    }

    #[test]
    fn each_plane_is_checked_and_named() {
        let (y, short) = ([0; 15], [0; 3]);
        let plane = |bytes, stride_bytes| Plane { bytes, stride_bytes };
        let planes = [plane(&y[..], 5), plane(&y[..6], 3), plane(&short[..], 3)];
        let error = ImageView::new(PixelFormat::I420, 5, 3, COLOR, &planes).unwrap_err();
        assert_eq!(error.to_string(), "array `v` of a i420 image holds 3 bytes, 6 needed");
        assert!(matches!(
            ImageView::new(PixelFormat::Nv12, 5, 3, COLOR, &planes),
            Err(ViewError::PlaneCount {
                needed: 2,
                given: 3,
                ..
            })
        ));
    }
}
