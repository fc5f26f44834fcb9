//! The page's own files, inside the binary.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// One file of the page.
#[derive(Debug)]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
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
            bytes: include_bytes!(concat!("../../../web/", $file)),
        }),*]
    };
}

const ASSETS: &[Asset] = assets! {
    "/" HTML, "index.html";
    "/style.css" CSS, "style.css";
    "/mark.svg" SVG, "mark.svg";
    "/favicon.ico" SVG, "mark.svg";
    "/app.js" SCRIPT, "app.js";
    "/camera.js" SCRIPT, "camera.js";
    "/detail.js" SCRIPT, "detail.js";
    "/dom.js" SCRIPT, "dom.js";
    "/labels.js" SCRIPT, "labels.js";
    "/legend.js" SCRIPT, "legend.js";
    "/link.js" SCRIPT, "link.js";
    "/live.js" SCRIPT, "live.js";
    "/masks.js" SCRIPT, "masks.js";
    "/node.js" SCRIPT, "node.js";
    "/overlay.js" SCRIPT, "overlay.js";
    "/pipeline.js" SCRIPT, "pipeline.js";
    "/projection.js" SCRIPT, "projection.js";
    "/results.js" SCRIPT, "results.js";
    "/strokes.js" SCRIPT, "strokes.js";
    "/tags.js" SCRIPT, "tags.js";
    "/trouble.js" SCRIPT, "trouble.js";
    "/words.js" SCRIPT, "words.js";
};

/// Only what comes from here is loaded, run or talked to; nobody puts the page into a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Answers with the file at `path`, if the page has one there. A browser that has it already is told so.
pub(crate) fn answer(path: &str, request: &HeaderMap) -> Option<Response<Body>> {
    let asset = ASSETS.iter().find(|asset| asset.path == path)?;
    let tag = format!("\"{:016x}\"", fingerprint(asset.bytes));
    let is_known = request
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let body = if is_known {
        Body::empty()
    } else {
        Body::from(asset.bytes)
    };
    let mut response = Response::new(body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
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
        let total: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(total < 150_000, "{total} bytes");
        for asset in ASSETS {
            let text = String::from_utf8_lossy(asset.bytes);
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
    fn every_module_that_is_imported_is_there() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type == SCRIPT) {
            let text = String::from_utf8_lossy(asset.bytes);
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
