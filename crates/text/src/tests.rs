use super::*;

/// How much of a line is covered, in whole pixels.
fn ink(mask: &Mask) -> usize {
    let rows = (0..mask.height()).map(|y| mask.row(y).iter().map(|covered| usize::from(*covered)).sum::<usize>());
    rows.sum::<usize>() / 255
}

#[test]
fn a_line_is_as_high_as_a_line_and_as_wide_as_its_letters() {
    let mut lettering = Lettering::new();
    let (short, long) = (lettering.line("i", 20), lettering.line("iiii", 20));
    assert_eq!((short.height(), long.height()), (26, 26));
    assert!(short.width() > 0 && long.width() > 3 * short.width() && long.width() < 60);
    assert!(ink(&long) >= 3 * ink(&short));
    let large = lettering.line("i", 40);
    assert!(ink(&large) > 3 * ink(&short), "{} and {}", ink(&large), ink(&short));
}

#[test]
fn latin_greek_cyrillic_and_arabic_need_no_font_of_the_system() {
    let mut lettering = Lettering::new();
    for text in ["Grüße 12.5°", "γειά σου", "привет", "مرحبا", "– ≈ ± →"] {
        let letters = shape::shaped(&mut lettering.fonts, text, 20.0);
        assert!(
            letters
                .iter()
                .all(|letter| (letter.font, letter.glyph != 0) == (0, true)),
            "{text}"
        );
        assert!(ink(&lettering.line(text, 20)) > 20, "{text}");
    }
    assert!(!lettering.fonts.asked_the_system());
}

#[test]
fn arabic_letters_are_joined() {
    let mut lettering = Lettering::new();
    let apart: usize = "بيت"
        .chars()
        .map(|letter| lettering.line(&letter.to_string(), 24).width())
        .sum();
    let joined = lettering.line("بيت", 24).width();
    assert!(joined < apart * 9 / 10, "{joined} of {apart}");
}

#[test]
fn what_no_font_has_is_a_box_and_never_fails() {
    let mut lettering = Lettering::new();
    // A letter of a private area that no font of this machine can be expected to have.
    let unknown = lettering.line("\u{10fffd}", 20);
    assert!(ink(&unknown) > 5, "{} pixels", ink(&unknown));
    assert!(lettering.fonts.asked_the_system());
    for text in [
        "",
        "\0\n\r\t",
        "目標",
        "\u{202e}abc\u{2029}",
        "e\u{301}\u{301}\u{301}",
        "👩‍👩‍👧",
    ] {
        lettering.line(text, 20);
    }
    let long = "w".repeat(100_000);
    assert!(lettering.line(&long, 20).width() < MOST_LETTERS * 40);
    assert!(lettering.line("size", 0).width() > 0 && lettering.line("size", u32::MAX).height() <= 520);
}

#[test]
fn a_line_is_drawn_once_and_the_kept_ones_are_not_many() {
    let mut lettering = Lettering::new();
    let first = lettering.line("targets", 20);
    assert!(Arc::ptr_eq(&first, &lettering.line("targets", 20)));
    assert!(!Arc::ptr_eq(&first, &lettering.line("targets", 21)));
    for number in 0..2 * MOST_KEPT {
        lettering.line(&number.to_string(), 8);
    }
    assert!(lettering.kept.len() <= MOST_KEPT);
    assert_eq!(*lettering.line("targets", 20), *first);
}
