//! What a frame is to hold: named arrays, each with dtype and shape, and room for a small structured body.

use serde::{Deserialize, Serialize};

use crate::error::LayoutError;

/// Most arrays in one frame.
pub const MAX_ARRAYS: usize = 16;
/// Most dimensions of one array.
pub const MAX_DIMS: usize = 4;
/// Longest name of an array, in bytes.
pub const MAX_ARRAY_NAME_BYTES: usize = 31;
/// Longest name of an encoding, in bytes.
pub const MAX_ENCODING_BYTES: usize = 15;
/// Largest frame with all its arrays, in bytes: 16 GiB.
pub const MAX_FRAME_BYTES: usize = 1 << 34;

/// Type of one element of an array, in the machine's byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum DType {
    #[serde(rename = "uint8")]
    U8 = 1,
    #[serde(rename = "int8")]
    I8 = 2,
    #[serde(rename = "uint16")]
    U16 = 3,
    #[serde(rename = "int16")]
    I16 = 4,
    #[serde(rename = "uint32")]
    U32 = 5,
    #[serde(rename = "int32")]
    I32 = 6,
    #[serde(rename = "uint64")]
    U64 = 7,
    #[serde(rename = "int64")]
    I64 = 8,
    #[serde(rename = "float16")]
    F16 = 9,
    #[serde(rename = "float32")]
    F32 = 10,
    #[serde(rename = "float64")]
    F64 = 11,
    #[serde(rename = "bool")]
    Bool = 12,
}

impl DType {
    const ALL: [Self; 12] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::U64,
        Self::I64,
        Self::F16,
        Self::F32,
        Self::F64,
        Self::Bool,
    ];

    /// Returns the bytes that one element takes.
    pub const fn size_bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Returns NumPy's name, e.g. `uint8`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::Bool => "bool",
        }
    }

    /// Returns the type that NumPy calls `name`, if the bus knows it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    pub(crate) fn from_wire(value: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| *dtype as u8 == value)
    }
}

/// How the numbers of a YUV picture become colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ColorTag {
    /// 0: nobody said, 1: BT.601, 2: BT.709.
    pub matrix: u8,
    /// 0: nobody said, 1: limited (16 to 235), 2: full (0 to 255).
    pub range: u8,
}

impl ColorTag {
    /// Nobody said.
    pub const UNSPECIFIED: Self = Self { matrix: 0, range: 0 };

    pub(crate) const fn is_known(self) -> bool {
        self.matrix <= 2 && self.range <= 2
    }
}

/// One array of a frame, before it is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayLayout {
    /// 1 to 31 bytes, unlike any other of the frame: `rgb`, `y`, `depth`.
    pub name: String,
    /// Type of an element.
    pub dtype: DType,
    /// Up to 4 dimensions, the outermost first: `[height, width, 3]`. Empty: one single number.
    pub shape: Vec<usize>,
    /// Bytes from one index of the first dimension to the next; at least what the others take. Absent: they follow
    /// without a gap.
    pub row_stride_bytes: Option<usize>,
    /// What the numbers are, at most 15 bytes: `i420`, `rgb8`, `jpeg`. Empty: just numbers.
    pub encoding: String,
    /// Meaning of YUV; all zero for what is no YUV.
    pub color: ColorTag,
}

impl ArrayLayout {
    /// Returns a layout without gaps, without an encoding.
    pub fn new(name: impl Into<String>, dtype: DType, shape: impl Into<Vec<usize>>) -> Self {
        Self {
            name: name.into(),
            dtype,
            shape: shape.into(),
            row_stride_bytes: None,
            encoding: String::new(),
            color: ColorTag::UNSPECIFIED,
        }
    }

    /// Returns the same with an encoding.
    pub fn with_encoding(mut self, encoding: impl Into<String>) -> Self {
        self.encoding = encoding.into();
        self
    }

    /// Returns the same with another distance between rows, in bytes.
    pub fn with_row_stride(mut self, row_stride_bytes: usize) -> Self {
        self.row_stride_bytes = Some(row_stride_bytes);
        self
    }

    /// Returns the same with a meaning for YUV.
    pub fn with_color(mut self, color: ColorTag) -> Self {
        self.color = color;
        self
    }

    /// Returns the bytes that the array takes in the frame: rows times their stride, the gap after the last one
    /// included.
    ///
    /// # Errors
    /// [`LayoutError`], when the layout cannot be: too many dimensions, a stride shorter than a row, a size past
    /// [`MAX_FRAME_BYTES`].
    pub fn size_bytes(&self) -> Result<usize, LayoutError> {
        self.check_texts()?;
        if self.shape.len() > MAX_DIMS {
            return Err(LayoutError::TooManyDims {
                array: self.name.clone(),
                got: self.shape.len(),
            });
        }
        let too_large = || LayoutError::TooLarge {
            array: self.name.clone(),
        };
        let inner = self
            .shape
            .iter()
            .skip(1)
            .try_fold(self.dtype.size_bytes(), |bytes, dim| bytes.checked_mul(*dim));
        let row = inner.ok_or_else(too_large)?;
        let stride = self.stride_of_rows(row)?;
        let bytes = match self.shape.first() {
            None => row,
            Some(rows) => rows.checked_mul(stride).ok_or_else(too_large)?,
        };
        if bytes > MAX_FRAME_BYTES {
            Err(too_large())
        } else {
            Ok(bytes)
        }
    }

