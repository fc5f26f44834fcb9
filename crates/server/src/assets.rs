//! The page's own files, inside the binary. They are sent without their comments and indentation, which are for who reads them in
//! the repository, and compressed to every browser that takes them so.

use std::io::Write;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// One file of the page.
#[derive(Debug)]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

/// One file as it is sent.
#[derive(Debug)]
struct Sent {
    path: &'static str,
    content_type: &'static str,
    text: String,
    gzip: Vec<u8>,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! assets {
    ($($path:literal $content_type:expr, $file:literal;)*) => {
        &[$(Asset {
            path: $path,
            content_type: $content_type,
            text: include_str!(concat!("../../../web/", $file)),
        }),*]
    };
}

const ASSETS: &[Asset] = assets! {
    "/" HTML, "index.html";
    "/style.css" CSS, "style.css";
    "/tune.css" CSS, "tune.css";
    "/mark.svg" SVG, "mark.svg";
    "/favicon.ico" SVG, "mark.svg";
    "/alerts.js" SCRIPT, "alerts.js";
    "/app.js" SCRIPT, "app.js";
    "/camera.js" SCRIPT, "camera.js";
    "/colour.js" SCRIPT, "colour.js";
    "/detail.js" SCRIPT, "detail.js";
    "/dom.js" SCRIPT, "dom.js";
    "/ear.js" SCRIPT, "ear.js";
    "/events.js" SCRIPT, "events.js";
    "/field.js" SCRIPT, "field.js";
    "/knobs.js" SCRIPT, "knobs.js";
    "/labels.js" SCRIPT, "labels.js";
    "/legend.js" SCRIPT, "legend.js";
    "/link.js" SCRIPT, "link.js";
    "/live.js" SCRIPT, "live.js";
    "/login.js" SCRIPT, "login.js";
    "/masks.js" SCRIPT, "masks.js";
    "/node.js" SCRIPT, "node.js";
    "/overlay.js" SCRIPT, "overlay.js";
    "/pipeline.js" SCRIPT, "pipeline.js";
    "/player.js" SCRIPT, "player.js";
    "/projection.js" SCRIPT, "projection.js";
    "/results.js" SCRIPT, "results.js";
    "/sight.js" SCRIPT, "sight.js";
    "/sound.js" SCRIPT, "sound.js";
    "/strokes.js" SCRIPT, "strokes.js";
    "/tags.js" SCRIPT, "tags.js";
    "/trouble.js" SCRIPT, "trouble.js";
    "/tune.js" SCRIPT, "tune.js";
    "/video.js" SCRIPT, "video.js";
    "/wires.js" SCRIPT, "wires.js";
    "/words.js" SCRIPT, "words.js";
};

static SENT: LazyLock<Vec<Sent>> = LazyLock::new(|| {
    ASSETS
        .iter()
        .map(|asset| {
            let text = match asset.content_type {
                SCRIPT => bare(asset.text),
                CSS => tight(&bare(asset.text)),
                _ => asset.text.to_owned(),
            };
            Sent {
                path: asset.path,
                content_type: asset.content_type,
                gzip: gzip(text.as_bytes()),
                text,
            }
        })
        .collect()
});

/// Leaves out indentation, empty lines, and comments that have their lines to themselves.
fn bare(text: &str) -> String {
    let mut is_comment = false;
    let mut lines = String::with_capacity(text.len());
    for line in text.lines().map(str::trim) {
        let begins = line.starts_with("/*");
        if begins || is_comment {
            is_comment = !line.ends_with("*/");
        } else if !line.is_empty() && !line.starts_with("//") {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    lines
}

/// Leaves out the spaces of a style sheet around what separates its parts, which mean nothing there.
fn tight(style: &str) -> String {
    let mut tight = String::with_capacity(style.len());
    for c in style.chars() {
        let is_space = c.is_ascii_whitespace();
        if is_space && tight.ends_with(['{', '}', ';', ',', ' ', '\n']) {
            continue;
        }
        if matches!(c, '{' | '}') {
            tight.truncate(tight.trim_end().len());
        }
        tight.push(c);
    }
    tight.replace(": ", ":")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Into memory: what could fail is its allocation, which ends the process.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Whether a request takes gzip: `Accept-Encoding` as RFC 9110 has it, 12.5.3.
fn takes_gzip(request: &HeaderMap) -> bool {
    let accepted = request
        .get(header::ACCEPT_ENCODING)
        .and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| {
        accepted.split(',').any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let is_refused = weight
                .trim()
                .strip_prefix("q=")
                .is_some_and(|q| q.parse() == Ok(0.0_f32));
            name.trim().eq_ignore_ascii_case("gzip") && !is_refused
        })
    })
}

/// Only what comes from here is loaded, run or talked to; nobody puts the page into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Answers with the file at `path`, if the page has one there. A browser that has it already is told so.
pub(crate) fn answer(path: &str, request: &HeaderMap) -> Option<Response<Body>> {
    let asset = SENT.iter().find(|asset| asset.path == path)?;
    let is_gzip = takes_gzip(request) && !asset.gzip.is_empty();
    let bytes = if is_gzip {
        asset.gzip.as_slice()
    } else {
        asset.text.as_bytes()
    };
    let tag = format!("\"{:016x}\"", fingerprint(bytes));
    let is_known = request
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let body = if is_known { Body::empty() } else { Body::from(bytes) };
    let mut response = Response::new(body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_gzip && !is_known {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    Some(response)
}

/// FNV-1a: tells one build's file from another's.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small_and_wants_nothing_from_elsewhere() {
        let scripts = || ASSETS.iter().filter(|asset| asset.content_type == SCRIPT);
        let waits = |path: &str| {
            let (script, style) = (format!("import(\".{path}\")"), format!("href: \"{}\"", &path[1..]));
            scripts().any(|asset| asset.text.contains(&script) || asset.text.contains(&style))
        };
        let opening: usize = SENT
            .iter()
            .filter(|asset| !waits(asset.path))
            .map(|asset| asset.text.len())
            .sum();
        assert!(opening < 150_000, "{opening} bytes");
        let total: usize = SENT.iter().map(|asset| asset.gzip.len()).sum();
        assert!(total < 150_000 / 2, "{total} bytes");
        for asset in ASSETS {
            let text = asset.text;
            let elsewhere = text.match_indices("//").filter(|(at, _)| {
                let (before, after) = (&text[..*at], &text[at + 2..]);
                (before.ends_with("http:") || before.ends_with("https:"))
                    && after.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && !after.starts_with("www.w3.org/2000/svg")
            });
            assert_eq!(elsewhere.count(), 0, "{} names an address", asset.path);
        }
    }

    #[test]
    fn who_takes_gzip_gets_it_and_nobody_else() {
        let asked = |accepted: &'static str| {
            let mut request = HeaderMap::new();
            request.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            let headers = answer("/app.js", &request).unwrap().headers().clone();
            headers
                .get(header::CONTENT_ENCODING)
                .map(|coding| coding.to_str().unwrap().to_owned())
        };
        for accepted in ["gzip", "br;q=1.0, GZIP;q=0.8", "deflate,gzip"] {
            assert_eq!(asked(accepted).as_deref(), Some("gzip"), "{accepted}");
        }
        for accepted in ["br", "gzip;q=0", "identity, gzip; q=0.0", ""] {
            assert_eq!(asked(accepted), None, "{accepted}");
        }
    }

