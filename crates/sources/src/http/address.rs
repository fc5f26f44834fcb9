//! The address of a camera, and the login that may stand in it.

use url::{Position, Url};

use super::HttpSettings;
use crate::login::{Login, NoUser};

/// Where a camera's pictures are. Of what it holds only [`Address::host`] may be shown: behind the host, too, cameras take
/// passwords (`/snapshot.cgi?user=…&pwd=…`).
#[derive(Clone)]
pub(super) struct Address {
    /// Without user and password.
    pub(super) url: Url,
    pub(super) login: Option<Login>,
}

/// Why an address is none. Never tells what stood in it, because that may be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    #[error("this is no address of a camera; wanted one such as `http://10.0.0.11/video.mjpg`")]
    NoAddress,
    #[error("the address does not begin with `http://` or `https://`")]
    OtherScheme,
    #[error("the address names no camera: there is no host in it")]
    NoHost,
    #[error("there is a password but no user")]
    NoUser,
}

impl AddressError {
    /// The key that it concerns.
    pub(super) fn key(self) -> &'static str {
        if self == Self::NoUser { "password" } else { "http" }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::NoAddress | Self::NoHost => {
                "in user and password write `%40` for `@`, `%2F` for `/` and `%3A` for `:`, or use the keys `user` and `password`"
            }
            Self::OtherScheme => "a camera that sends H.264 is `rtsp://…`, a USB camera is `usb:0`",
            Self::NoUser => "add the key `user`",
        }
    }
}

impl Address {
    pub(super) fn of(settings: &HttpSettings) -> Result<Self, AddressError> {
        let mut url = Url::parse(settings.http.trim()).map_err(|error| match error {
            url::ParseError::EmptyHost => AddressError::NoHost,
            _ => AddressError::NoAddress,
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::OtherScheme);
        }
        let login = Login::of(&url, settings.user.as_deref(), settings.password.as_deref());
        let login = login.map_err(|NoUser| AddressError::NoUser)?;
        without_login(&mut url);
        if url.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::NoHost);
        }
        Ok(Self { url, login })
    }

    /// Host and port, to speak of the camera.
    pub(super) fn host(&self) -> String {
        host_of(&self.url)
    }
}

/// Host and port.
pub(super) fn host_of(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

/// What is asked for at the host.
pub(super) fn path_of(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

/// The address that a camera sends us on to, if we go there: to the same host, and not out of an encrypted connection.
///
/// Else the host that it would be, as far as that can be told.
pub(super) fn moved(from: &Url, location: &str) -> Result<Url, String> {
    let mut to = from.join(location).map_err(|_| "an address that is none".to_owned())?;
    without_login(&mut to);
    if !matches!(to.scheme(), "http" | "https") {
        return Err("an address of another kind".to_owned());
    }
    let is_opened = to.scheme() == "http" && from.scheme() == "https";
    if to.host_str() != from.host_str() || is_opened {
        return Err(format!("{}://{}", to.scheme(), host_of(&to)));
    }
    Ok(to)
}

fn without_login(url: &mut Url) {
    // Refused only by addresses without a host, which hold none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(http: &str) -> HttpSettings {
        HttpSettings {
            http: http.into(),
            user: None,
            password: None,
            fps: super::super::default_fps(),
            certificate: None,
            calibration: None,
        }
    }

    #[test]
    fn user_and_password_leave_the_address_and_are_decoded() {
        let address = Address::of(&settings("http://jo%40home:p%40ss@cam.local:8080/video?ch=1#x")).unwrap();
        assert_eq!(address.url.as_str(), "http://cam.local:8080/video?ch=1");
        assert_eq!(path_of(&address.url), "/video?ch=1");
        let login = address.login.as_ref().unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("jo@home", "p@ss"));
        assert_eq!(address.host(), "cam.local:8080");
        let host = |url: &str| Address::of(&settings(url)).unwrap().host();
        assert_eq!(
            (host("http://10.0.0.11"), host("https://[::1]/x")),
            ("10.0.0.11:80".into(), "[::1]:443".into())
        );
    }

    #[test]
    fn what_is_no_address_is_refused_by_name_without_repeating_it() {
        for (url, wanted) in [
            ("10.0.0.7", AddressError::NoAddress),
            ("http://:secret@/s1", AddressError::NoHost),
            ("rtsp://jo:secret@10.0.0.7/s1", AddressError::OtherScheme),
            ("http://:secret@10.0.0.7/", AddressError::NoUser),
            ("http://jo:secret@10.0.0.7:99999/", AddressError::NoAddress),
        ] {
            let error = Address::of(&settings(url)).err().unwrap();
            assert_eq!(error, wanted, "{url}");
            assert!(!format!("{error} {}", error.hint()).contains("secret"));
        }
    }

    #[test]
    fn settings_that_are_printed_show_no_login() {
        let shown = format!(
            "{:?}",
            HttpSettings {
                password: Some("hunter2".into()),
                ..settings("http://jo:secret@10.0.0.7/s1?pwd=geheim")
            }
        );
        assert!(shown.contains("10.0.0.7:80"), "{shown}");
        for hidden in ["jo", "secret", "hunter2", "geheim"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }

    #[test]
    fn a_camera_sends_us_on_within_itself_only() {
        let from = |text: &str| Url::parse(text).unwrap();
        let moved = |start: &str, location: &str| moved(&from(start), location).map(String::from);
        let here = "http://10.0.0.7/a/b";
        assert_eq!(moved(here, "c?d"), Ok("http://10.0.0.7/a/c?d".into()));
        assert_eq!(moved(here, "https://x:y@10.0.0.7/"), Ok("https://10.0.0.7/".into()));
        assert_eq!(moved(here, "//10.0.0.8/c?secret"), Err("http://10.0.0.8:80".into()));
        assert_eq!(
            moved("https://10.0.0.7/", "http://10.0.0.7/"),
            Err("http://10.0.0.7:80".into())
        );
        assert!(moved(here, "file:///etc/passwd").is_err());
        assert!(moved(here, "http://").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_refused(url in "(http://)?.{0,60}") {
            if let Ok(address) = Address::of(&settings(&url)) {
                prop_assert!(address.url.username().is_empty() && address.url.password().is_none());
                prop_assert!(path_of(&address.url).starts_with('/'));
                prop_assert!(!path_of(&address.url).contains([' ', '\r', '\n']));
            }
        }
    }
}
