//! Tells a camera that sends the same picture again and again (`frozen:`).

use std::hash::Hasher;

/// Counts equal pictures in a row.
#[derive(Debug)]
pub(crate) struct FrozenWatch {
    limit: u32,
    last: Option<u64>,
    equal: u32,
}

impl FrozenWatch {
    /// Speaks up at `limit` equal pictures in a row.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit,
            last: None,
            equal: 0,
        }
    }

    /// Looks at one picture; returns whether too many equal ones came in a row.
    ///
    /// Every byte counts: sensor noise makes two pictures of a living camera differ somewhere.
    pub(crate) fn look<'a>(&mut self, planes: impl Iterator<Item = &'a [u8]>) -> bool {
        let mut hasher = std::hash::DefaultHasher::new();
        planes.for_each(|plane| hasher.write(plane));
        let hash = hasher.finish();
        self.equal = if self.last == Some(hash) { self.equal + 1 } else { 1 };
        self.last = Some(hash);
        self.equal >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pictures_are_told_at_the_limit_and_a_new_one_ends_it() {
        let mut watch = FrozenWatch::new(3);
        let (still, other) = ([7; 100], [8; 100]);
        let mut look = |picture: &[u8]| watch.look([picture].into_iter());
        assert_eq!(
            [look(&still), look(&still), look(&still), look(&still)],
            [false, false, true, true]
        );
        assert_eq!([look(&other), look(&still)], [false, false]);
    }
}
