//! What others say, short enough for a status line.

/// The first line of what a library says, short enough for a status line.
pub(crate) fn first_line(said: &impl ToString) -> String {
    const LONGEST: usize = 120;
    let said = said.to_string();
    let line: String = said
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_beginning_of_a_long_story_is_told() {
        assert_eq!(first_line(&"bad header\n00 01 02"), "bad header");
        assert_eq!(first_line(&"x".repeat(500)).chars().count(), 121);
    }
}
