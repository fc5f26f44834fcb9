//! The address of a camera, and the login that may stand in it.

use url::Url;

use super::RtspSettings;
use crate::login::{Login, NoUser};

const DEFAULT_PORT: u16 = 554;

/// Where a camera is. What it holds may be logged, but for `login`.
#[derive(Clone)]
pub(super) struct Address {
    /// Without user and password.
    pub(super) url: Url,
    pub(super) login: Option<Login>,
}

/// Why an address is none. Never tells what stood in it, because that may be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AddressError {
    #[error("this is no address of a camera; wanted one such as `rtsp://10.0.0.7/stream1`")]
    NoAddress,
    #[error("the address does not begin with `rtsp://`")]
    OtherScheme,
    #[error("an encrypted connection (`rtsps://`) is not there yet")]
    Encrypted,
    #[error("the address names no camera: there is no host in it")]
    NoHost,
    #[error("there is a password but no user")]
    NoUser,
}

impl AddressError {
    /// The key that it concerns.
    pub(super) fn key(self) -> &'static str {
        if self == Self::NoUser { "password" } else { "url" }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::NoAddress | Self::NoHost => {
                "in user and password write `%40` for `@`, `%2F` for `/` and `%3A` for `:`, or use the keys `user` and `password`"
            }
            Self::OtherScheme => "pictures over HTTP are read by `http: http://…`; a USB camera is `usb:0`",
            Self::Encrypted => "let GStreamer read it: `gst: \"rtspsrc location=rtsps://… latency=0 ! decodebin\"`",
            Self::NoUser => "add the key `user`",
        }
    }
}

impl Address {
    pub(super) fn of(settings: &RtspSettings) -> Result<Self, AddressError> {
        let mut url = Url::parse(settings.url.trim()).map_err(|error| match error {
            url::ParseError::EmptyHost => AddressError::NoHost,
            _ => AddressError::NoAddress,
        })?;
        match url.scheme() {
            "rtsp" => {}
            "rtsps" | "rtspu" => return Err(AddressError::Encrypted),
            _ => return Err(AddressError::OtherScheme),
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::NoHost);
        }
        let login = Login::of(&url, settings.user.as_deref(), settings.password.as_deref());
        let login = login.map_err(|NoUser| AddressError::NoUser)?;
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return Err(AddressError::NoHost);
        }
        Ok(Self { url, login })
    }

    /// Host and port, to speak of the camera and to connect to it.
    pub(super) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{host}:{}", self.url.port().unwrap_or(DEFAULT_PORT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(url: &str) -> RtspSettings {
        RtspSettings {
            url: url.into(),
            user: None,
            password: None,
            transport: Default::default(),
            audio: Default::default(),
            calibration: None,
        }
    }

    fn login(address: &Address) -> (&str, &str) {
        let login = address.login.as_ref().unwrap();
        (&login.user, &login.password)
    }

    #[test]
    fn user_and_password_leave_the_address_and_are_decoded() {
        let address = Address::of(&settings("rtsp://jo%40home:p%40ss%2Fw%25rd@cam.local:8554/live?ch=1")).unwrap();
        assert_eq!(address.url.as_str(), "rtsp://cam.local:8554/live?ch=1");
        assert_eq!(login(&address), ("jo@home", "p@ss/w%rd"));
        assert_eq!(address.host(), "cam.local:8554");
    }

    #[test]
    fn keys_win_over_the_address_and_are_taken_as_they_are() {
        let keys = RtspSettings {
            user: Some("jo".into()),
            password: Some("100%25".into()),
            ..settings("rtsp://a:b@10.0.0.7/")
        };
        assert_eq!(login(&Address::of(&keys).unwrap()), ("jo", "100%25"));
        let only_password = RtspSettings {
            password: Some("x".into()),
            ..settings("rtsp://jo@10.0.0.7/")
        };
        assert_eq!(login(&Address::of(&only_password).unwrap()), ("jo", "x"));
    }

    #[test]
    fn without_a_port_it_is_554() {
        assert_eq!(
            Address::of(&settings("rtsp://10.0.0.7/s1")).unwrap().host(),
            "10.0.0.7:554"
        );
        assert_eq!(Address::of(&settings("rtsp://[::1]:99/s1")).unwrap().host(), "[::1]:99");
    }

    #[test]
    fn what_is_no_address_is_refused_by_name_without_repeating_it() {
        for (url, wanted) in [
            ("10.0.0.7", AddressError::NoAddress),
            ("rtsp://:secret@/s1", AddressError::NoHost),
            ("http://jo:secret@10.0.0.7/video.mjpg", AddressError::OtherScheme),
            ("rtsps://jo:secret@10.0.0.7/", AddressError::Encrypted),
            ("rtsp://:secret@10.0.0.7/", AddressError::NoUser),
            ("rtsp://jo:secret@10.0.0.7:99999/", AddressError::NoAddress),
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
            RtspSettings {
                password: Some("hunter2".into()),
                ..settings("rtsp://jo:secret@10.0.0.7/s1")
            }
        );
        assert!(shown.contains("rtsp://10.0.0.7/s1"), "{shown}");
        assert!(
            !shown.contains("jo") && !shown.contains("secret") && !shown.contains("hunter2"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn any_login_survives_the_way_through_an_address(user in "[^\u{0}]{1,12}", password in ".{1,12}") {
            let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            let address = Address::of(&settings(&format!("rtsp://{}:{}@host/", encode(&user), encode(&password)))).unwrap();
            prop_assert_eq!(login(&address), (user.as_str(), password.as_str()));
        }

        #[test]
        fn any_text_is_an_address_or_refused(url in ".{0,60}") {
            if let Ok(address) = Address::of(&settings(&url)) {
                prop_assert!(address.url.username().is_empty() && address.url.password().is_none());
            }
        }
    }
}
