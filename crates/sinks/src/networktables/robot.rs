//! The robot's server: what is told goes out, what its code asks for comes in. The only file of this sink that knows the network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use bushbaby_bus::MonoTime;
use bushbaby_networktables::{
    Address, Client, ClientStatus, Options, Publisher, SubscribeOptions, Subscription, TopicType, Value,
};
use bushbaby_node::NodeError;
use serde_json::Map;

use super::entry::{Content, Entry};
use super::photonvision::TimeSync;
use super::telling::RobotClock;

/// How this program is called at the server.
const IDENTITY: &str = "bushbaby";

/// A robot that is there, or will be.
#[derive(Debug)]
pub(crate) struct Robot {
    address: Address,
    client: Client,
    topics: HashMap<String, Publisher>,
    asks: Vec<Subscription>,
}

/// Whether the robot is there.
#[derive(Debug, PartialEq)]
pub(crate) enum Reach {
    /// It is.
    There,
    /// It is not.
    Waiting {
        /// For whom.
        reason: String,
        /// What is known of why.
        hint: Option<String>,
    },
}

/// Hears what the robot says of itself, as soon as it is said.
#[derive(Debug)]
pub(crate) struct Listener {
    client: Client,
    topics: Vec<String>,
    hears: Option<Subscription>,
}

/// What it said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) topic: String,
    pub(crate) content: Content,
    /// When it was set, brought from the server's clock to ours; absent while that clock is not known.
    pub(crate) set_at: Option<MonoTime>,
}

/// Each value, at once.
const AT_ONCE: SubscribeOptions = SubscribeOptions {
    periodic: 0.01,
    all: true,
    topicsonly: false,
    prefix: false,
};

impl Listener {
    /// Listens to further topics.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub(crate) fn also(&mut self, topics: Vec<String>) -> std::io::Result<()> {
        self.topics.extend(topics);
        let topics: Vec<&str> = self.topics.iter().map(String::as_str).collect();
        self.hears = Some(self.client.subscribe(&topics, AT_ONCE)?);
        Ok(())
    }

    /// Whether it listens to anything.
    pub(crate) fn listens(&self) -> bool {
        self.hears.is_some()
    }

    /// The next thing that is said; waits at most so long for it.
    pub(crate) fn next(&self, timeout: Duration) -> Option<Told> {
        let update = self.hears.as_ref()?.recv(timeout)?;
        let offset_us = self.client.status().offset_us;
        let local_us = offset_us.and_then(|offset_us| update.server_us.checked_sub(offset_us));
        let set_at = local_us.and_then(|us| u64::try_from(us).ok()?.checked_mul(1000));
        Some(Told {
            topic: update.topic,
            content: content(update.value),
            set_at: set_at.map(MonoTime::from_ns),
        })
    }
}

