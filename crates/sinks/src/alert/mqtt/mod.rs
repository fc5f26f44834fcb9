//! The broker: how it is reached, and what it is told besides alerts.

mod discovery;
mod home;
mod link;
#[cfg(test)]
mod tests;

use std::time::Duration;

use rumqttc::{ConnectReturnCode, ConnectionError, MqttOptions};

use super::settings::Mqtt;

pub(super) use link::Link;

/// How a broker is reached; `None` when its address cannot be read, which was checked with the file.
pub(super) fn options(broker: &Mqtt, client: &str) -> Option<MqttOptions> {
    let (host, port) = broker.address()?;
    let mut options = MqttOptions::new(client, host, port);
    options.set_keep_alive(Duration::from_secs(15));
    options.set_max_packet_size(256 << 10, 256 << 10);
    if let Some(user) = &broker.user {
        options.set_credentials(user, broker.password.clone().unwrap_or_default());
    }
    Some(options)
}

/// What went wrong with a connection, in words.
pub(super) fn in_words(error: &ConnectionError) -> String {
    match error {
        ConnectionError::Io(error) => format!("no connection to the broker: {error}"),
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => "the broker does not answer".to_owned(),
        ConnectionError::ConnectionRefused(
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized,
        ) => "the broker wants another `user` or `password`".to_owned(),
        ConnectionError::ConnectionRefused(code) => format!("the broker refused: {code:?}"),
        _ => "the connection to the broker ended".to_owned(),
    }
}
