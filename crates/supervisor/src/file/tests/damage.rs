//! Damaged files: whatever stands in one, it ends as a plan or as problems that point into it.

use proptest::prelude::*;

use super::expanded::GOOD;
use super::fixtures::checked;

/// One way to break a text.
#[derive(Debug, Clone)]
enum Damage {
    Flip {
        at: usize,
        byte: u8,
    },
    Cut {
        from: usize,
        length: usize,
    },
    Insert {
        at: usize,
        piece: &'static str,
    },
    Nest {
        at: usize,
        depth: usize,
        open: &'static str,
    },
    DropLine(usize),
    DoubleLine(usize),
    SwapLines(usize, usize),
    Truncate(usize),
}

const PIECES: [&str; 24] = [
    "\t", "\n", "\r", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "<<: *a", "!t ", "\"", "'", "|", "$", "$X", "#",
    "---\n", "\u{0}", "\u{85}", "é", "? ",
];

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0..400usize;
    let line = 0..30usize;
    prop_oneof![
        3 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip { at, byte }),
        2 => (at.clone(), 1..20usize).prop_map(|(from, length)| Damage::Cut { from, length }),
        3 => (at.clone(), proptest::sample::select(&PIECES[..])).prop_map(|(at, piece)| Damage::Insert { at, piece }),
        1 => (at.clone(), 1..200usize, proptest::sample::select(&["[", "{a: ", "\n- ", "{"][..])).prop_map(|(at, depth, open)| Damage::Nest { at, depth, open }),
        1 => line.clone().prop_map(Damage::DropLine),
        1 => line.clone().prop_map(Damage::DoubleLine),
        1 => (line.clone(), line).prop_map(|(a, b)| Damage::SwapLines(a, b)),
        1 => at.prop_map(Damage::Truncate),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let within = |at: usize| at % (bytes.len() + 1);
        match *self {
            Damage::Flip { at, byte } => {
                if let Some(old) = bytes.get_mut(at) {
                    *old ^= byte;
                }
            }
            Damage::Cut { from, length } => {
                let from = within(from);
                bytes.drain(from..(from + length).min(bytes.len()));
            }
            Damage::Insert { at, piece } => {
                let at = within(at);
                bytes.splice(at..at, piece.bytes());
            }
            Damage::Nest { at, depth, open } => {
                let at = within(at);
                bytes.splice(at..at, open.repeat(depth).into_bytes());
            }
            Damage::Truncate(at) => bytes.truncate(at),
            Damage::DropLine(_) | Damage::DoubleLine(_) | Damage::SwapLines(..) => {
                let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
                let count = lines.len().max(1);
                match *self {
                    _ if lines.is_empty() => {}
                    Damage::DropLine(line) => drop(lines.remove(line % count)),
                    Damage::DoubleLine(line) => lines.insert(line % count, lines[line % count]),
                    Damage::SwapLines(a, b) => lines.swap(a % count, b % count),
                    _ => {}
                }
                *bytes = lines.concat();
            }
        }
    }
}

/// The lines of a text as YAML counts them.
fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.lines().map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_a_plan_or_problems_with_places_in_it(
        text in proptest::sample::select(&GOOD[..]),
        damages in proptest::collection::vec(damage(), 1..6),
    ) {
        let mut bytes = text.as_bytes().to_vec();
        damages.iter().for_each(|damage| damage.apply(&mut bytes));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Err(problems) = checked(&text) else { return Ok(()) };
        prop_assert!(!problems.is_empty(), "{text:?}");
        let lines = lines(text.strip_prefix('\u{feff}').unwrap_or(&text));
        for problem in problems {
            prop_assert_eq!(problem.file.to_str(), Some("pipeline.yaml"));
            prop_assert!(!problem.message.is_empty());
            let place = problem.place.ok_or_else(|| TestCaseError::fail(format!("no place: {problem}")))?;
            prop_assert!((1..=lines.len().max(1)).contains(&place.line), "{problem}\n{text:?}");
            let columns = lines.get(place.line - 1).map_or(0, |line| line.chars().count()) + 1;
            prop_assert!((1..=columns).contains(&place.column), "{problem}\n{text:?}");
        }
    }
}
