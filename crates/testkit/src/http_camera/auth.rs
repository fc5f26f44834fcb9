//! Whether a viewer may look: basic (RFC 7617) and digest (RFC 7616) with `qop=auth`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::http::Request;

const REALM: &str = "testkit camera";

/// Who may look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
    /// How it is asked for.
    pub scheme: Scheme,
}

/// How a login is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// As it is.
    Basic,
    /// As a hash, with a number that is told to be too old when it is not the newest.
    Digest(Hash),
    /// In a way that nobody knows.
    Unknown,
}

/// How a digest is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// MD5.
    Md5,
    /// SHA-256.
    Sha256,
}

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Welcome,
    Wrong,
    /// Right but for its number.
    Stale,
}

impl Login {
    /// The header that asks for it.
    pub(super) fn challenge(&self, nonce: u64, verdict: Verdict) -> String {
        let stale = if verdict == Verdict::Stale { ", stale=true" } else { "" };
        match self.scheme {
            Scheme::Basic => format!("WWW-Authenticate: Basic realm=\"{REALM}\""),
            Scheme::Digest(hash) => format!(
                "WWW-Authenticate: Digest realm=\"{REALM}\", qop=\"auth\", algorithm={}, nonce=\"n{nonce}\", opaque=\"o\"{stale}",
                match hash {
                    Hash::Md5 => "MD5",
                    Hash::Sha256 => "SHA-256",
                }
            ),
            Scheme::Unknown => "WWW-Authenticate: Negotiate".to_owned(),
        }
    }

    /// Whether a request carries it.
    pub(super) fn judge(&self, request: &Request, nonce: u64) -> Verdict {
        let said = request.header("authorization").and_then(|value| value.split_once(' '));
        let Some((scheme, rest)) = said else {
            return Verdict::Wrong;
        };
        match self.scheme {
            Scheme::Basic if scheme.eq_ignore_ascii_case("basic") => {
                let wanted = BASE64_STANDARD.encode(format!("{}:{}", self.user, self.password));
                if rest.trim() == wanted {
                    Verdict::Welcome
                } else {
                    Verdict::Wrong
                }
            }
            Scheme::Digest(hash) if scheme.eq_ignore_ascii_case("digest") => self.digest(request, rest, hash, nonce),
            _ => Verdict::Wrong,
        }
    }

    fn digest(&self, request: &Request, rest: &str, hash: Hash, nonce: u64) -> Verdict {
        let field = |name: &str| {
            let named = rest.split(", ").filter_map(|pair| pair.trim().split_once('='));
            named
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim_matches('"'))
                .next()
                .unwrap_or_default()
        };
        let mut words = request.line.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let who = hash.hex(&format!("{}:{REALM}:{}", self.user, self.password));
        let what = hash.hex(&format!("{method}:{path}"));
        let told = field("nonce");
        let wanted = hash.hex(&format!("{who}:{told}:{}:{}:auth:{what}", field("nc"), field("cnonce")));
        let is_right = field("username") == self.user && field("uri") == path && field("response") == wanted;
        match is_right {
            true if told == format!("n{nonce}") => Verdict::Welcome,
            true => Verdict::Stale,
            false => Verdict::Wrong,
        }
    }
}

impl Hash {
    fn hex(self, text: &str) -> String {
        let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Md5 => digits(&Md5::digest(text)),
            Self::Sha256 => digits(&Sha256::digest(text)),
        }
    }
}
