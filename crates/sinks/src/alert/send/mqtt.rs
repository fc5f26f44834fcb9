//! A message on the broker, at least once (QoS 1): delivered when the broker says that it has it.
//!
//! Each attempt has a connection of its own: what happens to the one that Home Assistant's entities live on is another matter.

use std::time::{Duration, Instant};

use rumqttc::{Client, Event, MqttOptions, Packet, QoS, RecvTimeoutError};

use super::template;
use crate::alert::mqtt::options;
use crate::alert::outbox::Outcome;
use crate::alert::raised::Alert;
use crate::alert::settings::{Mqtt, Topic};

pub(super) fn send(broker: &Mqtt, topic: &Topic, alert: &Alert, timeout: Duration) -> Outcome {
    let body = match &topic.body {
        Some(text) => template::fill(text, alert).0,
        None => match serde_json::to_string(alert) {
            Ok(json) => json,
            Err(error) => return Outcome::Refused(format!("the alert cannot be written as JSON: {error}")),
        },
    };
    let name = format!(
        "bushbaby-alert-{}-{}",
        std::process::id(),
        jiff::Timestamp::now().as_nanosecond()
    );
    match options(broker, &name) {
        Some(options) => publish(options, topic, body, timeout),
        None => Outcome::Refused("the broker's address cannot be read".to_owned()),
    }
}

fn publish(options: MqttOptions, topic: &Topic, body: String, timeout: Duration) -> Outcome {
    let deadline = Instant::now() + timeout;
    let (client, mut connection) = Client::new(options, 4);
    if client
        .try_publish(topic.topic.as_str(), QoS::AtLeastOnce, topic.retain, body)
        .is_err()
    {
        return Outcome::Failed("the message cannot be queued".to_owned());
    }
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Outcome::Failed(format!("no answer of the broker within {:.1} s", timeout.as_secs_f64()));
        }
        match connection.recv_timeout(left) {
            Ok(Ok(Event::Incoming(Packet::PubAck(_)))) => {
                // Says goodbye, if it can; the message has arrived.
                let _ = client.try_disconnect();
                let _ = connection.recv_timeout(Duration::from_millis(200));
                return Outcome::Delivered;
            }
            Ok(Ok(_)) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Err(error)) => return Outcome::Failed(crate::alert::mqtt::in_words(&error)),
            Err(RecvTimeoutError::Disconnected) => return Outcome::Failed("the connection ended".to_owned()),
        }
    }
}
