//! One array in NumPy's own format, written row by row: how many there are is put right at the end.
//!
//! # Source
//! NumPy's documentation, "A simple file format for NumPy arrays" (numpy.lib.format), version 1.0.

use std::io::{self, Seek, SeekFrom, Write};

/// Before the numbers; a multiple of 64, so that they are aligned when the file is mapped.
const HEAD_BYTES: usize = 128;
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

pub(super) struct NpyWriter<W> {
    out: W,
    /// Its type as NumPy writes it: `|u1`, `<f4`.
    descr: String,
    /// The shape of one row.
    row: Vec<usize>,
    rows: u64,
}

impl<W: Write + Seek> NpyWriter<W> {
    /// Begins an array of rows of this shape; `row` is empty for plain numbers.
    pub(super) fn begin(mut out: W, descr: &str, row: &[usize]) -> io::Result<Self> {
        out.write_all(&head(descr, 0, row)?)?;
        Ok(Self {
            out,
            descr: descr.to_owned(),
            row: row.to_vec(),
            rows: 0,
        })
    }

    /// Whether a row of this type and shape can go on in this array.
    pub(super) fn fits(&self, descr: &str, row: &[usize]) -> bool {
        self.descr == descr && self.row == row
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds so many rows: their bytes, little-endian, in C order.
    pub(super) fn add(&mut self, rows: u64, bytes: &[u8]) -> io::Result<()> {
        self.rows += rows;
        self.out.write_all(bytes)
    }

    /// Ends the array; returns how many rows it has.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&head(&self.descr, self.rows, &self.row)?)?;
        self.out.flush()?;
        Ok(self.rows)
    }
}

fn head(descr: &str, rows: u64, row: &[usize]) -> io::Result<Vec<u8>> {
    let sides: String = row.iter().map(|side| format!(" {side},")).collect();
    let words = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows},{sides}), }}");
    let room = HEAD_BYTES - MAGIC.len() - 2;
    if words.len() >= room {
        return Err(io::Error::other("its shape is longer than the head of the file"));
    }
    let mut head = MAGIC.to_vec();
    head.extend((room as u16).to_le_bytes());
    head.extend(words.as_bytes());
    head.resize(HEAD_BYTES - 1, b' ');
    head.push(b'\n');
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_type_and_shape_and_is_aligned() {
        let mut file = io::Cursor::new(Vec::new());
        let mut array = NpyWriter::begin(&mut file, "<f4", &[2, 3]).unwrap();
        assert!(array.fits("<f4", &[2, 3]) && !array.fits("<f4", &[3, 2]) && !array.fits("|u1", &[2, 3]));
        for row in 0..5_u8 {
            array.add(1, &[row; 24]).unwrap();
        }
        assert_eq!(array.finish().unwrap(), 5);
        let bytes = file.into_inner();
        assert_eq!(bytes.len(), HEAD_BYTES + 5 * 24);
        assert_eq!(bytes[..10], *b"\x93NUMPY\x01\x00\x76\x00");
        let words = std::str::from_utf8(&bytes[10..HEAD_BYTES]).unwrap();
        assert_eq!(
            words.trim_end(),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2, 3,), }"
        );
        assert!(words.ends_with('\n'));
        assert_eq!(bytes[HEAD_BYTES + 24], 1);
    }

    #[test]
    fn plain_numbers_have_one_side() {
        let head = head("<i8", 7, &[]).unwrap();
        assert!(
            std::str::from_utf8(&head[10..])
                .unwrap()
                .starts_with("{'descr': '<i8', 'fortran_order': False, 'shape': (7,), }")
        );
    }
}