    /// Returns the bytes from one element to the next, for each dimension. The layout is one that [`Self::size_bytes`]
    /// took.
    pub(crate) fn strides_bytes(&self) -> Vec<usize> {
        let mut strides = vec![0; self.shape.len()];
        let mut stride = self.dtype.size_bytes();
        for (dim, slot) in strides.iter_mut().enumerate().rev() {
            *slot = stride;
            stride = stride.saturating_mul(self.shape[dim]);
        }
        if let (Some(first), Some(row_stride)) = (strides.first_mut(), self.row_stride_bytes) {
            *first = row_stride;
        }
        strides
    }

    fn stride_of_rows(&self, row: usize) -> Result<usize, LayoutError> {
        match self.row_stride_bytes {
            None => Ok(row),
            Some(stride) if self.shape.is_empty() || stride < row || stride % self.dtype.size_bytes() != 0 => {
                Err(LayoutError::BadStride {
                    array: self.name.clone(),
                    got: stride,
                    row_bytes: row,
                })
            }
            Some(stride) => Ok(stride),
        }
    }

    fn check_texts(&self) -> Result<(), LayoutError> {
        if self.name.is_empty() || self.name.len() > MAX_ARRAY_NAME_BYTES || self.name.contains('\0') {
            return Err(LayoutError::BadName { got: self.name.clone() });
        }
        if self.encoding.len() > MAX_ENCODING_BYTES || self.encoding.contains('\0') {
            return Err(LayoutError::BadEncoding {
                array: self.name.clone(),
                got: self.encoding.clone(),
            });
        }
        if !self.color.is_known() {
            return Err(LayoutError::BadColor {
                array: self.name.clone(),
                got: self.color,
            });
        }
        Ok(())
    }
}

/// What one frame is to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameLayout {
    /// Up to 16 arrays, in this order.
    pub arrays: Vec<ArrayLayout>,
    /// Room for the body, in bytes; what is set may be shorter.
    pub body_capacity_bytes: usize,
}

impl FrameLayout {
    /// Returns a layout with these arrays and no body.
    pub fn of_arrays(arrays: impl Into<Vec<ArrayLayout>>) -> Self {
        Self {
            arrays: arrays.into(),
            body_capacity_bytes: 0,
        }
    }

    /// Returns a layout with a body alone.
    pub fn of_body(capacity_bytes: usize) -> Self {
        Self {
            arrays: Vec::new(),
            body_capacity_bytes: capacity_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stride_counts_after_the_last_row_too() {
        let gray = ArrayLayout::new("gray", DType::U8, [3, 10]).with_row_stride(16);
        assert_eq!(gray.size_bytes().unwrap(), 48);
        assert_eq!(gray.strides_bytes(), [16, 1]);
    }

    #[test]
    fn without_a_stride_rows_follow_without_a_gap() {
        let points = ArrayLayout::new("points", DType::F32, [4, 5, 3]);
        assert_eq!(points.size_bytes().unwrap(), 240);
        assert_eq!(points.strides_bytes(), [60, 12, 4]);
        assert_eq!(ArrayLayout::new("n", DType::F64, []).size_bytes().unwrap(), 8);
    }

    #[test]
    fn layouts_that_cannot_be_are_refused() {
        let good = ArrayLayout::new("a", DType::F32, [2, 3]);
        let bad = [
            ArrayLayout {
                name: String::new(),
                ..good.clone()
            },
            ArrayLayout {
                name: "x".repeat(32),
                ..good.clone()
            },
            ArrayLayout {
                encoding: "x".repeat(16),
                ..good.clone()
            },
            ArrayLayout {
                shape: vec![1; 5],
                ..good.clone()
            },
            ArrayLayout {
                shape: vec![usize::MAX, usize::MAX],
                ..good.clone()
            },
            ArrayLayout {
                row_stride_bytes: Some(11),
                ..good.clone()
            },
            ArrayLayout {
                row_stride_bytes: Some(13),
                ..good.clone()
            },
            ArrayLayout {
                color: ColorTag { matrix: 3, range: 0 },
                ..good.clone()
            },
            ArrayLayout {
                shape: vec![],
                row_stride_bytes: Some(4),
                ..good
            },
        ];
        for layout in bad {
            assert!(layout.size_bytes().is_err(), "{layout:?} was taken");
        }
    }

    #[test]
    fn every_dtype_is_found_by_its_name_and_by_its_number() {
        for dtype in DType::ALL {
            assert_eq!(DType::from_name(dtype.name()), Some(dtype));
            assert_eq!(DType::from_wire(dtype as u8), Some(dtype));
            assert_eq!(serde_json::to_value(dtype).unwrap(), dtype.name());
        }
        assert_eq!(DType::from_wire(0), None);
    }
}
