//! User and password of a camera on the network.

use url::Url;

/// User and password, as the camera is told them. Not to be shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// There is a password and no user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoUser;

impl Login {
    /// The login in an address (`scheme://USER:PASSWORD@…`), if there is one; what is given beside it, as it is, wins.
    pub(crate) fn of(url: &Url, user: Option<&str>, password: Option<&str>) -> Result<Option<Self>, NoUser> {
        let in_url = |text: &str| (!text.is_empty()).then(|| percent_decoded(text));
        let user = user.map(str::to_owned).or_else(|| in_url(url.username()));
        let password = password.map(str::to_owned).or_else(|| url.password().and_then(in_url));
        match (user, password) {
            (Some(user), password) => Ok(Some(Self {
                user,
                password: password.unwrap_or_default(),
            })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(NoUser),
        }
    }
}

/// Turns each `%40` into the byte that it stands for; what is no such code stays.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
