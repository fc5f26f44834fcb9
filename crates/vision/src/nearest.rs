//! "Did you mean": the known word nearest to an unknown one.

/// Returns the candidate with the fewest single letters to change, add or drop; `None` without candidates.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A long wrong word costs no more than a short one.
    let word: String = word.chars().take(40).collect();
    candidates
        .into_iter()
        .min_by_key(|candidate| distance(candidate, &word))
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_more_less_or_other_is_nearest() {
        let known = ["size", "model", "distortion"];
        for (word, wanted) in [
            ("sise", "size"),
            ("sze", "size"),
            ("modell", "model"),
            ("distorsion", "distortion"),
        ] {
            assert_eq!(nearest(word, known), Some(wanted));
        }
        assert_eq!(nearest("x", []), None);
    }
}
