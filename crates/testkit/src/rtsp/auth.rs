//! Whether a viewer may look: Basic (RFC 7617) and Digest with MD5 (RFC 2617).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};

use super::message::Request;
use super::{Login, Scheme};

const REALM: &str = "testkit camera";
const NONCE: &str = "8b1bc5a4f9f9a1d2";

/// The header that asks for a login.
pub(super) fn challenge(login: &Login) -> String {
    match login.scheme {
        Scheme::Basic => format!("WWW-Authenticate: Basic realm=\"{REALM}\""),
        Scheme::Digest => format!("WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{NONCE}\""),
    }
}

/// Whether the request carries the login.
pub(super) fn is_welcome(request: &Request, login: &Login) -> bool {
    let Some((scheme, rest)) = request.header("Authorization").and_then(|value| value.split_once(' ')) else {
        return false;
    };
    match login.scheme {
        Scheme::Basic => {
            let wanted = BASE64_STANDARD.encode(format!("{}:{}", login.user, login.password));
            scheme.eq_ignore_ascii_case("basic") && rest.trim() == wanted
        }
        Scheme::Digest => scheme.eq_ignore_ascii_case("digest") && digest_is_right(request, login, rest),
    }
}

fn digest_is_right(request: &Request, login: &Login, rest: &str) -> bool {
    let field = |name: &str| {
        let named = rest.split(',').filter_map(|pair| pair.trim().split_once('='));
        named
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim_matches('"'))
            .next()
            .unwrap_or_default()
    };
    let who = hash(&format!("{}:{REALM}:{}", login.user, login.password));
    let what = hash(&format!("{}:{}", request.method, field("uri")));
    field("username") == login.user && field("response") == hash(&format!("{who}:{NONCE}:{what}"))
}

fn hash(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