    #[test]
    fn what_is_sent_small_is_the_same() {
        for asset in SENT.iter() {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&asset.gzip[..]), &mut text).unwrap();
            assert_eq!(text, asset.text, "{}", asset.path);
        }
    }

    #[test]
    fn what_is_for_readers_is_not_sent() {
        let text = "/* Two\n   lines. */\n// One.\nlet a = 1; // kept\n\n  /** Of b. */\n  let b = `//`;\n";
        assert_eq!(bare(text), "let a = 1; // kept\nlet b = `//`;\n");
    }

    #[test]
    fn a_style_sheet_loses_only_spaces_that_mean_nothing() {
        let style =
            "a b, c > d {\ncolor: red;\nmargin: 0 1px;\n}\n@media (min-width: 9px) {\n.e:hover {\nx: y;\n}\n}\n";
        assert_eq!(
            tight(style),
            "a b,c > d{color:red;margin:0 1px;}@media (min-width:9px){.e:hover{x:y;}}"
        );
        let strings = ASSETS.iter().filter(|asset| asset.content_type == CSS);
        for text in strings.flat_map(|asset| asset.text.split('"').skip(1).step_by(2)) {
            assert!(!text.contains(['{', '}', ';', ',', ':']), "\"{text}\" would be changed");
        }
    }

    #[test]
    fn a_text_that_goes_over_several_lines_would_be_changed_so_there_is_none() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type == SCRIPT) {
            let code = asset
                .text
                .lines()
                .map(str::trim)
                .filter(|line| !line.starts_with("//") && !line.starts_with('*'));
            for line in code.filter(|line| !line.starts_with("/*")) {
                assert!(line.matches('`').count() % 2 == 0, "{}: {line}", asset.path);
            }
        }
    }

    #[test]
    fn every_module_that_is_imported_is_there() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type == SCRIPT) {
            let text = asset.text;
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let module = line
                    .split('"')
                    .nth(1)
                    .map(|name| name.replacen("./", "/", 1))
                    .unwrap_or_default();
                assert!(
                    ASSETS.iter().any(|other| other.path == module),
                    "{}: {line}",
                    asset.path
                );
            }
        }
    }

    #[test]
    fn a_browser_that_has_a_file_is_not_sent_it_again() {
        let first = answer("/app.js", &HeaderMap::new()).unwrap();
        let mut request = HeaderMap::new();
        request.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(answer("/app.js", &request).unwrap().status(), StatusCode::NOT_MODIFIED);
        assert!(answer("/../Cargo.toml", &HeaderMap::new()).is_none());
    }
}
