//! Topics, who publishes them, who reads them. In: what clients say. Out: what is to be said to each.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde_json::{Map, Value as Json};

use super::{ServerUpdate, Topic};
use crate::wire::{Timed, ToClient, ToServer};
use crate::{SubscribeOptions, TopicType, Value};

/// More than any robot has.
const MOST_TOPICS: usize = 20_000;
/// Updates that wait for whoever looks on; the oldest go first.
const MOST_UPDATES: usize = 4096;

/// What may wait for one client.
const MOST_SAYINGS: usize = 50_000;

#[derive(Debug, Default)]
pub(super) struct Hub {
    topics: BTreeMap<String, Known>,
    next_id: i64,
    clients: BTreeMap<u64, Guest>,
    next_client: u64,
    updates: VecDeque<ServerUpdate>,
}

#[derive(Debug)]
struct Known {
    id: i64,
    topic: Topic,
    /// Clients that publish it, and this server itself, which is nobody.
    publishers: HashSet<Option<u64>>,
}

#[derive(Debug, Default)]
struct Guest {
    identity: String,
    /// Topic names by the client's own numbers.
    publishes: HashMap<i64, String>,
    reads: HashMap<i64, (Vec<String>, SubscribeOptions)>,
    announced: HashSet<i64>,
    to_say: Vec<Saying>,
}

/// What is to be said to a client, in this order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Saying {
    Rule(ToClient),
    Value(Timed),
}

impl Hub {
    pub(super) fn join(&mut self, identity: &str) -> u64 {
        let client = self.next_client;
        self.next_client += 1;
        let guest = Guest {
            identity: identity.to_owned(),
            ..Guest::default()
        };
        self.clients.insert(client, guest);
        client
    }

    /// A client is gone: topics that nobody publishes any more are gone with it, unless they are to be kept.
    pub(super) fn leave(&mut self, client: u64) {
        let Some(guest) = self.clients.remove(&client) else {
            return;
        };
        for name in guest.publishes.into_values() {
            self.withdraw(&name, client);
        }
    }

    pub(super) fn clients(&self) -> Vec<String> {
        self.clients.values().map(|guest| guest.identity.clone()).collect()
    }

    /// Takes what is to be said to a client.
    pub(super) fn take_sayings(&mut self, client: u64) -> Vec<Saying> {
        let guest = self.clients.get_mut(&client);
        guest.map(|guest| std::mem::take(&mut guest.to_say)).unwrap_or_default()
    }

    /// Whether a client takes so little that too much waits for it.
    pub(super) fn is_too_slow(&self, client: u64) -> bool {
        self.clients
            .get(&client)
            .is_some_and(|guest| guest.to_say.len() > MOST_SAYINGS)
    }

