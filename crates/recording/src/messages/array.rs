//! Arrays that are no colour picture: depth, confidence, masks.

use super::picture::raw_image;

/// An array of rows, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Its type as NumPy names it: `uint8`, `float32`.
    pub dtype: &'a str,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// From the start of one row to the start of the next.
    pub stride_bytes: usize,
    /// From the first byte of the first row to, at least, the last of the last.
    pub bytes: &'a [u8],
}

/// How depth is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Whole millimetres in 16 bits; 0 where it is not known or beyond 65.535 m.
    Millimetres16,
    /// As it is: metres, NaN where it is not known.
    Metres32,
}

/// `foxglove.RawImage` of an array: `mono8` of `uint8` and `bool`, `16UC1` of `uint16`, `32FC1` of `float32`.
///
/// `None` for other types, and for an array whose bytes are fewer than its shape says.
pub fn raw(frame_id: &str, wall_ns: u64, rows: Rows<'_>) -> Option<Vec<u8>> {
    let (encoding, item_bytes) = match rows.dtype {
        "uint8" | "bool" => ("mono8", 1),
        "uint16" => ("16UC1", 2),
        "float32" => ("32FC1", 4),
        _ => return None,
    };
    let row_bytes = rows.width as usize * item_bytes;
    let mut data = Vec::with_capacity(row_bytes * rows.height as usize);
    for row in lines(rows, row_bytes) {
        data.extend_from_slice(row?);
    }
    let size = [rows.width, rows.height];
    Some(raw_image(frame_id, wall_ns, size, encoding, row_bytes, data))
}

/// `foxglove.RawImage` of a depth image of `float32` metres.
///
/// `None` when it is of another type, or shorter than its shape says.
pub fn depth(frame_id: &str, wall_ns: u64, rows: Rows<'_>, kept: Depth) -> Option<Vec<u8>> {
    if rows.dtype != "float32" || kept == Depth::Metres32 {
        return raw(frame_id, wall_ns, rows).filter(|_| rows.dtype == "float32");
    }
    let row_bytes = rows.width as usize * 2;
    let mut data = vec![0; row_bytes * rows.height as usize];
    for (line, out) in lines(rows, rows.width as usize * 4).zip(data.chunks_exact_mut(row_bytes.max(1))) {
        let (metres, _) = line?.as_chunks::<4>();
        let (out, _) = out.as_chunks_mut::<2>();
        for (metres, out) in metres.iter().zip(out) {
            *out = millimetres(f32::from_le_bytes(*metres)).to_le_bytes();
        }
    }
    let size = [rows.width, rows.height];
    Some(raw_image(frame_id, wall_ns, size, "16UC1", row_bytes, data))
}

/// To the nearest; what is not known or does not fit is 0. Without a branch, so that it is done for many at once.
fn millimetres(metres: f32) -> u16 {
    let rounded = metres * 1000.0 + 0.5;
    let fits = (0.0..65_536.0).contains(&rounded);
    if fits { rounded as u16 } else { 0 }
}

fn lines<'a>(rows: Rows<'a>, row_bytes: usize) -> impl Iterator<Item = Option<&'a [u8]>> {
    (0..rows.height as usize).map(move |row| rows.bytes.get(row * rows.stride_bytes..)?.get(..row_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_in_millimetres_is_rounded_and_0_where_it_is_not_known() {
        let cases = [
            (1.0, 1000),
            (0.0004, 0),
            (0.0006, 1),
            (65.535, 65_535),
            (70.0, 0),
            (-1.0, 0),
            (f32::NAN, 0),
            (f32::INFINITY, 0),
        ];
        for (metres, wanted) in cases {
            assert_eq!(millimetres(metres), wanted, "{metres}");
        }
    }

    #[test]
    fn an_array_that_is_shorter_than_it_says_is_no_image() {
        let short = Rows {
            dtype: "float32",
            width: 4,
            height: 3,
            stride_bytes: 16,
            bytes: &[0; 47],
        };
        assert_eq!(raw("table", 0, short), None);
        assert_eq!(depth("table", 0, short, Depth::Millimetres16), None);
    }
}
