//! Boxes: what an MP4 file is made of (ISO/IEC 14496-12, 4.2), read from bytes that may be anything.

/// Reads numbers, most significant byte first; `None` once the bytes are used up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        self.bytes(count).map(drop)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.bytes(2)?.try_into().ok()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.bytes(4)?.try_into().ok()?))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.bytes(8)?.try_into().ok()?))
    }

    /// Version and flags, with which most boxes begin.
    pub(super) fn version_and_flags(&mut self) -> Option<(u8, u32)> {
        let word = self.u32()?;
        Some(((word >> 24) as u8, word & 0xff_ffff))
    }

    /// 32 bits in version 0, 64 later.
    pub(super) fn time(&mut self, version: u8) -> Option<u64> {
        if version == 0 {
            self.u32().map(u64::from)
        } else {
            self.u64()
        }
    }

    /// How many more entries of `entry_bytes` bytes there can be.
    pub(super) fn room_for(&self, entry_bytes: usize) -> usize {
        self.rest.len() / entry_bytes
    }
}

/// The boxes in the content of another; ends at the first that does not fit.
pub(super) fn children(content: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut reader = Reader::new(content);
    std::iter::from_fn(move || {
        let size = reader.u32()?;
        let name: [u8; 4] = reader.bytes(4)?.try_into().ok()?;
        let length = match size {
            0 => reader.rest.len() as u64,
            1 => reader.u64()?.checked_sub(16)?,
            size => u64::from(size).checked_sub(8)?,
        };
        Some((name, reader.bytes(usize::try_from(length).ok()?)?))
    })
}

/// The first box of that name in the content of another.
pub(super) fn child<'a>(content: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    children(content)
        .find(|(name, _)| name == wanted)
        .map(|(_, content)| content)
}

/// The box at the end of a path of names.
pub(super) fn descendant<'a>(content: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(content, |content, name| child(content, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_every_length_form_are_found() {
        let mut content = b"\0\0\0\x0aaaaahi".to_vec();
        content.extend(b"\0\0\0\x01bbbb\0\0\0\0\0\0\0\x12yo");
        content.extend(b"\0\0\0\0ccccrest");
        let found: Vec<_> = children(&content).collect();
        assert_eq!(found, [(*b"aaaa", &b"hi"[..]), (*b"bbbb", b"yo"), (*b"cccc", b"rest")]);
    }

    #[test]
    fn a_box_that_is_longer_than_its_parent_or_shorter_than_itself_ends_the_search() {
        assert_eq!(children(b"\0\0\0\xffaaaahi").count(), 0);
        assert_eq!(children(b"\0\0\0\x04aaaahi").count(), 0);
        assert_eq!(children(b"\0\0\0").count(), 0);
    }
}