    pub(super) fn ruled(&mut self, client: u64, message: ToServer) {
        match message {
            ToServer::Publish {
                name,
                pubuid,
                r#type,
                properties,
            } => self.publish(client, name, pubuid, TopicType::named(r#type), properties),
            ToServer::Unpublish { pubuid } => {
                let guest = self.clients.get_mut(&client);
                if let Some(name) = guest.and_then(|guest| guest.publishes.remove(&pubuid)) {
                    self.withdraw(&name, client);
                }
            }
            ToServer::SetProperties { name, update } => self.set_properties(client, &name, update),
            ToServer::Subscribe {
                topics,
                subuid,
                options,
            } => {
                let names: Vec<String> = self.topics.keys().cloned().collect();
                let reads = (topics, options);
                // It knows these, but may not have had their values.
                let known = names.iter().filter(|name| reads_topic(&reads, name, false));
                let values: Vec<Timed> = known.filter_map(|name| self.value_for(client, name)).collect();
                if let Some(guest) = self.clients.get_mut(&client) {
                    guest.reads.insert(subuid, reads);
                    guest.to_say.extend(values.into_iter().map(Saying::Value));
                }
                for name in names {
                    self.announce_to(client, &name);
                }
            }
            ToServer::Unsubscribe { subuid } => {
                if let Some(guest) = self.clients.get_mut(&client) {
                    guest.reads.remove(&subuid);
                }
            }
        }
    }

    /// A value of a client, by the client's own number of its topic. False: it has no such topic, or of another type.
    pub(super) fn came(&mut self, client: u64, Timed { id, server_us, value }: Timed) -> bool {
        let guest = self.clients.get(&client);
        let Some(name) = guest.and_then(|guest| guest.publishes.get(&id)).cloned() else {
            return false;
        };
        let Some(known) = self
            .topics
            .get(&name)
            .filter(|known| known.topic.topic_type.fits(&value))
        else {
            return false;
        };
        let topic_type = known.topic.topic_type.clone();
        self.store(&name, value.clone(), server_us);
        if self.updates.len() == MOST_UPDATES {
            self.updates.pop_front();
        }
        self.updates.push_back(ServerUpdate {
            topic: name,
            topic_type,
            value,
            server_us,
        });
        true
    }

    /// A value of this server's own.
    pub(super) fn set(&mut self, name: &str, topic_type: TopicType, value: Value, server_us: i64) {
        self.know(name, topic_type, Map::new(), None);
        self.store(name, value, server_us);
    }

    pub(super) fn take_updates(&mut self) -> Vec<ServerUpdate> {
        self.updates.drain(..).collect()
    }

    pub(super) fn topics(&self) -> BTreeMap<String, Topic> {
        self.topics
            .iter()
            .map(|(name, known)| (name.clone(), known.topic.clone()))
            .collect()
    }

    pub(super) fn value(&self, topic: &str) -> Option<Value> {
        let (value, _) = self.topics.get(topic)?.topic.value.as_ref()?;
        Some(value.clone())
    }

    fn publish(
        &mut self,
        client: u64,
        name: String,
        pubuid: i64,
        topic_type: TopicType,
        properties: Map<String, Json>,
    ) {
        if !self.know(&name, topic_type, properties, Some(client)) {
            return;
        }
        let Some(guest) = self.clients.get_mut(&client) else {
            return;
        };
        guest.publishes.insert(pubuid, name.clone());
        if let Some(known) = self.topics.get(&name) {
            guest.announced.insert(known.id);
            guest.to_say.push(Saying::Rule(known.announcement(&name, Some(pubuid))));
        }
    }

    /// Makes a topic known, and whoever publishes it. False: there are too many.
    fn know(&mut self, name: &str, topic_type: TopicType, properties: Map<String, Json>, by: Option<u64>) -> bool {
        if let Some(known) = self.topics.get_mut(name) {
            known.publishers.insert(by);
            return true;
        }
        if self.topics.len() >= MOST_TOPICS {
            return false;
        }
        let id = self.next_id;
        self.next_id += 1;
        let topic = Topic {
            topic_type,
            properties,
            value: None,
            values: 0,
        };
        let known = Known {
            id,
            topic,
            publishers: HashSet::from([by]),
        };
        self.topics.insert(name.to_owned(), known);
        let clients: Vec<u64> = self.clients.keys().copied().collect();
        for client in clients {
            self.announce_to(client, name);
        }
        true
    }

    /// Announces a topic to a client that reads it and does not know it yet, and tells its last value.
    fn announce_to(&mut self, client: u64, name: &str) {
        let (Some(known), Some(guest)) = (self.topics.get(name), self.clients.get_mut(&client)) else {
            return;
        };
        if !guest.reads_topic(name, true) || !guest.announced.insert(known.id) {
            return;
        }
        guest.to_say.push(Saying::Rule(known.announcement(name, None)));
        if let Some((value, server_us)) = known.topic.value.clone().filter(|_| guest.reads_topic(name, false)) {
            let id = known.id;
            guest.to_say.push(Saying::Value(Timed { id, server_us, value }));
        }
    }

    /// The last value of a topic that a client knows by its number.
    fn value_for(&self, client: u64, name: &str) -> Option<Timed> {
        let (known, guest) = (self.topics.get(name)?, self.clients.get(&client)?);
        let (value, server_us) = known
            .topic
            .value
            .clone()
            .filter(|_| guest.announced.contains(&known.id))?;
        let id = known.id;
        Some(Timed { id, server_us, value })
    }

    fn store(&mut self, name: &str, value: Value, server_us: i64) {
        let Some(known) = self.topics.get_mut(name) else { return };
        known.topic.values += 1;
        // An older value does not take the place of a newer one, but those who want all get it.
        if known.topic.value.as_ref().is_none_or(|(_, at)| server_us >= *at) {
            known.topic.value = Some((value.clone(), server_us));
        }
        let id = known.id;
        for guest in self.clients.values_mut() {
            if guest.announced.contains(&id) && guest.reads_topic(name, false) {
                let value = value.clone();
                guest.to_say.push(Saying::Value(Timed { id, server_us, value }));
            }
        }
    }

    fn withdraw(&mut self, name: &str, client: u64) {
        let Some(known) = self.topics.get_mut(name) else { return };
        let still = self
            .clients
            .get(&client)
            .is_some_and(|guest| guest.publishes.values().any(|own| own == name));
        if !still {
            known.publishers.remove(&Some(client));
        }
        let keeps = |property: &str| known.topic.properties.get(property) == Some(&Json::Bool(true));
        if !known.publishers.is_empty() || keeps("retained") || keeps("persistent") {
            return;
        }
        let id = known.id;
        self.topics.remove(name);
        for guest in self.clients.values_mut() {
            if guest.announced.remove(&id) {
                let name = name.to_owned();
                guest.to_say.push(Saying::Rule(ToClient::Unannounce { name, id }));
            }
        }
    }

    fn set_properties(&mut self, client: u64, name: &str, update: Map<String, Json>) {
        let Some(known) = self.topics.get_mut(name) else { return };
        for (key, value) in &update {
            match value {
                Json::Null => drop(known.topic.properties.remove(key)),
                value => drop(known.topic.properties.insert(key.clone(), value.clone())),
            }
        }
        let id = known.id;
        for (number, guest) in &mut self.clients {
            if guest.announced.contains(&id) || *number == client {
                guest.to_say.push(Saying::Rule(ToClient::Properties {
                    name: name.to_owned(),
                    ack: (*number == client).then_some(true),
                    update: update.clone(),
                }));
            }
        }
    }
}

impl Known {
    fn announcement(&self, name: &str, pubuid: Option<i64>) -> ToClient {
        ToClient::Announce {
            name: name.to_owned(),
            id: self.id,
            r#type: self.topic.topic_type.as_str().to_owned(),
            pubuid,
            properties: self.topic.properties.clone(),
        }
    }
}

impl Guest {
    /// Whether it reads a topic: at all, or its values.
    fn reads_topic(&self, name: &str, also_announcements_alone: bool) -> bool {
        self.reads
            .values()
            .any(|reads| reads_topic(reads, name, also_announcements_alone))
    }
}

fn reads_topic(
    (topics, options): &(Vec<String>, SubscribeOptions),
    name: &str,
    also_announcements_alone: bool,
) -> bool {
    (also_announcements_alone || !options.topicsonly)
        && topics.iter().any(|topic| match options.prefix {
            // Names that begin with a dollar sign are the server's own: only who asks for them gets them.
            true => name.starts_with(topic.as_str()) && (!name.starts_with('$') || topic.starts_with('$')),
            false => topic == name,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(hub: &mut Hub, client: u64, name: &str, properties: Map<String, Json>) {
        hub.ruled(
            client,
            ToServer::Publish {
                name: name.into(),
                pubuid: 7,
                r#type: "int".into(),
                properties,
            },
        );
    }

    fn read(hub: &mut Hub, client: u64, topic: &str, options: SubscribeOptions) {
        let topics = vec![topic.to_owned()];
        hub.ruled(
            client,
            ToServer::Subscribe {
                topics,
                subuid: 1,
                options,
            },
        );
    }

    fn value(id: i64, value: i64) -> Timed {
        Timed {
            id,
            server_us: 5,
            value: Value::Int(value),
        }
    }

    fn names(sayings: Vec<Saying>) -> Vec<String> {
        let words = |saying| match saying {
            Saying::Rule(ToClient::Announce { name, .. }) => format!("announce {name}"),
            Saying::Rule(ToClient::Unannounce { name, .. }) => format!("unannounce {name}"),
            Saying::Rule(ToClient::Properties { name, .. }) => format!("properties {name}"),
            Saying::Value(Timed { value, .. }) => value.to_string(),
        };
        sayings.into_iter().map(words).collect()
    }

    #[test]
    fn who_reads_later_gets_the_last_value() {
        let mut hub = Hub::default();
        let (camera, robot) = (hub.join("camera"), hub.join("robot"));
        publish(&mut hub, camera, "/a/x", Map::new());
        assert!(hub.came(camera, value(7, 3)) && !hub.came(camera, value(8, 3)));
        let prefix = SubscribeOptions {
            prefix: true,
            ..SubscribeOptions::default()
        };
        read(&mut hub, robot, "/a/", prefix);
        assert_eq!(names(hub.take_sayings(robot)), ["announce /a/x", "3"]);
        hub.came(camera, value(7, 4));
        assert_eq!(names(hub.take_sayings(robot)), ["4"]);
        assert_eq!(
            names(hub.take_sayings(camera)),
            ["announce /a/x"],
            "who only publishes gets no values"
        );
    }

    #[test]
    fn a_topic_goes_with_its_last_publisher_unless_it_is_to_be_kept() {
        let mut hub = Hub::default();
        let (camera, robot) = (hub.join("camera"), hub.join("robot"));
        let kept = Map::from_iter([("retained".to_owned(), Json::Bool(true))]);
        publish(&mut hub, camera, "/a", Map::new());
        hub.ruled(
            camera,
            ToServer::Publish {
                name: "/b".into(),
                pubuid: 8,
                r#type: "int".into(),
                properties: kept,
            },
        );
        for topic in ["/a", "/b"] {
            read(&mut hub, robot, topic, SubscribeOptions::default());
        }
        hub.take_sayings(robot);
        hub.leave(camera);
        assert_eq!(names(hub.take_sayings(robot)), ["unannounce /a"]);
        assert_eq!(hub.topics().keys().collect::<Vec<_>>(), ["/b"]);
    }

    #[test]
    fn values_of_another_type_are_not_taken() {
        let mut hub = Hub::default();
        let camera = hub.join("camera");
        publish(&mut hub, camera, "/a", Map::new());
        let text = Timed {
            id: 7,
            server_us: 0,
            value: Value::String("x".into()),
        };
        assert!(!hub.came(camera, text));
        assert_eq!(hub.value("/a"), None);
    }
}
