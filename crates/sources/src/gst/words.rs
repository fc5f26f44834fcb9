//! Splits a pipeline string into the arguments that a shell would hand to `gst-launch-1.0`; no shell is involved.

/// A quote that is opened and never closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pipeline opens a quote {quote} that nothing closes, before `{behind}`")]
pub(super) struct OpenQuote {
    quote: char,
    behind: String,
}

/// Returns the words of `text`: split at white space, quotes taken off, backslashes as a shell reads them.
///
/// Variables, wildcards and all else that a shell would expand stay as they are written.
///
/// # Errors
/// [`OpenQuote`].
pub(super) fn split(text: &str) -> Result<Vec<String>, OpenQuote> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' | '"' => {
                let inside = quoted(c, &mut chars).ok_or_else(|| OpenQuote {
                    quote: c,
                    behind: text[at + 1..].chars().take(24).collect(),
                })?;
                word.get_or_insert_default().push_str(&inside);
            }
            '\\' => match chars.next() {
                // A line that goes on in the next one.
                Some((_, '\n')) | None => {}
                Some((_, escaped)) => word.get_or_insert_default().push(escaped),
            },
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Reads up to the closing quote; `None` when there is none.
fn quoted(quote: char, chars: &mut std::str::CharIndices<'_>) -> Option<String> {
    let mut inside = String::new();
    while let Some((_, c)) = chars.next() {
        match c {
            c if c == quote => return Some(inside),
            '\\' if quote == '"' => match chars.next()?.1 {
                '\n' => {}
                escaped @ ('"' | '\\' | '$' | '`') => inside.push(escaped),
                other => inside.extend(['\\', other]),
            },
            c => inside.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        for (text, words) in [
            ("v4l2src ! appsink", &["v4l2src", "!", "appsink"][..]),
            ("  a\n\tb  ", &["a", "b"]),
            ("", &[]),
            ("filesrc location='my film.mp4'", &["filesrc", "location=my film.mp4"]),
            (
                r#"filesrc location="my film.mp4""#,
                &["filesrc", "location=my film.mp4"],
            ),
            (r"filesrc location=my\ film.mp4", &["filesrc", "location=my film.mp4"]),
            (
                "'video/x-raw(memory:NVMM), width=1' ! x",
                &["video/x-raw(memory:NVMM), width=1", "!", "x"],
            ),
            (
                "video/x-raw, format=(string)BGR ! x",
                &["video/x-raw,", "format=(string)BGR", "!", "x"],
            ),
            (r#"a="x \"y\" \z" b='\'"#, &[r#"a=x "y" \z"#, r"b=\"]),
            ("v4l2src ! \\\n  appsink \\", &["v4l2src", "!", "appsink"]),
            (r"tee name=t t. ! \( x \)", &["tee", "name=t", "t.", "!", "(", "x", ")"]),
            ("a=''", &["a="]),
        ] {
            assert_eq!(
                split(text).as_deref(),
                Ok(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..]),
                "{text}"
            );
        }
    }

    #[test]
    fn an_open_quote_is_shown_with_what_follows_it() {
        let told = split("filesrc location=\"my film.mp4 ! decodebin ! appsink")
            .unwrap_err()
            .to_string();
        assert_eq!(
            told,
            "the pipeline opens a quote \" that nothing closes, before `my film.mp4 ! decodebin `"
        );
        assert!(split("a='b").is_err());
        assert!(split("a=\"b\\").is_err());
    }

    #[test]
    fn nothing_is_expanded() {
        let words = split("filesrc location=$HOME/*.mp4 text=`id` a=~").unwrap();
        assert_eq!(words, ["filesrc", "location=$HOME/*.mp4", "text=`id`", "a=~"]);
    }
}