impl Robot {
    /// Begins to look for a robot.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(address: Address) -> Result<Self, NodeError> {
        let options = Options {
            identity: IDENTITY.to_owned(),
            time_sync: true,
        };
        let client = Client::start(address.clone(), options)
            .map_err(|error| NodeError::new(format!("no connection can be begun: {error}")))?;
        Ok(Self {
            address,
            client,
            topics: HashMap::new(),
            asks: Vec::new(),
        })
    }

    /// How it goes now.
    pub(crate) fn status(&self) -> ClientStatus {
        self.client.status()
    }

    /// Whether it is there.
    pub(crate) fn reach(&self, status: &ClientStatus) -> Reach {
        if status.server.is_some() {
            return Reach::There;
        }
        let (whom, hint) = match &self.address {
            Address::Team(team) => {
                let hint = "is it switched on, and this machine in its network?".to_owned();
                (format!("of team {team}"), Some(hint))
            }
            address @ Address::Host { .. } => (format!("at {address}"), status.error.clone()),
        };
        let reason = format!("waiting for the robot {whom}");
        Reach::Waiting { reason, hint }
    }

    /// Somebody who listens to what it says of itself.
    pub(crate) fn listener(&self) -> Listener {
        Listener {
            client: self.client.clone(),
            topics: Vec::new(),
            hears: None,
        }
    }

    /// Tells a value. Never waits; while there is no robot the last value of each topic is kept for it.
    pub(crate) fn tell(&mut self, entry: &Entry) {
        let publisher = self.topics.entry(entry.topic.clone()).or_insert_with(|| {
            let of = TopicType::named(entry.content.type_name());
            let properties: Map<_, _> = entry
                .properties
                .iter()
                .map(|(key, text)| ((*key).to_owned(), (*text).into()))
                .collect();
            self.client.publish(&entry.topic, of, properties, entry.each_counts)
        });
        publisher.set(value(&entry.content));
    }

    /// Listens to what is asked in these topics.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub(crate) fn listen(&mut self, topics: &[String]) -> std::io::Result<()> {
        if topics.is_empty() {
            return Ok(());
        }
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        self.asks
            .push(self.client.subscribe(&topics, SubscribeOptions::default())?);
        Ok(())
    }

    /// The next thing that its code asked for.
    pub(crate) fn asked(&self) -> Option<(String, Content)> {
        let update = self.asks.iter().find_map(Subscription::try_recv)?;
        Some((update.topic, content(update.value)))
    }
}

/// What robot code measures with. Where photonlib does not answer, the clock of the server itself is the best guess; and where that is
/// not there, what it was: what is told last while a link is cut is what the robot reads first when it is back.
pub(crate) fn clock(status: &ClientStatus, before: RobotClock) -> RobotClock {
    let photonlib = status.time_sync.as_ref();
    let offset_us = photonlib.map(|sync| sync.offset_us).or(status.offset_us);
    RobotClock {
        offset_us: offset_us.unwrap_or(before.offset_us),
        heard: photonlib.map(|sync| MonoTime::from_ns(u64::try_from(sync.last_pong_us).unwrap_or(0) * 1000)),
    }
}

/// The same, as PhotonVision tells it.
pub(crate) fn time_sync(status: &ClientStatus) -> Option<TimeSync> {
    let sync = status.time_sync.as_ref()?;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Some(TimeSync {
        offset_us: sync.offset_us,
        round_trip_us: sync.round_trip_us,
        pings: count(sync.pings),
        pongs: count(sync.pongs),
        last_pong_us: sync.last_pong_us,
    })
}

/// This machine as the robot sees it.
pub(crate) fn own_address(status: &ClientStatus) -> Option<IpAddr> {
    status.own.map(|own| own.ip())
}

fn value(content: &Content) -> Value {
    match content {
        Content::Bool(value) => Value::Boolean(*value),
        Content::Int(value) => Value::Int(*value),
        Content::Double(value) => Value::Double(*value),
        Content::Text(value) => Value::String(value.clone()),
        Content::Doubles(values) => Value::Doubles(values.clone()),
        Content::Texts(values) => Value::Strings(values.clone()),
        Content::Bytes { bytes, .. } => Value::Raw(bytes.clone()),
    }
}

/// What a value that came in is to us; of what nobody here asks for, only its words are kept.
fn content(value: Value) -> Content {
    match value {
        Value::Boolean(value) => Content::Bool(value),
        Value::Int(value) => Content::Int(value),
        Value::Double(value) => Content::Double(value),
        Value::Float(value) => Content::Double(f64::from(value)),
        Value::String(value) => Content::Text(value),
        Value::Strings(values) => Content::Texts(values),
        other => match other.as_f64s() {
            Some(values) => Content::Doubles(values),
            None => Content::Text(other.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_the_link_is_cut_the_clock_is_what_it_was() {
        let there = ClientStatus {
            offset_us: Some(-7_000_000),
            ..ClientStatus::default()
        };
        let known = clock(&there, RobotClock::default());
        assert_eq!((known.offset_us, known.heard), (-7_000_000, None));
        assert_eq!(clock(&ClientStatus::default(), known), known);
    }
}
